"""Many sessions at once: they start at the rhythm of a working day, and their lines come out in order of time."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from logdojo.errors import UsageError
from logdojo.simulate.scenarios import ATTACKS, BACKGROUND, TWINS
from logdojo.simulate.stage import VARIANTS, Scenario, Scene, Timed, variant_of

_FIRST_DAY: Final = 1_736_121_600.0
"""Monday, 6 January 2025, 00:00 UTC."""
_DAY: Final = 86_400.0
_MEAN_GAP: Final = 90.0
"""Seconds between the starts of two sessions at noon."""
_TWIN_SHARE: Final = 0.65
"""Share of the benign sessions that look like an attack."""


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """A raw line, and the truth about it.

    Args:
        line: as a machine would write it, without a line end.
        label: what its session is: ``benign``, ``bruteforce``, ``scan``, …
        attack: MITRE ATT&CK technique, ``""`` when benign.
        session: the session it belongs to; all its lines have one label.
        group: scenario and variant; a split keeps it whole.
        scenario: the kind of session.
        time: UTC epoch seconds.
        format: ``iptables``, ``sshd`` or ``cloudtrail``.
    """

    line: str
    label: str
    attack: str
    session: str
    group: str
    scenario: str
    time: float
    format: str


def simulate(n_lines: int, *, seed: int, attack_share: float = 0.3) -> Iterator[SimulatedLine]:
    """Yield labelled lines of an invented company in order of time; the same seed gives the same lines.

    Args:
        n_lines: how many; a session may be cut off at the end.
        seed: of every choice.
        attack_share: probability that a session is an attack.

    Raises:
        UsageError: a negative number of lines, or a share outside 0 to 1.
    """
    if n_lines < 0:
        raise UsageError(f"n_lines is {n_lines}", hint="ask for 0 lines or more")
    if not 0.0 <= attack_share <= 1.0:
        raise UsageError(f"attack_share is {attack_share}", hint="give a share from 0 to 1")
    return _lines(n_lines, seed, attack_share)


def _lines(n_lines: int, seed: int, attack_share: float) -> Iterator[SimulatedLine]:
    starts = _sessions(seed, attack_share)
    upcoming = next(starts)
    # Each entry: time of the session's next line, session number (no two are equal), line, session, rest of it.
    playing: list[tuple[float, int, str, _Session, Iterator[Timed]]] = []
    number = 0
    while number < n_lines:
        while not playing or upcoming.start <= playing[0][0]:
            play = upcoming.play()
            if first := next(play, None):
                heapq.heappush(playing, (first[0], upcoming.number, first[1], upcoming, play))
            upcoming = next(starts)
        when, place, line, session, play = playing[0]
        yield session.told(line, when)
        number += 1
        if following := next(play, None):
            heapq.heapreplace(playing, (following[0], place, following[1], session, play))
        else:
            heapq.heappop(playing)


@dataclass(frozen=True, slots=True)
class _Session:
    number: int
    start: float
    scenario: Scenario
    variant: int
    seed: int

    def play(self) -> Iterator[Timed]:
        rng = random.Random(f"logdojo {self.seed} session {self.number}")
        return self.scenario.play(Scene(rng, variant_of(self.scenario.name, self.variant), self.start))

    def told(self, line: str, when: float) -> SimulatedLine:
        s = self.scenario
        group = f"{s.name}/{self.variant}"
        return SimulatedLine(
            line, s.label, s.attack, f"s{self.number:06d}", group, s.name, int(when * 1_000) / 1_000, s.format
        )


def _sessions(seed: int, attack_share: float) -> Iterator[_Session]:
    """Yield sessions without end, in order of their start."""
    rng = random.Random(f"logdojo {seed} timeline")
    attacks, twins, background = (_deck(rng, scenarios) for scenarios in (ATTACKS, TWINS, BACKGROUND))
    clock = _FIRST_DAY + rng.randrange(300) * _DAY + 7 * 3_600
    number = 0
    while True:
        clock += rng.expovariate(_rhythm(clock) / _MEAN_GAP)
        number += 1
        benign = twins if rng.random() < _TWIN_SHARE else background
        scenario, variant = next(attacks if rng.random() < attack_share else benign)
        yield _Session(number, clock, scenario, variant, seed)


def _deck(rng: random.Random, scenarios: tuple[Scenario, ...]) -> Iterator[tuple[Scenario, int]]:
    """Deal scenarios and variants without end, such that each comes equally often."""
    variants = {s.name: rng.sample(range(VARIANTS), VARIANTS) for s in scenarios}
    turn = 0
    while True:
        for scenario in rng.sample(scenarios, len(scenarios)):
            yield scenario, variants[scenario.name][turn % VARIANTS]
        turn += 1


def _rhythm(clock: float) -> float:
    """Return how busy an hour is, 1 at its busiest; attacks keep no other hours than everyone else."""
    hour = time.gmtime(clock).tm_hour
    return 1.0 if 7 <= hour < 18 else 0.5 if 5 <= hour < 22 else 0.25
