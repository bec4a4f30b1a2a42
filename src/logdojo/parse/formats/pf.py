"""The packet filter of BSD: filterlog of pfSense and OPNsense, and what tcpdump prints of a pflog.

    filterlog: 5,,,1000000103,em0,match,block,in,4,0x0,,64,420,0,none,6,tcp,60,192.0.2.7,10.0.0.5,4711,22,0,S,…
    pf: 00:00:01.2 rule 3/0(match): block in on em0: 192.0.2.7.4711 > 10.0.0.5.22: Flags [S], …
    11:29:42.550475 IP 192.0.2.7.4711 > 10.0.0.5.22: Flags [S], seq 1, win 64240, length 0

Columns of filterlog: https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html
"""

from __future__ import annotations

import re
from datetime import datetime
from types import MappingProxyType
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.device_header import read_header
from logdojo.parse.kinds import TRANSPORTS

_IPV4: Final = MappingProxyType({"transport": 16, "length": 17, "source": 18, "destination": 19})
_IPV6: Final = MappingProxyType({"transport": 12, "length": 14, "source": 15, "destination": 16})
_TRACKER, _INTERFACE, _REASON, _ACTION, _DIRECTION, _VERSION = 3, 4, 5, 6, 7, 8
_DIRECTIONS: Final = MappingProxyType({"in": "inbound", "out": "outbound"})
_DENIED: Final = frozenset({"block", "reject", "drop"})
_ALLOWED: Final = frozenset({"pass", "rdr", "nat", "scrub", "binat"})
_RULE: Final = re.compile(
    r"(?:.{0,64}? )?rule (?P<rule>\S{1,64}?)(?:\([a-z]{1,16}\))?: (?P<action>[a-z]{2,8}) (?P<dir>in|out) on "
    r"(?P<interface>[\w.]{1,32}): ",
    re.ASCII,
)
_FLOW: Final = re.compile(
    r"(?:\([^()]{0,160}\) )?(?:IP6? )?(?P<src>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]{2,45})(?:\.(?P<spt>\d{1,5}))? > "
    r"(?P<dst>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]{2,44}[0-9a-fA-F])(?:\.(?P<dpt>\d{1,5}))?: ?(?P<what>\S{0,32})",
    re.ASCII,
)
_TCPDUMP: Final = r"IP6? [0-9a-fA-F.:]{4,52} > [0-9a-fA-F.:]{4,52}: "
_TCPDUMP_MARK: Final = re.compile(_TCPDUMP, re.ASCII)
_PROTOCOLS: Final = (("flags", "tcp"), ("tcp", "tcp"), ("udp", "udp"), ("icmp6", "ipv6-icmp"), ("icmp", "icmp"))


def _read_columns(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    line, at = draft.line, start
    cells: list[tuple[int, int]] = []
    for text in line[start:].split(",", 40)[:40]:
        cells.append((at, at + len(text)))
        at += len(text) + 1
    if len(cells) <= _VERSION:
        raise ValueError(f"filterlog: {len(cells)} columns, at least {_VERSION + 1} are expected")
    texts = [line[first:stop] for first, stop in cells]
    draft.text("rule.id", cells[_TRACKER])
    draft.text("observer.ingress.interface.name", cells[_INTERFACE])
    draft.text("event.reason", cells[_REASON])
    draft.text("event.action", cells[_ACTION])
    fields = draft.fields
    fields["network.direction"] = _DIRECTIONS.get(texts[_DIRECTION], texts[_DIRECTION])
    _mean(draft, texts[_ACTION])
    places = {"4": _IPV4, "6": _IPV6}.get(texts[_VERSION])
    if places is None or len(cells) <= places["destination"]:
        return True
    fields["network.type"] = f"ipv{texts[_VERSION]}"
    transport = texts[places["transport"]].lower()
    fields["network.transport"] = TRANSPORTS.get(transport, transport)
    draft.address("source", cells[places["source"]])
    draft.address("destination", cells[places["destination"]])
    if texts[places["length"]].isdecimal():
        draft.number("network.bytes", cells[places["length"]])
    ports = places["destination"] + 1
    if transport in {"tcp", "udp", "sctp"} and len(cells) > ports + 1:
        for side, cell in (("source", cells[ports]), ("destination", cells[ports + 1])):
            if line[slice(*cell)].isdecimal() and cell[1] - cell[0] <= 5:
                draft.number(f"{side}.port", cell)
    return True


def _mean(draft: Draft, action: str) -> None:
    if action in _DENIED:
        draft.says(("network",), ("connection", "denied"), outcome="failure")
    elif action in _ALLOWED:
        draft.says(("network",), ("connection", "allowed"), outcome="success")
    else:
        draft.says(("network",), ("connection", "info"))
    draft.fields["observer.type"] = "firewall"


def _read_text(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    rule = _RULE.match(draft.line, start)
    flow = _FLOW.match(draft.line, rule.end()) if rule else None
    if rule is None or flow is None:
        return False
    draft.text("rule.id", rule.span("rule"))
    draft.text("event.action", rule.span("action"))
    draft.text("observer.ingress.interface.name", rule.span("interface"))
    draft.fields["network.direction"] = _DIRECTIONS[rule["dir"]]
    _mean(draft, rule["action"])
    _write_flow(draft, flow)
    return True


def _read_tcpdump(draft: Draft, start: int, now: datetime | None) -> bool:
    mark = _TCPDUMP_MARK.search(draft.line, start)
    flow = _FLOW.match(draft.line, mark.start()) if mark else None
    if mark is None or flow is None:
        return False
    read_header(draft, mark.start(), now)
    _write_flow(draft, flow)
    draft.says(("network",), ("connection", "info"))
    return True


def _write_flow(draft: Draft, flow: re.Match[str]) -> None:
    draft.address("source", flow.span("src"))
    draft.address("destination", flow.span("dst"))
    draft.number("source.port", flow.span("spt"))
    draft.number("destination.port", flow.span("dpt"))
    what = flow["what"].lower()
    transport = next((name for word, name in _PROTOCOLS if what.startswith(word)), "")
    if transport:
        draft.fields["network.transport"] = transport


FORMATS: Final = (
    Format(
        "pf.filterlog",
        Signs(programs=("filterlog",)),
        read_text=_read_columns,
        doc="https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html",
    ),
    Format("pf", Signs(programs=("pf", "pflog", "pflogd")), read_text=_read_text, doc="https://man.openbsd.org/pflogd"),
    Format(
        "tcpdump", Signs(mark=_TCPDUMP), read_text=_read_tcpdump, doc="https://www.tcpdump.org/manpages/tcpdump.1.html"
    ),
)
