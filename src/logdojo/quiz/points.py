"""Key points and misconceptions as an author writes them, and as they are found in an answer."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

NAMED_CREDIT = 0.25
"""Share of a point's weight for naming it in a list, without saying anything about it."""


class Status(enum.StrEnum):
    """How an answer treats one key point."""

    MADE = "made"
    """Said, in a sentence."""
    NAMED = "named"
    """Its words are listed, nothing is said about it."""
    DENIED = "denied"
    """The answer says the contrary."""
    MISSED = "missed"
    """Not found."""


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One thing that a good answer says.

    Attributes:
        id: stable name inside its item.
        text: what the point is, as a candidate reads it.
        weight: its share of the score, relative to the other points.
        any: phrases of which one makes the point; see ``logdojo.quiz.matching`` for their form.
        follow_up: what an interviewer asks when it is missing.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": False}

    id: str
    text: str = ""
    weight: float = 1.0
    any: Sequence[str] = ()
    follow_up: str = ""


@dataclass(frozen=True, slots=True)
class Misconception:
    """A wrong statement that limits the score of the answer that makes it.

    Attributes:
        match: phrases of which one shows it.
        cap: most that such an answer can reach, in [0, 1].
        say: what is told to the candidate.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": False}

    match: Sequence[str]
    cap: float
    say: str


@dataclass(frozen=True, slots=True)
class PointResult:
    """One key point, as found in an answer; ``quote`` is in the candidate's own words, empty when missed."""

    point: KeyPoint
    status: Status
    quote: str = ""

    @property
    def credit(self) -> float:
        """The share of the point's weight that counts, in [0, 1]."""
        return {Status.MADE: 1.0, Status.NAMED: NAMED_CREDIT}.get(self.status, 0.0)


@dataclass(frozen=True, slots=True)
class MisconceptionResult:
    """A misconception that an answer states, in the candidate's own words."""

    misconception: Misconception
    quote: str
