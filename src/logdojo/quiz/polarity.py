"""What an answer denies: which words stand in the reach of a *not*, and which sentences are denied as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence

from logdojo.quiz.words import Token, word_set

_BREAKS = word_set(
    "but however instead because so since while whereas although though unless until yet otherwise except which"
)
_SUBJECT_STARTS = word_set("the a an it they we you i this these each every then their its your one")
_AUXILIARIES = word_set("is are was were be do does did should must can could will would has have had may might")
_SOFTENERS = word_set("only just merely simply necessarily")
_NO_DENIAL = word_set("matter doubt wonder")
_VERDICTS = word_set("false wrong untrue incorrect unnecessary useless impossible pointless")
_NO_USE = word_set("need point reason use sense")
_REACH = {"no": 4, "without": 3, "none": 4, "nothing": 4, "neither": 6, "nor": 6}
_FULL_REACH = 8

_DENIED_SENTENCE = re.compile(
    r"\b(?:not|never|isn't)\b[^.;!?]{0,25}\b(?:true|the case|correct|right)\b[^.;!?]{0,12}(?:\bthat\b|:)"
    r"|\b(?:it is|it's|is it) (?:simply |just |plain )?(?:false|untrue|wrong|incorrect|nonsense|a myth|a lie)\b"
    r"(?: to (?:say|claim|think|believe))?(?: that\b|:)"
    r"|\bi (?:do not|don't) (?:think|believe|agree)\b|\bi (?:doubt|deny)\b",
    re.IGNORECASE,
)
_DENIED_ANSWER = re.compile(
    r"\b(?:none|nothing) of (?:this|that|it|these|those|what i (?:said|wrote)|the (?:above|following|below|rest))\b"
    r" (?:is|are|was|were) (?:true|right|correct|the case)"
    r"|\b(?:exact )?opposite (?:of (?:this|that|all this) )?is (?:true|the case|right)\b"
    r"|(?:^|[.!?\n])\s*(?:but )?(?:all|everything|every word)?(?: of)?\s?"
    r"(?:this|that|(?:the )?(?:above|following)|i (?:said|wrote))"
    r"(?: here)? (?:is|are|was) (?:all )?(?:false|wrong|untrue|incorrect|a lie|not true|nonsense)\b"
    r"(?!\s+that\b)",
    re.IGNORECASE,
)


def denies_itself(answer: str) -> bool:
    """Return whether the answer takes back everything it says (*none of this is true*)."""
    return bool(_DENIED_ANSWER.search(answer.replace("\u2019", "'")))


def denied_sentences(answer: str, tokens: Sequence[Token]) -> frozenset[int]:
    """Return the numbers of the sentences that open with *it is not true that* or the like."""
    plain = answer.replace("\u2019", "'")
    spans: dict[int, tuple[int, int]] = {}
    for token in tokens:
        start, _ = spans.get(token.sentence, (token.start, token.end))
        spans[token.sentence] = (start, token.end)
    return frozenset(number for number, (start, end) in spans.items() if _DENIED_SENTENCE.search(plain, start, end))


def negation_reach(tokens: Sequence[Token]) -> dict[int, frozenset[int]]:
    """Return, for the index of each negator, the indexes of the tokens it turns around.

    A negator reaches a few words to the right, to the end of its clause at most, and back over its own subject when an
    auxiliary stands before it (*rotation is not needed*). *Not only* and *no matter* negate nothing.
    """
    reach: dict[int, frozenset[int]] = {}
    for index, token in enumerate(tokens):
        backward = _backward(tokens, index)
        if token.negates and not _softened(tokens, index):
            reach[index] = frozenset((*_forward(tokens, index), *backward))
        elif token.word in _VERDICTS and backward:
            reach[index] = frozenset(backward)
    return reach


def contrast_reach(tokens: Sequence[Token]) -> list[frozenset[int]]:
    """Return the indexes of the words behind each *instead of* and *rather than*, up to the end of the clause.

    They turn around what stands there alone; *arguments instead of f-strings* as a whole is a statement.
    """
    return [
        frozenset(
            place
            for place in range(index + 2, min(index + 6, len(tokens)))
            if tokens[place].clause == tokens[index].clause and tokens[place].word not in _BREAKS
        )
        for index in range(len(tokens) - 1)
        if tokens[index].word in {"instead", "rather"} and tokens[index + 1].word in {"of", "than"}
    ]


def _softened(tokens: Sequence[Token], index: int) -> bool:
    if index + 1 >= len(tokens):
        return False
    following = tokens[index + 1].word
    return following in _SOFTENERS or (tokens[index].word == "no" and following in _NO_DENIAL)


def _forward(tokens: Sequence[Token], index: int) -> list[int]:
    length = _REACH.get(tokens[index].stem, _FULL_REACH)
    if index + 1 < len(tokens) and tokens[index + 1].word in _NO_USE:
        length = _FULL_REACH + 2  # *no need for a baseline* turns around all that is not needed
    reached: list[int] = []
    for place in range(index + 1, min(index + 1 + length, len(tokens))):
        token = tokens[place]
        if token.clause != tokens[index].clause or token.word in _BREAKS:
            break
        if token.word == "and" and place + 1 < len(tokens) and tokens[place + 1].word in _SUBJECT_STARTS:
            break
        if length < _FULL_REACH and reached and token.word in _SUBJECT_STARTS:
            break
        reached.append(place)
    return reached


def _backward(tokens: Sequence[Token], index: int) -> list[int]:
    token = tokens[index]
    contracted = token.stem == "not" and token.word != "not"
    ends_clause = index + 1 == len(tokens) or tokens[index + 1].clause != token.clause
    if not (contracted or token.word == "cannot" or (token.word == "nothing" and ends_clause)):
        before = index - 1
        if before < 0 or tokens[before].word not in _AUXILIARIES or tokens[before].clause != token.clause:
            return []
    if _softened(tokens, index):
        return []
    reached: list[int] = []
    for place in range(index - 1, max(index - 6, -1), -1):
        if tokens[place].clause != token.clause or tokens[place].word in _BREAKS | {"and", "or", "that"}:
            break
        reached.append(place)
    return reached
