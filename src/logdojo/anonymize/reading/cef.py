r"""Where each value of a CEF message stands (ArcSight Common Event Format, implementation standard of 2017).

    CEF:0|Vendor|Product|1.0|100|worm stopped|10|src=10.0.0.1 suser=Ann Lee cs1Label=Owner cs1=bob msg=a\=b

Covered: header fields with ``\|`` and ``\\``; values with blanks, which reach to the next ``key=``; ``\=``, ``\\``,
``\n`` and ``\r``; custom fields, which are named by what their label says (``cs1`` by ``cs1Label``); any header of
syslog in front. Not covered: an unescaped ``word=`` behind a blank inside a value; it reads as the next key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from logdojo.anonymize.reading.jsontext import Value

_START: Final = re.compile(r"CEF: ?\d{1,2}\|")
_CELL: Final = re.compile(r"((?:[^|\\]|\\.)*+)\|", re.DOTALL)
_KEY: Final = re.compile(r"(?:(?<=[\s|])|^)([A-Za-z_][\w.-]{0,63}(?:\[[\w.-]{0,32}\])?)=")
_ESCAPE: Final = re.compile(r"\\([\\=|nr])")
_NAMES: Final = (
    *("deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "eventDescription", "severity"),
)
_BREAKS: Final = {"n": "\n", "r": "\r"}


def is_like(text: str) -> bool:
    """Tell whether a CEF message may stand in ``text``."""
    return "CEF:" in text


def values(text: str) -> Iterator[Value]:
    """Yield the fields of the header, under the standard's names for them, and those of the extension."""
    start = _START.search(text)
    if start is None:
        return
    at = start.end()
    for name in _NAMES:
        cell = _CELL.match(text, at)
        if cell is None:
            return
        yield Value(*cell.span(1), name, "", is_string=True)
        at = cell.end()
    yield from extension(text, keys(text, at))


def keys(text: str, at: int) -> Iterator[re.Match[str]]:
    """Yield each ``key=`` behind a blank, from ``at`` on."""
    return _KEY.finditer(text, at)


def extension(text: str, keys: Iterable[re.Match[str]]) -> Iterator[Value]:
    """Yield the values between one key and the next, and after the last, under their names or their labels."""
    found = list(keys)
    stops = [match.start() for match in found[1:]] + [len(text)]
    spans = [_trimmed(text, match.end(), stop) for match, stop in zip(found, stops, strict=False)]
    labels = {
        match[1].removesuffix("Label"): text[slice(*span)]
        for match, span in zip(found, spans, strict=True)
        if match[1].endswith("Label")
    }
    for match, (begin, end) in zip(found, spans, strict=True):
        if begin < end:
            yield Value(begin, end, labels.get(match[1], match[1]), "", is_string=True)


def _trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return start, stop


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return what a value says, and where each of its characters (and the end) stands in ``raw``."""
    if "\\" not in raw:
        return raw, None
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        pieces += (raw[at : match.start()], _BREAKS.get(match[1], match[1]))
        offsets += range(at, match.start() + 1)
        at = match.end()
    pieces.append(raw[at:])
    offsets += range(at, len(raw) + 1)
    return "".join(pieces), offsets


def escaped(text: str) -> str:
    r"""Return ``text`` as it stands in a value; a pipe is safe in both halves with a backslash in front."""
    return re.sub(r"([\\=|])", r"\\\1", text).replace("\n", "\\n").replace("\r", "\\r")
