from __future__ import annotations

import asyncio
import inspect
import json
import logging
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from logdojo.logsetup import LogSettings, bind, scope, setup, shutdown
from logdojo.logsetup.bridges.structlog import configure, processors
from logdojo.logsetup.testing import fresh_logging

CYCLE: dict[str, object] = {}
CYCLE["self"] = CYCLE


class Broken:
    """Raises when it is shown."""

    def __str__(self) -> str:
        raise ZeroDivisionError


HOSTILE: list[tuple[object, dict[str, object]]] = [
    ("paid", {"amount": 20, "order": "17"}),
    ("two\r\nlines\u2028and\u0085more", {"text": "a\nb"}),
    ("{braces} {} {0} %s %(x)s", {"nan": math.nan, "inf": -math.inf}),
    ("lone \ud800", {"bytes": b"\xff\x00", "cycle": CYCLE, "broken": Broken()}),
    ("", {"http.request.method": "GET", "tags": ["a"], "none": None, "big": 10**400}),
    (Broken(), {}),
    (17, {"huge": "x" * 1_000_000}),
]


@pytest.fixture(autouse=True)
def _structlog() -> Iterator[None]:
    """Each test starts and ends with structlog as it is when nobody has configured it."""
    configure()
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


@pytest.mark.parametrize(("message", "extras"), HOSTILE)
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_the_line_is_the_very_same(lines: Any, message: Any, extras: dict[str, object], level: str):
    """Message, level, logger, caller, extras: byte for byte what logging's own call gives, but for line and moment."""
    with scope(user="ada", trace="t1"):
        getattr(logging.getLogger("shop"), level)(message, extra=extras)
        getattr(structlog.get_logger("shop"), level)(message, **extras)
    own, through = lines.bare()
    assert own == through
    assert lines.written[1].count("\n") == 0


def test_exceptions_are_the_same_and_hold_no_locals(lines: Any):
    """exception(), exc_info=True, an exception and a tuple give error.*, with its chain and without variables."""

    def fail() -> None:
        password = "hunter2"  # noqa: S105  # planted
        try:
            int(password[:0])
        except ValueError as error:
            raise KeyError("outer") from error

    try:
        fail()
    except KeyError as error:
        logging.getLogger("shop").exception("failed")
        log = structlog.get_logger("shop")
        log.exception("failed")
        log.error("failed", exc_info=True)  # noqa: G201  # what is tested
        log.error("failed", exc_info=error)  # noqa: TRY400  # same
        log.error("failed", exc_info=sys.exc_info())  # noqa: G201  # same
    first, *others = lines.bare()
    assert others == [first] * 4
    assert "ValueError" in first
    assert not [line for line in lines.written if "hunter2" in line]


def test_without_an_exception_there_is_none(lines: Any):
    """exc_info=False and None log no error fields; so does exc_info=True outside of an except block."""
    log = structlog.get_logger("shop")
    for nothing in (False, None, True):
        log.error("x", exc_info=nothing)
        assert "error.type" not in lines.last()


def test_context_of_both_worlds_is_in_the_line(lines: Any):
    """What structlog's contextvars, a logger's bound values and logdojo hold is in the line; the call's own win."""
    structlog.contextvars.bind_contextvars(request="r1", color="red")
    with scope(user="ada"):
        bind(trace="t1")
        structlog.get_logger("shop").bind(order=17).info("paid", color="blue")
    line = lines.last()
    assert line["labels.request"], line["labels.color"] == ("r1", "blue")
    assert (line["labels.order"], line["user.id"], line["trace.id"]) == (17, "ada", "t1")


def test_names_that_logging_refuses_are_kept(lines: Any):
    """Keys that are attributes of a log record do not raise and replace nothing of the record."""
    structlog.get_logger("shop").info("paid", name="ada", args=[1], message="forged", levelname="X", msecs=1, lineno=0)
    line = lines.last()
    assert (line["message"], line["log.level"], line["log.logger"]) == ("paid", "info", "shop")
    assert (line["labels.name"], line["labels.message"], line["labels.levelname"]) == ("ada", "forged", "X")


def test_percent_arguments_are_logging_s(lines: Any):
    """Positional arguments are formatted as logging does it; ones that do not fit cost the formatting only."""
    log = structlog.get_logger("shop")
    log.info("%s of %d", "order", 17)
    assert lines.last()["message"] == "order of 17"
    log.info("%d", "ten")
    assert lines.last()["message"] == "%d"
    assert "TypeError" in str(lines.last()["labels.logging_error"])


