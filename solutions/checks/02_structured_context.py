"""Hidden checks of lab 02: what the public ones leave open. Each runs in a context of its own."""

from __future__ import annotations

import contextvars
import functools
import io
import json
import logging
import logging.config
import random
import threading

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{PARENT}-01"


def alone(function):
    """Run a check in a copy of the context."""

    @functools.wraps(function)
    def run(lab):
        contextvars.copy_context().run(function, lab)

    return run


class Given:
    """A context whose ids are given as a dict."""

    def __init__(self, ids=None):
        self.ids = ids or {}

    def current(self):
        """Return the ids."""
        return dict(self.ids)


def in_a_thread(function):
    """Run a function in a thread of its own and return what it returns."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    thread.join(2)
    assert found, "a thread that uses your code does not come to an end"
    return found[0]


@check("Context")
@alone
def a_child_does_not_change_its_parent(lab):
    """Start a task with the ids of its maker, and keep what it binds from the maker."""
    context = lab.Context()
    context.bind(user="u1")
    child = contextvars.copy_context()
    assert child.run(context.current).get("user.id") == "u1", "a task must start with the ids of the code that made it"
    child.run(context.bind, transaction="x1")
    assert "transaction.id" not in context.current(), (
        "what a task bound is seen by the code that made it: make a new dict instead of changing the old one"
    )


@check("Context")
@alone
def two_contexts_and_threads(lab):
    """Keep two Context() objects and two threads apart."""
    one, two = lab.Context(), lab.Context()
    one.bind(user="u1")
    assert two.current() == {}, "two Context() objects share their ids: make the ContextVar in __init__"
    assert in_a_thread(one.current) == {}, "a new thread finds the ids of another one"
    found = in_a_thread(lambda: (one.bind(user="u2"), one.current())[1])
    assert found == {"user.id": "u2"}, f"a thread that binds u2 sees {found}"
    assert one.current() == {"user.id": "u1"}, "what another thread bound is seen here"


@check("Context")
@alone
def current_is_a_copy(lab):
    """Return a dict that the caller may change."""
    context = lab.Context()
    context.bind(user="u1")
    context.current()["user.id"] = "changed"
    context.current().clear()
    assert context.current() == {"user.id": "u1"}, "changing what current() returned changes the ids: return a copy"


@check("Context")
@alone
def none_takes_away(lab):
    """Take an id away that is given as None, in bind and in scope."""
    context = lab.Context()
    context.bind(user="u1", session="s1")
    with context.scope(session=None):
        inside = context.current()
    assert inside == {"user.id": "u1"}, f"inside scope(session=None) the ids are {inside}: leave out what is None"
    context.bind(user=None, trace=None)
    assert context.current() == {"session.id": "s1"}, (
        f"after bind(user=None) the ids are {context.current()}: leave out what is None"
    )


@check("Context")
@alone
def scope_undoes_what_was_bound_inside(lab):
    """Undo what was bound inside a scope, also in nested ones."""
    context = lab.Context()
    context.bind(user="u1")
    with context.scope(user="u2"), context.scope(transaction="x1"):
        context.bind(user="u3", session="s1")
        context.bind(transaction=None)
    assert context.current() == {"user.id": "u1"}, (
        f"after two scopes with bind() inside the ids are {context.current()}: put back all of them"
    )


@check("ContextFilter")
def extras_win(lab):
    """Leave an attribute that the record has already."""
    record = logging.makeLogRecord({"name": "shop", "user.id": "extra"})
    lab.ContextFilter(Given({"user.id": "u1", "name": "id", "trace.id": "t1"})).filter(record)
    assert vars(record)["user.id"] == "extra", "an extra of the same name is replaced by the id: the extra must stay"
    assert record.name == "shop", "an id replaced a part of the record itself"
    assert vars(record).get("trace.id") == "t1", "an id beside one that was there already is missing"


@check("ContextFilter")
def works_on_a_handler(lab):
    """Work as a filter of a handler, for records of any logger."""
    seen = []

    class Keep(logging.Handler):
        def emit(self, record):
            seen.append(vars(record).get("user.id"))

    with fresh_logging() as root:
        handler = Keep()
        handler.addFilter(lab.ContextFilter(Given({"user.id": "u1"})))
        root.addHandler(handler)
        logging.getLogger("lib").warning("once")
        logging.getLogger("lib.http").info("too quiet")
    assert seen == ["u1"], f"as a handler's filter it let {len(seen)} of 1 records pass, with the users {seen}"


def wide_config(one, two):
    """Make a dictConfig with two handlers, one of them with a filter already."""

    def short(record):
        return len(record.getMessage()) < 20

    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"short": {"()": lambda: short}},
        "handlers": {
            "one": {"class": "logging.StreamHandler", "stream": one, "filters": ["short"], "formatter": "user"},
            "two": {"class": "logging.StreamHandler", "stream": two, "formatter": "user"},
        },
        "formatters": {"user": {"()": User}},
        "loggers": {"shop": {"level": "INFO", "handlers": ["two"], "propagate": False}},
        "root": {"level": "INFO", "handlers": ["one"]},
    }


class User(logging.Formatter):
    """Write the user and the message."""

    def format(self, record):
        """Return the line."""
        return f"{vars(record).get('user.id')} {record.getMessage()}"


@check("add_context")
def every_handler(lab):
    """Give the filter to every handler."""
    one, two = io.StringIO(), io.StringIO()
    with fresh_logging():
        logging.config.dictConfig(lab.add_context(wide_config(one, two), Given({"user.id": "u1"})))
        logging.getLogger("lib").warning("a")
        logging.getLogger("shop").warning("b")
    assert one.getvalue() == "u1 a\n", f"the root's handler wrote {one.getvalue()!r} instead of 'u1 a'"
    assert two.getvalue() == "u1 b\n", f"the handler of another logger wrote {two.getvalue()!r} instead of 'u1 b'"


@check("add_context")
def other_filters_stay(lab):
    """Keep the filters that a handler has."""
    one = io.StringIO()
    config = wide_config(one, io.StringIO())
    with fresh_logging():
        new = lab.add_context(config, Given({"user.id": "u1"}))
        logging.config.dictConfig(new)
        logging.getLogger("lib").warning("much longer than twenty characters")
        logging.getLogger("lib").warning("short")
    assert "much longer" not in one.getvalue(), "the filter that a handler had before is gone: add yours after it"
    assert one.getvalue() == "u1 short\n", f"the handler wrote {one.getvalue()!r} instead of 'u1 short'"
    assert config["handlers"]["one"]["filters"] == ["short"], "the list of filters that was given has changed"
    assert list(config["filters"]) == ["short"], "the dict of filters that was given has changed"


@check("add_context")
def levels_and_formatters_stay(lab):
    """Leave everything else of the configuration alone."""
    stream = io.StringIO()
    new = lab.add_context(wide_config(stream, stream), Given())
    for key in ("version", "disable_existing_loggers", "formatters", "loggers", "root"):
        assert key in new, f'"{key}" is missing in the new dict'
    assert new["loggers"]["shop"] == {"level": "INFO", "handlers": ["two"], "propagate": False}, (
        "an entry of a logger has changed: only handlers get the filter"
    )
    assert "filters" not in new["root"], "the root logger got a filter: only handlers get it"


NUMBER = contextvars.ContextVar("number", default=0)


@check("carried")
@alone
def many_at_a_time(lab):
    """Let many threads call it at the same time."""
    together = threading.Barrier(3)
    NUMBER.set(7)

    def job():
        together.wait(1)
        return NUMBER.get()

    function = lab.carried(job)
    found = []

    def run():
        try:
            found.append(function())
        except RuntimeError as error:
            found.append(type(error).__name__)
            together.abort()  # the others need not wait

    threads = [threading.Thread(target=run, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2)
    assert "RuntimeError" not in found, "two threads entered the same context: make a copy for each call"
    assert found == [7, 7, 7], f"three threads at the same time found {found} instead of 7 each"


@check("carried")
@alone
def calls_do_not_mix(lab):
    """Start each call with the ids of carried(), not with those of an earlier call."""
    NUMBER.set(1)

    def add():
        NUMBER.set(NUMBER.get() + 1)
        return NUMBER.get()

    function = lab.carried(add)
    found = [function() for _ in range(3)]
    assert NUMBER.get() == 1, "what the function sets is seen by the code that called it"
    assert found == [2, 2, 2], f"what one call sets is seen by the next one: three calls gave {found}, not 2 each"


@check("carried")
@alone
def all_variables(lab):
    """Carry every context variable, not only one."""
    other = contextvars.ContextVar("other", default="none")
    other.set("there")
    NUMBER.set(3)
    found = in_a_thread(lab.carried(lambda: (NUMBER.get(), other.get())))
    assert found == (3, "there"), f"two variables were set to (3, 'there'), and in the thread they are {found}"


def gives_none(lab, header, what):
    """Assert that a header gives None."""
    parse = lab.parse_traceparent
    try:
        found = parse(header)
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001, the learner's code may raise anything
        raise AssertionError(f"{what} raises {type(error).__name__}: it must give None") from None
    assert found is None, f"{what} must give None, and gave {found!r}"


@check("parse_traceparent")
def hostile_characters(lab):
    """Give None for line breaks, white space, signs and the digits of other scripts."""
    gives_none(lab, HEADER + "\n", "a line break at the end")
    gives_none(lab, f" {HEADER}", "a blank in front")
    for bad in ("+bf9", "4_f9", " bf9", "4bf\n", "٤bf9", "４bf9", "4bf\x00"):
        gives_none(lab, HEADER.replace("4bf9", bad), f"a trace id that begins with {bad!r}")
    gives_none(lab, HEADER.replace("-01", "-+1"), "flags with a sign")


@check("parse_traceparent")
def values_that_are_no_text(lab):
    """Give None for values that are no text."""
    for value in (None, 17, HEADER.encode(), [HEADER]):
        gives_none(lab, value, f"a value of type {type(value).__name__}")


@check("parse_traceparent")
def versions(lab):
    """Refuse version ff, let later versions go on, and version 00 not."""
    gives_none(lab, HEADER.replace("00-", "ff-", 1), "version ff")
    gives_none(lab, HEADER + "-more", "version 00 with more behind it")
    gives_none(lab, "cc-" + HEADER[3:] + "more", "a later version without a hyphen before more")
    for header in ("cc-" + HEADER[3:], "cc-" + HEADER[3:] + "-what.the-future"):
        found = lab.parse_traceparent(header)
        assert found is not None, f"a later version is fine, also with more behind a hyphen, and {header} gave None"
        assert tuple(found) == (TRACE, PARENT, True), f"{header} gave {found!r}"


@check("parse_traceparent")
def the_lowest_bit(lab):
    """Read the lowest bit of the flags, whatever the other bits say."""
    for flags, sampled in (("03", True), ("ff", True), ("02", False), ("fe", False)):
        found = lab.parse_traceparent(HEADER[:-2] + flags)
        assert found is not None, f"flags {flags} are fine, and gave None"
        assert found[2] is sampled, f"flags {flags} mean sampled = {sampled}, and yours is {found[2]!r}"


@check("next_traceparent")
def not_from_random(lab):
    """Make ids that a seed does not repeat."""
    state = random.getstate()
    try:
        made = []
        for _ in range(2):
            random.seed(17)
            made.append(lab.next_traceparent(None))
    finally:
        random.setstate(state)
    trace, parent = ({header.split("-")[part] for header in made} for part in (1, 2))
    assert len(trace) == len(parent) == 2, "with the same seed the ids repeat: take them from secrets, not from random"


@check("next_traceparent")
def unknown_parts_are_not_passed_on(lab):
    """Pass on no flag, version or text that it does not know."""
    made = lab.next_traceparent(f"cc-{TRACE}-{PARENT}-03-more")
    assert made.startswith("00-"), "the version must be 00, whatever version came"
    assert made.endswith("-01"), "of the flags only the sampled bit is passed on: 03 becomes 01"
    assert made.split("-")[1] == TRACE, "a later version is valid: its trace goes on"
    hostile = lab.next_traceparent(HEADER + "\r\nSet-Cookie: admin=1")
    assert "Set-Cookie" not in hostile and TRACE not in hostile, "a header that is not valid begins a new trace"


def structured(lab, method, event, ids=None):
    """Send an event through the learner's chain; return the line."""
    for processor in lab.structlog_chain(Given(ids)):
        event = processor(None, method, event)
    return event


