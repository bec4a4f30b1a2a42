"""Verify a log against its chain, its ledger, a trusted public key and a witness.

Covered and not covered: see `sealer`. A key is never taken from the ledger: without one that is named by who verifies,
everything could have been computed and signed anew, so the report is then not ``intact`` whatever was found.

A sound file is read once, in pieces, at more than half a million records a second; a damaged one is read into memory
and looked at record by record, and everything after a damage is still verified.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Decrypt, Segment, segments
from logdojo.logsetup.integrity.chain import file_id, read_link
from logdojo.logsetup.integrity.diagnosis import Diagnosis, Sealed, diagnose
from logdojo.logsetup.integrity.examination import Examined, examine
from logdojo.logsetup.integrity.keys import PublicKey
from logdojo.logsetup.integrity.ledger import NOTHING, ledger_of, order_after, read_ledger
from logdojo.logsetup.integrity.matching import Candidate, Pair, match, sealed_files
from logdojo.logsetup.integrity.report import FileReport, Finding, Kind, Report
from logdojo.logsetup.integrity.scan import Writers, advance, link_all, whole_lines
from logdojo.logsetup.integrity.snapshot import snapshot
from logdojo.logsetup.integrity.witness import Witness, contradicted

_UNREADABLE: Final = (OSError, EOFError, zlib.error, InputError)
Progress = Callable[[str, int], None]
"""Called with the name of a file and how many of its records were verified just now."""


def verify(
    log: Path,
    public_keys: Sequence[PublicKey],
    *,
    witness: Witness | None = None,
    decrypt: Decrypt | None = None,
    require_sealed: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Verify all files of a log; safe while it is being written, rotated and sealed.

    Args:
        log: path of the live file.
        public_keys: whom to trust.
        witness: what was seen of the ledger earlier.
        decrypt: opens encrypted archives; without it they count as unreadable.
        require_sealed: whether records that no checkpoint covers yet are a finding.
        progress: is told how far it is.

    Raises:
        InputError: there is no such log, or its ledger cannot be read.
    """
    # The ledger first: what it covers was written before.
    ledger = ledger_of(log)
    lines, rest = read_ledger(ledger)
    if not lines and not rest and not segments(log):
        raise InputError(f"{log}: no such log", hint="name the live file of a log, as in logs/app.jsonl")
    examined = examine(ledger.name, lines, rest, public_keys, log=log.name)
    findings = list(examined.findings)
    if witness is not None:
        findings += contradicted(ledger.name, witness, examined.entries, log=log.name)
    if not examined.entries and not findings:
        findings.append(Finding(Kind.UNSEALED, ledger.name, detail="there is no seal: the log proves nothing"))
    with ExitStack() as stack:
        files = _Files(log, examined, decrypt, stack)
        passed = _Pass(files, progress or (lambda _name, _records: None))
        passed.take_all(files.pairs())
    findings += _moved_records(passed.findings)
    last = examined.entries[-1] if examined.entries else None
    counted = [replace(each, findings=sum(f.file == each.file for f in findings)) for each in passed.files]
    report = Report(
        log,
        tuple(counted),
        tuple(findings),
        (*examined.notes, *passed.notes),
        bool(public_keys),
        last.number if last else 0,
        last.time if last else "",
        last.digest if last else "",
    )
    if not require_sealed or not report.unsealed:
        return report
    late = Finding(Kind.UNSEALED, log.name, detail=f"{report.unsealed} records are not covered by a checkpoint")
    return replace(report, findings=(*report.findings, late))


class _Files:
    """The files of a log as they are at one moment, while it goes on being written."""

    def __init__(self, log: Path, examined: Examined, decrypt: Decrypt | None, stack: ExitStack) -> None:
        self.log = log
        self.decrypt = decrypt
        self._sealed = sealed_files(examined.entries)
        closed = {each.stamp for each in self._sealed} - {""}
        self._removed = {str(entry.fields.get("stamp")) for entry in examined.entries if entry.kind == "remove"}
        self._taken = snapshot(log, stack, skip=closed)
        self._open = {each.segment: (each.file, each.size) for each in self._taken if each.file}

    def pairs(self) -> list[Pair]:
        """What was sealed and the files that hold it, in the order in which they were written."""
        found = [each.segment for each in self._taken]
        candidates = [Candidate(each, self._file_id(each), self._content(each)) for each in found]
        return match(self._sealed, candidates, self._removed)

    @contextmanager
    def read(self, segment: Segment) -> Iterator[tuple[BinaryIO, int | None]]:
        """Open a file at its beginning; yield it with the number of bytes to read, None for all.

        An archive that was compressed or encrypted in the meantime is opened in its new form.
        """
        if segment in self._open:
            file, size = self._open[segment]
            file.seek(0)
            yield file, size
            return
        if not segment.path.exists():
            segment = next((each for each in segments(self.log) if each.stamp == segment.stamp), segment)
        with segment.open(self.decrypt) as file:
            yield file, None

    def _content(self, segment: Segment) -> Callable[[], bytes]:
        def content() -> bytes:
            try:
                with self.read(segment) as (file, size):
                    return file.read(size if size is not None else -1)
            except _UNREADABLE:
                return b""

        return content

    def is_blank(self, segment: Segment) -> bool:
        """Whether nothing was logged to a file yet."""
        return not self._content(segment)().strip()

    def _file_id(self, segment: Segment) -> str:
        try:
            with self.read(segment) as (file, size):
                for data in whole_lines(file, size, chunk=4_096):
                    for line in data.split(b"\n")[:-1]:
                        link = read_link(line)
                        if link is not None:
                            return file_id(link)
        except _UNREADABLE:
            return ""
        return ""


