"""Loguru's messages as records of the standard library, and the other way round.

    setup(LogSettings(file=Path("app.jsonl")))      as always: handlers, levels, redaction, rotation
    loguru.logger.remove()                          Loguru's own handler prints local variables with each exception
    attach()                                        Loguru now writes through the stdlib's handlers
    loguru.logger.bind(order=17).info("paid {}", 20)

What is bound, contextualized or given as a keyword becomes an extra, the caller is the line that called Loguru, and an
exception is logged without the local variables of its frames, whatever ``diagnose`` says. The text that Loguru has
formatted is not used.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import loguru

from logdojo.logsetup.bridges.records import make_record
from logdojo.logsetup.context import current
from logdojo.logsetup.fields import extras_of, message_of

if TYPE_CHECKING:
    # Loguru declares its types in a stub only: there is nothing to import of them.
    from loguru import Message, Record

_STANDARD: Final = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
_writing = threading.local()
"""Whether this thread is in the sink just now: a record must not go round in circles through both bridges."""


def sink(message: Message) -> None:
    """Hand one message to the stdlib logger of the module that logged it.

    For ``loguru.logger.add(sink, format=no_text, backtrace=False, diagnose=False)``, which is what ``attach`` does.
    The level's number stays Loguru's, so that stdlib loggers filter as Loguru would; its name becomes the nearest
    standard one below (``SUCCESS`` is info), and the name it had stands in ``labels.level``.
    """
    told = message.record
    logger = logging.getLogger(told["name"] or None)
    number = told["level"].no
    if not logger.isEnabledFor(number):
        return
    name, extras = level_name(number), dict(told["extra"])
    if told["level"].name != name:
        extras.setdefault("level", told["level"].name.lower())
    error = told["exception"]
    record = make_record(
        logger,
        number,
        message=told["message"],
        path=told["file"].path,
        line=told["line"],
        function=told["function"],
        exc_info=(error.type, error.value, error.traceback) if error and error.type and error.value else None,
        extras=extras,
    )
    if error and error.type and not error.value:
        # It could not be pickled, so it did not come through Loguru's queue; its name did.
        record.exc_text = error.type.__qualname__
    record.levelname = name
    record.created = told["time"].timestamp()
    record.msecs = told["time"].microsecond // 1_000 + 0.0
    # With enqueue=True this is another thread, and maybe another process, than the one that logged.
    record.thread, record.threadName = told["thread"].id, told["thread"].name
    record.process, record.processName = told["process"].id, told["process"].name
    before = getattr(_writing, "busy", False)
    _writing.busy = True
    try:
        logger.handle(record)
    finally:
        _writing.busy = before


def attach(*, level: int = 0) -> int:
    """Add the sink to Loguru's logger; for the application alone, beside ``setup``.

    Without a queue in between (``enqueue``): the line is in the file when the call returns, and no kill takes it back.

    Args:
        level: the least level number that Loguru passes on; the stdlib's levels decide about the rest.

    Returns:
        Loguru's number for the sink, which ``loguru.logger.remove`` takes.
    """
    return loguru.logger.add(sink, level=level, format=no_text, backtrace=False, diagnose=False, catch=True)


def no_text(record: Record) -> str:  # noqa: ARG001  # Loguru gives it
    """Return Loguru's format for a sink that does not read the formatted text."""
    return ""


def with_ids(record: Record) -> None:
    """Take the ids of the context along in a message, for ``loguru.logger.configure(patcher=with_ids)``.

    Needed only where a sink is added with ``enqueue=True`` and so runs in a thread of its own.
    """
    for name, value in current().items():
        record["extra"].setdefault(name, value)


def level_name(number: int) -> str:
    """Return the name of the standard level at or below a level number; DEBUG for what lies below all of them."""
    return logging.getLevelName(next((level for level in _STANDARD if level <= number), logging.DEBUG))


class InterceptHandler(logging.Handler):
    """The other direction: passes the stdlib's records on to Loguru's logger and its sinks.

    For an application that stays with Loguru's sinks. With ``attach`` in force as well, records that came from Loguru
    are not sent back to it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's message, exception and extras with Loguru, as called where the record was."""
        if getattr(_writing, "busy", False):
            return
        try:
            level: str | int = loguru.logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        message, problem = message_of(record)

        def as_the_record(told: Any) -> None:
            told["name"], told["function"], told["line"] = record.name, record.funcName, record.lineno
            told["module"] = record.module
            told["file"].name, told["file"].path = record.filename, record.pathname
            told["thread"].id, told["thread"].name = record.thread, record.threadName

        error = record.exc_info if isinstance(record.exc_info, tuple) and record.exc_info[0] else None
        try:
            logger = loguru.logger.bind(**dict(extras_of(record)), **problem).patch(as_the_record)
            logger.opt(exception=error, depth=_depth()).log(level, message)
        # As with every handler of logging: what goes wrong here must not reach the application.
        except Exception:  # noqa: BLE001
            self.handleError(record)


def _depth() -> int:
    """Return how many frames above ``emit`` the first one lies that is not of ``logging``.

    By that frame's module Loguru decides whether the message is enabled.
    """
    frame, depth = sys._getframe(1), 0  # noqa: SLF001  # logging itself finds its caller so
    while frame.f_back is not None and (depth == 0 or frame.f_code.co_filename == logging.__file__):
        frame, depth = frame.f_back, depth + 1
    return depth
