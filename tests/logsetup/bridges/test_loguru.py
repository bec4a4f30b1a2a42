from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import loguru
import pytest

from logdojo.logsetup import LogSettings, scope, setup, shutdown
from logdojo.logsetup.bridges.loguru import InterceptHandler, attach, level_name, sink, with_ids
from logdojo.logsetup.testing import fresh_logging

CYCLE: dict[str, object] = {}
CYCLE["self"] = CYCLE


class Broken:
    """Raises when it is shown."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


class Unpicklable(Exception):  # noqa: N818  # a name that shows in the line
    """Cannot be sent through Loguru's queue."""

    def __reduce__(self) -> str:
        raise TypeError


HOSTILE: list[tuple[str, dict[str, object]]] = [
    ("paid", {"amount": 20, "order": "17"}),
    ("two\r\nlines\u2028and\u0085more", {"text": "a\nb"}),
    ("{braces} {} {0} <red>%s %(x)s", {"nan": math.nan, "inf": -math.inf}),
    ("lone \ud800", {"bytes": b"\xff\x00", "cycle": CYCLE, "broken": Broken()}),
    ("", {"http.request.method": "GET", "tags": ["a"], "none": None, "big": 10**400}),
    ("x", {"huge": "x" * 1_000_000}),
]


@pytest.fixture(autouse=True)
def logger() -> Iterator[Any]:
    """Loguru's logger with the bridge as its only sink."""
    loguru.logger.remove()
    attach()
    yield loguru.logger
    loguru.logger.remove()
    loguru.logger.configure(patcher=None)


@pytest.mark.parametrize(("message", "extras"), HOSTILE)
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_the_line_is_the_very_same(lines: Any, logger: Any, message: str, extras: dict[str, object], level: str):
    """Message, level, logger, caller, extras: byte for byte what logging's own call gives, but for line and moment."""
    with scope(user="ada", trace="t1"):
        getattr(logging.getLogger(__name__), level)(message, extra=extras)
        getattr(logger.bind(**extras), level)(message)
    own, through = lines.bare()
    assert own == through
    assert lines.written[1].count("\n") == 0


def test_arguments_are_formatted_and_kept(lines: Any, logger: Any):
    """Loguru's braces are filled in by Loguru, and its keywords become extras."""
    logger.info("paid {} for {what}", 20, what="tea {brewed}")  # noqa: PLE1205  # Loguru's braces
    assert lines.last()["message"] == "paid 20 for tea {brewed}"
    assert lines.last()["labels.what"] == "tea {brewed}"


@pytest.mark.parametrize("flags", [{}, {"diagnose": True, "backtrace": True}])
def test_exceptions_are_the_same_and_hold_no_locals(lines: Any, logger: Any, flags: dict[str, Any]):
    """error.* has the whole chain and no variables, also where the sink was added with Loguru's telling defaults."""
    logger.remove()
    logger.add(sink, **flags)

    def fail() -> None:
        password = "hunter2"  # noqa: S105  # planted
        try:
            int(password[:0])
        except ValueError as error:
            raise KeyError("outer") from error

    try:
        fail()
    except KeyError as error:
        logging.getLogger(__name__).exception("failed")
        logger.exception("failed")
        logger.opt(exception=error).error("failed")
    first, *others = lines.bare()
    assert others == [first] * 2
    assert "ValueError" in first
    assert not [line for line in lines.written if "hunter2" in line]


def test_catch_logs_through_the_bridge(lines: Any, logger: Any):
    """Loguru's catch() decorator logs the exception of the function, at the place that called it."""

    @logger.catch
    def fail() -> None:
        raise ValueError("no")

    fail()
    assert (lines.last()["error.type"], lines.last()["log.level"]) == ("ValueError", "error")
    assert lines.last()["log.origin.function"] == "test_catch_logs_through_the_bridge"


def test_level_names_are_the_standard_ones(lines: Any, logger: Any):
    """A level of Loguru's own has the name of the standard level below it, and keeps its own as a label."""
    logging.getLogger().setLevel(0)
    logging.getLogger(__name__).setLevel(1)
    for call in (logger.trace, logger.success):
        call("x")
    logger.log(35, "x")
    got = [(json.loads(line)["log.level"], json.loads(line).get("labels.level")) for line in lines.written]
    assert got == [("debug", "trace"), ("info", "success"), ("warning", "level 35")]
    logging.getLogger(__name__).setLevel(logging.NOTSET)
    assert [level_name(number) for number in (0, 10, 19, 20, 50, 99)] == [
        "DEBUG",
        "DEBUG",
        "DEBUG",
        "INFO",
        "CRITICAL",
        "CRITICAL",
    ]


def test_levels_are_those_of_the_stdlib_loggers(lines: Any, logger: Any):
    """What the stdlib logger of the module does not want is not written."""
    logging.getLogger(__name__).setLevel("WARNING")
    logger.success("x")
    assert lines.written == []
    logger.warning("y")
    assert len(lines.written) == 1


