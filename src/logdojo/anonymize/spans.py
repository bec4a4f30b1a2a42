"""Replacements as spans: everything outside a span is copied unchanged.

Replacing match by match in a growing string costs quadratic time and shifts offsets; here all replacements of a text
are collected first and the result is joined once.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

Span = tuple[int, int]


class Hit(NamedTuple):
    """A sensitive value found in a text, at ``text[start:stop]``."""

    start: int
    stop: int
    class_name: str


class Edit(NamedTuple):
    """The replacement of ``text[start:stop]``."""

    start: int
    stop: int
    replacement: str
    class_name: str
    original: str


PlainEdit = tuple[int, int, str, str, str]
"""The fields of an ``Edit``; a line makes a dozen, and a plain tuple is made in a third of the time."""


def rewrite(text: str, edits: Iterable[PlainEdit]) -> tuple[str, tuple[Span, ...]]:
    """Apply edits that do not overlap; return the new text and the spans of the replacements in it."""
    pieces: list[str] = []
    spans: list[Span] = []
    at = size = 0
    for start, stop, new, _, _ in sorted(edits):
        pieces += (text[at:start], new)
        size += start - at
        spans.append((size, size + len(new)))
        size += len(new)
        at = stop
    pieces.append(text[at:])
    return "".join(pieces), tuple(spans)


def rewritten(text: str, edits: Sequence[PlainEdit]) -> str:
    """Return the text that ``rewrite`` gives, for who needs no spans."""
    pieces: list[str] = []
    at = 0
    for start, stop, new, _, _ in sorted(edits) if len(edits) > 1 else edits:
        pieces += (text[at:start], new)
        at = stop
    pieces.append(text[at:])
    return "".join(pieces)


def copied(text: str, pieces: Iterable[tuple[int, int, object, str, str, bool]]) -> str:
    """Return what is copied of a text, with a NUL where one of the pieces is replaced; they do not overlap."""
    parts: list[str] = []
    at = 0
    for start, stop, *_ in sorted(pieces, key=itemgetter(0)):
        parts.append(text[at:start])
        at = stop
    parts.append(text[at:])
    return "\0".join(parts)


class Shift:
    """Where an offset of the old text stands in the new one."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._edits = sorted(edits)
        self._starts = [edit.start for edit in self._edits]
        self._moved = [0]
        for edit in self._edits:
            self._moved.append(self._moved[-1] + len(edit.replacement) - (edit.stop - edit.start))

    def of(self, start: int, stop: int) -> tuple[int, int]:
        """Return the new span of an old one; a span that an edit cuts is widened to the whole replacement."""
        return self._place(start, end=False), self._place(stop, end=True)

    def _place(self, at: int, *, end: bool) -> int:
        count = bisect.bisect_left(self._starts, at) if end else bisect.bisect_right(self._starts, at)
        if count and at < self._edits[count - 1].stop + end:
            edit = self._edits[count - 1]
            inside = edit.start + self._moved[count - 1]
            return inside + len(edit.replacement) if end else inside
        return at + self._moved[count]