def value_of(fields, name):
    """Return a field, which may stand under labels as well."""
    return fields.get(name, fields.get(f"labels.{name}"))


@check("structlog_chain")
def structlog_levels(lab):
    """Name the levels as logging does."""
    for method, level in (("warn", "warning"), ("exception", "error"), ("fatal", "critical"), ("debug", "debug")):
        found = json.loads(structured(lab, method, {"event": "x"}))["log.level"]
        assert found == level, f"the method {method} has the level {level!r}, and yours is {found!r}: see LEVELS"


@check("structlog_chain")
def structlog_event_wins(lab):
    """Let a value of the event win over an id, and leave what was bound alone."""
    bound = {"event": "x", "user.id": "event", "logger": "shop"}
    fields = json.loads(structured(lab, "info", dict(bound), {"user.id": "context", "trace.id": "t1"}))
    assert fields.get("user.id") == "event", "an id of the context replaced a value of the event: the event wins"
    assert fields.get("trace.id") == "t1", "an id that the event does not have is missing"


@check("structlog_chain")
def structlog_exc_info(lab):
    """Take exc_info as an exception, as a tuple of three, or as a false value."""
    error = KeyError("planned")
    for form in (error, (KeyError, error, None)):
        fields = json.loads(structured(lab, "info", {"event": "x", "exc_info": form}))
        assert fields.get("error.type") == "KeyError", f"exc_info={type(form).__name__} gives no error.type"
    for form in (False, None):
        fields = json.loads(structured(lab, "info", {"event": "x", "exc_info": form}))
        assert "error.type" not in fields, f"exc_info={form} is no exception, and the line has one"
        assert value_of(fields, "exc_info") is None and "exc_info" not in fields, "exc_info is no field of the line"


