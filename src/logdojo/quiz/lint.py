"""Cheap rules for a good item, after Haladyna et al. (2002), and for a bank that cannot be guessed or gamed.

Form is checked while loading. These rules look at wording, at the balance over a file and over the bank, and hold the
grader to what the authors of the free texts expect.
"""

from __future__ import annotations

import difflib
import enum
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from logdojo.quiz.bank import Bank, Topic
from logdojo.quiz.grading import PASS, grade_free_text
from logdojo.quiz.items import FreeText, Item, MultipleChoice, SingleChoice
from logdojo.quiz.matching import stem_set

SAMPLE_TOLERANCE = 0.15
"""How far the grader may be from the author of a sample."""
MODEL_ANSWER = 0.8
"""Least score of a model answer."""
LONGEST_IS_KEY = 0.4
"""Largest share of a file's single choices in which the key is the longest option."""
_CHI_SQUARE_01 = {2: 9.21, 3: 11.34, 4: 13.28, 5: 15.09}
"""Critical values at p = .01, by degrees of freedom."""
_CATCH_ALL = re.compile(
    r"\b(?:all|none|both|neither) of (?:the above|these|them|the others)\b|\ball are right\b", re.IGNORECASE
)
_ABSOLUTE = re.compile(r"\b(?:always|never|under no circumstances|without exception)\b", re.IGNORECASE)
_NEGATIVE_STEM = re.compile(r"\b(?:which|what)\b[^.?]*\b(?:not|except)\b[^.?]*\?", re.IGNORECASE)


class Severity(enum.StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: where, what, and how."""

    severity: Severity
    topic: str
    item: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.topic}.yaml: {self.item or 'file'}: {self.message}"


def lint(bank: Bank) -> list[Finding]:
    """Return all findings, errors first."""
    found: list[Finding] = []
    for topic in bank.topics:
        for item in topic.items:
            rules = _free_rules(item) if isinstance(item, FreeText) else _choice_rules(item)
            found += [Finding(severity, topic.name, item.id, message) for severity, message in rules]
        found += [Finding(Severity.ERROR, topic.name, "", message) for message in _file_rules(topic)]
    found += [Finding(severity, "*", item, message) for severity, item, message in _bank_rules(bank)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)


def _choice_rules(item: SingleChoice | MultipleChoice) -> Iterator[tuple[Severity, str]]:
    for option in item.options:
        if _CATCH_ALL.search(option.text):
            yield Severity.ERROR, f"option {option.text!r} refers to other options; write one that stands alone"
    for first, second in combinations(item.options, 2):
        if _alike(first.text, second.text):
            yield Severity.WARNING, f"options {first.text!r} and {second.text!r} are nearly the same"
    absolute = [option for option in item.options if _ABSOLUTE.search(option.text)]
    if absolute and not any(option.key for option in absolute):
        yield Severity.WARNING, f"only a distractor is absolute: {absolute[0].text!r}; such words give it away"
    if _NEGATIVE_STEM.search(item.prompt):
        yield Severity.WARNING, "the question asks what is NOT so; ask what is, or write NOT in capitals"
    yield from _echo(item)


def _echo(item: SingleChoice | MultipleChoice) -> Iterator[tuple[Severity, str]]:
    if isinstance(item, MultipleChoice):
        return
    asked = {word for word in stem_set(item.prompt) if len(word) >= 6}
    key = next(option.text for option in item.options if option.key)
    others = frozenset().union(*(stem_set(option.text) for option in item.options if not option.key))
    echo = sorted((asked & stem_set(key)) - others)
    if len(echo) >= 2:
        yield Severity.WARNING, f"only the key repeats {', '.join(echo)} from the question"


def _free_rules(item: FreeText) -> Iterator[tuple[Severity, str]]:
    def score(text: str) -> float:
        return grade_free_text(item.prompt, item.key_points, text, misconceptions=item.misconceptions).score

    for kind in ("passing", "partial", "failing", "contradicting"):
        if all(sample.kind != kind for sample in item.samples):
            yield Severity.ERROR, f"no {kind} sample; add one with the score you would give"
    for sample in item.samples:
        got = score(sample.text)
        if abs(got - sample.score) > SAMPLE_TOLERANCE:
            yield Severity.ERROR, f"{sample.kind} sample gets {got:.2f}, its author gives {sample.score:.2f}"
        if sample.kind in {"failing", "contradicting"} and got >= PASS:
            yield Severity.ERROR, f"{sample.kind} sample passes"
    if (got := score(item.model_answer)) < MODEL_ANSWER:
        yield Severity.ERROR, f"the model answer gets {got:.2f}, at least {MODEL_ANSWER} is expected"
    if score(" ".join(point.any[0] for point in item.key_points)) >= PASS:
        yield Severity.ERROR, "a bare list of its phrases passes"
    if len({point.text for point in item.key_points}) < len(item.key_points):
        yield Severity.ERROR, "two key points have the same text"


def _file_rules(topic: Topic) -> Iterator[str]:
    singles = [item for item in topic.items if isinstance(item, SingleChoice)]
    longest = [item for item in singles if _longest_is_key(item)]
    if len(singles) >= 5 and len(longest) > LONGEST_IS_KEY * len(singles):
        names = ", ".join(item.id for item in longest)
        yield f"the key is the longest option in {len(longest)} of {len(singles)} single choices: {names}"


def _longest_is_key(item: SingleChoice) -> bool:
    return max(item.options, key=lambda option: len(option.text)).key


def _bank_rules(bank: Bank) -> Iterator[tuple[Severity, str, str]]:
    covered = {item.objective for item in bank.items}
    for row in bank.syllabus:
        if row.id not in covered:
            yield Severity.WARNING, "", f"no item for the syllabus row {row.id}"
    for first, second in combinations(bank.items, 2):
        if _alike(first.prompt, second.prompt):
            yield Severity.WARNING, first.id, f"asks nearly the same as {second.id}"
    yield from ((Severity.ERROR, "", message) for message in _key_positions(bank.items))


def _key_positions(items: Iterable[Item]) -> Iterator[str]:
    """Compare the places of the keys with an even spread, by a chi-square test for each number of options."""
    places: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for item in items:
        if isinstance(item, SingleChoice):
            places[len(item.options)][min(item.keys)] += 1
    for options, counts in places.items():
        even = counts.total() / options
        chi_square = sum((counts[place] - even) ** 2 / even for place in range(options))
        # The test needs about five expected in each cell.
        if even >= 5 and chi_square > _CHI_SQUARE_01[options - 1]:
            yield f"keys of items with {options} options stand at {dict(sorted(counts.items()))}; spread them evenly"


def _alike(first: str, second: str) -> bool:
    if max(len(first), len(second)) < 20:
        return False  # numbers and names differ by a letter and are not alike
    matcher = difflib.SequenceMatcher(None, first.casefold(), second.casefold(), autojunk=False)
    return matcher.real_quick_ratio() >= 0.9 and matcher.quick_ratio() >= 0.9 and matcher.ratio() >= 0.9
