"""What is usual: for each user, address and machine, and for the company as a whole; kept over days as JSON.

Memory is bounded: so many sources, so many values a source, and old counts fade. What was first seen today is not yet
usual today, so that an intruder's first step does not vouch for the second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from logdojo.errors import InputError
from logdojo.triage.priorities.habits import (
    Habit,
    count_event,
    first_seen,
    network_of,
    note_size,
    unlike_hour,
    unlike_size,
    unlike_user,
)
from logdojo.triage.priorities.reasons import Evidence
from logdojo.triage.priorities.sighting import Sighting

DAY: Final = 86_400
_MOST_SOURCES: Final = 20_000
_MOST_ACTIONS: Final = 2_000
_MOST_ROLES: Final = 500
_MOST_HINTS: Final = 16
_FADES: Final = 0.97
"""What is left of a count after a day: half after 23 days."""
_KNOWN_DAYS: Final = 2
"""Days after which a source has habits that can be left."""
_QUARTER: Final = 900.0
_ON_TIME: Final = 90.0
_VERSION: Final = 1


class Usual:
    """The habits of all sources."""

    def __init__(self) -> None:
        self._habits: OrderedDict[str, Habit] = OrderedDict()
        self._roles: dict[str, dict[str, float]] = {}
        self._totals: dict[str, float] = {}
        self._rhythms: dict[str, list[float]] = {}
        self._calls = [0.0, 0.0]
        self._places: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._day = 0

    def evidence(self, sighting: Sighting) -> list[Evidence]:
        """Return what is unusual about an event, before it is learned."""
        today = int(sighting.time // DAY)
        found: list[Evidence] = []
        user = self._known(f"user {sighting.user}", today) if sighting.user else None
        if user is not None:
            found += unlike_user(user, sighting, today)
        address = self._known(f"address {sighting.address}", today) if sighting.address else None
        if address is not None:
            found += unlike_hour(address, sighting, f"address {sighting.address}") + unlike_size(address, sighting)
        if user is not None:
            found += unlike_hour(user, sighting, f"user {sighting.user}")
        if rare := self._rare_action(sighting):
            found.append(rare)
        return found

    def learn(self, sighting: Sighting) -> None:
        """Remember an event."""
        today = int(sighting.time // DAY)
        if today > self._day:
            self._fade(today)
        if sighting.user:
            habit = self._habit(f"user {sighting.user}", today)
            count_event(habit, sighting.time)
            # Who only fails to sign in somewhere does not make that place theirs.
            if sighting.address and not sighting.failed:
                first_seen(habit.addresses, sighting.address, today)
                first_seen(habit.networks, network_of(sighting), today)
                if sighting.agent:
                    first_seen(habit.agents, sighting.agent, today)
            first_seen(habit.actions, f"{sighting.dataset} {sighting.action}", today)
        if sighting.address:
            habit = self._habit(f"address {sighting.address}", today)
            count_event(habit, sighting.time)
            note_size(habit, sighting.sent)
        if sighting.action:
            role = sighting.role or sighting.dataset
            if role in self._roles or len(self._roles) < _MOST_ROLES:
                counts = self._roles.setdefault(role, {})
                if sighting.action in counts or len(counts) < _MOST_ACTIONS:
                    counts[sighting.action] = counts.get(sighting.action, 0.0) + 1
                    self._totals[role] = self._totals.get(role, 0.0) + 1
        if "api" in sighting.categories:
            self._calls[0] += 1
            self._calls[1] += sighting.failed

    def is_known(self, source: str, now: float) -> bool:
        """Return whether a source, such as ``user ida``, has been seen on enough days to have habits."""
        return self._known(source, int(now // DAY)) is not None

    def uses_address(self, user: str, address: str, now: float) -> bool:
        """Return whether a user was seen at an address before today."""
        habit = self._habits.get(f"user {user}")
        return habit is not None and habit.addresses.get(address, 1 << 60) < int(now // DAY)

    def uses_agent(self, user: str, agent: str, now: float) -> bool:
        """Return whether a user came with a program before today."""
        habit = self._habits.get(f"user {user}")
        return habit is not None and habit.agents.get(agent, 1 << 60) < int(now // DAY)

    def refused_share(self) -> float:
        """Return the share of cloud calls that are usually refused: 0.02 to 0.2, 0.05 as long as nothing is known."""
        return min(max((self._calls[1] + 5.0) / (self._calls[0] + 100.0), 0.02), 0.2)

    def note(self, kind: str, started: float) -> None:
        """Remember when something of a kind that may be a scheduled job has started."""
        if kind in self._rhythms or len(self._rhythms) < _MOST_ROLES:
            self._rhythms.setdefault(kind, [0.0, 0.0])[on_the_quarter(started)] += 1

    def unscheduled(self, kind: str, started: float) -> float:
        """Return from 0 to 1 how little a start looks like those of the company's own jobs of this kind.

        Jobs begin at a full quarter of an hour. The figure compares how often things of the kind have started so, with
        how often anything would by chance: 0.5 as long as nothing is known.
        """
        off, on = self._rhythms.get(kind, (0.0, 0.0))
        quarter = on_the_quarter(started)
        chance = 2 * _ON_TIME / _QUARTER
        expected = chance if quarter else 1 - chance
        seen = ((on if quarter else off) + 2 * expected) / (off + on + 2)
        return 1 / (1 + seen / expected)

    def meet(self, host: str, address: str) -> None:
        """Remember a hint that a machine has an address."""
        hints = self._places.setdefault(host, {})
        hints[address] = hints.get(address, 0.0) + 1
        if len(hints) > _MOST_HINTS:
            del hints[min(hints, key=lambda each: (hints[each], each))]
        if len(self._places) > _MOST_ROLES:
            self._places.popitem(last=False)

    def address_of(self, host: str) -> str:
        """Return the address that most hints give a machine; ``""`` as long as they do not agree."""
        hints = self._places.get(host)
        if not hints:
            return ""
        first = max(hints, key=lambda each: (hints[each], each))
        return first if hints[first] >= 3 and hints[first] > 0.5 * sum(hints.values()) else ""

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        return {
            "version": _VERSION,
            "day": self._day,
            "habits": {name: asdict(habit) for name, habit in self._habits.items()},
            "roles": self._roles,
            "rhythms": self._rhythms,
            "calls": self._calls,
            "places": self._places,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Usual:
        """Make what ``to_json`` returned.

        Raises:
            InputError: it is not of this form.
        """
        usual = cls()
        if document.get("version") != _VERSION:
            raise InputError(
                f"version {document.get('version')!r}, not {_VERSION}", hint="begin a new history in another file"
            )
        names = {each.name for each in fields(Habit)}
        try:
            usual._day = int(document["day"])  # the constructor of the class itself
            for name, told in document["habits"].items():
                usual._habits[name] = Habit(**{key: told[key] for key in names})
            usual._roles = {role: dict(counts) for role, counts in document["roles"].items()}
            usual._totals = {role: sum(counts.values()) for role, counts in usual._roles.items()}
            usual._rhythms = {kind: [float(off), float(on)] for kind, (off, on) in document["rhythms"].items()}
            usual._calls = [float(count) for count in document["calls"][:2]]
            usual._places = OrderedDict((host, dict(hints)) for host, hints in document["places"].items())
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise InputError(f"damaged: {error!r}", hint="begin a new history in another file") from error
        return usual

    def save(self, path: Path) -> None:
        """Write everything to a file; it is there whole or not at all.

        Raises:
            InputError: it cannot be written.
        """
        part = path.with_name(f"{path.name}.part")
        try:
            part.write_bytes(msgspec.json.encode(self.to_json()))
            part.replace(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}", hint="name a file that can") from error

    @classmethod
    def load(cls, path: Path) -> Usual:
        """Read what ``save`` wrote.

        Raises:
            InputError: it cannot be read.
        """
        try:
            document = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError(f"{path}: no history: {error}", hint="begin a new history in another file") from error
        try:
            return cls.from_json(document)
        except InputError as error:
            raise InputError(f"{path}: {error}", hint=error.hint) from error

    def _habit(self, source: str, today: int) -> Habit:
        habit = self._habits.get(source)
        if habit is None:
            habit = self._habits[source] = Habit(today, today)
            if len(self._habits) > _MOST_SOURCES:
                self._habits.popitem(last=False)
        elif habit.last != today:
            habit.last = today
            self._habits.move_to_end(source)
        return habit

    def _known(self, source: str, today: int) -> Habit | None:
        habit = self._habits.get(source)
        return habit if habit is not None and today - habit.first >= _KNOWN_DAYS else None

    def _rare_action(self, sighting: Sighting) -> Evidence | None:
        role = sighting.role or sighting.dataset
        total = self._totals.get(role, 0.0)
        if not sighting.action or total < 300:
            return None
        count = self._roles[role].get(sighting.action, 0.0)
        if count / total > 0.002:
            return None
        weight = 0.08 if count < 1 else 0.04
        told = f"{sighting.action} is {count:.0f} of {total:.0f} actions of {role}."
        return Evidence("rare action", weight, told)

    def _fade(self, today: int) -> None:
        if self._day:
            left = _FADES ** min(today - self._day, 400)
            for role, counts in self._roles.items():
                self._roles[role] = {name: count * left for name, count in counts.items() if count * left >= 0.2}
                self._totals[role] = sum(self._roles[role].values())
            self._rhythms = {kind: [off * left, on * left] for kind, (off, on) in self._rhythms.items()}
            self._calls = [count * left for count in self._calls]
        self._day = today


def on_the_quarter(time: float) -> bool:
    """Return whether a moment lies within a minute and a half of a full quarter of an hour."""
    return (time + _ON_TIME) % _QUARTER < 2 * _ON_TIME
