"""Names learnt from the fields of a line are hunted for in the rest of that line.

Guarded: names from four characters that are no common words, and whole words only; a user called ``test`` must not
blank every ``test`` of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.spans import Edit, Taken

MIN_CHARS: Final = 4
_FOUND_ANYWAY: Final = frozenset({"ip", "mac"})


class Learnt:
    """The names that one line gave away.

    Args:
        common_words: words never hunted for, in lower case.
    """

    def __init__(self, common_words: frozenset[str]) -> None:
        self._common = common_words
        self._edits: dict[str, Edit] = {}

    def add(self, edit: Edit) -> None:
        """Remember a replaced value, unless it is short, common or found by its form anyway."""
        if edit.class_name not in _FOUND_ANYWAY and is_distinct(edit.original, self._common):
            self._edits.setdefault(edit.original, edit)

    def elsewhere(self, text: str, taken: Taken) -> Iterator[Edit]:
        """Yield the replacements of learnt names that still stand in ``text``."""
        for name in sorted(self._edits, key=len, reverse=True):
            at = text.find(name)
            while at >= 0:
                stop = at + len(name)
                if _is_whole(text, at, stop) and taken.claim(at, stop):
                    yield self._edits[name]._replace(start=at, stop=stop)
                at = text.find(name, stop)


def is_distinct(value: str, common_words: frozenset[str]) -> bool:
    """Tell whether a value can be hunted for without blanking ordinary words."""
    return len(value) >= MIN_CHARS and value.casefold() not in common_words


def _is_whole(text: str, start: int, stop: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not (stop < len(text) and text[stop].isalnum())
