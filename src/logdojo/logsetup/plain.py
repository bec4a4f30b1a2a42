"""Any Python value → what JSON can hold: bounded in size, free of cycles, and on one line.

Covered: text with lone surrogates, bytes, NaN and infinities, integers of any size, cycles, deep nesting, huge values,
and objects whose ``__str__`` raises or returns a novel. Not covered: secrets; a value is shortened here, never hidden.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time
from typing import Final

from logdojo.events import printable

MAX_CHARACTERS: Final = 16_384
"""Characters of one text value; what is longer keeps its beginning and its end."""
MAX_REDACTED: Final = 131_072
"""Characters of one text value while it is looked through for secrets, before it is cut to ``MAX_CHARACTERS``."""
MAX_ITEMS: Final = 256
"""Items of one container."""
MAX_VALUES: Final = 4_096
"""Values of one record, nested ones included, so that wide and deep together stay small."""
MAX_DEPTH: Final = 8
WIDEST_INTEGER: Final = 2**63
"""Integers from here on are written as hexadecimal text: readers take 64 bits."""
_LINE_BREAKS: Final = re.compile("[\x7f-\x9f\u2028\u2029]")


def json_line(fields: Mapping[str, object]) -> str:
    """Return ``fields`` as one JSON object on one line, whatever the values are.

    Args:
        fields: name → any value; values are made plain first.
    """
    text = json.dumps(plain(fields), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # JSON escapes the controls below U+0020 itself. U+0085, U+2028 and U+2029 also end a line for str.splitlines and
    # for editors, and terminals obey the other C1 controls.
    return _LINE_BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: object, *, limit: int = MAX_CHARACTERS) -> object:
    """Return ``value`` as dicts, lists, text, numbers, booleans and None; never raises.

    Args:
        value: anything.
        limit: characters of one text value.
    """
    return _Plain(limit).of(value, ())


def shorten(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return ``text`` with its middle cut out when it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}… [{len(text) - 2 * half} characters cut] …{text[-half:]}"


def text_of(value: object, limit: int = MAX_CHARACTERS) -> str:
    """Return ``str(value)``, or what went wrong with it in angle brackets; never raises."""
    try:
        return printable(shorten(str(value), limit))
    # __str__ is the application's code: whatever it raises must not cost the record.
    except Exception as error:  # noqa: BLE001
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


class _Plain:
    """One record's conversion, with its budget of values."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = MAX_VALUES

    def of(self, value: object, above: tuple[int, ...]) -> object:
        self.left -= 1
        try:
            return self._scalar(value) if _is_scalar(value) else self._container(value, above)
        # A mapping or a number type may be the application's own and raise anywhere.
        except Exception as error:  # noqa: BLE001
            return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"

    def _scalar(self, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            # Readers take 64 bits; the decimal text of a giant integer is also refused by Python itself.
            return int(value) if abs(value) < WIDEST_INTEGER else shorten(hex(value), self.limit)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(float(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return printable(shorten(bytes(value[: self.limit + 1]).decode("utf-8", "surrogateescape"), self.limit))
        if isinstance(value, date | time):
            return value.isoformat()
        return text_of(value, self.limit)

    def _container(self, value: object, above: tuple[int, ...]) -> object:
        if id(value) in above:
            return f"<{type(value).__name__} that contains itself>"
        if len(above) == MAX_DEPTH:
            return f"<{type(value).__name__} nested deeper than {MAX_DEPTH}>"
        here = (*above, id(value))
        if isinstance(value, Mapping):
            named: dict[str, object] = {}
            for key, inner in value.items():
                if self._full(len(named)):
                    named["…"] = "<more items>"
                    break
                named[text_of(key)] = self.of(inner, here)
            return named
        listed: list[object] = []
        for inner in value:  # type: ignore[attr-defined]  # _is_scalar has let only iterables pass
            if self._full(len(listed)):
                listed.append("<more items>")
                break
            listed.append(self.of(inner, here))
        # A set has no order of its own: sort it, so that equal events give equal lines.
        return sorted(listed, key=str) if isinstance(value, AbstractSet) else listed

    def _full(self, items: int) -> bool:
        return items >= MAX_ITEMS or self.left <= 0


def _is_scalar(value: object) -> bool:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return True
    return not isinstance(value, Mapping | Sequence | AbstractSet)
