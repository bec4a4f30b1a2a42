"""A line → the places of its values and the names that lead to them; nothing here judges what a name means.

A reader is a module, or an object, with the functions of ``Reader``. ``jsontext`` reads a text that is JSON from end to
end. The others read what stands inside a line (a CEF message behind a syslog header), so the rest of that line is
searched as free text all the same: what a reader overlooks is no worse off than without it.

jsontext    JSON
brokenjson  what begins as JSON and is none, such as a line that was cut off
cef, leef   what security products send to a SIEM
xmltext     XML, also Windows events
structured  RFC 5424 structured data
logfmt      lines of ``key=value`` and ``key="value with blanks"``
positional  columns without a header, known by their place: PAN-OS, AWS VPC flow logs
table       columns that an earlier line of the stream has named: CSV, TSV, Zeek, W3C (IIS, CloudFront)
keyvalues   pairs in any other text; it asks the policy, and is called by the engine itself
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from logdojo.anonymize.reading import brokenjson, cef, jsontext, leef, logfmt, positional, structured, xmltext
from logdojo.anonymize.reading.jsontext import Value


class Reader(Protocol):
    """What reads one notation."""

    def values(self, text: str, /) -> Iterator[Value]:
        """Yield where values stand, without their quotes, in order and without overlaps, each with its name."""

    def decoded(self, raw: str, /) -> tuple[str, list[int] | None]:
        """Return what a value says, and where each of its characters (and the end) stands in ``raw``."""

    def escaped(self, text: str, /) -> str:
        """Return ``text`` as it stands inside a value of this notation."""


class Notation(Reader, Protocol):
    """A reader that knows its notation when it sees it."""

    def is_like(self, text: str, /) -> bool:
        """Tell at little cost whether ``values`` may find something in ``text``."""


READERS: Final[tuple[Notation, ...]] = (brokenjson, cef, leef, structured, positional, xmltext, logfmt)
"""In the order they are asked; the first that knows the text reads it."""


def reader_of(text: str) -> Reader | None:
    """Return the reader of a text, or ``None`` when it has no notation of its own.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if jsontext.is_json(text):
        return jsontext
    for reader in READERS:
        if reader.is_like(text):
            return reader
    return None
