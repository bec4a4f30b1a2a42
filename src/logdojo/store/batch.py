"""What goes into a store: events in batches, each with its place at the source and its tags."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from logdojo.errors import UsageError
from logdojo.events import LogEvent, Severity

_ID_BYTES: Final = 16


class Place(NamedTuple):
    """Where a line stands at its source; no two lines of all sources have the same place.

    Args:
        stream: names one run of lines for good: a segment of a log, a connection, a bucket's object.
        offset: grows along the stream; bytes or a count, never below zero.
    """

    stream: str
    offset: int


@dataclass(frozen=True, slots=True)
class Tags:
    """What the collector knows of a line and the line does not say.

    Args:
        source: name of the log, as people call it.
        tenant: to whom it belongs; empty where there is only one.
        severity: how urgently events of this kind should be looked at; None if nobody has said.
        sensitivity: who may see it, in the house's own words; empty if nobody has said.
    """

    source: str
    tenant: str = ""
    severity: Severity | None = None
    sensitivity: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to be stored together: the only way in, so nobody stores a row at a time.

    Args:
        events: any number; some ten thousand are good.
        places: one for each event.
        tags: one for each event.

    Raises:
        UsageError: the three are not of one length, or an offset is below zero.
    """

    events: Sequence[LogEvent]
    places: Sequence[Place]
    tags: Sequence[Tags]

    def __post_init__(self) -> None:
        if not len(self.events) == len(self.places) == len(self.tags):
            raise UsageError(
                f"a batch of {len(self.events)} events has {len(self.places)} places and {len(self.tags)} tags",
                hint="give one place and one set of tags for each event",
            )
        if any(place.offset < 0 for place in self.places):
            raise UsageError("a place in the batch has an offset below zero", hint="count offsets from 0")

    def __len__(self) -> int:
        return len(self.events)

    def part(self, first: int, stop: int) -> Batch:
        """Return the events from one number to before another as a batch of their own."""
        return Batch(self.events[first:stop], self.places[first:stop], self.tags[first:stop])

    @classmethod
    def of(cls, events: Sequence[LogEvent], stream: str, tags: Tags, *, first: int = 0) -> Batch:
        """Make the batch of events that follow each other in one stream, counted from ``first``."""
        return cls(events, [Place(stream, first + at) for at in range(len(events))], (tags,) * len(events))


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch.

    Args:
        new: events that were stored.
        known: events that the store had already.
    """

    new: int
    known: int


def event_id(place: Place, original: str) -> str:
    """Return the id of a line at a place, 32 hexadecimal digits.

    Two equal lines at two places have two ids; the same line read twice at one place has one.
    """
    named = f"{place.stream}\0{place.offset}\0{original}"
    return hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES).hexdigest()
