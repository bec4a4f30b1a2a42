"""Examples → train, validation and test, whole groups at a time.

Rows of one group (the cases of a rule, the lines of a test, the sessions of a scenario variant) are near twins. Split
by row they measure memory: TF-IDF with logistic regression falls from .96 to .66 macro-F1 on CrowdSec's behaviors once
whole tests are held out.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logdojo.dataset.examples import Example
from logdojo.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np

_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Splits:
    """Three lists of examples that share no group."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


def split_by_group(examples: Sequence[Example], *, seed: int) -> Splits:
    """Split into about 70 % train, 10 % validation and 20 % test, labels balanced, no group on two sides.

    Raises:
        DatasetError: there are fewer than ten groups.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    groups = [e.group for e in examples]
    if len(set(groups)) < _FOLDS:
        raise DatasetError(
            f"{len(set(groups))} groups cannot be split by group", hint=f"give examples of at least {_FOLDS} groups"
        )
    labels = [e.label for e in examples]
    folds = StratifiedGroupKFold(n_splits=_FOLDS, shuffle=True, random_state=seed)
    fold_of = np.empty(len(examples), dtype=int)
    with warnings.catch_warnings():
        # A class with fewer members than folds misses some folds; that is the best any split can do.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for fold, (_, held_out) in enumerate(folds.split(np.zeros(len(examples)), labels, groups)):
            fold_of[held_out] = fold
    test = _most_typical(fold_of, labels, size=2, among=range(_FOLDS))
    validation = _most_typical(fold_of, labels, size=1, among=[f for f in range(_FOLDS) if f not in test])
    parts: tuple[list[Example], list[Example], list[Example]] = ([], [], [])
    for example, fold in zip(examples, fold_of, strict=True):
        parts[2 if fold in test else 1 if fold in validation else 0].append(example)
    return Splits(*parts)


def _most_typical(fold_of: np.ndarray, labels: Sequence[str], *, size: int, among: Iterable[int]) -> tuple[int, ...]:
    """Return the ``size`` folds that together come nearest to their share of each label.

    A fold that holds one huge group is all of one label; such a fold belongs in the training part.
    """
    import numpy as np

    names, place = np.unique(np.asarray(labels), return_inverse=True)
    counts = np.zeros((_FOLDS, len(names)))
    np.add.at(counts, (fold_of, place), 1)
    wanted = counts.sum(axis=0) * size / _FOLDS

    def distance(folds: tuple[int, ...]) -> float:
        return float(np.abs(counts[list(folds)].sum(axis=0) - wanted).sum())

    return min(itertools.combinations(among, size), key=distance)
