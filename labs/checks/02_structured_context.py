"""Public checks of lab 02. Each runs in a context of its own, so that no id stays behind in the notebook."""

from __future__ import annotations

import contextvars
import functools
import io
import json
import logging
import logging.config
import re
import threading
from concurrent.futures import ThreadPoolExecutor

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"


def apart(function):
    """Run a check in a copy of the context."""

    @functools.wraps(function)
    def run(lab):
        contextvars.copy_context().run(function, lab)

    return run


class Ids:
    """A context whose ids are given."""

    def __init__(self, **ids):
        self.ids = {name.replace("_", "."): value for name, value in ids.items()}

    def current(self):
        """Return the ids."""
        return dict(self.ids)


def elsewhere(function):
    """Run a function in a thread of its own and return what it returns."""
    found, failed = [], []

    def run():
        try:
            found.append(function())
        except BaseException as error:  # noqa: BLE001, raised again where the check sees it
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(2)
    assert not thread.is_alive(), "a thread that uses your code does not come to an end"
    if failed:
        raise failed[0]
    return found[0]


def ids_of(context):
    """Return the ids of a learner's context."""
    ids = context.current()
    assert isinstance(ids, dict), f"current() must return a dict, not {type(ids).__name__}"
    return ids


@check("Context")
@apart
def binds_under_ecs_names(lab):
    """Bind ids under their ECS names, and keep those that are not given."""
    context = lab.Context()
    assert ids_of(context) == {}, f"a new Context() must have no ids, and has {ids_of(context)}"
    context.bind(user="u1", session="s1")
    context.bind(trace="t1", session="s2")
    wanted = {"user.id": "u1", "session.id": "s2", "trace.id": "t1"}
    found = ids_of(context)
    assert "user" not in found, "the ids stand under user, session, …: give them their ECS names"
    assert "user.id" in found, "a second bind() forgets what the first one bound"
    assert found == wanted, f"after two calls of bind() the ids should be {wanted}, and are {found}"


@check("Context")
@apart
def scope_puts_back(lab):
    """Put the ids back at the end of a scope."""
    context = lab.Context()
    context.bind(user="u1")
    with context.scope(transaction="x1"):
        inside = ids_of(context)
    assert inside == {"user.id": "u1", "transaction.id": "x1"}, f"inside the scope the ids are {inside}"
    after = ids_of(context)
    assert after == {"user.id": "u1"}, f"after the scope the ids are {after}, and were only the user before it"


@check("Context")
@apart
def scope_survives_an_exception(lab):
    """Put the ids back when the block raises."""
    context = lab.Context()
    try:
        with context.scope(user="u1"):
            raise LookupError("planned")
    except LookupError:
        pass
    else:
        raise AssertionError("an exception inside the scope is swallowed: let it pass")
    assert ids_of(context) == {}, "the block raised, and its ids are still there: put them back in a `finally`"


@check("Context")
@apart
def tasks_do_not_mix(lab):
    """Keep the ids of two tasks in one thread apart."""
    context = lab.Context()
    one, two = contextvars.copy_context(), contextvars.copy_context()
    one.run(context.bind, user="u1")
    two.run(context.bind, user="u2")
    found = one.run(ids_of, context).get("user.id"), two.run(ids_of, context).get("user.id")
    assert found != ("u2", "u2"), "two tasks in one thread share their ids: keep them in a ContextVar, never in place"
    assert found == ("u1", "u2"), f"two tasks bound u1 and u2, and see {found}"


def record_of(**more):
    """Make a record as a logger makes it."""
    return logging.makeLogRecord({"name": "shop", "msg": "paid", "levelno": 20, "levelname": "INFO"} | more)


@check("ContextFilter")
def gives_the_ids(lab):
    """Make each id an attribute of the record, under its own name."""
    record = record_of()
    lab.ContextFilter(Ids(user_id="u1", trace_id="t1")).filter(record)
    for name, value in (("user.id", "u1"), ("trace.id", "t1")):
        found = vars(record).get(name)
        assert found == value, f'the record should have "{name}" = {value!r}, and has {found!r}'


