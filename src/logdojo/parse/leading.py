"""The time at the beginning of a line of no known format, bare or in brackets, and the program after it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from logdojo.parse.declared import write_time
from logdojo.parse.draft import Draft

_CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,:]\d{1,9})?(?: ?[AaPp]\.?[Mm]\b)?"
_ZONE: Final = r"(?: ?(?:Z|UTC|GMT|[A-Z]{1,3}[SD]T|CET|CEST|MSK|[+-]\d\d:?\d\d)(?![\w:]))?"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME: Final = re.compile(
    rf"(?<![\w.])(?:\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T_,]| - |[ ,]{{1,2}}|-){_CLOCK}{_ZONE}"
    rf"|\d{{1,2}}[/ -]{_MONTH}[/ -]\d{{2,4}}[: T]{{1,2}}{_CLOCK}{_ZONE}"
    rf"|(?:[A-Z][a-z]{{2}},? {{1,2}})?{_MONTH} {{1,2}}\d{{1,2}}(?:,? \d{{4}})?,? {_CLOCK}{_ZONE}"
    r"(?: [12][09]\d\d(?!\d))?"
    rf"|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}[-, T]{{1,2}}{_CLOCK}{_ZONE}"
    rf"|\d\d-\d\d-\d{{4}} {_CLOCK}"
    rf"|(?P<short>\d{{6}}) {{1,2}}(?P<clock>\d{{1,2}}:\d\d:\d\d)"
    rf"|(?P<epoch>1\d{{9}}(?:\.\d{{1,9}}|\d{{3}})?)(?=[\s\]:,]))",
    re.ASCII,
)
_REACH: Final = 96
_TAG: Final = re.compile(
    r"[\]\s:,|\-]{0,4}(?:\[[A-Za-z]{3,8}\] )?(?P<program>[A-Za-z_/][\w.\-/]{1,63})\[(?P<pid>\d{1,10})\](?=[:.\s])",
    re.ASCII,
)

_NUMBER: Final = re.compile(r"[\]\s:,|\-]{0,4}\[(?:pid )?(\d{1,10})\](?= )", re.ASCII)


def read_time(draft: Draft, start: int, now: datetime | None) -> int:
    """Write the time near the beginning of ``draft.line[start:]``; return where it ends, or ``start`` without one."""
    line = draft.line
    before = "@timestamp" in draft.fields
    found = (_TIME.match if before else _TIME.search)(line, start, start + _REACH)
    if found is None or (found["epoch"] and found.start() > start + 1):
        # Ten digits that begin with a one are a time only at the very beginning.
        return start
    text = found.group()
    if found["short"]:
        # yymmdd, as MySQL wrote it up to 5.6.
        short = found["short"]
        text = f"20{short[:2]}-{short[2:4]}-{short[4:]} {found['clock'].zfill(8)}"
    write_time(draft.fields, text, now=now)
    return found.end() if before or "@timestamp" in draft.fields else start


def read_tag(draft: Draft, start: int) -> int:
    """Write ``program[pid]`` if it stands at ``start``; return where the message goes on."""
    tag = _TAG.match(draft.line, start)
    if tag is None:
        if (number := _NUMBER.match(draft.line, start)) is not None:
            draft.number("process.pid", number.span(1))
            return number.end()
        return start
    draft.text("process.name", tag.span("program"))
    draft.number("process.pid", tag.span("pid"))
    return tag.end()
