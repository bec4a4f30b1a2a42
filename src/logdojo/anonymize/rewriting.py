"""A line → the edits that make it safe: read by its notation, judged by names, searched, and hunted through.

A line is a text; the values of its notation are texts inside it, and may have a notation of their own (JSON in a string
in JSON). Each text is either a value of a known class or free text. Places are plain numbers and edits plain tuples
here: a line of cloud JSON has forty values, and an object for each would take longer than judging them.
"""

from __future__ import annotations

import functools
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from logdojo.anonymize.fast import Anchors
from logdojo.anonymize.policy import Policy
from logdojo.anonymize.propagation import Source, elsewhere
from logdojo.anonymize.reading import Reader, jsontext, reader_of
from logdojo.anonymize.replacing import Piece, Replacements, remember
from logdojo.anonymize.searching import Search, mask_of
from logdojo.anonymize.spans import Hit, PlainEdit, Span, copied

_MAX_DEPTH: Final = 4  # JSON in a string in JSON in a string ...
_ACCOUNT_DIGITS: Final = 12  # nothing else in cloud events has twelve digits and a text for itself
_CACHE: Final = 1 << 14  # replacements whose JSON form is remembered
_LONGEST: Final = 512  # characters of a text that is remembered
_SIGNS: Final = " <{[|=,"  # a text without any of these has no notation of its own
_LAST: Final = 1 << 30

Escape = Callable[[str], str]


class _Text:
    """A text inside a line: what turns a place in it into one in the line, and what it says into what stands there."""

    __slots__ = ("escape", "offsets", "start")

    def __init__(self, start: int = 0, offsets: Sequence[int] | None = None, escape: Escape | None = None) -> None:
        self.start = start
        self.offsets = offsets
        self.escape = escape


class _Line:
    """What is known about one line so far."""

    __slots__ = ("anchors", "edits", "free", "names")

    def __init__(self, anchors: Anchors | None) -> None:
        self.anchors = anchors
        self.edits: list[PlainEdit] = []
        self.free: list[tuple[str, _Text, bytearray | None, list[Piece]]] = []
        self.names: dict[str, tuple[str, str]] = {}

    def take(self, pieces: Iterable[Piece], where: _Text) -> None:
        """Note the pieces of a text as edits of the line, and the names among them."""
        start, offsets, escape = where.start, where.offsets, where.escape
        for at, end, new, class_name, original, is_hunted in pieces:
            if new is None:
                continue
            written = new if escape is None else escape(new)
            if offsets is None:
                self.edits.append((start + at, start + end, written, class_name, original))
            else:
                self.edits.append((offsets[at], offsets[end], written, class_name, original))
            if is_hunted:
                self.names.setdefault(original, (new, class_name))

    def rest(self) -> str:
        """Return what is copied of the free texts, with a NUL where something is replaced and between two texts."""
        return "\0".join([copied(text, pieces) if pieces else text for text, _, _, pieces in self.free])


