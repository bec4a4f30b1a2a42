"""What crosses a border, as six devices write it: ufw, pfSense, Cisco ASA, PAN-OS, FortiGate, AWS VPC flow logs.

Each function hands one connection to the session in its vendor's format. Sources: the kernel's ``nf_log_syslog.c``,
Netgate's "Raw Filter Log Format", Cisco's "Syslog Messages" 106023, 302013 to 302016, Palo Alto's "Traffic Log Fields"
(10.1), Fortinet's log reference (0000000013), AWS's "Flow log record fields" (version 2).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.company.clocks import bsd, bsd_with_year, iso, slashed, syslog_head
from logdojo.simulate.company.scene import Scene

_NUMBERS: Final = MappingProxyType({"tcp": 6, "udp": 17, "icmp": 1})
_APPS: Final = MappingProxyType(
    {22: "ssh", 25: "smtp", 53: "dns", 80: "web-browsing", 123: "ntp", 443: "ssl", 445: "ms-ds-smb", 3389: "ms-rdp"}
)
_SERVICES: Final = MappingProxyType(
    {22: "SSH", 25: "SMTP", 53: "DNS", 80: "HTTP", 123: "NTP", 443: "HTTPS", 445: "SMB", 3389: "RDP"}
)
# What an operating system or a tool leaves in a first packet: TTL, length, window.
_STACKS: Final = ((64, 60, 64_240), (64, 60, 29_200), (128, 52, 8_192), (128, 52, 64_240), (255, 44, 1_024))


@dataclass(frozen=True, slots=True)
class Flow:
    """One connection, or the try of one.

    Args:
        src, sport: who opened it.
        dst, dport: to whom.
        proto: ``tcp`` or ``udp``.
        allowed: whether it passed.
        sent, received: bytes from and to who opened it.
        seconds: how long it lasted.
        user: who is known to sit at ``src``, or ``""``.
    """

    src: str
    sport: int
    dst: str
    dport: int
    proto: str
    allowed: bool
    sent: int
    received: int
    seconds: int
    user: str

    def slots(self) -> dict[str, str | int]:
        """Return addresses and ports."""
        return {
            "source.ip": self.src,
            "source.port": self.sport,
            "destination.ip": self.dst,
            "destination.port": self.dport,
        }


def ufw(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write the packet that opens a connection, as the kernel of the server ``host`` logs it."""
    ttl, length, window = _STACKS[s.below(len(_STACKS))]
    ttl -= s.below(18)
    rule = "AUDIT" if s.random() < 0.1 else "ALLOW" if flow.allowed else "BLOCK"
    link = f"IN={_interface(host)} OUT= MAC={names.mac_of(host)}:{names.mac_of(f'router {host}')}:08:00"
    head = f"{syslog_head(when, host, 'kernel')}[{when - _booted(host):.6f}] [UFW {rule}] {link} "
    packet = s.below(65_536)
    if flow.proto == "tcp":
        body = (
            f"LEN={length} TOS=0x00 PREC=0x00 TTL={ttl} ID={packet} DF PROTO=TCP SPT={flow.sport} DPT={flow.dport} "
            f"WINDOW={window} RES=0x00 SYN URGP=0 "
        )
        transport = "TCP"
    else:
        size = 29 + s.below(500)
        body = (
            f"LEN={size} TOS=0x00 PREC=0x00 TTL={ttl} ID={packet} PROTO=UDP SPT={flow.sport} DPT={flow.dport} "
            f"LEN={size - 20} "
        )
        transport = "UDP"
    slots = flow.slots()
    slots["host.name"] = host
    slots["network.transport"] = transport
    s.put(when, "iptables", f"{head}SRC={flow.src} DST={flow.dst} {body}", slots)


