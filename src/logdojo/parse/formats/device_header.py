"""Headers that devices write in their own ways, before a message whose beginning is known by its mark.

    <166>Oct 10 2018 12:34:56: %ASA-…                 <166>Oct 10 2018 12:34:56 fw : %ASA-…
    Oct 10 12:34:56 fw CiscoASA[999]: %ASA-…          <166>2019-08-14T13:56:30Z fw  %FTD-…
    <189>123: rtr: *Mar  1 18:46:11.123 UTC: %SEC-…   Feb  8 04:00:48 192.0.2.9 585917: Feb  8 04:00:47.272: %SEC-…
    <14>Oct 10 12:34:56 pa-1 1,2025/10/10 12:34:56,…  <14>1 2025-10-10T12:34:56Z pa-1 - - - - 1,2025/10/10 12:34:56,…

The usual way is read by one expression. All others are read word by word; where a relay's time and the device's own
both stand there, the device's counts, unless a star says that its clock is not set.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from logdojo.parse.clock import MONTHS, date_of_bsd, utc_of_iso
from logdojo.parse.draft import Draft
from logdojo.parse.syslog import FACILITIES, SEVERITIES
from logdojo.parse.times import Moment, utc_of

ZONE: Final = r"(?:UTC|GMT|[ECMP][SD]T|CES?T|EES?T|WES?T|BST|JST|AE[SD]T|MSK)"
"""Names of zones that devices write after the clock, where others write a host."""
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
_USUAL: Final = re.compile(
    rf"(?:<(\d{{1,3}})>)?:?([A-Z][a-z]{{2}}) {{1,2}}(\d{{1,2}}) (?:(\d{{4}}) )?({_CLOCK})"
    rf"(?: (?!{ZONE}[: ])([^\s:%\[\]]{{1,255}}))?(?: ([\w.-]{{1,64}})\[(\d{{1,10}})\])?[ :]{{0,4}}",
    re.ASCII,
)
_PRIORITY: Final = re.compile(r"<(\d{1,3})>(?:1 (?=\d{4}-))?", re.ASCII)
_TIME: Final = re.compile(
    rf"([*.]?)((?:[A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?: \d{{4}})?(?: {ZONE})?)|"
    rf"(?:\d{{4}} [A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} {_CLOCK}(?: {ZONE})?)|"
    rf"(?:\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?))(?=[\s:%]|$)",
    re.ASCII,
)
_PROCESS: Final = re.compile(r"([\w./-]{1,64})\[(\d{1,10})\](?=[\s:]|$)", re.ASCII)
_WORD: Final = re.compile(r"[^\s%]{1,255}")
_NO_HOST: Final = re.compile(
    r"\d{1,12}:?|-|:|(?:\d{1,4}[ywdhm]){1,3}:?|\d{1,2}:\d\d:\d\d(?:\.\d{1,9})?:?|[^\"=;\[\]{}]*[\"=;\[\]{}].*",
    re.ASCII,
)
_PROGRAMS: Final = frozenset({"SFIMS", "CiscoASA", "asa", "ASA", "ftd", "FTD"})


def read_header(draft: Draft, stop: int, now: datetime | None) -> None:
    """Read what stands before ``draft.line[stop:]`` into the draft.

    Raises:
        ValueError: a time or priority in it is none; the message says so.
    """
    if stop == 0:
        return
    line = draft.line
    usual = _USUAL.match(line, 0, stop)
    if usual is None or usual.end() != stop:
        _read_words(draft, stop, now)
        return
    priority, month, day, year, clock, host, program, _ = usual.groups()
    fields = draft.fields
    if priority:
        write_priority(fields, priority)
    fields["@timestamp"] = date_of(month, day, year, now) + clock + "Z"
    if year is None:
        fields["logdojo.time.year_inferred"] = True
    fields["logdojo.time.zone_unknown"] = True
    if host:
        fields["host.name"] = host
        draft.spans["host.name"] = usual.span(6)
    if program:
        draft.text("process.name", usual.span(7))
        draft.number("process.pid", usual.span(8))


def date_of(month: str, day: str, year: str | None, now: datetime | None) -> str:
    """Return the date of a header, up to and with its ``T``.

    Args:
        month: first three letters of its name.
        day: of the month.
        year: None where none is written.
        now: tells the year then; the present time if not given.

    Raises:
        ValueError: there is no such day.
    """
    return date_of_bsd(f"{month} {day}", now) if year is None else _date(month, day, year)


@lru_cache(maxsize=1_024)
def _date(month: str, day: str, year: str) -> str:
    number = MONTHS.get(month)
    if number is None:
        raise ValueError(f"broken syslog header: {month!r} is not a month")
    return utc_of_iso(f"{year}-{number:02d}-{int(day):02d}T00:00:00")[0][:11]


def write_priority(fields: dict[str, object], digits: str) -> None:
    """Write a syslog priority.

    Raises:
        ValueError: it is above 191.
    """
    fields.update(_priority(digits))


@lru_cache(maxsize=256)
def _priority(digits: str) -> dict[str, object]:
    facility, severity = divmod(int(digits), 8)
    if facility >= len(FACILITIES):
        raise ValueError(f"broken syslog header: priority <{digits}> is above 191")
    fields: dict[str, object] = {
        "log.syslog.priority": int(digits),
        "log.syslog.facility.code": facility,
        "log.syslog.facility.name": FACILITIES[facility],
    }
    write_severity(fields, severity)
    return fields


def write_severity(fields: dict[str, object], severity: int) -> None:
    """Write a syslog severity, 0 to 7."""
    fields["log.syslog.severity.code"] = severity
    fields["log.syslog.severity.name"] = SEVERITIES[severity]


def _read_words(draft: Draft, stop: int, now: datetime | None) -> None:
    line, fields = draft.line, draft.fields
    at = 0
    if found := _PRIORITY.match(line):
        write_priority(fields, found[1])
        at = found.end()
    best: Moment | None = None
    while at < stop:
        if line[at] in " :\t":
            at += 1
        elif found := _TIME.match(line, at, stop):
            moment = _moment(found[2], best, now)
            if best is None or found[1] != "*":
                best = moment
            at = found.end()
        elif found := _PROCESS.match(line, at, stop):
            draft.text("process.name", found.span(1))
            draft.number("process.pid", found.span(2))
            at = found.end()
        else:
            found = _WORD.match(line, at, stop)
            if found is None:
                break
            _write_word(draft, found)
            at = found.end()
    if best is not None:
        fields["@timestamp"] = best.utc
        if not best.zoned:
            fields["logdojo.time.zone_unknown"] = True
        if best.year_inferred:
            fields["logdojo.time.year_inferred"] = True


def _write_word(draft: Draft, found: re.Match[str]) -> None:
    """Take the first word that can be one for the host; a known program's name for the process."""
    start, stop = found.span()
    while stop > start and draft.line[stop - 1] == ":":
        stop -= 1
    word = draft.line[start:stop]
    if word in _PROGRAMS:
        draft.text("process.name", (start, stop))
    elif "host.name" not in draft.fields and not _NO_HOST.fullmatch(found[0]):
        draft.text("host.name", (start, stop))


def _moment(text: str, outer: Moment | None, now: datetime | None) -> Moment:
    """Read a time; the year that it lacks is that of the relay's time before it, if there is one."""
    if text[4] == " " and text[:4].isdecimal():
        text = f"{text[5:]} {text[:4]}" if text[-1].isdecimal() else f"{text[5:-4]} {text[:4]} {text[-3:]}"
    known = outer is not None and not outer.year_inferred
    if known and outer is not None:
        now = datetime.fromisoformat(outer.utc[:19]).replace(tzinfo=UTC)
    moment = utc_of(text, now=now)
    return moment._replace(year_inferred=False) if known else moment
