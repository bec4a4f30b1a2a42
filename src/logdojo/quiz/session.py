"""A seeded practice session: which questions, in which order, with which order of options; and what was answered.

Pure values and functions. A face (terminal, notebook) shows a ``Question``, hands the answer to ``answer``, and shows
the ``Outcome``.
"""

from __future__ import annotations

import random
import string
from collections.abc import Collection
from dataclasses import dataclass, replace

from logdojo.errors import UsageError
from logdojo.quiz.bank import Bank
from logdojo.quiz.grading import ChoiceGrade, Grade, grade_choice, grade_free_text
from logdojo.quiz.items import FreeText, Item, MultipleChoice, Option, SingleChoice


@dataclass(frozen=True, slots=True)
class Question:
    """An item as it is presented.

    Attributes:
        item: the item.
        order: numbers of the options, as they are shown; empty for a free text.
    """

    item: Item
    order: tuple[int, ...] = ()

    @property
    def options(self) -> tuple[tuple[str, Option], ...]:
        """Letter and option, as they are shown."""
        if isinstance(self.item, FreeText):
            return ()
        return tuple(
            (letter, self.item.options[number])
            for letter, number in zip(string.ascii_lowercase, self.order, strict=False)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question with the answer that was given and its grade; ``chosen`` holds numbers of the file's options."""

    question: Question
    grade: Grade | ChoiceGrade
    chosen: frozenset[int] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Questions in order, and the outcomes so far."""

    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...] = ()

    @property
    def current(self) -> Question | None:
        """The next question, or none when all are answered."""
        done = len(self.outcomes)
        return self.questions[done] if done < len(self.questions) else None

    @property
    def score(self) -> float:
        """The mean score of the answered questions, in [0, 1]."""
        return sum(outcome.grade.score for outcome in self.outcomes) / max(len(self.outcomes), 1)

    def record(self, outcome: Outcome) -> Session:
        """Return the session with one more outcome."""
        return replace(self, outcomes=(*self.outcomes, outcome))


def start_session(
    bank: Bank,
    *,
    topic: str | None = None,
    objective: str | None = None,
    item: str | None = None,
    number: int = 5,
    seed: int = 7,
) -> Session:
    """Return a session of at most ``number`` questions; the same seed gives the same questions and orders.

    Raises:
        QuizError: there is no such topic or item.
        UsageError: no item is left after all conditions.
    """
    chosen = [bank.item(item)] if item else list(bank.topic(topic).items if topic else bank.items)
    if objective:
        chosen = [one for one in chosen if one.objective == objective]
    if not chosen or number < 1:
        raise UsageError(
            f"no question for topic {topic or 'any'}, objective {objective or 'any'}, number {number}",
            hint="logdojo quiz list prints all items with their topics and objectives",
        )
    random.Random(f"order:{seed}").shuffle(chosen)
    return Session(tuple(present(one, seed) for one in chosen[:number]))


def present(item: Item, seed: int) -> Question:
    """Return the item with its options in an order that depends on the seed and the item only."""
    if isinstance(item, FreeText):
        return Question(item)
    order = list(range(len(item.options)))
    random.Random(f"options:{seed}:{item.id}").shuffle(order)
    return Question(item, tuple(order))


def in_file_order(item: Item) -> Question:
    """Return the item with its options as they stand in the file."""
    return Question(item, () if isinstance(item, FreeText) else tuple(range(len(item.options))))


def answer(question: Question, given: str | Collection[int]) -> Outcome:
    """Grade an answer: a text, letters such as ``b`` or ``a, c``, or the numbers of options in the file.

    Raises:
        UsageError: a letter names no option, or a single choice got more than one.
    """
    item = question.item
    if isinstance(item, FreeText):
        text = given if isinstance(given, str) else ""
        grade = grade_free_text(item.prompt, item.key_points, text, misconceptions=item.misconceptions)
        return Outcome(question, grade, text=text)
    chosen = _chosen(question, given) if isinstance(given, str) else frozenset(given)
    _check_chosen(item, chosen)
    return Outcome(question, grade_choice(item.keys, chosen), chosen=chosen)


def _chosen(question: Question, given: str) -> frozenset[int]:
    letters = [letter for letter, _ in question.options]
    chosen: set[int] = set()
    for part in given.replace(",", " ").replace(";", " ").split():
        # "b", "b)", "2" and "ac" are all usual ways to answer.
        for one in [part.strip(".)(")] if part.strip(".)(").isdigit() else part.strip(".)(").casefold():
            place = int(one) - 1 if one.isdecimal() and one.isascii() else letters.index(one) if one in letters else -1
            if not 0 <= place < len(letters):
                raise UsageError(
                    f"{question.item.id}: {given[:40]!r} names no option", hint=f"answer with {' or '.join(letters)}"
                )
            chosen.add(question.order[place])
    return frozenset(chosen)


def _check_chosen(item: SingleChoice | MultipleChoice, chosen: frozenset[int]) -> None:
    if isinstance(item, SingleChoice) and len(chosen) > 1:
        raise UsageError(f"{item.id}: has one right option, {len(chosen)} were chosen", hint="choose one")
    if not chosen <= set(range(len(item.options))):
        raise UsageError(f"{item.id}: an option number is out of range", hint=f"0 to {len(item.options) - 1}")
