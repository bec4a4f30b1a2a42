"""Packets that Linux's netfilter logs (iptables, nftables, ufw), as the kernel writes them.

    kernel: [ 203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.7 DST=10.0.0.5 … PROTO=TCP SPT=1 DPT=22 … SYN
    kernel: Shorewall:net2fw:DROP:IN=eth0 …          kernel: [WAN_LOCAL-default-D]IN=eth0 …         (UniFi)
    0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=vmbr0 …                            (Proxmox)

The order of the fields is fixed in the kernel (``net/netfilter/nf_log_syslog.c``), so one anchored expression reads
them. Only the words before ``IN=`` are the administrator's own; they say what the rule did.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton
from types import MappingProxyType
from typing import Any, Final

from logdojo.events import LogEvent
from logdojo.parse import syslog
from logdojo.parse.clock import date_of_bsd
from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.places import Layout, Places

_NAME: Final = "iptables"
# From the addresses on nothing is given back once it was read (``+`` after a repetition), which saves a third of the
# time: each part begins with its own word, so no other reading is possible.
_FIELDS: Final = (
    r"([^ \t-\r]{0,32}) ?(?:OUT=([^ \t-\r]{0,32}))?"
    r"(?: PHYSIN=[^ \t-\r]{0,32}(?: PHYSOUT=[^ \t-\r]{0,32})?| PHYSOUT=[^ \t-\r]{0,32})?"
    r"(?: ?MAC=(?:([0-9a-fA-F:]{17}):([0-9a-fA-F:]{17}))?+[^ \t-\r]{0,64}+)?+"
    r" {1,2}SRC=([0-9a-fA-F:.]{2,45}+) DST=([0-9a-fA-F:.]{2,45}+)(?: LEN=([0-9]{1,6}+))?+"
    r"(?: TOS=[^ \t-\r]{1,6}+(?: PREC=[^ \t-\r]{1,6}+)?+| TC=[0-9]{1,4}+)?+(?: (?:TTL|HOPLIMIT)=([0-9]{1,3}+))?+"
    r"(?: FLOWLBL=[0-9]{1,8}+)?+(?: ID=([0-9]{1,10}+))?+(?: [CDM][EF]){0,3}+(?: FRAG:[0-9]{1,5}+)?+"
    r"(?: OPT \(\S{0,128}\))?+ PROTO=([0-9A-Za-z_]{1,16}+)(?![^ ])(?: INCOMPLETE \[[0-9]{1,6} bytes\](?![^ ]))?+"
    r"(?: SPT=([0-9]{1,5}+) DPT=([0-9]{1,5}+)(?![^ ]))?+(?: TYPE=([0-9]{1,3}+) CODE=([0-9]{1,3}+)(?![^ ]))?+"
    r"(?: SEQ=[0-9]{1,10}+ ACK=[0-9]{1,10}+(?![^ ]))?+(?: WINDOW=([0-9]{1,6}+)(?![^ ]))?+"
    r"(?: RES=[^ \t-\r]{1,6}+(?![^ ]))?+((?: (?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN)(?![^ ])){0,8}+)"
)
_PACKET: Final = re.compile(f"IN={_FIELDS}", re.ASCII)
# A line with the header that it usually has, in one expression. Groups: date, clock, host, message, prefix, the packet.
_USUAL: Final = re.compile(
    r"([A-Z][a-z]{2} {1,2}[0-9]{1,2} )((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]) "
    r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}+) kernel: "
    rf"((?:\[ {{0,12}}+[0-9]{{1,12}}\.[0-9]{{1,9}}\] {{0,2}}+)?+([^=]{{0,128}}+)(?<=IN)={_FIELDS}(?s:.*+))",
    re.ASCII,
)


def _places(first: int) -> Layout:
    """Return which groups of the packet's fields, of which the first has that number, stand where in an event."""
    names = {
        0: "observer.ingress.interface.name",
        1: "observer.egress.interface.name",
        2: "destination.mac",
        3: "source.mac",
        4: "source.ip",
        5: "destination.ip",
        10: "source.port",
        11: "destination.port",
    }
    return tuple((first + group, name) for group, name in names.items())


