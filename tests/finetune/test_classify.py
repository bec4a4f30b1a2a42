"""Fine-tuning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logdojo.dataset.splits import Splits
from logdojo.errors import DatasetError, TrainingError
from logdojo.finetune import Plan, finetune
from logdojo.model import load_base

PLAN = Plan(max_tokens=48, batch_tokens=1_024, epochs=3, max_seconds=60.0)


def test_an_easy_task_is_learnt(easy_splits: Splits):
    """Where one word tells the label, a minute's training finds it on groups it has not seen."""
    tuned = finetune(load_base("tiny"), easy_splits, PLAN, seed=3)
    assert max(tuned.validation) > 0.95
    assert tuned.labels.names == ("benign", "scan")
    assert tuned.labels.attacks["scan"] == "T1046"


def test_shuffled_labels_teach_nothing(easy_splits: Splits):
    """The control experiment: with labels dealt at random the score falls to chance."""
    tuned = finetune(load_base("tiny"), easy_splits, replace(PLAN, epochs=1), seed=3, shuffle_labels=True)
    assert max(tuned.validation) < 0.8


def test_the_same_seed_gives_the_same_losses(easy_splits: Splits):
    """A run can be repeated: same data, same seed, same loss at every step."""
    plan = replace(PLAN, epochs=1, max_seconds=600.0)
    first, second = (finetune(load_base("random", seed=1), easy_splits, plan, seed=3) for _ in range(2))
    assert [s.tokens for s in first.steps] == [s.tokens for s in second.steps]
    assert [s.loss for s in first.steps] == pytest.approx([s.loss for s in second.steps], rel=0.05)


def test_time_limits_a_run(easy_splits: Splits):
    """A plan of zero seconds is refused: it would leave the model as it was, and call it fine-tuned."""
    with pytest.raises(TrainingError, match="no step"):
        finetune(load_base("random"), easy_splits, replace(PLAN, max_seconds=0.0), seed=3)


def test_one_label_is_no_task(easy_splits: Splits):
    """Training needs two labels; the error says what was found."""
    only = Splits([e for e in easy_splits.train if e.label == "scan"], easy_splits.validation, easy_splits.test)
    with pytest.raises(DatasetError, match="two labels"):
        finetune(load_base("tiny"), only, PLAN, seed=3)
