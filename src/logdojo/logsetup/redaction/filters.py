"""Redaction for handlers that are not ours: the record itself is cleaned before any formatter sees it.

What a handler behind the filter gets: the finished message and no arguments; the exception as text, without frames and
so without local variables; extras cleaned. This also changes the record for handlers after it; ``error.type`` and
``error.message`` keep the exception's type and message for formatters that write fields.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final, Protocol

from logdojo.logsetup.exceptions import stack_trace
from logdojo.logsetup.fields import N_OWN_ATTRIBUTES, is_own
from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter
from logdojo.logsetup.plain import plain

WITHHELD: Final = "[redacted: this record could not be checked for secrets]"
_TEXTS: Final = (
    "msg",
    "name",
    "threadName",
    "processName",
    "taskName",
    "exc_text",
    "stack_info",
    "funcName",
    "message",
)
"""Attributes of every record that are text and may hold what an application put there."""


class Cleans(Protocol):
    """What a filter needs of a redactor; ``Redactor`` is one."""

    def clean(self, line: bytes) -> bool:
        """Return whether nothing in a text looks like a secret."""

    def text(self, text: str) -> str:
        """Return a text without its secrets."""

    def value(self, name: str, value: object) -> object:
        """Return a field's value without its secrets."""


class RedactionFilter(logging.Filter):
    """Clean a record of secrets; let every record pass and never raise.

    Args:
        redactor: what is secret.
    """

    def __init__(self, redactor: Cleans) -> None:
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


class _Installed(RedactionFilter):
    """A filter that ``install`` has put on and ``uninstall`` takes off."""


def install(redactor: Cleans) -> int:
    """Put a filter on every handler of every logger that exists now, so on those of third-party libraries too.

    Handlers that have a filter, or a formatter of ours that redacts alone, are left as they are. Call it after the
    libraries that configure handlers of their own; calling it again is harmless.

    Returns:
        How many handlers got a filter.
    """
    count = 0
    for handler in _handlers():
        if not _redacts(handler.formatter) and not any(isinstance(one, RedactionFilter) for one in handler.filters):
            handler.addFilter(_Installed(redactor))
            count += 1
    return count


def uninstall() -> int:
    """Take off the filters that ``install`` has put on handlers.

    Returns:
        How many there were.
    """
    found = [(handler, one) for handler in _handlers() for one in handler.filters if isinstance(one, _Installed)]
    for handler, one in found:
        handler.removeFilter(one)
    return len(found)


def _redacts(formatter: logging.Formatter | None) -> bool:
    if isinstance(formatter, JsonFormatter):
        return formatter.encoder.redactor is not None
    return isinstance(formatter, HumanFormatter) and formatter.redactor is not None


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


def _clean(record: logging.LogRecord, redactor: Cleans) -> None:
    attributes = vars(record)
    record.msg, record.args = _message(record), ()
    if record.exc_info:
        _keep_error_as_text(record)
    texts = {name: text for name in _TEXTS if type(text := attributes.get(name)) is str}
    # Looked at together first: one look costs less than nine.
    if not redactor.clean("\n".join(texts.values()).encode("utf-8", "surrogatepass")):
        attributes |= {name: redactor.text(text) for name, text in texts.items()}
    if len(attributes) > N_OWN_ATTRIBUTES:
        for name in [name for name in attributes if not is_own(name)]:
            value = attributes.pop(name)
            attributes[redactor.text(name)] = _extra(name, value, redactor)


def _message(record: logging.LogRecord) -> str:
    try:
        return str(record.getMessage())
    # Logging would print the arguments on standard error; here they become part of the message, and are cleaned.
    except Exception:  # noqa: BLE001
        return f"{plain(record.msg)} [arguments that do not fit: {plain(record.args)}]"


def _keep_error_as_text(record: logging.LogRecord) -> None:
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    record.exc_info = None
    if error is not None:
        record.exc_text = stack_trace(error)


def _extra(name: str, value: object, redactor: Cleans) -> object:
    """Return ``value`` as it is when it holds no secret in any form that a formatter may give it."""
    if value is None or isinstance(value, str | bool | int | float):
        redacted = redactor.value(name, value)
        return value if redacted == value else redacted
    told = plain(value)
    redacted = redactor.value(name, told)
    if redacted != told:
        return redacted
    shown = repr(value)
    return value if redactor.text(shown) == shown else redactor.text(shown)


def _withhold(record: logging.LogRecord) -> None:
    record.msg, record.args = WITHHELD, ()
    record.exc_info, record.exc_text, record.stack_info = None, None, None
    attributes = vars(record)
    for name in [name for name in attributes if name == "message" or not is_own(name)]:
        del attributes[name]