_PLACES: Final = _places(1)
_USUAL_PLACES: Final = ((3, "host.name"), (4, "message"), *_places(6))
_HEADER: Final = re.compile(
    r"([A-Z][a-z]{2} {1,2}\d{1,2}) ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d) ([A-Za-z0-9_][\w.-]{0,254}) kernel: ",
    re.ASCII,
)
_UPTIME: Final = re.compile(r"\[ {0,12}\d{1,12}\.\d{1,9}\] {0,2}", re.ASCII)
_MARK: Final = r"IN=\S{0,32} {0,2}(?:OUT=|MAC=|PHYSIN=|SRC=)"
_SOURCE: Final = re.compile(r" SRC=\S{2,45} DST=")
# Proxmox: the guest's number, a level, a chain and a time of its own.
_PROXMOX: Final = re.compile(
    r"(?:\S{1,64}: )?\d{1,9} \d (?P<chain>[\w+.-]{1,32}) (?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}) ",
    re.ASCII,
)
_TRANSPORT: Final = MappingProxyType(
    {
        "TCP": "tcp",
        "UDP": "udp",
        "ICMP": "icmp",
        "ICMPv6": "ipv6-icmp",
        "SCTP": "sctp",
        "2": "igmp",
        "47": "gre",
        "50": "esp",
    }
)
# UniFi ends the names of its rules in the letter of their verdict.
_LETTER: Final = re.compile(r"-([ADR])(?:-\d{1,12})?\]?(?: DESCR=.*)?$", re.ASCII)
_LETTERS: Final = MappingProxyType({"A": "accept", "D": "drop", "R": "reject"})
_WORD = re.compile(r"[A-Za-z]{2,12}")
_DENIED = (("network",), ("connection", "denied"), "failure")
_ALLOWED = (("network",), ("connection", "allowed"), "success")
_SEEN = (("network",), ("connection", "info"), "unknown")
_MEANING: Final = MappingProxyType(
    {
        "block": _DENIED,
        "blocked": _DENIED,
        "drop": _DENIED,
        "dropped": _DENIED,
        "deny": _DENIED,
        "denied": _DENIED,
        "reject": _DENIED,
        "rejected": _DENIED,
        "allow": _ALLOWED,
        "allowed": _ALLOWED,
        "accept": _ALLOWED,
        "accepted": _ALLOWED,
        "permit": _ALLOWED,
        "audit": _SEEN,
    }
)


def _read_packet(draft: Draft, start: int) -> bool:
    """Read the packet at ``draft.line[start:]`` into the draft; False, and nothing changes, if it cannot be read."""
    line = draft.line
    if line.startswith("[", start) and (uptime := _UPTIME.match(line, start)):
        start = uptime.end()
    # What stands before is the administrator's own; a description there may have a "=" itself.
    at = line.find("=", start, start + 160) - 2
    if not line.startswith("IN=", at):
        at = line.find("IN=", start, start + 256)
    packet = _PACKET.match(line, at) if at >= start else None
    if packet is None:
        return False
    draft.found += ((packet, _PLACES),)
    draft.fields.update(_said(line[start:at]))
    if not _write(draft.fields, packet.groups()):
        for side, group in (("source", 5), ("destination", 6)):
            del draft.fields[f"{side}.ip"]
            draft.address(side, packet.span(group))
    return True


def _write(fields: dict[str, object], packet: Sequence[Any]) -> bool:
    """Write the fields of a packet; return whether its addresses are addresses."""
    (into, out, receiver, sender, source, destination, length, ttl, number, transport, from_port, to_port,
     kind, code, window, flags) = packet  # fmt: skip
    fields["source.ip"], fields["destination.ip"] = source, destination
    fields["network.transport"] = _TRANSPORT.get(transport) or transport.lower()
    six = ":" in source
    fields["network.type"] = "ipv6" if six else "ipv4"
    if from_port is not None:
        fields["source.port"], fields["destination.port"] = int(from_port), int(to_port)
    if sender is not None:
        fields["source.mac"], fields["destination.mac"] = sender, receiver
    if into:
        fields["observer.ingress.interface.name"] = into
        if not out:
            fields["network.direction"] = "ingress"
    if out:
        fields["observer.egress.interface.name"] = out
        if not into:
            fields["network.direction"] = "egress"
    if length:
        fields["iptables.length"] = int(length)
    if ttl:
        fields["iptables.ttl"] = int(ttl)
    if number:
        fields["iptables.id"] = int(number)
    if window:
        fields["iptables.tcp.window"] = int(window)
    if flags:
        fields["iptables.tcp.flags"] = flags.split()
    if kind:
        fields["iptables.icmp.type"], fields["iptables.icmp.code"] = int(kind), int(code)
    try:
        inet_pton(AF_INET6 if six else AF_INET, source)
        inet_pton(AF_INET6 if six else AF_INET, destination)
    except OSError:
        return False
    return True