def test_the_caller_is_who_called_structlog(lines: Any):
    """File, line and function are those of the call, through bound loggers too; stacklevel goes further up."""
    here = inspect.currentframe()
    assert here is not None

    def for_others(**extras: object) -> None:
        structlog.get_logger("shop").bind(a=1).info("x", **extras)

    for_others()
    assert lines.last()["log.origin.function"] == "for_others"
    for_others(stacklevel=2)
    line_number = here.f_lineno - 1
    line = lines.last()
    assert line["log.origin.function"] == "test_the_caller_is_who_called_structlog"
    assert (line["log.origin.file.name"], line["log.origin.file.line"]) == ("test_structlog.py", line_number)
    assert "labels.stacklevel" not in line


def test_a_logger_without_a_name_has_its_modules(lines: Any):
    """get_logger() names the logger after the module that asks, as getLogger(__name__) does."""
    structlog.get_logger().info("x")
    assert lines.last()["log.logger"] == __name__


def test_the_stack_can_be_asked_for(lines: Any):
    """stack_info=True gives the stack of the call, ending where structlog was called."""
    structlog.get_logger("shop").info("x", stack_info=True)
    stack = str(lines.last()["error.stack_trace"])
    assert stack.startswith("Stack (most recent call last):")
    assert 'info("x", stack_info=True)' in stack.splitlines()[-1]


def test_levels_are_those_of_the_stdlib_loggers(lines: Any):
    """A level that the stdlib logger does not want is dropped before a value is looked at; setLevel works at once."""
    log = structlog.get_logger("shop")
    logging.getLogger("shop").setLevel("WARNING")
    log.info("x")
    assert lines.written == []
    assert not log.isEnabledFor(logging.INFO)
    log.setLevel("INFO")
    log.info("x")
    assert len(lines.written) == 1


def test_filters_of_loggers_and_handlers_count(lines: Any):
    """A filter on the stdlib logger can stop an event, as it can any record."""
    logger = logging.getLogger("shop")
    logger.addFilter(lambda record: vars(record).get("secret") is None)
    structlog.get_logger("shop").info("x", secret=1)
    structlog.get_logger("shop").info("y")
    assert lines.last()["message"] == "y"
    assert len(lines.written) == 1


def test_asynchronous_methods_keep_caller_thread_and_context(lines: Any):
    """ainfo() logs in another thread; the line names the calling function, its thread and its ids."""

    async def serve() -> None:
        with scope(user="ada"):
            await structlog.get_logger("shop").ainfo("paid", order=1)

    asyncio.run(serve())
    line = lines.last()
    assert (line["log.origin.function"], line["process.thread.name"]) == ("serve", "MainThread")
    assert (line["user.id"], line["labels.order"]) == ("ada", 1)


def test_own_processors_go_before_the_last(lines: Any):
    """A processor of the application's own sees the event and may change it."""

    def stamp(_: Any, method: str, event: Any) -> Any:
        return event | {"method": method}

    *first, last = processors()
    structlog.configure(processors=[*first, stamp, last])
    structlog.get_logger("shop").info("x")
    assert lines.last()["labels.method"] == "info"


def test_a_redactor_cleans_the_record_itself(lines: Any):
    """With a redactor, also a handler that knows nothing of redaction gets no secret."""
    from logdojo.logsetup.redaction import Redactor

    seen: list[str] = []

    class Foreign(logging.Handler):
        """Writes a record as a third party's handler would."""

        def emit(self, record: logging.LogRecord) -> None:
            """Keep everything of it."""
            seen.append(f"{record.getMessage()} {vars(record)}")

    logging.getLogger("shop").addHandler(Foreign())
    configure(redactor=Redactor())
    structlog.get_logger("shop").info("login password=hunter2hunter2", password="hunter2hunter2")  # noqa: S106  # planted
    assert seen
    assert "hunter2" not in seen[0]
    assert "hunter2" not in lines.written[0]


def test_with_setup_both_write_one_file(tmp_path: Path):
    """After setup() and configure(), structlog's and logging's lines stand in the same file, as of one library."""
    file = tmp_path / "app.jsonl"
    with fresh_logging():
        setup(LogSettings(file=file, console=False, service="shop"))
        with scope(user="ada"):
            logging.getLogger("a").info("x", extra={"n": 1})
            structlog.get_logger("a").info("x", n=1)
        shutdown()
    first, second = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    for name in ("@timestamp", "log.origin.file.line"):
        del first[name], second[name]
    assert list(first.items()) == list(second.items())
    assert first["user.id"] == "ada"


def test_logging_alone_does_not_load_structlog_or_loguru():
    """Who does not use a bridge does not pay for its library."""
    code = (
        "import sys, logdojo.logsetup, logdojo.logsetup.bridges;"
        "sys.exit(bool({'structlog', 'loguru'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