@check("structlog_chain")
def structlog_hostile(lab):
    """Write one line, and no field that replaces a part of the record."""
    line = structured(lab, "info", {"event": "100 % of\na\u2028b", "name": "eve", "levelname": "X", "msg": "forged"})
    assert len(line.splitlines()) == 1, "a line break in the event made two lines"
    fields = json.loads(line)
    assert fields["message"] == "100 % of\na\u2028b", f"the message came back as {fields['message']!r}"
    assert (fields["log.logger"], fields["log.level"]) == ("root", "info"), "a value of the event replaced the level"
    assert fields.get("labels.name") == "eve", "a value called name is lost: hand all values to make_record"


@check("structlog_chain")
def structlog_for_real(lab):
    """Work inside a structlog logger, call after call."""
    import structlog

    stream, context = io.StringIO(), Given()
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=list(lab.structlog_chain(context)),
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
    ).bind(logger="shop", order=17)
    for user in ("u1", "u2"):
        context.ids = {"user.id": user}
        log.info("paid %s", "twice")
    log.debug("too quiet")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 2, f"two calls at INFO gave {len(lines)} lines"
    for line in lines:
        found = line["message"], line["log.logger"], value_of(line, "order")
        assert found == ("paid twice", "shop", 17), f"message, logger and order came out as {found}"
    users = [line.get("user.id") for line in lines]
    assert users == ["u1", "u2"], f"the lines of u1 and u2 have the users {users}: no ids of an earlier moment"


