"""What the declaration of Check Point cannot say: RFC 5424's header stands before a list that is no structured data."""

from __future__ import annotations

import re
from typing import Final

from logdojo.parse.draft import Draft
from logdojo.parse.formats.fortinet import add_bytes

_HEADER: Final = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?\d{4}-\S{1,40} (?P<host>\S{1,255}) (?P<program>CheckPoint) (?:(?P<pid>\d{1,10})|-) ",
    re.ASCII,
)
_PAIR: Final = re.compile(r'([a-z][a-z0-9_]{1,39}): ?"((?:[^"\\]|\\.)*)"', re.ASCII)


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Take the pair before the mark as well."""
    for found in _PAIR.finditer(line, 0, 512):
        spans.setdefault(found[1], found.span(2))


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    """Write what the header says, and the sum of both directions."""
    del spans
    if found := _HEADER.match(draft.line):
        draft.text("host.name", found.span("host"))
        draft.text("process.name", found.span("program"))
        draft.number("process.pid", found.span("pid"))
    add_bytes(draft.fields)
