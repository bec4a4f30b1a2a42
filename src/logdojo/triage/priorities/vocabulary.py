"""The words of ``vocabulary.yaml``: what an event's class weighs, which requests are odd, what a tag means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final
from urllib.parse import unquote

import yaml

from logdojo.triage.priorities.reasons import Evidence
from logdojo.triage.priorities.sighting import LONGEST, Sighting

_SQUEEZED: Final = str.maketrans("", "", "-_.: ")


@dataclass(frozen=True, slots=True)
class EventClass:
    """A kind of event that matters; an event belongs to it when all parts that are given fit.

    Args:
        name: in words.
        weight: of the evidence.
        category, type, outcome: of the event.
        user: who acts.
        actions: the whole of ``event.action``, squeezed.
        begins, ends: beginnings and ends of it.
        codes: ``event.code``.
    """

    name: str
    weight: float
    category: str = ""
    type: str = ""
    outcome: str = ""
    user: str = ""
    actions: frozenset[str] = frozenset()
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()

    def fits(self, sighting: Sighting, action: str, code: str) -> bool:
        """Return whether an event is of this class; ``action`` is squeezed."""
        if self.category and self.category not in sighting.categories:
            return False
        if self.type and self.type not in sighting.types:
            return False
        if self.outcome and self.outcome != sighting.outcome:
            return False
        if self.user and self.user != sighting.user:
            return False
        if self.codes and code not in self.codes:
            return False
        named = bool(self.actions or self.begins or self.ends)
        return not named or action in self.actions or action.startswith(self.begins) or action.endswith(self.ends)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All words and what they weigh."""

    classes: tuple[EventClass, ...]
    odd_requests: tuple[str, ...]
    cloud: Mapping[str, frozenset[str]]
    tags: Mapping[str, tuple[float, str]]
    _known: dict[tuple[Any, ...], EventClass | None] = field(default_factory=dict)

    def class_of(self, sighting: Sighting) -> EventClass | None:
        """Return the heaviest class that an event belongs to."""
        code = sighting.event.text("event.code")[:LONGEST]
        root = sighting.user == "root"
        key = (sighting.categories, sighting.types, sighting.outcome, sighting.action, code, root)
        if key not in self._known:
            action = squeezed(sighting.action)
            found = [each for each in self.classes if each.fits(sighting, action, code)]
            if len(self._known) >= 20_000:
                self._known.clear()
            self._known[key] = max(found, key=lambda each: each.weight, default=None)
        return self._known[key]

    def evidence(self, sighting: Sighting) -> Evidence | None:
        """Return what the class of an event weighs, in a sentence."""
        found = self.class_of(sighting)
        if found is None:
            return None
        what = f"{sighting.action or 'no action named'}, {sighting.outcome or 'outcome not told'}"
        return Evidence("event class", found.weight, f"Class of the event: {found.name} ({what}).")


def squeezed(action: str) -> str:
    """Return an action's name as vocabularies write it: lower case, without what joins words."""
    return action.lower().translate(_SQUEEZED)


@cache
def vocabulary() -> Vocabulary:
    """Return the words that are shipped."""
    text = resources.files("logdojo.triage.priorities").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    return Vocabulary(
        classes=tuple(_event_class(entry) for entry in document["classes"]),
        odd_requests=tuple(document["odd_requests"]),
        cloud={name: frozenset(words) for name, words in document["cloud"].items()},
        tags={name: (tag["weight"], tag["meaning"]) for name, tag in document["tags"].items()},
    )


@lru_cache(maxsize=8_192)
def is_odd(url: str) -> bool:
    """Return whether a request asks for what somebody asks for who looks for holes."""
    plain = unquote(url).lower()
    return any(sign in plain for sign in vocabulary().odd_requests)


def _event_class(entry: Mapping[str, Any]) -> EventClass:
    words = [squeezed(word) if "*" not in word else word for word in entry.get("action", ())]
    return EventClass(
        name=entry["name"],
        weight=entry["weight"],
        category=entry.get("category", ""),
        type=entry.get("type", ""),
        outcome=entry.get("outcome", ""),
        user=entry.get("user", ""),
        actions=frozenset(word for word in words if "*" not in word),
        begins=tuple(_parts(word[:-1] for word in words if word.endswith("*"))),
        ends=tuple(_parts(word[1:] for word in words if word.startswith("*") and not word.endswith("*"))),
        codes=frozenset(entry.get("code", ())),
    )


def _parts(words: Iterable[str]) -> list[str]:
    return [squeezed(word.strip("*")) for word in words]
