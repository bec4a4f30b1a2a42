"""Packets that Linux's netfilter logs (iptables, nftables, ufw), as the kernel writes them.

    kernel: [ 203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.7 DST=10.0.0.5 … PROTO=TCP SPT=1 DPT=22 … SYN

The order of the fields is fixed in the kernel (``net/netfilter/nf_log_syslog.c``), so one anchored expression reads
them. Only the words before ``IN=`` are the administrator's own; they say what the rule did.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format

_PACKET = re.compile(
    r"(?:\[ {0,12}\d{1,12}\.\d{1,9}\] ?)?(?P<prefix>[^=]{0,64}?)IN=(?P<in>\S{0,32})(?: OUT=(?P<out>\S{0,32}))?"
    r"(?: PHYSIN=\S{0,32})?(?: PHYSOUT=\S{0,32})?"
    r"(?: MAC=(?:(?P<dmac>[0-9a-fA-F:]{17}):(?P<smac>[0-9a-fA-F:]{17}))?\S{0,64})?"
    r" {1,2}SRC=(?P<src>[0-9a-fA-F:.]{2,45}) DST=(?P<dst>[0-9a-fA-F:.]{2,45})(?: LEN=(?P<len>\d{1,6}))?"
    r"(?: TOS=\S{1,6})?(?: PREC=\S{1,6})?(?: TC=\d{1,4})?(?: (?:TTL|HOPLIMIT)=(?P<ttl>\d{1,3}))?(?: FLOWLBL=\d{1,8})?"
    r"(?: ID=(?P<id>\d{1,10}))?(?: CE)?(?: DF)?(?: MF)?(?: FRAG:\d{1,5})?(?: OPT \(\S{0,128}\))?"
    r" PROTO=(?P<proto>\w{1,16})(?: INCOMPLETE \[\d{1,6} bytes\])?(?: SPT=(?P<spt>\d{1,5}) DPT=(?P<dpt>\d{1,5}))?"
    r"(?: TYPE=(?P<type>\d{1,3}) CODE=(?P<code>\d{1,3}))?(?: SEQ=\d{1,10} ACK=\d{1,10})?"
    r"(?: WINDOW=(?P<window>\d{1,6}))?(?: RES=\S{1,6})?"
    r"(?P<flags>(?: (?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN)){0,8})(?![^ ])",
    re.ASCII,
)
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
_DIRECTION: Final = MappingProxyType({(True, False): "ingress", (False, True): "egress"})


def is_packet(line: str, start: int) -> bool:
    """Say whether a kernel message is a logged packet, by two fields that no other message has."""
    return line.find(" SRC=", start) >= 0 and line.find(" PROTO=", start) >= 0


def read_packet(draft: Draft, start: int) -> bool:
    """Read the packet at ``draft.line[start:]`` into the draft; False, and nothing changes, if it cannot be read."""
    packet = _PACKET.match(draft.line, start)
    if packet is None:
        return False
    span, fields = packet.span, draft.fields
    draft.address("source", span("src"))
    draft.address("destination", span("dst"))
    draft.number("source.port", span("spt"))
    draft.number("destination.port", span("dpt"))
    draft.text("source.mac", span("smac"))
    draft.text("destination.mac", span("dmac"))
    draft.text("observer.ingress.interface.name", span("in"))
    draft.text("observer.egress.interface.name", span("out"))
    fields["network.transport"] = packet["proto"].lower()
    fields["network.type"] = "ipv6" if ":" in packet["src"] else "ipv4"
    if direction := _DIRECTION.get((bool(packet["in"]), bool(packet["out"]))):
        fields["network.direction"] = direction
    draft.number("iptables.length", span("len"))
    draft.number("iptables.ttl", span("ttl"))
    draft.number("iptables.id", span("id"))
    draft.number("iptables.icmp.type", span("type"))
    draft.number("iptables.icmp.code", span("code"))
    draft.number("iptables.tcp.window", span("window"))
    if flags := packet["flags"]:
        fields["iptables.tcp.flags"] = flags.split()
    if name := packet["prefix"].strip(" []:"):
        fields["rule.name"] = name
    action = _verb(name)
    category, kind, outcome = _MEANING.get(action, _SEEN)
    draft.says(category, kind, action, outcome)
    return True


@lru_cache(maxsize=256)
def _verb(prefix: str) -> str:
    """Return the last word of a rule's prefix that means something, as in ``UFW LIMIT BLOCK``; "" if none does."""
    return next((word for word in reversed(_WORD.findall(prefix.lower())) if word in _MEANING), "")


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    return is_packet(draft.line, start) and read_packet(draft, start)


FORMATS: Final = (
    Format(
        "iptables",
        Signs(programs=("kernel", "ulogd"), holds=(" SRC=", " PROTO=")),
        read_text=_read,
        doc="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/netfilter/nf_log_syslog.c",
    ),
)
