"""Cisco: ASA and FTD by the number of their messages, IOS and NX-OS by their mnemonics.

    %ASA-6-302013: Built outbound TCP connection 1 for outside:192.0.2.7/443 (192.0.2.7/443) to inside:10.0.0.5/4711 …
    %FTD-1-430003: AccessControlRuleAction: Allow, SrcIP: 10.0.0.5, DstIP: 192.0.2.7, SrcPort: 4711, …
    %SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(4711) -> 10.0.0.5(22), 1 packet

The number finds the one expression of its message in a table; what has none is looked through for its addresses.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format, ReadText
from logdojo.parse.formats.device_header import read_header, write_severity
from logdojo.parse.formats.messages import Targets, compiled, messages, write
from logdojo.parse.kinds import kind_of

_HEAD: Final = re.compile(r"%(?:ASA|FTD|PIX|FWSM)-(?:\w{1,16}-)?([0-7])-(\d{6}):? {0,2}", re.ASCII)
_IOS_HEAD: Final = re.compile(
    r"%([A-Z][A-Z0-9_]{0,31})-(?:[A-Z0-9_]{1,31}-)?([0-7])-([A-Z][A-Z0-9_]{1,47}) ?: {0,2}", re.ASCII
)
_SECURITY_KEY: Final = re.compile(r"(?:^|(?<=, )|(?<=: ))([A-Z][A-Za-z0-9_]{1,40}): ", re.ASCII)
_ANY: Final = (
    r"(?:.{0,256}?(?:from|src) (?:{observer.ingress.interface.name:[^\s:]}:)?{source.ip:[0-9a-fA-F.:]}"
    r"(?:/{source.port})?(?:\([^()]{0,64}\))? (?:to|dst|dest) (?:{observer.egress.interface.name:[^\s:]}:)?"
    r"{destination.ip:[0-9a-fA-F.:]}(?:/{destination.port})?)"
)
_OUTCOMES: Final = MappingProxyType(
    {
        "allow": ("success", "allowed"),
        "trust": ("success", "allowed"),
        "fastpath": ("success", "allowed"),
        "monitor": ("success", "allowed"),
        "permit": ("success", "allowed"),
    }
)
_SECURITY_FIELDS: Final = (
    ("source.ip", ("SrcIP", "InitiatorIP")),
    ("source.port", ("SrcPort", "InitiatorPort")),
    ("destination.ip", ("DstIP", "ResponderIP")),
    ("destination.port", ("DstPort", "ResponderPort")),
    ("network.transport", ("Protocol",)),
    ("network.protocol", ("ApplicationProtocol",)),
    ("user.name", ("User",)),
    ("rule.name", ("AccessControlRuleName", "IntrusionPolicy")),
    ("event.reason", ("AccessControlRuleReason",)),
    ("source.bytes", ("InitiatorBytes",)),
    ("destination.bytes", ("ResponderBytes",)),
    ("source.packets", ("InitiatorPackets",)),
    ("destination.packets", ("ResponderPackets",)),
    ("observer.ingress.interface.name", ("IngressInterface",)),
    ("observer.egress.interface.name", ("EgressInterface",)),
    ("observer.ingress.zone", ("IngressZone",)),
    ("observer.egress.zone", ("EgressZone",)),
    ("url.original", ("URL", "URI")),
    ("user_agent.original", ("UserAgent",)),
    ("http.response.status_code", ("HTTPResponse",)),
    ("dns.question.name", ("DNSQuery",)),
    ("file.name", ("FileName",)),
    ("file.hash.sha256", ("FileSHA256",)),
    ("threat.indicator.name", ("ThreatName",)),
)


def _read_firewall(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    head = _HEAD.search(line, start, start + 320)
    if head is None:
        return False
    first, at = head.span()
    if first:
        read_header(draft, first, now)
    fields, spans = draft.fields, draft.spans
    severity, number = head.groups()
    fields["observer.vendor"] = "Cisco"
    fields["observer.type"] = "firewall"
    fields["event.code"] = number
    spans["event.code"] = head.span(2)
    if "log.syslog.severity.code" not in fields:
        write_severity(fields, int(severity))
    if at < len(line):
        fields["message"] = line[at:]
        spans["message"] = (at, len(line))
    table = messages("cisco_asa")
    message = table.find(number)
    if message is None or not table.read(draft, at, message):
        _read_any(draft, at)
        fields.setdefault("event.category", ["network"])
        fields.setdefault("event.type", ["info"])
    elif message.pattern is None and number.startswith("4300"):
        _read_security_event(draft, at, now)
    if "source.user.name" in fields and "user.name" not in fields:
        fields["user.name"] = fields["source.user.name"]
        spans["user.name"] = spans["source.user.name"]
    return True


def _read_security_event(draft: Draft, start: int, now: datetime | None) -> None:
    """Read a connection, intrusion, file or malware event of FTD: ``Key: value, Key: value``."""
    line = draft.line
    keys = list(_SECURITY_KEY.finditer(line, start))[:256]
    if keys and keys[0].start() > start + 64:
        return
    spans: dict[str, tuple[int, int]] = {}
    for place, found in enumerate(keys):
        stop = keys[place + 1].start() if place + 1 < len(keys) else len(line)
        while stop > found.end() and line[stop - 1] in ", ":
            stop -= 1
        spans.setdefault(found[1], (found.end(), stop))
    for name, sources in _SECURITY_FIELDS:
        span = next((spans[source] for source in sources if source in spans), None)
        if span is not None and span[0] < span[1]:
            _write(draft, name, span)
    fields = draft.fields
    first = spans.get("FirstPacketSecond")
    if "@timestamp" not in fields and first:
        write_time(fields, line[slice(*first)], now=now)
    verdict = spans.get("AccessControlRuleAction") or spans.get("InlineResult")
    if verdict:
        said = line[slice(*verdict)].lower()
        outcome, kind = _OUTCOMES.get(said, ("failure", "denied"))
        if said.startswith(("block", "deny", "drop", "reset", "interactive block")) or said in _OUTCOMES:
            fields["event.outcome"] = outcome
            fields["event.type"] = [*_kinds(fields), kind]


def _kinds(fields: dict[str, object]) -> list[str]:
    kinds = fields.get("event.type")
    return list(kinds) if isinstance(kinds, list) else []


def _write(draft: Draft, name: str, span: tuple[int, int]) -> None:
    text = draft.line[slice(*span)]
    kind_of(name)(draft.fields, name, text)
    if str(draft.fields.get(name)) == text:
        draft.spans[name] = span


def _read_any(draft: Draft, start: int) -> None:
    pattern, targets = _any()
    found = pattern.match(draft.line, start)
    if found is not None:
        write(draft, found, targets)


@cache
def _any() -> tuple[re.Pattern[str], Targets]:
    return compiled(_ANY, {})


def _read_ios(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    head = _IOS_HEAD.search(line, start, start + 320)
    if head is None:
        return False
    read_header(draft, head.start(), now)
    fields, at = draft.fields, head.end()
    fields["observer.vendor"] = "Cisco"
    draft.text("event.provider", head.span(1))
    draft.text("event.code", head.span(3))
    if "log.syslog.severity.code" not in fields:
        write_severity(fields, int(head[2]))
    draft.text("message", (at, len(line)))
    table = messages("cisco_ios")
    message = table.find(head[3])
    if message is None or not table.read(draft, at, message):
        _read_any(draft, at)
        fields.setdefault("event.category", ["network"])
        fields.setdefault("event.type", ["info"])
    return True


def _format(name: str, mark: str, read: ReadText, doc: str) -> Format:
    return Format(name, Signs(mark=mark, often=True), read_text=read, doc=doc)


FORMATS: Final = (
    _format(
        "cisco.asa",
        r"%(?:ASA|PIX|FWSM)-(?:\w{1,16}-)?[0-7]-\d{6}",
        _read_firewall,
        "https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/asa-syslog.html",
    ),
    _format(
        "cisco.ftd",
        r"%FTD-(?:\w{1,16}-)?[0-7]-\d{6}",
        _read_firewall,
        "https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide.html",
    ),
    _format(
        "cisco.ios",
        r"%[A-Z][A-Z0-9_]{0,31}-(?:[A-Z0-9_]{1,31}-)?[0-7]-[A-Z][A-Z0-9_]{1,47} ?:",
        _read_ios,
        "https://www.cisco.com/c/en/us/td/docs/ios-xml/ios/fundamentals/configuration/xe-16/fundamentals-xe-16-book.html",
    ),
)
