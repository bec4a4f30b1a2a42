"""Palo Alto Networks PAN-OS: comma-separated columns, whose meaning depends on the type of log in column 3.

    1,2025/10/10 12:34:56,001234567890,TRAFFIC,end,2305,2025/10/10 12:34:55,10.0.0.5,192.0.2.7,…

Columns are added at the end from release to release, so a line is read by position as far as it goes. What stands
where, and what the words mean, is data: ``tables/paloalto.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.device_header import read_header
from logdojo.parse.formats.messages import read_table
from logdojo.parse.kinds import TRANSPORTS, write_text
from logdojo.parse.meaning import meaning_of
from logdojo.parse.values import EMPTY

_MARK: Final = (
    r"/\d\d/\d\d \d\d:\d\d:\d\d,[^,]{0,32},(?:TRAFFIC|THREAT|SYSTEM|CONFIG|USERID|HIP-?MATCH|GLOBALPROTECT|"
    r"AUTHENTICATION|DECRYPTION|CORRELATION|TUNNEL|GTP|SCTP|IPTAG),"
)
_BEGINNING: Final = re.compile(r"(?:\d{0,3},)?\d{4}" + _MARK, re.ASCII)
_CELL: Final = re.compile(r'"((?:[^"]|"")*)"(?:,|$)|([^,]*)(?:,|$)')
_MOST: Final = 128
_TYPE, _SUBTYPE, _RECEIVED, _GENERATED = 3, 4, 1, 6
_WRITE_NUMBER: Final = (".port", ".bytes", ".packets")
_USER: Final = re.compile(
    r"user '([^']{1,128})'|[Uu]ser name: ([^\s,]{1,128})|^User '?([^\s']{1,128})'? (?:logged|failed)"
)
_FROM: Final = re.compile(r"(?:[Ff]rom:? |IP: )([0-9a-fA-F.:]{3,45})(?<!\.)")
_SUCCESS: Final = re.compile(r"\b(?:succe|accepted|logged in|authenticated)", re.IGNORECASE)
_FAILURE: Final = re.compile(r"\b(?:fail|denied|reject|invalid|error)", re.IGNORECASE)


@cache
def _tables() -> Mapping[str, Any]:
    tables = read_table("paloalto")
    tables["verdict_of"] = {word: kind for kind, words in tables["verdicts"].items() for word in words}
    tables["result_of"] = {word: kind for kind, words in tables["results"].items() for word in words}
    tables["meanings"] = {name: meaning_of(said) for name, said in tables["means"].items()}
    return tables


def _cut(line: str, start: int) -> list[tuple[int, int]]:
    """Return the place of each cell; quotes around a cell are no part of it."""
    if line.find('"', start) < 0:
        cells, at = [], start
        for text in line[start:].split(",", _MOST)[:_MOST]:
            cells.append((at, at + len(text)))
            at += len(text) + 1
        return cells
    cells, at = [], start
    while at < len(line) and len(cells) < _MOST:
        found = _CELL.match(line, at)
        if found is None:
            break
        cells.append(found.span(found.lastindex or 2))
        at = found.end()
    return cells


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    beginning = _BEGINNING.search(line, start, start + 512)
    if beginning is None:
        return False
    at = beginning.start()
    read_header(draft, at, now)
    cells = _cut(line, at)
    # A forwarder may have cut off the first column, which holds nothing.
    first = 0 if line[slice(*cells[_TYPE])] in _tables()["columns"] else -1
    kind, subtype = (line[slice(*cells[place + first])] for place in (_TYPE, _SUBTYPE))
    fields = draft.fields
    for name, place in _tables()["columns"][kind].items():
        if place + first < len(cells):
            _write(draft, name, cells[place + first])
    for place in (_GENERATED, _RECEIVED):
        if place + first < len(cells) and cells[place + first][0] < cells[place + first][1]:
            write_time(fields, line[slice(*cells[place + first])], now=now)
            break
    fields["observer.vendor"] = "Palo Alto Networks"
    fields["observer.product"] = "PAN-OS"
    fields["observer.type"] = "firewall"
    fields["paloalto.type"], fields["paloalto.subtype"] = kind, subtype
    _mean(draft, kind, subtype.lower())
    return True


def _write(draft: Draft, name: str, span: tuple[int, int]) -> None:
    text = draft.line[slice(*span)]
    if text in EMPTY:
        return
    if name == "host.name" and name in draft.fields:
        return
    if name.endswith(_WRITE_NUMBER):
        if text.isdecimal() and len(text) < 19:
            draft.number(name, span)
    elif name.endswith(".ip"):
        draft.address(name[:-3], span)
    elif name == "network.transport":
        draft.fields[name] = TRANSPORTS.get(text.lower(), text.lower())
    else:
        write_text(draft.fields, name, text)
        if draft.fields.get(name) == text:
            draft.spans[name] = span


def _mean(draft: Draft, kind: str, subtype: str) -> None:
    fields, tables = draft.fields, _tables()
    fields.update(tables["meanings"][kind])
    types = [str(each) for each in tables["meanings"][kind]["event.type"]]
    if subtype in tables["ends"] and kind == "TRAFFIC":
        types.append(tables["ends"][subtype])
    action = tables["actions"].get(kind, {}).get(subtype)
    if action:
        fields["event.action"] = action
    if kind == "THREAT" and subtype != "url":
        name = fields.pop("url.original", None)
        draft.spans.pop("url.original", None)
        if name is not None and subtype in {"file", "virus", "wildfire", "wildfire-virus", "ml-virus", "data"}:
            fields["file.name"] = name
    verdict = tables["verdict_of"].get(str(fields.get("paloalto.action", "")).lower())
    if verdict:
        types.append(verdict)
        fields["event.outcome"] = "success" if verdict == "allowed" else "failure"
    elif result := tables["result_of"].get(str(fields.get("paloalto.result", "")).lower()):
        fields["event.outcome"] = result
    elif kind in {"SYSTEM", "AUTHENTICATION"}:
        _mean_by_words(fields)
    if kind == "SYSTEM":
        _read_description(draft)
    if kind in {"GLOBALPROTECT", "SYSTEM"}:
        fields.setdefault("event.action", fields.get("event.code", ""))
    fields["event.type"] = types
    if not fields.get("event.action"):
        fields.pop("event.action", None)


def _mean_by_words(fields: dict[str, object]) -> None:
    """Say from its words how a sign-in ended; other events of the system have no such end."""
    said = f"{fields.get('event.code', '')} {fields.get('paloalto.event', '')} {fields.get('paloalto.description', '')}"
    if "auth" in said.lower() or "logged in" in said:
        if _FAILURE.search(said):
            fields["event.outcome"] = "failure"
        elif _SUCCESS.search(said):
            fields["event.outcome"] = "success"


def _read_description(draft: Draft) -> None:
    """Read who signs in from where out of a system log's sentence."""
    start, stop = draft.spans.get("paloalto.description", (0, 0))
    said = draft.line[start:stop]
    if user := _USER.search(said):
        first, last = user.span(user.lastindex or 1)
        draft.text("user.name", (start + first, start + last))
    if source := _FROM.search(said):
        first, last = source.span(1)
        draft.address("source", (start + first, start + last))


FORMATS: Final = (
    Format(
        "paloalto.panos",
        Signs(mark=_MARK),
        read_text=_read,
        doc="https://docs.paloaltonetworks.com/pan-os/11-1/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions",
    ),
)
