"""Follow one writer's records through a damaged file, and tell which are whole, changed, gone or too many.

A forger can do anything to the lines, but cannot find a second text with a given digest. So what is anchored (by the
record before, by the one after, or by a seal) is used to judge what is not.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from logdojo.logsetup.integrity.chain import START, Link, read_link, renumbered
from logdojo.logsetup.integrity.scan import State

_FAR: Final = 4_096
"""Records that are followed to tell which of two branches is the one that goes on."""


class Health(enum.Enum):
    """What is known about a line."""

    LOOSE = "it has no place in its writer's chain"
    WHOLE = "it follows the record before"
    UNCHECKED = "the record before it is gone, and with it the means to check this one"
    EDITED = "it does not follow the record before"


@dataclass(slots=True, eq=False)
class Row:
    """A line with a link.

    Args:
        line: its number in the file, from 1.
        link: what the link says.
        health: what is known so far.
        digest: what its digest was when it was written, as far as that can be told.
    """

    line: int
    link: Link
    health: Health = Health.LOOSE
    digest: bytes = b""

    def __post_init__(self) -> None:
        self.digest = self.link.digest


@dataclass(slots=True, eq=False)
class Odd:
    """A line that is not blank and has no link of the right form."""

    line: int
    text: bytes


@dataclass(slots=True, eq=False)
class Gap:
    """Records that are not where they should be.

    Args:
        writer: whose.
        first: number of the first.
        last: number of the last.
        above: line of the writer's record before them; 0 at the beginning of the file.
        below: line of the writer's record after them; 0 when there is none.
        before: digests that the record before may have had; empty when unknown.
        after: the record after them.
        sealed: the digest of the last of them, when a seal tells it.
    """

    writer: str
    first: int
    last: int
    above: int
    below: int
    before: tuple[bytes, ...]
    after: Row | None
    sealed: bytes = b""


@dataclass(slots=True)
class Resealing:
    """Records whose chain holds and ends in another digest than the sealed one.

    Args:
        writer: whose.
        above: line of the writer's last record that is as sealed; 0 when it has none in this file.
        first: first record that may have been changed.
        last: last record that may have been changed.
    """

    writer: str
    above: int
    first: Row
    last: Row


@dataclass(slots=True)
class Trace:
    """What became of one writer's records in one file."""

    writer: str
    rows: list[Row] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    resealings: list[Resealing] = field(default_factory=list)


def read_rows(data: bytes) -> tuple[list[Row], list[Odd], bool]:
    """Return the linked lines of a file, the others, and whether the last line is incomplete (then it is left out)."""
    rows: list[Row] = []
    odd: list[Odd] = []
    *lines, rest = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        link = read_link(line)
        if link is not None:
            rows.append(Row(number, link))
        elif line.strip():
            odd.append(Odd(number, line))
    return rows, odd, bool(rest.strip())


def trace(writer: str, rows: Iterable[Row], start: State, anchors: dict[int, bytes], *, last: int | None) -> Trace:
    """Follow a writer through a file.

    Args:
        writer: whose records.
        rows: the lines that say they are the writer's, in the order of the file; their health is set here.
        start: the writer's last record before this file.
        anchors: number → digest of records that a seal names.
        last: highest number that can belong to this file; None when more may have been written since.
    """
    return _Tracer(writer, rows, anchors, last).run(start)


