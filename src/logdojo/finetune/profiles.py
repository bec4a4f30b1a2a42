"""What smoke, laptop and gpu mean for a run: the only place where training numbers stand."""

from __future__ import annotations

from dataclasses import dataclass

from logdojo.settings import Profile


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of a training run.

    Args:
        max_tokens: longest example, in tokens; a longer one loses its end.
        batch_tokens: padded tokens a step; small batches learn more from the same number of examples.
        epochs: passes over the training examples, at most.
        max_seconds: the run stops after the step that passes this; the schedule is laid out to end there.
        lr: highest learning rate.
        weight_decay: of AdamW, on matrices only.
        warmup: share of the run during which the learning rate rises.
        clip: largest norm of the gradient.
        patience: evaluations without a better validation score until the run stops.
    """

    max_tokens: int = 256
    batch_tokens: int = 1_024
    epochs: int = 6
    max_seconds: float = 120.0
    lr: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.1
    clip: float = 1.0
    patience: int = 3


def plan_for(profile: Profile) -> Plan:
    """Return the plan of a profile."""
    match profile:
        case Profile.SMOKE:
            return Plan(max_tokens=96, epochs=1, max_seconds=10.0)
        case Profile.LAPTOP:
            return Plan()
        case Profile.GPU:
            return Plan(max_tokens=512, batch_tokens=65_536, epochs=12, max_seconds=1_800.0, patience=4)