@check("ContextFilter")
def every_record_passes(lab):
    """Let every record pass, with ids or without."""
    for ids in (Ids(user_id="u1"), Ids()):
        answer = lab.ContextFilter(ids).filter(record_of())
        assert answer is not None, "filter() returns nothing, which means no: the record is dropped. Return True"
        assert answer, f"filter() returns {answer!r} and drops the record"


@check("ContextFilter")
def asks_each_time(lab):
    """Ask for the ids anew for each record."""
    ids = Ids(user_id="u1")
    found = lab.ContextFilter(ids)
    found.filter(record_of())
    ids.ids = {"user.id": "u2"}
    record = record_of()
    found.filter(record)
    assert vars(record).get("user.id") == "u2", "the filter keeps the ids of an earlier record: ask in filter()"


class Plain(logging.Formatter):
    """What the configurations below write."""

    def format(self, record):
        """Return the name of the logger and the user."""
        return f"{record.name} {vars(record).get('user.id')}"


def config_for(stream, **handler):
    """Make a dictConfig as lab 01 makes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Plain}},
        "handlers": {"log": {"class": "logging.StreamHandler", "stream": stream, "formatter": "line", **handler}},
        "root": {"level": "INFO", "handlers": ["log"]},
    }


def apply(config):
    """Apply a learner's dict."""
    assert isinstance(config, dict), f"return a dict for dictConfig, not {type(config).__name__}"
    try:
        logging.config.dictConfig(config)
    except (ValueError, TypeError, AttributeError) as error:
        cause = error.__cause__ or error
        raise AssertionError(f"dictConfig refuses the dict: {error} ({cause})") from None


@check("add_context")
def libraries_get_ids(lab):
    """Add ids to the records of every logger, also those of libraries."""
    stream = io.StringIO()
    with fresh_logging():
        apply(lab.add_context(config_for(stream), Ids(user_id="u1")))
        logging.getLogger().warning("own")
        logging.getLogger("lib.http").warning("theirs")
    lines = stream.getvalue().splitlines()
    assert lines, (
        "nothing reaches the stream any more: it must stay the same object, so do not copy the handlers deeply"
    )
    assert "root u1" in lines, f"the record of the root logger has no user: the stream holds {lines}"
    assert "lib.http u1" in lines, "the record of a library has no user: the filter belongs on handlers, not on loggers"


@check("add_context")
def leaves_what_it_got(lab):
    """Leave the dict that was given as it was."""
    stream = io.StringIO()
    config = config_for(stream)
    lab.add_context(config, Ids())
    assert "filters" not in config, "the dict that was given has changed: make a new one"
    assert "filters" not in config["handlers"]["log"], (
        "a handler in the dict that was given has changed: make a new one"
    )
    assert config == config_for(stream), "the dict that was given has changed: make a new one"


VAR = contextvars.ContextVar("checked", default="none")


@check("carried")
@apart
def ids_reach_a_thread(lab):
    """Carry the context into another thread."""
    VAR.set("u1")
    carried = lab.carried(VAR.get)
    assert callable(carried), f"carried() must return a function, not {type(carried).__name__}"
    found = elsewhere(carried)
    assert found != "none", "in another thread the context variable is empty: copy the context and run in the copy"
    assert found == "u1", (
        f"in another thread the context variable is {found!r}, and was 'u1' where carried() was called"
    )


@check("carried")
@apart
def of_that_moment(lab):
    """Take the ids of the moment when carried() was called."""
    VAR.set("u1")
    carried = lab.carried(VAR.get)
    VAR.set("u2")
    found = carried()
    assert found != "u2", "the function sees ids that were bound after carried(): copy the context in carried() itself"
    assert found == "u1", f"the function sees {found!r}, and carried() was called under 'u1'"


