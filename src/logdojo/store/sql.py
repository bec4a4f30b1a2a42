"""Queries as SQL for DuckDB: names of columns come from the store's own list, everything else is a parameter."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from logdojo.errors import UsageError
from logdojo.store.columns import INGESTED, ORIGINAL, TIME, Kind
from logdojo.store.query import Aggregation, Filter, Measure, Metric, Op, Query, Value

_MEASURES: Final = {
    Measure.COUNT: "count(*)",
    Measure.DISTINCT: "count(DISTINCT x)",
    Measure.SUM: "coalesce(sum(x), 0)",
    Measure.MIN: "min(x)",
    Measure.MAX: "max(x)",
    Measure.MEAN: "avg(x)",
}


class Statement:
    """Pieces of SQL and their parameters, for one statement over the table ``events``.

    Args:
        columns: name → kind of the columns that the table has.
    """

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        self.parameters: list[object] = []
        self._columns = columns

    def where(self, filters: Iterable[Filter], since: datetime | None = None, until: datetime | None = None) -> str:
        """Return the condition that all filters hold and that the time lies in the range."""
        parts = [self._condition(each) for each in filters]
        if since is not None:
            parts.append(f"{quoted(TIME)} >= {self._bind(utc(since))}")
        if until is not None:
            parts.append(f"{quoted(TIME)} < {self._bind(utc(until))}")
        return " AND ".join(f"({part})" for part in parts) or "true"

    def order(self, query: Query) -> str:
        """Return the order of a query; equal ones in the order of their places.

        Raises:
            UsageError: the field is no column that has an order.
        """
        column = self._column(query.order_by, "an order needs", Kind.TIME, Kind.INTEGER, Kind.TEXT)
        direction = "DESC" if query.descending else "ASC"
        return f"{column} {direction} NULLS LAST, stream, {quoted('offset')}"

    def aggregation(self, asked: Aggregation) -> str:
        """Return the whole statement of an aggregation: keys, start of the bucket, figure."""
        keys = [self._group_key(name) for name in asked.by]
        start = "NULL::TIMESTAMP"
        if asked.bucket is not None:
            length = self._bind(int(asked.bucket.total_seconds()))
            start = f"time_bucket(to_seconds({length}), {quoted(TIME)}, TIMESTAMP '1970-01-01')"
        condition = self.where(asked.filters, asked.since, asked.until)
        if asked.bucket is not None:
            condition += f" AND {quoted(TIME)} IS NOT NULL"
        selected = ", ".join([*(f"{key} AS k{number}" for number, key in enumerate(keys)), f"{start} AS start"])
        names = ", ".join([*(f"k{number}" for number in range(len(keys))), "start"])
        figure, argument = self._figure(asked.metric)
        inner = f"SELECT {selected}{argument} FROM events WHERE {condition}"  # noqa: S608  # made of own parts
        lists = [number for number, name in enumerate(asked.by) if self._columns.get(name) is Kind.TEXTS]
        if lists:
            inner = self._unnested(inner, lists, len(keys), argument)
        order = ["start"] if asked.bucket is not None else ["value DESC NULLS LAST"]
        order += [f"k{number} NULLS LAST" for number in range(len(keys))]
        total = figure if not (lists and asked.metric.measure is Measure.COUNT) else "sum(n)::BIGINT"
        return (
            f"SELECT {names}, {total} AS value FROM ({inner}) "  # noqa: S608  # made of own parts
            f"GROUP BY {names} ORDER BY {', '.join(order)} LIMIT {int(asked.limit)}"
        )

    def _unnested(self, inner: str, lists: list[int], keys: int, argument: str) -> str:
        """Return the rows of ``inner`` once for each value of their lists; equal rows are counted first, then split."""
        names = ", ".join([*(f"k{number}" for number in range(keys)), "start"]) + (", x" if argument else "")
        counted = f"SELECT {names}, count(*) AS n FROM ({inner}) GROUP BY ALL" if not argument else inner  # noqa: S608  # own parts
        split = "".join(
            f", unnest(CASE WHEN len(k{number}) > 0 THEN k{number} ELSE [NULL] END) AS u{number}(v{number})"
            for number in lists
        )
        renamed = ", ".join(
            [*(f"v{number} AS k{number}" if number in lists else f"k{number}" for number in range(keys))]
        )
        rest = ", start" + (", x" if argument else ", n")
        return f"SELECT {renamed}{rest} FROM ({counted}){split}"  # noqa: S608  # own parts

    def _group_key(self, name: str) -> str:
        if self._columns.get(name) is Kind.LINE:
            raise UsageError(f"groups by {name}: every line would be one", hint="group by another field")
        return self._value(name)

    def older(self, moment: datetime, filters: Iterable[Filter]) -> str:
        """Return the condition that an event is older than a moment, by its time or else by its arrival."""
        return f"coalesce({quoted(TIME)}, {quoted(INGESTED)}) < {self._bind(utc(moment))} AND {self.where(filters)}"

    def _figure(self, metric: Metric) -> tuple[str, str]:
        """Return the figure over the rows of the inner statement, and the column ``x`` that those need for it."""
        if metric.measure is Measure.COUNT:
            return _MEASURES[metric.measure], ""
        allowed = [Kind.INTEGER]
        if metric.measure is Measure.DISTINCT:
            allowed += [Kind.TEXT, Kind.ADDRESS]
        return _MEASURES[metric.measure], f", {self._column(metric.field, f'{metric.measure} needs', *allowed)} AS x"

    def _condition(self, asked: Filter) -> str:
        kind = self._columns.get(asked.field)
        if asked.op is Op.EXISTS:
            return self._present(asked.field, kind)
        if asked.op is Op.MISSING:
            return f"NOT ({self._present(asked.field, kind)})"
        if asked.op in {Op.ANY_OF, Op.NONE_OF}:
            found = " OR ".join(self._equal(asked.field, kind, value) for value in asked.values) or "false"
            return found if asked.op is Op.ANY_OF else f"NOT coalesce({found}, false)"
        if asked.op in {Op.AT_LEAST, Op.BELOW}:
            column = self._column(asked.field, f"'{asked.op}' needs", Kind.INTEGER)
            return f"{column} {'>=' if asked.op is Op.AT_LEAST else '<'} {self._bind(asked.values[0])}"
        if asked.op is Op.NETWORK:
            column = self._column(asked.field, "a network needs", Kind.ADDRESS)
            return " OR ".join(
                f"{column} = {self._bind(text)}" if whole else f"starts_with({column}, {self._bind(text)})"
                for text, whole in _beginnings(str(asked.values[0]))
            )
        text = str(asked.values[0])
        if asked.op is Op.CONTAINS:
            column = self._column(asked.field, "'contains' needs", Kind.TEXT, Kind.LINE)
            return f"contains(lower({column}), lower({self._bind(text)}))"
        if kind in {Kind.ADDRESS, Kind.INTEGER, Kind.TIME, Kind.LINE}:
            raise UsageError(f"{asked.field} is {kind}: it has no prefix", hint="use a network, a range or 'contains'")
        if kind is Kind.TEXT:
            return f"starts_with({quoted(asked.field)}, {self._bind(text)})"
        start = self._bind(text)
        return f"len(list_filter({self._list(asked.field, kind)}, lambda v: starts_with(v, {start}))) > 0"

    def _present(self, name: str, kind: Kind | None) -> str:
        if kind is None:
            return f"json_exists(fields, {self._bind(pointer(name))})"
        return f"coalesce(len({quoted(name)}), 0) > 0" if kind is Kind.TEXTS else f"{quoted(name)} IS NOT NULL"

    def _equal(self, name: str, kind: Kind | None, value: Value) -> str:
        if kind is Kind.INTEGER:
            return f"{quoted(name)} = {self._bind(value)}" if type(value) is int else "false"
        if kind is Kind.TIME:
            raise UsageError(f"{name} is a moment", hint="ask for a range of time")
        if kind is None or kind is Kind.TEXTS:
            return f"list_contains({self._list(name, kind)}, {self._bind(as_text(value))})"
        return f"{quoted(name)} = {self._bind(as_text(value))}"

    def _list(self, name: str, kind: Kind | None) -> str:
        """Return an expression for the values of a field as a list of texts; NULL or [NULL] when it is not there."""
        if kind is not None:
            return quoted(name)
        path = pointer(name)
        return (
            f"coalesce(TRY_CAST(json_extract(fields, {self._bind(path)}) AS VARCHAR[]), "
            f"[json_extract_string(fields, {self._bind(path)})])"
        )

    def _value(self, name: str) -> str:
        if name in self._columns:
            return quoted(name)
        return f"json_extract_string(fields, {self._bind(pointer(name))})"

    def _column(self, name: str, what: str, *kinds: Kind) -> str:
        if self._columns.get(name) not in kinds:
            wanted = " or ".join(kinds)
            raise UsageError(f"{name}: {what} a column of kind {wanted}", hint="promote the field, or ask otherwise")
        return quoted(name)

    def _bind(self, value: object) -> str:
        self.parameters.append(value)
        return f"${len(self.parameters)}"


def as_text(value: Value) -> str:
    """Return a value as text, as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def utc(moment: datetime) -> datetime:
    """Return a moment as the table has it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def columns_to_read() -> str:
    """Return the columns that a stored event is made of, in a fixed order."""
    names = ("stream", "offset", ORIGINAL, "original_bytes", "fields", "logdojo.parse.error")
    tags = ("logdojo.source", "logdojo.tenant", "logdojo.severity", "logdojo.sensitivity")
    return ", ".join(quoted(name) for name in (*names, *tags))


def quoted(name: str) -> str:
    """Return the name of a column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def pointer(name: str) -> str:
    """Return the JSON pointer of a flat field in ``fields`` (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _beginnings(network: str) -> list[tuple[str, bool]]:
    """Return the texts with which the addresses of an IPv4 network begin, and whether each is a whole address."""
    net = ipaddress.IPv4Network(network)
    octets = max(1, -(-net.prefixlen // 8))
    found = []
    for part in net.subnets(new_prefix=octets * 8):
        text = ".".join(str(part.network_address).split(".")[:octets])
        found.append((text if octets == 4 else f"{text}.", octets == 4))
    return found
