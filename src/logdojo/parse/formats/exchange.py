r"""Microsoft Exchange: the protocol logs of IMAP, POP and SMTP, whose columns stand between commas.

2022-07-20T21:23:48.514Z,0000000000000005,1,192.0.2.1:143,192.0.2.7:55576,jo,193,21,69,login,jo ******,"R=…",
2022-07-20T21:23:48.514Z,MX\Default Frontend MX,08D98F1B5D6CE0B0,12,192.0.2.1:25,192.0.2.7:50234,>,535 5.7.3 …,
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from logdojo.parse.clock import utc_of_iso
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.kinds import split_port

_MARK: Final = r"Z,(?:[^,]{1,128},)?[0-9A-F]{16},\d{1,8},"
_CELL: Final = re.compile(r'"((?:[^"]|"")*)"(?:,|$)|([^,]*)(?:,|$)')
_BEGINS: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z,", re.ASCII)
_MAIL_CLIENT: Final = (
    *("time", "session", "sequence", "destination", "source", "user", "duration", "rqsize", "rpsize", "command"),
    *("parameters", "context"),
)
_SMTP: Final = ("time", "connector", "session", "sequence", "destination", "source", "event", "data", "context")
_USER: Final = re.compile(r"User(?: ?Name)?: ?([^\s;\",]{1,128})", re.ASCII)
_FAILED: Final = re.compile(
    r"LogonDenied|AuthFailed|authentication (?:unsuccessful|fail)|-ERR\b|LOGIN failed|R=\"?\"?\S{1,16} (?:NO|BAD)\b"
    r"|^(?:>,)?[45]\d\d[ -]|AUTH \w{1,16} failed|failed because",
    re.IGNORECASE | re.ASCII,
)
_SUCCEEDED: Final = re.compile(r"R=\"?\"?(?:ok|\+OK)\b|^235 |authentication successful", re.IGNORECASE | re.ASCII)
_SIGN_IN: Final = frozenset({"auth", "login", "authenticate", "pass", "user"})
_PROTOCOLS: Final = MappingProxyType({"143": "imap", "993": "imap", "110": "pop3", "995": "pop3"})
_LEAST: Final = 6
_MOST: Final = 16


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    line = draft.line
    begins = _BEGINS.search(line, start, start + 256)
    if begins is None:
        return False
    cells: list[tuple[int, int]] = []
    at = begins.start()
    while at < len(line) and len(cells) < _MOST and (found := _CELL.match(line, at)) is not None:
        cells.append(found.span(found.lastindex or 2))
        at = found.end()
    if len(cells) < _LEAST:
        return False
    smtp = not line[cells[2][0] : cells[2][1]].isdecimal()
    spans = dict(zip(_SMTP if smtp else _MAIL_CLIENT, cells, strict=False))
    draft.fields["@timestamp"] = utc_of_iso(line[slice(*spans["time"])])[0]
    for side in ("source", "destination"):
        _write_end(draft, side, spans.get(side, (0, 0)))
    _write_user(draft, spans)
    names = ("event", "data", "context") if smtp else ("command", "parameters", "context")
    texts = [line[slice(*spans[name])] for name in names if name in spans]
    if not smtp and texts:
        draft.text("event.action", spans["command"])
    draft.text("event.id", spans["session"])
    draft.fields["network.protocol"] = (
        "smtp" if smtp else _PROTOCOLS.get(str(draft.fields.get("destination.port")), "imap")
    )
    _mean(draft, texts, smtp=smtp)
    return True


def _write_end(draft: Draft, side: str, span: tuple[int, int]) -> None:
    address, port = split_port(draft.line[slice(*span)])
    at = draft.line.find(address, *span)
    if address and at >= 0:
        draft.address(side, (at, at + len(address)))
        if port and f"{side}.ip" in draft.fields:
            draft.number(f"{side}.port", (span[1] - len(port), span[1]))


def _write_user(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    draft.text("user.name", spans.get("user", (0, 0)))
    begins = min((spans[name][0] for name in ("data", "context") if name in spans), default=len(draft.line))
    if "user.name" not in draft.fields and (said := _USER.search(draft.line, begins)) is not None:
        draft.text("user.name", said.span(1))


def _mean(draft: Draft, texts: list[str], *, smtp: bool) -> None:
    said = [text for text in texts if text]
    login = any("auth" in text.lower() or "logon" in text.lower() for text in said)
    login = login or (not smtp and bool(texts) and texts[0].lower() in _SIGN_IN)
    outcome = ""
    if any(_FAILED.search(text) for text in said):
        outcome = "failure"
    elif any(_SUCCEEDED.search(text) for text in said):
        outcome = "success"
    category = "authentication" if login else "email"
    draft.says((category,), ("start" if login and outcome else "info",), outcome=outcome)


FORMATS: Final = (
    Format(
        "exchange.protocol",
        Signs(mark=_MARK),
        read_text=_read,
        doc="https://learn.microsoft.com/exchange/mail-flow/connectors/protocol-logging",
    ),
)
