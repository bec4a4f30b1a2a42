"""Packets as Linux's netfilter logs them under ufw's rules (``net/netfilter/nf_log_syslog.c``)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from logdojo.simulate import names
from logdojo.simulate.sshd import syslog_line
from logdojo.simulate.stage import Scene, Timed

# What an operating system or a tool leaves in a first packet: TTL, length, window.
_STACKS = ((64, 60, 64_240), (64, 60, 29_200), (128, 52, 8_192), (128, 52, 64_240), (255, 44, 1_024), (64, 44, 1_024))


@dataclass(frozen=True, slots=True)
class Sender:
    """One machine that sends packets.

    Args:
        address: its address.
        style: which operating system or tool it looks like.
        hops: routers between it and the firewall.
    """

    address: str
    style: int
    hops: int


def sender(scene: Scene, address: str = "") -> Sender:
    """Draw a sender; its address too if none is given."""
    return Sender(address or scene.address(), scene.rng.randrange(len(_STACKS)), scene.count(0, 18))


def packet(
    scene: Scene,
    machine: Sender,
    target: str,
    port: int,
    *,
    allowed: bool,
    udp: bool = False,
    firewall: str,
) -> Timed:
    """Return the log line of one packet.

    Args:
        scene: gives the time.
        machine: who sends.
        target: address it is sent to.
        port: port it is sent to.
        allowed: whether the firewall lets it pass; a few packets of either kind are only audited.
        udp: UDP instead of a TCP SYN.
        firewall: the host that logs.
    """
    rng = scene.rng
    rule = "AUDIT" if rng.random() < 0.08 else "ALLOW" if allowed else "BLOCK"
    ttl, length, window = _STACKS[machine.style]
    link = f"IN={_interface(firewall)} OUT= MAC={names.mac_of(firewall)}:{names.mac_of(f'router {firewall}')}:08:00"
    head = f"[{scene.clock - _booted(firewall):.6f}] [UFW {rule}] {link} SRC={machine.address} DST={target}"
    if udp:
        size = rng.randrange(29, 600)
        body = f"LEN={size} TOS=0x00 PREC=0x00 TTL={ttl - machine.hops} ID={rng.randrange(65_536)} PROTO=UDP"
        tail = f"SPT={rng.randrange(1_024, 65_536)} DPT={port} LEN={size - 20} "
    else:
        body = f"LEN={length} TOS=0x00 PREC=0x00 TTL={ttl - machine.hops} ID={rng.randrange(65_536)} DF PROTO=TCP"
        tail = f"SPT={rng.randrange(1_024, 65_536)} DPT={port} WINDOW={window} RES=0x00 SYN URGP=0 "
    return scene.clock, syslog_line(scene.clock, firewall, "kernel", f"{head} {body} {tail}")


@cache
def _interface(host: str) -> str:
    return random.Random(f"interface {host}").choice(("eth0", "ens3", "ens192", "enp1s0", "bond0"))


@cache
def _booted(host: str) -> float:
    # Before any simulated day, so that the seconds since boot are positive.
    return 1_700_000_000 + random.Random(f"boot {host}").random() * 10_000_000
