"""``logdojo simulate``: labelled lines of an invented company."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import console, track
from logdojo.errors import InputError, UsageError
from logdojo.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(simulate)


def simulate(
    lines: Annotated[int, typer.Option("--lines", min=0, help="How many lines.")] = 4_000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of every choice; the settings' seed if not given.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the raw lines alone, without labels.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output if not given.")] = None,
) -> None:
    """Write simulated log lines, one JSON object with its label a line; the same seed gives the same lines."""
    from logdojo.simulate import simulate as simulated

    if raw and out is not None:
        raise UsageError("--raw and --out exclude each other", hint="redirect standard output: --raw > FILE")
    labels: Counter[str] = Counter()
    with ExitStack() as stack:
        stream = sys.stdout
        if out is not None:
            try:
                stream = stack.enter_context(out.open("w", encoding="utf-8", newline="\n"))
            except OSError as error:
                raise InputError(
                    f"{out}: cannot be written: {error.strerror}", hint="name a file in an existing folder"
                ) from None
        made = simulated(lines, seed=Settings().seed if seed is None else seed)
        for item in track(made, "simulate", total=lines) if out is not None else made:
            labels[item.label] += 1
            print(item.line if raw else json.dumps(asdict(item), ensure_ascii=False), file=stream)
    told = ", ".join(f"{count} {label}" for label, count in labels.most_common()) or "nothing"
    console.print(f"{labels.total()} lines: {told}", highlight=False, markup=False)
