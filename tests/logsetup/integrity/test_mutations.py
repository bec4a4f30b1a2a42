"""Every change to a sealed log is found, and the report names the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.integrity.chain import Chain, read_link
from logdojo.logsetup.integrity.report import Kind

TURNS = ("001011010011", "110100101010", "001101", "0101101010011101")
"""Who writes, and where the checkpoints are: 46 records by two writers under four checkpoints."""
Mutation = tuple[bytes, Iterable[int]]
"""What the file is changed to, and the lines of which one must be named."""


class Case:
    """A sealed log and the tools to change it."""

    def __init__(self, log: Any, forger: Any) -> None:
        self.log = log
        self.forger = forger
        for turns in TURNS:
            log.write(turns)
            assert log.sealer.checkpoint() == len(turns)
        assert log.verify().intact
        self.lines: list[bytes] = log.lines()
        self.whole = b"".join(self.lines)

    def writer(self, index: int) -> str:
        """Who wrote a line."""
        link = read_link(self.lines[index][:-1])
        assert link is not None
        return link.writer

    def line_at(self, position: int) -> int:
        """The line that a byte of the file belongs to, from 1."""
        return self.whole.count(b"\n", 0, position) + 1

    def find(self, mutations: Iterator[Mutation], kinds: set[Kind] | None = None, *, most: int = 1) -> int:
        """Verify each mutation: it is found, at the right line, as one of ``kinds``, with few findings; count them."""
        count = 0
        for data, lines in mutations:
            self.log.path.write_bytes(data)
            report = self.log.verify()
            told = "\n".join(map(str, report.findings))
            assert not report.intact
            assert 1 <= len(report.findings) <= most, told
            assert all(found.file == self.log.path.name for found in report.findings)
            assert any(found.line <= line <= found.last_line for found in report.findings for line in lines), told
            assert kinds is None or report.findings[0].kind in kinds, told
            count += 1
        return count


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, new_log: Callable[[Path], Any], forger: Any) -> Case:
    """The sealed log; a mutation writes its file anew."""
    return Case(new_log(tmp_path_factory.mktemp("sealed")), forger)


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(lines)


def test_every_byte(case: Case):
    """One flipped bit at every byte of the file is found once, as an edit of that line."""

    def flipped() -> Iterator[Mutation]:
        for position in range(len(case.whole)):
            data = bytearray(case.whole)
            data[position] ^= 1 << position % 8
            line = case.line_at(position)
            yield bytes(data), [line, line + 1] if case.whole[position] == ord("\n") else [line]

    # Without its line end the last line is not there yet.
    assert case.find(flipped(), {Kind.EDITED, Kind.TRUNCATED}) == len(case.whole)


def test_bytes_that_make_and_take_line_ends(case: Case):
    """A line end put into a record, or a byte taken out or put in, is found at that line."""

    def cut() -> Iterator[Mutation]:
        for position in range(0, len(case.whole) - 1, 29):
            line = case.line_at(position)
            before, after = case.whole[:position], case.whole[position + 1 :]
            for byte in (b"\n", b"", b"\r\n", b"xx", b"\x00"):
                if byte != case.whole[position : position + 1]:
                    yield before + byte + after, [line, line + 1]

    assert case.find(cut(), most=2) > 900


def test_edits_with_and_without_a_new_chain(case: Case):
    """An edited record is named, also when the chain was computed anew for one line, for five or to the end."""

    def edited(lines: int | None) -> Iterator[Mutation]:
        for index in range(len(case.lines)):
            changed = list(case.lines)
            changed[index] = changed[index].replace(b"order", b"0rder")
            stop = None if lines is None else index + lines
            yield _joined(case.forger.rechained(changed, index, stop) if lines != 0 else changed), [index + 1]

    assert case.find(edited(0), {Kind.EDITED}) == 46
    for lines in (1, 5, None):
        assert case.find(edited(lines), {Kind.RESEALED, Kind.EDITED}) == 46


def test_deleted_lines(case: Case):
    """One, two, three or five lines taken out from anywhere are one finding, at that place."""
    for count in (1, 2, 3, 5):

        def deleted(count: int = count) -> Iterator[Mutation]:
            for index in range(len(case.lines) - count + 1):
                yield _joined(case.lines[:index] + case.lines[index + count :]), [index, index + 1]

        assert case.find(deleted(), {Kind.DELETED, Kind.TRUNCATED}) == 46 - count + 1


def test_deleted_lines_with_a_new_chain(case: Case):
    """A line taken out, with numbers and digests computed anew behind it, is found."""

    def deleted() -> Iterator[Mutation]:
        for index in range(len(case.lines) - 1):
            yield (
                _joined(case.forger.rechained(case.lines[:index] + case.lines[index + 1 :], index)),
                [index, index + 1],
            )

    assert case.find(deleted(), most=4) == 45


def test_copied_lines(case: Case):
    """A line that stands twice, side by side or far apart, is found as inserted."""

    def copied() -> Iterator[Mutation]:
        for index, line in enumerate(case.lines):
            for place in (index, 0, 7, 23, 46):
                changed = [*case.lines[:place], line, *case.lines[place:]]
                yield _joined(changed), [place + 1, index + 1 + (place <= index)]

    assert case.find(copied(), {Kind.INSERTED, Kind.REORDERED}, most=2) == 46 * 5


def test_forged_lines(case: Case):
    """A line put in anywhere among sealed ones is found: without a link, of a new writer, or well chained."""

    def put_in(make: Callable[[int], bytes], last: int) -> Iterator[Mutation]:
        for index in range(last):
            yield _joined([*case.lines[: index + 1], make(index), *case.lines[index + 1 :]]), [index + 2]

    assert case.find(put_in(lambda _: b'{"message":"forged"}\n', 46), {Kind.INSERTED}) == 46
    assert case.find(put_in(lambda _: Chain().link(b'{"message":"forged"}') + b"\n", 45), {Kind.INSERTED}) == 45
    assert case.find(put_in(lambda i: case.forger.forged(case.lines[i]), 45), {Kind.INSERTED}) == 45


def test_forged_lines_with_a_new_chain(case: Case):
    """A line put in, with numbers and digests computed anew behind it, is found at every place but behind the last."""

    def put_in() -> Iterator[Mutation]:
        for index in range(45):
            changed = [*case.lines[: index + 1], case.forger.forged(case.lines[index]), *case.lines[index + 1 :]]
            yield _joined(case.forger.rechained(changed, index + 1)), [index + 2]

    assert case.find(put_in(), most=4) == 45


def test_neighbors_that_changed_places(case: Case):
    """Every pair of neighbors, of one writer or of two, is found as reordered, and both are named."""
    for same in (True, False):
        places = [i for i in range(45) if (case.writer(i) == case.writer(i + 1)) is same]

        def swapped(places: list[int] = places) -> Iterator[Mutation]:
            for index in places:
                changed = list(case.lines)
                changed[index : index + 2] = changed[index + 1], changed[index]
                yield _joined(changed), [index + 1, index + 2]

        assert case.find(swapped(), {Kind.REORDERED}) == len(places) > 10


def test_distant_lines_that_changed_places(case: Case):
    """Two lines far apart that changed places, also across checkpoints, are found, and so is one that was moved."""

    def swapped() -> Iterator[Mutation]:
        for first in range(0, 46, 2):
            for second in range(first + 2, 46, 5):
                changed = list(case.lines)
                changed[first], changed[second] = changed[second], changed[first]
                yield _joined(changed), [first + 1, second + 1]

    def moved() -> Iterator[Mutation]:
        for source in range(0, 46, 2):
            for target in range(0, 46, 5):
                if abs(source - target) > 1:
                    changed = list(case.lines)
                    changed.insert(target, changed.pop(source))
                    yield _joined(changed), [source + 1, target + 1]

    assert case.find(swapped(), {Kind.REORDERED}, most=4) > 100
    assert case.find(moved(), {Kind.REORDERED}, most=4) > 200


def test_ends_that_were_cut_off(case: Case):
    """A file cut at every line end, in the middle of every line, and just before every line end, is truncated."""

    def cut() -> Iterator[Mutation]:
        for index, line in enumerate(case.lines):
            before = _joined(case.lines[:index])
            for part in (b"", line[: len(line) // 2], line[:-1]):
                yield before + part, [0, index, index + 1]

    assert case.find(cut(), {Kind.TRUNCATED}) == 3 * 46


def test_several_changes_at_once_are_each_found(case: Case):
    """After a damage the rest is still verified: an edit, a deletion and a forged line are three findings."""
    lines = list(case.lines)
    lines[40] = lines[40].replace(b"order", b"0rder")
    lines.insert(30, b'{"message":"forged"}\n')
    del lines[5]
    case.log.path.write_bytes(_joined(lines))
    found = case.log.verify().findings
    assert [each.kind for each in found] == [Kind.DELETED, Kind.INSERTED, Kind.EDITED]
    assert found[0].line <= 6 <= found[0].last_line
    assert [each.line for each in found[1:]] == [30, 41]


def test_a_block_of_copies_is_one_finding(case: Case):
    """Many lines put in or moved at one place are one finding over all of them, not one for each."""
    case.log.path.write_bytes(_joined(case.lines[:30] + case.lines[:20] + case.lines[30:]))
    (found,) = case.log.verify().findings
    assert (found.kind, found.line, found.last_line) == (Kind.INSERTED, 31, 50)
    assert "20 times" in found.detail
    case.log.path.write_bytes(_joined(case.lines[36:] + case.lines[:36]))
    (found,) = case.log.verify().findings
    assert (found.kind, found.line, found.last_line) == (Kind.REORDERED, 1, 10)


def test_blank_lines_are_no_damage(case: Case):
    """Lines of white space, as a mended write leaves them, change nothing, wherever they are."""
    lines = [part for line in case.lines for part in (b"    \n", line)]
    case.log.path.write_bytes(_joined(lines) + b"\n\n")
    report = case.log.verify()
    assert report.intact
    assert (report.records, report.files[0].sealed) == (46, 46)


def test_what_is_behind_the_last_checkpoint_is_counted(case: Case):
    """Records after the last checkpoint are told apart, and a finding where all must be sealed."""
    more = case.forger.forged(case.lines[45])
    case.log.path.write_bytes(case.whole + more + b'{"message":"half a l')
    report = case.log.verify()
    assert report.intact
    assert (report.records, report.unsealed) == (47, 1)
    assert [found.kind for found in case.log.verify(require_sealed=True).findings] == [Kind.UNSEALED]