@lru_cache(maxsize=256)
def _said(prefix: str) -> Mapping[str, object]:
    """Return what a rule's prefix says: the rule's name, its verb, and what that means."""
    letter = _LETTER.search(prefix.rstrip(" "))
    name = (prefix.partition(" DESCR=")[0] if letter else prefix).strip(" []:")
    action = _LETTERS[letter[1]] if letter else _verb(name)
    category, kind, outcome = _MEANING.get(action, _SEEN)
    said: dict[str, object] = {"event.category": [*category], "event.type": [*kind], "event.outcome": outcome}
    if action:
        said["event.action"] = action
    if name:
        said["rule.name"] = name
    return said


# To copy a dict and write over what differs takes a third of the time in which one is built key by key.
@lru_cache(maxsize=256)
def _usual_fields(prefix: str) -> dict[str, object]:
    """Return what is alike in all usual lines with a prefix, and a place for what is not."""
    return {
        "@timestamp": "",
        "logdojo.time.zone_unknown": True,
        "logdojo.time.year_inferred": True,
        "host.name": "",
        "process.name": "kernel",
        "message": "",
        "source.ip": "",
        "destination.ip": "",
        "network.transport": "",
        "network.type": "",
        "event.kind": "event",
        "event.dataset": _NAME,
        **_said(prefix),
    }


def _verb(prefix: str) -> str:
    """Return the last word of a rule's prefix that means something, as in ``UFW LIMIT BLOCK``; "" if none does."""
    return next((word for word in reversed(_WORD.findall(prefix.lower())) if word in _MEANING), "")


def _read_usual(line: str, now: datetime | None) -> LogEvent | None:
    """Read a whole line with the header that such lines usually have."""
    usual = _USUAL.match(line)
    if usual is None:
        return None
    date, clock, host, message, prefix, *packet = usual.groups()
    fields = _usual_fields(prefix[:-2]).copy()
    fields["@timestamp"] = f"{date_of_bsd(date, now)}{clock}Z"
    fields["host.name"] = host
    fields["message"] = message
    if not _write(fields, packet):
        return None
    return LogEvent(line, fields, Places(line, fields, ((usual, _USUAL_PLACES),)))


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line, fields = draft.line, draft.fields
    header = _HEADER.match(line, start)
    if header is not None:
        date, clock, host = header.groups()
        fields["@timestamp"] = f"{date_of_bsd(date, now)}{clock}Z"
        fields["logdojo.time.zone_unknown"] = fields["logdojo.time.year_inferred"] = True
        fields["host.name"], draft.spans["host.name"] = host, header.span(3)
        fields["process.name"] = "kernel"
        at = header.end()
    elif _SOURCE.search(line):
        at = _read_header(draft, now)
    else:
        return False
    if at:
        fields["message"], draft.spans["message"] = line[at:], (at, len(line))
    if _read_packet(draft, at):
        return True
    fields.clear()
    draft.spans.clear()
    return False


def _read_header(draft: Draft, now: datetime | None) -> int:
    line = draft.line
    at = syslog.read_header(draft, now=now)
    found = _PROXMOX.match(line, at)
    if found is not None:
        write_time(draft.fields, found["time"], now=now)
        draft.text("observer.ingress.chain", found.span("chain"))
        return found.end()
    return at


FORMATS: Final = (
    Format(
        _NAME,
        Signs(mark=_MARK, often=True),
        read_text=_read,
        read_usual=_read_usual,
        doc="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/netfilter/nf_log_syslog.c",
    ),
)
