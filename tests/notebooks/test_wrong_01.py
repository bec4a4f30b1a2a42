"""Lab 01: answers that learners really give lose the right points, with a reason that names the mistake."""

from __future__ import annotations

import logging
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source
from logdojo.logsetup.testing import fresh_logging

LAB = find_lab("01")


class Wrong(NamedTuple):
    """An answer, the checks it must fail, and words that the reasons must say."""

    exercise: str
    mistake: str
    source: str
    fails: set[str]
    says: str


FOUR_WAYS = """
def read_four_ways(events):
    errors = Counter(e["error.type"] for e in events if "error.type" in e)
    slots, names = defaultdict(list), defaultdict({kind})
    for e in events:
        if "event.duration" in e:
            slots[e["minute"] // 10].append(e["event.duration"] / {unit})
        if e.get("event.action") == "login" and {condition}:
            names[e["source.ip"]].{add}(e["user.name"])
    return {{"bug": errors.most_common(1)[0][0],
            "trend": [{middle}(slots[s]) for s in range(6)],
            "intruder": max(names, key=lambda ip: len(names[ip])),
            "changed": [(e["user.name"], e["minute"]) for e in events if e.get("event.action") == "change"]}}
"""
PARTS = {"kind": "set", "add": "add", "unit": "1e6", "middle": "median"}
FAILED = 'e["event.outcome"] == "failure"'


def four_ways(**parts: str) -> str:
    """Return an answer to read_four_ways with some parts replaced."""
    return FOUR_WAYS.format(**{**PARTS, "condition": FAILED, **parts})


TREE = """
def build_tree(console, file):
    shop = logging.getLogger("shop")
    shop.setLevel({level})
    shop.propagate = {propagate}
    {clear}
    for name, stream, level in (("console", console, {quiet}), ("file", file, logging.DEBUG)):
        handler = logging.StreamHandler(stream)
        handler.set_name(name)
        handler.setLevel(level)
        shop.addHandler(handler)
    {child}
    return shop
"""
TREE_PARTS = {
    "level": "logging.DEBUG",
    "propagate": "False",
    "clear": "shop.handlers.clear()",
    "quiet": "logging.WARNING",
    "child": 'logging.getLogger("shop.payment").setLevel(logging.INFO)',
}


def tree(**parts: str) -> str:
    """Return an answer to build_tree with some parts replaced."""
    return TREE.format(**{**TREE_PARTS, **parts})


CONFIG = """
def make_config(stream, formatter, levels):
    return {{
        "version": 1,
        {existing}
        "formatters": {{"line": {{"()": formatter}}}},
        "handlers": {{"log": {{"class": "logging.StreamHandler", "stream": stream {line}}}}},
        "loggers": {{name: {{"level": level {more}}} for name, level in levels.items()}},
        "root": {{"level": {root}, "handlers": ["log"]}},
    }}
"""
CONFIG_PARTS = {
    "existing": '"disable_existing_loggers": False,',
    "line": ', "formatter": "line"',
    "more": "",
    "root": '"INFO"',
}


def config(**parts: str) -> str:
    """Return an answer to make_config with some parts replaced."""
    return CONFIG.format(**{**CONFIG_PARTS, **parts})


RECORD = """
def format_record(record):
    {message}
    extras = {{n: v for n, v in vars(record).items() if n not in STANDARD}}
    own = {{"@timestamp": utc(record.created), "log.level": {level}, "log.logger": record.name, "message": message}}
    fields = {merged}
    if record.exc_info and record.exc_info[1]:
        fields |= format_exception_safely(record.exc_info[1])
    return {text}
"""
GUARDED = """try:
        message = record.getMessage()
    except Exception:
        message = str(record.msg)"""
RECORD_PARTS = {
    "message": GUARDED,
    "level": "record.levelname.lower()",
    "merged": "extras | own",
    "text": "json.dumps(fields, default=str)",
}


def formatted(**parts: str) -> str:
    """Return an answer to format_record with some parts replaced."""
    return RECORD.format(**{**RECORD_PARTS, **parts})


def exception(trace: str) -> str:
    """Return an answer to format_exception_safely with this stack trace."""
    return f"""
    def format_exception_safely(error):
        return {{"error.type": type(error).__name__, "error.message": str(error), "error.stack_trace": {trace}}}
    """


