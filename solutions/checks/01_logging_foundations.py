"""Hidden checks of lab 01: what the public ones leave open. Each runs in a logging module of its own."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from decimal import Decimal

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

GATEWAY, SPRAYER = "198.51.100.5", "203.0.113.77"
LINE_ENDS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")


def hour_with_a_noisy_office():
    """Make an hour in which an office fails most often, and an attacker under most names."""
    made = [{"minute": m, "event.duration": (50 - m // 10) * 1_000_000} for m in range(60)]
    made += [{"minute": 1, "error.type": "KeyError"}, {"minute": 9, "event.duration": 900_000_000}]
    made += [
        {"event.action": "login", "event.outcome": outcome, "source.ip": ip, "user.name": name, "minute": 7}
        for ip, name, outcome, times in (
            (GATEWAY, "ben", "failure", 40),
            (SPRAYER, "ann", "failure", 1),
            (SPRAYER, "bob", "failure", 1),
            ("192.0.2.1", "ann", "success", 1),
            ("192.0.2.1", "bob", "success", 1),
            ("192.0.2.1", "cy", "success", 1),
        )
        for _ in range(times)
    ]
    return [*made, {"minute": 50, "event.action": "change", "user.name": "cy"}]


@check("read_four_ways")
def names_not_tries(lab):
    """Tell an attacker with many names from an office with many tries."""
    found = lab.read_four_ways(hour_with_a_noisy_office())["intruder"]
    assert found != GATEWAY, "the office failed 40 times under one name: count different names, not tries"
    assert found != "192.0.2.1", "an address whose logins all succeeded is no intruder: count failures only"
    assert found == SPRAYER, f"the attacker tried two names from {SPRAYER}, yours is {found!r}"


@check("read_four_ways")
def median_not_mean(lab):
    """Take the median, which one slow payment does not move."""
    found = lab.read_four_ways(hour_with_a_noisy_office())["trend"]
    wanted = [50, 49, 48, 47, 46, 45]
    assert list(found) != sorted(wanted), "the slots of the trend are sorted by value: keep them in order of time"
    assert list(found) == wanted, (
        f"with one payment of 900 ms among many of 50 ms the trend is {found}, and should be {wanted}: use the median"
    )


@check("build_tree")
def child_has_its_level(lab):
    """Let shop.payment log from INFO up, through the handlers of shop."""
    with fresh_logging():
        file = io.StringIO()
        lab.build_tree(io.StringIO(), file)
        payment = logging.getLogger("shop.payment")
        payment.debug("a detail")
        payment.info("a milestone")
        own = list(payment.handlers)
    assert "a detail" not in file.getvalue(), "a DEBUG of `shop.payment` is in the file: set the level of that logger"
    assert "a milestone" in file.getvalue(), "an INFO of `shop.payment` is not in the file"
    assert not own, "`shop.payment` has a handler of its own: its records climb to `shop` anyway"


@check("build_tree")
def nothing_reaches_the_root(lab):
    """Hand nothing on to the root logger, and return the logger."""
    with fresh_logging() as root:
        above = io.StringIO()
        root.addHandler(logging.StreamHandler(above))
        shop = lab.build_tree(io.StringIO(), io.StringIO())
        logging.getLogger("shop").error("an error")
        same = shop is logging.getLogger("shop")
    assert "an error" not in above.getvalue(), (
        "a record of `shop` also reaches the root's handler: set propagate to False"
    )
    assert same, f'return the logger "shop", not {type(shop).__name__}'


@check("build_tree")
def handlers_have_names(lab):
    """Name the handlers console and file."""
    with fresh_logging():
        lab.build_tree(io.StringIO(), io.StringIO())
        names = sorted(str(handler.name) for handler in logging.getLogger("shop").handlers)
    assert names == ["console", "file"], f'the handlers of `shop` are called {names}, not "console" and "file"'


def handler_of(name, level):
    """Make a named handler that writes nowhere."""
    handler = logging.StreamHandler(io.StringIO())
    handler.set_name(name)
    handler.setLevel(level)
    return handler


@check("trace_record")
def ancestors_are_not_asked(lab):
    """Ask the ancestors' handlers, not the ancestors' levels."""
    with fresh_logging() as root:
        root.setLevel(logging.CRITICAL)
        root.addHandler(handler_of("disk", logging.DEBUG))
        logging.getLogger("app.chatty").setLevel(logging.DEBUG)
        steps = [tuple(step) for step in lab.trace_record("app.chatty", logging.DEBUG)]
    assert steps == [("disk", "written")], (
        "the root stands at CRITICAL, but only its handler is asked on the way up: "
        f"wanted [('disk', 'written')], got {steps}"
    )


@check("trace_record")
def stops_where_propagation_ends(lab):
    """End the way at a logger that does not propagate, after its own handlers."""
    with fresh_logging() as root:
        root.addHandler(handler_of("disk", logging.DEBUG))
        app = logging.getLogger("app")
        app.propagate = False
        app.addHandler(handler_of("pager", logging.ERROR))
        steps = [tuple(step) for step in lab.trace_record("app.db", logging.WARNING)]
    assert ("disk", "written") not in steps, "`app` has propagate = False, so the root's handler is never met"
    assert steps == [("pager", "stopped")], f"only the pager is met, and it stops a WARNING; yours is {steps}"


@check("trace_record")
def leaves_no_trace(lab):
    """Find out without logging anything."""
    seen = []

    class Spy(logging.Handler):
        def emit(self, record):
            seen.append(record.name)

    with fresh_logging() as root:
        root.addHandler(Spy())
        lab.trace_record("app.db", logging.ERROR)
    assert "app.db" not in seen, "your function logs to find out: look at loggers and handlers instead"


@check("choose_level")
def everything_else_is_debug(lab):
    """Give DEBUG to no fact and to unknown facts."""
    for facts in (set(), {"sunny"}):
        found = lab.choose_level(facts)
        assert found is not None, "without a fact that you know the function returns nothing: it must be logging.DEBUG"
        assert found == logging.DEBUG, f"{facts or 'no facts'} is DEBUG, yours is {logging.getLevelName(found)}"
    found = lab.choose_level({"milestone", "unplanned"})
    assert found == logging.WARNING, f"unplanned and milestone is WARNING, yours is {logging.getLevelName(found)}"
    found = lab.choose_level({"lost", "down"})
    assert found == logging.CRITICAL, f"lost and down is CRITICAL, yours is {logging.getLevelName(found)}"


def raised(function):
    """Return what a function raises."""
    try:
        function()
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError("unreachable")


def with_context():
    """Raise while another exception is handled."""
    token = "tok_" + "9f8e7d"
    try:
        return {}[len(token)]
    except KeyError:
        return "x" + 1


@check("format_exception_safely")
def keeps_what_was_being_handled(lab):
    """Keep an exception during whose handling this one arose."""
    trace = lab.format_exception_safely(raised(with_context))["error.stack_trace"]
    assert "KeyError" in trace, "the KeyError that was being handled is not in the stack trace"
    assert "with_context" in trace, "the stack trace does not say in which function it happened"
    assert "9f8e7d" not in trace, "a token from a local variable is in the stack trace"


@check("format_exception_safely")
def takes_the_exception_it_is_given(lab):
    """Describe the exception it is given, not the one being handled."""
    earlier = raised(lambda: int("x"))
    try:
        raise OSError("another")
    except OSError:
        fields = lab.format_exception_safely(earlier)
    assert fields["error.type"] == "ValueError", f'"error.type" is {fields["error.type"]!r}, not "ValueError"'
    assert "OSError" not in fields["error.stack_trace"], (
        "the stack trace is of the exception being handled, not of yours"
    )


def record_of(message, *args, **more):
    """Make a record as a logger makes it."""
    base = {"name": "shop", "levelno": 20, "levelname": "INFO", "created": 0.25, "msg": message, "args": args}
    return logging.makeLogRecord(base | more)


@check("format_record")
def no_line_break_of_any_kind(lab):
    """Keep every kind of line break out of the line, also from extras and names."""
    for end in LINE_ENDS:
        line = lab.format_record(record_of(f"a{end}b", **{"user.name": f"eve{end}admin"}))
        assert len(line.splitlines()) == 1, f"the line break U+{ord(end[0]):04X} ends the line"
        assert json.loads(line)["message"] == f"a{end}b", f"the message with U+{ord(end[0]):04X} came back changed"


@check("format_record")
def values_json_does_not_know(lab):
    """Write a value that JSON does not know as its text."""
    try:
        line = lab.format_record(record_of("paid", amount=Decimal("9.90"), tags={"new"}))
    except TypeError as error:
        raise AssertionError(f"an extra that JSON does not know raises {error}: json.dumps has `default`") from None
    assert json.loads(line).get("amount") == "9.90", 'the extra Decimal("9.90") is not written as its str(), "9.90"'


@check("format_record")
def extras_replace_nothing(lab):
    """Let no extra replace a field of the record."""
    fields = json.loads(lab.format_record(record_of("real", **{"log.level": "critical", "log.logger": "root"})))
    assert (fields["log.level"], fields["log.logger"]) == ("info", "shop"), (
        "an extra replaced the level or the logger of the record: put the extras in first, the four fields on top"
    )


@check("format_record")
def message_may_be_any_object(lab):
    """Take a message that is no text, and arguments that raise."""

    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    assert json.loads(lab.format_record(record_of(ValueError("odd"))))["message"] == "odd"
    try:
        line = lab.format_record(record_of("user %s", Broken()))
    except RuntimeError:
        raise AssertionError("an argument whose __str__ raises costs the line: catch every Exception") from None
    assert json.loads(line)["message"] == "user %s", "when the arguments do not fit, the message is str(record.msg)"


@check("format_record")
def carries_the_exception(lab):
    """Write the fields of the exception of a record that has one."""
    error = raised(lambda: int("x"))
    fields = json.loads(lab.format_record(record_of("failed", exc_info=(ValueError, error, error.__traceback__))))
    assert fields.get("error.type") == "ValueError", "a record with an exception has no error.type in its line"
    assert "Traceback" in str(fields.get("error.stack_trace")), "the line has no stack trace in error.stack_trace"
    none = json.loads(lab.format_record(record_of("exc_info outside except", exc_info=(None, None, None))))
    assert none["message"], "a record with exc_info but without an exception must still give its line"


class Marked(logging.Formatter):
    """What make_config gets as its formatter."""

    def format(self, record):
        """Return a line that only this class makes."""
        return f"[{record.getMessage()}]"


def applied(lab, levels):
    """Apply the learner's configuration and return its stream."""
    stream = io.StringIO()
    logging.config.dictConfig(lab.make_config(stream, Marked, levels))
    return stream


