"""Access logs of web servers, as nginx, Apache, Traefik, LiteSpeed and many others write them by default.

    192.0.2.7 - ana [10/Oct/2025:13:55:36 +0200] "GET /a?b=1 HTTP/1.1" 200 2326 "https://example.com/" "curl/8.1"

The time in brackets with a quoted request behind it is the sign. What stands after it is read by one expression; what
stands before it, in whatever order a server was told to write it, by its words: the first address is the client, the
word before it the virtual host, and what follows the second word after it the user.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from logdojo.parse import syslog
from logdojo.parse.clock import MONTHS
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.format import Format

TIME: Final = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
TEXT: Final = r"[^\"\\]*(?:\\.[^\"\\]*)*"
REQUEST: Final = (
    r"(?:(?P<method>[A-Z][A-Z_]{1,23}) (?P<url>[^\s\"\\]*(?:\\.[^\s\"\\]*)*)(?: HTTP/(?P<version>\d(?:\.\d)?))?"
    rf"|(?P<raw>{TEXT}))"
)
_END: Final = (
    rf"\[(?P<time>{TIME})\] \"{REQUEST}\" (?P<status>\d{{3}}|-)(?: (?P<bytes>\d{{1,18}}|-))?"
    rf"(?: \"(?P<referrer>{TEXT})\" \"(?P<agent>{TEXT})\")?"
)
_TAIL: Final = re.compile(_END, re.ASCII)
_COMMON: Final = re.compile(rf"(?P<client>[0-9a-fA-F.:]{{2,45}}) - (?P<user>[^\s\[]{{1,256}}) {_END}", re.ASCII)
_SPACED: Final = re.compile(rf"([A-Z]{{3,16}}) ({TEXT}) HTTP/(\d(?:\.\d)?)", re.ASCII)
_FARTHEST: Final = 512
_LONGEST: Final = 65_536
_LEAST_FAILED: Final = 400
_NOTHING: Final = frozenset({"-", "", '""', "--"})


def utc_of_access(text: str) -> str:
    """Return a time like ``10/Oct/2025:13:55:36 +0200`` in UTC.

    Raises:
        ValueError: it is no time; the message says so.
    """
    return _utc(text)


@lru_cache(maxsize=1_024)
def _utc(text: str) -> str:
    day, month, rest = text.split("/")
    try:
        year, clock, zone = rest[:4], rest[5:13], rest[14:]
        moment = datetime.fromisoformat(f"{year}-{MONTHS[month]:02d}-{day:0>2}T{clock}{zone[:3]}:{zone[3:]}")
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except (KeyError, ValueError, OverflowError):
        raise ValueError(f"timestamp {text!r} is not a time") from None


def write_request(draft: Draft, found: re.Match[str]) -> None:
    """Write method, path and version of the groups of ``REQUEST``; what is no request is kept as ``url.original``."""
    if found["method"]:
        draft.text("http.request.method", found.span("method"))
        draft.text("url.original", found.span("url"))
        draft.text("http.version", found.span("version"))
    elif found["raw"] not in _NOTHING:
        spaced = _SPACED.fullmatch(draft.line, *found.span("raw"))
        if spaced is not None:
            for group, name in enumerate(("http.request.method", "url.original", "http.version"), start=1):
                draft.text(name, spaced.span(group))
        else:
            draft.text("url.original", found.span("raw"))


def write_status(draft: Draft, span: tuple[int, int]) -> None:
    """Write a status and whether it tells of success: all below 400 do."""
    if draft.line[span[0] : span[0] + 1].isdigit():
        draft.number("http.response.status_code", span)
        failed = int(draft.line[slice(*span)]) >= _LEAST_FAILED
        draft.fields["event.outcome"] = "failure" if failed else "success"


def write_text(draft: Draft, name: str, span: tuple[int, int]) -> None:
    """Write a text unless it is the hyphen with which web servers say that there is none."""
    if draft.line[span[0] : span[1]] not in _NOTHING:
        draft.text(name, span)


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    found = _COMMON.match(line, start)
    if found is not None and found["method"] and is_ip(found["client"]):
        _write_common(draft, found)
        return True
    found = _TAIL.search(line, start, start + _LONGEST)
    if found is None or found.start() > _FARTHEST:
        return False
    if start == 0 and found.start() > 0:
        start = syslog.read_header(draft, now=now)
        if start > found.start():
            return False
    _write_head(draft, start, found.start())
    fields = draft.fields
    fields["@timestamp"] = _utc(found["time"])
    for mark in ("logdojo.time.zone_unknown", "logdojo.time.year_inferred"):
        fields.pop(mark, None)
    write_request(draft, found)
    write_status(draft, found.span("status"))
    if found["bytes"] and found["bytes"] != "-":
        draft.number("http.response.body.bytes", found.span("bytes"))
    if found["agent"] is not None:
        write_text(draft, "http.request.referrer", found.span("referrer"))
        write_text(draft, "user_agent.original", found.span("agent"))
    fields["event.category"] = ["web"]
    fields["event.type"] = ["access"]
    return True


def _write_common(draft: Draft, found: re.Match[str]) -> None:
    """Write a line as nearly all are, by the groups in their order; a server writes some thousands of them a second."""
    fields, spans, span = draft.fields, draft.spans, found.span
    client, user, when, method, url, version, _, status, size, referrer, agent = found.groups()
    fields["source.ip"], spans["source.ip"] = client, span(1)
    if user != "-":
        write_text(draft, "user.name", span(2))
    fields["@timestamp"] = _utc(when)
    fields["http.request.method"], spans["http.request.method"] = method, span(4)
    if url:
        fields["url.original"], spans["url.original"] = url, span(5)
    if version:
        fields["http.version"], spans["http.version"] = version, span(6)
    if status != "-":
        code = int(status)
        draft.number("http.response.status_code", span(8))
        fields["event.outcome"] = "failure" if code >= _LEAST_FAILED else "success"
    if size and size != "-":
        draft.number("http.response.body.bytes", span(9))
    if referrer and referrer != "-":
        fields["http.request.referrer"], spans["http.request.referrer"] = referrer, span(10)
    if agent and agent != "-":
        fields["user_agent.original"], spans["user_agent.original"] = agent, span(11)
    fields["event.category"] = ["web"]
    fields["event.type"] = ["access"]


def _write_head(draft: Draft, start: int, stop: int) -> None:
    """Write client, virtual host and user, which stand before the time."""
    line = draft.line
    words: list[tuple[int, int]] = []
    at = start
    for word in line[start:stop].split(" "):
        if word:
            words.append((at, at + len(word)))
        at += len(word) + 1
    if not words:
        return
    client = next((place for place, (first, last) in enumerate(words) if _is_client(line[first:last])), 0)
    if client:
        _write_host(draft, words[client - 1])
    _write_client(draft, words[client])
    # A list of forwarding proxies stands between the client and the rest.
    after = client + 1
    while after < len(words) and line[words[after - 1][1] - 1] == ",":
        after += 1
    rest = words[after + 1 :]
    if rest and line[rest[-1][0] : rest[-1][1]] not in _NOTHING:
        first = rest[-1][0] if len(rest) > 1 and line[rest[0][0]] in "[-" else rest[0][0]
        draft.text("user.name", (first, rest[-1][1]))


def _is_client(word: str) -> bool:
    word = word.rstrip(",")
    if is_ip(word.strip("[]")):
        return True
    address, _, port = word.rpartition(":")
    return port.isdecimal() and is_ip(address.strip("[]"))


def _write_client(draft: Draft, span: tuple[int, int]) -> None:
    first, last = span
    line = draft.line
    while last > first and line[last - 1] in ",]":
        last -= 1
    first += line.startswith("[", first)
    address, _, port = line[first:last].rpartition(":")
    if port.isdecimal() and is_ip(address.rstrip("]")) and ("]" in address or ":" not in address):
        draft.address("source", (first, first + len(address.rstrip("]"))))
        draft.number("source.port", (last - len(port), last))
    elif line[first:last] not in _NOTHING:
        draft.address("source", (first, last))


def _write_host(draft: Draft, span: tuple[int, int]) -> None:
    name, _, port = draft.line[slice(*span)].partition(":")
    if "." in name and name.strip("-") and (not port or port.isdecimal()):
        draft.text("url.domain", (span[0], span[0] + len(name)))
        if port:
            draft.number("url.port", (span[0] + len(name) + 1, span[1]))


FORMATS: Final = (
    Format(
        "web.access",
        Signs(mark=r"/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \""),
        read_text=_read,
        doc="https://httpd.apache.org/docs/2.4/logs.html#accesslog",
    ),
)
