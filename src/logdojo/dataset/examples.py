"""A labelled example, and how a list of them becomes a Hugging Face data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

BENIGN = "benign"
"""The label of everything that is no attack; always the first of a label set."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled event as the model will read it.

    Args:
        text: the rendered, anonymized event.
        label: what a triage verdict should say.
        group: what must stay on one side of a split (a rule, a test, a scenario variant).
        source: which data it came from.
        attack: MITRE ATT&CK id, or "".
        line: the anonymized raw line, for people to read.
        row: place of the labelled row in its source, from 0; −1 when unknown.
    """

    text: str
    label: str
    group: str
    source: str
    attack: str = ""
    line: str = ""
    row: int = -1


def label_set(examples: Sequence[Example]) -> list[str]:
    """Return the labels in use: benign first if present, the others in alphabetical order."""
    return sorted({e.label for e in examples}, key=lambda label: (label != BENIGN, label))


def attack_of_label(examples: Sequence[Example]) -> dict[str, str]:
    """Return the ATT&CK technique (without sub-technique) that each label most often carries; "" where none does."""
    techniques: dict[str, Counter[str]] = {}
    for e in examples:
        count = techniques.setdefault(e.label, Counter())
        if e.attack:
            count[e.attack.split(".")[0]] += 1
    return {label: max(sorted(c), key=c.__getitem__, default="") for label, c in techniques.items()}


def to_dataset(examples: Sequence[Example], labels: Sequence[str]) -> Dataset:
    """Return the examples as a Hugging Face ``Dataset`` whose ``label`` is a ``ClassLabel`` over ``labels``."""
    from datasets import ClassLabel, Dataset, Features, Value

    text = Value("string")
    features = Features(
        {"text": text, "label": ClassLabel(names=list(labels))}
        | dict.fromkeys(("group", "source", "attack", "line"), text)
    )
    rows = [{name: value for name, value in asdict(e).items() if name in features} for e in examples]
    return Dataset.from_list(rows, features=features)