def new_logger(name):
    """Return a logger as if it was made now: a name that the notebook has used would count as an existing one."""
    logger = logging.getLogger(name)
    logger.disabled = False
    return logger


@check("make_config")
def levels_by_logger(lab):
    """Give each logger in levels its own level, through the root's handler."""
    with fresh_logging():
        stream = applied(lab, {"urllib3": "ERROR", "shop.debugged": "DEBUG"})
        new_logger("urllib3.pool").warning("quiet please")
        new_logger("shop.debugged").debug("a detail")
        new_logger("shop.other").debug("not wanted")
    text = stream.getvalue()
    assert "quiet please" not in text, "levels say ERROR for `urllib3`, and its WARNING is in the log"
    assert "a detail" in text, "levels say DEBUG for `shop.debugged`, and its DEBUG is not in the log"
    assert "not wanted" not in text, "a DEBUG of a logger that is not in levels is in the log: the root is at INFO"
    assert text.count("a detail") == 1, "a logger in levels writes twice: it needs a level, not a handler"


@check("make_config")
def a_new_dict_each_time(lab):
    """Return a new dict on each call, and leave levels as they were."""
    levels = {"a": "DEBUG"}
    with fresh_logging():
        first = lab.make_config(io.StringIO(), Marked, levels)
        second = lab.make_config(io.StringIO(), Marked, {})
    assert first is not second, "two calls return the same dict: make a new one each time"
    assert "a" not in second.get("loggers", {}), "levels of an earlier call are still in the dict"
    assert levels == {"a": "DEBUG"}, "the dict `levels` that was given has changed"


