r"""Where each value of a line of pairs stands: logfmt, and what firewalls write in its likeness.

    time=2026-01-01T00:00:00Z level=info user=Lee,Ann msg="it said \"no\"" devname="FW 1"

Only lines that are pairs from the first of them to the end count, with at least three, one of them in quotes: there a
bare value goes on to the next blank, commas and all, which in prose nobody could say.
Covered: quotes with ``\"`` and ``\\`` inside, words without a value, any header in front of the first pair.
Not covered: bare values that hold ``=`` (they may be pairs again) and all other lines; ``keyvalues`` reads those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading import jsontext
from logdojo.anonymize.reading.jsontext import Value

_PAIR: Final = re.compile(
    r"(?<!\S)([A-Za-z_@][\w.@/-]{0,63}+)=(?:\"((?:[^\"\\]|\\.)*+)\"(?=[\s,;]|$)[,;]?|([^\s\"=]*+)(?=\s|$))", re.DOTALL
)
_LEAST: Final = 3
_OTHERS: Final = 0.1  # the share of characters that may belong to no pair


def is_like(text: str) -> bool:
    """Tell whether ``text`` may be a line of pairs."""
    return '="' in text and text.count("=") >= _LEAST


def values(text: str) -> Iterator[Value]:
    """Yield the values of a line of pairs; nothing of any other line."""
    pairs = list(_PAIR.finditer(text))
    if len(pairs) < _LEAST:
        return
    size = len(text) - pairs[0].start()
    if size - sum(pair.end() - pair.start() + 1 for pair in pairs) > _OTHERS * size:
        return
    for pair in pairs:
        start, stop = pair.span(pair.lastindex or 3)
        if pair.lastindex == 3:
            while stop > start and text[stop - 1] in ",;":
                stop -= 1
        if start < stop:
            yield Value(start, stop, pair[1], "", is_string=True)


decoded = jsontext.decoded
escaped = jsontext.escaped
