"""A log record → one line: JSON under ECS names for machines, text for people.

Names follow the ECS logging specification (https://www.elastic.co/docs/reference/ecs/logging/intro), written flat.
Exceptions carry their whole chain and never the local variables of a frame: those hold passwords.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from logdojo.logsetup.plain import json_line, shorten, text_of

ECS_VERSION: Final = "8.17.0"
MAX_TRACE_CHARACTERS: Final = 65_536
_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN_ECS_NAMES: Final = frozenset({"tags"})
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class JsonFormatter(logging.Formatter):
    """Write a record as one JSON object on one line, whatever it holds.

    Args:
        service: value of ``service.name``; left out when empty.
    """

    def __init__(self, service: str = "") -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line end."""
        return format_record(record, service=self.service)


class HumanFormatter(logging.Formatter):
    """Write a record for a person at a terminal: time, level, logger, message, extra fields.

    Control characters in the message are written out, so that no message can pass for two or move the cursor. A stack
    trace follows on lines of its own that begin with ``  | ``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and, below it, the stack trace."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        message, problem = message_of(record)
        extras = {**dict(_extras(record)), **problem}
        pairs = "".join(f"  {name}={shorten(text_of(value), 200)}" for name, value in extras.items())
        line = _visible(f"{clock} {record.levelname:<8} {record.name}: {shorten(message)}{pairs}")
        below = str(error_fields(record).get("error.stack_trace", ""))
        return "\n".join([line, *(f"  | {_visible(part)}" for part in below.splitlines())])


def format_record(record: logging.LogRecord, *, service: str = "") -> str:
    """Return the record as one JSON object on one line, under ECS names."""
    return json_line(ecs_fields(record, service=service))


def ecs_fields(record: logging.LogRecord, *, service: str = "") -> dict[str, object]:
    """Return the record's fields under flat ECS names; values may still be any object.

    An extra whose name has a dot is an ECS name already and keeps it; any other stands under ``labels.``. No extra
    replaces a field that the record itself gives.
    """
    message, problem = message_of(record)
    fields: dict[str, object] = {
        "@timestamp": timestamp(record.created),
        "log.level": record.levelname.lower(),
        "log.logger": record.name,
        "message": message,
        "ecs.version": ECS_VERSION,
        "process.pid": record.process,
        "process.thread.name": record.threadName,
        "log.origin.file.name": record.filename,
        "log.origin.file.line": record.lineno,
        "log.origin.function": record.funcName,
    }
    if service:
        fields["service.name"] = service
    fields |= error_fields(record)
    for name, value in (*_extras(record), *problem.items()):
        keeps_name = ("." in name or name in _PLAIN_ECS_NAMES) and name not in fields
        fields[name if keeps_name else f"labels.{name}"] = value
    return fields


def timestamp(seconds: float) -> str:
    """Return a moment as ECS writes it: UTC, milliseconds, ``Z``.

    Args:
        seconds: since the epoch.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_of(record: logging.LogRecord) -> tuple[str, dict[str, object]]:
    """Return the message and, when its %-arguments do not fit, what is to be told about them.

    A mistake in a log call costs that call's formatting, not the record: the template stays the message.
    """
    try:
        return record.getMessage(), {}
    # Arguments are the application's objects: their __str__ may raise anything.
    except Exception as error:  # noqa: BLE001
        return text_of(record.msg), {
            "logging_error": f"{type(error).__name__}: {text_of(error)}",
            "logging_args": record.args,
        }


def error_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the fields of the record's exception or, without one, of the stack that was asked for."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        return exception_fields(error)
    # A record that came through a queue or a socket has lost the exception and kept its text.
    trace = record.exc_text or record.stack_info
    return {"error.stack_trace": shorten(trace, MAX_TRACE_CHARACTERS)} if trace else {}


def exception_fields(error: BaseException) -> dict[str, object]:
    """Return ``error.type``, ``error.message`` and ``error.stack_trace`` of an exception."""
    return {
        "error.type": type(error).__qualname__,
        "error.message": text_of(error),
        "error.stack_trace": stack_trace(error),
    }


def stack_trace(error: BaseException) -> str:
    """Return the stack trace of an exception with all its causes, without local variables."""
    try:
        told = traceback.TracebackException.from_exception(error, capture_locals=False)
        return shorten("".join(told.format(chain=True)).rstrip("\n"), MAX_TRACE_CHARACTERS)
    # An exception class may break its own attributes; the log line must survive that too.
    except Exception as broken:  # noqa: BLE001
        return f"<stack trace of {type(error).__name__} that cannot be shown: {type(broken).__name__}>"


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    return ((name, value) for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES)


def _visible(text: str) -> str:
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
