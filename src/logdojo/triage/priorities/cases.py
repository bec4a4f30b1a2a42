"""Cases: what belongs to one actor within one stretch of time, gathered while the stream goes by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from logdojo.triage.priorities.findings import Finding, Mark
from logdojo.triage.priorities.reasons import Evidence, Priority, combined

_IDLE: Final = 1_800.0
_MOST: Final = 10_000
_KEPT: Final = 40
_SOURCES: Final = 24
_LINKS: Final = 0.3
"""Weight of a finding from which on the others in it belong to the case."""


@dataclass(slots=True)
class Case:
    """What one actor did.

    Args:
        actor: such as ``user ida``.
        first, last: UTC epoch seconds.
        evidence: the heaviest of each name.
        marks: the events behind it, by the name of the evidence.
        sources: other users, addresses and machines in it, and how heavily they are.
        events: how many events were counted.
    """

    actor: str
    first: float
    last: float
    evidence: dict[str, Evidence] = field(default_factory=dict)
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    sources: dict[str, float] = field(default_factory=dict)
    events: int = 0

    def add(self, evidence: Evidence, marks: tuple[Mark, ...]) -> None:
        """Take a piece of evidence in; of one name the heaviest is kept."""
        known = self.evidence.get(evidence.name)
        if known is None or evidence.weight >= known.weight:
            self.evidence[evidence.name] = evidence
            self.marks[evidence.name] = marks[-_KEPT:]

    def join(self, source: str, weight: float) -> None:
        """Take another source in."""
        if source != self.actor and (source in self.sources or len(self.sources) < _SOURCES):
            self.sources[source] = max(weight, self.sources.get(source, 0.0))

    def links(self) -> set[str]:
        """Return the sources by which this case may belong together with another."""
        return {self.actor} | {source for source, weight in self.sources.items() if weight >= _LINKS}

    @property
    def pattern(self) -> bool:
        """Whether there is more to it than single events."""
        return any(len(marks) > 1 and self.evidence[name].weight >= _LINKS for name, marks in self.marks.items())

    def priority(self) -> Priority:
        """Return how soon somebody should look, and why."""
        return combined(self.evidence.values())


class Cases:
    """The cases of a stream, at most so many; the oldest are given up first."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Case] = OrderedDict()
        self._closed: list[Case] = []

    def event(self, actor: str, now: float, evidence: Iterable[Evidence], mark: Mark) -> Case:
        """Count an event for its actor, with what it shows by itself."""
        case = self._case(actor, now)
        case.events += 1
        for each in evidence:
            case.add(each, (mark,))
        return case

    def finding(self, finding: Finding, now: float, context: Iterable[Evidence]) -> None:
        """Add a pattern to the case of its actor, with what is known about those in it."""
        case = self._case(finding.actor, now)
        if finding.marks:
            case.first = min(case.first, finding.marks[0].time)
        case.add(Evidence(finding.name, finding.weight, finding.sentence), finding.marks)
        for other in finding.others:
            case.join(other, finding.weight)
        for each in context:
            case.add(each, finding.marks[-1:])

    def __iter__(self) -> Iterator[Case]:
        yield from self._closed
        yield from self._open.values()

    def _case(self, actor: str, now: float) -> Case:
        case = self._open.get(actor)
        if case is not None and now - case.last > _IDLE:
            self._close(self._open.pop(actor))
            case = None
        if case is None:
            case = self._open[actor] = Case(actor, now, now)
            if len(self._open) > _MOST:
                self._close(self._open.popitem(last=False)[1])
        case.last = max(case.last, now)
        self._open.move_to_end(actor)
        return case

    def _close(self, case: Case) -> None:
        self._closed.append(case)
        if len(self._closed) > 2 * _MOST:
            # Half of them go: those with the least to tell.
            self._closed.sort(key=lambda each: (-each.priority().score, each.first, each.actor))
            del self._closed[_MOST:]


def merged(cases: list[Case]) -> list[list[Case]]:
    """Return the cases in groups: those of one incident share a source and a stretch of time.

    Only cases with a pattern draw others in; single odd events of a busy machine do not tie everything together.
    """
    parent = list(range(len(cases)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    by_source: dict[str, list[int]] = {}
    for place, case in enumerate(cases):
        if case.pattern:
            for source in sorted(case.links()):
                by_source.setdefault(source, []).append(place)
    for places in by_source.values():
        places.sort(key=lambda place: cases[place].first)
        for earlier, later in pairwise(places):
            if cases[later].first - cases[earlier].last <= _IDLE:
                parent[max(root(earlier), root(later))] = min(root(earlier), root(later))
    groups: dict[int, list[Case]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(root(place), []).append(case)
    return list(groups.values())
