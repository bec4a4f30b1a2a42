"""Majority, TF-IDF + logistic regression and the model side by side on one test set, with n, prevalence, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from logdojo.dataset.splits import Splits
from logdojo.errors import DatasetError
from logdojo.evaluate.baselines import majority, tfidf_logistic
from logdojo.evaluate.bootstrap import Interval, group_bootstrap
from logdojo.evaluate.metrics import LabelScore, accuracy, bits_per_byte, confusion, label_scores, macro_f1
from logdojo.model.labels import Labels
from logdojo.model.loader import BaseModel
from logdojo.model.scorer import Scorer
from logdojo.model.threshold import best_threshold, decide

MAJORITY = "majority"
LEXICAL = "TF-IDF + LR"
_BITS_SAMPLE = 300


@dataclass(frozen=True, slots=True)
class Result:
    """How one method did.

    Args:
        method: its name.
        accuracy: share of right labels.
        macro_f1: mean F1 over labels.
        interval: 95 % bootstrap interval of ``macro_f1`` over groups.
        labels: precision, recall and F1 of each label.
        confusion: counts; rows are true labels, columns predicted ones.
        auc: area under the ROC curve of "not benign", None where the test set has no benign examples.
    """

    method: str
    accuracy: float
    macro_f1: float
    interval: Interval
    labels: list[LabelScore]
    confusion: list[list[int]]
    auc: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All methods on one test set.

    Args:
        names: the labels.
        n: test examples.
        groups: test groups.
        prevalence: share of each label in the test set.
        results: majority, TF-IDF + LR, and the model, in this order.
        difference: the model's macro-F1 minus that of TF-IDF + LR.
        difference_interval: its 95 % paired bootstrap interval over groups.
        bits_per_byte: of the fine-tuned model's language modelling on test texts; None when not measured.
    """

    names: list[str]
    n: int
    groups: int
    prevalence: dict[str, float]
    results: list[Result]
    difference: float
    difference_interval: Interval
    bits_per_byte: float | None

    def to_json(self) -> dict[str, object]:
        """Return the evaluation as a JSON object."""
        return asdict(self)


def evaluate(
    base: BaseModel,
    labels: Labels,
    splits: Splits,
    *,
    seed: int,
    language: BaseModel | None = None,
) -> Evaluation:
    """Evaluate a fine-tuned model on the test part, with the baselines fitted on the training part.

    Args:
        base: the fine-tuned model.
        labels: what it can say.
        splits: train fits the baselines, validation sets the thresholds, test is scored.
        seed: of the bootstrap and the baselines.
        language: the language model whose bits per byte are measured; None measures none.

    Raises:
        DatasetError: the test part has no examples, or a label that the model cannot say.
    """
    names, test = list(labels.names), splits.test
    if not test:
        raise DatasetError("the test part is empty", hint="give more groups")
    unknown = sorted({e.label for e in test} - set(names))
    if unknown:
        raise DatasetError(f"the model cannot say {', '.join(unknown)}", hint="fine-tune on data with these labels")
    # One pass over validation and test together: the threshold of each method is chosen on the former.
    both = [*splits.validation, *test]
    cut = len(splits.validation)
    scorer = Scorer(base, labels)
    probabilities = {
        MAJORITY: majority(splits.train, both, names),
        LEXICAL: tfidf_logistic(splits.train, both, names, seed=seed),
        base.name: scorer.probabilities([e.text for e in both]),
    }
    wanted = labels.indexes(test)
    said = {
        method: decide(
            p[cut:], labels.benign, best_threshold(p[:cut], labels.indexes(splits.validation), labels.benign)
        )
        for method, p in probabilities.items()
    }
    groups = [e.group for e in test]
    results = [_result(m, p[cut:], said[m], wanted, labels, groups=groups, seed=seed) for m, p in probabilities.items()]

    def gap(rows: np.ndarray) -> float:
        scores = [macro_f1(confusion(wanted[rows], said[m][rows], len(names))) for m in (base.name, LEXICAL)]
        return scores[0] - scores[1]

    sample = [e.text for e in test[:: max(1, len(test) // _BITS_SAMPLE)]]
    return Evaluation(
        names=names,
        n=len(test),
        groups=len(set(groups)),
        prevalence={name: float((wanted == i).mean()) for i, name in enumerate(names)},
        results=results,
        difference=gap(np.arange(len(test))),
        difference_interval=group_bootstrap(groups, gap, seed=seed),
        bits_per_byte=None if language is None else bits_per_byte(language, sample, max_tokens=labels.max_tokens),
    )


def _result(
    method: str,
    probabilities: np.ndarray,
    said: np.ndarray,
    wanted: np.ndarray,
    labels: Labels,
    *,
    groups: Sequence[str],
    seed: int,
) -> Result:
    names = list(labels.names)
    matrix = confusion(wanted, said, len(names))

    def score(rows: np.ndarray) -> float:
        return macro_f1(confusion(wanted[rows], said[rows], len(names)))

    return Result(
        method=method,
        accuracy=accuracy(matrix),
        macro_f1=macro_f1(matrix),
        interval=group_bootstrap(groups, score, seed=seed),
        labels=label_scores(matrix, names),
        confusion=matrix.tolist(),
        auc=_auc(probabilities, wanted, labels.benign),
    )


def _auc(probabilities: np.ndarray, wanted: np.ndarray, benign: int | None) -> float | None:
    attack = wanted != benign
    if benign is None or attack.all() or not attack.any():
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(attack, 1.0 - probabilities[:, benign]))
