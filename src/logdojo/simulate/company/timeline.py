"""Days of the company: each day's sessions start at their hours, play at once, and come out in order of time.

Benign sessions and attacks are planned from streams of chance of their own, so that the same seed with and without
attacks gives the very same benign lines.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final

from logdojo.errors import UsageError
from logdojo.simulate.company.rhythm import second_of_day, share_of_day
from logdojo.simulate.company.scenarios import ATTACKS, LOOKALIKES, ROUTINE
from logdojo.simulate.company.scene import Playing, Scenario, Scene, Slots, Told, Waiting
from logdojo.simulate.company.world import World
from logdojo.simulate.stage import VARIANTS, variant_of

FIRST_DAY: Final = 1_736_121_600.0
"""Monday, 6 January 2025, 00:00 UTC."""
DAY: Final = 86_400.0
"""Seconds."""
_LINES_PER_SESSION: Final = 24.0
"""Measured mean."""
_LOOKALIKE_SHARE: Final = 0.55
"""Share of the benign sessions that look like an attack."""


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A raw line, and the truth about it.

    Args:
        line: as a device would write it, without a line end.
        label: what its session is: ``benign``, ``bruteforce``, ``scan``, …
        attack: MITRE ATT&CK technique of its stage, ``""`` before an attack begins and when benign.
        session: the session it belongs to; all its lines have one label.
        group: scenario and variant; a split keeps it whole.
        scenario: the kind of session.
        stage: what is being done; ``routine`` when benign.
        time: UTC epoch seconds at which the line is written, to the millisecond.
        format: which device's: one of ``FORMATS``.
        slots: ECS name → the value as it stands in the line; texts literally, numbers as integers.
    """

    line: str
    label: str
    attack: str
    session: str
    group: str
    scenario: str
    stage: str
    time: float
    format: str
    slots: Slots


def company_days(
    *,
    days: int,
    seed: int,
    events_per_day: int = 20_000,
    attacks: bool | Collection[str] = True,
    attack_share: float = 0.012,
) -> Iterator[CompanyLine]:
    """Yield the labelled lines of some days of the company in order of time; the same seed gives the same lines.

    A week has a mean of about ``events_per_day`` lines a day: more on working days, fewer at weekends. Memory is
    bounded by the sessions of one day.

    Args:
        days: how many, from Monday on.
        seed: of every choice.
        events_per_day: about how many lines a day.
        attacks: False for none, or the names of the attacks that may happen.
        attack_share: attack sessions for each session of the company; at the default about 1 % of the lines.

    Raises:
        UsageError: a negative number, a share outside 0 to 1, or a name that is no attack.
    """
    if days < 0 or events_per_day < 0:
        raise UsageError(f"days is {days}, events_per_day {events_per_day}", hint="give 0 or more")
    if not 0.0 <= attack_share <= 1.0:
        raise UsageError(f"attack_share is {attack_share}", hint="give a share from 0 to 1")
    known = {scenario.name: scenario for scenario in ATTACKS}
    wanted = list(known) if attacks is True else sorted(set(attacks or ()))
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"{unknown[0]!r} is no attack", hint=f"choose from {', '.join(known)}")
    chosen = tuple(known[name] for name in wanted)
    return _lines(days, seed, events_per_day, chosen, attack_share)


def _lines(
    days: int, seed: int, events_per_day: int, attacks: tuple[Scenario, ...], attack_share: float
) -> Iterator[CompanyLine]:
    world, queue, numbers = World(seed), list[Waiting](), count()
    sessions = events_per_day / _LINES_PER_SESSION
    benign = _Plan(seed, "benign", sessions)
    hostile = _Plan(seed, "attacks", sessions * attack_share)
    for day in range(days):
        midnight = FIRST_DAY + day * DAY
        starts = benign.routine(day) + benign.dealt(day, LOOKALIKES, _LOOKALIKE_SHARE)
        starts += hostile.dealt(day, attacks, 1.0)
        for second, scenario, variant, chance in starts:
            scene = Scene(
                world,
                scenario,
                variant=variant_of(scenario.name, variant),
                rng=random.Random(chance),
                start=midnight + second,
                queue=queue,
                numbers=numbers,
            )
            heappush(queue, (scene.clock, next(numbers), Playing(scene, scenario.play(scene))))
        yield from _until(midnight + DAY, queue, numbers)


def _until(end: float, queue: list[Waiting], numbers: count[int]) -> Iterator[CompanyLine]:
    """Play what is due before ``end``."""
    while queue and queue[0][0] < end:
        when, _, due = heappop(queue)
        if isinstance(due, Told):
            scene = due.scene
            scenario = scene.scenario
            yield CompanyLine(
                due.line,
                scenario.label,
                due.attack,
                scene.id,
                f"{scenario.name}/{scene.variant.index}",
                scenario.name,
                due.stage,
                int(when * 1_000) / 1_000,
                due.format,
                due.slots,
            )
        elif next(due.play, _Over) is not _Over:
            heappush(queue, (due.scene.clock, next(numbers), due))


class _Over:
    """What a play that has ended gives."""


_Start = tuple[float, Scenario, int, str]
"""Second of the day, scenario, variant, seed."""


class _Plan:
    """When which sessions start, day by day."""

    def __init__(self, seed: int, name: str, sessions: float) -> None:
        self._name = f"company {seed} {name}"
        self._sessions = sessions
        self._deck: Iterator[tuple[Scenario, int]] | None = None

    def routine(self, day: int) -> list[_Start]:
        """Return plain sessions, each kind as often as its weight and the day of the week say."""
        rng = random.Random(f"{self._name} routine {day}")
        weights = sum(scenario.weight for scenario in ROUTINE)
        starts: list[_Start] = []
        for scenario in ROUTINE:
            mean = self._sessions * (1 - _LOOKALIKE_SHARE) * scenario.weight / weights
            for _ in range(_whole(rng, mean * share_of_day(scenario.rhythm, day % 7))):
                starts.append(self._start(rng, day, scenario, rng.randrange(VARIANTS), len(starts)))
        return starts

    def dealt(self, day: int, scenarios: tuple[Scenario, ...], share: float) -> list[_Start]:
        """Return sessions of kinds that come in turn, so that each comes equally often."""
        if not scenarios:
            return []
        rng = random.Random(f"{self._name} dealt {day}")
        self._deck = self._deck or _deck(random.Random(f"{self._name} deck"), scenarios)
        busy = sum(share_of_day(scenario.rhythm, day % 7) for scenario in scenarios) / len(scenarios)
        chosen = [next(self._deck) for _ in range(_whole(rng, self._sessions * share * busy))]
        return [self._start(rng, day, scenario, variant, number) for number, (scenario, variant) in enumerate(chosen)]

    def _start(self, rng: random.Random, day: int, scenario: Scenario, variant: int, number: int) -> _Start:
        second = second_of_day(rng, scenario.rhythm)
        return second, scenario, variant, f"{self._name} {scenario.name} {day} {number}"


def _whole(rng: random.Random, mean: float) -> int:
    """Round up or down, such that the mean is kept."""
    return int(mean + rng.random())


def _deck(rng: random.Random, scenarios: tuple[Scenario, ...]) -> Iterator[tuple[Scenario, int]]:
    """Deal scenarios and variants without end, such that each comes equally often."""
    variants = {s.name: rng.sample(range(VARIANTS), VARIANTS) for s in scenarios}
    turn = 0
    while True:
        for scenario in rng.sample(scenarios, len(scenarios)):
            yield scenario, variants[scenario.name][turn % VARIANTS]
        turn += 1
