"""What a sink says about a batch, and how long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from logdojo.errors import InputError
from logdojo.logsetup.shipping.reading import Line

Wait = Callable[[float], bool]
"""Wait so many seconds; return True at once when shipping is to stop."""


class RefusedError(InputError):
    """The other side will take nothing until a person changes something: a secret, a right, a certificate, a name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the lines of one ``send``. Each line is in exactly one place.

    Args:
        accepted: how many are there now.
        duplicates: how many of those had been there before.
        dead: lines that are refused for good, each with the reason.
        again: lines to be sent once more.
        reason: why they are to be sent once more.
        retry_after: seconds that the other side asked for; 0 when it did not.
    """

    accepted: int = 0
    duplicates: int = 0
    dead: tuple[tuple[Line, str], ...] = ()
    again: tuple[Line, ...] = ()
    reason: str = ""
    retry_after: float = 0.0

    def __add__(self, other: Outcome) -> Outcome:
        """Return the outcome of both."""
        return Outcome(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.dead + other.dead,
            self.again + other.again,
            self.reason or other.reason,
            max(self.retry_after, other.retry_after),
        )


class Sink(Protocol):
    """Where lines go."""

    @property
    def name(self) -> str:
        """A name that stays the same for the same place and shows no secret; part of the cursor's file name."""

    def send(self, lines: Sequence[Line], *, wait: Wait) -> Outcome:
        """Send lines once and say what became of each.

        Raises:
            RefusedError: a person must change something first.
        """

    def forget(self) -> None:
        """Drop the connection without a word: it belongs to the parent process, or is not needed any more."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with full jitter: many shippers that failed together do not come back together.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Args:
        first: seconds; the longest wait after the first failure.
        most: seconds; no wait of our own is longer.
        most_asked: seconds; no longer wait is granted to the other side's ``Retry-After``.
        rng: where the jitter comes from.
    """

    first: float = 0.2
    most: float = 30.0
    most_asked: float = 300.0
    rng: random.Random = field(default_factory=random.Random, repr=False)

    def seconds(self, failures: int, *, asked: float = 0.0) -> float:
        """Return how long to wait after so many failures in a row, and no shorter than the other side has asked for."""
        longest = min(self.most, self.first * 2 ** min(failures - 1, 30))
        return self.rng.uniform(0, longest) + min(asked, self.most_asked)
