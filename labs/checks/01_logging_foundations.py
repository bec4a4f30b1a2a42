"""Public checks of lab 01. Each runs in a logging module of its own and leaves the learner's loggers as they are."""

from __future__ import annotations

import io
import json
import logging

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

OFFICE, ATTACKER = "192.0.2.10", "192.0.2.66"


def events():
    """Make an hour of events: one bug, one trend, one attacker, two changes."""
    made = [{"minute": m, "event.duration": (10 + m // 10) * 1_000_000} for m in range(60)]
    made += [{"minute": 5, "error.type": kind} for kind in ("KeyError", "OSError", "KeyError")]
    for number, name in enumerate(("ann", "bob", "cy")):
        made.append(login(ATTACKER, name, "failure", minute=20 + number))
    made.append(login(OFFICE, "bob", "failure", minute=30))
    made.append({"minute": 40, "event.action": "change", "user.name": "zoe"})
    made.append({"minute": 44, "event.action": "change", "user.name": "ann"})
    return made


def login(ip, name, outcome, *, minute):
    """Make one login."""
    return {
        "minute": minute,
        "event.action": "login",
        "event.outcome": outcome,
        "source.ip": ip,
        "user.name": name,
    }


def answer(lab, key, made=None):
    """Return one of the learner's four answers."""
    answers = lab.read_four_ways(events() if made is None else made)
    assert isinstance(answers, dict), f"return a dict with four keys, not {type(answers).__name__}"
    assert key in answers, f'the dict has no key "{key}"'
    return answers[key]


@check("read_four_ways")
def finds_the_bug(lab):
    """Find the bug: the error type of the most events."""
    found = answer(lab, "bug")
    assert found == "KeyError", f'KeyError is there twice and OSError once, but "bug" is {found!r}'


@check("read_four_ways")
def finds_the_trend(lab):
    """Find the trend: six medians, in milliseconds."""
    found = answer(lab, "trend")
    assert isinstance(found, list) and len(found) == 6, (
        '"trend" must be a list of six numbers, one for each ten minutes'
    )
    assert found[0] < 1e6, "the trend is in nanoseconds: divide by a million to get milliseconds"
    wanted = [10, 11, 12, 13, 14, 15]
    assert found == wanted, f"for medians of 10, 11, … 15 ms the trend is {found}"


@check("read_four_ways")
def finds_the_intruder(lab):
    """Find the intruder: the address that failed under the most names."""
    found = answer(lab, "intruder")
    assert found == ATTACKER, f'{ATTACKER} failed under three names, {OFFICE} under one; "intruder" is {found!r}'


@check("read_four_ways")
def finds_who_changed_something(lab):
    """Find who changed something, and when."""
    found = [tuple(pair) for pair in answer(lab, "changed")]
    wanted = [("zoe", 40), ("ann", 44)]
    assert found, '"changed" is empty, but zoe changed something in minute 40'
    assert found == wanted, f'"changed" is {found}, and should be {wanted}'


def shop_tree(lab, *, times=1):
    """Build the learner's tree over two new streams; the root has a handler that says what reaches it."""
    streams = {"console": io.StringIO(), "file": io.StringIO(), "root": io.StringIO()}
    logging.getLogger().addHandler(logging.StreamHandler(streams["root"]))
    for _ in range(times):
        lab.build_tree(streams["console"], streams["file"])
    return streams


def written(stream, text):
    """Count the lines of a stream that hold a text."""
    return sum(text in line for line in stream.getvalue().splitlines())


@check("build_tree")
def console_is_quiet(lab):
    """Show WARNING and above on the console, and nothing below."""
    with fresh_logging():
        streams = shop_tree(lab)
        logging.getLogger("shop").warning("a warning")
        logging.getLogger("shop").info("an info")
    assert written(streams["console"], "a warning"), "a WARNING of `shop` does not reach the console"
    assert not written(streams["console"], "an info"), (
        "an INFO reaches the console: give the console handler a level of its own"
    )


@check("build_tree")
def file_has_everything(lab):
    """Write everything from DEBUG up to the file, of children too."""
    with fresh_logging():
        streams = shop_tree(lab)
        logging.getLogger("shop").debug("a debug")
        logging.getLogger("shop.label").debug("a child")
    assert written(streams["file"], "a debug"), (
        "a DEBUG of `shop` does not reach the file: the logger itself must let DEBUG pass, and the handler too"
    )
    assert written(streams["file"], "a child"), "a DEBUG of the child `shop.label` does not reach the file"


@check("build_tree")
def twice_is_once(lab):
    """Keep two handlers when it is called twice."""
    with fresh_logging():
        streams = shop_tree(lab, times=2)
        logging.getLogger("shop").error("an error")
    lines = written(streams["file"], "an error")
    assert lines, "after two calls nothing reaches the file"
    assert lines == 1, f"after two calls each line is in the file {lines} times: take the old handlers off first"


def named_handler(name, level):
    """Make a handler that writes nowhere."""
    handler = logging.StreamHandler(io.StringIO())
    handler.set_name(name)
    handler.setLevel(level)
    return handler


def small_tree():
    """Make a tree: the root at WARNING with two handlers, `app` at INFO with one."""
    root, app = logging.getLogger(), logging.getLogger("app")
    root.addHandler(named_handler("pager", logging.ERROR))
    root.addHandler(named_handler("disk", logging.DEBUG))
    app.addHandler(named_handler("screen", logging.INFO))
    app.setLevel(logging.INFO)
    return app


def steps_of(lab, name, level):
    """Return the learner's steps as tuples."""
    steps = lab.trace_record(name, level)
    assert isinstance(steps, list), f"return a list of pairs, not {type(steps).__name__}"
    return [tuple(step) for step in steps]


@check("trace_record")
def logger_stops(lab):
    """Say that the logger stops a level below its own."""
    with fresh_logging():
        small_tree()
        steps = steps_of(lab, "app.db", logging.DEBUG)
    wanted = [("app.db", "stopped")]
    assert steps == wanted, (
        f"`app.db` takes the level INFO from its parent `app`, so a DEBUG gives {wanted}; yours is {steps}"
    )


@check("trace_record")
def every_handler_in_order(lab):
    """Meet every handler on the way up, the own logger's first."""
    with fresh_logging():
        small_tree()
        steps = steps_of(lab, "app", logging.ERROR)
    wanted = [("screen", "written"), ("pager", "written"), ("disk", "written")]
    assert steps, "an ERROR at `app` is written by three handlers, and your list is empty"
    assert steps != wanted[:1], "you stop at the handlers of `app` itself: the record climbs on to those of its parents"
    assert steps == wanted, f"an ERROR at `app` meets {wanted}; yours is {steps}"


@check("choose_level")
def each_fact_has_its_level(lab):
    """Give each fact its level."""
    for fact, level in (
        ("down", logging.CRITICAL),
        ("lost", logging.ERROR),
        ("unplanned", logging.WARNING),
        ("milestone", logging.INFO),
    ):
        found = lab.choose_level({fact})
        assert not isinstance(found, str), f"return the number logging.{found}, not its name as text"
        assert found == level, f'"{fact}" alone is {logging.getLevelName(level)}, yours is {found!r}'


@check("choose_level")
def the_most_serious_decides(lab):
    """Let the most serious of several facts decide."""
    found = lab.choose_level({"milestone", "unplanned", "lost"})
    assert found == logging.ERROR, (
        f'with "lost" among the facts it is ERROR, yours is {logging.getLevelName(found)}: '
        "ask for the most serious first"
    )


def caught():
    """Return an exception with a cause, raised where a secret is a local variable."""
    password = "hunter2-" + "tr0ub4dor"
    try:
        try:
            return int("no number", len(password))
        except ValueError as cause:
            raise LookupError("no such order") from cause
    except LookupError as error:
        return error


def error_fields(lab, error):
    """Return the learner's fields of an exception."""
    fields = lab.format_exception_safely(error)
    assert isinstance(fields, dict), f"return a dict, not {type(fields).__name__}"
    for name in ("error.type", "error.message", "error.stack_trace"):
        assert name in fields, f'the dict has no "{name}"'
        assert isinstance(fields[name], str), f'"{name}" must be text, not {type(fields[name]).__name__}'
    return fields


@check("format_exception_safely")
def names_the_error(lab):
    """Give the type and the message of the exception."""
    fields = error_fields(lab, caught())
    assert fields["error.type"] == "LookupError", f'"error.type" is {fields["error.type"]!r}, not "LookupError"'
    assert fields["error.message"] == "no such order", (
        f'"error.message" is {fields["error.message"]!r}, not "no such order"'
    )


@check("format_exception_safely")
def keeps_the_chain(lab):
    """Keep the exception that it was raised from."""
    trace = error_fields(lab, caught())["error.stack_trace"]
    assert "NoneType: None" not in trace, (
        "the stack trace is empty: format_exc() works only inside `except`; use the function that takes the exception"
    )
    assert "LookupError" in trace, "the stack trace does not name the exception itself"
    assert "ValueError" in trace, "the ValueError that it was raised from is not in the stack trace"


@check("format_exception_safely")
def keeps_secrets(lab):
    """Leave the values of local variables out."""
    trace = error_fields(lab, caught())["error.stack_trace"]
    assert "hunter2" not in trace, "a password from a local variable is in the stack trace: do not capture locals"


def record_of(message, *args, **more):
    """Make a record as a logger makes it."""
    return logging.makeLogRecord(
        {"name": "shop.web", "levelno": 30, "levelname": "WARNING", "created": 1.5, "msg": message, "args": args} | more
    )


def parsed(lab, record):
    """Return the learner's line as a dict."""
    line = lab.format_record(record)
    assert isinstance(line, str), f"return the line as text, not {type(line).__name__}"
    try:
        fields = json.loads(line)
    except ValueError:
        raise AssertionError(f"this is not JSON: {line[:60]}") from None
    assert isinstance(fields, dict), "the line must be a JSON object, made from a dict"
    return fields


@check("format_record")
def has_the_names(lab):
    """Give time, level, logger and message their ECS names."""
    fields = parsed(lab, record_of("order %s of %s", 17, "ada"))
    wanted = {
        "@timestamp": "1970-01-01T00:00:01.500Z",
        "log.level": "warning",
        "log.logger": "shop.web",
        "message": "order 17 of ada",
    }
    for name, value in wanted.items():
        assert name in fields, f'the line has no "{name}"'
        assert fields[name] == value, f'"{name}" is {fields[name]!r} and should be {value!r}'


@check("format_record")
def one_line(lab):
    """Write one line, also when the message holds a line break or a quote."""
    line = lab.format_record(record_of('a "quoted"\nmessage of %s', "eve\r\nadmin"))
    assert isinstance(line, str), f"return the line as text, not {type(line).__name__}"
    assert len(line.splitlines()) == 1, (
        f"one event became {len(line.splitlines())} lines: a line break in the message ends the line"
    )
    message = parsed(lab, record_of('a "quoted"\nmessage of %s', "eve\r\nadmin"))["message"]
    assert message == 'a "quoted"\nmessage of eve\r\nadmin', "the message came back changed: escape it, do not cut it"


@check("format_record")
def bad_arguments_cost_nothing_else(lab):
    """Still write the line when the arguments do not fit the message."""
    try:
        fields = parsed(lab, record_of("order %d of %s", "seventeen"))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"a log call with wrong arguments raises {type(error).__name__}: catch it") from None
    assert fields.get("message") == "order %d of %s", (
        f'the message of such a record is its template, "order %d of %s"; yours is {fields.get("message")!r}'
    )


@check("format_record")
def keeps_extras(lab):
    """Write each extra under its own name, and nothing else of the record."""
    fields = parsed(lab, record_of("paid", **{"user.name": "ada", "attempt": 2}))
    assert fields.get("user.name") == "ada", 'an extra "user.name" is not in the line'
    assert fields.get("attempt") == 2, 'an extra "attempt" is not in the line, or not as the number 2'
    inner = sorted(set(fields) & {"msg", "args", "levelno", "pathname", "created"})
    assert not inner, f'the line also has "{inner[:1][0]}", a detail of the record: leave out what is in STANDARD'


class Plain(logging.Formatter):
    """What make_config gets as its formatter."""

    def format(self, record):
        """Return a line that only this class makes."""
        return f"<{record.name} {record.levelname} {record.getMessage()}>"


def configured(lab, *, levels=None, times=1):
    """Apply the learner's configuration and return the stream it writes to."""
    import logging.config

    stream = io.StringIO()
    for _ in range(times):
        config = lab.make_config(stream, Plain, levels or {})
        assert isinstance(config, dict), f"return a dict for dictConfig, not {type(config).__name__}"
        try:
            logging.config.dictConfig(config)
        except (ValueError, TypeError, AttributeError) as error:
            cause = error.__cause__ or error
            raise AssertionError(f"dictConfig refuses the dict: {error} ({cause})") from None
    return stream


def new_logger(name):
    """Return a logger as if it was made now: a name that the notebook has used would count as an existing one."""
    logger = logging.getLogger(name)
    logger.disabled = False
    return logger


@check("make_config")
def writes_each_record_once(lab):
    """Write a record of any logger once, through the formatter."""
    with fresh_logging():
        stream = configured(lab)
        new_logger("shop.payment").info("paid")
        new_logger("another").info("hello")
    text = stream.getvalue()
    assert "paid" in text and "hello" in text, "an INFO of `shop.payment` or of `another` does not reach the stream"
    assert text.count("paid") == 1, (
        f"one record is written {text.count('paid')} times: put the handler on the root only"
    )
    assert "<shop.payment INFO paid>" in text, "the line is not made by the formatter that was given"


@check("make_config")
def may_be_applied_twice(lab):
    """Write a record once when the configuration is applied twice."""
    with fresh_logging():
        stream = configured(lab, times=2)
        new_logger("shop").error("trouble")
    count = stream.getvalue().count("trouble")
    assert count, "after the second time nothing reaches the stream"
    assert count == 1, f"after the second time each record is written {count} times"


@check("make_config")
def libraries_stay_enabled(lab):
    """Leave loggers that exist already enabled."""
    with fresh_logging():
        library = logging.getLogger("somelibrary.http")
        stream = configured(lab)
        library.warning("slow answer")
    assert "slow answer" in stream.getvalue(), (
        "a logger that was made before the configuration is silent: set disable_existing_loggers to False"
    )


class SlowOrder:
    """An order that counts how often its text is made."""

    def __init__(self):
        self.shown = self.summed = 0

    def __str__(self):
        self.shown += 1
        return "17"

    def summary(self, _order):
        """Return the summary, and count it."""
        self.summed += 1
        return "3 items"


class Keeping(logging.Handler):
    """A handler that keeps its records."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        """Keep the record."""
        self.records.append(record)


def logged(lab, level):
    """Call log_lazily at a logger of that level; return the order and the records."""
    order, handler = SlowOrder(), Keeping()
    logger = logging.getLogger("lazy")
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    lab.log_lazily(logger, order, order.summary)
    return order, handler.records


@check("log_lazily")
def costs_nothing_when_off(lab):
    """Compute nothing when DEBUG is off."""
    with fresh_logging():
        order, records = logged(lab, logging.INFO)
    assert not records, "something was logged although the logger is at INFO: use the level DEBUG"
    assert not order.shown, "str(order) is computed although DEBUG is off: give the order to debug() as an argument"
    assert not order.summed, "summarize(order) is called although DEBUG is off: ask logger.isEnabledFor first"


@check("log_lazily")
def says_it_when_on(lab):
    """Log one finished message when DEBUG is on."""
    with fresh_logging():
        _, records = logged(lab, logging.DEBUG)
    assert records, "DEBUG is on and nothing was logged"
    assert len(records) == 1, f"{len(records)} records were logged instead of one"
    message = records[0].getMessage()
    assert message == "order 17: 3 items", f'the message is {message!r} and should be "order 17: 3 items"'
