"""One training loop for pre-training and fine-tuning, in the open: forward, loss, backward, clip, step, schedule.

It is given batches and a function from batch to loss; what is learnt is the caller's business. Weights stay float32,
the computation runs in bfloat16 where the hardware has it (autocast), and AdamW is fused.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from logdojo.errors import TrainingError
from logdojo.finetune.profiles import Plan
from logdojo.model.device import choose_device, choose_dtype

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step, as it is logged.

    Args:
        step: number of the step, from 1.
        loss: mean loss of the batch, in nats.
        lr: learning rate of the step.
        grad_norm: norm of the gradient before clipping.
        tokens: real tokens (no padding) seen so far.
        seconds: since the run began.
    """

    step: int
    loss: float
    lr: float
    grad_norm: float
    tokens: int
    seconds: float


class Trainer(Generic[B]):
    """Runs optimizer steps on a model and remembers each.

    Args:
        model: trained in place, moved to the best device.
        plan: the numbers of the run.
        total_steps: steps the schedule is laid out for.
        loss_of: batch → (loss to minimize, real tokens in the batch).
    """

    def __init__(
        self,
        model: PreTrainedModel,
        plan: Plan,
        *,
        total_steps: int,
        loss_of: Callable[[B], tuple[torch.Tensor, int]],
    ) -> None:
        import torch

        self.device = choose_device()
        self.dtype = choose_dtype(self.device)
        torch.nn.Module.to(model, self.device)
        self.model = model
        self.plan = plan
        self.total_steps = max(1, total_steps)
        self.steps: list[Step] = []
        self._loss_of = loss_of
        self._began = time.monotonic()
        self._tokens = 0
        matrices = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
        vectors = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=plan.lr,
            betas=(0.9, 0.95),
            fused=True,
        )

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def progress(self) -> float:
        """Return how far the run is, from 0 to 1, by steps or by time, whichever is further."""
        return min(1.0, max(len(self.steps) / self.total_steps, self.seconds / max(self.plan.max_seconds, 1e-9)))

    def run(self, batches: Iterable[B]) -> Iterator[Step]:
        """Take one step a batch and yield it; stop early when the plan's time is over.

        Raises:
            TrainingError: the loss is no longer a finite number.
        """
        self.model.train()
        for batch in batches:
            if self.progress() >= 1.0:
                return
            yield self._step(batch)

    def _step(self, batch: B) -> Step:
        import torch

        lr = self.plan.lr * schedule(self.progress(), warmup=self.plan.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            loss, tokens = self._loss_of(batch)
        if not math.isfinite(value := loss.item()):
            raise TrainingError(
                f"the loss of step {len(self.steps) + 1} is {value}",
                hint="lower lr, or look at the batch for empty rows",
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimizer.step()
        self._tokens += tokens
        step = Step(len(self.steps) + 1, value, lr, float(norm), self._tokens, self.seconds)
        self.steps.append(step)
        return step


def schedule(progress: float, *, warmup: float) -> float:
    """Return the share of the highest learning rate: a linear rise, then a cosine down to a twentieth."""
    if progress < warmup:
        return max(0.02, progress / warmup)
    done = (progress - warmup) / max(1e-9, 1.0 - warmup)
    return 0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


def write_steps(steps: Iterable[Step], path: Path) -> None:
    """Write one JSON object a step, for plots and for whoever asks later what happened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(step)) + "\n" for step in steps), encoding="utf-8")
