"""Lab 02: answers that learners really give lose the right points, with a reason that names the mistake."""

from __future__ import annotations

import contextvars
import logging
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course import my_soc
from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source
from logdojo.logsetup.testing import fresh_logging

LAB = find_lab("02")


class Wrong(NamedTuple):
    """An answer, the checks it must fail, and words that the reasons must say."""

    exercise: str
    mistake: str
    source: str
    fails: set[str]
    says: str


CONTEXT = """
class Context:
    {shared}
    def __init__(self):
        {make}
    def current(self):
        return {current}
    def bind(self, **ids):
        {bind}
    @contextmanager
    def scope(self, **ids):
        {scope}
"""
SCOPE = """token = self._ids.set(self.current())
        try:
            self.bind(**ids)
            yield
        finally:
            self._ids.reset(token)"""
BIND = """ids = self.current() | {ECS[n]: v for n, v in ids.items()}
        self._ids.set({n: v for n, v in ids.items() if v is not None})"""
CONTEXT_PARTS = {
    "shared": "pass",
    "make": 'self._ids = ContextVar("ids", default={})',
    "current": "dict(self._ids.get())",
    "bind": BIND,
    "scope": SCOPE,
}


def context(**parts: str) -> str:
    """Return an answer to Context with some parts replaced."""
    return CONTEXT.format(**{**CONTEXT_PARTS, **parts})


FILTER = """
class ContextFilter({base}):
    def __init__(self, context):
        self.context = {kept}
    def filter(self, record):
        for name, value in {asked}.items():
            {put}
        {answer}
"""


def id_filter(**parts: str) -> str:
    """Return an answer to ContextFilter with some parts replaced."""
    usual = {
        "base": "logging.Filter",
        "kept": "context",
        "asked": "self.context.current()",
        "put": "vars(record).setdefault(name, value)",
        "answer": "return True",
    }
    return FILTER.format(**{**usual, **parts})


ADD = """
def add_context(config, context):
    {start}
    filters = {filters}
    handlers = {{name: {handler} for name, one in config["handlers"].items()}}
    return {{**config, "filters": filters, "handlers": handlers {more}}}
"""


def added(**parts: str) -> str:
    """Return an answer to add_context with some parts replaced."""
    usual = {
        "start": "pass",
        "filters": '{**config.get("filters", {}), "ids": {"()": ContextFilter, "context": context}}',
        "handler": '{**one, "filters": [*one.get("filters", []), "ids"]}',
        "more": "",
    }
    return ADD.format(**{**usual, **parts})


CARRIED = """
def carried(function):
    {first}
    def inside(*args, **kwargs):
        {call}
    return inside
"""


def carry(**parts: str) -> str:
    """Return an answer to carried with some parts replaced."""
    usual = {
        "first": "context = contextvars.copy_context()",
        "call": "return context.copy().run(function, *args, **kwargs)",
    }
    return CARRIED.format(**{**usual, **parts})


PARSE = """
def parse_traceparent(header):
    form = {form}
    found = {text} and re.{match}(form, header{flags})
    if not found:
        return None
    version, trace, parent, flags, more = found.groups()
    if {version}:
        return None
    if {zeros}:
        return None
    return trace, parent, {sampled}
"""
HEX = 'r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"'


def parse(**parts: str) -> str:
    """Return an answer to parse_traceparent with some parts replaced."""
    usual = {
        "form": HEX,
        "text": "isinstance(header, str)",
        "match": "fullmatch",
        "flags": "",
        "version": 'version == "ff" or (version == "00" and more)',
        "zeros": "not int(trace, 16) or not int(parent, 16)",
        "sampled": "bool(int(flags, 16) & 1)",
    }
    return PARSE.format(**{**usual, **parts})


NEXT = """
def next_traceparent(header):
    found = {found}
    trace, parent, sampled = found or ({trace}, "", True)
    return f"{version}-{{trace}}-{{{parent}}}-{flags}"
"""


def following(**parts: str) -> str:
    """Return an answer to next_traceparent with some parts replaced."""
    usual = {
        "found": "parse_traceparent(header)",
        "trace": "secrets.token_hex(16)",
        "version": "00",
        "parent": "secrets.token_hex(8)",
        "flags": "{int(sampled):02x}",
    }
    return NEXT.format(**{**usual, **parts})