TRACE = """
def trace_record(name, level):
    logger = logging.getLogger(name)
    if {dropped}:
        return [(name, "stopped")]
    steps = []
    while logger is not None {asked}:
        for handler in logger.handlers:
            steps.append((handler.name, "written" if level >= handler.level else "stopped"))
        logger = {up}
    return steps
"""


def trace(**parts: str) -> str:
    """Return an answer to trace_record with some parts replaced."""
    usual = {
        "dropped": "not logger.isEnabledFor(level)",
        "asked": "",
        "up": "logger.parent if logger.propagate else None",
    }
    return TRACE.format(**{**usual, **parts})


WRONG = [
    Wrong(
        "read_four_ways",
        "counts tries, not names",
        four_ways(kind="list", add="append"),
        {"names_not_tries"},
        "different names",
    ),
    Wrong(
        "read_four_ways",
        "takes the mean",
        four_ways(middle="(lambda x: sum(x) / len(x))"),
        {"median_not_mean"},
        "use the median",
    ),
    Wrong(
        "read_four_ways",
        "stays in nanoseconds",
        four_ways(unit="1"),
        {"finds_the_trend", "median_not_mean"},
        "divide by a million",
    ),
    Wrong(
        "read_four_ways",
        "counts successful logins too",
        four_ways(condition="True"),
        {"names_not_tries"},
        "count failures only",
    ),
    Wrong(
        "build_tree", "adds handlers again", tree(clear="pass"), {"twice_is_once"}, "take the old handlers off first"
    ),
    Wrong(
        "build_tree",
        "sets the level on the logger only",
        tree(quiet="logging.NOTSET"),
        {"console_is_quiet"},
        "a level of its own",
    ),
    Wrong(
        "build_tree",
        "leaves the logger at WARNING",
        tree(level="logging.WARNING"),
        {"file_has_everything"},
        "the logger itself must let DEBUG pass",
    ),
    Wrong(
        "build_tree",
        "forgets propagate",
        tree(propagate="True"),
        {"nothing_reaches_the_root"},
        "propagate",
    ),
    Wrong("build_tree", "forgets the child", tree(child="pass"), {"child_has_its_level"}, "set the level"),
    Wrong(
        "trace_record",
        "looks at the own level only",
        trace(dropped="level < logger.level"),
        {"logger_stops"},
        "from its parent",
    ),
    Wrong(
        "trace_record",
        "asks the ancestors' levels",
        trace(asked="and level >= logger.level"),
        {"ancestors_are_not_asked"},
        "only its handler is asked",
    ),
    Wrong(
        "trace_record",
        "ignores propagate",
        trace(up="logger.parent"),
        {"stops_where_propagation_ends"},
        "propagate = False",
    ),
    Wrong(
        "trace_record",
        "stays at the own logger",
        trace(up="None"),
        {"every_handler_in_order", "ancestors_are_not_asked", "stops_where_propagation_ends"},
        "climbs on to those of its parents",
    ),
    Wrong(
        "choose_level",
        "asks for the mildest first",
        """
        def choose_level(facts):
            levels = {"milestone": logging.INFO, "unplanned": logging.WARNING}
            for fact, level in {**levels, "lost": logging.ERROR, "down": logging.CRITICAL}.items():
                if fact in facts:
                    return level
            return logging.DEBUG
        """,
        {"the_most_serious_decides", "everything_else_is_debug"},
        "most serious first",
    ),
    Wrong(
        "choose_level",
        "returns names",
        """
        def choose_level(facts):
            names = {"down": "CRITICAL", "lost": "ERROR", "unplanned": "WARNING", "milestone": "INFO"}
            return next((level for fact, level in names.items() if fact in facts), "DEBUG")
        """,
        {"each_fact_has_its_level", "the_most_serious_decides", "everything_else_is_debug"},
        "return the number",
    ),
    Wrong(
        "choose_level",
        "returns nothing at the end",
        """
        def choose_level(facts):
            if "down" in facts:
                return logging.CRITICAL
            if "lost" in facts:
                return logging.ERROR
            if "unplanned" in facts:
                return logging.WARNING
            if "milestone" in facts:
                return logging.INFO
        """,
        {"everything_else_is_debug"},
        "must be logging.DEBUG",
    ),
    Wrong(
        "format_exception_safely",
        "uses format_exc",
        exception("traceback.format_exc()"),
        {"keeps_the_chain", "keeps_what_was_being_handled", "takes_the_exception_it_is_given"},
        "works only inside `except`",
    ),
    Wrong(
        "format_exception_safely",
        "drops the chain",
        exception('"".join(traceback.format_exception(error, chain=False))'),
        {"keeps_the_chain", "keeps_what_was_being_handled"},
        "that it was raised from",
    ),
    Wrong(
        "format_exception_safely",
        "captures locals",
        exception('"".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())'),
        {"keeps_secrets", "keeps_what_was_being_handled"},
        "do not capture locals",
    ),
    Wrong(
        "format_exception_safely",
        "leaves a list",
        exception("traceback.format_exception(error)"),
        {"names_the_error", "keeps_the_chain", "keeps_secrets", "keeps_what_was_being_handled"},
        "must be text, not list",
    ),
    Wrong(
        "format_record",
        "lets bad arguments raise",
        formatted(message="message = record.getMessage()"),
        {"bad_arguments_cost_nothing_else", "message_may_be_any_object"},
        "catch it",
    ),
    Wrong(
        "format_record",
        "logs the template",
        formatted(message="message = str(record.msg)"),
        {"has_the_names", "one_line"},
        "should be 'order 17 of ada'",
    ),
    Wrong(
        "format_record",
        "keeps the level in capitals",
        formatted(level="record.levelname"),
        {"has_the_names", "extras_replace_nothing"},
        "should be 'warning'",
    ),
    Wrong(
        "format_record",
        "forgets the extras",
        formatted(merged="own"),
        {"keeps_extras", "values_json_does_not_know"},
        "is not in the line",
    ),
    Wrong(
        "format_record",
        "lets extras win",
        formatted(merged="own | extras"),
        {"extras_replace_nothing"},
        "the four fields on top",
    ),
    Wrong(
        "format_record",
        "knows only JSON's own types",
        formatted(text="json.dumps(fields)"),
        {"values_json_does_not_know"},
        "`default`",
    ),
    Wrong(
        "format_record",
        "leaves other line breaks in",
        formatted(text="json.dumps(fields, default=str, ensure_ascii=False)"),
        {"no_line_break_of_any_kind"},
        "U+0085 ends the line",
    ),
    Wrong(
        "format_record",
        "prints it prettily",
        formatted(text="json.dumps(fields, default=str, indent=2)"),
        {"one_line", "no_line_break_of_any_kind"},
        "became 6 lines",
    ),
    Wrong(
        "make_config",
        "disables existing loggers",
        config(existing=""),
        {"libraries_stay_enabled"},
        "set disable_existing_loggers to False",
    ),
    Wrong(
        "make_config",
        "puts the handler on children too",
        config(more=', "handlers": ["log"]'),
        {"levels_by_logger"},
        "needs a level, not a handler",
    ),
    Wrong(
        "make_config",
        "forgets the formatter at the handler",
        config(line=""),
        {"writes_each_record_once"},
        "not made by the formatter",
    ),
    Wrong(
        "make_config",
        "leaves the root at WARNING",
        config(root='"WARNING"'),
        {"writes_each_record_once"},
        "does not reach the stream",
    ),
    Wrong(
        "make_config",
        "adds a handler by hand",
        """
        def make_config(stream, formatter, levels):
            handler = logging.StreamHandler(stream)
            handler.setFormatter(formatter())
            logging.getLogger().addHandler(handler)
            return {"version": 1, "incremental": True, "root": {"level": "INFO"},
                    "loggers": {name: {"level": level} for name, level in levels.items()}}
        """,
        {"may_be_applied_twice", "configures_nothing_itself"},
        "each record is written 2 times",
    ),
    Wrong(
        "log_lazily",
        "uses an f-string",
        """
        def log_lazily(logger, order, summarize):
            logger.debug(f"order {order}: {summarize(order)}")
        """,
        {"costs_nothing_when_off", "template_stays_the_same", "a_switched_off_level_counts"},
        "give the order to debug() as an argument",
    ),
    Wrong(
        "log_lazily",
        "uses an f-string under the guard",
        """
        def log_lazily(logger, order, summarize):
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug(f"order {order}: {summarize(order)}")
        """,
        {"template_stays_the_same"},
        "not an f-string",
    ),
    Wrong(
        "log_lazily",
        "forgets that arguments are computed",
        """
        def log_lazily(logger, order, summarize):
            logger.debug("order %s: %s", order, summarize(order))
        """,
        {"costs_nothing_when_off", "a_switched_off_level_counts"},
        "ask logger.isEnabledFor first",
    ),
    Wrong(
        "log_lazily",
        "compares levels by hand",
        """
        def log_lazily(logger, order, summarize):
            if logger.level <= logging.DEBUG:
                logger.debug("order %s: %s", order, summarize(order))
        """,
        {"a_switched_off_level_counts"},
        "use isEnabledFor",
    ),
]


