"""``logdojo logs retain``: remove old archives by rule, and keep what is under legal hold."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from logdojo.cli.tables import table
from logdojo.errors import UsageError

if TYPE_CHECKING:
    from logdojo.logsetup.retention.rule import Decision, Note

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}
_SIZES: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_Log = Annotated[Path, typer.Argument(help="The live log file; its archives are found beside it.")]
_Who = Annotated[str, typer.Option(help="Who is written down; the user of this process when not given.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]


def register(group: typer.Typer) -> None:
    """Add the group ``retain`` to the group ``logs``."""
    retain = typer.Typer(no_args_is_help=True, help="Remove old archives by rule; keep what is under legal hold.")
    retain.command()(apply)
    hold = typer.Typer(no_args_is_help=True, help="Legal holds: periods whose archives are not removed.")
    hold.command()(add)
    hold.command()(release)
    hold.command("list")(list_holds)
    retain.add_typer(hold, name="hold")
    group.add_typer(retain, name="retain")


def apply(
    log: _Log,
    max_age: Annotated[str | None, typer.Option(help="Archives closed longer ago go: 12h, 90d, 26w, 2y.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Size of the whole log: 500M, 10G.")] = None,
    max_files: Annotated[int | None, typer.Option(min=0, help="Number of archives.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go and what is kept, and why.")] = False,
    state_dir: Annotated[Path | None, typer.Option(help="Folder of the shipping cursors; else the log's.")] = None,
    seal_key: Annotated[Path | None, typer.Option(help="Private key of the seals: they then tell of removals.")] = None,
    who: _Who = "",
    as_json: _Json = False,
) -> None:
    """Remove the archives that exceed a limit, the oldest first, and print them.

    Never removed: the live file, what is under hold, what a sink of `logdojo logs ship` has not got yet, and what a
    process may still write to. Each removal is first written down in LOG.disposals; of a sealed log, name the key as
    well, so that `logdojo logs verify` knows of it. To make sure that removed data
    cannot be read from the disk any more, encrypt archives and destroy their key; overwriting does not do it.
    """
    from logdojo.logsetup.retention.rule import Retention, plan
    from logdojo.logsetup.retention.rule import apply as remove
    from logdojo.logsetup.shipping.cursor import passed_by_all

    rule = Retention(
        None if max_age is None else _age(max_age), None if max_size is None else _size(max_size), max_files
    )
    if max_age is None and max_size is None and max_files is None:
        raise UsageError("no limit was given", hint="give --max-age, --max-size or --max-files")
    shipped = passed_by_all(log, state_dir=state_dir)
    if not dry_run:
        removed = remove(log, rule, shipped=shipped, note=None if seal_key is None else _sealer(log, seal_key), who=who)
        if as_json:
            print("\n".join(json.dumps(removal.entry()) for removal in removed), end="\n" if removed else "")
            return
        print(f"{len(removed)} archives removed")
        if removed:
            gone = ((each.name, each.size, each.rule, each.sha256) for each in removed)
            print(table(("archive", "bytes", "rule", "sha256"), gone))
        return
    decisions = plan(log, rule, shipped=shipped)
    if as_json:
        for each in decisions:
            print(json.dumps({**asdict(each), "verdict": _verdict(each)}, default=str))
        return
    print(f"{sum(each.remove for each in decisions)} of {len(decisions)} archives would be removed")
    if decisions:
        rows = (
            (_verdict(each), each.segment.path.name, each.size, "; ".join(each.rules) or "within all limits", each.kept)
            for each in decisions
        )
        print(table(("verdict", "archive", "bytes", "limits", "kept because"), rows))


def add(
    log: _Log,
    reason: Annotated[str, typer.Option(help="Why, as the number of a case.")],
    begin: Annotated[str | None, typer.Option("--from", help="First moment: 2026-11-24, or with a time.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last moment; a bare day is held to its end.")] = None,
    who: _Who = "",
) -> None:
    """Hold all archives that may have records of a period, from now on, and print the hold's name."""
    from logdojo.logsetup.retention.holds import place_hold

    until = None if end is None else _moment(end)
    if until is not None and end is not None and len(end) <= len("2026-11-24"):
        until += timedelta(days=1) - timedelta(microseconds=1)
    hold = place_hold(log, reason=reason, who=who, begin=None if begin is None else _moment(begin), end=until)
    print(hold.id)


def release(
    log: _Log,
    hold: Annotated[str, typer.Argument(help="Name of the hold.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    who: _Who = "",
) -> None:
    """Release a hold; its archives fall under the rules again."""
    from logdojo.logsetup.retention.holds import release_hold

    print(release_hold(log, hold, reason=reason, who=who).id)


def list_holds(
    log: _Log,
    everything: Annotated[bool, typer.Option("--all", help="List released holds too.")] = False,
    as_json: _Json = False,
) -> None:
    """List the holds on a log."""
    from logdojo.logsetup.retention.holds import all_holds
    from logdojo.logsetup.retention.journal import written

    holds = [hold for hold in all_holds(log) if everything or hold.released is None]
    if as_json:
        for hold in holds:
            print(json.dumps({**hold.entry(), "released": written(hold.released), "released_by": hold.released_by}))
        return
    print(f"{len(holds)} holds")
    if holds:
        rows = (
            (
                hold.id,
                "in force" if hold.released is None else f"released {hold.released:%Y-%m-%d} by {hold.released_by}",
                f"{hold.since:%Y-%m-%d}",
                hold.who,
                written(hold.begin) or "the beginning",
                written(hold.end) or "open",
                hold.reason,
            )
            for hold in holds
        )
        print(table(("hold", "state", "placed", "by", "from", "to", "reason"), rows))


def _sealer(log: Path, key: Path) -> Note:
    from logdojo.cli.logs.keys import signing_key
    from logdojo.logsetup.integrity import Sealer

    return Sealer(log, signing_key(key)).removed


def _verdict(decision: Decision) -> str:
    return "remove" if decision.remove else "keep"


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([hdwy])", text)
    if found is None:
        raise UsageError(f"--max-age {text}: no age", hint="write a number and h, d, w or y, as in 90d")
    return int(found[1]) * _UNITS[found[2]]


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,12})([KMGT]?)", text.upper())
    if found is None:
        raise UsageError(f"--max-size {text}: no size", hint="write a number and nothing, K, M, G or T, as in 500M")
    return int(found[1]) * _SIZES[found[2]]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text}: no moment", hint="write 2026-11-24 or 2026-11-24T13:56:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
