"""``logdojo logs verify``: whether a log is as it was written, and if not, which record is not."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

import typer
from rich.progress import Progress

from logdojo.cli.streams import progress
from logdojo.cli.tables import table, visible

if TYPE_CHECKING:
    from logdojo.logsetup.integrity import Report

_QUIET_SECONDS: Final = 2.0
_MOST_SHOWN: Final = 40


def register(group: typer.Typer) -> None:
    """Add the command to the group ``logs``."""
    group.command()(verify)


def verify(
    log: Annotated[Path, typer.Argument(help="The live log file; its archives and its ledger are found beside it.")],
    key: Annotated[list[Path] | None, typer.Option(help="Public key you trust, NAME.pub; may be repeated.")] = None,
    witness: Annotated[
        Path | None, typer.Option(help="File that remembers the last seal seen; keep it elsewhere. Made when missing.")
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="File with the keys of encrypted archives.")] = None,
    require_sealed: Annotated[
        bool, typer.Option("--require-sealed", help="Fail also when records are not covered by a seal yet.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Verify a log: edited, inserted, deleted, moved, reordered, cut off, computed anew, replaced.

    The exit code is 0 only when all of it is as it was sealed, by the word of a key that you name. Without --key the
    chain and the ledger are checked too, but whoever can write to the log could have computed both anew, so the exit
    code is 1 then. Without --witness an older copy of log and ledger together is not noticed.
    """
    from logdojo.logsetup.integrity import load_public_key, load_witness, save_witness
    from logdojo.logsetup.integrity import verify as verify_log

    decrypt = None
    if keys is not None:
        from logdojo.logsetup.encryption import KeyRing, decrypt_archive

        decrypt = functools.partial(decrypt_archive, keys=KeyRing.load(keys))
    with _Shown() as shown:
        report = verify_log(
            log,
            [load_public_key(path) for path in key or []],
            witness=load_witness(witness) if witness is not None else None,
            decrypt=decrypt,
            require_sealed=require_sealed,
            progress=shown,
        )
    if report.intact and witness is not None:
        save_witness(witness, report)
    print(json.dumps(report.document()) if as_json else "\n".join(_text(report)))
    if not report.intact:
        raise typer.Exit(1)


class _Shown:
    """A progress bar that appears only when there is something to wait for."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._bar: Progress | None = None
        self._records = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, name: str, records: int) -> None:
        self._records += records
        if self._bar is None and time.monotonic() > self._start + _QUIET_SECONDS:
            self._bar = progress()
            self._bar.add_task("verify", total=None)
            self._bar.start()
        if self._bar is not None:
            description = f"verify {visible(name)}: {self._records:,} records"
            self._bar.update(self._bar.task_ids[0], description=description)


def _text(report: Report) -> Iterator[str]:
    yield f"Verification of {visible(str(report.log))}"
    sealed = f"last sealed {report.sealed_until} by entry {report.entries}" if report.entries else "never sealed"
    yield f"{len(report.files)} files, {report.records:,} records, {report.unsealed:,} not sealed yet, {sealed}"
    yield ""
    columns = ("file", "records", "sealed", "not sealed yet", "findings")
    rows = ((f.file, f"{f.records:,}", f"{f.sealed:,}", f"{f.unsealed:,}", f.findings) for f in report.files)
    yield table(columns, rows)
    yield f"\nFINDINGS: {len(report.findings) or 'nothing'}"
    for number, found in enumerate(report.findings[:_MOST_SHOWN], 1):
        yield f"  {number}. {visible(str(found))}"
    if len(report.findings) > _MOST_SHOWN:
        yield f"  and {len(report.findings) - _MOST_SHOWN} more; --json has all"
    yield from (f"  Note: {visible(note)}" for note in report.notes)
    yield f"\n{_verdict(report)}"


def _verdict(report: Report) -> str:
    if report.findings:
        return "NOT INTACT"
    if not report.trusted:
        return "NOT PROVEN: without a public key (--key) this excludes accidents, not a forger"
    return "INTACT: everything sealed is as it was sealed"
