"""``logdojo store``: ask a store, count what is in it, and let old events go."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from logdojo.cli.collect import open_store
from logdojo.cli.streams import console
from logdojo.cli.tables import table
from logdojo.errors import UsageError
from logdojo.store.query import (
    Aggregation,
    Filter,
    Measure,
    Metric,
    Query,
    any_of,
    at_least,
    begins,
    below,
    contains,
    exists,
    in_network,
    missing,
    none_of,
)

_LOCK_SECONDS = 5.0
_CONDITION = re.compile(r"(!?)([^=!^~<>@\s][^=!^~<>]*?)(?:(!=|\^=|@=|~|>=|<|=)(.*))?", re.DOTALL)
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WHOLE = re.compile(r"-?\d{1,18}")

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="name=value, name!=value, name^=prefix, name~part, name>=n, name<n, name@=network, name, !name; "
        "all must hold.",
    ),
]
Since = Annotated[str, typer.Option(help="First moment: 2026-11-24T10:00:00Z, or an age such as 24h or 7d.")]
Until = Annotated[str, typer.Option(help="First moment that is too late, written the same way.")]
Store = Annotated[str, typer.Argument(help="A DuckDB file, or https://host:9200/index.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(no_args_is_help=True, help="Ask a store of events, and let old ones go.")
    group.command()(query)
    group.command()(stats)
    group.command()(retain)
    app.add_typer(group, name="store")


def query(
    store: Store,
    where: Where = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(help="At most so many events.")] = 100,
    oldest: Annotated[bool, typer.Option("--oldest", help="The oldest first instead of the newest.")] = False,
) -> None:
    """Write the events that match, one JSON object of flat ECS names a line."""
    asked = Query(conditions(where), moment_of(since), moment_of(until), limit=limit, descending=not oldest)
    opened = open_store(store, wait=_LOCK_SECONDS, make=False)
    try:
        found = opened.search(asked)
    finally:
        opened.close()
    for each in found:
        tags = {
            "logdojo.id": each.id,
            "logdojo.source": each.tags.source,
            "logdojo.tenant": each.tags.tenant,
            "logdojo.severity": each.tags.severity.label if each.tags.severity is not None else "",
            "logdojo.sensitivity": each.tags.sensitivity,
        }
        print(json.dumps(each.event.flat() | {name: value for name, value in tags.items() if value}))


def stats(
    store: Store,
    by: Annotated[
        list[str] | None, typer.Option(help="Fields that make the groups; event.dataset if not given.")
    ] = None,
    every: Annotated[str, typer.Option(help="Cut time into pieces of this length: 10m, 1h, 1d.")] = "",
    measure: Annotated[Measure, typer.Option(help="What is computed for each group.")] = Measure.COUNT,
    of: Annotated[str, typer.Option(help="The column it is computed of; a count needs none.")] = "",
    where: Where = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(help="At most so many groups.")] = 20,
) -> None:
    """Write a table of groups of events with a figure for each."""
    names = tuple(by or (() if every else ("event.dataset",)))
    asked = Aggregation(
        names,
        bucket=_duration(every) if every else None,
        metric=Metric(measure, of),
        filters=conditions(where),
        since=moment_of(since),
        until=moment_of(until),
        limit=limit,
    )
    opened = open_store(store, wait=_LOCK_SECONDS, make=False)
    try:
        groups = opened.aggregate(asked)
    finally:
        opened.close()
    header = [*(["time"] if every else []), *names, f"{measure} {of}".strip()]
    rows = [
        [
            *([group.start.strftime("%Y-%m-%d %H:%M:%S")] if group.start is not None else []),
            *("(none)" if key is None else key for key in group.keys),
            f"{group.value:,}" if group.value is not None else "(none)",
        ]
        for group in groups
    ]
    print(table(header, rows, indent=""))


def retain(
    store: Store,
    older_than: Annotated[str, typer.Option(help="Events of this age go: 90d, or a moment.")],
    where: Where = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many that would be.")] = False,
) -> None:
    """Delete events older than an age; one without a time is as old as its arrival."""
    moment, filters = moment_of(older_than), conditions(where)
    if moment is None:
        raise UsageError("--older-than is empty", hint="write an age such as 90d")
    opened = open_store(store, wait=_LOCK_SECONDS, make=False)
    try:
        # Those without a time are left to the real run: how old they are is the store's own knowledge.
        gone = opened.count(Query(filters, until=moment)) if dry_run else opened.delete_before(moment, filters)
        left = opened.count()
    finally:
        opened.close()
    console.print(f"{gone:,} events {'would be' if dry_run else 'were'} deleted, {left:,} are there", highlight=False)


def conditions(texts: list[str] | None) -> tuple[Filter, ...]:
    """Return the filters that the command line names.

    Raises:
        UsageError: a text is no condition.
    """
    return tuple(_condition(text) for text in texts or [])


def _condition(text: str) -> Filter:
    found = _CONDITION.fullmatch(text)
    if found is None or (found[1] and found[3]):
        raise UsageError(f"--where {text!r}: no condition", hint="write name=value, name!=value, name, !name …")
    absent, name, op, value = found.groups()
    if op is None:
        return missing(name) if absent else exists(name)
    if op in {">=", "<"}:
        if not _WHOLE.fullmatch(value):
            raise UsageError(f"--where {text!r}: {value!r} is no whole number", hint="compare with a number")
        return (at_least if op == ">=" else below)(name, int(value))
    # A shell has no types: a number finds both the number and the text.
    values = (value, int(value)) if _WHOLE.fullmatch(value) and str(int(value)) == value else (value,)
    if op in {"=", "!="}:
        return (any_of if op == "=" else none_of)(name, *values)
    return {"^=": begins, "~": contains, "@=": in_network}[op](name, value)


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text names: one in ISO 8601, or an age; None for an empty text.

    Raises:
        UsageError: it names none.
    """
    if not text:
        return None
    if _DURATION.fullmatch(text):
        return datetime.now(UTC) - _duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no moment", hint="write 2026-11-24T10:00:00Z, or an age such as 24h") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no length of time", hint="write a number and a unit: 30s, 10m, 1h, 7d, 2w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