@check("make_config")
def configures_nothing_itself(lab):
    """Return the configuration and leave applying it to the application."""
    with fresh_logging() as root:
        marker = handler_of("marker", logging.INFO)
        root.addHandler(marker)
        lab.make_config(io.StringIO(), Marked, {"a": "DEBUG"})
        handlers = list(root.handlers)
    assert handlers == [marker], "make_config changed the root logger's handlers: return the dict, and apply nothing"


@check("log_lazily")
def template_stays_the_same(lab):
    """Keep one template for all orders, with the values as arguments."""
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record)

    with fresh_logging():
        logger = logging.getLogger("lazy")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(Keep())
        for order in ("17", "18"):
            lab.log_lazily(logger, order, len)
    templates = {str(record.msg) for record in records}
    assert len(records) == 2, f"two calls gave {len(records)} records"
    assert len(templates) == 1, (
        f"two orders gave two templates, {sorted(templates)}: use %s and arguments, not an f-string"
    )
    assert records[0].levelno == logging.DEBUG, f"the level is {records[0].levelname} and should be DEBUG"


@check("log_lazily")
def a_switched_off_level_counts(lab):
    """Compute nothing when DEBUG is switched off for the whole process or by an ancestor."""
    asked = []
    with fresh_logging():
        logger = logging.getLogger("shop.lazy")
        logging.getLogger("shop").setLevel(logging.WARNING)
        lab.log_lazily(logger, "17", asked.append)
        logger.setLevel(logging.DEBUG)
        logging.disable(logging.DEBUG)
        lab.log_lazily(logger, "17", asked.append)
    assert not asked, (
        "summarize is called although an ancestor's level or logging.disable stops DEBUG: use isEnabledFor"
    )
