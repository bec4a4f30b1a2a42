"""``logdojo simulate``: labelled lines of an invented company."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from logdojo.cli.streams import console, track
from logdojo.errors import InputError, UsageError
from logdojo.settings import Settings

if TYPE_CHECKING:
    from logdojo.simulate import CompanyLine, SimulatedLine

_LINES = 4_000
_EVENTS = 20_000


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(simulate)


def simulate(
    lines: Annotated[
        int | None, typer.Option("--lines", min=0, show_default=str(_LINES), help="How many lines.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of every choice; the settings' seed if not given.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the raw lines alone, without labels.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output if not given.")] = None,
    company: Annotated[
        bool,
        typer.Option("--company", help="Simulate whole days of a company with many sources; raw lines by default."),
    ] = False,
    days: Annotated[
        int | None, typer.Option("--days", min=0, show_default="1", help="With --company: how many days.")
    ] = None,
    events_per_day: Annotated[
        int | None,
        typer.Option("--events-per-day", min=0, show_default=str(_EVENTS), help="With --company: about how many."),
    ] = None,
    attack: Annotated[
        list[str] | None,
        typer.Option("--attack", help="With --company: only attacks of this name; may be given several times."),
    ] = None,
    no_attacks: Annotated[
        bool, typer.Option("--no-attacks", help="With --company: the same days without attacks.")
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="With --company: one JSON object a line, with label, stage and fields.")
    ] = False,
) -> None:
    """Write simulated log lines, one JSON object with its label a line; the same seed gives the same lines."""
    from logdojo.simulate import company_days
    from logdojo.simulate import simulate as simulated

    chosen = Settings().seed if seed is None else seed
    if not company:
        if days is not None or events_per_day is not None or attack or no_attacks or jsonl:
            raise UsageError(
                "--days, --events-per-day, --attack, --no-attacks and --jsonl belong to --company", hint="add --company"
            )
        if raw and out is not None:
            raise UsageError("--raw and --out exclude each other", hint="redirect standard output: --raw > FILE")
        count = _LINES if lines is None else lines
        _write(simulated(count, seed=chosen), out, labelled=not raw, total=count)
        return
    if lines is not None:
        raise UsageError("--lines does not go with --company", hint="give --days and --events-per-day")
    if raw and jsonl:
        raise UsageError("--raw and --jsonl exclude each other", hint="give one of them")
    if attack and no_attacks:
        raise UsageError("--attack and --no-attacks exclude each other", hint="give one of them")
    made = company_days(
        days=1 if days is None else days,
        seed=chosen,
        events_per_day=_EVENTS if events_per_day is None else events_per_day,
        attacks=attack or not no_attacks,
    )
    _write(made, out, labelled=jsonl, total=None)


def _write(made: Iterable[SimulatedLine | CompanyLine], out: Path | None, *, labelled: bool, total: int | None) -> None:
    labels: Counter[str] = Counter()
    with _opened(out) as stream:
        for item in track(made, "simulate", total=total) if out is not None else made:
            labels[item.label] += 1
            print(json.dumps(asdict(item), ensure_ascii=False) if labelled else item.line, file=stream)
    told = ", ".join(f"{count} {label}" for label, count in labels.most_common()) or "nothing"
    console.print(f"{labels.total()} lines: {told}", highlight=False, markup=False)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        stream = out.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(
            f"{out}: cannot be written: {error.strerror}", hint="name a file in an existing folder"
        ) from None
    with stream:
        yield stream
