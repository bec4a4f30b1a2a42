"""Grade an answer: choices by counting, free text by key points that are found, quoted and checked for polarity.

The score of a free text is the weight of the key points it makes over the weight of all. It is a careful guess, so it
comes with a band (a rule of thumb, not a measured interval), the candidate's own words for each point, and what is
missing. Caps and thresholds were set by hand on the project's own bank.
Lexical, standard library only, and no learned part that an answer could talk to.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from logdojo.quiz.matching import Match, Reading, clauses_of, find, nearness, read
from logdojo.quiz.points import KeyPoint, Misconception, MisconceptionResult, PointResult, Status
from logdojo.quiz.screening import Verdict, is_non_answer, screen
from logdojo.quiz.words import FUNCTION_WORDS, quote

__all__ = [
    "PASS",
    "ChoiceGrade",
    "Grade",
    "KeyPoint",
    "Misconception",
    "Status",
    "Verdict",
    "grade_choice",
    "grade_free_text",
]

PASS = 0.6
"""An answer with at least this score passes."""
NEAR = 0.5
"""A missed point of which this share of a phrase occurs may have been overlooked: it widens the band upward."""
DOUBT = 0.06
"""Half of the narrowest band: no wording is matched with certainty."""
DENIED_CAP = 0.5
"""Most that an answer can reach when it denies a large part of what it should say."""
DENIED_SHARE = 0.34
"""What a large part is: denied weight over the weight that is mentioned at all."""
DENIED_SENTENCES = 0.6
"""An answer of three sentences or more that negates this share of them, key points included, reads as a denial."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of a free-text answer.

    Attributes:
        score: in [0, 1].
        low: lower end of the band, if points that were made in very few words do not hold.
        high: upper end of the band, if points of which only a part was seen were made after all.
        verdict: what kind of answer it is.
        points: every key point, in the item's order.
        misconceptions: wrong statements that were found.
        notes: what a rule set aside or limited, and why.
    """

    score: float
    low: float
    high: float
    verdict: Verdict
    points: tuple[PointResult, ...] = ()
    misconceptions: tuple[MisconceptionResult, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the score reaches ``PASS``."""
        return self.score >= PASS


@dataclass(frozen=True, slots=True)
class ChoiceGrade:
    """The result of a choice: ``(right - wrong) / keys``, never below 0."""

    score: float
    right: frozenset[int]
    wrong: frozenset[int]
    missed: frozenset[int]

    @property
    def passed(self) -> bool:
        """Whether everything is right."""
        return self.score == 1.0


@dataclass(slots=True)
class _Limits:
    """Caps that hold for one answer, with their reasons."""

    cap: float = 1.0
    notes: list[str] = field(default_factory=list)

    def lower(self, cap: float, note: str) -> None:
        self.cap = min(self.cap, cap)
        self.notes.append(note)


def grade_choice(keys: Collection[int], chosen: Collection[int]) -> ChoiceGrade:
    """Return the grade of the ``chosen`` options where ``keys`` are right; both are numbers of options."""
    right, wrong, missed = set(chosen) & set(keys), set(chosen) - set(keys), set(keys) - set(chosen)
    score = max(len(right) - len(wrong), 0) / len(set(keys)) if keys else 0.0
    return ChoiceGrade(score, frozenset(right), frozenset(wrong), frozenset(missed))


def grade_free_text(
    question: str, key_points: Sequence[KeyPoint], answer: str, *, misconceptions: Sequence[Misconception] = ()
) -> Grade:
    """Return the grade of ``answer``: rules first, then key points with their polarity, then caps, then the band.

    Args:
        question: the question as asked; words copied from it do not count.
        key_points: what a good answer says; their order does not change the score.
        answer: any text, untrusted.
        misconceptions: wrong statements with the cap that each sets.
    """
    screening = screen(question, answer)
    if screening.verdict not in {Verdict.GRADED, Verdict.DENIAL}:
        return _nothing(screening.verdict, key_points, screening.notes)
    reading = read(answer, screening.tokens)
    wrong, mistaken = _misconceptions(answer, reading, misconceptions)
    points = tuple(_grade_point(answer, reading, point, mistaken=mistaken) for point in key_points)
    score = _share(points)
    if score == 0 and is_non_answer(answer, screening.tokens):
        return _nothing(Verdict.NON_ANSWER, key_points, screening.notes)
    limits = _limits(reading, points, wrong)
    verdict: Verdict = screening.verdict
    if verdict is Verdict.DENIAL:
        limits.lower(0.0, "The answer takes back what it says, so nothing in it counts.")
    elif points and score and all(result.status in {Status.NAMED, Status.MISSED} for result in points):
        verdict = Verdict.WORD_LIST
        limits.notes.append("These are keywords. Say in whole sentences what each of them does.")
    elif score == 0:
        limits.notes.append("We see none of the key points. If you made one in other words, overrule us.")
    low, high = _band(reading, points, score)
    score, low, high = (min(value, limits.cap) for value in (score, low, high))
    return Grade(score, low, high, verdict, points, wrong, (*screening.notes, *limits.notes))


