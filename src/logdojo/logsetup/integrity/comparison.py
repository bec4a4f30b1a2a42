"""Compare the records of each seal, as they were found, with what was sealed: digests and order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from logdojo.logsetup.integrity.ledger import NOTHING, Seal, order_after
from logdojo.logsetup.integrity.order import exchanged, in_order
from logdojo.logsetup.integrity.tracing import Gap, Health, Resealing, Row

_TRIED: Final = 2_000
"""Records of a seal among which the place of a missing one is looked for."""


@dataclass(slots=True)
class Comparison:
    """What the sealed orders tell.

    Args:
        explained: rows out of place that an exchange of two explains, by identity.
        exchanged: pairs of rows that changed places.
        disordered: first and last row of seals whose order is another one, in a way that was not found out.
    """

    explained: set[int] = field(default_factory=set)
    exchanged: list[tuple[Row, Row]] = field(default_factory=list)
    disordered: list[tuple[Row, Row]] = field(default_factory=list)


def compare(
    seals: Sequence[Seal],
    as_sealed: Sequence[bool],
    chosen: Sequence[Row],
    sealing: dict[int, int],
    moved: set[int],
    gaps: Sequence[Gap],
    loose: Sequence[Row],
    resealings: list[Resealing],
) -> Comparison:
    """Compare; also narrows down gaps and adds to the resealings.

    Args:
        seals: of the file.
        as_sealed: for each, whether the lines at its place are as sealed.
        chosen: rows with a place in their writer's chain, in the order of the file.
        sealing: row, by identity → index of the seal that covers it.
        moved: rows out of place, by identity.
        gaps: what is missing.
        loose: rows without a place.
        resealings: what is known of chains that were computed anew.
    """
    by_seal: dict[int, list[Row]] = defaultdict(list)
    for row in chosen:
        by_seal[sealing[id(row)]].append(row)
    case = _Comparing(chosen, loose, sealing, resealings)
    lost = _last_gone(seals, gaps)
    before, order = 0, NOTHING
    for index, seal in enumerate(seals):
        rows, count, order_before = by_seal[index], seal.records - before, order
        before, order = seal.records, seal.order
        if as_sealed[index] or not rows or not seal.follows:
            continue
        inside = moved & {id(row) for row in rows}
        if len(rows) == count - 1 and not inside and len(lost[index]) == 1:
            case.place(rows, lost[index][0], order_before, seal.order)
        elif len(rows) == count and not in_order(rows, order_before, seal.order):
            case.disorder(index, rows, inside, order_before, seal.order)
    return case.result


def _last_gone(seals: Sequence[Seal], gaps: Sequence[Gap]) -> dict[int, list[Gap]]:
    """Index of a seal → gaps of one record whose digest it tells."""
    seal_of = {digest: index for index, seal in enumerate(seals) for _, digest in seal.writers.values()}
    found: dict[int, list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.first == gap.last and gap.sealed in seal_of:
            found[seal_of[gap.sealed]].append(gap)
    return found


class _Comparing:
    def __init__(
        self, chosen: Sequence[Row], loose: Sequence[Row], sealing: dict[int, int], resealings: list[Resealing]
    ) -> None:
        self.chosen = chosen
        self.loose = {row.link.digest: row for row in loose}
        self.sealing = sealing
        self.resealings = resealings
        self.result = Comparison()

    def place(self, rows: list[Row], gap: Gap, before: str, sealed: str) -> None:
        """One record is missing, and its digest is known: it fits in somewhere, or the others are not as sealed."""
        if len(rows) > _TRIED:
            return
        digests = [row.digest for row in rows]
        for place in range(len(rows), -1, -1):
            if order_after(before, [*digests[:place], gap.sealed, *digests[place:]]) == sealed:
                gap.above = max(gap.above, rows[place - 1].line if place else gap.above)
                gap.below = rows[place].line if place < len(rows) else gap.below
                return
        own = [row for row in rows if row.link.writer == gap.writer]
        if own:
            self._reseal(own, own[-1])

    def disorder(self, index: int, rows: list[Row], inside: set[int], before: str, sealed: str) -> None:
        """All records are there, and not in the sealed order; ``inside`` are those known to be out of place."""
        if not inside and (self._part_resealed(index, rows) or self._copy_in_place(rows, before, sealed)):
            return
        found = exchanged(rows, before, sealed)
        if found is not None:
            self.result.exchanged.append(found)
            self.result.explained |= inside
        elif not inside:
            self.result.disordered.append((rows[0], rows[-1]))

    def _part_resealed(self, index: int, rows: list[Row]) -> bool:
        """Whether other digests than the sealed ones stand among the records of a seal."""
        if any(self.sealing[id(each.first)] <= index <= self.sealing[id(each.last)] for each in self.resealings):
            return True
        changed = next((row for row in rows if row.health is Health.EDITED), None)
        if changed is None:
            return False
        # Up to the first row that does not follow the one before it, the chain was computed anew.
        writer = changed.link.writer
        changed.health = Health.WHOLE
        for each in self.resealings:
            if each.writer == writer and self.sealing[id(each.last)] == index - 1:
                each.last = changed
                return True
        self._reseal([row for row in rows if row.link.writer == writer], changed)
        return True

    def _reseal(self, rows: list[Row], last: Row) -> None:
        """Note that the chain of a writer's records under one seal was computed anew, up to ``last``."""
        writer, first = last.link.writer, rows[0]
        above = [row.line for row in self.chosen if row.link.writer == writer and row.line < first.line]
        self.resealings.append(Resealing(writer, above[-1] if above else 0, first, last))

    def _copy_in_place(self, rows: list[Row], before: str, sealed: str) -> bool:
        """Whether a copy of a record was taken for the record itself; then they change roles."""
        for row in rows:
            copy = self.loose.get(row.link.digest)
            if copy is None or copy.link.head != row.link.head:
                continue
            row.line, copy.line = copy.line, row.line
            if in_order(sorted(rows, key=lambda each: each.line), before, sealed):
                return True
            row.line, copy.line = copy.line, row.line
        return False
