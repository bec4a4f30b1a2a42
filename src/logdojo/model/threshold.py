"""From probabilities to a decision: when a verdict stops being ``benign``.

The threshold is chosen on validation data, the same way for the model and for every baseline it is compared with.
"""

from __future__ import annotations

import numpy as np


def decide(probabilities: np.ndarray, benign: int | None, threshold: float) -> np.ndarray:
    """Return the label index of each row.

    Args:
        probabilities: ``(rows, labels)``.
        benign: index of the label ``benign``; None when there is none, then the likeliest label wins.
        threshold: a row is not benign when 1 − P(benign) reaches this; then the likeliest other label wins.
    """
    likeliest: np.ndarray = probabilities.argmax(axis=1)
    if benign is None:
        return likeliest
    others = probabilities.copy()
    others[:, benign] = -1.0
    return np.where(1.0 - probabilities[:, benign] >= threshold, others.argmax(axis=1), benign)


def best_threshold(probabilities: np.ndarray, wanted: np.ndarray, benign: int | None) -> float:
    """Return the threshold with the best macro-F1 of the benign-or-not question; .5 where that cannot be told.

    Args:
        probabilities: ``(rows, labels)`` on validation data.
        wanted: ``(rows,)`` true label indexes.
        benign: index of the label ``benign``, or None.
    """
    if benign is None or len(wanted) == 0:
        return 0.5
    attack = wanted != benign
    if attack.all() or not attack.any():
        return 0.5
    scores = 1.0 - probabilities[:, benign]
    grid = np.linspace(0.05, 0.95, 37)

    def macro_f1(threshold: float) -> float:
        said = scores >= threshold
        f1 = [2 * (said & attack).sum() / max(1, said.sum() + attack.sum())]
        f1 += [2 * (~said & ~attack).sum() / max(1, (~said).sum() + (~attack).sum())]
        return float(np.mean(f1))

    values = [macro_f1(t) for t in grid]
    # The middle of the plateau: its edges fit the validation part's accidents.
    plateau = [t for t, v in zip(grid, values, strict=True) if v >= max(values) - 1e-9]
    return float(plateau[len(plateau) // 2])
