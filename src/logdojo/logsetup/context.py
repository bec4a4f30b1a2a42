"""Who and what an event belongs to: user, session, transaction and trace ids, in every record.

The ids live in a context variable: each thread and each asyncio task sees its own, and a task starts with those of the
code that made it. A new thread starts with none; ``carrying`` takes them along.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from logdojo.logsetup.plain import json_line

ECS_NAMES: Final = MappingProxyType(
    {"user": "user.id", "session": "session.id", "transaction": "transaction.id", "trace": "trace.id"}
)
"""What a caller says → the field it stands in."""
ATTRIBUTE: Final = "_logdojo_ids"
"""Attribute of a record under which ``ContextFilter`` keeps the ids of the context that logged it."""


class Ids:
    """The ids of one context, written as JSON once and not for each record.

    Args:
        fields: ECS name → id.
    """

    __slots__ = ("encoded", "fields")

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields: Mapping[str, str] = MappingProxyType(dict(fields))
        # From {"user.id":"ada"} to ,"user.id":"ada" as it follows other fields.
        self.encoded: bytes = b"," + json_line(fields).encode()[1:-1] if fields else b""


NO_IDS: Final = Ids({})
ids_of_context: Final[ContextVar[Ids]] = ContextVar("logdojo_ids", default=NO_IDS)


def bind(
    *, user: str | None = None, session: str | None = None, transaction: str | None = None, trace: str | None = None
) -> None:
    """Set ids for the rest of this context; an id that is not given stays, an empty one is removed."""
    ids_of_context.set(_with(user, session, transaction, trace))


@contextmanager
def scope(
    *, user: str | None = None, session: str | None = None, transaction: str | None = None, trace: str | None = None
) -> Iterator[None]:
    """Set ids for a block; whatever was set before it, or is bound inside it, is put back at its end."""
    token = ids_of_context.set(_with(user, session, transaction, trace))
    try:
        yield
    finally:
        ids_of_context.reset(token)


def current() -> Mapping[str, str]:
    """Return the ids of this context under their ECS names."""
    return ids_of_context.get().fields


class ContextFilter(logging.Filter):
    """Give a record the ids of the context that logged it; an extra of the same name wins.

    It belongs on handlers: a filter on a logger does not see what that logger's children log. logdojo's own file
    handler writes in the thread that logs and needs none; a handler that passes records on to another thread does.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids to ``record`` and let it pass."""
        attributes = vars(record)
        ids = attributes.setdefault(ATTRIBUTE, ids_of_context.get())
        for name, value in ids.fields.items():
            attributes.setdefault(name, value)
        return True


def _with(*values: str | None) -> Ids:
    fields = dict(ids_of_context.get().fields)
    for name, value in zip(ECS_NAMES.values(), values, strict=True):
        if value:
            fields[name] = value
        elif value is not None:
            fields.pop(name, None)
    return Ids(fields)
