"""A log record from what another logging library knows about an event."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import TypeAlias

from logdojo.logsetup.fields import is_own

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def make_record(
    logger: logging.Logger,
    level: int,
    *,
    message: object,
    args: tuple[object, ...] = (),
    path: str = "",
    line: int = 0,
    function: str = "",
    exc_info: ExcInfo | None = None,
    stack: str | None = None,
    extras: Mapping[str, object],
) -> logging.LogRecord:
    """Return the record that ``logger`` would have made of the event.

    An extra may have any name. One that is an attribute of records themselves (``name``, ``args``, ``message``) is
    written under ``labels.``, where ``logging`` would raise KeyError.
    """
    record = logger.makeRecord(logger.name, level, path, line, message, args, exc_info, func=function, sinfo=stack)
    attributes = vars(record)
    for name, value in extras.items():
        attributes[f"labels.{name}" if is_own(name) else name] = value
    return record
