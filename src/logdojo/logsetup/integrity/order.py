"""The order of records in a file: which of them are out of place, and which two changed places."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from logdojo.logsetup.integrity.ledger import order_after
from logdojo.logsetup.integrity.tracing import Row

_NEIGHBORS: Final = 3_000
"""Records of a seal among which two neighbors that changed places are looked for: half a second at most."""
_ANY: Final = 256
"""Records among which any two are looked for."""


def displaced(ranks: Sequence[int], *, strict: bool) -> list[int]:
    """Return the fewest positions whose removal leaves ``ranks`` ascending.

    Args:
        ranks: one number a position.
        strict: whether equal ones are out of order too.
    """
    if all(a < b if strict else a <= b for a, b in pairwise(ranks)):
        return []
    find = bisect_left if strict else bisect_right
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for position, rank in enumerate(ranks):
        length = find(ends, rank)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [rank]
        tails[length : length + 1] = [position]
    kept: set[int] = set()
    position = tails[-1]
    while position >= 0:
        kept.add(position)
        position = before[position]
    return [position for position in range(len(ranks)) if position not in kept]


def exchanged(rows: Sequence[Row], before: str, sealed: str) -> tuple[Row, Row] | None:
    """Return the two rows that have to change places, or the one that has to move to the other, to give a sealed order.

    Args:
        rows: all records of one seal, as they stand.
        before: the order digest before them.
        sealed: the order digest that the seal gives.
    """
    digests = [row.digest for row in rows]
    for first, last, other in _candidates(digests):
        if order_after(before, other) == sealed:
            return rows[first], rows[last]
    return None


def _candidates(digests: list[bytes]) -> Iterator[tuple[int, int, list[bytes]]]:
    count = len(digests)
    if count <= _NEIGHBORS:
        for i in range(count - 1):
            yield i, i + 1, [*digests[:i], digests[i + 1], digests[i], *digests[i + 2 :]]
    if count > _ANY:
        return
    for i in range(count):
        rest = digests[:i] + digests[i + 1 :]
        for j in range(count):
            if j != i:
                yield min(i, j), max(i, j), [*rest[:j], digests[i], *rest[j:]]
    for i in range(count):
        for j in range(i + 2, count):
            swapped = list(digests)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            yield i, j, swapped


def in_order(rows: Sequence[Row], before: str, sealed: str) -> bool:
    """Whether rows stand in the sealed order."""
    return order_after(before, [row.digest for row in rows]) == sealed
