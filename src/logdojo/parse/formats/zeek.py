"""Zeek's logs as tab-separated text, whose lines do not name their columns: which log it is shows in what stands there.

1760104536.857497  CAcJw21BbVedgFnYH3  192.0.2.167  38339  198.51.100.1  53  udp  dns  0.076  75  178  SF …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Declared, Signs, Spans, declared_from, reader_of_documents, reader_of_spans
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.messages import read_table

_STATES: Final = frozenset(["S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"])
_ID: Final = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
_CONN_END: Final = (
    *("missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "tunnel_parents"),
)
_CONN: Final = (*_ID, "proto", "service", "duration", "orig_bytes", "resp_bytes", "conn_state")
_COLUMNS: Final = MappingProxyType(
    {
        "dns": (
            *(*_ID, "proto", "trans_id", "rtt", "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode"),
            *("rcode_name", "AA", "TC", "RD", "RA", "Z", "answers", "TTLs", "rejected"),
        ),
        "http": (
            *(*_ID, "trans_depth", "method", "host", "uri", "referrer", "version_", "user_agent", "origin"),
            *("request_body_len", "response_body_len", "status_code", "status_msg", "info_code", "info_msg", "tags"),
            *("username", "password_"),
        ),
        "ssl": (*_ID, "version", "cipher", "curve", "server_name", "resumed", "last_alert", "next", "established"),
        "ssh": (*_ID, "ssh_version", "auth_success", "auth_attempts", "direction", "client", "server"),
        "notice": (*(*_ID, "fuid", "mime_type", "file_desc", "proto", "note", "msg", "sub", "src", "dst", "p"),),
        "weird": (*_ID, "name", "addl", "notice", "peer"),
    }
)
_NONE: Final = frozenset({"-", "(empty)", ""})
_MARK: Final = r"\t[CF][0-9A-Za-z]{14,20}\t[0-9a-fA-F.:]{2,45}\t\d{1,5}\t"
_BEGINS: Final = re.compile(r"\d{9,10}\.\d{1,9}" + _MARK, re.ASCII)


@cache
def _declared() -> Declared:
    return declared_from(read_table("zeek"), where="tables/zeek.yaml")


@cache
def _write() -> Callable[[Draft, Spans, datetime | None], None]:
    return reader_of_spans(_declared())


@cache
def _write_document() -> Callable[[Draft, Mapping[str, Any], datetime | None], None]:
    return reader_of_documents(_declared())


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    if line.startswith("#"):
        # The first lines of a file name its columns and how they are separated.
        draft.text("message", (0, len(line)))
        draft.says(("network",), ("info",))
        return True
    found = _BEGINS.search(line, start)
    if found is None:
        return False
    at, spans = found.start(), []
    for cell in line[at:].split("\t"):
        spans.append((at, at + len(cell)))
        at += len(cell) + 1
    cells = [line[first:last] for first, last in spans]
    path, columns = _log(cells)
    draft.fields["zeek.path"] = path
    for mark in ("logdojo.time.zone_unknown", "logdojo.time.year_inferred"):
        draft.fields.pop(mark, None)
    places = zip(columns, spans, cells, strict=False)
    _write()(draft, {name: span for name, span, cell in places if cell not in _NONE}, now)
    return True


def _log(cells: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return the name of the log that a line is of, and its columns."""
    cell = [*cells, *[""] * (12 - len(cells))]
    if cell[11] in _STATES:
        # Whether an end is in the own network is told by two columns since 2013; before, by one.
        local = ("local_orig",) if len(cells) <= 20 else ("local_orig", "local_resp")
        return "conn", (*_CONN, *local, *_CONN_END)
    if cell[6].lower() in {"tcp", "udp"} and cell[7].isdecimal():
        return "dns", _COLUMNS["dns"]
    if cell[6].startswith(("TLS", "SSL", "DTLS")):
        return "ssl", _COLUMNS["ssl"]
    if cell[6].isdecimal() and cell[7] in {"T", "F", "-"}:
        return "ssh", _COLUMNS["ssh"]
    if cell[6].isdecimal():
        return "http", _COLUMNS["http"]
    if "::" in cell[10]:
        return "notice", _COLUMNS["notice"]
    return "weird", _COLUMNS["weird"]


def _read_document(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    _write_document()(draft, document, now)


_HEADS: Final = ("separator", "set_separator", "empty_field", "unset_field", "path", "open", "close", "fields", "types")
FORMATS: Final = (
    Format(
        "zeek",
        Signs(
            starts=(*(f"#{word}\t" for word in _HEADS), "#separator \\x09"),
            mark=_MARK.replace(r"\t", "\t"),
            keys=("id.orig_h", "uid"),
            also=(
                *(("id.orig_h", "ts"), ("uid", "ts", "id"), ("fuid", "ts"), ("conn_uids", "ts"), ("uids", "ts")),
                *(("note", "msg", "ts"), ("_path", "ts")),
            ),
        ),
        read_text=_read,
        read_document=_read_document,
        doc="https://docs.zeek.org/en/current/script-reference/log-files.html",
    ),
)
