from __future__ import annotations

import importlib.util
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from logdojo.quiz.grading import grade_free_text
from logdojo.quiz.items import FreeText

KINDS = {
    "copied question",
    "keyword stuffing",
    "question and stuffing",
    "negated model answer",
    "empty",
    "no answer",
    "one keyword",
    "injection",
    "injection and question",
    "off topic",
    "another item's answer",
}


@pytest.fixture(scope="module")
def attack_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quiz_attacks", Path(__file__).with_name("attacks.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("with_misconceptions", [True, False], ids=["with misconceptions", "key points alone"])
def test_no_attack_passes(attack_module: ModuleType, free_texts: list[FreeText], with_misconceptions: bool):
    """Eleven kinds of attack, made from every free text of the bank, stay below the pass mark."""
    passed = defaultdict(list)
    kinds = set()
    for item in free_texts:
        for kind, text in attack_module.attacks(item, free_texts):
            kinds.add(kind)
            wrong = item.misconceptions if with_misconceptions else ()
            grade = grade_free_text(item.prompt, item.key_points, text, misconceptions=wrong)
            if grade.passed:
                passed[kind].append((item.id, round(grade.score, 2), text[:80]))
    assert kinds == KINDS
    assert dict(passed) == {}


def test_attack_beside_a_good_answer_does_not_lower_it(free_texts: list[FreeText]):
    """A model answer behind its own question keeps its score: candidates repeat the question to begin."""
    for item in free_texts:
        plain = grade_free_text(item.prompt, item.key_points, item.model_answer).score
        led = grade_free_text(item.prompt, item.key_points, f"{item.prompt} {item.model_answer}").score
        assert led == pytest.approx(plain, abs=0.15), item.id
