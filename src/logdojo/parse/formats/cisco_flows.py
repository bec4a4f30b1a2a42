"""Connections that Cisco firewalls build and tear down: four messages that make up most of what such a device writes.

    Built outbound TCP connection 1 for outside:192.0.2.7/443 (192.0.2.7/443) to inside:10.0.0.5/4711 (10.0.0.5/4711)
    Teardown UDP connection 2 for outside:192.0.2.7/53 to inside:10.0.0.5/4711 duration 0:00:00 bytes 155

``tables/cisco_asa.yaml`` knows all wordings of these messages. The one that nearly all lines have is read here, written
out instead of declared, in half the time; whatever is worded otherwise is left to the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from socket import AF_INET, inet_pton
from types import MappingProxyType
from typing import Final, NamedTuple

from logdojo.parse.places import Layout, Placed
from logdojo.parse.values import EMPTY


class Quick(NamedTuple):
    """How the usual wording of a message is read.

    Args:
        read: writes the message at a place of a line to fields, and returns where they stand; None, and nothing
            changes, if it is worded otherwise.
        names: the fields that it always writes.
    """

    read: Callable[[str, int, dict[str, object]], Placed | None]
    names: tuple[str, ...]


_END: Final = r"([^ \t-\r:]{1,256}+):([0-9.]{7,15}+)/([0-9]{1,5}+)"
_NAT: Final = r" \(([0-9.]{7,15}+)/([0-9]{1,5}+)\)"
_BUILT: Final = re.compile(
    rf"Built (inbound|outbound) (TCP|UDP) connection ([0-9]{{1,256}}+) for {_END}{_NAT} to {_END}{_NAT}\Z", re.ASCII
)
_TORN: Final = re.compile(
    rf"Teardown (TCP|UDP) connection ([0-9]{{1,256}}+) for {_END} to {_END} duration ([0-9:]{{1,256}}+)"
    r" bytes ([0-9]{1,18}+)"
    r"(?: (?!from )([A-Za-z-]{1,32}+(?: (?!from )[A-Za-z-]{1,32}+){0,6}+)(?: from [^ ()]{1,64})?)?\Z",
    re.ASCII,
)
_MOST_KNOWN: Final = 16_384
# Texts that are IPv4 addresses. A network's connections go between the same addresses again and again, and to look one
# up takes half of the time in which it is tested.
_KNOWN: Final[set[str]] = set()
_TRANSPORTS: Final = {"TCP": "tcp", "UDP": "udp"}


def _places(source: int, destination: int, step: int, *others: tuple[int, str]) -> Layout:
    """Return what stands in which group, from the numbers of the groups with which each end begins."""
    named = ("interface.name", "ip", "port", "nat.ip", "nat.port")[:step]
    found = [*others]
    for first, side, way in ((source, "source", "ingress"), (destination, "destination", "egress")):
        for place, name in enumerate(named):
            found.append((first + place, f"{side}.{name}" if place else f"observer.{way}.{name}"))
    return tuple(found)


_BUILT_OTHERS: Final = ((1, "network.direction"), (3, "cisco.asa.connection_id"))
_INBOUND: Final = _places(4, 9, 5, *_BUILT_OTHERS)
_OUTBOUND: Final = _places(9, 4, 5, *_BUILT_OTHERS)
_TORN_PLACES: Final = _places(
    3, 6, 3, (2, "cisco.asa.connection_id"), (9, "cisco.asa.duration"), (10, "network.bytes"), (11, "event.reason")
)


def _are_addresses(*texts: str) -> bool:
    """Say whether all are IPv4 addresses, and remember them if so."""
    try:
        for text in texts:
            inet_pton(AF_INET, text)
    except OSError:
        return False
    if len(_KNOWN) > _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN.update(texts)
    return True


def _built(line: str, start: int, fields: dict[str, object]) -> Placed | None:
    found = _BUILT.match(line, start)
    if found is None:
        return None
    (direction, transport, number, way, ip, port, nat_ip, nat_port,
     other_way, other_ip, other_port, other_nat_ip, other_nat_port) = found.groups()  # fmt: skip
    if not (ip in _KNOWN and other_ip in _KNOWN and nat_ip in _KNOWN and other_nat_ip in _KNOWN) and not _are_addresses(
        ip, other_ip, nat_ip, other_nat_ip
    ):
        return None
    if way in EMPTY or other_way in EMPTY:
        return None
    fields["network.direction"] = direction
    fields["network.transport"] = _TRANSPORTS[transport]
    fields["cisco.asa.connection_id"] = number
    # The side where the connection was asked for is the source, and it stands second when that is the inside.
    if direction == "outbound":
        fields["observer.ingress.interface.name"], fields["observer.egress.interface.name"] = other_way, way
        fields["source.ip"], fields["source.port"] = other_ip, int(other_port)
        fields["source.nat.ip"], fields["source.nat.port"] = other_nat_ip, int(other_nat_port)
        fields["destination.ip"], fields["destination.port"] = ip, int(port)
        fields["destination.nat.ip"], fields["destination.nat.port"] = nat_ip, int(nat_port)
        return found, _OUTBOUND
    fields["observer.ingress.interface.name"], fields["observer.egress.interface.name"] = way, other_way
    fields["source.ip"], fields["source.port"] = ip, int(port)
    fields["source.nat.ip"], fields["source.nat.port"] = nat_ip, int(nat_port)
    fields["destination.ip"], fields["destination.port"] = other_ip, int(other_port)
    fields["destination.nat.ip"], fields["destination.nat.port"] = other_nat_ip, int(other_nat_port)
    return found, _INBOUND


def _torn(line: str, start: int, fields: dict[str, object]) -> Placed | None:
    found = _TORN.match(line, start)
    if found is None:
        return None
    transport, number, way, ip, port, other_way, other_ip, other_port, duration, volume, reason = found.groups()
    if not (ip in _KNOWN and other_ip in _KNOWN) and not _are_addresses(ip, other_ip):
        return None
    if way in EMPTY or other_way in EMPTY or reason in EMPTY:
        return None
    fields["network.transport"] = _TRANSPORTS[transport]
    fields["cisco.asa.connection_id"] = number
    fields["cisco.asa.duration"] = duration
    fields["network.bytes"] = int(volume)
    fields["observer.ingress.interface.name"], fields["observer.egress.interface.name"] = way, other_way
    fields["source.ip"], fields["source.port"] = ip, int(port)
    fields["destination.ip"], fields["destination.port"] = other_ip, int(other_port)
    if reason is not None:
        fields["event.reason"] = reason
    return found, _TORN_PLACES


def _quick(read: Callable[[str, int, dict[str, object]], Placed | None], layout: Layout) -> Quick:
    names = dict.fromkeys(("network.transport", *(name for _, name in layout)))
    names.pop("event.reason", None)
    return Quick(read, tuple(names))


QUICK: Final = MappingProxyType(
    dict.fromkeys(("302013", "302015"), _quick(_built, _INBOUND))
    | dict.fromkeys(("302014", "302016"), _quick(_torn, _TORN_PLACES))
)
"""Number of a message → how its usual wording is read."""
