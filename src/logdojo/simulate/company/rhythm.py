"""When things happen: hours of the day by kind of activity, in UTC, which is the company's own time zone."""

from __future__ import annotations

import random
from itertools import accumulate
from types import MappingProxyType
from typing import Final

_WEIGHTS: Final = MappingProxyType(
    {
        # A hump before and one after lunch; a few work early or late.
        "office": (1, 1, 1, 1, 1, 2, 6, 18, 40, 50, 50, 42, 20, 34, 48, 48, 40, 24, 10, 5, 4, 3, 2, 1),
        # Customers and visitors: all day, most in the evening.
        "public": (8, 5, 4, 4, 5, 8, 14, 22, 28, 30, 30, 32, 36, 34, 30, 30, 32, 36, 42, 46, 44, 36, 24, 14),
        # Jobs that run while nobody works.
        "night": (40, 44, 46, 40, 30, 20, 8, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 10, 20, 30, 36),
        # Timers, monitoring, the noise of the internet.
        "always": (10,) * 24,
    }
)
_CUMULATED: Final = MappingProxyType({name: tuple(accumulate(weights)) for name, weights in _WEIGHTS.items()})
_HOURS: Final = range(24)
_WEEKEND: Final = MappingProxyType({"office": 0.15, "public": 0.8, "night": 0.8, "always": 1.0})
RHYTHMS: Final = tuple(_WEIGHTS)
"""Names of the rhythms."""
MIXED: Final = "mixed"
"""An attack keeps the hours of any of them."""
_MIX: Final = (0.52, 0.2, 0.12, 0.16)


def second_of_day(rng: random.Random, rhythm: str) -> float:
    """Draw a time of day in seconds; jobs of the night start at a quarter of an hour, give or take a minute."""
    if rhythm == MIXED:
        rhythm = rng.choices(RHYTHMS, _MIX)[0]
    hour = rng.choices(_HOURS, cum_weights=_CUMULATED[rhythm])[0]
    if rhythm == "night":
        return hour * 3_600.0 + rng.randrange(4) * 900 + rng.random() * 60
    return (hour + rng.random()) * 3_600


def share_of_day(rhythm: str, weekday: int) -> float:
    """Return how busy a day is compared with the week's mean, for a rhythm; Monday is weekday 0."""
    if rhythm == MIXED:
        return sum(weight * share_of_day(name, weekday) for name, weight in zip(RHYTHMS, _MIX, strict=True))
    weekend = _WEEKEND[rhythm]
    return (weekend if weekday > 4 else 1.0) * 7 / (5 + 2 * weekend)
