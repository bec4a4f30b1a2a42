"""What a candidate reads after an answer: the same lines for the terminal, the notebook and plain text.

Each line starts with a word that says what it is, so nothing depends on color.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from logdojo.quiz.grading import ChoiceGrade, Grade
from logdojo.quiz.items import FreeText
from logdojo.quiz.points import PointResult, Status
from logdojo.quiz.session import Outcome


class Mark(enum.StrEnum):
    """The kind of a line."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is (``label``, in words), what it is about, and more about it."""

    mark: Mark
    label: str
    text: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """All that is said about an answer."""

    headline: str
    passed: bool
    lines: tuple[Line, ...]
    explanation: str
    model_answer: str
    sources: tuple[tuple[str, str], ...]


def feedback_on(outcome: Outcome) -> Feedback:
    """Return what to say about the outcome."""
    item, grade = outcome.question.item, outcome.grade
    if isinstance(grade, ChoiceGrade):
        headline, lines = _choice_headline(grade), _choice_lines(outcome)
    else:
        headline, lines = describe(grade), _free_lines(grade)
    return Feedback(
        headline=headline,
        passed=grade.passed,
        lines=tuple(lines),
        explanation=item.explanation,
        model_answer=item.model_answer if isinstance(item, FreeText) else "",
        sources=tuple((source.title, source.url) for source in item.sources),
    )


def describe(grade: Grade) -> str:
    """Return the score of a free text with its band, in words."""
    words = ((0.8, "Strong answer"), (0.6, "Solid answer"), (0.3, "Part of an answer"), (0.01, "A beginning"))
    word = next((text for least, text in words if grade.score >= least), "No points yet")
    if grade.low == grade.high:
        return f"{word}: {grade.score:.0%}."
    between = f"between {grade.low:.0%} and {grade.high:.0%}"
    return f"{word}: about {grade.score:.0%}. It may have overlooked or overrated points, so read it as {between}."


def as_text(feedback: Feedback) -> str:
    """Return the feedback as plain text."""
    parts = [feedback.headline]
    for line in feedback.lines:
        parts.append(f"  {line.label}: {line.text}")
        if line.more:
            parts.append(f"      {line.more}")
    parts += ["Explanation", f"  {feedback.explanation}"]
    if feedback.model_answer:
        parts += ["One good answer", f"  {feedback.model_answer}"]
    parts += ["Sources", *(f"  {title}: {url}" for title, url in feedback.sources)]
    return "\n".join(parts)


def _choice_headline(grade: ChoiceGrade) -> str:
    if grade.passed:
        return "Right: 100%."
    if grade.score > 0 or grade.right:
        return f"Partly right: {grade.score:.0%} (right choices less wrong ones, over the number of right options)."
    return "Not right: 0%."


def _choice_lines(outcome: Outcome) -> list[Line]:
    lines = []
    for (letter, option), number in zip(outcome.question.options, outcome.question.order, strict=True):
        chosen = number in outcome.chosen
        mark, label = {
            (True, True): (Mark.GOOD, "right, and you chose it"),
            (True, False): (Mark.OPEN, "right, but you did not choose it"),
            (False, True): (Mark.BAD, "wrong, and you chose it"),
            (False, False): (Mark.NOTE, "wrong, and you left it"),
        }[option.key, chosen]
        lines.append(Line(mark, f"{letter}) {label}", option.text, option.rationale))
    return lines


def _free_lines(grade: Grade) -> list[Line]:
    lines = [Line(Mark.NOTE, "note", note) for note in grade.notes]
    lines += [
        Line(Mark.BAD, "misconception", f"\u201c{wrong.quote}\u201d", wrong.misconception.say)
        for wrong in grade.misconceptions
    ]
    return lines + [_point_line(result) for result in grade.points]


def _point_line(result: PointResult) -> Line:
    point, said = result.point, f"In your words: \u201c{result.quote}\u201d"
    ask = f"An interviewer would ask: {point.follow_up}" if point.follow_up else ""
    text = point.text or point.id
    if result.status is Status.MADE:
        return Line(Mark.GOOD, "made", text, said)
    if result.status is Status.NAMED:
        return Line(Mark.OPEN, "named, not explained", text, f"{said} {ask}".strip())
    if result.status is Status.DENIED:
        return Line(Mark.BAD, "said the other way round", text, f"{said} {ask}".strip())
    return Line(Mark.OPEN, "missing", text, ask)
