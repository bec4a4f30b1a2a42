"""No part of a planted secret gets out, whatever carries it in and whichever handler writes it."""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
import queue
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter
from logdojo.logsetup.redaction import RedactionFilter, Redactor

sys.path.insert(0, str(Path(__file__).parent))
from corpus import Plant, carriers, plants

PLANTS = plants()
REDACTOR = Redactor()


def _filtered(handler: logging.Handler) -> logging.Handler:
    handler.addFilter(RedactionFilter(REDACTOR))
    return handler


def _formatted(formatter: logging.Formatter) -> logging.Handler:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    return handler


def _all_of(record: logging.LogRecord) -> str:
    return f"{vars(record)} {logging.Formatter().format(record)} {record.getMessage()}"


class _Socket(logging.handlers.SocketHandler):
    def __init__(self) -> None:
        super().__init__("localhost", 0)
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sent.append(self.makePickle(record).decode("utf-8", "replace"))


class _Http(logging.handlers.HTTPHandler):
    def __init__(self) -> None:
        super().__init__("localhost", "/")
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sent.append(str(self.mapLogRecord(record)))


def _memory() -> tuple[logging.Handler, Callable[[], str]]:
    target = logging.StreamHandler(io.StringIO())
    memory = logging.handlers.MemoryHandler(1000, flushLevel=100, target=target)

    def told() -> str:
        buffered = " ".join(map(_all_of, memory.buffer))
        memory.flush()
        return buffered + target.stream.getvalue()

    return _filtered(memory), told


def _queue() -> tuple[logging.Handler, Callable[[], str]]:
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    return _filtered(logging.handlers.QueueHandler(waiting)), lambda: _all_of(waiting.get())


def _buffering() -> tuple[logging.Handler, Callable[[], str]]:
    handler = logging.handlers.BufferingHandler(1000)
    return _filtered(handler), lambda: " ".join(map(_all_of, handler.buffer))


def _sent(handler: _Socket | _Http) -> tuple[logging.Handler, Callable[[], str]]:
    return _filtered(handler), lambda: " ".join(handler.sent)


def _streamed(handler: logging.Handler) -> tuple[logging.Handler, Callable[[], str]]:
    assert isinstance(handler, logging.StreamHandler)
    return handler, handler.stream.getvalue


HANDLERS: dict[str, Callable[[], tuple[logging.Handler, Callable[[], str]]]] = {
    "our JSON formatter": lambda: _streamed(_formatted(JsonFormatter("shop", redactor=REDACTOR))),
    "our formatter for people": lambda: _streamed(_formatted(HumanFormatter(redactor=REDACTOR))),
    "default formatter, filtered": lambda: _streamed(_filtered(_formatted(logging.Formatter()))),
    "our JSON formatter, only filtered": lambda: _streamed(_filtered(_formatted(JsonFormatter("shop")))),
    "MemoryHandler": _memory,
    "QueueHandler": _queue,
    "BufferingHandler": _buffering,
    "SocketHandler": lambda: _sent(_Socket()),
    "HTTPHandler": lambda: _sent(_Http()),
}


@contextmanager
def _logger(handler: logging.Handler) -> Iterator[logging.Logger]:
    logger = logging.Logger("shop")  # noqa: LOG001
    logger.addHandler(handler)
    # Children of a logger outside the tree: give them the same handler.
    logger.getChild = lambda suffix: logger  # type: ignore[method-assign]  # noqa: ARG005
    try:
        yield logger
    finally:
        handler.close()


def test_the_corpus_is_large_and_each_plant_shows_its_secret():
    """There are at least 200 plants of at least 60 forms; the text of each holds the secret or an escape of it."""
    assert len(PLANTS) >= 200
    assert len({plant.form for plant in PLANTS}) >= 60
    shown = [plant for plant in PLANTS if plant.leaks_in(plant.text)]
    assert len(shown) >= 0.97 * len(PLANTS)


@pytest.mark.parametrize(("handler_name", "share"), [(name, at) for at, name in enumerate(HANDLERS)])
def test_no_secret_leaks_through_a_handler(handler_name: str, share: int, capsys: pytest.CaptureFixture[str]):
    """Of each plant in each carrier, no six characters in a row reach the output or standard error."""
    # Each handler takes each carrier with every third plant; the first, which most logs go through, takes all.
    chosen = PLANTS[share % 3 :: 3] if share else PLANTS
    leaks: list[str] = []
    for plant in chosen:
        for carrier, log in carriers(plant):
            handler, told = HANDLERS[handler_name]()
            with _logger(handler) as logger:
                log(logger)
                output = told()
            assert output, f"{carrier} of {plant.form}: the record is lost"
            if plant.leaks_in(output):
                leaks.append(f"{carrier} | {plant.form} | {plant.text!r} -> {output}")
    printed = capsys.readouterr()
    leaks += [plant.form for plant in PLANTS if plant.leaks_in(printed.err + printed.out)]
    assert leaks == []


def test_a_line_with_a_secret_is_not_clean():
    """The pre-filter is sound: it lets no planted secret pass, in any field of an encoded line."""
    assert [plant for plant in PLANTS if _passes(plant)] == []


def test_other_seeds_leak_nothing_either():
    """The rules fit the forms and not this seed's secrets; what is redacted once stays as it is."""
    for seed in range(5):
        for plant in plants(seed):
            for text in (plant.text, repr(plant.text.encode()), plant.text.replace("\n", "\n  | ")):
                redacted = REDACTOR.text(text)
                assert not plant.leaks_in(redacted), (text, redacted)
                assert REDACTOR.text(redacted) == redacted


def _passes(plant: Plant) -> bool:
    for fields in ({"message": plant.text}, {"message": "x", "labels.detail": {"a": [plant.text]}}):
        for ascii_only in (True, False):
            if REDACTOR.clean(json.dumps(fields, ensure_ascii=ascii_only).encode()):
                return True
    return False
