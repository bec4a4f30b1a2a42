"""Who and what an event belongs to: user, session, transaction and trace ids, in every record.

The ids live in a context variable: each thread and each asyncio task sees its own, and a task starts with those of the
code that made it. A new thread starts with none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

ECS_NAMES: Final = MappingProxyType(
    {"user": "user.id", "session": "session.id", "transaction": "transaction.id", "trace": "trace.id"}
)
"""What a caller says → the field it stands in."""
_ids: ContextVar[Mapping[str, str]] = ContextVar("logdojo_ids", default=MappingProxyType({}))


def bind(
    *, user: str | None = None, session: str | None = None, transaction: str | None = None, trace: str | None = None
) -> None:
    """Set ids for the rest of this context; an id that is not given stays, an empty one is removed."""
    _ids.set(_with(user, session, transaction, trace))


@contextmanager
def scope(
    *, user: str | None = None, session: str | None = None, transaction: str | None = None, trace: str | None = None
) -> Iterator[None]:
    """Set ids for a block; whatever was set before it, or is bound inside it, is put back at its end."""
    token = _ids.set(_with(user, session, transaction, trace))
    try:
        yield
    finally:
        _ids.reset(token)


def current() -> Mapping[str, str]:
    """Return the ids of this context under their ECS names."""
    return _ids.get()


class ContextFilter(logging.Filter):
    """Give a record the ids of the context that logged it; an extra of the same name wins.

    It belongs on handlers: a filter on a logger does not see what that logger's children log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids to ``record`` and let it pass."""
        for name, value in _ids.get().items():
            vars(record).setdefault(name, value)
        return True


def _with(*values: str | None) -> Mapping[str, str]:
    ids = dict(_ids.get())
    for name, value in zip(ECS_NAMES.values(), values, strict=True):
        if value:
            ids[name] = value
        elif value is not None:
            ids.pop(name, None)
    return MappingProxyType(ids)
