"""What a scenario plays on: its variant, its clock, its draws; and what it hands over, a line with its time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

from logdojo.simulate import names

T = TypeVar("T")
Timed = tuple[float, str]
"""UTC epoch seconds, and a raw line."""

VARIANTS: Final = 8
"""Parameter variants of each scenario; scenario and variant make the group that a split holds out whole."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The parameters in which the groups of one scenario differ.

    Args:
        index: 0 to ``VARIANTS`` − 1.
        pace: mean seconds between two steps.
        size: about how many steps.
        style: 0 to 5; picks the tool, the shape, the wording.
        region: cloud region.
    """

    index: int
    pace: float
    size: int
    style: int
    region: str


@cache
def variant_of(scenario: str, index: int) -> Variant:
    """Return a variant of a scenario; the same in every simulation."""
    rng = random.Random(f"variant {scenario} {index}")
    return Variant(
        index=index,
        # From half a second to half a minute, evenly on a logarithmic scale.
        pace=10 ** rng.uniform(-0.3, 1.5),
        size=rng.randint(14, 34),
        style=index % 6,
        region=rng.choice(names.REGIONS),
    )


class Scene:
    """One session while it is played.

    Args:
        rng: the session's own source of chance.
        variant: the parameters.
        start: UTC epoch seconds.
    """

    __slots__ = ("clock", "rng", "variant")

    def __init__(self, rng: random.Random, variant: Variant, start: float) -> None:
        self.rng = rng
        self.variant = variant
        self.clock = start

    def wait(self, mean: float = 0.0) -> None:
        """Let time pass: exponentially distributed around ``mean`` seconds, the variant's pace if not given."""
        self.clock += self.rng.expovariate(1.0 / (mean or self.variant.pace))

    def tick(self, period: float, jitter: float = 0.03) -> None:
        """Let one period of a timer pass, with a little jitter (a share of the period)."""
        self.clock += period * self.rng.uniform(1 - jitter, 1 + jitter)

    def chance(self, share: float) -> bool:
        """Return True with the given probability."""
        return self.rng.random() < share

    def count(self, low: int, high: int) -> int:
        """Draw a number of things, both ends included."""
        return self.rng.randint(low, high)

    def one(self, pool: tuple[T, ...] | list[T]) -> T:
        """Draw one of a pool."""
        return self.rng.choice(pool)

    def some(self, pool: tuple[T, ...], low: int, high: int) -> list[T]:
        """Draw ``low`` to ``high`` different ones of a pool."""
        return self.rng.sample(pool, min(len(pool), self.rng.randint(low, high)))

    def address(self) -> str:
        """Draw an address, as often inside as outside: where someone sits tells nothing."""
        return names.inside(self.rng) if self.rng.random() < 0.5 else names.outside(self.rng)


Play = Callable[[Scene], Iterator[Timed]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of session.

    Args:
        name: unique, lower case.
        format: ``iptables``, ``sshd`` or ``cloudtrail``.
        play: yields the session's lines in order of time.
        label: what a triage should say; ``benign`` for twins and background.
        attack: MITRE ATT&CK technique, ``""`` when benign.
        twin_of: names of the attacks that a benign look-alike imitates; empty for attacks and plain background.
    """

    name: str
    format: str
    play: Play
    label: str = "benign"
    attack: str = ""
    twin_of: tuple[str, ...] = ()
