r"""Where each value of a JSON text stands, so that the rest of the text can be copied byte for byte.

The standard library's parser tells the values but not their places. This walk finds both; whether the text is JSON at
all is decided by ``json.loads`` first. It keeps a stack of its own, so deep nesting costs no recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"|([{}\[\],:])|([^\s{}\[\],:"]++)', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LABELS: Final = frozenset({"key", "name"})
_LABELLED: Final = frozenset({"value", "valuestring", "stringvalue"})
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)


class Value(NamedTuple):
    """A string or number in a JSON text."""

    start: int
    stop: int
    key: str
    parent: str
    is_string: bool


@dataclass(slots=True)
class _Level:
    """An object or array that is open, with what its ``name`` or ``key`` says."""

    name: str
    is_object: bool
    label: str = ""


def is_json(text: str) -> bool:
    """Tell whether ``text`` is a JSON object or array.

    Raises:
        RecursionError: it is nested too deeply to say.
    """
    if not text.lstrip(" \t\r\n").startswith(("{", "[")):
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
    stack: list[_Level] = []
    key = ""
    expect_key = False
    for match in _TOKEN.finditer(text):
        kind = match.lastindex
        if kind == 2:
            mark = match[2]
            if mark in "{[":
                stack.append(_Level(key, mark == "{"))
                expect_key = mark == "{"
            elif mark in "}]":
                key = stack.pop().name
                expect_key = False
            elif mark == ",":
                expect_key = stack[-1].is_object
                key = key if expect_key else stack[-1].name
        elif expect_key:
            key = decoded(match[1])[0]
            expect_key = False
        elif kind == 1:
            level = stack[-1]
            if level.is_object and key.lower() in _LABELS:
                level.label = match[1]
            named = level.label if level.label and key.lower() in _LABELLED else key
            yield Value(match.start(1), match.end(1), named, _parent(stack), is_string=True)
        elif match[3][0] in "-0123456789":
            yield Value(match.start(3), match.end(3), key, _parent(stack), is_string=False)


def _parent(stack: list[_Level]) -> str:
    """Return the name of the innermost object; arrays on the way hand their own name down and do not count."""
    return next((level.name for level in reversed(stack) if level.is_object), "")


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
