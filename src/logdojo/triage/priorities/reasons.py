"""Evidence → a score from 0 to 100 with its reasons.

Each piece of evidence has a weight from 0 to 1 and takes that share of what is still missing to 100: the score is
100 · (1 − ∏(1 − weight)), the probability of at least one of several independent causes ("noisy or", Pearl 1988). So
more evidence never lowers the score, none can push it past 100, and the points of the reasons add up to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HEAVIEST: Final = 0.95
"""No single piece of evidence is certain."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that makes an event or a source worth a look.

    Args:
        name: what kind of evidence; of one kind only the heaviest counts.
        weight: from 0 to 1.
        sentence: one sentence with the numbers.
    """

    name: str
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a score.

    Args:
        name: what kind of evidence.
        points: its share of the score.
        sentence: one sentence with the numbers.
    """

    name: str
    points: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Priority:
    """How soon somebody should look, and why.

    Args:
        score: 0 to 100; the sum of the points of all reasons.
        reasons: the one with most points first.
    """

    score: int
    reasons: tuple[Reason, ...]


def combined(evidence: Iterable[Evidence]) -> Priority:
    """Return the score of all evidence together; the order in which it is given does not matter."""
    heaviest: dict[str, Evidence] = {}
    for each in evidence:
        known = heaviest.get(each.name)
        if known is None or (each.weight, each.sentence) > (known.weight, known.sentence):
            heaviest[each.name] = each
    ordered = sorted(heaviest.values(), key=lambda each: (-each.weight, each.name))
    missing, shares = 100.0, list[float]()
    for each in ordered:
        share = missing * min(max(each.weight, 0.0), HEAVIEST)
        shares.append(share)
        missing -= share
    points = _whole(shares, int(100.0 - missing + 0.5))
    reasons = (Reason(each.name, given, each.sentence) for each, given in zip(ordered, points, strict=True) if given)
    told = tuple(sorted(reasons, key=lambda reason: (-reason.points, reason.name)))
    return Priority(sum(reason.points for reason in told), told)


def _whole(shares: list[float], total: int) -> list[int]:
    """Round to whole points that add up to ``total``: the largest remainders are rounded up."""
    points = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: (points[place] - shares[place], place))
    for place in by_remainder[: total - sum(points)]:
        points[place] += 1
    return points
