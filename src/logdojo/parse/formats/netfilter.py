"""Packets that Linux's netfilter logs (iptables, nftables, ufw), as the kernel writes them.

    kernel: [ 203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.7 DST=10.0.0.5 … PROTO=TCP SPT=1 DPT=22 … SYN
    kernel: Shorewall:net2fw:DROP:IN=eth0 …          kernel: [WAN_LOCAL-default-D]IN=eth0 …         (UniFi)
    0 3 PVEFW-HOST-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=vmbr0 …                            (Proxmox)

The order of the fields is fixed in the kernel (``net/netfilter/nf_log_syslog.c``), so one anchored expression reads
them. Only the words before ``IN=`` are the administrator's own; they say what the rule did.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton
from types import MappingProxyType
from typing import Final

from logdojo.parse import syslog
from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.device_header import date_of

# Groups: month, day, clock, host. The usual header of such a line; any other is read as syslog's are.
_HEADER: Final = re.compile(
    r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d) ([A-Za-z0-9_][\w.-]{0,254}) kernel: ",
    re.ASCII,
)
_PACKET: Final = re.compile(
    r"IN=(\S{0,32}) ?(?:OUT=(\S{0,32}))?(?: PHYSIN=\S{0,32}(?: PHYSOUT=\S{0,32})?| PHYSOUT=\S{0,32})?"
    r"(?: ?MAC=(?:([0-9a-fA-F:]{17}):([0-9a-fA-F:]{17}))?\S{0,64})?"
    r" {1,2}SRC=([0-9a-fA-F:.]{2,45}) DST=([0-9a-fA-F:.]{2,45})(?: LEN=(\d{1,6}))?"
    r"(?: TOS=\S{1,6}(?: PREC=\S{1,6})?| TC=\d{1,4})?(?: (?:TTL|HOPLIMIT)=(\d{1,3}))?(?: FLOWLBL=\d{1,8})?"
    r"(?: ID=(\d{1,10}))?(?: [CDM][EF]){0,3}(?: FRAG:\d{1,5})?(?: OPT \(\S{0,128}\))?"
    r" PROTO=(\w{1,16})(?: INCOMPLETE \[\d{1,6} bytes\])?(?: SPT=(\d{1,5}) DPT=(\d{1,5}))?"
    r"(?: TYPE=(\d{1,3}) CODE=(\d{1,3}))?(?: SEQ=\d{1,10} ACK=\d{1,10})?"
    r"(?: WINDOW=(\d{1,6}))?(?: RES=\S{1,6})?"
    r"((?: (?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN)){0,8})(?![^ ])",
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


def read_packet(draft: Draft, start: int) -> bool:
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
    fields, spans, span = draft.fields, draft.spans, packet.regs
    (into, out, receiver, sender, source, destination, length, ttl, number, transport, from_port, to_port,
     kind, code, window, flags) = packet.groups()  # fmt: skip
    six = ":" in source
    try:
        inet_pton(AF_INET6 if six else AF_INET, source)
        inet_pton(AF_INET6 if six else AF_INET, destination)
    except OSError:
        draft.address("source", span[5])
        draft.address("destination", span[6])
    else:
        fields["source.ip"], fields["destination.ip"] = source, destination
        spans["source.ip"], spans["destination.ip"] = span[5], span[6]
    if from_port is not None:
        fields["source.port"], fields["destination.port"] = int(from_port), int(to_port)
        if from_port[0] != "0" and to_port[0] != "0":
            spans["source.port"], spans["destination.port"] = span[11], span[12]
    fields["network.transport"] = _TRANSPORT.get(transport) or transport.lower()
    fields["network.type"] = "ipv6" if six else "ipv4"
    if sender is not None:
        fields["source.mac"], fields["destination.mac"] = sender, receiver
        spans["source.mac"], spans["destination.mac"] = span[4], span[3]
    if into:
        fields["observer.ingress.interface.name"] = into
        spans["observer.ingress.interface.name"] = span[1]
        if not out:
            fields["network.direction"] = "ingress"
    if out:
        fields["observer.egress.interface.name"] = out
        spans["observer.egress.interface.name"] = span[2]
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
    _mean(fields, line[start:at])
    return True


def _mean(fields: dict[str, object], prefix: str) -> None:
    name, action, (category, kind, outcome) = _said(prefix)
    if name:
        fields["rule.name"] = name
    fields["event.category"] = [*category]
    fields["event.type"] = [*kind]
    if action:
        fields["event.action"] = action
    fields["event.outcome"] = outcome


@lru_cache(maxsize=256)
def _said(prefix: str) -> tuple[str, str, tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Return a rule's name, its verb, and what that means."""
    letter = _LETTER.search(prefix.rstrip(" "))
    name = (prefix.partition(" DESCR=")[0] if letter else prefix).strip(" []:")
    action = _LETTERS[letter[1]] if letter else _verb(name)
    return name, action, _MEANING.get(action, _SEEN)


def _verb(prefix: str) -> str:
    """Return the last word of a rule's prefix that means something, as in ``UFW LIMIT BLOCK``; "" if none does."""
    return next((word for word in reversed(_WORD.findall(prefix.lower())) if word in _MEANING), "")


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line, fields = draft.line, draft.fields
    usual = _HEADER.match(line, start)
    if usual is not None:
        month, day, clock, host = usual.groups()
        fields["@timestamp"] = date_of(month, day, None, now) + clock + "Z"
        fields["logdojo.time.zone_unknown"] = fields["logdojo.time.year_inferred"] = True
        fields["host.name"], draft.spans["host.name"] = host, usual.span(4)
        fields["process.name"] = "kernel"
        at = usual.end()
    elif _SOURCE.search(line):
        at = _read_header(draft, now)
    else:
        return False
    if at:
        fields["message"], draft.spans["message"] = line[at:], (at, len(line))
    if read_packet(draft, at):
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
        "iptables",
        Signs(mark=_MARK, often=True),
        read_text=_read,
        doc="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/netfilter/nf_log_syslog.c",
    ),
)