class _Tracer:
    def __init__(self, writer: str, rows: Iterable[Row], anchors: dict[int, bytes], last: int | None) -> None:
        self.trace = Trace(writer)
        self.anchors = anchors
        self.sealed = {digest: number for number, digest in anchors.items()}
        self.by_number: dict[int, list[Row]] = {}
        for row in rows:
            if last is None or row.link.number <= last:
                self.by_number.setdefault(row.link.number, []).append(row)
        self.above = 0
        # The first record since the last one that is as sealed: a resealing lies between it and the next seal.
        self.since: Row | None = None
        self.proved = 0
        self.forked = False

    def run(self, start: State) -> Trace:
        expected = start[0] + 1
        before: tuple[bytes, ...] = (start[1],)
        for number in sorted({*self.by_number, *self.anchors}):
            if number < expected:
                continue
            row, gap = self._find(number, expected, before)
            if gap is not None:
                self._add_gap(gap)
                before = ()
            if row is None:
                before = (self.anchors[number],) if number in self.anchors else before
                expected = number + 1 if number in self.anchors else expected
                continue
            self._end_gap(row)
            before = self._take(row, before, number)
            expected = number + 1
        return self.trace

    def _add_gap(self, gap: Gap) -> None:
        """Note a gap; one that a seal has cut in two stays one."""
        last = self.trace.gaps[-1] if self.trace.gaps else None
        if last is None or last.last + 1 != gap.first:
            self.trace.gaps.append(gap)
        else:
            last.last, last.below, last.after, last.sealed = gap.last, gap.below, gap.after, gap.sealed

    def _end_gap(self, row: Row) -> None:
        last = self.trace.gaps[-1] if self.trace.gaps else None
        if last is not None and not last.below:
            last.below = row.line
            last.after = row if row.link.number == last.last + 1 else None

    def _find(self, number: int, expected: int, before: tuple[bytes, ...]) -> tuple[Row | None, Gap | None]:
        """The row that is record ``number``, and the gap before it."""
        rows = [row for row in self.by_number.get(number, []) if self.sealed.get(row.link.digest, number) == number]
        if number > expected:
            # After a gap nothing proves a row; one that stands above the rows before it is none of this writer's.
            rows = [row for row in rows if row.line > self.above and not self._disguised(row, expected, before)]
        row = self._best(rows, before) if rows else None
        if row is None and number not in self.anchors:
            return None, None
        missing = number - 1 if row else number
        if missing < expected:
            return row, None
        sealed = self.anchors.get(missing, b"")
        below = row.line if row else 0
        return row, Gap(self.trace.writer, expected, missing, self.above, below, before, row, sealed)

    def _disguised(self, row: Row, expected: int, before: tuple[bytes, ...]) -> bool:
        """Whether a row is another record, whose number was changed."""
        restored = renumbered(row.link, row.link.writer, expected)
        return any(restored.follows(each) for each in before)

    def _best(self, rows: list[Row], before: tuple[bytes, ...]) -> Row:
        """Of the rows with one number, the one that follows what is before and is confirmed by what is after."""

        def worth(row: Row) -> tuple[bool, float, bool, int]:
            follows = any(row.link.follows(digest) for digest in before)
            confirmed = self._confirmed(row)
            return (follows or confirmed == float("inf"), confirmed, row.line > self.above, -row.line)

        if len({row.link.digest for row in rows}) > 1:
            return max(rows, key=worth)
        # Copies of one record: the first that stands below the record before.
        return next((row for row in rows if row.line > self.above), rows[0])

    def _confirmed(self, row: Row) -> float:
        """How many rows in a row follow this one; infinitely many when a seal is reached that agrees."""
        steps = 0
        while steps < _FAR:
            number = row.link.number
            if number in self.anchors:
                return float("inf") if row.link.digest == self.anchors[number] else steps
            after = next((r for r in self.by_number.get(number + 1, []) if r.link.follows(row.link.digest)), None)
            if after is None:
                return steps
            row, steps = after, steps + 1
        return steps

    def _take(self, row: Row, before: tuple[bytes, ...], number: int) -> tuple[bytes, ...]:
        """Judge a row; return the digests that the next one may follow."""
        link = row.link
        follows = next((digest for digest in before if link.follows(digest)), None)
        row.health = Health.WHOLE if follows else Health.EDITED if before else Health.UNCHECKED
        if follows and self.trace.rows and self.trace.rows[-1].link.number == number - 1:
            self._settle(self.trace.rows[-1], follows)
        self.since = self.since or row
        self.trace.rows.append(row)
        self.above = max(self.above, row.line)
        possible = (link.digest,) if row.health is not Health.EDITED else (link.digest, *map(link.digest_after, before))
        sealed = self.anchors.get(number)
        if sealed is None:
            return possible
        if sealed in possible:
            self._settle(row, sealed)
            self.forked = False
            self.since = None
            self.proved = row.line
            return (sealed,)
        if row.health is Health.WHOLE:
            self._resealed(row)
        else:
            row.health = Health.EDITED
        self.since = None
        row.digest = sealed
        return (sealed, link.digest)

    def _settle(self, row: Row, digest: bytes) -> None:
        """Note what the digest of ``row`` was, now that something else has told."""
        if row.link.number in self.anchors and digest != self.anchors[row.link.number]:
            # The next record follows a digest that was never sealed: whoever did this went on from there.
            self.forked = True
            return
        row.digest = digest

    def _resealed(self, row: Row) -> None:
        first = self.since or row
        if self.forked and self.trace.resealings:
            self.trace.resealings[-1].last = row
        else:
            self.trace.resealings.append(Resealing(self.trace.writer, self.proved, first, row))
        self.forked = False


def unlinked(rows: list[Row]) -> bool:
    """Whether nothing shows that a writer nobody knows of has ever been: no first record, and no two in a row."""
    digests = {0: START, **{row.link.number: row.link.digest for row in rows}}
    return not any(row.link.follows(digests.get(row.link.number - 1, b"")) for row in rows)
