"""On the network: scanning, calling home, carrying off, tunnelling; beside them scanners, timers and back-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate.company.acts import browse, connect, resolve, transfer
from logdojo.simulate.company.hosts import sudo
from logdojo.simulate.company.scenarios.passwords import COMMANDS
from logdojo.simulate.company.scene import Scenario, Scene
from logdojo.simulate.company.world import Server

PORTS: Final = (
    *(
        21,
        22,
        23,
        25,
        53,
        80,
        110,
        135,
        139,
        143,
        389,
        443,
        445,
        587,
        636,
        993,
        1433,
        1521,
        2049,
        3306,
        3389,
        5432,
        5900,
    ),
    *(5985, 6379, 8000, 8080, 8443, 9000, 9090, 9200, 11211, 27017),
)
"""Ports that something may listen on."""
_LARGE: Final = (20_000_000, 90_000_000, 300_000_000)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


def target(s: Scene) -> Server:
    """Draw any server."""
    return s.linux() if s.chance(0.75) else s.windows()


def inside(s: Scene) -> str:
    """Draw the address of a machine of ours that starts connections: a workstation or a server."""
    return s.person().address if s.chance(0.7) else target(s).address


def anyone(s: Scene) -> str:
    """Draw an address from which somebody may come: inside or outside."""
    return inside(s) if s.chance(0.5) else s.party().address


def _probe(s: Scene, source: str, machine: Server, port: int, *, open_share: float) -> None:
    passed = s.chance(open_share)
    connect(s, source, machine.address, port, allowed=passed, server=machine, udp=port == 53, seconds=s.below(3))


def _scan(s: Scene) -> Iterator[None]:
    """One address asks many ports of many machines; most answers are no; then it comes back to what was open."""
    source = anyone(s)
    s.enter("scan", "T1046")
    machines = [target(s) for _ in range(2 + s.below(8))]
    for _ in s.steps(2.0):
        port = s.one(PORTS) if s.chance(0.85) else 1_024 + s.below(40_000)
        _probe(s, source, s.one(machines), port, open_share=0.35)
        s.wait(s.variant.pace / 3)
        yield
    s.enter("look at what is open", "T1046")
    for _ in s.steps(0.4):
        machine = s.one(machines)
        connect(s, source, machine.address, s.one((22, 80, 443)), server=machine)
        s.wait()
        yield


def _vulnerability_scanner(s: Scene) -> Iterator[None]:
    """The licensed scanner asks one machine of its list after another for the same few ports, as every week."""
    source = anyone(s)
    machines = [target(s) for _ in range(2 + s.below(8))]
    ports = s.rng.sample(PORTS, 3 + s.below(3))
    for step in s.steps(2.0):
        machine = machines[step // len(ports) % len(machines)]
        _probe(s, source, machine, ports[step % len(ports)], open_share=0.4)
        s.wait(s.variant.pace / 3)
        yield
    for _ in s.steps(0.4):
        machine = s.one(machines)
        connect(s, source, machine.address, s.one((22, 80, 443)), server=machine)
        s.wait()
        yield


def _beacon(s: Scene) -> Iterator[None]:
    """A program asks the same place outside again and again, at a pace with jitter, and little comes back."""
    who, domain = s.person(), s.party().domain
    s.enter("beacon", "T1071.001")
    period = 20 + s.variant.pace * 12
    for _ in s.steps(1.6):
        browse(s, who.address, domain, user=who.name if s.chance(0.6) else "-", size=200 + s.below(900))
        s.tick(period, 0.2)
        yield
    s.enter("orders", "T1105")
    for _ in s.steps(0.2):
        browse(s, who.address, domain, size=200_000 + s.below(900_000))
        s.wait()
        yield


def _update_check(s: Scene) -> Iterator[None]:
    """A program on several machines asks its maker for updates: the same place, at a steady pace."""
    several = [s.person() for _ in range(2 + s.below(3))]
    domain = s.party().domain
    period = 20 + s.variant.pace * 12
    for step in s.steps(1.6):
        who = several[step % len(several)]
        browse(s, who.address, domain, user=who.name if s.chance(0.6) else "-", size=200 + s.below(900))
        s.tick(period, 0.05)
        yield
    for _ in s.steps(0.2):
        browse(s, s.one(several).address, domain, size=200_000 + s.below(900_000))
        s.wait()
        yield


def _time_beacon(s: Scene) -> Iterator[None]:
    """Machines ask for the time."""
    machines = [inside(s) for _ in range(1 + s.below(3))]
    server = s.party()
    for _ in s.steps(1.8):
        client = s.one(machines)
        if s.chance(0.3):
            resolve(s, client, server.domain)
        connect(s, client, server.address, 123, udp=True, sent=76, received=76, seconds=0)
        s.tick(64, 0.1)
        yield


def _carry_off(s: Scene) -> Iterator[None]:
    """Data is collected from a server and sent out in pieces, to a machine outside or to a storage service."""
    who, place = s.person(), s.party()
    s.enter("collection", "T1039")
    for _ in s.steps(0.4):
        connect(s, who.address, s.windows().address, 445, received=s.one(_LARGE), user=who.name)
        s.wait()
        yield
    service = s.variant.style % 2 == 0
    s.enter("exfiltration", "T1567.002" if service else "T1048")
    for _ in s.steps(0.8):
        if service:
            transfer(s, who.address, place.domain, _LARGE, user=who.name)
        else:
            connect(s, who.address, place.address, s.one((22, 443, 990, 8443)), sent=s.one(_LARGE), user=who.name)
            if s.chance(0.4):
                resolve(s, who.address, place.domain)
        s.wait()
        yield
        if s.chance(0.4):
            browse(s, who.address, s.one(who.favorites), user=who.name)


def _backup(s: Scene) -> Iterator[None]:
    """At night the servers' data goes to a storage service outside, and to the machine that keeps copies."""
    machine, place = s.linux(), s.party()
    client = inside(s)
    for _ in s.steps(0.9):
        if s.chance(0.4):
            connect(s, client, s.windows().address, 445, received=s.one(_LARGE))
        elif s.chance(0.6):
            transfer(s, client, place.domain, _LARGE)
        else:
            sudo(s, machine.name, "backup", s.one(COMMANDS))
            connect(s, client, place.address, s.one((22, 443, 990, 8443)), sent=s.one(_LARGE))
        s.wait()
        yield


