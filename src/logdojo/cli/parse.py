"""``logdojo parse``: raw lines in, one JSON object a line out, flat ECS or nested OCSF."""

from __future__ import annotations

import enum
import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import console, read_lines
from logdojo.parse import parse_line
from logdojo.settings import Settings

_REASONS = 5


class Schema(enum.StrEnum):
    """Under which names events are written."""

    ECS = "ecs"
    OCSF = "ocsf"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(parse)


def parse(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Log files; standard input when none is named.")
    ] = None,
    schema: Annotated[
        Schema, typer.Option(help="Flat names of the Elastic Common Schema, or nested OCSF classes.")
    ] = Schema.ECS,
) -> None:
    """Read raw log lines and write one JSON object a line; lines that cannot be read are kept."""
    from logdojo.parse.ocsf import to_ocsf

    datasets: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for line in read_lines(files or [], max_bytes=Settings().max_line_bytes):
        event = parse_line(line)
        if event.error:
            reasons[event.error] += 1
        else:
            datasets[event.text("event.dataset")] += 1
        written = to_ocsf(event) if schema is Schema.OCSF else event.flat()
        print(json.dumps(written, ensure_ascii=False))
    total = datasets.total() + reasons.total()
    found = ", ".join(f"{count} {name}" for name, count in datasets.most_common()) or "none read"
    console.print(f"{total} lines: {found}; {reasons.total()} rejected", highlight=False, markup=False)
    for reason, count in reasons.most_common(_REASONS):
        console.print(f"  {count} × {reason}", highlight=False, markup=False)
