"""A log record → its fields under flat ECS names, whatever the record holds.

Names follow the ECS logging specification (https://www.elastic.co/docs/reference/ecs/logging/intro), which asks for
time, level and message to come first. ``encoding`` writes the same fields faster where the values are ordinary.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from logdojo.logsetup.context import ATTRIBUTE, ids_of_context
from logdojo.logsetup.exceptions import error_fields
from logdojo.logsetup.plain import MAX_REDACTED, text_of

ECS_VERSION: Final = "8.17.0"
_BORN_WITH: Final = tuple(vars(logging.LogRecord("", 0, "", 0, "", (), None)))
N_OWN_ATTRIBUTES: Final = len(_BORN_WITH)
"""Attributes that each record is born with. They come first in its ``__dict__``; extras follow."""
_OWN_ATTRIBUTES: Final = frozenset(_BORN_WITH) | {"message", "asctime", "taskName", ATTRIBUTE}
_PLAIN_ECS_NAMES: Final = frozenset({"tags"})
_OF_THE_RECORD: Final = frozenset(
    {
        "@timestamp",
        "log.level",
        "message",
        "log.logger",
        "log.origin.file.name",
        "log.origin.file.line",
        "log.origin.function",
        "process.pid",
        "process.thread.name",
        "ecs.version",
        "service.name",
        "error.type",
        "error.message",
        "error.stack_trace",
        # The link of a hash chain is written last, and there must be one only.
        "event.hash",
    }
)
"""Names that the record itself gives, or could give: an extra of such a name goes under ``labels.``."""


def ecs_fields(record: logging.LogRecord, *, service: str = "") -> dict[str, object]:
    """Return the record's fields under flat ECS names; values may still be any object.

    An extra whose name has a dot is an ECS name already and keeps it; any other stands under ``labels.``. No extra
    replaces a field that the record itself gives; an extra does replace an id of the context.
    """
    message, problem = message_of(record)
    extras = {field_name(name): value for name, value in (*extras_of(record), *problem.items())}
    ids = vars(record).get(ATTRIBUTE) or ids_of_context.get()
    return {
        "@timestamp": timestamp(record.created),
        "log.level": record.levelname.lower(),
        "message": message,
        **{name: value for name, value in ids.fields.items() if name not in extras},
        **extras,
        **site_fields(record, service=service),
        **error_fields(record),
    }


def site_fields(record: logging.LogRecord, *, service: str = "") -> dict[str, object]:
    """Return the fields that all records of one line of code in one thread share."""
    fields: dict[str, object] = {
        "log.logger": record.name,
        "log.origin.file.name": record.filename,
        "log.origin.file.line": record.lineno,
        "log.origin.function": record.funcName,
        "process.pid": record.process,
        "process.thread.name": record.threadName,
        "ecs.version": ECS_VERSION,
    }
    return {**fields, "service.name": service} if service else fields


def field_name(name: str) -> str:
    """Return the field in which an extra called ``name`` stands."""
    keeps = ("." in name or name in _PLAIN_ECS_NAMES) and name not in _OF_THE_RECORD
    return name if keeps else f"labels.{name}"


def is_own(name: str) -> bool:
    """Return whether an attribute of a record is logging's own and no extra."""
    return name in _OWN_ATTRIBUTES


def extras_of(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """Yield what the caller added to the record."""
    return ((name, value) for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES)


def timestamp(seconds: float) -> str:
    """Return a moment as ECS writes it: UTC, milliseconds, ``Z``.

    Args:
        seconds: since the epoch.
    """
    whole = int(seconds // 1)
    return f"{second_of(whole)}{int((seconds - whole) * 1000):03d}Z"


def second_of(seconds: int) -> str:
    """Return the part of a timestamp that all moments of a second share, with the point."""
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}."


def message_of(record: logging.LogRecord) -> tuple[str, dict[str, object]]:
    """Return the message and, when its %-arguments do not fit, what is to be told about them.

    A mistake in a log call costs that call's formatting, not the record: the template stays the message.
    """
    try:
        return record.getMessage(), {}
    # Arguments are the application's objects: their __str__ may raise anything.
    except Exception as error:  # noqa: BLE001
        return text_of(record.msg, MAX_REDACTED), {
            "logging_error": f"{type(error).__name__}: {text_of(error, MAX_REDACTED)}",
            "logging_args": record.args,
        }
