from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from logdojo.quiz.bank import Bank
from logdojo.quiz.grading import Grade, grade_free_text
from logdojo.quiz.items import FreeText


@pytest.fixture(scope="module")
def answers() -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        Path(__file__).with_name("answers.yaml").read_text("utf-8")
    )
    return loaded


def grade(bank: Bank, answer: dict[str, Any]) -> Grade:
    item = bank.item(answer["item"])
    assert isinstance(item, FreeText)
    return grade_free_text(item.prompt, item.key_points, answer["text"], misconceptions=item.misconceptions)


def test_other_words_are_understood(bank: Bank, answers: dict[str, list[dict[str, Any]]]):
    """Good answers in words that are not the bank's keep a score near what their author expects."""
    errors = {answer["text"][:40]: grade(bank, answer).score - answer["score"] for answer in answers["good"]}
    assert sum(map(abs, errors.values())) <= 0.16 * len(errors), errors
    assert min(errors.values()) >= -0.35, errors


def test_wrong_answers_on_the_subject_fail(bank: Bank, answers: dict[str, list[dict[str, Any]]]):
    """Answers that are on the subject and wrong stay far below the pass mark."""
    for answer in answers["wrong"]:
        assert grade(bank, answer).score <= 0.3, answer["item"]


def test_right_statements_are_no_misconceptions(bank: Bank, answers: dict[str, list[dict[str, Any]]]):
    """A right statement in the words of a misconception is not taken for it: no cap falls on a good answer."""
    for answer in answers["fair"]:
        assert grade(bank, answer).misconceptions == (), answer["text"]
