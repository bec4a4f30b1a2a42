"""Find a key point in an answer: a phrase is a row of slots, and all slots must occur close together in one sentence.

An authored phrase is plain words, ``predict next token``, in any order in the answer. A slot may list alternatives,
``next|following token|word``. Endings do not matter, and little words of the phrase need not occur.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from logdojo.quiz.polarity import contrast_reach, denied_sentences, negation_reach
from logdojo.quiz.words import FUNCTION_WORDS, GLUE_WORDS, PHRASE_FILLERS, Token, stem, tokens_of

SLACK = 8
"""How many other words may stand between the words of one phrase."""
NEIGHBORS = 12
"""How many words to either side decide whether a match stands in a sentence or in a list of keywords."""
LEAST_GLUE = 0.12
"""Share of glue words below which the neighborhood is a list of keywords; English prose has .3 to .45."""


@dataclass(frozen=True, slots=True)
class Match:
    """One place of an answer where all slots of a phrase occur.

    Attributes:
        places: indexes of the matched tokens, ascending.
        negated: the answer denies it here.
        bare: the words are listed, not said in a sentence.
    """

    places: tuple[int, ...]
    negated: bool
    bare: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, read once: its words and what they deny.

    Attributes:
        tokens: the words that count.
        where: for each stem, the ascending indexes of its tokens.
        reach: for each negator, the tokens it turns around.
        contrasts: for each *instead of*, the tokens that are set aside.
        denied: numbers of the sentences denied as a whole.
    """

    tokens: tuple[Token, ...]
    where: Mapping[str, tuple[int, ...]]
    reach: Mapping[int, frozenset[int]]
    contrasts: tuple[frozenset[int], ...]
    denied: frozenset[int]


def read(answer: str, tokens: Sequence[Token]) -> Reading:
    """Return what matching needs to know of ``tokens``, the words of ``answer`` that count."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    for index, token in enumerate(tokens):
        where[token.stem].append(index)
    return Reading(
        tokens=tuple(tokens),
        where={key: tuple(places) for key, places in where.items()},
        reach=negation_reach(tokens),
        contrasts=tuple(contrast_reach(tokens)),
        denied=denied_sentences(answer, tokens),
    )


@lru_cache(maxsize=4_000)
def slots_of(phrase: str) -> tuple[frozenset[str], ...]:
    """Return the slots of an authored phrase, each the set of stems that fill it."""
    slots: list[frozenset[str]] = []
    for part in phrase.split():
        options = [[token.stem for token in tokens_of(option)] for option in part.split("|")]
        if all(len(option) == 1 and option[0] in PHRASE_FILLERS for option in options):
            continue
        if len(options) == 1:
            slots.extend(frozenset({word}) for word in options[0])
        else:
            slots.append(frozenset(word for option in options for word in option[:1]))
    return tuple(slot for slot in slots if slot)


def find(reading: Reading, phrases: Iterable[str]) -> list[Match]:
    """Return every place where one of ``phrases`` occurs, best first: affirmed before listed before denied."""
    found = [match for phrase in phrases for match in _find_one(reading, slots_of(phrase))]
    return sorted(
        found, key=lambda match: (match.negated, match.bare, match.places[-1] - match.places[0], match.places)
    )


def clauses_of(reading: Reading, match: Match) -> frozenset[int]:
    """Return the numbers of the clauses in which the words of ``match`` stand."""
    return frozenset(reading.tokens[place].clause for place in match.places)


def nearness(reading: Reading, phrases: Iterable[str]) -> float:
    """Return the largest share of a phrase's slots that occur anywhere in the answer, in [0, 1]."""
    shares = [0.0]
    for phrase in phrases:
        slots = slots_of(phrase)
        if slots:
            shares.append(sum(any(word in reading.where for word in slot) for slot in slots) / len(slots))
    return max(shares)


def _find_one(reading: Reading, slots: tuple[frozenset[str], ...]) -> list[Match]:
    if not slots:
        return []
    places = [sorted(place for word in slot for place in reading.where.get(word, ())) for slot in slots]
    if not all(places):
        return []
    width = len(slots) + SLACK
    matches: list[Match] = []
    rarest = min(range(len(slots)), key=lambda number: len(places[number]))
    for anchor in places[rarest]:
        chosen = _nearest(reading, places, anchor, width)
        if chosen and chosen[-1] - chosen[0] < width:
            matches.append(Match(chosen, _is_negated(reading, chosen, slots), _is_bare(reading, chosen)))
    return matches


def _nearest(reading: Reading, places: list[list[int]], anchor: int, width: int) -> tuple[int, ...]:
    sentence = reading.tokens[anchor].sentence
    chosen: set[int] = {anchor}
    for options in places:
        near = options[bisect_left(options, anchor - width) : bisect_right(options, anchor + width)]
        inside = [place for place in near if reading.tokens[place].sentence == sentence]
        if not inside:
            return ()
        chosen.add(min(inside, key=lambda place: (abs(place - anchor), place)))
    return tuple(sorted(chosen))


def _is_negated(reading: Reading, chosen: tuple[int, ...], slots: tuple[frozenset[str], ...]) -> bool:
    if reading.tokens[chosen[0]].sentence in reading.denied:
        return True
    if any(reached.issuperset(chosen) for reached in reading.contrasts):
        return True
    # A negator that the phrase itself allows belongs to the point: *never log passwords*.
    allowed = frozenset().union(*slots)
    return any(
        reading.tokens[negator].stem not in allowed and not reached.isdisjoint(chosen)
        for negator, reached in reading.reach.items()
    )


def _is_bare(reading: Reading, chosen: tuple[int, ...]) -> bool:
    # Only words beside the match are asked: a phrase must not vouch for itself.
    first = max(chosen[0] - NEIGHBORS, 0)
    around = [reading.tokens[place] for place in range(first, min(chosen[-1] + NEIGHBORS + 1, len(reading.tokens)))]
    glue = sum(token.word in GLUE_WORDS for place, token in enumerate(around, start=first) if place not in chosen)
    return len(around) < 4 or glue < LEAST_GLUE * len(around)


def stem_set(text: str) -> frozenset[str]:
    """Return the stems of the content words of ``text``."""
    return frozenset(stem(token.word) for token in tokens_of(text) if token.word not in FUNCTION_WORDS)
