r"""Where each parameter of RFC 5424 structured data stands.

    <165>1 2003-10-11T22:14:15.003Z host app - ID47 [id@32473 iut="3" user="a \"b\" \]"] message

Covered: several elements, ``\"``, ``\\`` and ``\]`` (section 6.3.3), elements without parameters, lines whose priority
a forwarder has cut off. The name of an element, without its enterprise number, is the parent.
Not covered: elements that stand anywhere but behind the header; they are read as pairs in free text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading.jsontext import Value

_HEADER: Final = re.compile(
    r"(?:<\d{1,3}>)?(?:\d{1,2} )?(?:-|\d{4}-\d\d-\d\dT\S{8,24}) \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?=\[[\w@.-])"
)
_ELEMENT: Final = re.compile(r"\[([^\s=\]\"@]{1,32})(?:@[\d.]{1,64})?(?=[ \]])")
_PARAMETER: Final = re.compile(r" {1,4}([^\s=\]\"]{1,64})=\"((?:[^\"\\]|\\.)*+)\"", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([\"\\\]])")


def is_like(text: str) -> bool:
    """Tell whether ``text`` begins with a header that structured data follow."""
    return " [" in text and (text.startswith("<") or text[:1].isdigit()) and _HEADER.match(text) is not None


def values(text: str) -> Iterator[Value]:
    """Yield the values of all parameters, under their names and the name of their element."""
    header = _HEADER.match(text)
    at = header.end() if header is not None else len(text)
    while element := _ELEMENT.match(text, at):
        at = element.end()
        while parameter := _PARAMETER.match(text, at):
            at = parameter.end()
            if parameter[2]:
                yield Value(*parameter.span(2), parameter[1], element[1], is_string=True)
        if not text.startswith("]", at):
            return
        at += 1


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return what a value says, and where each of its characters (and the end) stands in ``raw``."""
    if "\\" not in raw:
        return raw, None
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(raw):
        pieces += (raw[at : match.start()], match[1])
        offsets += range(at, match.start() + 1)
        at = match.end()
    pieces.append(raw[at:])
    offsets += range(at, len(raw) + 1)
    return "".join(pieces), offsets


def escaped(text: str) -> str:
    """Return ``text`` as it stands inside a parameter's quotes."""
    return re.sub(r"([\"\\\]])", r"\\\1", text)