@pytest.fixture(scope="module")
def checks(root: Path) -> list[Check]:
    """All checks of the lab."""
    return load_all(Course(root).check_files(LAB))


@pytest.fixture(scope="module")
def solved(root: Path) -> dict[str, Any]:
    """The names that the solution defines."""
    names: dict[str, Any] = {"__name__": "lab"}
    with pytest.MonkeyPatch.context() as patch, fresh_logging():
        patch.setenv("LOGDOJO_GRADING", "1")
        for cell in read_source(Course(root).source(LAB)):
            if cell.role in {Role.CODE, Role.EXERCISE}:
                exec(compile(cell.solved(), cell.place, "exec"), names)  # noqa: S102, our own lab
    return names


def run(source: str, solved: dict[str, Any], checks: list[Check], exercise: str) -> dict[str, str]:
    """Run the checks of one exercise on the solution with one answer replaced; return check → reason."""
    names = dict(solved)
    exec(textwrap.dedent(source), names)  # noqa: S102, the answers above
    mine = [one for one in checks if one.exercise == exercise]
    return {result.check: result.reason for result in run_checks(mine, names) if not result.passed}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.exercise}: {wrong.mistake}")
def test_a_mistake_loses_its_own_points(wrong: Wrong, solved: dict[str, Any], checks: list[Check]):
    """A wrong answer fails the checks that its mistake concerns, no others, and hears what the mistake is."""
    reasons = run(wrong.source, solved, checks, wrong.exercise)
    assert set(reasons) == wrong.fails
    assert any(wrong.says in reason for reason in reasons.values()), reasons


