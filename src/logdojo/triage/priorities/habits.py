"""The habits of one source: places, programs, actions, hours, sizes of what it sends; and how an event differs.

Rates and sizes are compared by median and median absolute deviation, which a few odd days do not move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from logdojo.triage.priorities.reasons import Evidence
from logdojo.triage.priorities.sighting import Sighting, is_inside

_MOST_VALUES: Final = 64
_KEPT_HOURS: Final = 8
_KEPT_SIZES: Final = 48
_MANY: Final = 20
_LARGE: Final = 1_000_000
_MAD_TO_SIGMA: Final = 1.4826
"""Rousseeuw and Croux (1993): MAD times this is the standard deviation of a normal distribution."""


@dataclass(slots=True)
class Habit:
    """One source's habits; the dicts say on which day a value was first seen."""

    first: int
    last: int
    addresses: dict[str, int] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)
    agents: dict[str, int] = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    hours: dict[str, list[int]] = field(default_factory=dict)
    hour: int = 0
    count: int = 0
    sizes: list[float] = field(default_factory=list)


def first_seen(seen: dict[str, int], value: str, today: int) -> None:
    """Remember on which day a value was first seen; the oldest of too many is forgotten."""
    if value not in seen:
        if len(seen) >= _MOST_VALUES:
            del seen[next(iter(seen))]
        seen[value] = today


def network_of(sighting: Sighting) -> str:
    """Return where an address lies: the country if it is told, else the wider network (/16, /32 of IPv6)."""
    if sighting.country:
        return sighting.country
    parts = sighting.address.split(":" if ":" in sighting.address else ".")
    return ".".join(parts[:2])


def _cell(hour: int) -> str:
    """Return the kind of hour: its place in the day, and whether it is a weekend (day 0 of the epoch: Thursday)."""
    return f"{'weekend' if (hour // 24 + 3) % 7 > 4 else 'weekday'} {hour % 24}"


def count_event(habit: Habit, time: float) -> None:
    """Count an event in its hour; a full hour joins the counts of its kind."""
    hour = int(time // 3_600)
    if hour > habit.hour:
        if habit.hour and habit.count:
            cell = _cell(habit.hour)
            habit.hours[cell] = [*habit.hours.get(cell, [])[1 - _KEPT_HOURS :], habit.count]
        habit.hour, habit.count = hour, 0
    habit.count += 1


def note_size(habit: Habit, sent: int) -> None:
    """Remember how much was sent at once, if it is much."""
    if sent > _LARGE:
        habit.sizes = [*habit.sizes[1 - _KEPT_SIZES :], round(math.log2(sent), 2)]


def unlike_user(habit: Habit, sighting: Sighting, today: int) -> list[Evidence]:
    """Return where an event leaves the places and actions of its user."""
    found: list[Evidence] = []
    if sighting.address and not is_inside(sighting.address):
        place = network_of(sighting)
        if place not in habit.networks and habit.networks:
            told = f"{sighting.user} was never seen in {place} before, in {today - habit.first} days."
            found.append(Evidence("new place for a user", 0.12, told))
        elif sighting.address not in habit.addresses:
            told = f"{sighting.user} was never seen at {sighting.address} before, in {today - habit.first} days."
            found.append(Evidence("new address for a user", 0.06, told))
    name = f"{sighting.dataset} {sighting.action}"
    if sighting.action and habit.actions.get(name, today) >= today and len(habit.actions) < _MOST_VALUES:
        told = f"{sighting.user} did {sighting.action} for the first time in {today - habit.first} days."
        found.append(Evidence("first time for a user", 0.03, told))
    return found


def unlike_hour(habit: Habit, sighting: Sighting, source: str) -> list[Evidence]:
    """Return whether a source has far more events than usual at this hour of this kind of day."""
    hour = int(sighting.time // 3_600)
    count = habit.count + 1 if habit.hour == hour else 1
    if count < _MANY:
        return []
    kept = habit.hours.get(_cell(hour), [])
    # Hours without an event left no count; days of five and of two a week have had this hour.
    share = 2 / 7 if _cell(hour).startswith("weekend") else 5 / 7
    silent = max(round((hour // 24 - habit.first) * share), 0) - len(kept)
    counts = [*kept, *([0] * min(max(silent, 0), _KEPT_HOURS))] or [0]
    middle = median(counts)
    spread = _MAD_TO_SIGMA * median(abs(each - middle) for each in counts)
    # The square root of a Poisson count has a standard deviation of a half (Anscombe 1948).
    excess = 2 * (math.sqrt(count) - math.sqrt(middle + 2 * spread + 4))
    if excess <= 3:
        return []
    told = f"{source} has {count} events this hour; the median of {len(counts)} such hours is {middle:.0f}."
    return [Evidence("rate", min(0.04 * (excess - 2), 0.15), told)]


def unlike_size(habit: Habit, sighting: Sighting) -> list[Evidence]:
    """Return whether an address sends far more at once than it usually does."""
    if sighting.sent < 10 * _LARGE:
        return []
    middle = median(habit.sizes) if len(habit.sizes) >= 3 else math.log2(_LARGE)
    spread = _MAD_TO_SIGMA * median(abs(each - middle) for each in habit.sizes) if len(habit.sizes) >= 3 else 1.0
    excess = (math.log2(sighting.sent) - middle) / (spread + 1.0)
    if excess <= 2:
        return []
    told = f"{sighting.address} sent {sighting.sent / 1e6:,.0f} MB at once; its median is {2**middle / 1e6:,.1f} MB."
    return [Evidence("volume", min(0.04 * excess, 0.15), told)]
