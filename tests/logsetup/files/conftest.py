"""Real log files, real processes: how to write them, read them back, and end them at the wrong moment."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files.archives import Decrypt, segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.testing import fresh_logging


@dataclass(slots=True)
class Found:
    """What is in all files of a log.

    Args:
        records: (who, number) → how often.
        torn: lines that are no JSON.
        notices: how many records each notice says were dropped.
        events: all lines that are whole, in the order in which they lie.
    """

    records: Counter[tuple[str, int]] = field(default_factory=Counter)
    torn: list[bytes] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """The numbers of all records, in order."""
        return sorted(number for _, number in self.records.elements())


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Each test has an unconfigured logging module."""
    with fresh_logging():
        yield


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Path of a log that does not exist yet, alone in its folder."""
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder / "app.jsonl"


@pytest.fixture
def read() -> Callable[..., Found]:
    """A function: a log → what is in it."""

    def read(log: Path, decrypt: Decrypt | None = None) -> Found:
        found = Found()
        for segment in segments(log):
            with segment.open(decrypt) as file:
                lines = file.read().split(b"\n")
            for line in lines:
                if not line.strip():
                    continue
                try:
                    event = json.loads(line)
                except ValueError:
                    found.torn.append(line)
                    continue
                found.events.append(event)
                if "labels.dropped" in event:
                    found.notices.append(event["labels.dropped"])
                if "labels.n" in event:
                    found.records[event.get("labels.who", ""), event["labels.n"]] += 1
        return found

    return read


@pytest.fixture
def opened(log: Path) -> Iterator[Callable[..., LogFileHandler]]:
    """A function that opens a handler on the log; what it has opened is closed at the end."""
    handlers: list[LogFileHandler] = []

    def opened(path: Path = log, **options: Any) -> LogFileHandler:
        handler = LogFileHandler(path, **options)
        handler.setFormatter(JsonFormatter())
        handlers.append(handler)
        return handler

    yield opened
    for handler in handlers:
        handler.close()


@pytest.fixture
def record() -> Callable[..., logging.LogRecord]:
    """A function: a number → a record that carries it, made now or at ``created``."""

    def record(n: int, *, created: float | None = None, message: object = "record", **extras: Any) -> logging.LogRecord:
        made = logging.LogRecord("shop", logging.INFO, __file__, 1, message, (), None, "test")
        if created is not None:
            made.created = created
        vars(made).update(extras, n=n)
        return made

    return record


@pytest.fixture
def forked() -> Iterator[Callable[..., int]]:
    """A function that runs a call in a forked child, at once, and returns the child's id; all are waited for."""
    children: dict[int, bool] = {}

    def forked(call: Callable[..., object], *args: Any) -> int:
        pid = os.fork()
        if pid:
            children[pid] = True
            return pid
        # A mistake in the child has to show, and nothing of the test run may go on in it.
        status = 1
        try:
            call(*args)
            status = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stderr.flush()
            os._exit(status)

    yield forked
    for pid in children:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


@pytest.fixture
def ended() -> Callable[..., int]:
    """A function: a child's id → its exit status, or minus the signal that ended it; fails when it does not end."""

    def ended(pid: int, seconds: float = 20.0) -> int:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        raise AssertionError(f"child {pid} hung")

    return ended
