"""Logs → the tiny base model, from random weights: tokenizer first, then next-token prediction on packed blocks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from logdojo.dataset.examples import Example
from logdojo.dataset.render import mask, render_document
from logdojo.dataset.tokens import END, encode, token_id
from logdojo.finetune.loop import Step, Trainer
from logdojo.finetune.profiles import Plan
from logdojo.model.architecture import random_tiny
from logdojo.model.loader import BaseModel
from logdojo.model.vocabulary import train_tokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

PLAN = Plan(max_tokens=256, batch_tokens=4_096, epochs=1_000, max_seconds=600.0, lr=2e-3, warmup=0.05)
"""The recipe of the shipped checkpoint: about ten minutes on two cores."""


def pretraining_texts(examples: Sequence[Example]) -> list[str]:
    """Return what the base model reads: each event as ECS fields, and each line as it came, identities masked.

    A line that is a JSON document is read by its field names. Labels are left out: a base model has read logs, it has
    not been told what to think of them.
    """
    seen: dict[str, None] = {}
    for example in examples:
        is_document = example.line.startswith("{")
        line = render_document(json.loads(example.line)) if is_document else mask(example.line)
        for text in (example.text, line):
            if text:
                seen.setdefault(text)
    return list(seen)


def pretrain(
    texts: Sequence[str], plan: Plan = PLAN, *, seed: int, on_step: Callable[[Step, float], None] = lambda *_: None
) -> tuple[BaseModel, list[Step]]:
    """Train tokenizer and tiny model on ``texts`` until the plan's time or epochs are over.

    Args:
        texts: rendered or raw lines.
        plan: the numbers of the run.
        seed: of the weights and of the order.
        on_step: called after each step with the step and how far the run is (0 to 1).
    """
    import torch

    tokenizer = train_tokenizer(texts)
    model = random_tiny(seed=seed, vocabulary=len(tokenizer))
    blocks = _pack(texts, tokenizer, width=plan.max_tokens)
    rows = max(1, plan.batch_tokens // plan.max_tokens)
    total = max(1, len(blocks) // rows) * plan.epochs

    def loss_of(batch: np.ndarray) -> tuple[torch.Tensor, int]:
        ids = torch.from_numpy(batch).to(trainer.device)
        return model(input_ids=ids, labels=ids).loss, batch.size

    trainer = Trainer(model, replace(plan, patience=0), total_steps=total, loss_of=loss_of)
    order = random.Random(seed)

    def endless() -> Iterator[np.ndarray]:
        while True:
            index = list(range(len(blocks)))
            order.shuffle(index)
            for start in range(0, max(1, len(index) - rows + 1), rows):
                yield blocks[index[start : start + rows]]

    for step in trainer.run(endless()):
        on_step(step, trainer.progress())
    torch.nn.Module.to(model, "cpu").train(mode=False)
    return BaseModel(model, tokenizer, "tiny"), trainer.steps


def _pack(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, *, width: int) -> np.ndarray:
    """Return ``(blocks, width)`` int64: all texts end to end, each as ``<|log|> text <|verdict|> <|end|>``."""
    end = token_id(tokenizer, END)
    stream: list[int] = []
    for ids in encode(texts, tokenizer, max_tokens=4 * width):
        stream += [*ids, end]
    while len(stream) < width:
        stream += stream
    return np.array(stream[: len(stream) // width * width], dtype=np.int64).reshape(-1, width)
