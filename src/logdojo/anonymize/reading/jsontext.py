r"""Where each value of a JSON text stands, so that the rest of the text can be copied byte for byte.

The standard library's parser tells the values but not their places. This walk finds both; whether the text is JSON at
all is decided by ``json.loads`` first. It keeps a stack of its own, so deep nesting costs no recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_MARK: Final = re.compile(r"[{}\[\],]|[^\s{}\[\],:]++")
_COLONS: Final = frozenset({": ", ":"})
_COMMAS: Final = frozenset({", ", ","})
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LABELS: Final = frozenset({"key", "name", "@name"})
_LONGEST_LABEL: Final = 5
_LABELLED: Final = frozenset(
    {"value", "valuestring", "stringvalue", "newvalue", "oldvalue", "multivalue", "content", "#text"}
)
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)


class Value(NamedTuple):
    """A string or number in a JSON text."""

    start: int
    stop: int
    key: str
    parent: str
    is_string: bool


def is_json(text: str) -> bool:
    """Tell whether ``text`` is a JSON object or array.

    Raises:
        RecursionError: it is nested too deeply to say.
    """
    if text[:1].isalnum() or not text.lstrip(" \t\r\n").startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def values(text: str) -> Iterator[Value]:
    """Yield the strings (without their quotes) and numbers of a valid JSON text with the names that lead to them.

    An element of an array has the array's name; in ``{"name": "user", "value": "bob"}`` the value's name is ``user``.
    """
    return map(Value._make, places(text))


def places(text: str) -> list[tuple[int, int, str, str, bool]]:
    """Return what ``values`` yields, as plain tuples: a line has some forty of them.

    A text that is cut off or does not fit together is followed as far as it goes.
    """
    walk = _Walk()
    if "\\" in text:
        at = 0
        for match in _STRING.finditer(text):
            start, stop = match.span(1)
            walk.gap(text[at : start - 1], at)
            walk.string(match[1], start, stop)
            at = stop + 1
        rest, quote, cut = text[at:].partition('"')
        walk.gap(rest, at)
        if quote:
            walk.string(cut, len(text) - len(cut), len(text))
        return walk.found
    # Nothing is escaped, so every quote begins or ends a string.
    pieces = text.split('"')
    at = len(pieces[0])
    walk.gap(pieces[0], 0)
    gap, string = walk.gap, walk.string
    for place in range(1, len(pieces), 2):
        start = at + 1
        at = start + len(pieces[place])
        string(pieces[place], start, at)
        if place + 1 < len(pieces):
            gap(pieces[place + 1], at + 1)
            at += 1 + len(pieces[place + 1])
    return walk.found


class _Walk:
    """Goes through a valid JSON text from string to string and keeps which names lead there."""

    __slots__ = ("expect_key", "found", "is_object", "key", "label", "name", "parent", "stack")

    def __init__(self) -> None:
        self.found: list[tuple[int, int, str, str, bool]] = []
        # What is open: its name, whether it is an object, what its "name" or "key" says, the innermost object's name.
        self.stack: list[tuple[str, bool, str, str]] = []
        self.name = self.label = self.parent = self.key = ""
        self.is_object = self.expect_key = False

    def string(self, raw: str, start: int, stop: int) -> None:
        """Take a key, or note a value."""
        if self.expect_key:
            self.key = decoded(raw)[0] if "\\" in raw else raw
            self.expect_key = False
            return
        key = self.key
        if self.is_object:
            if len(key) <= _LONGEST_LABEL and key.lower() in _LABELS:
                self.label = raw
            elif self.label and key.lower() in _LABELLED:
                key = self.label
        self.found.append((start, stop, key, self.parent, True))

    def gap(self, text: str, at: int) -> None:
        """Take the marks and numbers between two strings."""
        if text in _COLONS:
            return
        if text in _COMMAS:
            self.expect_key = self.is_object
            if not self.is_object:
                self.key = self.name
            return
        for match in _MARK.finditer(text):
            mark = match[0]
            if mark in "{[":
                self.stack.append((self.name, self.is_object, self.label, self.parent))
                self.name, self.label = self.key, ""
                self.is_object = self.expect_key = mark == "{"
                if mark == "{":
                    self.parent = self.key
            elif mark in "}]":
                self.key = self.name
                if self.stack:
                    self.name, self.is_object, self.label, self.parent = self.stack.pop()
                self.expect_key = False
            elif mark == ",":
                self.expect_key = self.is_object
                if not self.is_object:
                    self.key = self.name
            elif mark[0] in "-0123456789":
                self.found.append((at + match.start(), at + match.end(), self.key, self.parent, False))


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return what the inside of a JSON string says, and where each of its characters stands in ``raw``.

    The offsets have one entry more than there are characters, the end; they are ``None`` when nothing was escaped.
    """
    if "\\" not in raw:
        return raw, None
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        pieces.append(raw[at : match.start()])
        offsets.extend(range(at, match.start()))
        first, low, short = match.groups()
        at = match.end()
        if short is not None:
            pieces.append(_SHORT.get(short, short))
        elif low and int(first, 16) in _HIGH_SURROGATES:
            pieces.append(chr(0x10000 + ((int(first, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00))
        else:
            pieces.append(chr(int(first, 16)))
            if low:
                offsets.append(match.start())
                pieces.append(chr(int(low, 16)))
        offsets.append(match.start() if not low or int(first, 16) in _HIGH_SURROGATES else match.start() + 6)
    pieces.append(raw[at:])
    offsets.extend(range(at, len(raw) + 1))
    return "".join(pieces), offsets


def escaped(text: str) -> str:
    """Return ``text`` as it stands inside a JSON string."""
    return json.dumps(text)[1:-1]
