"""structlog's events as records of the standard library: one set of handlers, one line, whoever logs.

    setup(LogSettings(file=Path("app.jsonl")))      as always: handlers, levels, redaction, rotation
    configure()                                     structlog's loggers now write through them
    structlog.get_logger("shop").bind(order=17).info("paid", amount=20)

An event's keys become the record's extras, ``exc_info`` its exception, and the caller is the line that called
structlog. What ``structlog.contextvars`` has bound is in the line, and so is what ``logdojo.logsetup.bind`` has. Levels
are those of the stdlib loggers. Nothing is rendered here: formatters render, without local variables of frames.
"""

from __future__ import annotations

import logging
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import structlog
from structlog.contextvars import merge_contextvars
from structlog.processors import CallsiteParameter, CallsiteParameterAdder, StackInfoRenderer
from structlog.typing import EventDict, Processor

from logdojo.logsetup.bridges.records import ExcInfo, make_record

if TYPE_CHECKING:
    from logdojo.logsetup.redaction import Cleans

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "msg": logging.INFO,
    "warning": logging.WARNING,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "err": logging.ERROR,
    "exception": logging.ERROR,
    "failure": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
"""Name of a structlog method → its level."""
_IN_BETWEEN: Final = ["logdojo.logsetup.bridges"]
_callsite: Final = CallsiteParameterAdder(
    {
        CallsiteParameter.PATHNAME,
        CallsiteParameter.LINENO,
        CallsiteParameter.FUNC_NAME,
        CallsiteParameter.THREAD,
        CallsiteParameter.THREAD_NAME,
    },
    additional_ignores=_IN_BETWEEN,
)
_stack: Final = StackInfoRenderer(additional_ignores=_IN_BETWEEN)


class RecordLogger:
    """What structlog wraps: hands finished records to a stdlib logger, and is like that logger in all else."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.isEnabledFor = logger.isEnabledFor
        # structlog calls the method of its level (info, error, …) with what the last processor has made.
        vars(self).update(dict.fromkeys(_LEVELS, self.handle))

    def handle(self, record: logging.LogRecord) -> None:
        """Hand a record to the handlers, through the filters of the logger and of the handlers."""
        self.logger.handle(record)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.logger, name)


def logger_factory(*args: Any) -> RecordLogger:
    """Make the logger for ``structlog.get_logger(name)``; without a name it is that of the module that logs."""
    if args:
        return RecordLogger(logging.getLogger(str(args[0])))
    module = CallsiteParameterAdder({CallsiteParameter.QUAL_MODULE}, additional_ignores=_IN_BETWEEN)
    return RecordLogger(logging.getLogger(str(module(None, "", {})["qual_module"])))  # type: ignore[arg-type]  # unused


def processors(*, redactor: Cleans | None = None) -> list[Processor]:
    """Return the whole chain from a call to a record; own processors go before the last one.

    Args:
        redactor: takes secrets out of the record itself, for handlers that are not logdojo's. The handlers of
            ``setup`` redact on their own and need none here.
    """
    return [drop_disabled, merge_contextvars, RecordMaker(redactor)]


def configure(*, redactor: Cleans | None = None) -> None:
    """Let all structlog loggers of this process write through the stdlib's handlers; for the application alone.

    Call it beside ``setup``, before or after. ``structlog.reset_defaults()`` takes it back.
    """
    structlog.configure(
        processors=processors(redactor=redactor),
        logger_factory=logger_factory,
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )


def drop_disabled(logger: Any, method: str, event: EventDict) -> EventDict:
    """Stop an event whose level its stdlib logger does not want, before anything is done for it.

    Raises:
        DropEvent: the level is off; structlog takes this as its own.
    """
    if logger.isEnabledFor(_LEVELS[method]):
        return event
    raise structlog.DropEvent


class RecordMaker:
    """The last processor: an event → a log record.

    Args:
        redactor: takes secrets out of the record; None leaves that to the handlers.
    """

    def __init__(self, redactor: Cleans | None = None) -> None:
        self._filter: logging.Filter | None = None
        if redactor is not None:
            from logdojo.logsetup.redaction import RedactionFilter

            self._filter = RedactionFilter(redactor)

    def __call__(self, logger: Any, method: str, event: EventDict) -> tuple[tuple[logging.LogRecord], dict[str, Any]]:
        """Return the record as the one argument of the wrapped logger's method."""
        extras = dict(event)
        message = extras.pop("event", "")
        args = extras.pop("positional_args", ())
        exc_info = _exc_info(extras.pop("exc_info", None))
        above = extras.pop("stacklevel", 1)
        # Kept apart from the event, whose own keys may have the same names.
        site: dict[str, Any] = dict(_callsite(logger, method, {}))
        if extras.pop("stack_info", False):
            site |= _stack(logger, method, {"stack_info": True})
        if isinstance(above, int) and above > 1:
            site |= _further_up(above - 1)
        record = make_record(
            logger.logger,
            _LEVELS[method],
            message=message,
            args=args,
            path=site["pathname"],
            line=site["lineno"],
            function=site["func_name"],
            exc_info=exc_info,
            stack=site.get("stack"),
            extras=extras,
        )
        # The asynchronous methods log in another thread than the one that called them.
        record.thread, record.threadName = site["thread"], site["thread_name"]
        if self._filter is not None:
            self._filter.filter(record)
        return (record,), {}


def _exc_info(given: object) -> ExcInfo | None:
    if not given:
        return None
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple) and len(given) == 3:
        return given
    return sys.exc_info()


def _further_up(frames: int) -> dict[str, object]:
    """Return the place that many frames above the caller of structlog, for a function that logs for others."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  # logging itself finds its caller so
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(("structlog", *_IN_BETWEEN)):
        frame = frame.f_back
    while frame is not None and frame.f_back is not None and frames:
        frame, frames = frame.f_back, frames - 1
    if frame is None:
        return {}
    code = frame.f_code
    return {"pathname": code.co_filename, "lineno": frame.f_lineno, "func_name": code.co_name}
