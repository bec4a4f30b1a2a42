"""Syslog: the header of RFC 3164, of RFC 5424 and of modern rsyslog (RFC 3164 with an ISO 8601 time).

    <34>Oct 11 22:14:15 web-1 sshd[4721]: Failed password for …      RFC 3164, with priority
    Oct 11 22:14:15 web-1 sshd[4721]: Failed password for …          as it lies in /var/log
    2025-10-11T22:14:15.003+02:00 web-1 sshd[4721]: Failed …         rsyslog since 2023
    <34>1 2025-10-11T22:14:15.003Z web-1 sshd 4721 ID47 - Failed …   RFC 5424

RFC 3164 has no year and no zone. Both are filled in, and the event says so: ``logdojo.time.year_inferred``,
``logdojo.time.zone_unknown``.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from logdojo.parse.clock import MONTHS, utc_of_bsd, utc_of_iso
from logdojo.parse.draft import Draft

FACILITIES: Final = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "security", "console", "solaris-cron"),
    *(f"local{i}" for i in range(8)),
)
"""Names of the facility codes 0 to 23 (RFC 5424, table 1)."""
SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
"""Names of the severity codes 0 to 7 (RFC 5424, table 2)."""

_BSD = re.compile(
    r"(?:<(?P<pri>\d{1,3})>)?(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    r"(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?) (?P<host>[^\s:]\S{0,254})(?: |$)",
    re.ASCII,
)
_ISO = re.compile(
    r"(?:<(?P<pri>\d{1,3})>)?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) "
    r"(?P<host>[^\s:]\S{0,254})(?: |$)",
    re.ASCII,
)
_RFC5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\S{1,40}) (?P<host>\S{1,255}) (?P<program>\S{1,128}) (?P<pid>\S{1,128}) \S{1,32} "
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: |$)",
    re.ASCII,
)
# A tag is "sshd[4721]:", "kernel:", "sshd(pam_unix)[4721]:" or "syslogd 1.4.1:". Without a colon there is no tag.
_TAG = re.compile(
    r" ?(?P<program>[^\s:\[\](){}\"]{1,128})(?:\((?P<part>[\w-]{1,32})\))?"
    r"(?: \d[\w.]{0,15})?(?:\[(?P<pid>\d{1,10})\])?: ?",
    re.ASCII,
)


def read_header(draft: Draft, *, now: datetime | None = None) -> int:
    """Read the header of ``draft.line`` into the draft and return where the message begins.

    Args:
        draft: gets ``host.name``, ``process.name``, ``process.pid``, ``log.syslog.*`` and ``@timestamp``.
        now: reference of the year where none is written; the present time if not given.

    Raises:
        ValueError: there is no syslog header; the message says what is wrong.
    """
    line = draft.line
    at = line.find(">", 0, 5) + 1 if line.startswith("<") else 0
    if at and line.startswith("1 ", at):
        return _read_5424(draft)
    iso = line[at : at + 1].isdigit()
    header = (_ISO if iso else _BSD).match(line)
    if header is None:
        if at:
            # Many a device sends a priority and then its own format: <189>date=2019-05-10 …
            _write_priority(draft, line[1 : at - 1])
            return at
        raise ValueError("broken syslog header: expected time, host, program")
    _write_priority(draft, header["pri"])
    if iso:
        _write_iso(draft, header["time"])
    else:
        _write_bsd(draft, header, now=now)
    draft.text("host.name", header.span("host"))
    tag = _TAG.match(line, header.end())
    if tag is None:
        return header.end()
    draft.text("process.name", tag.span("program"))
    draft.number("process.pid", tag.span("pid"))
    return tag.end()


def has_header(line: str) -> bool:
    """Say whether a line begins as a syslog header does: a priority, a month's name, or a date."""
    first = line[0]
    if first == "<":
        return line.find(">", 2, 5) > 0
    if line[:3] in MONTHS and line[3:4] == " ":
        return True
    return line[4:5] == "-" and line[7:8] == "-" and line[:4].isdecimal()


def write_message(draft: Draft, start: int) -> None:
    """Write what follows the header as ``message``."""
    draft.text("message", (start, len(draft.line)))


def _read_5424(draft: Draft) -> int:
    header = _RFC5424.match(draft.line)
    if header is None:
        raise ValueError(
            "broken syslog header: after version 1, RFC 5424 has time, host, program, id, message id, data"
        )
    _write_priority(draft, header["pri"])
    if header["time"] != "-":
        _write_iso(draft, header["time"])
    for name, group in (("host.name", "host"), ("process.name", "program")):
        if header[group] != "-":
            draft.text(name, header.span(group))
    if header["pid"].isdecimal() and len(header["pid"]) <= 10:
        draft.number("process.pid", header.span("pid"))
    # RFC 5424 lets a byte order mark stand before a message in UTF-8.
    return header.end() + draft.line.startswith("\ufeff", header.end())


def _write_priority(draft: Draft, digits: str | None) -> None:
    if digits is None or not digits.isdecimal():
        return
    facility, severity = divmod(int(digits), 8)
    if facility >= len(FACILITIES):
        raise ValueError(f"broken syslog header: priority <{digits}> is above 191")
    draft.fields["log.syslog.priority"] = int(digits)
    draft.fields["log.syslog.facility.code"] = facility
    draft.fields["log.syslog.facility.name"] = FACILITIES[facility]
    draft.fields["log.syslog.severity.code"] = severity
    draft.fields["log.syslog.severity.name"] = SEVERITIES[severity]


def _write_iso(draft: Draft, text: str) -> None:
    draft.fields["@timestamp"], zoned = utc_of_iso(text)
    if not zoned:
        draft.fields["logdojo.time.zone_unknown"] = True


def _write_bsd(draft: Draft, header: re.Match[str], *, now: datetime | None) -> None:
    month = MONTHS.get(header["month"])
    if month is None:
        raise ValueError(f"broken syslog header: {header['month']!r} is not a month")
    day, year = int(header["day"]), header["year"]
    if year is None:
        draft.fields["@timestamp"] = utc_of_bsd(month, day, header["clock"], now=now)
        draft.fields["logdojo.time.year_inferred"] = True
    else:
        draft.fields["@timestamp"] = utc_of_iso(f"{year}-{month:02d}-{day:02d}T{header['clock']}")[0]
    draft.fields["logdojo.time.zone_unknown"] = True