CHAIN = """
def structlog_chain(context):
    def add_ids(logger, method, event):
        return {merged}
    def write_line(logger, method, event):
        error = event.{take}("exc_info", None)
        if isinstance(error, BaseException):
            error = type(error), error, error.__traceback__
        elif {handled}:
            error = sys.exc_info()
        level = {level}
        name, message = event.{take}("logger", "root"), event.{take}("event")
        return {line}
    return [add_ids, write_line]
"""
MADE = "make_record(name, level, message, event, error)"


def chain(**parts: str) -> str:
    """Return an answer to structlog_chain with some parts replaced."""
    usual = {
        "merged": "{**context.current(), **event}",
        "take": "pop",
        "handled": "error and not isinstance(error, tuple)",
        "level": "LEVELS.get(method, method)",
        "line": f"format_record({MADE})",
    }
    return CHAIN.format(**{**usual, **parts})


LOGURU = """
def set_up_loguru(logger, stream, context):
    def sink(message):
        entry = message.record
        record = make_record({name}, {level}, entry["message"], {fields}, {error})
        stream.write({text})
    {remove}
    logger.add({sink}, {options})
"""


def loguru(**parts: str) -> str:
    """Return an answer to set_up_loguru with some parts replaced."""
    usual = {
        "name": 'entry["name"]',
        "level": 'entry["level"].name',
        "fields": 'context.current() | entry["extra"]',
        "error": 'entry["exception"]',
        "text": 'format_record(record) + "\\n"',
        "remove": "logger.remove()",
        "sink": "sink",
        "options": 'format="{message}", backtrace=False, diagnose=False',
    }
    return LOGURU.format(**{**usual, **parts})