def _nothing(verdict: Verdict, key_points: Sequence[KeyPoint], notes: tuple[str, ...]) -> Grade:
    why = {
        Verdict.NON_ANSWER: "That is honest, and worth 0 points. Say the part you do know; even one point counts.",
        Verdict.COPIED_QUESTION: "Only the question's own words are here. Answer it in yours.",
        Verdict.INSTRUCTION: "Nothing here is about the subject.",
    }.get(verdict)
    missed = tuple(PointResult(point, Status.MISSED) for point in key_points)
    return Grade(0.0, 0.0, 0.0, verdict, missed, (), (*notes, why) if why else notes)


def _grade_point(answer: str, reading: Reading, point: KeyPoint, *, mistaken: frozenset[int]) -> PointResult:
    # What is said in the words of a misconception makes no point.
    matches = [match for match in find(reading, point.any) if not clauses_of(reading, match) <= mistaken]
    if not matches:
        return PointResult(point, Status.MISSED)
    best = matches[0]
    status = Status.DENIED if best.negated else Status.NAMED if best.bare else Status.MADE
    return PointResult(point, status, _quote(answer, reading, best))


def _quote(answer: str, reading: Reading, match: Match) -> str:
    """Return the clause or clauses in which the match stands; a long one is cut around it."""
    first, last = match.places[0], match.places[-1]
    tokens = reading.tokens
    while first > 0 and tokens[first - 1].clause == tokens[match.places[0]].clause and match.places[0] - first < 12:
        first -= 1
    while (
        last + 1 < len(tokens)
        and tokens[last + 1].clause == tokens[match.places[-1]].clause
        and last - match.places[-1] < 12
    ):
        last += 1
    return quote(answer, tokens[first].start, tokens[last].end)


def _misconceptions(
    answer: str, reading: Reading, known: Sequence[Misconception]
) -> tuple[tuple[MisconceptionResult, ...], frozenset[int]]:
    """Return the misconceptions that are stated, and the numbers of the clauses that state them.

    A wrong statement must stand within one clause: words of two statements easily make up a third that nobody made.
    """
    found: list[MisconceptionResult] = []
    mistaken: set[int] = set()
    for misconception in known:
        matches = [match for match in find(reading, misconception.match) if not match.negated]
        stated = [match for match in matches if len(clauses_of(reading, match)) == 1]
        if stated:
            found.append(MisconceptionResult(misconception, _quote(answer, reading, stated[0])))
            mistaken.update(*(clauses_of(reading, match) for match in stated))
    return tuple(found), frozenset(mistaken)


def _limits(reading: Reading, points: tuple[PointResult, ...], wrong: tuple[MisconceptionResult, ...]) -> _Limits:
    limits = _Limits()
    for result in wrong:
        limits.lower(result.misconception.cap, f"At most {result.misconception.cap:.0%}, because of a misconception.")
    denied = math.fsum(result.point.weight for result in points if result.status is Status.DENIED)
    said = math.fsum(result.point.weight for result in points if result.status in {Status.MADE, Status.NAMED})
    sentences = {token.sentence for token in reading.tokens}
    negated = {reading.tokens[index].sentence for index in reading.reach} | (reading.denied & sentences)
    if denied and denied >= DENIED_SHARE * (denied + said):
        limits.lower(DENIED_CAP, "A large part of what should be said is denied.")
    elif denied and len(sentences) >= 3 and len(negated) >= DENIED_SENTENCES * len(sentences):
        limits.lower(DENIED_CAP, "Most sentences say what is not so. Say what is.")
    return limits


def _share(points: tuple[PointResult, ...]) -> float:
    whole = math.fsum(result.point.weight for result in points)
    if not whole > 0:
        return 0.0
    return min(math.fsum(result.point.weight * result.credit for result in points) / whole, 1.0)


def _band(reading: Reading, points: tuple[PointResult, ...], score: float) -> tuple[float, float]:
    """Widen the score by points that may have been overlooked (up) and by those made in very few words (down)."""
    whole = math.fsum(result.point.weight for result in points)
    if not whole > 0:
        return 0.0, 0.0
    overlooked = math.fsum(
        result.point.weight
        for result in points
        if result.status is Status.MISSED and nearness(reading, result.point.any) >= NEAR
    )
    thin = math.fsum(
        result.point.weight for result in points if result.status is Status.MADE and _content(result.quote) <= 3
    )
    # Half of each is an assumption: how often such a point is judged the other way has not been measured.
    low, high = score - DOUBT - thin / whole / 2, score + DOUBT + overlooked / whole / 2
    return max(low, 0.0), min(high, 1.0)


def _content(text: str) -> int:
    return sum(word.casefold() not in FUNCTION_WORDS for word in text.split())
