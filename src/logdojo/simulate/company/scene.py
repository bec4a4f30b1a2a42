"""One session while it is played: its clock, its chance, its stage, and the lines it hands over."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappush
from itertools import count
from typing import Final, TypeVar

from logdojo.simulate.company.rhythm import MIXED
from logdojo.simulate.company.world import Party, Person, Server, World
from logdojo.simulate.stage import Variant

T = TypeVar("T")
Slots = Mapping[str, str | int]
"""ECS name → value as it stands in the line."""
_TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A line that waits for its time, with what is known about it."""

    line: str
    format: str
    slots: Slots
    stage: str
    attack: str
    scene: Scene


Waiting = tuple[float, int, "Told | Playing"]
"""UTC epoch seconds, a number that no other entry has, and what is due then."""


class Scene:
    """One session.

    A scenario's play changes the clock, lets acts put their lines, and yields whenever it has waited; a line may lie in
    the session's future but never in its past, so that all sessions together come out in order of time.

    Args:
        world: the company.
        scenario: the kind of session.
        variant: its parameters.
        rng: the session's own source of chance.
        start: UTC epoch seconds.
        queue: where lines wait; shared by all sessions.
        numbers: counts the entries of the queue.
    """

    __slots__ = (
        "attack",
        "clock",
        "id",
        "numbers",
        "queue",
        "random",
        "rng",
        "scenario",
        "stage",
        "variant",
        "world",
    )

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        *,
        variant: Variant,
        rng: random.Random,
        start: float,
        queue: list[Waiting],
        numbers: count[int],
    ) -> None:
        self.world = world
        self.scenario = scenario
        self.variant = variant
        self.rng = rng
        self.random = rng.random
        self.clock = start
        self.queue = queue
        self.numbers = numbers
        self.id = f"s{rng.getrandbits(48):012x}"
        self.stage = "routine"
        self.attack = ""

    def put(self, when: float, form: str, line: str, slots: Slots) -> None:
        """Hand over a line that is written at ``when``."""
        told = Told(line, form, slots, self.stage, self.attack, self)
        heappush(self.queue, (when, next(self.numbers), told))

    def enter(self, stage: str, attack: str = "") -> None:
        """Begin a stage; ``attack`` is its ATT&CK technique."""
        self.stage, self.attack = stage, attack

    def wait(self, mean: float = 0.0) -> None:
        """Let time pass: exponentially distributed around ``mean`` seconds, the variant's pace if not given."""
        self.clock += self.rng.expovariate(1.0 / (mean or self.variant.pace)) + 0.05

    def tick(self, period: float, jitter: float = 0.05) -> None:
        """Let one period of a timer pass, with jitter (a share of the period)."""
        self.clock += period * (1 - jitter + 2 * jitter * self.random())

    def chance(self, share: float) -> bool:
        """Return True with the given probability."""
        return self.random() < share

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to ``limit`` − 1."""
        return int(self.random() * limit)

    def one(self, pool: Sequence[T]) -> T:
        """Draw one of a pool."""
        return pool[int(self.random() * len(pool))]

    def steps(self, share: float = 1.0) -> range:
        """Draw how many steps a part of the session has, about ``share`` of the variant's size."""
        return range(max(1, round(self.variant.size * 0.45 * share * (0.6 + 0.8 * self.random()))))

    def person(self) -> Person:
        """Draw somebody, rather one who is at work at this hour."""
        hour = self.clock % 86_400 / 3_600
        who = self.one(self.world.people)
        for _ in range(_TRIES):
            if who.begins <= hour <= who.ends:
                break
            who = self.one(self.world.people)
        return who

    def party(self) -> Party:
        """Draw somebody outside."""
        return self.one(self.world.parties)

    def linux(self) -> Server:
        """Draw a Linux server."""
        return self.one(self.world.linux)

    def windows(self) -> Server:
        """Draw a Windows server."""
        return self.one(self.world.windows)

    def origin(self, who: Person) -> str:
        """Draw where somebody works from: the desk, home, or anywhere on the road."""
        kind = self.random()
        if kind < 0.5:
            return who.address
        return self.world.parties[who.home].address if kind < 0.7 else self.party().address


Play = Callable[[Scene], Iterator[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of session.

    Args:
        name: unique, lower case.
        play: plays a session; yields each time its clock has moved.
        rhythm: when such sessions start.
        weight: how often, against the other routine; look-alikes and attacks come equally often.
        label: what a triage should say; ``benign`` for look-alikes and routine.
        techniques: ATT&CK techniques of its stages, in order; empty when benign.
        twin_of: names of the attacks that a benign look-alike imitates.
    """

    name: str
    play: Play
    rhythm: str = MIXED
    weight: float = 1.0
    label: str = "benign"
    techniques: tuple[str, ...] = ()
    twin_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Playing:
    """A session that goes on at a later time."""

    scene: Scene
    play: Iterator[None]