WRONG = [
    Wrong(
        "Context",
        "keeps the ids in a plain attribute",
        """
        class Context:
            def __init__(self):
                self.ids = {}
            def current(self):
                return dict(self.ids)
            def bind(self, **ids):
                ids = self.ids | {ECS[n]: v for n, v in ids.items()}
                self.ids = {n: v for n, v in ids.items() if v is not None}
            @contextmanager
            def scope(self, **ids):
                before = self.ids
                try:
                    self.bind(**ids)
                    yield
                finally:
                    self.ids = before
        """,
        {"tasks_do_not_mix", "a_child_does_not_change_its_parent", "two_contexts_and_threads"},
        "keep them in a ContextVar",
    ),
    Wrong(
        "Context",
        "keeps the ids in threading.local",
        """
        class Context(threading.local):
            def __init__(self):
                self.ids = {}
            def current(self):
                return dict(self.ids)
            def bind(self, **ids):
                ids = self.ids | {ECS[n]: v for n, v in ids.items()}
                self.ids = {n: v for n, v in ids.items() if v is not None}
            @contextmanager
            def scope(self, **ids):
                before = self.ids
                try:
                    self.bind(**ids)
                    yield
                finally:
                    self.ids = before
        """,
        {"tasks_do_not_mix", "a_child_does_not_change_its_parent"},
        "two tasks in one thread share their ids",
    ),
    Wrong(
        "Context",
        "changes the dict in place",
        context(bind="self._ids.get().update({ECS[n]: v for n, v in ids.items()})"),
        {
            "tasks_do_not_mix",
            "a_child_does_not_change_its_parent",
            "two_contexts_and_threads",
            "none_takes_away",
        },
        "never in place",
    ),
    Wrong(
        "Context",
        "shares one variable between all contexts",
        context(shared='_ids = ContextVar("ids", default={})', make="pass"),
        {"two_contexts_and_threads"},
        "make the ContextVar in __init__",
    ),
    Wrong(
        "Context",
        "forgets what was bound before",
        context(bind="self._ids.set({ECS[n]: v for n, v in ids.items() if v is not None})"),
        {"binds_under_ecs_names", "scope_puts_back", "none_takes_away"},
        "forgets what the first one bound",
    ),
    Wrong(
        "Context",
        "keeps the short names",
        context(bind="self._ids.set({n: v for n, v in (self.current() | ids).items() if v is not None})"),
        {
            "binds_under_ecs_names",
            "scope_puts_back",
            "tasks_do_not_mix",
            "a_child_does_not_change_its_parent",
            "two_contexts_and_threads",
            "current_is_a_copy",
            "none_takes_away",
            "scope_undoes_what_was_bound_inside",
        },
        "give them their ECS names",
    ),
    Wrong(
        "Context",
        "puts nothing back when the block raises",
        context(scope=SCOPE.replace("try:", "if True:").replace("finally:", "if True:")),
        {"scope_survives_an_exception"},
        "in a `finally`",
    ),
    Wrong(
        "Context",
        "swallows the exception",
        context(scope=SCOPE.replace("finally:", "except Exception: pass\n        finally:")),
        {"scope_survives_an_exception"},
        "let it pass",
    ),
    Wrong(
        "Context",
        "unbinds the names of the scope only",
        context(
            scope="self.bind(**ids)\n        try:\n            yield\n        finally:\n"
            "            self.bind(**{n: None for n in ids})"
        ),
        {"scope_undoes_what_was_bound_inside", "none_takes_away"},
        "put back all of them",
    ),
    Wrong(
        "Context",
        "hands out its own dict",
        context(current="self._ids.get()"),
        {"current_is_a_copy"},
        "return a copy",
    ),
    Wrong(
        "Context",
        "keeps None as a value",
        context(bind="self._ids.set(self.current() | {ECS[n]: v for n, v in ids.items()})"),
        {"none_takes_away"},
        "leave out what is None",
    ),
    Wrong(
        "ContextFilter",
        "returns nothing",
        id_filter(answer="pass"),
        {"every_record_passes", "works_on_a_handler"},
        "Return True",
    ),
    Wrong(
        "ContextFilter",
        "drops records without ids",
        id_filter(answer="return bool(self.context.current())"),
        {"every_record_passes"},
        "drops the record",
    ),
    Wrong(
        "ContextFilter",
        "takes the ids once",
        id_filter(kept="context.current()", asked="self.context"),
        {"asks_each_time"},
        "ask in filter()",
    ),
    Wrong(
        "ContextFilter", "replaces extras", id_filter(put="setattr(record, name, value)"), {"extras_win"}, "must stay"
    ),
    Wrong(
        "ContextFilter",
        "puts all ids into one attribute",
        id_filter(put="record.ids = self.context.current()"),
        {"gives_the_ids", "asks_each_time", "extras_win", "works_on_a_handler"},
        'should have "user.id"',
    ),
    Wrong(
        "add_context",
        "puts the filter on the root logger",
        added(handler="one", more=', "root": {**config["root"], "filters": ["ids"]}'),
        {"libraries_get_ids", "every_handler", "other_filters_stay", "levels_and_formatters_stay"},
        "on handlers, not on loggers",
    ),
    Wrong(
        "add_context",
        "changes what it was given",
        """
        def add_context(config, context):
            config.setdefault("filters", {})["ids"] = {"()": ContextFilter, "context": context}
            for handler in config["handlers"].values():
                handler.setdefault("filters", []).append("ids")
            return config
        """,
        {"leaves_what_it_got", "other_filters_stay"},
        "make a new one",
    ),
    Wrong(
        "add_context",
        "appends to the list that was given",
        """
        def add_context(config, context):
            filters = {**config.get("filters", {}), "ids": {"()": ContextFilter, "context": context}}
            handlers = {}
            for name, one in config["handlers"].items():
                names = one.get("filters", [])
                names.append("ids")
                handlers[name] = {**one, "filters": names}
            return {**config, "filters": filters, "handlers": handlers}
        """,
        {"other_filters_stay"},
        "the list of filters that was given has changed",
    ),
    Wrong(
        "add_context",
        "copies the stream as well",
        added(start="config = copy.deepcopy(config)"),
        {"libraries_get_ids", "every_handler", "other_filters_stay"},
        "do not copy the handlers deeply",
    ),
    Wrong(
        "add_context",
        "replaces a handler's filters",
        added(handler='{**one, "filters": ["ids"]}'),
        {"other_filters_stay"},
        "add yours after it",
    ),
    Wrong(
        "add_context",
        "drops the other filters",
        added(filters='{"ids": {"()": ContextFilter, "context": context}}'),
        {"every_handler", "other_filters_stay"},
        "Unable to configure",
    ),
    Wrong(
        "add_context",
        "serves the first handler only",
        added(handler='{**one, "filters": [*one.get("filters", []), "ids"]} if name in ("log", "one") else one'),
        {"every_handler"},
        "the handler of another logger",
    ),
    Wrong(
        "carried",
        "does nothing",
        "def carried(function): return function",
        {
            "ids_reach_a_thread",
            "of_that_moment",
            "nothing_stays_on_the_thread",
            "many_at_a_time",
            "calls_do_not_mix",
            "all_variables",
        },
        "run in the copy",
    ),
    Wrong(
        "carried",
        "copies the context too late",
        carry(first="pass", call="return contextvars.copy_context().run(function, *args, **kwargs)"),
        {"ids_reach_a_thread", "of_that_moment", "many_at_a_time", "all_variables"},
        "copy the context in carried() itself",
    ),
    Wrong(
        "carried",
        "enters one copy again and again",
        carry(call="return context.run(function, *args, **kwargs)"),
        {"many_at_a_time", "calls_do_not_mix"},
        "make a copy for each call",
    ),
    Wrong(
        "carried",
        "sets the variables on the thread",
        carry(call="[var.set(value) for var, value in context.items()]\n        return function(*args, **kwargs)"),
        {"nothing_stays_on_the_thread", "calls_do_not_mix"},
        "the next job on the same thread finds",
    ),
    Wrong(
        "carried",
        "forgets keyword arguments",
        carry(call="return context.copy().run(function, *args)").replace("*args, **kwargs):", "*args):"),
        {"arguments_and_results"},
        "unexpected keyword argument",
    ),
    Wrong(
        "carried",
        "forgets the result",
        carry(call="context.copy().run(function, *args, **kwargs)"),
        {
            "arguments_and_results",
            "ids_reach_a_thread",
            "of_that_moment",
            "many_at_a_time",
            "calls_do_not_mix",
            "all_variables",
        },
        "instead of (1, 2)",
    ),
    Wrong(
        "parse_traceparent",
        "splits and converts",
        """
        def parse_traceparent(header):
            version, trace, parent, flags = header.split("-")
            if len(trace) == 32 and len(parent) == 16 and int(trace, 16) and int(parent, 16):
                return trace, parent, flags == "01"
            return None
        """,
        {"refuses_other_forms", "hostile_characters", "values_that_are_no_text", "versions", "the_lowest_bit"},
        "it must give None",
    ),
    Wrong(
        "parse_traceparent",
        "uses match and a dollar",
        parse(match="match", form=HEX[:-1] + '$"'),
        {"hostile_characters"},
        "a line break at the end",
    ),
    Wrong(
        "parse_traceparent",
        "uses search",
        parse(match="search"),
        {"refuses_other_forms", "hostile_characters", "versions"},
        "must give None, and gave",
    ),
    Wrong(
        "parse_traceparent",
        "takes the digits of all scripts",
        parse(form=HEX.replace("0-9", r"\d")),
        {"hostile_characters"},
        "a trace id that begins with",
    ),
    Wrong(
        "parse_traceparent", "takes capitals", parse(flags=", re.IGNORECASE"), {"refuses_other_forms"}, "in capitals"
    ),
    Wrong("parse_traceparent", "takes zeros", parse(zeros="False"), {"refuses_zeros"}, "a trace id of zeros"),
    Wrong(
        "parse_traceparent",
        "looks for zeros in the trace only",
        parse(zeros="not int(trace, 16)"),
        {"refuses_zeros"},
        "a parent id of zeros",
    ),
    Wrong(
        "parse_traceparent",
        "compares the flags",
        parse(sampled='flags == "01"'),
        {"the_lowest_bit"},
        "flags 03 mean sampled = True",
    ),
    Wrong(
        "parse_traceparent",
        "takes version 00 only",
        parse(version='version != "00" or more'),
        {"versions"},
        "a later version is fine",
    ),
    Wrong(
        "parse_traceparent",
        "ignores the version",
        parse(version="False"),
        {"versions"},
        "version ff",
    ),
    Wrong(
        "parse_traceparent",
        "expects text",
        parse(text="True"),
        {"values_that_are_no_text"},
        "a value of type NoneType raises TypeError",
    ),
    Wrong(
        "next_traceparent",
        "sends the parent on",
        following(parent="parent"),
        {"parent_is_new", "begins_a_trace", "not_from_random"},
        "make a new one",
    ),
    Wrong(
        "next_traceparent",
        "always begins a trace",
        following(found="None"),
        {"keeps_the_trace", "unknown_parts_are_not_passed_on"},
        "it stays the same through all services",
    ),
    Wrong(
        "next_traceparent",
        "uses random",
        following(trace='f"{random.getrandbits(128):032x}"', parent='f"{random.getrandbits(64):016x}"').replace(
            '{f"{random.getrandbits(64):016x}"}', "{random.getrandbits(64):016x}"
        ),
        {"not_from_random"},
        "take them from secrets",
    ),
    Wrong(
        "next_traceparent",
        "makes the id once",
        "NEW = secrets.token_hex(8)\n" + following(parent="NEW"),
        {"parent_is_new", "not_from_random"},
        "make a new one each time",
    ),
    Wrong(
        "next_traceparent",
        "always samples",
        following(flags="01"),
        {"keeps_the_trace"},
        "is not sampled, and yours says 01",
    ),
    Wrong(
        "next_traceparent",
        "copies version and flags",
        """
        def next_traceparent(header):
            if not parse_traceparent(header):
                return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
            version, trace, _, flags = header.split("-")[:4]
            return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"
        """,
        {"unknown_parts_are_not_passed_on"},
        "the version must be 00",
    ),
    Wrong(
        "next_traceparent",
        "trusts the header",
        """
        def next_traceparent(header):
            if not header:
                return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
            version, trace, parent, flags = header.split("-")
            return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"
        """,
        {"begins_a_trace", "unknown_parts_are_not_passed_on"},
        "ValueError",
    ),
    Wrong(
        "structlog_chain",
        "leaves event and logger among the fields",
        chain(take="get"),
        {"structlog_line", "structlog_exc_info"},
        "take it out of the event",
    ),
    Wrong(
        "structlog_chain",
        "forgets the ids",
        chain(merged="event"),
        {"structlog_ids", "structlog_event_wins", "structlog_for_real"},
        '"user.id" should be',
    ),
    Wrong(
        "structlog_chain",
        "lets ids win",
        chain(merged="{**event, **context.current()}"),
        {"structlog_event_wins"},
        "the event wins",
    ),
    Wrong(
        "structlog_chain",
        "takes the ids once",
        chain(merged="{**ids, **event}").replace("    def add_ids", "    ids = context.current()\n    def add_ids"),
        {"structlog_for_real"},
        "ids of an earlier moment",
    ),
    Wrong(
        "structlog_chain",
        "takes the method as the level",
        chain(level="method"),
        {"structlog_levels"},
        "see LEVELS",
    ),
    Wrong(
        "structlog_chain",
        "always asks for the exception being handled",
        chain(handled="True"),
        {"structlog_exc_info"},
        "gives no error.type",
    ),
    Wrong(
        "structlog_chain",
        "leaves True as it is",
        chain(handled="False"),
        {"structlog_exception"},
        "",
    ),
    Wrong(
        "structlog_chain",
        "returns the event",
        chain(line="event"),
        {
            "structlog_line",
            "structlog_ids",
            "structlog_exception",
            "structlog_levels",
            "structlog_event_wins",
            "structlog_exc_info",
            "structlog_hostile",
            "structlog_for_real",
        },
        "must return the line as text",
    ),
    Wrong(
        "structlog_chain",
        "writes other JSON",
        chain(line='json.dumps({"message": message, "level": level, **event})'),
        {
            "structlog_line",
            "structlog_ids",
            "structlog_exception",
            "structlog_levels",
            "structlog_exc_info",
            "structlog_hostile",
            "structlog_for_real",
        },
        '"log.level" should be',
    ),
    Wrong(
        "set_up_loguru",
        "keeps the first sink",
        loguru(remove="pass"),
        {"first_sink_is_gone", "loguru_twice_is_once"},
        "take all old sinks off first",
    ),
    Wrong(
        "set_up_loguru",
        "writes Loguru's own text",
        loguru(text="str(message)"),
        {
            "loguru_line",
            "loguru_ids",
            "loguru_exception",
            "loguru_hostile",
            "loguru_logger_name",
            "loguru_asks_each_time",
        },
        "this is not JSON",
    ),
    Wrong(
        "set_up_loguru",
        "serializes",
        loguru(sink="stream", options="serialize=True"),
        {
            "loguru_line",
            "loguru_ids",
            "loguru_exception",
            "loguru_hostile",
            "loguru_logger_name",
            "loguru_asks_each_time",
        },
        '"message" should be',
    ),
    Wrong(
        "set_up_loguru",
        "leaves diagnose on",
        loguru(options='format="{message}"'),
        {"loguru_exception"},
        "say diagnose=False",
    ),
    Wrong(
        "set_up_loguru",
        "forgets the exception",
        loguru(error="None"),
        {"loguru_exception"},
        "no error.type",
    ),
    Wrong(
        "set_up_loguru",
        "lets ids win",
        loguru(fields='entry["extra"] | context.current()'),
        {"loguru_hostile"},
        "the extra wins",
    ),
    Wrong(
        "set_up_loguru",
        "takes the ids once",
        loguru(fields='ids | entry["extra"]').replace("    def sink", "    ids = context.current()\n    def sink"),
        {"loguru_asks_each_time"},
        "ids of an earlier moment",
    ),
    Wrong(
        "set_up_loguru",
        "forgets the extra",
        loguru(fields="context.current()"),
        {"loguru_line", "loguru_hostile"},
        '"order" should be 17',
    ),
    Wrong(
        "set_up_loguru",
        "forgets the line break",
        loguru(text="format_record(record)"),
        {"loguru_logger_name"},
        "does not end with a line break",
    ),
    Wrong(
        "set_up_loguru",
        "gives all records one name",
        loguru(name='"root"'),
        {"loguru_logger_name"},
        "a module called shop.pay logged",
    ),
]


