from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from logdojo.quiz.bank import Bank, load_bank
from logdojo.quiz.grading import PASS, grade_free_text
from logdojo.quiz.items import FreeText, MultipleChoice, SingleChoice
from logdojo.quiz.lint import Severity, lint

ROWS_ASKED_IN_FULL = {
    "log.purpose",
    "log.components",
    "log.levels",
    "log.config",
    "log.format",
    "log.rotation",
    "log.context",
    "log.exceptions",
    "log.async",
    "log.lazy",
    "log.batching",
    "log.loguru",
    "log.structlog",
    "log.sensitive",
    "log.access",
    "log.encryption",
    "log.integrity",
    "log.audit",
    "log.retention",
    "log.central",
    "log.elk",
    "log.splunk",
    "log.priority",
    "log.story",
    "llm.collect",
    "llm.what",
    "llm.applications",
}


def score(item: FreeText, text: str) -> float:
    return grade_free_text(item.prompt, item.key_points, text, misconceptions=item.misconceptions).score


def test_every_row_is_asked_about(bank: Bank):
    """Each row of the syllabus has at least one item, and all three sections are there."""
    covered = {item.objective for item in bank.items}
    assert [row.id for row in bank.syllabus if row.id not in covered] == []
    assert Counter(row.id.partition(".")[0] for row in bank.syllabus) == {"log": 24, "llm": 22, "interview": 20}


def test_bank_has_the_promised_size(bank: Bank):
    """There are 45 items or more, sixteen of them free texts of the interview, and several multiple choices."""
    assert len(bank.items) >= 45
    assert sum(isinstance(item, FreeText) for item in bank.topic("interview").items) == 16
    assert sum(isinstance(item, MultipleChoice) for item in bank.items) >= 5


def test_lint_finds_nothing(bank: Bank):
    """The committed bank has neither errors nor warnings."""
    assert [str(finding) for finding in lint(bank)] == []


def test_longest_option_gives_nothing_away(bank: Bank):
    """Over all single choices the longest option is the key in 30 % at most."""
    singles = [item for item in bank.items if isinstance(item, SingleChoice)]
    longest = [item for item in singles if max(item.options, key=lambda option: len(option.text)).key]
    assert len(longest) <= 0.3 * len(singles)


def test_each_option_of_a_row_asked_in_full_says_why(bank: Bank):
    """On the rows that are asked in full, right options have a rationale as well as wrong ones."""
    missing = [
        (item.id, option.text)
        for item in bank.items
        if item.objective in ROWS_ASKED_IN_FULL and not isinstance(item, FreeText)
        for option in item.options
        if not option.rationale.strip()
    ]
    assert missing == []


def test_rows_asked_in_full_have_the_demanded_items(bank: Bank):
    """Each row that is asked in full has the items that the syllabus demands."""
    asked = Counter(item.objective for item in bank.items)
    least = {row.id: row.ask for row in bank.syllabus if row.id in ROWS_ASKED_IN_FULL}
    assert set(least) == ROWS_ASKED_IN_FULL
    assert {row: (asked[row], ask) for row, ask in least.items() if asked[row] < ask} == {}


def test_free_texts_are_complete(free_texts: list[FreeText]):
    """A free text has 4 to 7 weighted points with follow-ups, a model answer and samples of all four kinds."""
    for item in free_texts:
        assert 4 <= len(item.key_points) <= 7, item.id
        assert {sample.kind for sample in item.samples} == {"passing", "partial", "failing", "contradicting"}, item.id
        assert item.misconceptions, item.id


def test_samples_are_graded_as_their_authors_do(free_texts: list[FreeText]):
    """Each sample's score is within .15 of its author's; contradicting and failing ones do not pass."""
    for item in free_texts:
        for sample in item.samples:
            got = score(item, sample.text)
            assert abs(got - sample.score) <= 0.15, (item.id, sample.kind, got)
            assert sample.kind not in {"failing", "contradicting"} or got < PASS, (item.id, sample.kind)


def test_model_answers_are_strong(free_texts: list[FreeText]):
    """Each model answer gets .8 at least."""
    for item in free_texts:
        assert score(item, item.model_answer) >= 0.8, item.id


def test_items_are_written_afresh(bank: Bank):
    """No two prompts or model answers are the same."""
    prompts = [item.prompt for item in bank.items]
    assert len(set(prompts)) == len(prompts)


LATE = "The value sits in `record.args` and meets the text only later, in the formatter"
PLANTED = {
    "refers to other options": (
        "log_security",
        {"`chmod` holds only until the process closes the file": "None of the above"},
    ),
    "its author gives 0.95": ("interview", {"score: 0.41": "score: 0.95"}),
    "no failing sample": ("interview", {"kind: failing": "kind: partial"}),
    "the key is the longest option in 6 of 11": (
        "log_security",
        {
            key: "Very " * 30 + key
            for key in (LATE, "Encrypt the data keys anew under the new", "The person who is watched")
        },
    ),
}


@pytest.mark.parametrize("part", PLANTED)
def test_lint_catches(root: Path, tmp_path: Path, part: str):
    """Each rule finds a flaw that was planted for it."""
    topic, changes = PLANTED[part]
    folder = tmp_path / "quizzes"
    shutil.copytree(root / "quizzes", folder)
    path = folder / f"{topic}.yaml"
    text = path.read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    messages = [finding.message for finding in lint(load_bank(folder)) if finding.severity is Severity.ERROR]
    assert any(part in message for message in messages), messages