def test_names_that_logging_refuses_are_kept(lines: Any, logger: Any):
    """Extras that are attributes of a log record do not raise and replace nothing of the record."""
    logger.bind(name="ada", message="forged", args=(1,), level="own").info("paid")
    line = lines.last()
    assert (line["message"], line["labels.name"], line["labels.message"]) == ("paid", "ada", "forged")
    assert (line["log.level"], line["labels.level"]) == ("info", "own")


def test_the_caller_is_who_called_loguru(lines: Any, logger: Any):
    """File and function are those of the call, and opt(depth=…) goes further up."""

    def for_others(depth: int) -> None:
        logger.opt(depth=depth).info("x")

    for_others(0)
    assert lines.last()["log.origin.function"] == "for_others"
    for_others(1)
    assert lines.last()["log.origin.function"] == "test_the_caller_is_who_called_loguru"
    assert lines.last()["log.origin.file.name"] == "test_loguru.py"


def test_a_queue_keeps_thread_moment_and_ids(lines: Any, logger: Any):
    """With enqueue=True and with_ids, the line has the call's thread and ids, and of an error at least its type."""
    logger.remove()
    logger.configure(patcher=with_ids)
    logger.add(sink, enqueue=True, diagnose=False, backtrace=False)
    with scope(user="ada"):
        logger.info("x")
        logger.opt(exception=ValueError("no")).error("y")
        logger.opt(exception=Unpicklable("no")).error("z")
    logger.complete()
    assert [json.loads(line)["process.thread.name"] for line in lines.written] == ["MainThread"] * 3
    assert [json.loads(line)["user.id"] for line in lines.written] == ["ada"] * 3
    error = json.loads(lines.written[1])
    assert (error["error.type"], error["error.message"]) == ("ValueError", "no")
    assert lines.last()["error.stack_trace"] == "Unpicklable"


def test_with_setup_both_write_one_file(tmp_path: Path, logger: Any):
    """After setup() and attach(), Loguru's and logging's lines stand in the same file, as of one library."""
    file = tmp_path / "app.jsonl"
    with fresh_logging():
        setup(LogSettings(file=file, console=False, service="shop"))
        with scope(user="ada"):
            logging.getLogger(__name__).info("x", extra={"n": 1})
            logger.info("x", n=1)
        shutdown()
    first, second = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    for name in ("@timestamp", "log.origin.file.line"):
        del first[name], second[name]
    assert list(first.items()) == list(second.items())


@pytest.fixture
def heard(logger: Any) -> list[dict[str, Any]]:
    """What Loguru's sinks get."""
    got: list[dict[str, Any]] = []
    logger.remove()
    logger.add(lambda message: got.append(message.record), level=0, format="{message}", diagnose=False, backtrace=False)
    return got


def test_the_other_direction(heard: list[dict[str, Any]]):
    """InterceptHandler gives Loguru message, level, extras, exception and the place of the stdlib's call."""
    with fresh_logging() as root:
        root.addHandler(InterceptHandler())
        root.setLevel("DEBUG")
        log = logging.getLogger("shop.cart")
        log.info("%s {braces} <red>", "paid", extra={"order": 17})
        try:
            int("ten")
        except ValueError:
            log.exception("failed")
        log.log(33, "odd level")
        log.warning("%d", "ten")
    first, second, third, fourth = heard
    assert (first["message"], first["level"].name, first["name"]) == ("paid {braces} <red>", "INFO", "shop.cart")
    assert (first["extra"], first["function"]) == ({"order": 17}, "test_the_other_direction")
    assert first["file"].name == "test_loguru.py"
    assert (second["exception"].type, second["level"].name) == (ValueError, "ERROR")
    assert third["level"].no == 33
    assert (fourth["message"], "logging_error" in fourth["extra"]) == ("%d", True)


def test_both_directions_at_once_make_no_circle(lines: Any, logger: Any, heard: list[dict[str, Any]]):
    """With attach() and InterceptHandler together, each message is written once by each side."""
    attach()
    logging.getLogger(__name__).addHandler(InterceptHandler())
    logger.info("from loguru")
    assert [record["message"] for record in heard] == ["from loguru"]
    assert [json.loads(line)["message"] for line in lines.written] == ["from loguru"]


def test_a_sink_that_fails_costs_nothing_else(logger: Any, capsys: Any):
    """What goes wrong inside Loguru does not reach the code that logs through the stdlib."""
    logger.remove()

    def broken(_: object) -> None:
        raise OSError("sink is gone")

    logger.add(broken, catch=False)
    with fresh_logging() as root:
        root.addHandler(InterceptHandler())
        logging.getLogger("shop").warning("x")
    assert "sink is gone" in capsys.readouterr().err