def _upload(s: Scene) -> Iterator[None]:
    """Somebody puts out a release, sends a film, or sits in a video call: much goes out, in working hours."""
    who, place = s.person(), s.party()
    for _ in s.steps(1.0):
        if s.chance(0.6):
            transfer(s, who.address, place.domain, _LARGE, user=who.name)
        else:
            connect(s, who.address, place.address, s.one((443, 8443)), sent=s.one(_LARGE), user=who.name)
        s.wait()
        yield
        if s.chance(0.4):
            browse(s, who.address, s.one(who.favorites), user=who.name)


def _label(s: Scene, length: int) -> str:
    return "".join(s.rng.choices(_LETTERS, k=length))


def _tunnel(s: Scene) -> Iterator[None]:
    """Data leaves in the names that are asked for: every name is new, all end the same."""
    client, party = inside(s), s.party()
    base = party.domain.partition(".")[2]
    s.enter("tunnel", "T1071.004")
    for _ in s.steps(2.0):
        name = f"{_label(s, 12 + s.below(40))}.{base}"
        resolve(s, client, name, s.one(("TXT", "A", "A", "AAAA", "CNAME")))
        s.wait(s.variant.pace / 4)
        yield
        if s.chance(0.3):
            connect(s, client, party.address, 53, udp=True)


def _long_names(s: Scene) -> Iterator[None]:
    """Delivery networks and virus scanners ask for long names too, of several owners, and some of them again."""
    client = inside(s)
    bases = [(party.domain.partition(".")[2], party.address) for party in (s.party() for _ in range(2 + s.below(3)))]
    known = [_label(s, 12 + s.below(40)) for _ in range(8)]
    for _ in s.steps(2.0):
        base, address = s.one(bases)
        label = s.one(known) if s.chance(0.3) else _label(s, 12 + s.below(40))
        resolve(s, client, f"{label}.{base}", s.one(("TXT", "A", "A", "AAAA", "CNAME")))
        s.wait(s.variant.pace / 4)
        yield
        if s.chance(0.3):
            connect(s, client, address, s.one((53, 443)), udp=True)


SCENARIOS: Final = (
    Scenario("port_scan", _scan, label="scan", techniques=("T1046",)),
    Scenario("vulnerability_scanner", _vulnerability_scanner, "night", twin_of=("port_scan",)),
    Scenario("c2_beacon", _beacon, label="c2", techniques=("T1071.001", "T1105")),
    Scenario("update_check", _update_check, "always", twin_of=("c2_beacon",)),
    Scenario("time_beacon", _time_beacon, "always", twin_of=("c2_beacon",)),
    Scenario("exfiltration", _carry_off, label="exfiltration", techniques=("T1039", "T1048", "T1567.002")),
    Scenario("backup_job", _backup, "night", twin_of=("exfiltration",)),
    Scenario("large_upload", _upload, "office", twin_of=("exfiltration",)),
    Scenario("dns_tunnel", _tunnel, label="exfiltration", techniques=("T1071.004",)),
    Scenario("long_names", _long_names, "public", twin_of=("dns_tunnel",)),
)
