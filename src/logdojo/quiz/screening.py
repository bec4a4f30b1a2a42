"""Rules that come before matching: what of an answer is not the candidate's own statement, and why.

Pure similarity lets a copied question, a list of keywords or an order to the grader pass. Here such parts are set aside
before anything is compared, and the candidate is told so.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from logdojo.quiz.polarity import denies_itself
from logdojo.quiz.words import FUNCTION_WORDS, MAX_CHARACTERS, Token, tokens_of


class Verdict(enum.StrEnum):
    """What kind of answer this is."""

    GRADED = "graded"
    """An answer; the key points decide."""
    EMPTY = "empty"
    """No words."""
    NON_ANSWER = "non_answer"
    """*I don't know* and its like."""
    COPIED_QUESTION = "copied_question"
    """The question's own words and nothing else."""
    WORD_LIST = "word_list"
    """Keywords without sentences."""
    INSTRUCTION = "instruction"
    """Orders to the grader instead of an answer."""
    DENIAL = "denial"
    """The answer takes back what it says."""


_NON_ANSWER = re.compile(
    r"\b(?:i (?:really |just |honestly )?(?:do not|don't|dont|did not|didn't) (?:know|remember|recall)"
    r"|i have no (?:idea|clue)"
    r"|no (?:idea|clue|comment|answer)|not sure"
    r"|i am unsure|i'm unsure|idk|dunno|can't (?:say|remember|recall)|n/?a"
    r"|skip|pass|next question|whatever|no answer)\b",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?]{0,30}\b(?:instructions?|prompts?|rubrics?|criteria"
    r"|key points?|directions?|guidelines?|everything (?:above|before))\b"
    r"|\b(?:full|maximum|max|top|perfect|highest|best|complete) (?:marks?|scores?|points?|credits?|grades?)\b"
    r"|\b(?:give|award|grant|assign|output|return|print|score|grade|mark|rate)\b[^.!?]{0,40}"
    r"(?:\b100 ?(?:%|percent|points)|\b1\.0\b|\b5/5|\b10/10|\bas correct\b|\bas right\b)"
    r"|\byou are (?:now )?(?:(?:a|an|the|my) )?(?:\w+ )?(?:grader|examiner|evaluator|teacher)\b"
    r"|\bas (?:a|an|the|my) (?:\w+ )?(?:grader|examiner|evaluator)\b"
    r"|^\s*(?:system|assistant|developer)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(r"[\"\u201c][^\"\u201c\u201d\n]{0,200}[\"\u201d]|`[^`\n]{0,200}`")
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.](?=\w)|\n(?!\s*(?:\n|[-*\u2022]\s)))+[.!?\n]*")
COPIED_SHARE = 0.8
"""A sentence repeats the question when this share of its content words comes from there."""


@dataclass(frozen=True, slots=True)
class Screening:
    """An answer after the rules.

    Attributes:
        tokens: the words that count.
        verdict: GRADED when matching decides, otherwise the rule that decided.
        notes: what was set aside, in words for the candidate.
    """

    tokens: tuple[Token, ...]
    verdict: Verdict
    notes: tuple[str, ...]


def screen(question: str, answer: str) -> Screening:
    """Return the words of ``answer`` that count, and the verdict where a rule decides alone."""
    everything = tokens_of(answer)
    if not everything:
        return Screening((), Verdict.EMPTY, ("There is no answer yet.",))
    notes: list[str] = []
    if len(answer) > MAX_CHARACTERS:
        notes.append(f"Only the first {MAX_CHARACTERS:,} characters were read.")
    own = _without_instructions(answer[:MAX_CHARACTERS], everything)
    if len(own) < len(everything):
        notes.append("Orders to the grader are set aside; only what you say about the subject counts.")
    kept = _without_question(question, own)
    if len(kept) < len(own):
        notes.append("Words repeated from the question do not count.")
    return Screening(tuple(kept), _verdict(answer, everything, own, kept), tuple(notes))


def is_non_answer(answer: str, tokens: Sequence[Token]) -> bool:
    """Return whether a short answer says only that there is none."""
    return len(tokens) <= 15 and bool(_NON_ANSWER.search(answer.replace("\u2019", "'")))


def _verdict(answer: str, everything: list[Token], own: list[Token], kept: list[Token]) -> Verdict:
    if not own:
        return Verdict.INSTRUCTION
    if not any(token.word not in FUNCTION_WORDS for token in kept):
        if len(own) < len(everything):
            return Verdict.INSTRUCTION
        return Verdict.COPIED_QUESTION if len(kept) < len(own) else Verdict.NON_ANSWER
    return Verdict.DENIAL if denies_itself(answer) else Verdict.GRADED


def _without_instructions(answer: str, tokens: list[Token]) -> list[Token]:
    # Somebody may quote an attack to explain it, so what stands in quotation marks is no order.
    unquoted = _QUOTED.sub(lambda match: " " * len(match.group()), answer)
    orders = [m.span() for m in _SENTENCE.finditer(unquoted) if _INSTRUCTION.search(m.group())]
    return [token for token in tokens if not any(start <= token.start < end for start, end in orders)]


def _without_question(question: str, tokens: list[Token]) -> list[Token]:
    asked = tokens_of(question)
    kept = _without_run([token.stem for token in asked], tokens)
    content = {token.stem for token in asked if token.word not in FUNCTION_WORDS}
    sentences: dict[int, list[Token]] = {}
    for token in kept:
        sentences.setdefault(token.sentence, []).append(token)
    return [token for words in sentences.values() if not _repeats(words, content) for token in words]


def _repeats(words: list[Token], content: set[str]) -> bool:
    said = [token.stem for token in words if token.word not in FUNCTION_WORDS]
    return len(said) >= 3 and sum(word in content for word in said) >= COPIED_SHARE * len(said)


def _without_run(asked: list[str], tokens: list[Token]) -> list[Token]:
    """Drop each unbroken copy of the question, also where no full stop sets it off."""
    if len(asked) < 4:
        return tokens
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        window = tokens[index : index + len(asked)]
        if tokens[index].stem == asked[0] and [token.stem for token in window] == asked:
            index += len(asked)
        else:
            kept.append(tokens[index])
            index += 1
    return kept
