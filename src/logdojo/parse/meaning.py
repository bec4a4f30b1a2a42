"""What an event means: a vendor's own words → ``event.category``, ``.type``, ``.action`` and ``.outcome``.

The words are data, kept with each declared format:

    means:
      - by: action                      # a source, or several, joined with "/"
        words:
          accept|allow: {type: [connection, allowed], outcome: success}
          deny: {type: [connection, denied], outcome: failure}
          "*": {}                       # any other word
      - always: {category: [network]}

Tables are read in order, and each fills in what those before it have left open. In ``action``, ``@`` stands for the
word itself, in lower case and with hyphens for spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from logdojo.errors import InputError

KEYS: Final = frozenset({"category", "type", "action", "outcome", "kind", "code"})
_ANY: Final = "*"
_SAME: Final = "@"
_GAPS: Final = re.compile(r"[\s_]+")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of words.

    Args:
        sources: whose values make the word.
        words: word in lower case → ECS name → value.
        other: what is meant by any other word.
    """

    sources: tuple[str, ...]
    words: Mapping[str, Mapping[str, object]]
    other: Mapping[str, object]

    def meaning(self, values: Iterable[object]) -> Mapping[str, object]:
        """Return what the values mean together; nothing when none of them is there."""
        said = [str(value) for value in values if value is not None]
        if not said and self.sources:
            return {}
        word = "/".join(said)
        found = self.words.get(word.lower(), self.other)
        if found.get("event.action") == _SAME:
            return {**found, "event.action": spelled(word)}
        return found


def spelled(word: str) -> str:
    """Return a word as an action is written: lower case, with hyphens."""
    return _GAPS.sub("-", word.strip().lower())


def tables(declared: Iterable[Mapping[str, Any]], *, where: str) -> tuple[Table, ...]:
    """Read the ``means`` of a declared format.

    Raises:
        InputError: a table has a key or a value that is not known.
    """
    return tuple(_table(each, where=where) for each in declared)


def _table(declared: Mapping[str, Any], *, where: str) -> Table:
    unknown = set(declared) - {"by", "words", "always"}
    if unknown:
        raise InputError(f"{where}: means has the unknown key {min(unknown)!r}", hint="use by, words or always")
    if "always" in declared:
        return Table((), {}, meaning_of(declared["always"], where=where))
    by = declared["by"]
    words: dict[str, Mapping[str, object]] = {}
    for spelling, said in (declared.get("words") or {}).items():
        fields = meaning_of(said or {}, where=where)
        for word in str(spelling).split("|"):
            words[word.strip().lower()] = fields
    other = words.pop(_ANY, {})
    return Table((by,) if isinstance(by, str) else tuple(by), words, other)


def meaning_of(said: Mapping[str, Any], *, where: str = "means") -> Mapping[str, object]:
    """Return ``{action: deny, type: denied}`` as fields, ``event.action`` and ``event.type``.

    Raises:
        InputError: a name is no part of an event's meaning.
    """
    unknown = set(said) - KEYS
    if unknown:
        raise InputError(f"{where}: {min(unknown)!r} is no part of an event's meaning", hint=f"use {sorted(KEYS)}")
    return {
        f"event.{name}": ([value] if isinstance(value, str) and name in {"category", "type"} else value)
        for name, value in said.items()
    }
