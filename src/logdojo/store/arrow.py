"""A batch as one Arrow table: a column for each of ``COLUMNS``, and all fields of an event as JSON.

The quick way takes every value as it is; if a single one does not fit, its whole batch goes the careful way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logdojo.events import LogEvent, printable
from logdojo.store.batch import Batch
from logdojo.store.columns import (
    EVENT_COLUMNS,
    INGESTED,
    ORIGINAL,
    PARSE_ERROR,
    SENSITIVITY,
    SEVERITY,
    SOURCE,
    TENANT,
    Kind,
    fits,
)

if TYPE_CHECKING:
    import pyarrow as pa

STREAM: Final = "stream"
OFFSET: Final = "offset"
FIELDS: Final = "fields"
RAW: Final = "original_bytes"
STORE_COLUMNS: Final = (STREAM, OFFSET, FIELDS, RAW)
"""What a table of events has besides the typed columns."""

_encoder: Final = msgspec.json.Encoder()
_LONGEST_TIME: Final = len("2026-11-24T13:56:00.123456")


def table_of(batch: Batch, promoted: Mapping[str, Kind], *, now: datetime) -> pa.Table:
    """Return the batch as a table.

    Args:
        batch: at least one event.
        promoted: columns beyond ``COLUMNS`` that the store has.
        now: the moment of arrival, in UTC.
    """
    import pyarrow as pa

    kinds = {**EVENT_COLUMNS, **promoted}
    # A fractional number in a column of whole ones loses its decimals there; the JSON keeps them.
    refusals = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError)
    fields: Sequence[Mapping[str, object]] = [event.fields for event in batch.events]
    try:
        columns = _columns(fields, kinds)
        written = _lines(_encoder.encode_lines(fields), len(fields))
    except refusals:
        fields = [_clean(each) for each in fields]
        columns = _columns([_fitting(each, kinds) for each in fields], kinds)
        written = _lines(_encoder.encode_lines(fields), len(fields))
    text, tags = pa.string(), batch.tags
    columns[STREAM] = _texts([place.stream for place in batch.places])
    columns[OFFSET] = pa.array([place.offset for place in batch.places], pa.int64())
    columns[FIELDS] = written
    columns[ORIGINAL], columns[RAW] = _originals(batch.events)
    columns[PARSE_ERROR] = _texts([event.error or None for event in batch.events])
    if tags.count(tags[0]) == len(tags):
        tags = tags[:1]
    own = {
        SOURCE: pa.array([each.source for each in tags], text),
        TENANT: pa.array([each.tenant or None for each in tags], text),
        SEVERITY: pa.array([each.severity for each in tags], pa.int64()),
        SENSITIVITY: pa.array([each.sensitivity or None for each in tags], text),
        INGESTED: pa.array([now.replace(tzinfo=None)], pa.timestamp("us")),
    }
    for name, values in own.items():
        columns[name] = pa.repeat(values[0], len(batch)) if len(values) == 1 else values
    return pa.table(columns)


def _texts(values: list[str | None] | list[str]) -> Any:
    import pyarrow as pa

    if values.count(values[0]) == len(values):  # type: ignore[arg-type]  # it is one of them
        return pa.repeat(pa.scalar(values[0] and printable(values[0]), pa.string()), len(values))
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value and printable(value) for value in values], pa.string())


def original_of(original: str, raw: bytes | None) -> str:
    """Return the raw line as the event had it, from the two columns that hold it."""
    return original if raw is None else raw.decode("utf-8", "surrogateescape")


def moment_of(text: object) -> datetime | None:
    """Return the moment that ``@timestamp`` names, in UTC to the microsecond; None when it names none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text[:_LONGEST_TIME])
        except ValueError:
            return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def clean_fields(event: LogEvent) -> Mapping[str, object]:
    """Return an event's fields with nothing in them that UTF-8 cannot hold."""
    return _clean(event.fields)


def undecodable(original: str) -> bytes | None:
    """Return the bytes of a line that is not UTF-8; None for one that is."""
    try:
        original.encode()
    except UnicodeEncodeError:
        try:
            return original.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None  # no bytes could have been read as this; the printable form is all there is
    return None


def _columns(fields: Sequence[Mapping[str, object]], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    import pyarrow as pa

    types = {
        Kind.INTEGER: pa.int64(),
        Kind.TEXTS: pa.list_(pa.string()),
        Kind.TIME: pa.string(),
        Kind.TEXT: pa.string(),
        Kind.ADDRESS: pa.string(),
    }
    wanted = pa.struct([(name, types[kind]) for name, kind in kinds.items()])
    found = dict(zip(kinds, pa.array(fields, wanted).flatten(), strict=True))
    for name, kind in kinds.items():
        if kind is Kind.TIME:
            found[name] = _moments(found[name])
    return found


def _moments(texts: Any) -> Any:
    import pyarrow as pa

    try:
        zoned = texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        zoned = pa.array([moment_of(text) for text in texts.to_pylist()], pa.timestamp("us", "UTC"))
    return zoned.cast(pa.timestamp("us"))


def _lines(block: bytes, count: int) -> Any:
    """Return one text for each line of a block; the line ends stay, JSON does not mind."""
    import numpy as np
    import pyarrow as pa

    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
    offsets = np.zeros(count + 1, np.int64)
    offsets[1:] = ends
    return pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(block))


def _originals(events: Sequence[LogEvent]) -> tuple[Any, Any]:
    import pyarrow as pa

    lines = [event.original for event in events]
    try:
        return pa.array(lines, pa.large_string()), pa.nulls(len(lines), pa.binary())
    except UnicodeEncodeError:
        raw = pa.array([undecodable(line) for line in lines], pa.binary())
        return pa.array([printable(line) for line in lines], pa.large_string()), raw


def _fitting(fields: Mapping[str, object], kinds: Mapping[str, Kind]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name in kinds and fits(value, kinds[name])}


def _clean(fields: Mapping[str, object]) -> dict[str, object]:
    return {printable(name): _clean_value(value) for name, value in fields.items()}


def _clean_value(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    return [_clean_value(each) for each in value] if isinstance(value, (list, tuple)) else value
