"""``logdojo logs review``: who may read a log, where it is silent, who changed what, how much there is of what."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logdojo.cli.streams import console
from logdojo.cli.tables import bar, table, visible
from logdojo.errors import UsageError

if TYPE_CHECKING:
    from logdojo.logsetup.review.gaps import Gap
    from logdojo.logsetup.review.report import Review

_MOST_SHOWN = 40


def register(group: typer.Typer) -> None:
    """Add the command to the group ``logs``."""
    group.command()(review)


def review(
    log: Annotated[Path, typer.Argument(help="The live log file; its archives are found beside it.")],
    keys: Annotated[Path | None, typer.Option(help="File with the keys of encrypted archives.")] = None,
    gap: Annotated[float | None, typer.Option(min=0, help="Seconds of silence to tell; else as the log says.")] = None,
    times: Annotated[float, typer.Option(min=1, help="Silences so many times the usual interval are told.")] = 10.0,
    mode: Annotated[str, typer.Option(help="The loosest mode that log files should have, in octal.")] = "0640",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Review a log: access, gaps, who changed what, volume.

    The exit code is 0 when nothing needs attention, and 1 when something does: rights looser than wished, a silence,
    a clock that went back, missing numbers, dropped records, lines or files that cannot be read, audit events without
    an actor. Failed actions, holds and disposals are shown and need none.
    """
    from logdojo.logsetup.review.report import review as review_log

    decrypt = None
    if keys is not None:
        from logdojo.logsetup.encryption import KeyRing, decrypt_archive

        decrypt = functools.partial(decrypt_archive, keys=KeyRing.load(keys))
    with console.status("reading the log"):
        found = review_log(
            log,
            decrypt=decrypt,
            wished=_mode(mode),
            keyfiles=[keys] if keys is not None else [],
            times=times,
            seconds=gap,
        )
    if as_json:
        print(json.dumps({**asdict(found), "attention": found.attention()}, default=str))
    else:
        print("\n".join(_text(found)))
    if found.attention():
        raise typer.Exit(1)


def _mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise UsageError(f"--mode {text}: no file mode", hint="write it in octal, as in 0640")
    return mode


def _text(found: Review) -> Iterator[str]:
    attention = found.attention()
    yield f"Review of {visible(str(found.log))}"
    yield f"{found.records:,} records in {found.files} files, from {_when(found.first)} to {_when(found.last)}"
    yield ""
    yield f"NEEDS ATTENTION: {len(attention) or 'nothing'}"
    yield from (f"  {number}. {visible(text)}" for number, text in enumerate(attention, start=1))
    yield from _access(found)
    yield from _gaps(found)
    yield from _audit(found)
    yield from _volume(found)
    yield from _retention(found)


def _access(found: Review) -> Iterator[str]:
    yield "\nACCESS (root may read and change everything)"
    yield table(
        ("what", "mode", "owner", "group", "who may read", "who may change", "file"),
        (
            (one.kind, f"{one.mode:04o}", one.owner, one.group, one.readers, one.writers, one.path.name or one.path)
            for one in found.access
        ),
    )
    for one in found.access:
        yield from (f"  Look: {visible(f'{one.path.name}: {text}')}" for text in one.findings)
        yield from (f"  Note: {visible(f'{one.path.name}: {text}')}" for text in one.notes)


def _gaps(found: Review) -> Iterator[str]:
    usual = "too few records to tell" if found.usual is None else f"99 of 100 within {_duration(found.usual)}"
    yield f"\nGAPS (usual interval between records: {usual})"
    if found.damaged:
        places = ", ".join(found.damaged_at)
        yield f"  {found.damaged} lines are no record: {visible(places)}{', …' if found.damaged > 20 else ''}"
    if not found.gaps:
        yield "  none"
        return
    yield table(
        ("kind", "from", "to", "length", "records", "file", "more"),
        (
            (each.kind, _when(each.begin), _when(each.end), _length(each), each.count or "", each.file, each.detail)
            for each in found.gaps[:_MOST_SHOWN]
        ),
    )
    if len(found.gaps) + found.more_gaps > _MOST_SHOWN:
        yield f"  and {len(found.gaps) + found.more_gaps - _MOST_SHOWN} more"


def _audit(found: Review) -> Iterator[str]:
    yield "\nWHO DID WHAT (audit events, failures first)"
    if not found.audit:
        yield "  no audit events"
        return
    yield table(
        ("actor", "action", "failed", "unclear", "done", "last", "to", "fields changed"),
        (
            (
                row.actor,
                row.action,
                row.failed,
                row.unclear,
                row.succeeded,
                _when(row.last),
                ", ".join(row.targets),
                ", ".join(row.fields),
            )
            for row in found.audit[:_MOST_SHOWN]
        ),
    )
    if len(found.audit) > _MOST_SHOWN:
        yield f"  and {len(found.audit) - _MOST_SHOWN} more rows; --json has all"


def _volume(found: Review) -> Iterator[str]:
    yield "\nVOLUME (records a day and level; the bar compares with the largest)"
    rows = [(day, level, count) for day, levels in found.volume.items() for level, count in levels.items()]
    if not rows:
        yield "  no records"
        return
    most = max(count for _, _, count in rows)
    shown = rows[-_MOST_SHOWN:]
    if len(rows) > len(shown):
        yield f"  the last {len(shown)} of {len(rows)} rows; --json has all"
    yield table(("day", "level", "records", ""), ((*row[:2], f"{row[2]:,}", bar(row[2], most)) for row in shown))


def _retention(found: Review) -> Iterator[str]:
    yield "\nRETENTION"
    yield f"  {len(found.holds)} legal holds in force, {len(found.disposals)} archives removed on purpose"
    if found.holds:
        yield table(
            ("hold", "since", "by", "from", "to", "reason"),
            (
                (each.id, f"{each.since:%Y-%m-%d}", each.who, each.begin or "begin", each.end or "open", each.reason)
                for each in found.holds
            ),
        )
    if found.disposals:
        yield table(
            ("removed", "by", "records", "rule", "archive"),
            (
                (f"{each.time:%Y-%m-%d}", each.who, "" if each.records is None else each.records, each.rule, each.name)
                for each in found.disposals[-_MOST_SHOWN:]
            ),
        )


def _length(gap: Gap) -> str:
    return f"back {_duration(gap.seconds)}" if gap.kind == "clock" else _duration(gap.seconds)


def _when(moment: float | None) -> str:
    return "never" if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}Z"


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds" if seconds >= 1 else f"{seconds * 1000:.0f} milliseconds"
