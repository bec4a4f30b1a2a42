"""The bank of the checkout, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from logdojo.quiz.bank import Bank, load_bank
from logdojo.quiz.items import FreeText


@pytest.fixture(scope="session")
def bank(root: Path) -> Bank:
    """The project's own bank."""
    return load_bank(root / "quizzes")


@pytest.fixture(scope="session")
def free_texts(bank: Bank) -> list[FreeText]:
    """Its free-text items."""
    return [item for item in bank.items if isinstance(item, FreeText)]