@pytest.fixture(scope="module")
def checks(root: Path) -> list[Check]:
    """All checks of the lab."""
    return load_all(Course(root).check_files(LAB))


@pytest.fixture(scope="module")
def solved(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the solution defines."""
    import loguru

    names: dict[str, Any] = {"__name__": "lab"}
    with pytest.MonkeyPatch.context() as patch, fresh_logging():
        patch.setenv("LOGDOJO_GRADING", "1")
        patch.setattr(sys, "path", list(sys.path))
        # The lab takes all sinks off Loguru's one logger: give it a logger of its own.
        patch.setattr(loguru, "logger", _own_loguru())
        patch.delitem(sys.modules, my_soc.PACKAGE, raising=False)
        my_soc.prepare(tmp_path_factory.mktemp("lab"))
        for cell in read_source(Course(root).source(LAB)):
            if cell.role in {Role.CODE, Role.EXERCISE}:
                code = compile(cell.solved(), cell.place, "exec")
                contextvars.copy_context().run(exec, code, names)
        sys.modules.pop(my_soc.PACKAGE, None)
    return names


def _own_loguru() -> Any:
    from loguru._logger import Core, Logger

    options = dict.fromkeys(("record", "lazy", "colors", "raw"), False)
    return Logger(core=Core(), exception=None, depth=0, capture=True, patchers=[], extra={}, **options)


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
    """Each exercise of the lab is tried with four mistakes or more."""
    tried = [wrong.exercise for wrong in WRONG]
    assert all(tried.count(exercise) >= 4 for exercise in {one.exercise for one in checks})


@pytest.mark.parametrize("parts", [context, id_filter, added, carry, parse, following, chain, loguru])
def test_the_patterns_are_right_when_nothing_is_replaced(parts: Any, solved: dict[str, Any], checks: list[Check]):
    """The patterns that mistakes are made from are full answers themselves."""
    source = parts()
    exercise = source.replace("class ", "def ").split("def ", 1)[1].split("(", 1)[0].split(":", 1)[0]
    assert run(source, solved, checks, exercise) == {}


@pytest.mark.parametrize("exercise", LAB.parts)
def test_the_librarys_own_part_is_an_answer(exercise: str, solved: dict[str, Any], checks: list[Check]):
    """Where a later lab falls back to logdojo's part, it gets what the exercise asks for."""
    module, _, name = LAB.parts[exercise].partition(":")
    assert run(f"from {module} import {name} as {exercise}", solved, checks, exercise) == {}


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
            _l.getLogger("notebook").log(level, "called with %s", args)
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


def test_checks_leave_no_ids_behind(solved: dict[str, Any], checks: list[Check]):
    """After all checks, the context, the loggers and Loguru's own logger are those of before."""
    from loguru import logger

    seen: list[str] = []
    handle = logger.add(seen.append, format="{message}")
    before = dict(contextvars.copy_context())
    root_before = list(logging.getLogger().handlers), list(logging.getLogger().filters), logging.getLogger().level
    try:
        assert all(result.passed for result in run_checks(checks, solved))
        logger.info("still here")
    finally:
        logger.remove(handle)
    assert [str(text) for text in seen] == ["still here\n"]
    assert dict(contextvars.copy_context()) == before
    root = logging.getLogger()
    assert (root.handlers, root.filters, root.level) == root_before
