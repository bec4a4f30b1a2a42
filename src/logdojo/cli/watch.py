"""``logdojo watch``: what to look at first today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from logdojo.cli.streams import console, read_lines, track
from logdojo.errors import InputError, UsageError
from logdojo.settings import Settings

if TYPE_CHECKING:
    from logdojo.events import LogEvent
    from logdojo.triage.priorities.detections import Sigma

_BATCH: Final = 2_000
_TOLD: Final = 5


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(watch)


def watch(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of raw lines; standard input if none.")] = None,
    store: Annotated[Path | None, typer.Option("--store", help="Read events from this DuckDB store instead.")] = None,
    assets: Annotated[
        Path | None, typer.Option("--assets", help="YAML file: what matters, whose it is, which rules hold for it.")
    ] = None,
    incidents: Annotated[Path | None, typer.Option("--incidents", help="YAML file of past incidents.")] = None,
    history: Annotated[
        Path | None, typer.Option("--history", help="What is usual: read if it is there, and written at the end.")
    ] = None,
    sigma: Annotated[
        list[Path] | None, typer.Option("--sigma", help="A Sigma rule or a folder of them; may be given several times.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules/--no-rules", help="Use the Sigma rules that are shipped.")] = False,
    day: Annotated[str | None, typer.Option("--day", help="Which day, as in 2025-01-06; the last one read.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=1_000, help="How many items the list has.")] = 20,
    alarm: Annotated[
        int | None, typer.Option("--alarm", min=1, max=100, show_default="85", help="Score of the alarm line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the list as one JSON object.")] = False,
) -> None:
    """Write the review list of a day: who to look at first, and why; earlier days show what is usual."""
    from logdojo.triage.priorities import ALARM, Assets, Incidents, Prioritizer, Usual, review

    if store is not None and files:
        raise UsageError("--store and files exclude each other", hint="give one of them")
    wanted = _day(day)
    usual = Usual.load(history) if history is not None and history.exists() else Usual()
    prioritizer = Prioritizer(
        assets=Assets.load(assets) if assets is not None else None,
        incidents=Incidents.load(incidents) if incidents is not None else None,
        usual=usual,
    )
    detector = _rules(sigma or [], own=rules)
    read = unread = 0
    events = track(_stored(store) if store is not None else _parsed(files or []), "watch")
    while batch := list(islice(events, _BATCH)):
        hits = detector.hits(batch) if detector is not None else [[] for _ in batch]
        for event, fired in zip(batch, hits, strict=True):
            prioritizer.observe(event, detections=[hit.evidence() for hit in fired])
            unread += bool(event.error)
        read += len(batch)
    console.print(f"{read} events, {unread} of them not read", highlight=False, markup=False)
    if detector is not None:
        _tell(detector.problems)
    found = review(prioritizer.cases, day=wanted or prioritizer.day, most=top, alarm=alarm or ALARM)
    if history is not None:
        usual.save(history)
    print(json.dumps(found.to_json(), ensure_ascii=False) if as_json else found.to_text())


def _day(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise UsageError(f"--day {given!r} is no date", hint="write it as 2025-01-06") from None


def _parsed(files: list[Path]) -> Iterator[LogEvent]:
    from logdojo.parse import parse_line

    for line in read_lines(files, max_bytes=Settings().max_line_bytes):
        yield parse_line(line)


def _stored(path: Path) -> Iterator[LogEvent]:
    """Yield the events of a store in order of time, page by page."""
    from logdojo.store import DuckDbStore, Query
    from logdojo.store.query import MOST_EVENTS

    if not path.is_file():
        raise InputError(f"{path}: no such store", hint="make one with logdojo collect")
    store = DuckDbStore(path)
    try:
        since: datetime | None = None
        seen: set[str] = set()
        while True:
            page = store.search(Query(since=since, limit=MOST_EVENTS, descending=False))
            for each in page:
                if each.id not in seen:
                    yield each.event
            if len(page) < MOST_EVENTS or not (last := page[-1].event.text("@timestamp")):
                return
            moment = datetime.fromisoformat(last)
            # The next page begins with the last moment of this one; a moment that fills a page is left behind.
            since = moment + timedelta(microseconds=1) if moment == since else moment
            seen = {each.id for each in page}
    finally:
        store.close()


def _rules(places: list[Path], *, own: bool) -> Sigma | None:
    if not places and not own:
        return None
    from logdojo.triage.priorities.detections import Sigma
    from logdojo.triage.priorities.sigma_rules import own_rules, rules_in

    rules = list(own_rules()) if own else []
    for place in places:
        found, problems = rules_in(place)
        rules += found
        _tell(problems)
    console.print(f"{len(rules)} Sigma rules", highlight=False, markup=False)
    return Sigma(rules)


def _tell(problems: tuple[str, ...] | list[str]) -> None:
    for problem in problems[:_TOLD]:
        console.print(f"left out: {problem}", highlight=False, markup=False)
    if len(problems) > _TOLD:
        console.print(f"left out: {len(problems) - _TOLD} more rules", highlight=False, markup=False)
