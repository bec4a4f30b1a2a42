"""Syslog: the header of RFC 3164, of RFC 5424 and of modern rsyslog (RFC 3164 with an ISO 8601 time).

    <34>Oct 11 22:14:15 web-1 sshd[4721]: Failed password for …      RFC 3164, with priority
    Oct 11 22:14:15 web-1 sshd[4721]: Failed password for …          as it lies in /var/log
    Oct 11 2025 22:14:15 UTC: web-1 : …                              with year, zone, and the colons that devices add
    2025-10-11T22:14:15.003+02:00 web-1 sshd[4721]: Failed …         rsyslog since 2023
    <34>1 2025-10-11T22:14:15.003Z web-1 sshd 4721 ID47 - Failed …   RFC 5424

RFC 3164 has no year and no zone. Both are filled in, and the event says so: ``logdojo.time.year_inferred``,
``logdojo.time.zone_unknown``. A host may be missing; what stands in its place is taken for one only if it can be one.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from logdojo.parse.clock import MONTHS, utc_of_bsd, utc_of_iso
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.times import utc_of

FACILITIES: Final = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "security", "console", "solaris-cron"),
    *(f"local{i}" for i in range(8)),
)
"""Names of the facility codes 0 to 23 (RFC 5424, table 1)."""
SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
"""Names of the severity codes 0 to 7 (RFC 5424, table 2)."""

_ZONES: Final = r"UTC|GMT|[A-Z]{1,3}[SD]T|CET|CEST|MSK"
# Groups: month, day, year, clock, fraction, year, zone, host, and a tag if one follows: program, part, version, pid.
_BSD: Final = re.compile(
    r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d)([.,]\d{1,9})?(?: ([12][09]\d\d)(?=[ :]))?"
    rf"(?: ({_ZONES})(?=[ :]))?:?(?: {{1,2}}([^\s\[{{(\"',;=|<]\S{{0,254}}))?(?: |$)",
    re.ASCII,
)
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)( UTC| GMT)?:? "
    r"([A-Za-z0-9_\[(]\S{0,254})(?: |$)",
    re.ASCII,
)
_RFC5424: Final = re.compile(
    r"1 (\S{1,40}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64}) (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: |$)", re.ASCII
)
# A tag is "sshd[4721]:", "kernel:", "sshd(pam_unix)[4721]:" or "syslogd 1.4.1:". Without a colon there is no tag.
_TAG: Final = re.compile(
    r" ?(?::? {1,2})?(?!CEF:|LEEF:)([A-Za-z_/.\-][^\s:\[\](){}\"',=|]{0,127})(?:\([\w-]{1,32}\))?"
    r"(?: \d{1,2}\.[\w.]{1,15})?"
    r"(?:\[(\d{1,10})\](?:: ?| (?=\S))|:(?: |$|(?=[\d\[(]))|\[[\w./\-]{1,32}\]: ?)",
    re.ASCII,
)
_HOST: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,254}", re.ASCII)
# Without a tag after it, a word after an ISO time is a host only if it looks like none of an application's words.
_SURE_HOST: Final = re.compile(r"(?=[^.\-\d]*[.\-\d])[A-Za-z0-9][A-Za-z0-9]*(?:[._\-]{1,2}[A-Za-z0-9]+)*", re.ASCII)
# OpenWrt's logread: the C library's date, then facility and severity by name.
_LOGREAD: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}) (?:[a-z]{2,8}\d?)\.(?:[a-z]{3,7}) (?=\S)",
    re.ASCII,
)
_COUNTED: Final = re.compile(r"\d{1,6} (?=<\d{1,3}>)", re.ASCII)
_COMMON_EVENT: Final = "@cee:"
Priority = MappingProxyType[str, object]


def read_header(draft: Draft, *, now: datetime | None = None) -> int:
    """Read the header of ``draft.line`` into the draft and return where the message begins; 0 when there is none.

    Args:
        draft: gets ``host.name``, ``process.name``, ``process.pid``, ``log.syslog.*`` and ``@timestamp``.
        now: reference of the year where none is written; the present time if not given.

    Raises:
        ValueError: there is a syslog header that cannot be; the message says what is wrong.
    """
    line = draft.line
    first = line[0]
    at = 0
    if first.isdigit():
        if line[4:5] == "-" and (header := _ISO.match(line)) is not None:
            return _read_iso(draft, header)
        if " <" not in line[:8] or (counted := _COUNTED.match(line)) is None:
            return 0
        # RFC 6587 sends the length before each message.
        at = counted.end()
    elif first != "<":
        if line[3:4] == " " and line[4:7] in MONTHS and (logread := _LOGREAD.match(line)) is not None:
            return _read_logread(draft, logread, now)
        header = _BSD.match(line) if line[3:4] == " " and line[:3] in MONTHS else None
        return _read_bsd(draft, header, now) if header is not None else 0
    end = line.find(">", at + 2, at + 5)
    if end < 0:
        return 0
    if line[at + 1 : end].isdecimal():
        draft.fields.update(_priority(line[at + 1 : end]))
    at = end + 1
    if line.startswith("1 ", at):
        return _read_5424(draft, at)
    at += line.startswith(" ", at)
    if line[at : at + 1].isdigit():
        if (header := _ISO.match(line, at)) is not None:
            return _read_iso(draft, header)
    elif (header := _BSD.match(line, at)) is not None:
        return _read_bsd(draft, header, now)
    # Many a device sends a priority and then its own format: <189>date=2019-05-10 …
    return read_tag(draft, at)


def write_message(draft: Draft, start: int) -> None:
    """Write what follows the header as ``message``."""
    end = len(draft.line)
    if start < end:
        draft.fields["message"] = draft.line[start:]
        draft.spans["message"] = (start, end)


def _read_bsd(draft: Draft, header: re.Match[str], now: datetime | None) -> int:
    month_name, day, year, clock, fraction, year_after, zone, host = header.groups()
    fields = draft.fields
    month = MONTHS.get(month_name)
    if month is None:
        raise ValueError(f"broken syslog header: {month_name!r} is not a month")
    year = year or year_after
    if year or zone:
        moment = utc_of(f"{month_name} {day} {year or ''}{' ' if year else ''}{clock}{fraction or ''}", now=now)
        known = utc_of(f"{moment.utc[:-1]} {zone}") if zone else moment
        fields["@timestamp"] = known.utc
        if not known.zoned or not zone:
            fields["logdojo.time.zone_unknown"] = True
        if moment.year_inferred:
            fields["logdojo.time.year_inferred"] = True
    else:
        written = clock + fraction.replace(",", ".") if fraction else clock
        fields["@timestamp"] = utc_of_bsd(month, int(day), written, now=now)
        fields["logdojo.time.year_inferred"] = True
        fields["logdojo.time.zone_unknown"] = True
    if host is None:
        return read_tag(draft, header.end())
    return _host_and_tag(draft, header.span(8), header.end())


def _read_logread(draft: Draft, header: re.Match[str], now: datetime | None) -> int:
    draft.fields["@timestamp"] = utc_of(header[1], now=now).utc
    draft.fields["logdojo.time.zone_unknown"] = True
    return read_tag(draft, header.end())


def _host_and_tag(draft: Draft, span: tuple[int, int], end: int) -> int:
    """Read host and program, either of which may be missing; return where the message begins."""
    start, stop = span
    line = draft.line
    last = line[stop - 1]
    if last == ":":
        if line[stop - 2] == "]" or not is_ip(line[start : stop - 1]):
            # No host: what stands here is the tag itself, or a word of the message.
            return read_tag(draft, start)
        stop -= 1
    elif last == "]" and "[" in line[start:stop]:
        return read_tag(draft, start)
    draft.fields["host.name"] = line[start:stop]
    draft.spans["host.name"] = (start, stop)
    if line.startswith(": ", end):
        # Some devices set a colon alone between host and message.
        end += 2
    return read_tag(draft, end)


def tag_alone(line: str) -> str:
    """Return the program in lower case if a line without a header begins with a tag, "" otherwise."""
    if ":" not in line[:160]:
        return ""
    tag = _TAG.match(line)
    return tag[1].lower() if tag is not None else ""


def read_tag(draft: Draft, at: int) -> int:
    """Read the tag at ``at``, if there is one, and return where the message begins."""
    tag = _TAG.match(draft.line, at)
    if tag is None:
        return at
    program, pid = tag.groups()
    draft.fields["process.name"] = program
    draft.spans["process.name"] = tag.span(1)
    if pid is not None:
        draft.number("process.pid", tag.span(2))
    at = tag.end()
    return at + len(_COMMON_EVENT) if draft.line.startswith(_COMMON_EVENT, at) else at


def _read_iso(draft: Draft, header: re.Match[str]) -> int:
    text, zone, host = header.groups()
    fields = draft.fields
    fields["@timestamp"], zoned = utc_of_iso(text)
    if not zoned and zone is None:
        fields["logdojo.time.zone_unknown"] = True
    end = header.end()
    if host[0] in "[(":
        return header.start(3)
    if host[-1] in ":]" and ("[" in host or not is_ip(host.rstrip(":"))):
        return read_tag(draft, header.start(3))
    named = is_ip(host) or (_HOST.fullmatch(host) is not None and not host.isdecimal() and not host.isupper())
    if named and (_TAG.match(draft.line, end) or (text[10] == "T" and _sure_host(host))):
        return _host_and_tag(draft, header.span(3), end)
    return header.start(3)


@lru_cache(maxsize=1_024)
def _sure_host(word: str) -> bool:
    return is_ip(word) or (len(word) < 128 and _SURE_HOST.fullmatch(word) is not None and ":" not in word)


def _read_5424(draft: Draft, at: int) -> int:
    header = _RFC5424.match(draft.line, at)
    if header is None:
        raise ValueError(
            "broken syslog header: after version 1, RFC 5424 has time, host, program, id, message id, data"
        )
    time, host, program, pid, kind = header.groups()
    fields = draft.fields
    if time != "-":
        fields["@timestamp"], zoned = utc_of_iso(time)
        if not zoned:
            fields["logdojo.time.zone_unknown"] = True
    if host != "-":
        draft.text("host.name", header.span(2))
    if program != "-":
        draft.text("process.name", header.span(3))
    if pid.isdecimal() and len(pid) <= 10:
        draft.number("process.pid", header.span(4))
    if kind != "-":
        draft.text("log.syslog.msgid", header.span(5))
    # RFC 5424 lets a byte order mark stand before a message in UTF-8.
    return header.end() + draft.line.startswith("\ufeff", header.end())


@lru_cache(maxsize=256)
def _priority(digits: str) -> Priority:
    facility, severity = divmod(int(digits), 8)
    if facility >= len(FACILITIES):
        raise ValueError(f"broken syslog header: priority <{digits}> is above 191")
    return MappingProxyType(
        {
            "log.syslog.priority": int(digits),
            "log.syslog.facility.code": facility,
            "log.syslog.facility.name": FACILITIES[facility],
            "log.syslog.severity.code": severity,
            "log.syslog.severity.name": SEVERITIES[severity],
        }
    )
