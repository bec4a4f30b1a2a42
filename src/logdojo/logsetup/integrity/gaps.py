"""Find the records of a gap among the lines that were changed beyond recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from logdojo.logsetup.integrity.chain import DIGEST, LINK_BYTES, Link, links_in, renumbered
from logdojo.logsetup.integrity.tracing import Gap, Health, Odd, Row, Trace

_TRIED: Final = 1_000
"""Lines without a place that are tried for a gap."""
_DIGEST: Final = slice(-DIGEST - 2, -2)


def fill_gaps(
    traces: Sequence[Trace], rows: Sequence[Row], odd: Sequence[Odd], edited: dict[int, tuple[str, int]]
) -> list[Gap]:
    """Return the gaps that stay, after every line was considered that may be a missing record in disguise.

    Args:
        traces: what is known of each writer; rows that are found are added.
        rows: all linked lines.
        odd: all lines without a link.
        edited: line → writer and number; what is found is added.
    """
    # First what can be proved for any gap, then what only stands in the right place.
    proved = [(each, _proved(gap, each, rows, odd, edited)) for each in traces for gap in each.gaps]
    placed = [(each, _placed(gap, odd, edited)) for each, gap in proved]
    return [gap for _, gap in placed if gap.first <= gap.last and not _fused(gap, traces)]


def _proved(
    gap: Gap, traced: Trace, rows: Sequence[Row], odd: Sequence[Odd], edited: dict[int, tuple[str, int]]
) -> Gap:
    """Look for the last record of a gap by its digest, which the record after it or a seal confirms."""
    loose = {row.line: row for row in rows if row.health is Health.LOOSE}
    lines = [(row.line, row.link.head + row.link.digest + b'"}') for row in list(loose.values())[:_TRIED]]
    lines += [(each.line, each.text) for each in odd[:_TRIED]]
    for line, text in lines:
        if line in edited or len(text) <= LINK_BYTES:
            continue
        digest = text[_DIGEST]
        link = renumbered(Link("", 0, digest, text[: _DIGEST.start]), gap.writer, gap.last)
        confirmed = digest == gap.sealed or (gap.after is not None and gap.after.link.follows(digest))
        if not confirmed and not (gap.first == gap.last and any(map(link.follows, gap.before))):
            continue
        row = loose.get(line) or Row(line, link)
        row.link, row.digest, row.health = link, digest, Health.WHOLE
        traced.rows.append(row)
        edited[line] = (gap.writer, gap.last)
        if gap.after is not None and gap.after.health is Health.UNCHECKED and gap.after.link.follows(digest):
            gap.after.health = Health.WHOLE
        return replace(gap, last=gap.last - 1, after=None, sealed=b"")
    return gap


def _placed(gap: Gap, odd: Sequence[Odd], edited: dict[int, tuple[str, int]]) -> Gap:
    """Take lines that are no records and stand where the missing ones stood for those."""
    for each in odd:
        if gap.first > gap.last:
            break
        if each.line not in edited and gap.above < each.line and (not gap.below or each.line < gap.below):
            edited[each.line] = (gap.writer, gap.first)
            gap = replace(gap, first=gap.first + 1)
    return gap


def _fused(gap: Gap, traces: Sequence[Trace]) -> bool:
    """Whether a missing record stands in one line with another, since the line end between them is gone."""
    if gap.first != gap.last:
        return False
    for row in (row for each in traces for row in each.rows):
        doubtful = row.health in {Health.EDITED, Health.UNCHECKED}
        if doubtful and (gap.writer, gap.last) in links_in(row.link.head):
            row.health = Health.EDITED
            return True
    return False


def words_for(gap: Gap) -> str:
    """Return which records are gone, in words."""
    numbers = f"record {gap.first}" if gap.first == gap.last else f"records {gap.first} to {gap.last}"
    return f"{numbers} of {gap.writer}"


def places(gaps: list[Gap], lines: int) -> list[tuple[int, int, list[Gap]]]:
    """Return first line, last line and gaps of each place where records may have been taken out at once."""
    found: list[tuple[int, int, list[Gap]]] = []
    for gap in sorted(gaps, key=lambda each: (each.above, each.below or lines)):
        first, last = gap.above, gap.below or max(1, lines)
        if found and first < found[-1][1] and last > found[-1][0]:
            first, last = max(first, found[-1][0]), min(last, found[-1][1])
            found[-1] = (first, last, [*found[-1][2], gap])
        else:
            found.append((first, last, [gap]))
    return [(max(1, first), last, gone) for first, last, gone in found]
