"""Scores of predicted labels, and of a language model on text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logdojo.dataset.tokens import encode
from logdojo.model.loader import BaseModel


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one label was met.

    Args:
        label: the label.
        precision: share of its predictions that were right; 0 when it was never predicted.
        recall: share of its examples that were found; 0 when there were none.
        f1: harmonic mean of the two.
        support: examples that carry it.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def confusion(wanted: np.ndarray, said: np.ndarray, n_labels: int) -> np.ndarray:
    """Return ``(n_labels, n_labels)`` counts of label indexes; rows are true labels, columns predicted ones."""
    matrix = np.zeros((n_labels, n_labels), dtype=np.int64)
    np.add.at(matrix, (wanted, said), 1)
    return matrix


def accuracy(matrix: np.ndarray) -> float:
    """Return the share on the diagonal of a confusion matrix."""
    return float(np.trace(matrix) / max(1, matrix.sum()))


def label_scores(matrix: np.ndarray, names: Sequence[str]) -> list[LabelScore]:
    """Return precision, recall and F1 of each label from a confusion matrix."""
    hit = np.diag(matrix).astype(float)
    said, wanted = matrix.sum(axis=0), matrix.sum(axis=1)
    precision = hit / np.maximum(said, 1)
    recall = hit / np.maximum(wanted, 1)
    f1 = 2 * hit / np.maximum(said + wanted, 1)
    return [
        LabelScore(name, float(precision[i]), float(recall[i]), float(f1[i]), int(wanted[i]))
        for i, name in enumerate(names)
    ]


def macro_f1(matrix: np.ndarray) -> float:
    """Return the mean F1 over the labels that have examples; labels without any are left out."""
    hit = np.diag(matrix)
    said, wanted = matrix.sum(axis=0), matrix.sum(axis=1)
    f1 = 2 * hit / np.maximum(said + wanted, 1)
    present = wanted > 0
    return float(f1[present].mean()) if present.any() else 0.0


def bits_per_byte(base: BaseModel, texts: Sequence[str], *, max_tokens: int = 256) -> float:
    """Return how many bits the language model needs for a byte of ``texts``: its perplexity, on a scale that compares.

    Perplexity per token depends on the tokenizer: longer tokens, higher perplexity, same knowledge. Bits per byte =
    (sum of −log₂ p(token)) ÷ (UTF-8 bytes of the text) does not. Texts are cut at ``max_tokens`` tokens, and so are the
    bytes they are divided by.
    """
    import torch

    bits, size = 0.0, 0
    device = next(base.model.parameters()).device
    for ids in encode(texts, base.tokenizer, max_tokens=max_tokens):
        row = torch.tensor([ids[:-1]], device=device)
        with torch.inference_mode():
            bits += float(base.model(input_ids=row, labels=row).loss) * (row.shape[1] - 1) / math.log(2)
        size += len(str(base.tokenizer.decode(ids[1:-1])).encode("utf-8"))
    return bits / max(1, size)
