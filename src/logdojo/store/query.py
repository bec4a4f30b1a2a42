"""What can be asked of a store: frozen values, never SQL or JSON from outside.

    Query((any_of("event.outcome", "failure"), exists("user.name")), since=monday, limit=20)
    Aggregation(by=("source.ip",), metric=Metric(Measure.DISTINCT, "destination.port"))

Names of fields are data here. Each store makes its own question of them, with all values as parameters.
"""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from logdojo.errors import UsageError
from logdojo.events import LogEvent
from logdojo.store.batch import Place, Tags
from logdojo.store.columns import TIME

MOST_EVENTS: Final = 10_000
_LONGEST_NAME: Final = 256

Value = str | int | float | bool


class Op(enum.StrEnum):
    """How a filter compares."""

    ANY_OF = "any of"
    NONE_OF = "none of"
    PREFIX = "prefix"
    CONTAINS = "contains"
    EXISTS = "exists"
    MISSING = "missing"
    AT_LEAST = "at least"
    BELOW = "below"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one field; the functions below make them.

    A list, such as ``event.category``, fulfills it when one of its values does.
    """

    field: str
    op: Op
    values: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.field) <= _LONGEST_NAME:
            raise UsageError(f"{self.field[:40]!r} is no name of a field", hint="name a field such as source.ip")
        if self.op in {Op.AT_LEAST, Op.BELOW} and not isinstance(self.values[0], int):
            raise UsageError(f"{self.field}: {self.values[0]!r} is no whole number", hint="compare with a number")
        if self.op is Op.NETWORK:
            try:
                ipaddress.IPv4Network(str(self.values[0]))
            except ValueError as error:
                raise UsageError(f"{self.field}: {error}", hint="name an IPv4 network, such as 10.20.0.0/16") from error


def any_of(field: str, *values: Value) -> Filter:
    """Return the filter: the field has one of these values."""
    return Filter(field, Op.ANY_OF, values)


def none_of(field: str, *values: Value) -> Filter:
    """Return the filter: the field has none of these values; a missing one has none."""
    return Filter(field, Op.NONE_OF, values)


def begins(field: str, text: str) -> Filter:
    """Return the filter: the field begins with the text."""
    return Filter(field, Op.PREFIX, (text,))


def contains(field: str, text: str) -> Filter:
    """Return the filter: the text stands somewhere in the field, in capitals or not."""
    return Filter(field, Op.CONTAINS, (text,))


def exists(field: str) -> Filter:
    """Return the filter: the event has the field."""
    return Filter(field, Op.EXISTS)


def missing(field: str) -> Filter:
    """Return the filter: the event does not have the field."""
    return Filter(field, Op.MISSING)


def at_least(field: str, number: int) -> Filter:
    """Return the filter: the field is this number or more."""
    return Filter(field, Op.AT_LEAST, (number,))


def below(field: str, number: int) -> Filter:
    """Return the filter: the field is less than this number."""
    return Filter(field, Op.BELOW, (number,))


def in_network(field: str, network: str) -> Filter:
    """Return the filter: the field is an address of this IPv4 network, such as ``10.20.0.0/16``."""
    return Filter(field, Op.NETWORK, (network,))


@dataclass(frozen=True, slots=True)
class Query:
    """Which events are wanted, and in which order.

    Args:
        filters: all of them must hold.
        since: the first moment; aware.
        until: the first moment that is too late; aware.
        limit: at most so many events; no more than ``MOST_EVENTS``.
        order_by: a column.
        descending: the largest, or newest, first. Events without the field come last either way.
    """

    filters: tuple[Filter, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100
    order_by: str = TIME
    descending: bool = True

    def __post_init__(self) -> None:
        _check_times(self.since, self.until)
        if not 0 < self.limit <= MOST_EVENTS:
            raise UsageError(f"a limit of {self.limit} events", hint=f"ask for 1 to {MOST_EVENTS:,}")


class Measure(enum.StrEnum):
    """What is computed for each group."""

    COUNT = "count"
    DISTINCT = "distinct"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is computed for each group, and of which column; ``COUNT`` counts the events and needs none."""

    measure: Measure = Measure.COUNT
    field: str = ""

    def __post_init__(self) -> None:
        if (self.measure is Measure.COUNT) == bool(self.field):
            raise UsageError(
                f"the metric {self.measure} with field {self.field!r}", hint="every metric but count needs a field"
            )


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A figure for each group of events.

    Args:
        by: fields that make the groups; an event without one is in the group None, one with a list is in several.
        bucket: length of the pieces in which time is cut, from one second on; events without a time are left out then.
        metric: the figure.
        filters: which events count.
        since: the first moment; aware.
        until: the first moment that is too late; aware.
        limit: at most so many groups. In order of time with a bucket, the largest figure first without.
    """

    by: tuple[str, ...] = ()
    bucket: timedelta | None = None
    metric: Metric = field(default_factory=Metric)
    filters: tuple[Filter, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 1_000

    def __post_init__(self) -> None:
        _check_times(self.since, self.until)
        if self.bucket is not None and (self.bucket < timedelta(seconds=1) or self.bucket.microseconds):
            raise UsageError(f"a bucket of {self.bucket}", hint="cut time into pieces of whole seconds")
        if not 0 < self.limit <= MOST_EVENTS:
            raise UsageError(f"a limit of {self.limit} groups", hint=f"ask for 1 to {MOST_EVENTS:,}")


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as a store gives it back; without spans, which ``parse_line`` finds again in ``event.original``.

    Args:
        id: see ``event_id``.
        event: what was read from the line.
        place: where it stood.
        tags: what the collector knew of it.
    """

    id: str
    event: LogEvent
    place: Place
    tags: Tags


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an aggregation.

    Args:
        keys: a value for each field of ``by``.
        start: when its piece of time begins, in UTC; None without a bucket.
        value: the figure; None where there is nothing to compute it from.
    """

    keys: tuple[Value | None, ...]
    start: datetime | None
    value: float | None


def _check_times(*moments: datetime | None) -> None:
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise UsageError(f"the moment {moment} has no time zone", hint="use datetime(…, tzinfo=UTC)")
