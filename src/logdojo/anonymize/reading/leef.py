r"""Where each value of a LEEF message stands (IBM QRadar Log Event Extended Format, versions 1.0 and 2.0).

    LEEF:1.0|Vendor|Product|1.0|Event|src=10.0.0.1<tab>usrName=bob
    LEEF:2.0|Vendor|Product|1.0|Event|^|src=10.0.0.1^usrName=bob        a character, or x5E, 0x5E

Covered: tabs, also as ``\t`` and as ``#011`` (what rsyslog makes of a tab), the delimiter that a 2.0 header names, and
attributes with blanks between them where no tab is found. LEEF has no escapes: a value goes on to the next delimiter.
Not covered: a value that holds the delimiter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading import cef
from logdojo.anonymize.reading.jsontext import Value

_START: Final = re.compile(r"LEEF: ?([12])(?:\.\d)?\|")
_NAMES: Final = ("deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId")
_NAMED: Final = re.compile(r"(?:(0?x[0-9A-Fa-f]{1,4})|([^|=]))?\|")
_TABS: Final = ("\t", "\\t", "#011")
_KEY: Final = re.compile(r"\s{0,8}([A-Za-z_][\w .-]{0,63})=")


def is_like(text: str) -> bool:
    """Tell whether a LEEF message may stand in ``text``."""
    return "LEEF:" in text


def values(text: str) -> Iterator[Value]:
    """Yield the fields of the header and the attributes."""
    start = _START.search(text)
    if start is None:
        return
    at = start.end()
    for name in _NAMES:
        stop = text.find("|", at)
        if stop < 0:
            return
        yield Value(at, stop, name, "", is_string=True)
        at = stop + 1
    delimiter = ""
    named = _NAMED.match(text, at) if start[1] == "2" else None
    if named is not None:
        delimiter = chr(int(named[1].lower().lstrip("0").lstrip("x") or "0", 16)) if named[1] else named[2] or ""
        at = named.end()
    delimiter = delimiter or next((tab for tab in _TABS if tab in text[at:]), "")
    if not delimiter:
        yield from cef.extension(text, cef.keys(text, at))
        return
    while at < len(text):
        stop = text.find(delimiter, at)
        stop = len(text) if stop < 0 else stop
        match = _KEY.match(text, at)
        if match is not None and match.end() < stop:
            yield Value(match.end(), stop, match[1], "", is_string=True)
        at = stop + len(delimiter)


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return the value as it stands: LEEF has no escapes."""
    return raw, None


def escaped(text: str) -> str:
    """Return ``text`` as it stands: no pseudonym holds a tab."""
    return text
