"""Cisco: ASA and FTD by the number of their messages, IOS and NX-OS by their mnemonics.

    %ASA-6-302013: Built outbound TCP connection 1 for outside:192.0.2.7/443 (192.0.2.7/443) to inside:10.0.0.5/4711 …
    %FTD-1-430003: AccessControlRuleAction: Allow, SrcIP: 10.0.0.5, DstIP: 192.0.2.7, SrcPort: 4711, …
    %SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(4711) -> 10.0.0.5(22), 1 packet

The number finds the one expression of its message in a table; what has none is looked through for its addresses. A line
of ASA or FTD with the header that nearly all have is read whole.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import Final

from logdojo.events import LogEvent
from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format, ReadUsual
from logdojo.parse.formats.cisco_flows import QUICK, Quick
from logdojo.parse.formats.device_header import ZONE, date_of, read_header, write_priority, write_severity
from logdojo.parse.formats.messages import Message, Targets, compiled, messages, write
from logdojo.parse.kinds import kind_of
from logdojo.parse.places import Layout, Places

# The header that nearly all devices write, the number, and the message. Groups: priority and date, the year in it,
# clock, host, program, its number, severity and number, number, message.
_USUAL: Final = (
    r"((?:<[0-9]{1,3}>)?:?[A-Z][a-z]{2} {1,2}[0-9]{1,2} ([0-9]{4} )?)"
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?)"
    rf"(?: (?!{ZONE}[: ])([^ \t-\r:%\[\]]{{1,255}}+))?(?: ([0-9A-Za-z_.-]{{1,64}}+)\[([0-9]{{1,10}}+)\])?[ :]{{0,4}}+"
    r"%(?:@)-(?:[0-9A-Za-z_]{1,16}-)??([0-7]-([0-9]{6})):? {0,2}+((?s:.*+))"
)
_USUAL_PLACES: Final = (
    (4, "host.name"),
    (5, "process.name"),
    (6, "process.pid"),
    (8, "event.code"),
    (9, "message"),
)
_DATE: Final = re.compile(r"(?:<(\d{1,3})>)?:?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?", re.ASCII)
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


def _usual(name: str, families: str) -> ReadUsual:
    """Return what reads lines with the usual header and a number of these families of devices."""
    usual = re.compile(_USUAL.replace("@", families), re.ASCII)
    alike_of = lru_cache(maxsize=4_096)(partial(_alike, name))

    def read(line: str, now: datetime | None) -> LogEvent | None:
        found = usual.match(line)
        if found is None:
            return None
        dated, year, clock, host, program, pid, code, _, text = found.groups()
        if year is not None:
            date, alike, message, quick = alike_of(dated, code)
        else:
            hour = int(time.time() if now is None else now.timestamp()) // 3_600
            date, alike, message, quick = alike_of(dated, code, hour)
        fields = alike.copy()
        fields["@timestamp"] = f"{date}{clock}Z"
        if host is not None:
            fields["host.name"] = host
        if program is not None:
            fields["process.name"] = program
            fields["process.pid"] = int(pid)
        if text:
            fields["message"] = text
        start = len(line) - len(text)
        if quick is not None:
            placed = quick.read(line, start, fields)
            if placed is not None:
                return LogEvent(line, fields, Places(line, fields, ((found, _USUAL_PLACES), placed)))
            for each in quick.names:
                del fields[each]
        draft = Draft(line, fields, {}, ((found, _USUAL_PLACES),))
        _read_message(draft, start, code[2:], message, now)
        return draft.done(name)

    return read


def _alike(
    name: str, dated: str, code: str, hour: int = 0
) -> tuple[str, dict[str, object], Message | None, Quick | None]:
    """Return what lines of one date and number share: the date, fields and places for more, and what reads them.

    To copy a dict and write over what differs takes a third of the time in which one is built key by key.

    Args:
        name: of the format.
        dated: the beginning of a line, up to the clock.
        code: severity and number, as in ``6-302013``.
        hour: hours since 1970 by which a year that is not written is told.
    """
    priority, month, day, year = _DATE.findall(dated)[0]
    fields: dict[str, object] = {}
    if priority:
        write_priority(fields, priority)
    date = date_of(month, day, year or None, datetime.fromtimestamp(hour * 3_600, UTC))
    fields["@timestamp"] = ""
    if not year:
        fields["logdojo.time.year_inferred"] = True
    fields["logdojo.time.zone_unknown"] = True
    message = messages("cisco_asa").find(code[2:])
    _write_head(fields, code[0], code[2:], message)
    fields["event.kind"] = "event"
    fields["event.dataset"] = name
    quick = QUICK.get(code[2:])
    if quick is not None:
        fields.update(dict.fromkeys(quick.names))
    return date, fields, message, quick


def _read_firewall(draft: Draft, start: int, now: datetime | None) -> bool:
    """Read a message behind a header that is read word by word."""
    head = _HEAD.search(draft.line, start, start + 320)
    if head is None:
        return False
    line, fields, spans = draft.line, draft.fields, draft.spans
    first, at = head.span()
    if first:
        read_header(draft, first, now)
    severity, number = head.groups()
    message = messages("cisco_asa").find(number)
    _write_head(fields, severity, number, message)
    spans["event.code"] = head.span(2)
    if at < len(line):
        fields["message"] = line[at:]
        spans["message"] = (at, len(line))
    _read_message(draft, at, number, message, now)
    return True


def _write_head(fields: dict[str, object], severity: str, number: str, message: Message | None) -> None:
    """Write what the number of a message says."""
    fields["observer.vendor"] = "Cisco"
    fields["observer.type"] = "firewall"
    fields["event.code"] = number
    if "log.syslog.severity.code" not in fields:
        write_severity(fields, int(severity))
    if message is not None:
        fields.update(message.means)


def _read_message(draft: Draft, start: int, number: str, message: Message | None, now: datetime | None) -> None:
    fields = draft.fields
    if message is None or not messages("cisco_asa").read(draft, start, message):
        _read_any(draft, start)
        fields.setdefault("event.category", ["network"])
        fields.setdefault("event.type", ["info"])
    elif not message.wordings and number.startswith("4300"):
        _read_security_event(draft, start, now)
    if "source.user.name" in fields and "user.name" not in fields:
        fields["user.name"] = fields["source.user.name"]
        draft.found += ((draft.found[-1][0], _user_alone(draft.found[-1][1])),)


@cache
def _user_alone(layout: Layout) -> Layout:
    """Return where the user stands whom the source's name is taken for."""
    return tuple((group, "user.name") for group, name in layout if name == "source.user.name")


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
    if message is not None:
        fields.update(message.means)
    if message is None or not table.read(draft, at, message):
        _read_any(draft, at)
        fields.setdefault("event.category", ["network"])
        fields.setdefault("event.type", ["info"])
    return True


def _firewall(name: str, families: str, doc: str) -> Format:
    mark = rf"%(?:{families})-(?:\w{{1,16}}-)?[0-7]-\d{{6}}"
    signs = Signs(mark=mark, often=True)
    return Format(name, signs, read_text=_read_firewall, read_usual=_usual(name, families), doc=doc)


FORMATS: Final = (
    _firewall(
        "cisco.asa",
        "ASA|PIX|FWSM",
        "https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/asa-syslog.html",
    ),
    _firewall(
        "cisco.ftd",
        "FTD",
        "https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide.html",
    ),
    Format(
        "cisco.ios",
        Signs(mark=r"%[A-Z][A-Z0-9_]{0,31}-(?:[A-Z0-9_]{1,31}-)?[0-7]-[A-Z][A-Z0-9_]{1,47} ?:", often=True),
        read_text=_read_ios,
        doc="https://www.cisco.com/c/en/us/td/docs/ios-xml/ios/fundamentals/configuration/xe-16/fundamentals-xe-16-book.html",
    ),
)
