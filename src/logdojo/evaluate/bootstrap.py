"""How sure a number is: percentile intervals over resampled groups (Efron 1979).

Groups are drawn, not rows: the rows of a group are near twins, and resampling them one by one would make any number
look surer than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Interval = tuple[float, float]


def group_bootstrap(
    groups: Sequence[str], statistic: Callable[[np.ndarray], float], *, seed: int, rounds: int = 1_000
) -> Interval:
    """Return the 95 % percentile interval of ``statistic`` over resampled groups.

    Args:
        groups: the group of each row.
        statistic: row indexes (with repetition) → a number.
        seed: of the draws.
        rounds: draws.
    """
    rng = np.random.default_rng(seed)
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    rows = [np.flatnonzero(place == i) for i in range(len(names))]
    values = [
        statistic(np.concatenate([rows[i] for i in rng.integers(0, len(names), len(names))])) for _ in range(rounds)
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
