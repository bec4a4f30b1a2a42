r"""Hosts in the header that a line begins with: what syslog and devices write there in their many ways.

    <34>Oct 11 22:14:15 web-1 su: …                     <165>1 2003-10-11T22:14:15.003Z web-1 app - ID47 …
    Oct 10 2018 12:34:56 fw-1 : %ASA-6-302013: …        <189>123: rtr-1: *Mar  1 18:46:11.123 UTC: %SEC-6-…
    <134>1 1639128011.123456789 mx-1 flows …            sw-1: 2024 Jan  3 10:11:12 UTC: %AUTHPRIV-3-…
    Oct 10 12:34:56 relay 2025:10:10-12:34:56 utm-1 …   2025-10-10T12:34:56+02:00 pa-1 1,2025/10/10 12:34:56,…

Covered: a priority, a count or a sequence number in front; a relay's header with the device's own behind it. Where
neither a priority nor a syslog time says that a header it is, what follows the host must look like a message's
beginning (``program[pid]:``, ``%FTD-``, ``key=``, CEF, columns).
Not covered: a host in the header of an application's own making, and one that is called like a level (``INFO``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.spans import Hit

_ZONE: Final = r"(?: (?:UTC|GMT|[ECMP][SD]T|CES?T|EES?T|WES?T|BST|JST|IST|AE[SD]T|MSK)(?=[: ]))?"
_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_PREFIX: Final = re.compile(r"(?:\d{1,6} )?(<\d{1,3}>)?:? ?(?:\d{1,10}: ){0,2}(?:1 )?")
_BETWEEN: Final = re.compile(r":? {1,2}(?:\d{1,10}: {1,2})?(?:1 )?[.*]?")
_TIME: Final = re.compile(
    rf"[.*]?(?:(?P<bsd>{_MONTH} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?: \d{{4}}(?=[ :]))?{_ZONE}"
    rf"|\d{{4}} {_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}{_ZONE}|(?<=[ >])1\d{{9}}\.\d{{1,9}})"
    rf"|\d\d/\d\d/\d{{4}}:{_CLOCK}{_ZONE}|\d{{4}}-\d\d-\d\d-\d\d\.\d\d\.\d\d(?:\.\d{{1,9}})?"
    rf"|\d{{4}}[-:/]\d\d[-:/]\d\d[T -]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?{_ZONE})(?=[ :])"
)
_NAMED: Final = re.compile(rf"([A-Za-z0-9][\w.-]{{0,254}}): {{1,2}}(?=[.*]?(?:{_MONTH} |\d{{4}} {_MONTH} ))")
_HOST: Final = re.compile(r":? {1,2}([A-Za-z0-9_][\w.:-]{0,254})(?= |$)")
_NO_HOST: Final = re.compile(
    r"(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL|NOTICE|CRITICAL|SEVERE|INF|WRN|ERR|DBG|UTC|GMT|last|stdout|stderr|\d{1,12})"
    r":?\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r" {1,2}[\w./(),-]{1,128}(?:\[[\w.-]{1,32}\])?:? | [\w./-]{1,128}:| {1,2}: ")
_MESSAGE: Final = re.compile(
    r" {1,2}(?::? {1,2})?(?:[\w./-]{1,128}(?:\([\w.-]{1,64}\))?(?:\[[\w.-]{1,32}\]: ?|: )|%[A-Z]|[A-Za-z][\w.-]{0,64}="
    r"|(?:CEF|LEEF):\d|1?,\d{4}/|\d{4}[-:]\d\d)| {1,2}\S{1,128} (?:\d{1,10}|-) \S{1,64} (?:-|\[)"
)
_LONGEST: Final = 600  # characters of a line that may hold headers


def header_hosts(line: str) -> Iterator[Hit]:
    """Find the hosts in the headers that a line begins with, the relay's first."""
    prefix = _PREFIX.match(line)
    at = prefix.end() if prefix is not None else 0
    is_sure = prefix is not None and bool(prefix[1])
    named = _NAMED.match(line, at, _LONGEST)
    if named is not None:
        yield Hit(*named.span(1), "host")
        at = named.end()
    for _ in range(2):
        time = _TIME.match(line, at, _LONGEST)
        if time is None:
            return
        host = _HOST.match(line, time.end(), _LONGEST)
        if host is None:
            return
        start, stop = host.span(1)
        if line[stop - 1] == ":":
            # "sw1: %SYS-5-…" is a host, "sshd: …" a program.
            stop -= 1
            if not line.startswith((" %", "  %", " *"), stop + 1):
                return
        elif _NO_HOST.match(line, start, stop) or not (
            (is_sure or (time["bsd"] and _WORD.match(line, stop))) or _MESSAGE.match(line, stop)
        ):
            return
        yield Hit(start, stop, "host")
        between = _BETWEEN.match(line, stop)
        at = between.end() if between is not None else len(line)
