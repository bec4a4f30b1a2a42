"""``logdojo triage``: lines in, one JSON verdict a line out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import console, read_lines, track
from logdojo.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(name="triage")(triage_command)


def triage_command(
    files: Annotated[list[Path] | None, typer.Argument(help="Log files; standard input when none is named.")] = None,
    model: Annotated[str, typer.Option("--model", help="A fine-tuned model: tiny-triage or the folder of a run.")] = (
        "tiny-triage"
    ),
) -> None:
    """Say for each line what it is part of, how bad that is, and why; one JSON object a line, in order."""
    from collections import Counter

    from logdojo.triage import Triage

    settings = Settings()
    lines = read_lines(files or [], max_bytes=settings.max_line_bytes)
    triage = Triage.load(model, key=settings.key.get_secret_value().encode() if settings.key else None)
    counts: Counter[str] = Counter()
    for verdict in track(triage.verdicts(lines), "triage"):
        counts[verdict.label] += 1
        print(json.dumps(verdict.to_json()))
    console.print(", ".join(f"{label} {n}" for label, n in counts.most_common()) or "no lines", highlight=False)
