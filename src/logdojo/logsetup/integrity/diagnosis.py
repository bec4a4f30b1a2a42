"""Find out what was done to one file: slowly, with the whole file in memory, and only where something is wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from logdojo.logsetup.integrity.chain import START
from logdojo.logsetup.integrity.comparison import compare
from logdojo.logsetup.integrity.gaps import fill_gaps, places, words_for
from logdojo.logsetup.integrity.ledger import NOTHING, Seal, order_after
from logdojo.logsetup.integrity.order import displaced
from logdojo.logsetup.integrity.report import Finding, Kind
from logdojo.logsetup.integrity.scan import Writers
from logdojo.logsetup.integrity.tracing import Gap, Health, Odd, Row, Trace, read_rows, trace, unlinked


@dataclass(frozen=True, slots=True)
class Sealed:
    """All seals of one file.

    Args:
        seals: in the order of the ledger; empty for a file that has none.
        closed: whether the last one closes it.
    """

    seals: tuple[Seal, ...] = ()
    closed: bool = False


@dataclass(slots=True)
class Diagnosis:
    """What is known about a damaged file.

    Args:
        records: lines that are not blank.
        sealed: whole records that a seal covers.
        unsealed: records after the last seal.
        findings: what was done.
        notes: what is no damage.
        closing: where the writers stand after the file.
    """

    records: int = 0
    sealed: int = 0
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closing: Writers = field(default_factory=dict)


def diagnose(name: str, data: bytes, sealed: Sealed, opening: Writers, *, live: bool) -> Diagnosis:
    """Find out what was done to a file.

    Args:
        name: of the file, for the findings.
        data: all of it.
        sealed: what the ledger says about it.
        opening: where the writers stood before it.
        live: whether its last line may still be being written.
    """
    return _Case(name, data, sealed, opening, live).run()


class _Case:
    """One damaged file; the steps of `run` tell how it is looked at."""

    def __init__(self, name: str, data: bytes, sealed: Sealed, opening: Writers, live: bool) -> None:
        self.name = name
        self.seals = sealed.seals
        self.closed = sealed.closed
        self.opening = opening
        self.rows, self.odd, incomplete = read_rows(data)
        self.lines = data.count(b"\n")
        if incomplete and not live:
            self.lines += 1
            self.odd.append(Odd(self.lines, data[data.rfind(b"\n") + 1 :]))
        self.anchors: dict[str, dict[int, bytes]] = defaultdict(dict)
        # Writer → its last record in each seal that covers any of its records, with the index of that seal.
        self.covers: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.end: Writers = {}
        for index, seal in enumerate(self.seals):
            self.end.update(seal.writers)
            for writer, (number, digest) in seal.writers.items():
                self.anchors[writer][number] = digest
                self.covers[writer].append((number, index))
        self.result = Diagnosis(records=len(self.rows) + len(self.odd))

    def run(self) -> Diagnosis:
        self.traces = self._trace()
        self.resealings = [found for each in self.traces for found in each.resealings]
        self.edited: dict[int, tuple[str, int]] = {}
        gaps = fill_gaps(self.traces, self.rows, self.odd, self.edited)
        self.sealing = {id(row): self._seal_of(row) for row in self._chosen()}
        self.as_sealed = self._as_sealed()
        moved = self._displaced()
        moved -= self._tell_orders(moved, gaps)
        self._tell_displaced(moved)
        self._tell_resealed()
        self._tell_edited()
        self._tell_gaps(gaps)
        self._tell_loose()
        if self.seals and not self.result.findings and not all(self.as_sealed):
            self._add(Kind.EDITED, 1, self.lines, detail="the file is not what was sealed")
        self._close(moved)
        return self.result

    # --- the chain -------------------------------------------------------------------------------------------------

    def _trace(self) -> list[Trace]:
        by_writer: dict[str, list[Row]] = {writer: [] for writer in self.anchors}
        for row in self.rows:
            by_writer.setdefault(row.link.writer, []).append(row)
        return [
            trace(
                writer,
                rows,
                self.opening.get(writer, (0, START)),
                self.anchors.get(writer, {}),
                last=self.end.get(writer, (0, b""))[0] if self.closed else None,
            )
            for writer, rows in by_writer.items()
            if writer in self.anchors or writer in self.opening or not unlinked(rows)
        ]

    def _chosen(self) -> list[Row]:
        return sorted((row for each in self.traces for row in each.rows), key=lambda row: row.line)

    def _seal_of(self, row: Row) -> int:
        """Which seal covers a row; the number of seals when none does."""
        ends = self.covers.get(row.link.writer, [])
        position = bisect_left(ends, (row.link.number, 0))
        return ends[position][1] if position < len(ends) else len(self.seals)

    # --- the order -------------------------------------------------------------------------------------------------

    def _as_sealed(self) -> list[bool]:
        """For each seal, whether the lines at its place carry the digests that were sealed, in that order."""
        found, before, order = [], 0, NOTHING
        for seal in self.seals:
            digests = [row.link.digest for row in self.rows[before : seal.records]]
            same = not seal.follows or self._same(order, digests, seal.order)
            found.append(same and before + len(digests) == seal.records)
            before, order = seal.records, seal.order
        return found

    def _same(self, before: str, digests: list[bytes], sealed: str) -> bool:
        return before == sealed if not digests else order_after(before, digests) == sealed

    def _displaced(self) -> set[int]:
        """Rows that do not stand where they were written, by identity."""
        chosen = self._chosen()
        by_writer: dict[str, list[Row]] = defaultdict(list)
        for row in chosen:
            by_writer[row.link.writer].append(row)
        moved = {
            id(rows[i])
            for rows in by_writer.values()
            for i in displaced([row.link.number for row in rows], strict=True)
        }
        chosen = [row for row in chosen if id(row) not in moved]
        return moved | {id(chosen[i]) for i in displaced([self.sealing[id(row)] for row in chosen], strict=False)}

    def _tell_displaced(self, moved: set[int]) -> None:
        for row in self._chosen():
            if id(row) not in moved:
                continue
            if self.sealing[id(row)] == len(self.seals) and self.seals:
                self._add(Kind.INSERTED, row.line, row=row, detail="was never sealed and stands among sealed records")
            else:
                self._add(Kind.REORDERED, row.line, row=row, detail="stands in another place than it was written at")

    def _tell_resealed(self) -> None:
        for found in self.resealings:
            first, last = found.first, found.last
            detail = (
                f"records {first.link.number} to {last.link.number} of {found.writer} or some of them were changed "
                "and their chain computed anew: it is not what was sealed"
            )
            lines = (min(found.above + 1, first.line, last.line), max(first.line, last.line))
            self._add(Kind.RESEALED, *lines, row=first, last_number=last.link.number, detail=detail)

    def _tell_orders(self, moved: set[int], gaps: list[Gap]) -> set[int]:
        """Compare the order of each seal's records with the sealed one; return what of ``moved`` that explains."""
        chosen = self._chosen()
        loose = [row for row in self.rows if row.health is Health.LOOSE]
        outcome = compare(self.seals, self.as_sealed, chosen, self.sealing, moved, gaps, loose, self.resealings)
        for first, last in outcome.exchanged:
            detail = f"{_name(first)} and {_name(last)} changed places, or one of them moved to the other"
            self._add(Kind.REORDERED, first.line, last.line, row=first, detail=detail)
        for first, last in outcome.disordered:
            detail = f"from {_name(first)} to {_name(last)} the order is not what was sealed"
            self._add(Kind.REORDERED, first.line, last.line, row=first, detail=detail)
        return outcome.explained

    # --- what is told ----------------------------------------------------------------------------------------------

    def _tell_edited(self) -> None:
        lines = {row.line: (row.link.writer, row.link.number) for row in self._chosen() if row.health is Health.EDITED}
        lines |= self.edited
        spread = {odd.line for odd in self.odd} - set(lines)
        for line, (writer, number) in sorted(lines.items()):
            first, last = line, line
            # A line that was split in two: its other half belongs to the same finding.
            if line - 1 in spread:
                first = line - 1
            elif line + 1 in spread:
                last = line + 1
            spread -= {first, last}
            self.odd = [odd for odd in self.odd if not first <= odd.line <= last]
            detail = f"record {number} of {writer} is not what was logged"
            self._add_finding(Finding(Kind.EDITED, self.name, first, last, writer, number, number, detail))

    def _tell_gaps(self, gaps: list[Gap]) -> None:
        gaps = [gap for gap in gaps if not self._begins_late(gap)]
        end = list(self.seals[-1].writers)[-1:] if self.seals else []
        at_end = [gap for gap in gaps if not gap.below]
        if at_end and len(at_end) == len(gaps) and {gap.writer for gap in at_end} >= set(end):
            count = sum(gap.last - gap.first + 1 for gap in gaps)
            which = ", ".join(words_for(gap) for gap in gaps)
            detail = f"{count} sealed records are gone from the end: {which}"
            gap = gaps[0]
            line = max(1, self.lines)
            torn = [odd for odd in self.odd if odd.line == self.lines]
            self.odd = [odd for odd in self.odd if odd not in torn]
            self._add_finding(
                Finding(Kind.TRUNCATED, self.name, line, line + 1, gap.writer, gap.first, gap.last, detail)
            )
            return
        for first, last, missing in places(gaps, self.lines):
            which = ", ".join(words_for(gap) for gap in missing)
            gap = missing[0]
            where = f"gone from here: {which}"
            finding = Finding(Kind.DELETED, self.name, first, last, gap.writer, gap.first, gap.last, where)
            self._add_finding(finding)

    def _begins_late(self, gap: Gap) -> bool:
        """Whether a gap only says that sealing began after the writer did."""
        late = gap.first == 1 and gap.writer not in self.opening and gap.after is not None
        if not late or gap.after is None or self.sealing[id(gap.after)] == len(self.seals):
            return False
        if not self.as_sealed[self.sealing[id(gap.after)]]:
            return False
        self.result.notes.append(f"{self.name}: no seal tells of {gap.writer} before its record {gap.last + 1}")
        return True

    def _tell_loose(self) -> None:
        chosen = {row.link.digest: row.line for row in self._chosen()}
        for row in self.rows:
            if row.health is Health.LOOSE and row.line not in self.edited:
                twin = chosen.get(row.link.digest)
                detail = f"a copy of line {twin}" if twin else "has no place in its writer's chain"
                self._add(Kind.INSERTED, row.line, row=row, detail=detail)
        first = None
        for odd, following in zip_longest(self.odd, self.odd[1:]):
            if odd.line in self.edited:
                continue
            first = first or odd.line
            if following is None or following.line != odd.line + 1 or following.line in self.edited:
                detail = "no linked record: put in by hand, half-written, or logged without a chain"
                self._add_finding(Finding(Kind.INSERTED, self.name, first, odd.line, detail=detail))
                first = None

    def _add(
        self, kind: Kind, line: int, last: int = 0, *, row: Row | None = None, last_number: int = 0, detail: str
    ) -> None:
        writer, number = (row.link.writer, row.link.number) if row else ("", 0)
        told = f"{_name(row)} {detail}" if row and kind in {Kind.INSERTED, Kind.REORDERED} and not last else detail
        self._add_finding(Finding(kind, self.name, line, max(line, last), writer, number, last_number or number, told))

    def _add_finding(self, finding: Finding) -> None:
        self.result.findings.append(finding)

    def _close(self, moved: set[int]) -> None:
        self.result.findings = _joined(sorted(self.result.findings, key=lambda each: (each.line, each.last_line)))
        closing = dict(self.opening)
        for row in sorted(self._chosen(), key=lambda row: row.link.number):
            closing[row.link.writer] = (row.link.number, row.link.digest)
        for writer, state in self.end.items():
            if closing.get(writer, (0, b""))[0] <= state[0]:
                closing[writer] = state
        self.result.closing = closing
        for row in self._chosen():
            covered = self.sealing[id(row)] < len(self.seals)
            whole = row.health is Health.WHOLE and row.line not in self.edited and id(row) not in moved
            self.result.sealed += covered and whole
            self.result.unsealed += not covered


def _name(row: Row) -> str:
    return f"record {row.link.number} of {row.link.writer}"


def _joined(findings: list[Finding]) -> list[Finding]:
    """Make one finding of a run of lines that were put in or moved: a block was, not each of its lines."""
    joined: list[Finding] = []
    counts: list[int] = []
    for found in findings:
        before = joined[-1] if joined else None
        runs_on = before is not None and before.kind is found.kind and before.last_line + 1 == found.line
        if before is not None and runs_on and found.kind in {Kind.INSERTED, Kind.REORDERED}:
            joined[-1] = replace(before, last_line=found.last_line)
            counts[-1] += 1
        else:
            joined.append(found)
            counts.append(1)
    return [
        found if count == 1 else replace(found, detail=f"{count} times, the first: {found.detail}")
        for found, count in zip(joined, counts, strict=True)
    ]
