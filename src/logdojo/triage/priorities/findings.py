"""What a behavior hands over: who did something that no single event shows, with the events that show it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

from logdojo.events import printable
from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.sighting import Sighting
from logdojo.triage.priorities.usual import Usual

_LONGEST: Final = 400
_SHORT: Final = 60
KEPT: Final = 40
"""Events that are kept for one finding."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An event that shows something.

    Args:
        number: its place in the stream.
        time: UTC epoch seconds.
        line: its first characters.
        told: what it says, in a few words.
    """

    number: int
    time: float
    line: str
    told: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A pattern over several events.

    Args:
        name: of the behavior.
        weight: from 0 to 1, of the evidence.
        sentence: one sentence with the numbers.
        actor: who did it, such as ``user ida``.
        others: other users, addresses and machines in it.
        marks: events that show it, in their order.
    """

    name: str
    weight: float
    sentence: str
    actor: str
    others: tuple[str, ...]
    marks: tuple[Mark, ...]


class Behavior(Protocol):
    """Watches the stream for one pattern."""

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take an event in; return what it completes. The same finding may come again when it grows."""


def mark(sighting: Sighting) -> Mark:
    """Return the mark of an event."""
    what = [word for word in (sighting.dataset, sighting.action, sighting.outcome) if word]
    what += [f"{said} {name}" for said, name in (("user", sighting.user), ("from", sighting.address)) if name]
    if sighting.target:
        what.append(f"to {sighting.target}" + (f" port {sighting.port}" if sighting.port >= 0 else ""))
    what += [
        f"{said} {name[:_SHORT]}"
        for said, name in (
            ("on", sighting.host),
            ("asks", sighting.question or sighting.url),
            ("of", sighting.resource),
        )
        if name
    ]
    told = printable(" ".join(what))
    return Mark(sighting.number, sighting.time, printable(sighting.event.original[:_LONGEST]), told)


def keep(marks: list[Mark], sighting: Sighting) -> None:
    """Add the mark of an event to a list that keeps the latest."""
    marks.append(mark(sighting))
    if len(marks) > KEPT:
        del marks[0]


def likely(log_odds: float) -> float:
    """Return the probability that belongs to log odds: a weight that grows with the evidence and stays below one."""
    return 1 / (1 + math.exp(-max(min(log_odds, 30.0), -30.0)))
