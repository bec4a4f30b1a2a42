"""Queries as bodies for OpenSearch and Elasticsearch: the same questions that ``sql`` asks of DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from logdojo.errors import UsageError
from logdojo.store.columns import COLUMNS, INGESTED, ORIGINAL, TIME, Kind
from logdojo.store.query import Aggregation, Filter, Measure, Metric, Op, Query, Value
from logdojo.store.sql import as_text

PAIRS: Final = "logdojo.pairs"
"""``name=value`` of each field that has no column of its own."""
STREAM: Final = "logdojo.stream"
OFFSET: Final = "logdojo.offset"
FIELDS: Final = "logdojo.fields"
RAW: Final = "logdojo.original_bytes"

PAGE: Final = 1_000
_LONGEST_KEYWORD: Final = 8_191
_ORDERED: Final = {Kind.TIME, Kind.INTEGER, Kind.TEXT}
_WILD: Final = re.compile(r"([*?\\])")
_AGGREGATIONS: Final = {
    Measure.DISTINCT: "cardinality",
    Measure.SUM: "sum",
    Measure.MIN: "min",
    Measure.MAX: "max",
    Measure.MEAN: "avg",
}
_TYPES: Final[dict[Kind, dict[str, Any]]] = {
    Kind.TEXT: {"type": "keyword", "ignore_above": _LONGEST_KEYWORD},
    Kind.TEXTS: {"type": "keyword", "ignore_above": _LONGEST_KEYWORD},
    Kind.INTEGER: {"type": "long"},
    Kind.ADDRESS: {"type": "ip", "ignore_malformed": True},
    Kind.TIME: {"type": "date_nanos"},
    Kind.LINE: {"type": "wildcard"},
}


def mapping() -> dict[str, Any]:
    """Return the types of all columns, as ECS has them; what has none is kept and not indexed."""
    kept = {"type": "keyword", "index": False, "doc_values": False}
    own = {
        PAIRS: {"type": "keyword", "ignore_above": _LONGEST_KEYWORD},
        STREAM: {"type": "keyword"},
        OFFSET: {"type": "long"},
        FIELDS: kept,
        RAW: {"type": "binary"},
    }
    return {"dynamic": False, "properties": {name: _TYPES[kind] for name, kind in COLUMNS.items()} | own}


def condition(
    filters: Iterable[Filter], since: datetime | None = None, until: datetime | None = None
) -> dict[str, Any]:
    """Return the query that all filters hold and that the time lies in the range."""
    must: list[dict[str, Any]] = []
    must_not: list[dict[str, Any]] = []
    for each in filters:
        (must_not if each.op in {Op.NONE_OF, Op.MISSING} else must).append(_clause(each))
    bounds = {name: moment(at) for name, at in (("gte", since), ("lt", until)) if at is not None}
    if bounds:
        must.append({"range": {TIME: bounds}})
    return {"bool": {"filter": must, "must_not": must_not}}


def older(limit: datetime, filters: Iterable[Filter]) -> dict[str, Any]:
    """Return the query for events older than a moment, by their time or else by their arrival."""
    before = {"lt": moment(limit)}
    untimed = {"bool": {"must_not": [{"exists": {"field": TIME}}], "filter": [{"range": {INGESTED: before}}]}}
    found = condition(filters)
    found["bool"]["filter"].append({"bool": {"should": [{"range": {TIME: before}}, untimed]}})
    return found


def order(query: Query) -> list[dict[str, Any]]:
    """Return the order of a query; equal ones in the order of their places.

    Raises:
        UsageError: the field is no column that has an order.
    """
    _column(query.order_by, "an order needs", *_ORDERED)
    direction = "desc" if query.descending else "asc"
    return [{query.order_by: {"order": direction, "missing": "_last"}}, {STREAM: "asc"}, {OFFSET: "asc"}]


def grouping(asked: Aggregation, after: dict[str, Any] | None) -> dict[str, Any]:
    """Return the body for one page of groups; all of them are fetched, since the largest may come last."""
    sources: list[dict[str, Any]] = []
    for number, name in enumerate(asked.by):
        if name not in COLUMNS or COLUMNS[name] is Kind.LINE:
            raise UsageError(f"groups by {name}: this store has no column for it", hint="group by a typed column")
        sources.append({f"k{number}": {"terms": {"field": name, "missing_bucket": True}}})
    if asked.bucket is not None:
        every = f"{int(asked.bucket.total_seconds())}s"
        sources.append({"start": {"date_histogram": {"field": TIME, "fixed_interval": every}}})
    composite: dict[str, Any] = {"size": PAGE, "sources": sources}
    if after is not None:
        composite["after"] = after
    groups: dict[str, Any] = {"composite": composite}
    body = {"size": 0, "query": condition(asked.filters, asked.since, asked.until)}
    if not sources:
        return body | {"track_total_hits": True, "aggs": figure(asked.metric)}
    if asked.metric.measure is not Measure.COUNT:
        groups["aggs"] = figure(asked.metric)
    return body | {"aggs": {"groups": groups}}


def figure(metric: Metric) -> dict[str, Any]:
    """Return the aggregation of a metric; distinct values are exact up to 40,000 and near it beyond.

    Raises:
        UsageError: the field is no column that the metric can be computed from.
    """
    if metric.measure is Measure.COUNT:
        return {}
    allowed = [Kind.INTEGER]
    options = {}
    if metric.measure is Measure.DISTINCT:
        allowed += [Kind.TEXT, Kind.ADDRESS]
        options = {"precision_threshold": 40_000}
    _column(metric.field, f"{metric.measure} needs", *allowed)
    found: dict[str, Any] = {"value": {_AGGREGATIONS[metric.measure]: {"field": metric.field, **options}}}
    if metric.measure in {Measure.MIN, Measure.MAX, Measure.MEAN}:
        found["there"] = {"value_count": {"field": metric.field}}
    return found


def moment(at: datetime) -> str:
    """Return a moment as the index has it: UTC, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def pair(name: str, value: Value) -> str:
    """Return the term for a field without a column."""
    return f"{name}={as_text(value)}"