@check("carried")
@apart
def nothing_stays_on_the_thread(lab):
    """Leave nothing behind on a thread that is used again."""
    VAR.set("u1")
    jobs = lab.carried(VAR.get), lab.carried(lambda: VAR.set("job"))
    with ThreadPoolExecutor(1) as pool:
        for job in jobs:
            pool.submit(job).result(2)
            left = pool.submit(VAR.get).result(2)
            assert left == "none", f"the next job on the same thread finds {left!r}: run the function in a copy"


@check("carried")
@apart
def arguments_and_results(lab):
    """Hand on arguments, results and exceptions."""
    found = lab.carried(lambda a, *, b: (a, b))(1, b=2)
    assert found == (1, 2), f"called with (1, b=2), the function returned {found!r} instead of (1, 2)"
    try:
        lab.carried(lambda: {}["missing"])()
    except KeyError:
        return
    raise AssertionError("what the function raises does not reach the caller")


@check("parse_traceparent")
def reads_a_header(lab):
    """Read trace, parent and sampled bit of a good header."""
    found = lab.parse_traceparent(HEADER)
    assert found is not None, f"{HEADER} is a good header, and yours is None"
    assert tuple(found) == (TRACE, PARENT, True), f"{HEADER} gave {found!r}"
    found = lab.parse_traceparent(f"00-{TRACE}-{PARENT}-00")
    assert found is not None and found[2] is False, "flags 00 mean not sampled: the third value must be False"


def refused(lab, header, what):
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
def refuses_other_forms(lab):
    """Give None for headers of another form."""
    refused(lab, "", "an empty header")
    refused(lab, "hello", "a header without parts")
    refused(lab, HEADER[:-1], "a header that is cut short")
    refused(lab, HEADER.replace("0af7", "0ag7"), "a trace id with the letter g")
    refused(lab, HEADER.upper(), "a header in capitals")
    refused(lab, f"{HEADER[:2]}{HEADER}", "a header with more in front")
    refused(lab, f"00-{TRACE}0-{PARENT}-01", "a trace id of 33 characters")


@check("parse_traceparent")
def refuses_zeros(lab):
    """Give None for ids that are all zeros."""
    refused(lab, f"00-{'0' * 32}-{PARENT}-01", "a trace id of zeros")
    refused(lab, f"00-{TRACE}-{'0' * 16}-01", "a parent id of zeros")


FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def sent(lab, header):
    """Return trace, parent and flags of the learner's header."""
    text = lab.next_traceparent(header)
    assert isinstance(text, str), f"return the header as text, not {type(text).__name__}"
    found = FORM.fullmatch(text)
    assert found, f"this is not of the form 00-trace-parent-flags: {text!r}"
    return found.groups()


@check("next_traceparent")
def keeps_the_trace(lab):
    """Keep the trace id and the sampled bit."""
    trace, _, flags = sent(lab, HEADER)
    assert trace == TRACE, "the trace id has changed: it stays the same through all services"
    assert flags == "01", "the header that came is sampled, and yours says 00"
    assert sent(lab, f"00-{TRACE}-{PARENT}-00")[2] == "00", "the header that came is not sampled, and yours says 01"


@check("next_traceparent")
def parent_is_new(lab):
    """Put a new parent id into each header."""
    parents = [sent(lab, HEADER)[1] for _ in range(5)]
    assert PARENT not in parents, "the parent id is that of the header that came: make a new one"
    assert len(set(parents)) == 5, "five calls do not have five different parent ids: make a new one each time"


@check("next_traceparent")
def begins_a_trace(lab):
    """Begin a new, sampled trace when there is no good header."""
    traces = []
    for header in (None, "hello", HEADER.upper()):
        trace, _, flags = sent(lab, header)
        assert flags == "01", "a new trace is sampled: its flags are 01"
        traces.append(trace)
    assert len(set(traces)) == 3, "three requests without a good header must begin three different traces"


