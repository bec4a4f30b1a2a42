"""Labelled examples → a model whose next token after ``<|verdict|>`` is the label.

The loss is cross-entropy over the label tokens at the verdict's position only: no logits are computed anywhere else,
and the probabilities are a softmax over the labels. Early stopping and the verdict's threshold use the validation part;
the test part is never seen here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from logdojo.dataset.examples import Example, attack_of_label, label_set
from logdojo.dataset.splits import Splits
from logdojo.dataset.tokens import Batch, batches, encode
from logdojo.errors import DatasetError, TrainingError
from logdojo.finetune.loop import Step, Trainer
from logdojo.finetune.profiles import Plan
from logdojo.model.labels import Labels
from logdojo.model.loader import BaseModel
from logdojo.model.scorer import Scorer, label_logits
from logdojo.model.threshold import best_threshold

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Finetuned:
    """A fine-tuned model and how it came about.

    Args:
        base: the model, on the CPU in evaluation mode, and its tokenizer.
        labels: what it can say.
        steps: each optimizer step.
        validation: macro-F1 on the validation part after each epoch.
    """

    base: BaseModel
    labels: Labels
    steps: list[Step]
    validation: list[float]


def finetune(
    base: BaseModel,
    splits: Splits,
    plan: Plan,
    *,
    seed: int,
    shuffle_labels: bool = False,
    on_step: Callable[[Step, float], None] = lambda *_: None,
) -> Finetuned:
    """Fine-tune all weights of ``base`` on the training part; keep the epoch that does best on the validation part.

    Args:
        base: trained in place.
        splits: train and validation are used.
        plan: the numbers of the run.
        seed: of the order of examples.
        shuffle_labels: control experiment: train on labels dealt at random; scores must fall to chance.
        on_step: called after each step with the step and how far the run is (0 to 1).

    Raises:
        DatasetError: the training part has fewer than two labels.
        TrainingError: the plan leaves time for no step, or the loss is no longer finite.
    """
    import torch

    torch.manual_seed(seed)
    order = random.Random(seed)
    names = label_set(splits.train)
    if len(names) < 2:
        raise DatasetError(f"training needs two labels, found {names}", hint="add rows with another label")
    labels = Labels(tuple(names), attack_of_label(splits.train), max_tokens=plan.max_tokens)
    ids = encode([e.text for e in splits.train], base.tokenizer, max_tokens=plan.max_tokens)
    targets = [names.index(e.label) for e in splits.train]
    if shuffle_labels:
        order.shuffle(targets)
    token_ids = torch.tensor(labels.token_ids(base.tokenizer))
    weights = torch.from_numpy(_balance(targets, len(names)))

    def loss_of(batch: Batch) -> tuple[torch.Tensor, int]:
        logits = label_logits(base.model, batch, token_ids.to(trainer.device)).float()
        wanted = torch.from_numpy(batch.labels).to(trainer.device)
        loss = torch.nn.functional.cross_entropy(logits, wanted, weight=weights.to(trainer.device))
        return loss, int(batch.attention_mask.sum())

    def epoch() -> Iterator[Batch]:
        pad = int(base.tokenizer.pad_token_id)
        return batches(ids, targets, tokens=plan.batch_tokens, pad=pad, shuffle=order)

    total = sum(1 for _ in epoch()) * plan.epochs
    trainer = Trainer(base.model, plan, total_steps=total, loss_of=loss_of)
    validation = _epochs(trainer, epoch, Scorer(base, labels), splits.validation, on_step)
    torch.nn.Module.to(base.model, "cpu").train(mode=False)
    scorer = Scorer(base, labels)
    held_out = splits.validation
    threshold = best_threshold(
        scorer.probabilities([e.text for e in held_out]), labels.indexes(held_out), labels.benign
    )
    return Finetuned(base, replace(labels, threshold=threshold), trainer.steps, validation)


def _epochs(
    trainer: Trainer[Batch],
    epoch: Callable[[], Iterator[Batch]],
    scorer: Scorer,
    validation: Sequence[Example],
    on_step: Callable[[Step, float], None],
) -> list[float]:
    """Run epochs until steps, time or patience end; leave the weights of the best one in the model."""
    scores: list[float] = []
    best: dict[str, torch.Tensor] = {}
    while trainer.progress() < 1.0:
        for step in trainer.run(epoch()):
            on_step(step, trainer.progress())
        trainer.model.train(mode=False)
        scores.append(_macro_f1(scorer, validation))
        if scores[-1] >= max(scores):
            best = {name: tensor.detach().clone() for name, tensor in trainer.model.state_dict().items()}
        if len(scores) - 1 - int(np.argmax(scores)) >= trainer.plan.patience:
            break
    if not scores:
        raise TrainingError(f"no step was taken within {trainer.plan.max_seconds} s", hint="raise max_seconds")
    trainer.model.load_state_dict(best)
    return scores


def _balance(targets: Sequence[int], n_labels: int) -> np.ndarray:
    """Return a weight a label, the square root of balanced weights: rare labels count more, but do not rule."""
    counts = np.bincount(np.array(targets), minlength=n_labels).clip(min=1)
    weights: np.ndarray = np.sqrt(len(targets) / (n_labels * counts)).astype(np.float32)
    return weights


def _macro_f1(scorer: Scorer, examples: Sequence[Example]) -> float:
    from sklearn.metrics import f1_score

    said = scorer.probabilities([e.text for e in examples]).argmax(axis=1)
    wanted = scorer.labels.indexes(examples)
    return float(f1_score(wanted, said, average="macro", zero_division=0.0, labels=sorted(set(wanted) - {-1})))
