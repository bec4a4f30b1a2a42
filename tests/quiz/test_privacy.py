"""The questions on privacy: code in them prints what their key says, and each row has what was promised."""

from __future__ import annotations

import contextlib
import io
from collections import Counter

import pytest

from logdojo.quiz.bank import Bank, load_bank
from logdojo.quiz.items import FreeText, SingleChoice

ASKS = "What does this print?"
PRINTS = [item.id for item in load_bank().topic("privacy").items if item.prompt.startswith(ASKS)]


@pytest.mark.parametrize("name", PRINTS)
def test_code_prints_what_the_key_says(bank: Bank, name: str):
    """The lines of code in a question, run as they stand there, print the right option and no other one."""
    item = bank.item(name)
    assert isinstance(item, SingleChoice)
    lines = item.prompt.strip().split("\n")[1:]
    assert all(line.startswith("`") and line.endswith("`") for line in lines)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec("\n".join(line[1:-1] for line in lines), {})  # noqa: S102, code of the project's own questions
    printed = f"`{out.getvalue().strip()}`"
    assert [option.text for option in item.options if option.key] == [printed]
    assert sum(option.text == printed for option in item.options) == 1


def test_rows_have_the_promised_items(bank: Bank):
    """At least 30 items over the three rows, of all three types, five of them with code that is run."""
    items = bank.topic("privacy").items
    rows = Counter(item.objective for item in items)
    assert set(rows) == {"log.sensitive", "llm.preprocess", "llm.privacy"}
    assert min(rows.values()) >= 9
    assert len(items) >= 30
    assert sum(isinstance(item, FreeText) for item in items) >= 4
    assert len(PRINTS) >= 5


def test_each_option_says_why(bank: Bank):
    """Right options have a rationale as well as wrong ones."""
    chosen = [item for item in bank.topic("privacy").items if not isinstance(item, FreeText)]
    assert [(one.id, option.text) for one in chosen for option in one.options if not option.rationale.strip()] == []


def test_the_longest_option_is_rarely_the_key(bank: Bank):
    """In 30 % of the single choices at most, the longest option is the key."""
    singles = [item for item in bank.topic("privacy").items if isinstance(item, SingleChoice)]
    longest = [item for item in singles if max(item.options, key=lambda option: len(option.text)).key]
    assert len(longest) <= 0.3 * len(singles)