def _clause(asked: Filter) -> dict[str, Any]:
    kind = COLUMNS.get(asked.field)
    if asked.op in {Op.EXISTS, Op.MISSING}:
        return {"exists": {"field": asked.field}} if kind else {"prefix": {PAIRS: f"{asked.field}="}}
    if asked.op in {Op.ANY_OF, Op.NONE_OF}:
        return _equal(asked.field, kind, asked.values)
    value = asked.values[0]
    if asked.op in {Op.AT_LEAST, Op.BELOW}:
        _column(asked.field, f"'{asked.op}' needs", Kind.INTEGER)
        return {"range": {asked.field: {"gte" if asked.op is Op.AT_LEAST else "lt": value}}}
    if asked.op is Op.NETWORK:
        _column(asked.field, "a network needs", Kind.ADDRESS)
        return {"term": {asked.field: str(value)}}
    if asked.op is Op.CONTAINS:
        _column(asked.field, "'contains' needs", Kind.TEXT, Kind.LINE)
        return {"wildcard": {asked.field: {"value": f"*{_literally(value)}*", "case_insensitive": True}}}
    if kind in {Kind.ADDRESS, Kind.INTEGER, Kind.TIME, Kind.LINE}:
        raise UsageError(f"{asked.field} is {kind}: it has no prefix", hint="use a network, a range or 'contains'")
    return {"prefix": {asked.field: str(value)} if kind else {PAIRS: pair(asked.field, str(value))}}


def _equal(name: str, kind: Kind | None, values: tuple[Value, ...]) -> dict[str, Any]:
    if kind is Kind.TIME:
        raise UsageError(f"{name} is a moment", hint="ask for a range of time")
    if kind is Kind.INTEGER:
        return {"terms": {name: [value for value in values if type(value) is int]}}
    if kind is None:
        return {"terms": {PAIRS: [pair(name, value) for value in values]}}
    if kind is Kind.ADDRESS:
        # A text that is no address would make the server refuse the question.
        return {"terms": {name: [str(value) for value in values if is_address(value)]}}
    if name == ORIGINAL:
        return {"bool": {"should": [{"wildcard": {name: _literally(value)}} for value in values]}}
    return {"terms": {name: [as_text(value) for value in values]}}


def _literally(value: Value) -> str:
    """Return a text in which a wildcard query sees no wildcards."""
    return _WILD.sub(r"\\\1", as_text(value))


def is_address(value: object) -> bool:
    """Return whether a value is an IP address."""
    import ipaddress

    try:
        ipaddress.ip_address(str(value))
    except ValueError:
        return False
    return True


def _column(name: str, what: str, *kinds: Kind) -> None:
    if COLUMNS.get(name) not in kinds:
        raise UsageError(f"{name}: {what} a column of kind {' or '.join(kinds)}", hint="ask for a typed column")
