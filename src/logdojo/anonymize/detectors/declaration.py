r"""What a detector is: a declaration from which the engine tells, mostly without running it, that it finds nothing.

Two kinds. ``Detector("name", find, needs=...)`` is any function from a text to hits. ``anchored(...)`` is one pattern
that is tried only around its *anchors*: a second, cheap pattern (three dots between digits, an at sign, ``/home/``),
one match of which lies in every match that matters. Most texts have no anchor, and in the others most words have none.

The ``fast`` extra looks for the anchors of all detectors in many lines at once; both ways try the same patterns at
the same words, so both find the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from logdojo.anonymize.spans import Hit

Find = Callable[[str], Iterable[Hit]]
Read = Callable[[re.Match[str]], Iterable[Hit]]
_AHEAD = 2  # characters behind a word that a pattern may look at


@dataclass(frozen=True, slots=True)
class Detector:
    r"""One way to find sensitive values in a text.

    Args:
        name: for messages and measurements.
        find: text → its hits.
        needs: literals one of which stands in every text in which ``find`` finds something; none: it always runs.
        whole: looks at a line as a whole and not at the strings inside it.
        is_form: the form makes the class; otherwise words around the value do, and its own form may overrule them
            (an address behind ``user`` is an address).
        anchor: a regular expression one match of which stands in every text in which ``find`` finds something, in
            what ``re`` and hyperscan read alike on ASCII: no groups that capture, no look-around but ``\b``, no
            unbounded repeats. Without it the literals of ``needs`` serve.
        near: text and the ends of the anchor's matches in it, in order → its hits. Without it ``find`` runs.
    """

    name: str
    find: Find
    needs: tuple[str, ...] = ()
    whole: bool = False
    is_form: bool = False
    anchor: str = ""
    near: Callable[[str, Sequence[int]], Iterable[Hit]] | None = None

    @property
    def block_anchor(self) -> str:
        """Return what to look for in many lines at once; empty when nothing is declared."""
        return self.anchor or "|".join(re.escape(literal) for literal in self.needs)


def anchored(
    name: str,
    pattern: re.Pattern[str],
    *,
    read: Read,
    anchor: str,
    needs: tuple[str, ...] = (),
    is_form: bool = True,
    tail: int = 0,
    find: Find | None = None,
) -> Detector:
    """Return the detector of a pattern whose matches hold no space (but in their last ``tail`` characters).

    Args:
        name: as in ``Detector``.
        pattern: what is tried at words that hold an anchor.
        read: match → its hits; none when a validator says no.
        anchor: as in ``Detector``; a match of it lies inside every match of ``pattern`` that has hits.
        needs: as in ``Detector``.
        is_form: as in ``Detector``.
        tail: how far from the end of an anchor a space may stand.
        find: what finds the same without anchors, where they cost more to look for than the pattern itself.
    """
    anchors = re.compile(anchor)

    def near(text: str, ends: Sequence[int]) -> list[Hit]:
        hits: list[Hit] = []
        for match in matches(pattern, text, ends, tail=tail):
            hits += read(match)
        return hits

    def find_anchors(text: str) -> Iterable[Hit]:
        ends = [match.end() for match in anchors.finditer(text)]
        return near(text, ends) if ends else ()

    return Detector(name, find or find_anchors, needs=needs, is_form=is_form, anchor=anchor, near=near)


def matches(pattern: re.Pattern[str], text: str, ends: Iterable[int], *, tail: int = 0) -> list[re.Match[str]]:
    """Return the matches of ``finditer`` in the words that hold an anchor, up to the last anchor.

    No match crosses a space, so a search that begins behind one finds what a search of the whole text finds there.
    A match that was found too far ahead is kept for the next anchor, which makes the time linear.

    Args:
        pattern: the pattern.
        text: the text.
        ends: where anchors end, in order.
        tail: how far from the end of an anchor a space may stand.
    """
    near: list[re.Match[str]] = []
    at, stop = 0, -1
    found: re.Match[str] | None = None
    for end in ends:
        if end > stop:
            at = max(at, text.rfind(" ", at, max(at, end - tail)) + 1)
            stop = text.find(" ", end)
            if stop < 0:
                stop = len(text)
            found = pattern.search(text, at, stop + _AHEAD)
        while found is not None and found.start() < end:
            near.append(found)
            at = found.end()
            found = pattern.search(text, at, stop + _AHEAD)
    return near
