"""Free text → the pieces of it that are sensitive: the detectors in order, timestamps protected.

Timestamps are looked for only where something else was found: they matter as places that nothing may claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logdojo.anonymize.detectors import Detector
from logdojo.anonymize.detectors.timestamps import ANCHOR, timestamps, timestamps_near
from logdojo.anonymize.fast import Anchors
from logdojo.anonymize.replacing import Piece, Replacements, claim
from logdojo.anonymize.spans import Hit, Span


class Search:
    """The detectors at work.

    Args:
        detectors: in the order of precedence.
        replacements: what becomes of a value.
    """

    def __init__(self, detectors: Sequence[Detector], replacements: Replacements) -> None:
        self._replacements = replacements
        self._detectors = tuple(detectors)
        self._of_lines = [(d.needs, d.find, d.is_form) for d in detectors]
        self._of_leaves = [(d.needs, d.find, d.is_form) for d in detectors if not d.whole]
        always = {number for number, d in enumerate(detectors) if not d.block_anchor}
        self._always = (always, {number for number in always if not detectors[number].whole})
        self.timestamps = len(detectors)
        """The number under which anchors of timestamps come."""

    @property
    def anchors(self) -> tuple[str, ...]:
        """Return what to look for in many lines at once: each detector's anchor, and that of timestamps."""
        return (*(detector.block_anchor for detector in self._detectors), ANCHOR)

    @property
    def placed(self) -> frozenset[int]:
        """Return the numbers of the anchors whose places matter; of the others, the whole text is searched."""
        near = {number for number, detector in enumerate(self._detectors) if detector.near is not None}
        return frozenset(near | {self.timestamps})

    def pieces(
        self,
        text: str,
        *,
        whole: bool,
        known: Iterable[Hit] = (),
        claimed: Sequence[Span] = (),
        anchors: Anchors | None = None,
    ) -> tuple[list[Piece], bytearray | None]:
        """Return what is to be replaced in ``text``, and which of its characters are spoken for.

        Args:
            text: the text.
            whole: it is a line as a whole and not a string inside one.
            known: values that a reader of the line has told; they come first.
            claimed: parts that are texts of their own.
            anchors: where anchors stand, when they have been looked for; every one of ``text`` must be among them.

        Returns:
            The pieces without overlaps, in no order; and a mask with ones, or ``None`` when nothing was found.
        """
        found = [(hit, False) for hit in known]
        moments: Iterable[Span] | None = None
        if anchors is None:
            for needs, find, is_form in self._of_lines if whole else self._of_leaves:
                for literal in needs:
                    if literal in text:
                        break
                else:
                    if needs:
                        continue
                found += [(hit, is_form) for hit in find(text)]
        else:
            ends: dict[int, list[int]] = {}
            for end, number in anchors:
                if number in ends:
                    ends[number].append(end)
                else:
                    ends[number] = [end]
            moments = timestamps_near(text, ends.pop(self.timestamps, ()))
            self._near(text, ends, found, whole=whole)
        if not found and not claimed:
            return [], None
        mask = mask_of(text, claimed, moments)
        return self.claimed(text, found, mask), mask

    def _near(self, text: str, ends: dict[int, list[int]], found: list[tuple[Hit, bool]], *, whole: bool) -> None:
        for number in sorted(ends.keys() | self._always[not whole]):
            detector = self._detectors[number]
            if detector.near is not None:
                hits = detector.near(text, ends[number])
            elif whole or not detector.whole:
                hits = detector.find(text)
            else:
                continue
            if hits:
                is_form = detector.is_form
                found += [(hit, is_form) for hit in hits]

    def claimed(self, text: str, found: Iterable[tuple[Hit, bool]], mask: bytearray) -> list[Piece]:
        """Return what becomes of hits; the first to claim a place in ``mask`` has it.

        Args:
            text: the text.
            found: hits, each with whether its form has told its class.
            mask: a one for each character that is spoken for; it is changed.
        """
        pieces: list[Piece] = []
        of_form, of_value = self._replacements.of_form, self._replacements.of_value
        for (at, end, class_name), is_form in found:
            value = text[at:end]
            for start, stop, new, kind, original, is_hunted in (of_form if is_form else of_value)(class_name, value):
                if claim(mask, at + start, at + stop) and new is not None:
                    pieces.append((at + start, at + stop, new, kind, original, is_hunted))
        return pieces


def mask_of(text: str, claimed: Iterable[Span] = (), moments: Iterable[Span] | None = None) -> bytearray:
    """Return which characters of a text are spoken for before anything is found.

    Args:
        text: the text.
        claimed: parts that are texts of their own.
        moments: its timestamps, when they are known.
    """
    mask = bytearray(len(text))
    for spans in (claimed, timestamps(text) if moments is None else moments):
        for start, stop in spans:
            claim(mask, start, stop)
    return mask