def pfsense(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write a pfSense filterlog line: CSV whose columns depend on IP version and protocol."""
    action = "pass" if flow.allowed else "block"
    ttl, length, window = _STACKS[s.below(len(_STACKS))]
    way = "out" if flow.src.startswith("10.") else "in"
    rule = 4 + s.below(90)
    head = (
        f"{bsd(int(when))} {host} filterlog[{_pid(host)}]: {rule},,,{1_000_000_100 + rule},igb{s.below(3)},match,"
        f"{action},{way},4,0x0,,{ttl - s.below(18)},{s.below(65_536)},0,"
    )
    if flow.proto == "tcp":
        tail = f"{flow.sport},{flow.dport},0,S,{s.below(4_294_967_295)},,{window},,mss;nop;wscale"
        line = f"{head}DF,6,tcp,{length},{flow.src},{flow.dst},{tail}"
    else:
        size = 29 + s.below(500)
        line = f"{head}none,17,udp,{size},{flow.src},{flow.dst},{flow.sport},{flow.dport},{size - 20}"
    slots = flow.slots()
    slots["host.name"] = host
    slots["network.transport"] = flow.proto
    slots["event.action"] = action
    s.put(when, "pfsense", line, slots)


def asa(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write what an ASA says: a denial, or that a connection was built and later torn down."""
    upper, proto = flow.proto.upper(), flow.proto
    outbound = flow.src.startswith("10.")
    near, far = ("inside", "outside") if outbound else ("outside", "inside")
    slots = flow.slots()
    slots["host.name"] = host
    if not flow.allowed:
        slots["network.transport"] = proto
        slots["event.code"] = "106023"
        line = (
            f"{bsd_with_year(int(when))} {host} : %ASA-4-106023: Deny {proto} src {near}:{flow.src}/{flow.sport} "
            f'dst {far}:{flow.dst}/{flow.dport} by access-group "{near}_access_in" [0x0, 0x0]'
        )
        s.put(when, "asa", line, slots)
        return
    number = 10_000_000 + s.below(80_000_000)
    # An ASA names the end outside first, whoever opened the connection.
    ends = (
        ((flow.dst, flow.dport), (flow.src, flow.sport))
        if outbound
        else (
            (flow.src, flow.sport),
            (flow.dst, flow.dport),
        )
    )
    (out_ip, out_port), (in_ip, in_port) = ends
    if s.random() < 0.7:
        code = "302013" if proto == "tcp" else "302015"
        slots["network.transport"] = upper
        slots["event.code"] = code
        line = (
            f"{bsd_with_year(int(when))} {host} : %ASA-6-{code}: Built {'outbound' if outbound else 'inbound'} {upper} "
            f"connection {number} for outside:{out_ip}/{out_port} ({out_ip}/{out_port}) "
            f"to inside:{in_ip}/{in_port} ({in_ip}/{in_port})"
        )
        s.put(when, "asa", line, slots)
        if s.random() < 0.5:
            return
    code = "302014" if proto == "tcp" else "302016"
    total = flow.sent + flow.received
    hours, rest = divmod(flow.seconds, 3_600)
    closed: dict[str, str | int] = {
        "host.name": host,
        "network.transport": upper,
        "event.code": code,
        "network.bytes": total,
    }
    if not outbound:
        closed |= flow.slots()
    line = (
        f"{bsd_with_year(int(when + flow.seconds))} {host} : %ASA-6-{code}: Teardown {upper} connection {number} "
        f"for outside:{out_ip}/{out_port} to inside:{in_ip}/{in_port} "
        f"duration {hours}:{rest // 60:02d}:{rest % 60:02d} bytes {total}{' TCP FINs' if proto == 'tcp' else ''}"
    )
    s.put(when + flow.seconds, "asa", line, closed)


def panos(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write a PAN-OS traffic log: CSV, at the end of a session."""
    end = when + flow.seconds
    written, began = slashed(int(end)), slashed(int(when))
    user = f"corp\\{flow.user}" if flow.user else ""
    action = "allow" if flow.allowed else "deny"
    kind, why = (
        ("end", s.one(("tcp-fin", "aged-out", "tcp-rst-from-client")))
        if flow.allowed
        else (
            "drop",
            "policy-deny",
        )
    )
    near, far = ("trust", "untrust") if flow.src.startswith("10.") else ("untrust", "trust")
    sent, received = (flow.sent, flow.received) if flow.allowed else (60 + s.below(20), 0)
    packets_out, packets_in = 1 + sent // 700, (1 + received // 1_000) if received else 0
    app = (_APPS.get(flow.dport) or "unknown-tcp") if flow.allowed else "not-applicable"
    line = (
        f"{bsd(int(end))} {host} 1,{written},0132010{_pid(host):05d},TRAFFIC,{kind},2561,{written},"
        f"{flow.src},{flow.dst},0.0.0.0,0.0.0.0,{near}-to-{far},{user},,{app},vsys1,{near},{far},"
        f"ethernet1/{1 + s.below(2)},ethernet1/3,siem,{written},"
        f"{s.below(4_000_000)},1,{flow.sport},{flow.dport},0,0,0x{'1c' if flow.allowed else '0'},"
        f"{flow.proto},{action},{sent + received},{sent},{received},{packets_out + packets_in},{began},{flow.seconds},"
        f"any,,{s.below(2_000_000_000)},0x0,10.0.0.0-10.255.255.255,United States,,{packets_out},{packets_in},{why},"
        f"0,0,0,0,,{host},from-policy"
    )
    slots = flow.slots()
    slots["host.name"] = host
    slots["network.transport"] = flow.proto
    slots["source.bytes"] = sent
    slots["destination.bytes"] = received
    slots["network.bytes"] = sent + received
    slots["rule.name"] = f"{near}-to-{far}"
    if user:
        slots["user.name"] = user
    s.put(end, "panos", line, slots)


def fortigate(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write a FortiGate traffic log: ``key=value`` pairs, texts quoted."""
    end = when + flow.seconds
    second = int(end)
    day, _, clock = iso(second).partition("T")
    action = s.one(("close", "accept", "close", "timeout")) if flow.allowed else "deny"
    sent, received = (flow.sent, flow.received) if flow.allowed else (0, 0)
    outbound = flow.src.startswith("10.")
    near, far = ("internal", "wan1") if outbound else ("wan1", "internal")
    user = f'user="{flow.user}" ' if flow.user else ""
    level = "notice" if flow.allowed else "warning"
    line = (
        f'date={day} time={clock} devname="{host}" devid="FGT60F{_pid(host):010d}" eventtime={int(end * 1_000)}000000 '
        f'tz="+0000" logid="0000000013" type="traffic" subtype="forward" level="{level}" vd="root" '
        f'srcip={flow.src} srcport={flow.sport} srcintf="{near}" srcintfrole="{"lan" if outbound else "wan"}" '
        f'dstip={flow.dst} dstport={flow.dport} dstintf="{far}" dstintfrole="{"wan" if outbound else "lan"}" '
        f'{user}srccountry="Reserved" dstcountry="Germany" sessionid={s.below(90_000_000)} '
        f'proto={_NUMBERS[flow.proto]} action="{action}" policyid={1 + s.below(40)} policytype="policy" '
        f'service="{_SERVICES.get(flow.dport) or f"{flow.proto}/{flow.dport}"}" trandisp="noop" '
        f"duration={flow.seconds} sentbyte={sent} rcvdbyte={received} sentpkt={1 + sent // 700} "
        f'rcvdpkt={received // 1_000} appcat="unscanned"'
    )
    slots = flow.slots()
    slots["host.name"] = host
    slots["source.bytes"] = sent
    slots["destination.bytes"] = received
    slots["event.action"] = action
    slots["event.code"] = "0000000013"
    if flow.user:
        slots["user.name"] = flow.user
    s.put(end, "fortigate", line, slots)


def vpcflow(s: Scene, when: float, flow: Flow, host: str) -> None:
    """Write the records of both directions of a connection in a VPC flow log, after its window."""
    del host
    end = when + min(flow.seconds, 60)
    account = names.CLOUD_ACCOUNTS[0]
    inside = flow.src if flow.src.startswith("10.90.") else flow.dst
    action = "ACCEPT" if flow.allowed else "REJECT"
    window = f"{int(when)} {int(end) + 1} {action} OK"
    eni = _interface_id(inside)
    sent = flow.sent if flow.allowed else 40 + s.below(5) * 4
    slots = flow.slots()
    slots["network.bytes"] = sent
    slots["event.action"] = action
    slots["cloud.account.id"] = account
    ends = f"{flow.src} {flow.dst} {flow.sport} {flow.dport} {_NUMBERS[flow.proto]}"
    s.put(end, "vpcflow", f"2 {account} {eni} {ends} {1 + sent // 700} {sent} {window}", slots)
    if not flow.allowed or s.random() < 0.5:
        return
    ends = f"{flow.dst} {flow.src} {flow.dport} {flow.sport} {_NUMBERS[flow.proto]}"
    back: dict[str, str | int] = {
        "source.ip": flow.dst,
        "source.port": flow.dport,
        "destination.ip": flow.src,
        "destination.port": flow.sport,
        "network.bytes": flow.received,
        "event.action": action,
        "cloud.account.id": account,
    }
    line = f"2 {account} {eni} {ends} {1 + flow.received // 900} {flow.received} {window}"
    s.put(end, "vpcflow", line, back)


Writer = Callable[[Scene, float, Flow, str], None]
WRITERS: Final[MappingProxyType[str, Writer]] = MappingProxyType(
    {"fw-hq": panos, "fw-branch": fortigate, "fw-lab": pfsense, "fw-dc": asa, "vpc": vpcflow}
)
"""Device → how it writes."""


@cache
def _interface(host: str) -> str:
    return random.Random(f"interface {host}").choice(("eth0", "ens3", "ens192", "enp1s0", "bond0"))


@cache
def _booted(host: str) -> float:
    # Before any simulated day, so that the seconds since boot are positive.
    return 1_700_000_000 + random.Random(f"boot {host}").random() * 10_000_000


@cache
def _pid(host: str) -> int:
    return random.Random(f"pid {host}").randrange(900, 90_000)


@cache
def _interface_id(address: str) -> str:
    return f"eni-0{random.Random(f'eni {address}').getrandbits(64):016x}"
