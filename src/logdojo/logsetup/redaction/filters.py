"""Redaction for handlers that are not ours: the record itself is cleaned before any formatter sees it.

What a handler behind the filter gets: the finished message and no arguments; the exception as text, without frames and
so without local variables; extras cleaned. This also changes the record for handlers after it; ``error.type`` and
``error.message`` keep the exception's type and message for formatters that write fields.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Final

from logdojo.logsetup.plain import plain
from logdojo.logsetup.redaction.redactor import Redactor

WITHHELD: Final = "[redacted: this record could not be checked for secrets]"
_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TEXTS: Final = ("name", "threadName", "processName", "taskName", "exc_text", "stack_info", "funcName", "message")
"""Attributes of every record that are text and may hold what an application put there."""


class RedactionFilter(logging.Filter):
    """Clean a record of secrets; let every record pass and never raise.

    Args:
        redactor: what is secret.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self.redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean ``record`` in place; withhold its text when that fails."""
        try:
            _clean(record, self.redactor)
        # Arguments and extras are the application's objects and may raise anything: what is not checked is not shown.
        except Exception:  # noqa: BLE001
            _withhold(record)
        return True


def install(redactor: Redactor) -> int:
    """Put a filter on every handler of every logger that exists now; handlers that have one are left alone.

    Call it after the libraries that configure handlers of their own; once more is harmless.

    Returns:
        How many handlers got a filter.
    """
    count = 0
    for handler in _handlers():
        if not any(isinstance(one, RedactionFilter) for one in handler.filters):
            handler.addFilter(RedactionFilter(redactor))
            count += 1
    return count


def uninstall() -> int:
    """Take the filters off every handler of every logger.

    Returns:
        How many handlers had one.
    """
    count = 0
    for handler in _handlers():
        found = [one for one in handler.filters if isinstance(one, RedactionFilter)]
        for one in found:
            handler.removeFilter(one)
        count += bool(found)
    return count


def _handlers() -> Iterator[logging.Handler]:
    """Yield each handler of the logger tree once, with the one that Python falls back to and those behind buffers."""
    root = logging.getLogger()
    loggers = [root, *(one for one in list(root.manager.loggerDict.values()) if isinstance(one, logging.Logger))]
    waiting = [handler for logger in loggers for handler in logger.handlers]
    if logging.lastResort is not None:
        waiting.append(logging.lastResort)
    seen: set[int] = set()
    while waiting:
        handler = waiting.pop(0)
        if id(handler) not in seen:
            seen.add(id(handler))
            target = getattr(handler, "target", None)
            if isinstance(target, logging.Handler):
                waiting.append(target)
            yield handler


def _clean(record: logging.LogRecord, redactor: Redactor) -> None:
    record.msg, record.args = redactor.text(_message(record)), ()
    attributes = vars(record)
    if record.exc_info:
        _keep_error_as_text(record)
    for name in _TEXTS:
        text = attributes.get(name)
        if isinstance(text, str):
            attributes[name] = redactor.text(text)
    if len(attributes) > len(_OWN_ATTRIBUTES) - 3:
        for name in [name for name in attributes if name not in _OWN_ATTRIBUTES]:
            value = attributes.pop(name)
            attributes[redactor.text(name)] = _extra(name, value, redactor)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    # Logging would print the arguments on standard error; here they become part of the message, and are cleaned.
    except Exception:  # noqa: BLE001
        return f"{plain(record.msg)} [arguments that do not fit: {plain(record.args)}]"


def _keep_error_as_text(record: logging.LogRecord) -> None:
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    record.exc_info = None
    if error is None:
        return
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    record.exc_text = "".join(told.format(chain=True)).rstrip("\n")
    vars(record).setdefault("error.type", type(error).__qualname__)
    vars(record).setdefault("error.message", str(plain(str(error))))


def _extra(name: str, value: object, redactor: Redactor) -> object:
    """Return ``value`` as it is when it holds no secret in any form that a formatter may give it."""
    told = plain(value)
    redacted = redactor.value(name, told)
    if redacted != told:
        return redacted
    if value is None or isinstance(value, str | bool | int | float):
        return value
    shown = repr(value)
    return value if redactor.text(shown) == shown else redactor.text(shown)


def _withhold(record: logging.LogRecord) -> None:
    record.msg, record.args = WITHHELD, ()
    record.exc_info, record.exc_text, record.stack_info = None, None, None
    attributes = vars(record)
    attributes.pop("message", None)
    for name in [name for name in attributes if name not in _OWN_ATTRIBUTES]:
        attributes[name] = WITHHELD
