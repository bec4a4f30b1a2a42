"""A log record → one line: JSON under ECS names for machines, text for people."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Final

from logdojo.logsetup.encoding import LineEncoder, Redacts
from logdojo.logsetup.exceptions import error_fields, exception_fields
from logdojo.logsetup.fields import ecs_fields, extras_of, message_of, timestamp
from logdojo.logsetup.plain import MAX_REDACTED, json_line, plain, shorten, text_of

__all__ = ["HumanFormatter", "JsonFormatter", "ecs_fields", "exception_fields", "format_record", "timestamp"]

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class JsonFormatter(logging.Formatter):
    """Write a record as one JSON object on one line, whatever it holds.

    Args:
        service: value of ``service.name``; left out when empty.
        redactor: takes secrets out of each line; None leaves lines as they are.
    """

    def __init__(self, service: str = "", *, redactor: Redacts | None = None) -> None:
        super().__init__()
        self.encoder = LineEncoder(service, redactor)
        self.line = self.encoder.line

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line end."""
        return self.line(record).decode()


class HumanFormatter(logging.Formatter):
    """Write a record for a person at a terminal: time, level, logger, message, extra fields.

    Control characters in the message are written out, so that no message can pass for two or move the cursor. A stack
    trace follows on lines of its own that begin with ``  | ``.

    Args:
        redactor: takes secrets out of message, fields and stack trace; None leaves them as they are.
    """

    def __init__(self, *, redactor: Redacts | None = None) -> None:
        super().__init__()
        self.redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and, below it, the stack trace."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        message, problem = message_of(record)
        told: dict[str, object] = {"message": message, **error_fields(record), **dict(extras_of(record)), **problem}
        if self.redactor is not None:
            made_plain = plain(told, limit=MAX_REDACTED)
            assert isinstance(made_plain, dict)
            told = self.redactor.fields(made_plain)
        message, below = text_of(told.pop("message")), text_of(told.pop("error.stack_trace", ""), 65_536)
        pairs = "".join(
            f"  {name}={shorten(text_of(value), 200)}" for name, value in told.items() if not name.startswith("error.")
        )
        line = _visible(f"{clock} {record.levelname:<8} {record.name}: {shorten(message)}{pairs}")
        return "\n".join([line, *(f"  | {_visible(part)}" for part in below.splitlines())])


def format_record(record: logging.LogRecord, *, service: str = "") -> str:
    """Return the record as one JSON object on one line, under ECS names."""
    return json_line(ecs_fields(record, service=service))


def _visible(text: str) -> str:
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
