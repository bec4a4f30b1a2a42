"""One bad record, one bad filter, one bad sink among a thousand good records: how many good ones they cost."""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from tests.bench.faults.reading import read
from tests.bench.faults.writers import WRITERS, JsonFormatter

RECORDS = 1_000
WORST = RECORDS // 20
_CALL = {"message": None}


class Unshowable:
    """A value whose text cannot be had, and which cannot be pickled."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _Fails(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "n", None) == WORST:
            raise RuntimeError("a filter's mistake")
        return True


class _Sink(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "n", None) == WORST:
            raise RuntimeError("a sink's mistake")


def _record(name: str, log: Path) -> Callable[[int], object]:
    writer = WRITERS[name](log)
    _CALL["message"] = writer.close
    return lambda n: writer.write(n, value=Unshowable() if n == WORST else "fine")


def _filter(name: str, log: Path) -> Callable[[int], object]:
    if name == "Loguru":
        from loguru import logger

        logger.remove()
        logger.add(log, serialize=True, catch=True, filter=lambda record: _Fails().filter(_as_record(record)))
        return lambda n: logger.bind(n=n).info("record")
    writer = WRITERS[name](log)
    _CALL["message"] = writer.close
    handlers = logging.getLogger().handlers if name == "logdojo" else logging.getLogger("bench").handlers
    handlers[0].addFilter(_Fails())
    return writer.write


def _sink(name: str, log: Path) -> Callable[[int], object]:
    """Add a second sink that fails, as an application adds it: behind the file, or before it in a queue's listener."""
    if name == "Loguru":
        from loguru import logger

        logger.remove()
        logger.add(lambda message: _Sink().emit(_as_record(message.record)), catch=True)
        logger.add(log, serialize=True)
        return lambda n: logger.bind(n=n).info("record")
    if name == "stdlib queue":
        file = logging.FileHandler(log)
        file.setFormatter(JsonFormatter())
        listener = logging.handlers.QueueListener(between := queue.Queue(-1), _Sink(), file)
        listener.start()
        _CALL["message"] = listener.stop
        logger = logging.getLogger("bench")
        logger.handlers[:], logger.propagate = [logging.handlers.QueueHandler(between)], False
        logger.setLevel(logging.INFO)
        return lambda n: logger.info("record", extra={"n": n})
    writer = WRITERS[name](log)
    _CALL["message"] = writer.close
    handlers = logging.getLogger().handlers if name == "logdojo" else logging.getLogger("bench").handlers
    handlers.append(_Sink())
    return writer.write


def _as_record(record: dict) -> logging.LogRecord:
    return logging.makeLogRecord({"n": record["extra"].get("n")})


KINDS = {"record": _record, "filter": _filter, "sink": _sink}


def child(name: str, kind: str, log: Path) -> None:
    """Log a thousand records, one of which goes wrong; count what is raised into the application."""
    write = KINDS[kind](name, log)
    raised = 0
    for number in range(RECORDS):
        try:
            write(number)
        except Exception:  # noqa: BLE001
            raised += 1
    if _CALL["message"] is not None:
        _CALL["message"]()
    print(json.dumps(raised))


def damaged(name: str, kind: str) -> tuple[int, int]:
    """Return how many of the records are missing, and how many calls raised."""
    with tempfile.TemporaryDirectory() as base:
        log = Path(base) / "app.jsonl"
        command = [sys.executable, "-m", "tests.bench.faults.bad", name, kind, str(log)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        raised = int(done.stdout.splitlines()[-1]) if done.stdout.strip() else -1
        return RECORDS - len(read(log).records), raised


if __name__ == "__main__":
    child(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