def loguru_logger():
    """Make a Loguru logger of its own."""
    from loguru._logger import Core, Logger

    return Logger(
        core=Core(),
        exception=None,
        depth=0,
        record=False,
        lazy=False,
        colors=False,
        raw=False,
        capture=True,
        patchers=[],
        extra={},
    )


class Shown:
    """A local variable that notes when somebody looks at it."""

    def __init__(self):
        self.looked = 0

    def __repr__(self):
        """Count, and say what must not be in a log."""
        self.looked += 1
        return "4111-secret"

    def __truediv__(self, other):
        """Fail, as a payment does."""
        raise ZeroDivisionError(other)


def failing(log, card):
    """Log an exception whose frame holds a secret."""
    try:
        card / 0  # noqa: B018, it raises
    except ZeroDivisionError:
        log.exception("failed")


@check("set_up_loguru")
def loguru_exception(lab):
    """Write the exception, and look at no local variable."""
    logger, stream, card = loguru_logger(), io.StringIO(), Shown()
    lab.set_up_loguru(logger, stream, Given())
    failing(logger, card)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1, f"a record with an exception became {len(lines)} lines"
    fields = json.loads(lines[0])
    assert fields.get("error.type") == "ZeroDivisionError", "the line has no error.type"
    assert "4111" not in lines[0], "a secret from a local variable is in the line"
    assert not card.looked, "Loguru still calls the repr() of local variables: say diagnose=False"


