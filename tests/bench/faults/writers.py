"""The same call, ``write(number, **fields)``, behind logdojo and its peers, each as its users set it up."""

from __future__ import annotations

import atexit
import json
import logging
import logging.handlers
import queue
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

PADDING = "x" * 80


@dataclass(frozen=True, slots=True)
class Rotating:
    """How a writer rotates: by size in bytes, by seconds, with gzip."""

    max_bytes: int = 0
    seconds: int = 0
    packed: bool = False


NEVER = Rotating()


@dataclass(frozen=True, slots=True)
class Writer:
    """A logger that is set up.

    Args:
        write: logs one record with a number and fields.
        close: ends it as a program does that ends properly.
        dropped: how many records it says it has dropped.
    """

    write: Callable[..., object]
    close: Callable[[], object]
    dropped: Callable[[], int] = lambda: 0


class JsonFormatter(logging.Formatter):
    """The formatter of the peers that have none: number, fields and whatever a filter has added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {name: value for name, value in vars(record).items() if name in {"n", "who", "ids", "value"}}
        return json.dumps({"message": record.getMessage(), **fields})


def _front(handler: logging.Handler, close: Callable[[], object] | None = None) -> Writer:
    logger = logging.getLogger("bench")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return Writer(
        lambda n, **fields: logger.info("record %d %s", n, PADDING, extra={"n": n, **fields}), close or handler.close
    )


def _with_json(handler: logging.Handler) -> logging.Handler:
    handler.setFormatter(JsonFormatter())
    return handler


def logdojo(path: Path, rotating: Rotating = NEVER, **more: Any) -> Writer:
    """Set up logdojo, and log through a plain logger."""
    from logdojo.logsetup import LogSettings, setup, shutdown

    every = timedelta(seconds=rotating.seconds) if rotating.seconds else None
    settings = LogSettings(
        console=False, file=path, max_bytes=rotating.max_bytes, rotate_every=every, compress=rotating.packed, **more
    )
    setup(settings)
    handler: Any = logging.getLogger().handlers[0]
    logger = logging.getLogger("bench")
    logger.setLevel(logging.INFO)
    return Writer(
        lambda n, **fields: logger.info("record %d %s", n, PADDING, extra={"n": n, **fields}),
        shutdown,
        lambda: handler.counts().dropped,
    )


def stdlib_file(path: Path, rotating: Rotating = NEVER) -> Writer:
    """Take the FileHandler of stdlib, or a rotating one: by size or by time, never both; gzip takes a recipe."""
    if rotating.max_bytes:
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=rotating.max_bytes, backupCount=9999
        )
    elif rotating.seconds:
        handler = logging.handlers.TimedRotatingFileHandler(path, when="S", interval=rotating.seconds, backupCount=9999)
    else:
        handler = logging.FileHandler(path)
    return _front(_with_json(handler))


def stdlib_queue(path: Path, rotating: Rotating = NEVER) -> Writer:
    """Put stdlib's QueueHandler and QueueListener before a FileHandler, stopped at exit as the documentation shows."""
    del rotating
    listener = logging.handlers.QueueListener(between := queue.Queue(-1), _with_json(logging.FileHandler(path)))
    listener.start()
    return _front(logging.handlers.QueueHandler(between), listener.stop)


def stdlib_memory(path: Path, rotating: Rotating = NEVER) -> Writer:
    """Put stdlib's MemoryHandler of 1,000 records before a FileHandler."""
    del rotating
    return _front(logging.handlers.MemoryHandler(1000, target=_with_json(logging.FileHandler(path))))


def loguru(path: Path, rotating: Rotating = NEVER, *, enqueue: bool = False) -> Writer:
    """Loguru with a serialized file sink."""
    from loguru import logger

    logger.remove()
    rotation = rotating.max_bytes or (timedelta(seconds=rotating.seconds) if rotating.seconds else None)
    logger.add(path, serialize=True, rotation=rotation, compression="gz" if rotating.packed else None, enqueue=enqueue)
    return Writer(lambda n, **fields: logger.bind(n=n, **fields).info("record {} {}", n, PADDING), logger.remove)


def concurrent(path: Path, rotating: Rotating = NEVER) -> Writer:
    """concurrent-log-handler, which locks between processes."""
    from concurrent_log_handler import ConcurrentRotatingFileHandler, ConcurrentTimedRotatingFileHandler

    if rotating.seconds:
        handler: logging.Handler = ConcurrentTimedRotatingFileHandler(
            str(path),
            when="S",
            interval=rotating.seconds,
            backupCount=9999,
            maxBytes=rotating.max_bytes,
            use_gzip=rotating.packed,
        )
    else:
        handler = ConcurrentRotatingFileHandler(
            str(path),
            maxBytes=rotating.max_bytes,
            backupCount=9999 if rotating.max_bytes else 0,
            use_gzip=rotating.packed,
        )
    return _front(_with_json(handler))


WRITERS: dict[str, Callable[..., Writer]] = {
    "logdojo": logdojo,
    "stdlib file": stdlib_file,
    "stdlib queue": stdlib_queue,
    "stdlib memory": stdlib_memory,
    "Loguru": loguru,
    "Loguru enqueue": lambda path, rotating=NEVER: loguru(path, rotating, enqueue=True),
    "concurrent-log-handler": concurrent,
}


def close_at_exit(writer: Writer) -> None:
    """End a writer as a tidy program does."""
    atexit.register(writer.close)