def chained(lab, method, event, **ids):
    """Send an event through the learner's chain; return the line and its fields."""
    chain = lab.structlog_chain(Ids(**ids))
    assert isinstance(chain, (list, tuple)) and chain, f"return a list of processors, not {type(chain).__name__}"
    for processor in chain:
        event = processor(None, method, event)
    assert isinstance(event, str), f"the last processor must return the line as text, not {type(event).__name__}"
    try:
        return event, json.loads(event)
    except ValueError:
        raise AssertionError(f"this is not JSON: {event[:60]}") from None


def has(fields, wanted):
    """Assert that a line has these fields; a plain name may stand under labels as well."""
    for name, value in wanted.items():
        found = fields.get(name, fields.get(f"labels.{name}"))
        assert found == value, f'"{name}" should be {value!r} in the line, and is {found!r}'


@check("structlog_chain")
def structlog_line(lab):
    """Write message, level, logger and fields."""
    _, fields = chained(lab, "info", {"event": "order paid", "logger": "shop.pay", "order": 17})
    has(fields, {"message": "order paid", "log.level": "info", "log.logger": "shop.pay", "order": 17})
    twice = sorted({"event", "logger", "labels.event", "labels.logger"} & set(fields))
    assert not twice, f'the line also has "{twice[0]}", which is no field: take it out of the event'


@check("structlog_chain")
def structlog_ids(lab):
    """Write the ids of the context."""
    _, fields = chained(lab, "info", {"event": "paid"}, user_id="u1", trace_id="t1")
    has(fields, {"user.id": "u1", "trace.id": "t1"})
    has(chained(lab, "info", {"event": "paid"})[1], {"log.logger": "root"})


@check("structlog_chain")
def structlog_exception(lab):
    """Write the exception that is being handled when exc_info is True."""
    try:
        int("x")
    except ValueError:
        _, fields = chained(lab, "error", {"event": "failed", "exc_info": True})
    assert fields.get("error.type") == "ValueError", "exc_info=True must give the fields of the exception"


def loguru_logger():
    """Make a Loguru logger of its own, with a first sink as Loguru starts with one; return both."""
    from loguru._logger import Core, Logger

    logger = Logger(
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
    first = io.StringIO()
    logger.add(first)
    return logger, first


def through_loguru(lab, log, **ids):
    """Set the learner's sink up, let `log` use it, and return its lines and what the first sink got."""
    logger, first = loguru_logger()
    stream = io.StringIO()
    lab.set_up_loguru(logger, stream, Ids(**ids))
    log(logger)
    return stream.getvalue().splitlines(), first.getvalue()


def one_line(lines):
    """Return the fields of the only line."""
    assert lines, "nothing reaches the stream: write the line and a line break in the sink"
    assert len(lines) == 1, f"one record became {len(lines)} lines"
    try:
        return json.loads(lines[0])
    except ValueError:
        raise AssertionError(f"this is not JSON: {lines[0][:60]}") from None


@check("set_up_loguru")
def loguru_line(lab):
    """Write message, level and what was bound."""
    lines, _ = through_loguru(lab, lambda log: log.bind(order=17).warning("order paid"))
    has(one_line(lines), {"message": "order paid", "log.level": "warning", "order": 17})


@check("set_up_loguru")
def loguru_ids(lab):
    """Write the ids of the context."""
    lines, _ = through_loguru(lab, lambda log: log.info("paid"), user_id="u1", trace_id="t1")
    has(one_line(lines), {"user.id": "u1", "trace.id": "t1"})


@check("set_up_loguru")
def first_sink_is_gone(lab):
    """Take off the sink that Loguru starts with."""
    _, first = through_loguru(lab, lambda log: log.info("paid"))
    assert not first, "the sink that the logger had before still writes: take all old sinks off first"