@check("set_up_loguru")
def loguru_hostile(lab):
    """Write one line whatever the message holds, with extras that win over ids."""
    logger, stream = loguru_logger(), io.StringIO()
    lab.set_up_loguru(logger, stream, Given({"user.id": "context", "trace.id": "t1"}))
    logger.bind(**{"user.id": "extra", "name": "eve"}).info("a\nb\u2028 {braces} <red>")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1, f"a line break in the message made {len(lines)} lines"
    fields = json.loads(lines[0])
    assert fields["message"] == "a\nb\u2028 {braces} <red>", f"the message came back as {fields['message']!r}"
    assert fields.get("user.id") == "extra", "an id of the context replaced an extra: the extra wins"
    assert fields.get("trace.id") == "t1", "an id that the extra does not have is missing"
    assert fields.get("labels.name") == "eve", "an extra called name is lost, or replaced the logger's name"


@check("set_up_loguru")
def loguru_asks_each_time(lab):
    """Ask for the ids anew for each record."""
    logger, stream, context = loguru_logger(), io.StringIO(), Given()
    lab.set_up_loguru(logger, stream, context)
    users = []
    for user in ("u1", "u2"):
        context.ids = {"user.id": user}
        before = stream.tell()
        logger.info("paid")
        users.append(json.loads(stream.getvalue()[before:]).get("user.id"))
    assert users == ["u1", "u2"], f"the lines of u1 and u2 have the users {users}: no ids of an earlier moment"


@check("set_up_loguru")
def loguru_twice_is_once(lab):
    """Write once when it is set up twice, from DEBUG up."""
    logger, stream = loguru_logger(), io.StringIO()
    for _ in range(2):
        lab.set_up_loguru(logger, stream, Given())
    logger.debug("a detail")
    logger.trace("too quiet")
    text = stream.getvalue()
    assert "a detail" in text, "a DEBUG does not reach the stream"
    assert sum("a detail" in line for line in text.splitlines()) == 1, (
        "set up twice, it writes each record twice: take the old sink off first"
    )
    assert "too quiet" not in text, "a TRACE reaches the stream: from DEBUG up is meant"


@check("set_up_loguru")
def loguru_logger_name(lab):
    """Name the logger after the module that logs, and end each line with a line break."""
    logger, stream = loguru_logger(), io.StringIO()
    lab.set_up_loguru(logger, stream, Given())
    exec("logger.info('x')", {"logger": logger, "__name__": "shop.pay"})  # noqa: S102, a module of its own
    assert stream.getvalue().endswith("\n"), "the line does not end with a line break"
    found = json.loads(stream.getvalue())["log.logger"]
    assert found == "shop.pay", f'a module called shop.pay logged, and "log.logger" is {found!r}'
