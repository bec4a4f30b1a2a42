"""Words of an answer: tokens with their places, light stems, clauses and sentences.

Stems are compared with stems only, so they need to be consistent, not pretty. ``logging`` and ``logs`` meet in ``log``;
``logger`` stays itself, because the difference matters here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARACTERS = 20_000
"""Longest part of an answer that is read: about 20 minutes of speech."""


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


NEGATORS = frozenset(
    {"not", "no", "never", "none", "nothing", "neither", "nor", "cannot", "without", "hardly", "nobody"}
)
"""Words that turn a statement around; ``n't`` counts as ``not``."""

FUNCTION_WORDS = word_set(
    """
    a about after all also an and any are as at be because been before being both but by can could did do does during
    each either else every few for from had has have he her here his how i if in into is it its itself just may me might
    more most must my no nor not of off on once one only or other our out over own same she should since so some such
    than that the their them then there these they this those through to too under until up us very was we were what
    when where whether which while who whom whose why will with without would you your
    """
)
"""Words that carry no content of their own."""

GLUE_WORDS = word_set(
    """
    a an the of to in on at for with from into as than and or but so if while that which this these those it its they
    them their we us our you your i my me he she is are was were be been being has have had do does did can could should
    would will may might must there then
    """
)
"""Words that glue a sentence together and that hardly any key point needs; a list of keywords has next to none."""

PHRASE_FILLERS = word_set("a an the of to is are be been was were and or in on for with by it its that this as at from")
"""Words of an authored phrase that need not occur in the answer."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?;]|\n\s*(?:\n|[-*\u2022]\s)")
"""A line break alone ends nothing: answers may be wrapped."""
_CLAUSE_END = re.compile(r"[,:()\[\]\u2014\u2013]|\s-\s")
_JOINED = (("pre", "train"), ("fine", "tun"), ("over", "fit"), ("de", "duplic"), ("real", "tim"))


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an answer.

    Attributes:
        word: the word in lower case.
        stem: the word without its ending.
        start: offset of its first character in the answer.
        end: offset behind its last character.
        sentence: number of its sentence.
        clause: number of its clause, counted over the whole answer.
    """

    word: str
    stem: str
    start: int
    end: int
    sentence: int
    clause: int

    @property
    def negates(self) -> bool:
        """Whether the word turns a statement around."""
        return self.stem in NEGATORS


def tokens_of(text: str) -> list[Token]:
    """Return the words of ``text`` with their places; numbers count as words."""
    found: list[Token] = []
    sentence = clause = last = 0
    for match in _WORD.finditer(text[:MAX_CHARACTERS]):
        between = text[last : match.start()]
        if _ends_sentence(between):
            sentence += 1
            clause += 1
        elif _CLAUSE_END.search(between):
            clause += 1
        last = match.end()
        word = unicodedata.normalize("NFKC", match.group()).casefold().replace("\u2019", "'")
        token = Token(word, stem(word), match.start(), match.end(), sentence, clause)
        if found and _one_word(found[-1], token):
            first = found.pop()
            joined = first.word + token.word
            token = Token(joined, stem(joined), first.start, token.end, token.sentence, token.clause)
        found.append(token)
    return found


def _ends_sentence(between: str) -> bool:
    # A dot inside a name (logging.config, 3.11) has no space behind it and ends nothing.
    return bool(_SENTENCE_END.search(between)) and between != "."


def _one_word(first: Token, second: Token) -> bool:
    near = first.sentence == second.sentence and second.start - first.end == 1
    return near and any(first.word == left and second.stem.startswith(right) for left, right in _JOINED)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return ``word`` without plural, tense and noun endings; British spellings meet the American ones."""
    if word.endswith("n't"):
        return "not"
    base = word.split("'", maxsplit=1)[0] or word
    if len(base) < 4 or base in NEGATORS or not base.isascii():
        return base
    base = _without_plural(base)
    for ending in ("ing", "ied", "ed", "ization", "isation", "ion", "ly"):
        rest = base[: -len(ending)]
        if base.endswith(ending) and len(rest) >= 3 and _has_vowel(rest):
            base = rest + {"ied": "y", "ization": "iz", "isation": "iz"}.get(ending, "")
            break
    if len(base) > (5 if base[-1] == "l" else 3) and base[-1] == base[-2] and base[-1] not in "aeious":
        base = base[:-1]
    if len(base) > 3 and base.endswith("e"):
        base = base[:-1]
    if len(base) > 5 and base.endswith(("is", "lys")):
        base = base[:-1] + "z"
    return base


def _without_plural(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "shes", "ches")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _has_vowel(text: str) -> bool:
    return any(letter in "aeiouy" for letter in text)


def quote(text: str, start: int, end: int) -> str:
    """Return the candidate's own words between two offsets, on one line and without control characters."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[start:end])
    return " ".join(kept.split())
