"""Sessions at the firewall: scans and probing for administration ports, and the everyday traffic that looks alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.iptables import Sender, packet, sender
from logdojo.simulate.stage import Scenario, Scene, Timed

WELL_KNOWN: Final = (
    *(21, 22, 23, 25, 53, 80, 110, 111, 123, 135, 139, 143, 161, 389, 443, 445, 465, 514, 587, 631, 636, 873, 993, 995),
    *(1080, 1433, 1521, 1723, 1883, 2049, 2181, 2375, 3000, 3128, 3268, 3306, 3389, 5000, 5060, 5432, 5601, 5672, 5900),
    *(5985, 6379, 6443, 7001, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9042, 9090, 9092, 9200, 9300, 10_250, 11_211),
    *(15_672, 27_017, 50_000),
)
"""Ports of services that scanners, monitoring and people all ask for."""
_ADMIN: Final = (22, 135, 445, 3389, 5985)


def _targets(scene: Scene) -> list[tuple[str, int]]:
    """Return the host and port pairs of a sweep: many ports of one host, one port of many hosts, or some of each."""
    wide = scene.variant.size
    shape = scene.variant.style % 3
    hosts = scene.some(names.HOSTS, *((1, 1), (wide, wide + 15), (4, 8))[shape])
    ports = scene.some(WELL_KNOWN, *((wide, wide + 15), (1, 2), (5, 9))[shape])
    return [(host, port) for host in hosts for port in ports]


def _sweep(scene: Scene, source: Sender, pairs: list[tuple[str, int]], *, open_share: float) -> Iterator[Timed]:
    udp = scene.chance(0.15)
    for host, port in pairs:
        scene.wait()
        allowed = scene.chance(open_share)
        yield packet(scene, source, names.address_of(host), port, allowed=allowed, udp=udp, firewall=host)


def _scan_outside(scene: Scene) -> Iterator[Timed]:
    """Someone on the internet looks which ports answer, in random order."""
    pairs = _targets(scene)
    scene.rng.shuffle(pairs)
    yield from _sweep(scene, sender(scene, names.outside(scene.rng)), pairs, open_share=0.08)


def _scan_inside(scene: Scene) -> Iterator[Timed]:
    """A machine inside looks around, in random order."""
    pairs = _targets(scene)
    scene.rng.shuffle(pairs)
    yield from _sweep(scene, sender(scene, names.inside(scene.rng)), pairs, open_share=0.15)


def _licensed_scanner(scene: Scene) -> Iterator[Timed]:
    """The company's own vulnerability scanner works through its list; the firewalls let most of it pass."""
    yield from _sweep(scene, sender(scene), _targets(scene), open_share=0.9)


def _monitoring(scene: Scene) -> Iterator[Timed]:
    """Monitoring asks a handful of ports on each server, round after round."""
    source, ports = sender(scene), scene.some(WELL_KNOWN, 2, 4)
    hosts = scene.some(names.HOSTS, 4, 9)
    for place in range(scene.variant.size * 2):
        scene.tick(scene.variant.pace, 0.1)
        host, port = hosts[place % len(hosts)], ports[place // len(hosts) % len(ports)]
        allowed = scene.chance(0.93)
        yield packet(scene, source, names.address_of(host), port, allowed=allowed, firewall=host)


def _stuck_client(scene: Scene) -> Iterator[Timed]:
    """A client with an old address in its settings asks one closed port again and again."""
    source, host, port = sender(scene), scene.one(names.HOSTS), scene.one(WELL_KNOWN)
    for _ in range(scene.variant.size * 3):
        scene.tick(scene.variant.pace, 0.2)
        yield packet(scene, source, names.address_of(host), port, allowed=scene.chance(0.04), firewall=host)


def _peer_to_peer(scene: Scene) -> Iterator[Timed]:
    """A program that shares files or calls asks many peers on many ports; half of it is stopped."""
    source = sender(scene)
    for _ in range(scene.variant.size + 10):
        scene.wait()
        port = scene.one(WELL_KNOWN) if scene.chance(0.4) else scene.count(1_024, 65_535)
        host = scene.one(names.HOSTS)
        allowed = scene.chance(0.65)
        yield packet(scene, source, names.address_of(host), port, allowed=allowed, udp=scene.chance(0.5), firewall=host)


def _admin_ports(scene: Scene) -> Iterator[Timed]:
    """A machine tries the administration ports of one host after another; several are closed to it."""
    source = sender(scene)
    for host in scene.some(names.HOSTS, 8, 8 + scene.variant.size):
        for port in scene.some(_ADMIN, 1, 3):
            scene.wait()
            allowed = scene.chance(0.35)
            yield packet(scene, source, names.address_of(host), port, allowed=allowed, firewall=host)


def _patch_run(scene: Scene) -> Iterator[Timed]:
    """The patch server reaches each host on the administration ports that are open to it."""
    source, ports = sender(scene), scene.some(_ADMIN, 1, 3)
    for host in scene.some(names.HOSTS, 8, 8 + scene.variant.size):
        for port in ports:
            scene.tick(scene.variant.pace, 0.3)
            allowed = scene.chance(0.94)
            yield packet(scene, source, names.address_of(host), port, allowed=allowed, firewall=host)


def _internet_noise(scene: Scene) -> Iterator[Timed]:
    """Single packets from many places that nobody asked for."""
    host = scene.one(names.HOSTS)
    for _ in range(scene.variant.size):
        scene.wait()
        yield packet(
            scene,
            sender(scene),
            names.address_of(host),
            scene.one(WELL_KNOWN),
            allowed=scene.chance(0.15),
            firewall=host,
        )


def _service_traffic(scene: Scene) -> Iterator[Timed]:
    """Clients of a service, each with a few connections."""
    host, port = scene.one(names.HOSTS), scene.one(WELL_KNOWN)
    clients = [sender(scene) for _ in range(scene.count(3, 10))]
    for _ in range(scene.variant.size):
        scene.wait()
        allowed = scene.chance(0.95)
        yield packet(scene, scene.one(clients), names.address_of(host), port, allowed=allowed, firewall=host)


SCENARIOS: Final = (
    Scenario("scan_outside", "iptables", _scan_outside, "scan", "T1595.001"),
    Scenario("scan_inside", "iptables", _scan_inside, "scan", "T1046"),
    Scenario("admin_ports", "iptables", _admin_ports, "lateral", "T1021.002"),
    Scenario("licensed_scanner", "iptables", _licensed_scanner, twin_of=("scan_outside", "scan_inside")),
    Scenario("monitoring", "iptables", _monitoring, twin_of=("scan_inside",)),
    Scenario("stuck_client", "iptables", _stuck_client, twin_of=("scan_outside", "scan_inside")),
    Scenario("peer_to_peer", "iptables", _peer_to_peer, twin_of=("scan_outside", "scan_inside")),
    Scenario("patch_run", "iptables", _patch_run, twin_of=("admin_ports",)),
    Scenario("internet_noise", "iptables", _internet_noise),
    Scenario("service_traffic", "iptables", _service_traffic),
)
"""Attacks first, then what looks like them, then background."""
