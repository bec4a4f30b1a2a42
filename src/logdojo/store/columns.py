"""The fields that are asked most: columns of their own with a type, the same ones in every store.

All fields of an event are kept as JSON as well, as they were read. A column is a quick way to a value: one that does
not fit the column's type stands in the JSON alone.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TIME: Final = "@timestamp"
INGESTED: Final = "event.ingested"
ORIGINAL: Final = "event.original"
PARSE_ERROR: Final = "logdojo.parse.error"
SOURCE: Final = "logdojo.source"
TENANT: Final = "logdojo.tenant"
SEVERITY: Final = "logdojo.severity"
SENSITIVITY: Final = "logdojo.sensitivity"

_MOST: Final = 2**63


class Kind(enum.StrEnum):
    """What a column holds."""

    TEXT = "text"
    TEXTS = "texts"
    """A list of texts, such as ``event.category``."""
    INTEGER = "integer"
    ADDRESS = "address"
    TIME = "time"
    """A moment in UTC, to the microsecond."""
    LINE = "line"
    """The raw line: searched in, never grouped by."""


_TEXT: Final = (
    *("event.kind", "event.dataset", "event.action", "event.outcome", "event.code", "network.transport"),
    *("user.name", "host.name", "process.name", "http.request.method", "url.original", "rule.name"),
    *("cloud.account.id", "log.file.path"),
)
_INTEGER: Final = (
    *("source.port", "destination.port", "process.pid", "http.response.status_code"),
    *("source.bytes", "destination.bytes", "network.bytes"),
)
EVENT_COLUMNS: Final[Mapping[str, Kind]] = MappingProxyType(
    {TIME: Kind.TIME}
    | dict.fromkeys(_TEXT, Kind.TEXT)
    | dict.fromkeys(("source.ip", "destination.ip"), Kind.ADDRESS)
    | dict.fromkeys(_INTEGER, Kind.INTEGER)
    | dict.fromkeys(("event.category", "event.type"), Kind.TEXTS)
)
"""Name → kind of the columns that are filled from an event's fields."""

OWN_COLUMNS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        INGESTED: Kind.TIME,
        ORIGINAL: Kind.LINE,
        PARSE_ERROR: Kind.TEXT,
        SOURCE: Kind.TEXT,
        TENANT: Kind.TEXT,
        SEVERITY: Kind.INTEGER,
        SENSITIVITY: Kind.TEXT,
    }
)
"""Name → kind of the columns that the store fills itself; a field of the same name never gets into them."""

COLUMNS: Final[Mapping[str, Kind]] = MappingProxyType({**OWN_COLUMNS, **EVENT_COLUMNS})


def fits(value: object, kind: Kind) -> bool:
    """Return whether a field's value can stand in a column of this kind."""
    if kind is Kind.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool) and -_MOST <= value < _MOST
    if kind is Kind.TEXTS:
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)
