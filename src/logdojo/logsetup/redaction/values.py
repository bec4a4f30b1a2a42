r"""Where a value ends that begins at a given place in free text: quoted, in brackets, or bare.

A bare secret may hold any sign (``password=p@ss,w;rd&x``). So a sign ends it only where what follows shows so: white
space, the end, or the next ``name=``. Doubt takes more text, not less.
"""

from __future__ import annotations

import re
from typing import Final

_OPENING: Final = re.compile(r"(?:[bBrRuUfFN]{0,2})(\\{0,15})([\"'`])|(?:&quot;|&#3[49];|%2[27])")
_SIGNS: Final = r"\"'\\,;&|()<>\[\]{}#"
_NAME: Final = r"[A-Za-z_$][A-Za-z0-9_.$%\[\]-]{0,40}"
# Where a bare value ends: a closing sign before white space or the end; a closing quote or bracket before the next
# item; the next "name=" or "name: "; a written-out line break before another one.
_END: Final = (
    rf"(?=[{_SIGNS}.!?:]{{1,8}}(?:\s|\Z)|[\"'\\)\]}}]{{1,8}}[,;:]|\\[rn](?:\\|{_NAME}: )"
    rf"|[,;&|\"'\\)\]}}]{{1,5}} ?[\"'\\]{{0,4}}{_NAME}(?:[\"'\\]{{0,4}}(?:=|: |%3[Dd])|[\"'\\]{{1,4}}:))"
)
_BARE: Final = re.compile(rf"(?:\[redacted(?::card)?\]|[^\s{_SIGNS}]++|(?!{_END})[{_SIGNS}])++")
_LINE_END: Final = re.compile(r"\\{1,8}r|\\{1,8}n|[\r\n\"'\x85\u2028\u2029]")
_BRACKETS: Final = {"[": "]", "(": ")", "{": "}"}
_STRUCTURE: Final = re.compile(r"[\[\](){}\"']")


def quoted_end(text: str, start: int, slashes: int, quote: str) -> int:
    r"""Return where the quotes close that opened before ``start``; the end of ``text`` when they do not.

    Args:
        text: the text around.
        start: the first character inside.
        slashes: backslashes before the opening quote: 1 for ``\"`` as in JSON inside a JSON text, 3 a level deeper.
        quote: the quote character.
    """
    at, cycle = start, 2 * (slashes + 1)
    while (at := text.find(quote, at)) >= 0:
        before = at
        while before > start and text[before - 1] == "\\":
            before -= 1
        if (at - before) % cycle == slashes or at - before < slashes:
            return min(before + (at - before) // cycle * cycle, at)
        at += 1
    return len(text)


def value_span(text: str, at: int) -> tuple[int, int, bool]:
    """Return start and end of the value that begins at ``at``, and whether it is delimited by quotes or brackets."""
    opening = _OPENING.match(text, at)
    if opening is not None:
        start = opening.end()
        if opening[2] is None:
            end = text.find(opening[0], start)
            return start, len(text) if end < 0 else end, True
        return start, quoted_end(text, start, len(opening[1]), opening[2]), True
    if text[at : at + 1] in _BRACKETS and not text.startswith("[redacted", at):
        return at, _bracket_end(text, at), True
    bare = _BARE.match(text, at)
    return (at, at, False) if bare is None else (at, bare.end(), False)


def line_end(text: str, at: int) -> int:
    r"""Return where a header's value ends: at a line break, written out as ``\r`` or not, a quote, or the end."""
    found = _LINE_END.search(text, at)
    return len(text) if found is None else found.start()


def is_line_end(text: str, at: int) -> bool:
    """Tell whether a header's value ends at ``at``."""
    return at == len(text) or _LINE_END.match(text, at) is not None


def _bracket_end(text: str, at: int) -> int:
    """Return the place behind the bracket that closes the one at ``at``; the end of ``text`` when none does."""
    open_brackets: list[str] = []
    place = at
    while (found := _STRUCTURE.search(text, place)) is not None:
        sign, place = found[0], found.end()
        if sign in _BRACKETS:
            open_brackets.append(_BRACKETS[sign])
        elif sign in "\"'":
            before = place - 1
            while before > at and text[before - 1] == "\\":
                before -= 1
            place = quoted_end(text, place, place - 1 - before, sign) + (place - before)
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return place
    return len(text)
