"""``logdojo risk``: which records single somebody out, by k-anonymity and l-diversity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from logdojo.cli.streams import console, read_lines, track
from logdojo.settings import Settings

if TYPE_CHECKING:
    from logdojo.anonymize.risk import Risk

_SHOWN: Final = 10  # groups


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(risk)


def risk(
    files: Annotated[
        list[Path] | None, typer.Argument(help="JSON lines; standard input when no file is named.")
    ] = None,
    quasi: Annotated[
        str, typer.Option(help="Fields that single somebody out together, with commas: source.geo.country,user.role.")
    ] = "",
    sensitive: Annotated[str, typer.Option(help="Field that nobody should learn of a person.")] = "",
    k: Annotated[int, typer.Option(help="Records that every group must have.")] = 5,
    diversity: Annotated[int, typer.Option(help="Different sensitive values that every group must have.")] = 1,
) -> None:
    """Count how many records agree in the fields that single somebody out, and name the smallest groups.

    Values of the named fields are shown, so run it on data that is anonymized already. Exit code 1 means that a group
    is smaller than k or tells fewer sensitive values than asked for.
    """
    from logdojo.anonymize.risk import measure, records_of

    lines = read_lines(files or [], max_bytes=Settings().max_line_bytes)
    names = [name.strip() for name in quasi.split(",") if name.strip()]
    found = measure(track(records_of(lines), "risk"), names, sensitive=sensitive, k=k, diversity=diversity)
    _show(found, k)
    if found.below:
        raise typer.Exit(1)


def _show(found: Risk, k: int) -> None:
    told = f", l = {found.l}" if found.l is not None else ""
    print(f"{found.records:,} records in {found.groups:,} groups by {', '.join(found.quasi)}: k = {found.k}{told}")
    if not found.below:
        return
    print(f"{len(found.below):,} groups are too small or tell too much, with {found.records_below:,} records:")
    for group in found.below[:_SHOWN]:
        pairs = "  ".join(f"{name}={value}" for name, value in zip(found.quasi, group.values, strict=True))
        more = f", {group.sensitive} sensitive" if found.l is not None else ""
        shown = ", ".join(map(str, group.lines)) + (" …" if group.size > len(group.lines) else "")
        print(f"  {group.size} records{more}: {pairs}  (lines {shown})")
    if len(found.below) > _SHOWN:
        print(f"  … and {len(found.below) - _SHOWN:,} more groups")
    first = found.advice[0]
    console.print(
        f"coarsen {first.name} first: it has {first.values:,} values; if it said nothing, {first.records_left:,} "
        f"records would stand in groups below {k}. Or leave out the {found.records_below:,} records named above.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
