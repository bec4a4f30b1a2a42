"""A task that a model can learn in seconds."""

from __future__ import annotations

import random

import pytest

from logdojo.dataset import Example
from logdojo.dataset.splits import Splits, split_by_group


@pytest.fixture(scope="session")
def easy_splits() -> Splits:
    """Lines whose label stands in one word, in forty groups."""
    rng = random.Random(5)
    words = {"benign": ["accepted", "closed"], "scan": ["probe", "blocked"]}
    examples = [
        Example(
            f"sshd {rng.choice(words[label])} from <ip-out> port {rng.randrange(9000)}",
            label,
            f"g{i % 40}",
            "t",
            "T1046",
        )
        for i in range(480)
        for label in [("benign", "scan")[i % 2]]
    ]
    return split_by_group(examples, seed=1)
