"""The training loop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from logdojo.dataset.tokens import Batch
from logdojo.errors import TrainingError
from logdojo.finetune.loop import Step, Trainer, schedule, write_steps
from logdojo.finetune.pretrain import pretrain, pretraining_texts
from logdojo.finetune.profiles import Plan, plan_for
from logdojo.model.architecture import random_tiny
from logdojo.model.scorer import label_logits
from logdojo.settings import Profile


def test_the_schedule_rises_then_falls():
    """Warm-up to the peak, then down to a twentieth."""
    rates = [schedule(i / 100, warmup=0.1) for i in range(101)]
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates.index(max(rates)) == 10
    assert rates[-1] == pytest.approx(0.05)


def test_a_loss_that_is_not_finite_stops_the_run():
    """The error names the step; the weights are not poisoned first."""
    import torch

    model = random_tiny(seed=0)
    weight = model.model.norm.weight

    def broken(_: int) -> tuple[torch.Tensor, int]:
        return weight.sum() * float("nan"), 1

    trainer = Trainer(model, Plan(), total_steps=5, loss_of=broken)
    with pytest.raises(TrainingError, match="step 1"):
        list(trainer.run([0]))
    assert torch.isfinite(weight).all()


def test_logits_at_the_verdict_equal_the_whole_models():
    """Computing logits at one position gives what transformers gives there; padding changes nothing."""
    import torch

    model = random_tiny(seed=0).eval()
    rows = [[2, 40, 41, 42, 3], [2, 50, 3]]
    width = max(map(len, rows))
    ids = np.array([r + [0] * (width - len(r)) for r in rows])
    mask = np.array([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    wanted = torch.tensor([4, 5, 6])
    with torch.inference_mode():
        ours = label_logits(model, Batch(ids, mask, np.zeros(2), np.arange(2)), wanted)
        theirs = torch.stack([model(torch.tensor([r])).logits[0, -1, wanted] for r in rows])
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_pretraining_lowers_the_loss_and_its_tokenizer_knows_the_placeholders():
    """A few steps on a handful of texts: the loss falls, and a placeholder is one token."""
    texts = [f"Failed password for <user> from <ip-out> port {i}" for i in range(200)]
    plan = Plan(max_tokens=32, batch_tokens=512, epochs=4, max_seconds=60.0, lr=2e-3)
    base, steps = pretrain(texts, plan, seed=1)
    assert steps[-1].loss < 0.6 * steps[0].loss
    assert len(base.tokenizer("<ip-out>", add_special_tokens=False)["input_ids"]) == 1


def test_pretraining_reads_each_text_once_and_no_label():
    """Equal texts count once; labels are not among them."""
    from logdojo.dataset import Example

    examples = [Example("a", "scan", "g", "s", line="b"), Example("a", "benign", "g", "s", line="c")]
    assert pretraining_texts(examples) == ["a", "b", "c"]


@pytest.mark.parametrize("profile", list(Profile))
def test_every_profile_has_a_plan(profile: Profile):
    """One dial: each of its positions is a runnable plan."""
    plan = plan_for(profile)
    assert plan.max_tokens <= 512
    assert plan.epochs >= 1


def test_steps_are_written_one_a_line(tmp_path: Path):
    """The record of a run can be read by anything that reads JSON lines."""
    write_steps([Step(1, 0.5, 1e-3, 1.0, 10, 0.1)], tmp_path / "deep" / "steps.jsonl")
    assert json.loads((tmp_path / "deep" / "steps.jsonl").read_text())["loss"] == 0.5