def test_every_exercise_has_wrong_answers(checks: list[Check]):
    """Each exercise of the lab is tried with two mistakes or more."""
    tried = [wrong.exercise for wrong in WRONG]
    assert all(tried.count(exercise) >= 2 for exercise in {one.exercise for one in checks})


@pytest.mark.parametrize("parts", [four_ways, tree, trace, formatted, config])
def test_the_patterns_are_right_when_nothing_is_replaced(parts: Any, solved: dict[str, Any], checks: list[Check]):
    """The patterns that mistakes are made from are full answers themselves."""
    source = parts()
    exercise = source.split("def ", 1)[1].split("(", 1)[0]
    assert run(source, solved, checks, exercise) == {}


def test_the_librarys_own_configuration_is_an_answer(solved: dict[str, Any], checks: list[Check]):
    """Where a later lab falls back to logdojo's make_config, it gets what the exercise asks for."""
    assert run("from logdojo.course.parts import make_config", solved, checks, "make_config") == {}


def test_an_unwritten_exercise_says_so(solved: dict[str, Any], checks: list[Check]):
    """An exercise that is not written yet says so in every check."""
    for exercise in {one.exercise for one in checks}:
        reasons = run(f"def {exercise}(*_): raise NotImplementedError", solved, checks, exercise)
        assert set(reasons.values()) == {"not written yet"}
        assert len(reasons) == sum(one.exercise == exercise for one in checks)


LOUD = """
import logging as _l, sys as _s
def loudly(function):
    def wrapped(*args):
        for level in (10, 20, 30, 40, 50):
            _l.log(level, "called with %s", args)
            _l.getLogger("notebook").log(level, "again")
        print("called")
        print("called", file=_s.stderr)
        return function(*args)
    return wrapped
{exercise} = loudly({exercise})
"""


def test_answers_that_log_get_full_marks(solved: dict[str, Any], checks: list[Check]):
    """A right answer that logs at every level and prints gets full marks."""
    for exercise in {one.exercise for one in checks}:
        assert run(LOUD.format(exercise=exercise), solved, checks, exercise) == {}


def test_checks_leave_logging_as_it_was(solved: dict[str, Any], checks: list[Check]):
    """After all checks, loggers and handlers are those of before, and a handler of before still works."""
    seen: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    shop = logging.getLogger("shop")
    keep = Keep()
    shop.addHandler(keep)
    root_before = list(logging.getLogger().handlers), logging.getLogger().level
    try:
        run_checks(checks, solved)
        assert shop.handlers == [keep]
        assert (logging.getLogger().handlers, logging.getLogger().level) == root_before
        shop.warning("still here")
        assert seen == ["still here"]
    finally:
        shop.removeHandler(keep)