class Rewriting:
    """The way of a line through reading, policy, search and propagation.

    Args:
        policy: what names of fields mean.
        search: the detectors.
        replacements: what becomes of a value.
    """

    def __init__(self, policy: Policy, search: Search, replacements: Replacements) -> None:
        self._policy = policy
        self._search = search
        self._replacements = replacements
        self._classes: dict[tuple[str, str], str] = {}
        self._texts: dict[str, tuple[list[Piece], bytearray | None]] = {}

    def edits(
        self,
        line: str,
        *,
        known: Iterable[Hit] = (),
        source: Source | None = None,
        anchors: Anchors | None = None,
    ) -> list[PlainEdit]:
        """Return the edits of a line; they do not overlap.

        Args:
            line: the line.
            known: values whose place and class somebody has told.
            source: what other lines of the same source have told.
            anchors: where anchors of detectors stand in the line, when they have been looked for.

        Raises:
            RecursionError: the line is nested too deeply.
        """
        state, whole = _Line(anchors), _Text()
        reader = (source.reader(line) if source is not None else None) or reader_of(line)
        claimed: Sequence[Span] = ()
        if reader is not None:
            claimed = self._values(line, whole, reader, 0, state)
        if reader is not jsontext:
            pieces, mask = self._search.pieces(line, whole=True, known=known, claimed=claimed, anchors=anchors)
            state.take(pieces, whole)
            state.free.append((line, whole, mask, pieces))
        if state.edits or source is not None:
            self._hunt(state, source)
        return state.edits

    def _values(self, text: str, where: _Text, reader: Reader, depth: int, state: _Line) -> list[Span]:
        """Judge the values of a text that has a notation; return which parts of it need no search any more."""
        is_json = reader is jsontext
        escape = _escape(reader, where.escape)
        classes, of_value = self._classes, self._replacements.alone
        base, moved = where.start, where.offsets
        claimed: list[Span] = []
        for start, stop, key, parent, is_string in jsontext.places(text) if is_json else reader.values(text):
            class_name = classes.get((key, parent))
            if class_name is None:
                class_name = self._class_of(key, parent)
            raw = value = text[start:stop]
            offsets: Sequence[int] | None = None
            if is_string and (not is_json or "\\" in raw):
                value, inner = reader.decoded(raw)
                if inner is not None:
                    offsets = [base + start + at if moved is None else moved[start + at] for at in inner]
            is_free = not class_name or class_name == "text"
            if not is_json:
                if is_free and offsets is None:
                    continue  # left to the search of the whole text
                claimed.append((start, stop))
            if not value or class_name == "keep":
                continue
            if is_json and is_string and not class_name and len(raw) == _ACCOUNT_DIGITS and raw.isdecimal():
                class_name, is_free = "account", False
            if is_free and not (is_string or class_name):
                continue
            if offsets is None and moved is not None:
                offsets = moved[start : stop + 1]
            inside = _Text(
                base + start if offsets is None else 0, offsets, escape if is_string else _number_escape(where.escape)
            )
            if is_free:
                self._free(value, inside, depth + 1 if is_string else _MAX_DEPTH, state)
            else:
                state.take(of_value(class_name, value), inside)
        return claimed

    def _free(self, text: str, where: _Text, depth: int, state: _Line) -> None:
        """Search a text inside a line, by its own notation when it has one."""
        anchors = state.anchors
        if anchors is not None and where.offsets is None:
            start = where.start
            first, last = bisect_right(anchors, (start, _LAST)), bisect_right(anchors, (start + len(text), _LAST))
            anchors = [(end - start, number) for end, number in anchors[first:last]]
        else:
            anchors = None
        found = self._texts.get(text)
        if found is None:
            reader = reader_of(text) if depth < _MAX_DEPTH and any(sign in text for sign in _SIGNS) else None
            claimed: Sequence[Span] = ()
            if reader is not None:
                claimed = self._values(text, where, reader, depth, state)
            if reader is jsontext:
                return
            found = self._search.pieces(text, whole=False, claimed=claimed, anchors=anchors)
            if reader is None and len(text) <= _LONGEST:
                remember(self._texts, text, found)
        state.take(found[0], where)
        state.free.append((text, where, found[1], found[0]))

    def _class_of(self, key: str, parent: str) -> str:
        class_name = self._policy.class_of(key, parent)
        remember(self._classes, (key, parent), class_name)
        return class_name

    def _hunt(self, state: _Line, source: Source | None) -> None:
        """Replace what this line and others of its source gave away, where it still stands in free texts."""
        rest = state.rest()
        names = {name: known for name, known in state.names.items() if name in rest}
        # An address that stands once more and was not found looks like the version of a product there.
        addresses = {edit[4]: edit[2] for edit in state.edits if edit[3] == "ip"}
        names.update((address, (new, "ip")) for address, new in addresses.items() if address in rest)
        may_hold = source is not None and source.names.may_stand_in(rest)
        if not names and not may_hold:
            return
        for text, where, mask, _ in state.free:
            here = [name for name in names if name in text]
            hits = [(hit, True) for hit in source.hits(text)] if source is not None and may_hold else []
            if here or hits:
                taken = mask_of(text) if mask is None else bytearray(mask)
                state.take(_pieces(text, taken, here, names), where)
                state.take(self._search.claimed(text, hits, taken), where)


def _pieces(text: str, mask: bytearray, names: Sequence[str], known: dict[str, tuple[str, str]]) -> list[Piece]:
    return [(at, stop, known[name][0], known[name][1], name, False) for at, stop, name in elsewhere(text, mask, names)]


def _escape(reader: Reader, outer: Escape | None) -> Escape:
    own = _json_escape if reader is jsontext else reader.escaped
    return own if outer is None else lambda text: outer(own(text))


_json_escape: Final = functools.lru_cache(maxsize=_CACHE)(jsontext.escaped)


def _number_escape(outer: Escape | None) -> Escape:
    def escape(text: str) -> str:
        is_number = text.isdecimal() and (text == "0" or text[0] != "0")
        written = text if is_number else json.dumps(text)
        return written if outer is None else outer(written)

    return escape
