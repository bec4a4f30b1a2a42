"""Logs of web servers and proxies in bare columns: Squid's native format, and W3C extended as IIS writes it by default.

1760104536.586    921 192.0.2.68 TCP_MISS/200 507 GET http://example.com/ - HIER_DIRECT/203.0.113.9 text/html
2025-10-10 13:55:36 192.0.2.10 GET /a b=1 443 - 198.51.100.7 Mozilla/5.0+(X11) - 200 0 0 15
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from logdojo.parse import syslog
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.web import write_status, write_text
from logdojo.parse.times import utc_of

_SQUID: Final = re.compile(
    r"(?P<time>\d{10}\.\d{1,6}) {1,12}(?P<taken>-?\d{1,12}) (?P<client>\S{1,256})"
    r" (?P<action>[A-Z_]{3,48})/(?P<status>\d{3}) (?P<bytes>\d{1,18})"
    r" (?P<method>[A-Z_]{3,24}|-) (?P<url>\S{1,8192}) (?P<user>\S{1,256})"
    r" (?P<hierarchy>[A-Z_]{4,40})/(?P<peer>\S{1,256})(?: (?P<type>\S{1,128}))?",
    re.ASCII,
)
_FARTHEST: Final = 32_768
_METHODS: Final = (
    *("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE", "PATCH", "CONNECT", "SEARCH", "DEBUG"),
    *("RPC_IN_DATA", "RPC_OUT_DATA", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK"),
)
_IIS_BEGINS: Final = (
    r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d (?:W3SVC\d{1,10} (?:[\w.-]{1,64} )?)?[0-9a-fA-F.:]{2,45} "
    rf"(?:{'|'.join(_METHODS)}) /"
)
_IIS: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:(?P<site>W3SVC\d{1,10}) (?:(?P<name>[\w.-]{1,64}) )?)?"
    r"(?P<server>[0-9a-fA-F.:]{2,45}) (?P<method>[A-Z_]{3,16})"
    r" (?P<stem>\S{1,8192}) (?P<query>\S{1,8192}) (?P<port>\d{1,5}) (?P<user>\S{1,256})"
    r" (?P<client>[0-9a-fA-F.:%]{2,64})(?: (?P<agent>\S{1,4096}))(?: (?P<referrer>\S{1,8192}))? (?P<status>\d{3})"
    r" (?P<sub>\d{1,4}) (?P<win32>\d{1,12})(?: (?P<taken>\d{1,10}))?(?= |$)",
    re.ASCII,
)


def _read_squid(draft: Draft, start: int, now: datetime | None) -> bool:
    line, fields = draft.line, draft.fields
    if start == 0:
        start = syslog.read_header(draft, now=now)
    while line.startswith(" ", start):
        start += 1
    found = _SQUID.match(line, start)
    if found is None:
        return False
    fields["@timestamp"] = utc_of(found["time"]).utc
    for mark in ("logdojo.time.zone_unknown", "logdojo.time.year_inferred"):
        fields.pop(mark, None)
    draft.address("source", found.span("client"))
    if found["peer"] != "-":
        draft.address("destination", found.span("peer"))
    for group, name in (
        *(("action", "event.action"), ("method", "http.request.method"), ("url", "url.original")),
        *(("user", "user.name"), ("hierarchy", "squid.hierarchy"), ("type", "http.response.mime_type")),
    ):
        if found[group]:
            write_text(draft, name, found.span(group))
    write_status(draft, found.span("status"))
    if found["status"] == "000":
        # The client went away before there was an answer.
        fields["event.outcome"] = "unknown"
    draft.number("http.response.bytes", found.span("bytes"))
    draft.number("squid.elapsed_ms", found.span("taken"))
    fields["event.category"] = ["web"]
    fields["event.type"] = ["access", "denied"] if "DENIED" in found["action"] else ["access"]
    return True


def _read_iis(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    line, fields = draft.line, draft.fields
    if line.startswith("#"):
        # The first lines of a file name its columns.
        draft.text("message", (0, len(line)))
        draft.says(("web",), ("info",))
        return True
    found = _IIS.search(line, start, start + _FARTHEST)
    if found is None:
        return False
    # W3C extended logs are in UTC.
    fields["@timestamp"] = utc_of(f"{found['time']}Z").utc
    draft.address("destination", found.span("server"))
    draft.text("host.name", found.span("name"))
    draft.number("destination.port", found.span("port"))
    draft.address("source", found.span("client"))
    for group, name in (
        *(("method", "http.request.method"), ("stem", "url.path"), ("query", "url.query"), ("user", "user.name")),
        *(("agent", "user_agent.original"), ("referrer", "http.request.referrer")),
    ):
        if found[group]:
            write_text(draft, name, found.span(group))
    if found["query"] == "-":
        draft.text("url.original", found.span("stem"))
    else:
        fields["url.original"] = f"{found['stem']}?{found['query']}"
    write_status(draft, found.span("status"))
    draft.number("iis.access.sub_status", found.span("sub"))
    draft.number("iis.access.win32_status", found.span("win32"))
    fields["event.category"] = ["web"]
    fields["event.type"] = ["access"]
    return True


FORMATS: Final = (
    Format(
        "squid.access",
        Signs(mark=r"/\d{3} \d{1,18} (?:[A-Z_]{3,24}|-) \S{1,256}"),
        read_text=_read_squid,
        doc="https://wiki.squid-cache.org/Features/LogFormat",
    ),
    Format(
        "iis.access",
        Signs(mark=_IIS_BEGINS, starts=("#Software: Microsoft Internet", "#Fields: date time")),
        read_text=_read_iis,
        doc="https://learn.microsoft.com/windows/win32/http/w3c-logging",
    ),
)
