"""At the doors: many accounts from one address, one account many times, one user in two places."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.findings import Finding, Mark, keep, likely
from logdojo.triage.priorities.recent import Recent, add
from logdojo.triage.priorities.sighting import Sighting
from logdojo.triage.priorities.usual import Usual

_MOST: Final = 64
_TRIED: Final = 5
"""Accounts, or tries, from which on it is more than a typing error."""
_REGULAR: Final = 0.35
"""Median deviation from the median gap, as a share of it, below which a timer tries: somebody is near 0.7."""


@dataclass(slots=True)
class _Door:
    """What one address did."""

    failed: dict[str, int] = field(default_factory=dict)
    entered: dict[str, int] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)


class ManyAccounts:
    """Password spraying (ATT&CK T1110.003): few tries on each of many accounts, and hardly one of them gets in.

    A room of people behind one address mistype theirs as well, but then they get in.
    """

    def __init__(self) -> None:
        self._doors: Recent[str, _Door] = Recent(_Door, idle=1_200.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a sign-in in; see ``Behavior``."""
        del assets
        if not sighting.signs_in:
            return []
        door = self._doors.touch(sighting.address, sighting.time)
        if not sighting.failed:
            add(door.entered, sighting.user, most=_MOST)
            return []
        add(door.failed, sighting.user, most=_MOST)
        keep(door.marks, sighting)
        shut = [user for user in door.failed if user not in door.entered]
        if len(shut) < _TRIED:
            return []
        strange = sum(not usual.is_known(f"user {user}", sighting.time) for user in shut)
        open_doors = len(door.failed) - len(shut)
        weight = 0.9 * likely(0.55 * len(shut) - 1.6 * open_doors + 0.3 * strange - 4.8)
        told = (
            f"{sighting.address} failed to enter {len(door.failed)} accounts within minutes, and entered {open_doors} "
            f"of them; {strange} are accounts that nobody uses."
        )
        return [
            Finding("many accounts", weight, told, f"address {sighting.address}", (), tuple(door.marks)),
        ]


@dataclass(slots=True)
class _Lock:
    """What one address tried with one account."""

    times: list[float] = field(default_factory=list)
    tried: int = 0
    marks: list[Mark] = field(default_factory=list)


class OneAccount:
    """Password guessing (T1110.001): many tries on one account, at no steady pace, perhaps until it opens.

    A program that still has an old password tries as often, but by a timer, and mostly from where it always was.
    """

    def __init__(self) -> None:
        self._locks: Recent[tuple[str, str], _Lock] = Recent(_Lock, idle=900.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a sign-in in; see ``Behavior``."""
        del assets
        if not sighting.signs_in:
            return []
        key = (sighting.address, sighting.user)
        if not sighting.failed:
            lock = self._locks.look(key, sighting.time)
            if lock is None or lock.tried < _TRIED:
                return []
        else:
            lock = self._locks.touch(key, sighting.time)
            lock.tried += 1
            lock.times = [*lock.times[1 - _MOST :], sighting.time]
        keep(lock.marks, sighting)
        if lock.tried < _TRIED:
            return []
        gaps = [later - earlier for earlier, later in zip(lock.times, lock.times[1:], strict=False)]
        middle = median(gaps)
        variation = median(abs(gap - middle) for gap in gaps) / middle if middle else 1.0
        at_home = usual.uses_address(sighting.user, sighting.address, sighting.time)
        timer = variation < _REGULAR and middle >= 2.0
        weight = 0.92 * likely(
            0.35 * min(lock.tried, 14) - 2.4 + 0.5 * (not sighting.failed) - 1.6 * at_home - 5.0 * timer
        )
        told = (
            f"{lock.tried} tries to sign in as {sighting.user} from {sighting.address}, {middle:.0f} s apart "
            f"{'by a timer' if timer else 'at no steady pace'}"
            f"{'' if sighting.failed else ', and then it worked'}; the address is "
            f"{'one of' if at_home else 'none of'} {sighting.user}'s."
        )
        actor = f"user {sighting.user}"
        return [Finding("one account", weight, told, actor, (f"address {sighting.address}",), tuple(lock.marks))]


@dataclass(slots=True)
class _Stay:
    """Where a user signed in last, and what failed before."""

    places: dict[str, tuple[float, str, Mark]] = field(default_factory=dict)


class TwoPlaces:
    """Impossible travel (T1078): a user signs in at one place and minutes later at another, with another program.

    Somebody abroad or behind a VPN changes place as fast, but keeps the program they always use.
    """

    def __init__(self) -> None:
        self._stays: Recent[str, _Stay] = Recent(_Stay, idle=7_200.0)
        self._visitors: Recent[str, dict[str, int]] = Recent(dict, idle=1_800.0)
        self._typos: Recent[tuple[str, str], list[int]] = Recent(list, idle=1_800.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a sign-in in; see ``Behavior``."""
        del assets
        if not sighting.signs_in or not sighting.country:
            return []
        now, user, address = sighting.time, sighting.user, sighting.address
        visitors = self._visitors.touch(address, now)
        add(visitors, user, most=_MOST)
        if sighting.failed:
            self._typos.touch((user, address), now)
            return []
        marks: list[Mark] = []
        keep(marks, sighting)
        stay = self._stays.touch(user, now)
        elsewhere = [
            (now - when, country, mark)
            for place, (when, country, mark) in stay.places.items()
            if place != address and country != sighting.country and now - when < 3_600
        ]
        here_before = address in stay.places
        if len(stay.places) >= 16:
            del stay.places[min(stay.places, key=lambda place: stay.places[place][0])]
        stay.places[address] = (now, sighting.country, marks[0])
        if not elsewhere or here_before or not usual.is_known(f"user {user}", now):
            return []
        ago, country, before = min(elsewhere, key=lambda each: each[0])
        other_program = not usual.uses_agent(user, sighting.agent, now)
        strange = not usual.uses_address(user, address, now)
        typed = self._typos.look((user, address), now) is not None
        weight = 0.88 * likely(
            2.6 * other_program + 1.4 * strange - 2.2 * typed - 1.2 * (len(visitors) - 1) - 2.9 - ago / 1_200
        )
        told = (
            f"{user} signed in from {sighting.country} {ago / 60:.0f} minutes after {country}, "
            f"{'with a program never seen with them' if other_program else 'with the usual program'}."
        )
        return [Finding("two places", weight, told, f"user {user}", (f"address {address}",), (before, marks[0]))]
