"""Where values stand in a line that begins as a JSON object and is none: cut off, or with something behind it.

What can be told is told: names, and the values behind them, the last one to the end of the line when its quote is
missing. The rest of the line is searched as free text all the same, so a line damaged beyond that is no worse off.

Not covered: a name that the cut has shortened in the middle of free text, and an address whose end it has taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading import jsontext
from logdojo.anonymize.reading.jsontext import Value

_FIRST: Final = frozenset("{ \t")
_START: Final = re.compile(r"[ \t]{0,64}\{[ \t]{0,64}\"")


def is_like(text: str) -> bool:
    """Tell whether ``text`` begins as a JSON object does; whether it is one has been asked before."""
    return text[:1] in _FIRST and _START.match(text) is not None


def values(text: str) -> Iterator[Value]:
    """Yield the values that have names, as far as the text can be followed."""
    return jsontext.values(text)


decoded = jsontext.decoded
escaped = jsontext.escaped
