"""Replacements as spans: everything outside a span is copied unchanged.

Replacing match by match in a growing string costs quadratic time and shifts offsets; here all replacements of a text
are collected first and the result is joined once.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


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


@dataclass(frozen=True)
class Leaf:
    """A text inside a line that is looked at on its own: the whole line, or a string inside JSON.

    Args:
        text: the text after decoding.
        class_name: what its field's name says, ``""`` for free text.
        start: where it begins in the line.
        offsets: line offset of each character and of the end, when decoding moved them; otherwise ``None``.
        escape: turns a replacement into what stands in the line.
        claimed: parts of the text that are looked at as texts of their own.
    """

    text: str
    class_name: str = ""
    start: int = 0
    offsets: Sequence[int] | None = None
    escape: Callable[[str], str] = str
    claimed: tuple[tuple[int, int], ...] = ()

    def in_line(self, edit: Edit) -> Edit:
        """Return an edit of this text as an edit of the line."""
        start, stop = self.to_line(edit.start), self.to_line(edit.stop)
        return edit._replace(start=start, stop=stop, replacement=self.escape(edit.replacement))

    def to_line(self, at: int) -> int:
        """Return where a character of this text stands in the line."""
        return self.start + at if self.offsets is None else self.offsets[at]


class Taken:
    """Which characters of a text are spoken for; the first to claim a span has it."""

    __slots__ = ("_mask",)

    def __init__(self, size: int, claimed: Iterable[tuple[int, int]] = ()) -> None:
        self._mask = bytearray(size)
        for start, stop in claimed:
            self.claim(start, stop)

    def claim(self, start: int, stop: int) -> bool:
        """Claim a span; False, and nothing changes, when part of it is taken or it is empty."""
        if start >= stop or self._mask.find(1, start, stop) >= 0:
            return False
        self._mask[start:stop] = b"\x01" * (stop - start)
        return True


def rewrite(text: str, edits: Iterable[Edit]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Apply edits that do not overlap; return the new text and the spans of the replacements in it."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = size = 0
    for edit in sorted(edits):
        pieces += (text[at : edit.start], edit.replacement)
        size += edit.start - at
        spans.append((size, size + len(edit.replacement)))
        size += len(edit.replacement)
        at = edit.stop
    pieces.append(text[at:])
    return "".join(pieces), tuple(spans)


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
