"""Scores, intervals and baselines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from logdojo.dataset import Example
from logdojo.evaluate.baselines import majority, tfidf_logistic
from logdojo.evaluate.bootstrap import group_bootstrap
from logdojo.evaluate.metrics import accuracy, bits_per_byte, confusion, label_scores, macro_f1
from logdojo.model import load_base
from logdojo.model.threshold import best_threshold, decide

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=80)


@given(PAIRS)
def test_scores_equal_scikit_learns(pairs: list[tuple[int, int]]):
    """Accuracy, precision, recall, F1 and macro-F1 are those of scikit-learn, whatever was predicted."""
    wanted, said = (np.array(column) for column in zip(*pairs, strict=True))
    matrix = confusion(wanted, said, 4)
    assert accuracy(matrix) == pytest.approx(accuracy_score(wanted, said))
    present = sorted(set(wanted.tolist()))
    assert macro_f1(matrix) == pytest.approx(f1_score(wanted, said, labels=present, average="macro", zero_division=0.0))
    theirs = precision_recall_fscore_support(wanted, said, labels=range(4), zero_division=0.0)
    for i, score in enumerate(label_scores(matrix, "abcd")):
        assert (score.precision, score.recall, score.f1) == pytest.approx([column[i] for column in theirs[:3]])


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=40), st.integers(0, 9))
def test_an_interval_holds_the_statistic_of_equal_groups(values: list[float], seed: int):
    """The interval of a mean lies between the smallest and the largest value."""
    data = np.array(values)
    low, high = group_bootstrap(
        [str(i) for i in range(len(data))], lambda rows: data[rows].mean(), seed=seed, rounds=50
    )
    assert data.min() - 1e-9 <= low <= high <= data.max() + 1e-9


def test_groups_are_drawn_whole():
    """One group of many equal rows makes the interval as wide as if it were one row."""
    groups = ["a"] * 100 + ["b"]
    data = np.array([0.0] * 100 + [1.0])
    low, high = group_bootstrap(groups, lambda rows: data[rows].mean(), seed=1)
    assert low == 0.0
    assert high == 1.0


def test_bits_per_byte_of_a_model_that_knows_nothing_is_high_and_of_one_that_read_logs_low():
    """The pre-trained model needs far fewer bits for a log line than random weights do."""
    texts = ["sshd event.action=ssh_login event.outcome=failure user.name=root"]
    known, unknown = (bits_per_byte(load_base(name), texts) for name in ("tiny", "random"))
    assert 0.0 < known < 0.5 * unknown
    assert math.isfinite(unknown)


def _examples() -> tuple[list[Example], list[Example]]:
    train = [Example(f"{word} from {i}", label, str(i), "") for i in range(30)
             for word, label in (("denied", "scan"), ("allowed", "benign"))]  # fmt: skip
    return train, [Example("denied from x", "scan", "t", ""), Example("allowed from y", "benign", "t", "")]


def test_the_majority_says_the_training_shares():
    """The majority baseline knows nothing of the text."""
    train, test = _examples()
    assert majority(train, test, ["benign", "scan"]).tolist() == [[0.5, 0.5]] * 2


def test_tfidf_finds_the_telling_word():
    """TF-IDF with logistic regression learns a word that decides the label."""
    train, test = _examples()
    assert tfidf_logistic(train, test, ["benign", "scan"], seed=0).argmax(axis=1).tolist() == [1, 0]


def test_a_threshold_moves_the_decision_only_between_benign_and_the_likeliest_attack():
    """Below the threshold benign, above it the likeliest other label."""
    p = np.array([[0.6, 0.1, 0.3], [0.2, 0.5, 0.3]])
    assert decide(p, 0, 0.5).tolist() == [0, 1]
    assert decide(p, 0, 0.3).tolist() == [2, 1]
    assert decide(p, None, 0.3).tolist() == [0, 1]


def test_the_best_threshold_separates_what_can_be_separated():
    """Where all attacks score above all benign rows, the threshold falls in between."""
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.65, 0.35], [0.6, 0.4]])
    threshold = best_threshold(p, np.array([0, 0, 1, 1]), 0)
    assert 0.2 < threshold <= 0.35