class _Pass:
    """One pass over all files in the order in which they were written."""

    def __init__(self, files: _Files, progress: Progress) -> None:
        self._source = files
        self._progress = progress
        self._writers: Writers = {}
        self.files: list[FileReport] = []
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def take_all(self, pairs: Sequence[Pair]) -> None:
        """Verify all files, one after the other."""
        self._check_names(pairs)
        for pair in pairs:
            self._take(pair)

    def _take(self, pair: Pair) -> None:
        segment, sealed = pair.segment, pair.sealed
        if segment is None:
            if pair.removed:
                self._go_on(pair)
            else:
                self._missing(pair)
            return
        name = segment.path.name
        try:
            with self._source.read(segment) as (file, size):
                result = self._sound(pair, name, whole_lines(file, size))
            if result is None:
                with self._source.read(segment) as (file, size):
                    result = self._damaged(pair, name, file.read(size if size is not None else -1))
        except _UNREADABLE as error:
            self.findings.append(Finding(Kind.UNREADABLE, name, detail=f"cannot be read: {error}"))
            self.files.append(FileReport(name))
            self._go_on(pair)
            return
        self.files.append(FileReport(name, result.records, result.sealed, result.unsealed))
        if (
            sealed.seals
            and result.findings
            and not result.sealed
            and not any(found.kind is Kind.RESEALED for found in result.findings)
        ):
            detail = f"none of the {sealed.seals[-1].records} sealed records is in it"
            result.findings = [Finding(Kind.REPLACED if result.records else Kind.TRUNCATED, name, detail=detail)]
        self.findings += result.findings
        self.notes += result.notes
        self._writers = result.closing

    def _missing(self, pair: Pair) -> None:
        seal = pair.sealed.seals[-1]
        name = f"{self._source.log.name}.{pair.sealed.stamp}" if pair.sealed.stamp else self._source.log.name
        detail = f"the file is gone, with {seal.records} sealed records"
        self.findings.append(Finding(Kind.MISSING, name, detail=detail))
        self.files.append(FileReport(name))
        self._go_on(pair)

    def _go_on(self, pair: Pair) -> None:
        """Let the writers stand where the seals of an absent file say."""
        for seal in pair.sealed.seals:
            advance(self._writers, seal.writers)

    def _check_names(self, pairs: Sequence[Pair]) -> None:
        """Find archives under another name, and files that no seal knows although later ones are sealed."""
        places = [place for place, pair in enumerate(pairs) if pair.sealed.seals]
        for place, pair in enumerate(pairs):
            segment, sealed = pair.segment, pair.sealed
            if segment is None:
                continue
            if sealed.stamp and segment.stamp != sealed.stamp:
                detail = f"this is the archive {sealed.stamp}, under another name"
                self.findings.append(Finding(Kind.MOVED, segment.path.name, detail=detail))
            elif not sealed.seals and places and place < places[-1] and not self._source.is_blank(segment):
                kind = Kind.INSERTED if place > places[0] else Kind.UNSEALED
                detail = "no seal knows this file, and there are seals of later ones"
                self.findings.append(Finding(kind, segment.path.name, detail=detail))

    def _sound(self, pair: Pair, name: str, pieces: Iterator[bytes]) -> Diagnosis | None:
        """Read a file fast; None when anything in it needs a closer look."""
        assert pair.segment is not None
        seals = list(pair.sealed.seals)
        writers, order, sealed, records = dict(self._writers), NOTHING, 0, 0
        waiting: list[bytes] = []
        for data in pieces:
            if not data.endswith(b"\n"):
                if pair.segment.live:
                    continue
                return None
            digests = link_all(data, writers)
            if digests is None:
                digests = link_all(_without_blanks(data), writers)
            if digests is None:
                return None
            waiting += digests
            records += len(digests)
            while seals and len(waiting) >= seals[0].records - sealed:
                seal = seals.pop(0)
                count = seal.records - sealed
                order = order_after(order, waiting[:count]) if count else order
                if count < 0 or (order != seal.order and seal.follows):
                    return None
                order = seal.order
                del waiting[:count]
                sealed = seal.records
            self._progress(name, len(digests))
        if seals or (waiting and pair.sealed.stamp):
            return None
        return Diagnosis(records, sealed, len(waiting), closing=writers)

    def _damaged(self, pair: Pair, name: str, data: bytes) -> Diagnosis:
        assert pair.segment is not None
        sealed = Sealed(pair.sealed.seals, bool(pair.sealed.stamp))
        return diagnose(name, data, sealed, self._writers, live=pair.segment.live)


def _without_blanks(data: bytes) -> bytes:
    return b"".join(line + b"\n" for line in data.split(b"\n")[:-1] if line.strip())


def _moved_records(findings: Sequence[Finding]) -> list[Finding]:
    """Tell a record that is gone in one file and too many in another as one that was moved."""
    gone = {(f.writer, f.number): f for f in findings if f.kind is Kind.DELETED and f.number == f.last_number}
    moved: list[Finding] = []
    done = set()
    for found in findings:
        source = gone.get((found.writer, found.number)) if found.kind is Kind.INSERTED and found.writer else None
        if source is not None and source.file != found.file:
            done.add((source.writer, source.number))
            detail = f"record {found.number} of {found.writer} was logged in {source.file}"
            moved.append(replace(found, kind=Kind.MOVED, detail=detail))
        else:
            moved.append(found)
    return [f for f in moved if f.kind is not Kind.DELETED or (f.writer, f.number) not in done]
