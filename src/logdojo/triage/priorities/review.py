"""The review list of a day: one item an incident, the most urgent first, and a line under those that cannot wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from logdojo.triage.priorities.cases import Case, Cases, merged
from logdojo.triage.priorities.findings import Mark
from logdojo.triage.priorities.reasons import Evidence, Priority, combined
from logdojo.triage.priorities.usual import DAY

ALARM: Final = 85
"""Score from which on an item should not wait; see ``tests/bench/priority.py`` for what it costs."""
_EVENTS: Final = 3
_WIDTH: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One incident on the list.

    Args:
        sources: users, addresses and machines in it; whoever acts first.
        priority: how soon somebody should look, and why.
        first, last: UTC epoch seconds.
        events: how many events were counted.
        marks: the events behind the heaviest reason.
    """

    sources: tuple[str, ...]
    priority: Priority
    first: float
    last: float
    events: int
    marks: tuple[Mark, ...]

    def best(self, most: int = _EVENTS) -> tuple[Mark, ...]:
        """Return the events to look at first: the last ones of the heaviest reason."""
        return self.marks[-most:]


@dataclass(frozen=True, slots=True)
class Review:
    """The review list of a day.

    Args:
        day: the day, as in 2025-01-06.
        items: the most urgent first.
        alarm: score from which on an item should not wait.
        left_out: items that did not fit on the list.
    """

    day: str
    items: tuple[Item, ...]
    alarm: int
    left_out: int

    def above(self) -> tuple[Item, ...]:
        """Return the items that should not wait."""
        return tuple(item for item in self.items if item.priority.score >= self.alarm)

    def to_json(self) -> dict[str, Any]:
        """Return the list as a JSON object."""
        return {
            "day": self.day,
            "alarm": self.alarm,
            "left_out": self.left_out,
            "items": [
                {
                    "rank": rank,
                    "score": item.priority.score,
                    "above_alarm": item.priority.score >= self.alarm,
                    "sources": list(item.sources),
                    "first": _moment(item.first),
                    "last": _moment(item.last),
                    "events": item.events,
                    "reasons": [
                        {"name": each.name, "points": each.points, "sentence": each.sentence}
                        for each in item.priority.reasons
                    ],
                    "best_events": [
                        {"time": _moment(each.time), "told": each.told, "line": each.line} for each in item.best()
                    ],
                }
                for rank, item in enumerate(self.items, start=1)
            ],
        }

    def to_text(self) -> str:
        """Return the list as plain text: nothing by color, every line makes sense when it is read aloud."""
        above = len(self.above())
        lines = [f"Review list for {self.day}: {len(self.items)} items, {above} above the alarm line of {self.alarm}."]
        for rank, item in enumerate(self.items, start=1):
            if rank == above + 1:
                lines += ["", f"--- alarm line at {self.alarm}: the items below it can wait ---"]
            lines += ["", *_told(rank, item, alarm=item.priority.score >= self.alarm)]
        if self.items and above == len(self.items):
            lines += ["", f"--- alarm line at {self.alarm}: every item shown is above it ---"]
        if self.left_out:
            lines += ["", f"{self.left_out} more items with lower scores are not shown."]
        return "\n".join(lines)


def review(cases: Cases, *, day: str, most: int = 20, alarm: int = ALARM) -> Review:
    """Return the review list of a day.

    Args:
        cases: what was gathered.
        day: which day, as in 2025-01-06; a case belongs to the day on which it began.
        most: how many items the list has.
        alarm: score from which on an item should not wait.
    """
    start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    of_day = [case for case in cases if start <= case.first < start + DAY and case.evidence]
    of_day.sort(key=lambda case: (case.first, case.actor))
    items = sorted(
        (_item(group) for group in merged(of_day)),
        key=lambda item: (-item.priority.score, -_heaviest(item), item.first, item.sources),
    )
    return Review(day, tuple(items[:most]), alarm, max(len(items) - most, 0))


def _heaviest(item: Item) -> int:
    return item.priority.reasons[0].points if item.priority.reasons else 0


def _item(group: list[Case]) -> Item:
    evidence: dict[str, tuple[Evidence, Case]] = {}
    for case in group:
        for name, each in case.evidence.items():
            if name not in evidence or each.weight > evidence[name][0].weight:
                evidence[name] = (each, case)
    ordered = sorted(group, key=lambda case: (-case.priority().score, case.first, case.actor))
    sources: dict[str, None] = dict.fromkeys(case.actor for case in ordered)
    for case in ordered:
        for source in sorted(case.links()):
            sources.setdefault(source)
    priority = combined(each for each, _ in evidence.values())
    heaviest = max(evidence, key=lambda name: (evidence[name][0].weight, name))
    return Item(
        sources=tuple(sources),
        priority=priority,
        first=min(case.first for case in group),
        last=max(case.last for case in group),
        events=max(sum(case.events for case in group), len(evidence[heaviest][1].marks[heaviest])),
        marks=evidence[heaviest][1].marks[heaviest],
    )


def _told(rank: int, item: Item, *, alarm: bool) -> list[str]:
    word = "ALARM" if alarm else "can wait"
    more = f" and {len(item.sources) - 6} more" if len(item.sources) > 6 else ""
    lines = [
        f"{rank}. Score {item.priority.score} of 100, {word}: {', '.join(item.sources[:6])}{more}",
        f"   {_moment(item.first)} to {_moment(item.last)}, {item.events} events",
    ]
    lines += [f"   +{each.points} {each.name}: {each.sentence}" for each in item.priority.reasons]
    lines += [f"   > {_moment(each.time)[11:19]} {each.told[:_WIDTH]}" for each in item.best()]
    return lines


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
