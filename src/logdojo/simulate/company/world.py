"""The company itself: people with their habits, machines in their networks, and the outside they deal with.

Everything is drawn from one seed and never changes afterwards. Attackers draw from the same people, machines, names and
addresses as everybody else, so that none of them tells an attack. Networks and who logs their traffic:

    10.10/16 head office   PAN-OS        10.80/16 data center  Cisco ASA, and ufw on the Linux servers
    10.20/16 branch        FortiGate     10.90/16 cloud        VPC flow logs
    10.30/16 laboratory    pfSense
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from logdojo.simulate import names

FIREWALLS: Final = MappingProxyType(
    {"10.10": "fw-hq", "10.20": "fw-branch", "10.30": "fw-lab", "10.80": "fw-dc", "10.90": "vpc"}
)
"""First two octets of an inside network → the device that logs what crosses its border."""
_OFFICES: Final = ("10.10", "10.20", "10.30")
_DC, _CLOUD = "10.80", "10.90"
PLACES: Final = (
    ("Berlin", "Berlin", "Germany", 52.52, 13.4),
    ("Hamburg", "Hamburg", "Germany", 53.55, 9.99),
    ("Vienna", "Vienna", "Austria", 48.2, 16.37),
    ("Lisbon", "Lisbon", "Portugal", 38.72, -9.14),
    ("Helsinki", "Uusimaa", "Finland", 60.17, 24.94),
    ("Nairobi", "Nairobi County", "Kenya", -1.29, 36.82),
    ("Pune", "Maharashtra", "India", 18.52, 73.86),
    ("Osaka", "Osaka", "Japan", 34.69, 135.5),
    ("Toronto", "Ontario", "Canada", 43.65, -79.38),
    ("Lima", "Lima Province", "Peru", -12.05, -77.04),
)
"""City, state, country, latitude and longitude where outside addresses are said to be."""
BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1",
    "curl/8.11.1",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
)
"""What programs call themselves; which one is used tells nothing about intent."""
_SYLLABLES: Final = (
    "ar",
    "bel",
    "cor",
    "dan",
    "el",
    "fin",
    "gal",
    "hon",
    "il",
    "jun",
    "kel",
    "lum",
    "mar",
    "nor",
    "ox",
)
_TOPS: Final = ("example", "example.com", "example.net", "example.org")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here.

    Args:
        name: account name.
        address: of the workstation.
        workstation: its name.
        home: index of the outside party that the person's home connection is.
        begins, ends: hours of the working day.
        favorites: domains visited day by day.
        browser: user agent.
        role: cloud role.
    """

    name: str
    address: str
    workstation: str
    home: int
    begins: float
    ends: float
    favorites: tuple[str, ...]
    browser: str
    role: str


@dataclass(frozen=True, slots=True)
class Server:
    """A machine that serves: name, fixed address, and whether Linux runs on it (Windows otherwise)."""

    name: str
    address: str
    linux: bool


@dataclass(frozen=True, slots=True)
class Party:
    """An outside address, with the domain that lives there and the place it is said to be in."""

    address: str
    domain: str
    place: tuple[str, str, str, float, float]


class World:
    """The company of one seed.

    Args:
        seed: of every choice.
    """

    __slots__ = ("domains", "linux", "parties", "people", "sites", "windows")

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"company {seed} world")
        self.parties: tuple[Party, ...] = _parties(rng, 480)
        self.domains: dict[str, str] = {party.domain: party.address for party in self.parties}
        self.people: tuple[Person, ...] = tuple(_person(rng, name, self.parties) for name in names.PEOPLE)
        servers = [_server(rng, host) for host in names.HOSTS]
        self.linux: tuple[Server, ...] = tuple(s for s in servers if s.linux)
        self.windows: tuple[Server, ...] = tuple(s for s in servers if not s.linux)
        self.sites: tuple[Server, ...] = tuple(s for s in self.linux if s.name.startswith(("web", "app", "gw")))
        """Servers that answer the web."""


def _parties(rng: random.Random, count: int) -> tuple[Party, ...]:
    addresses: dict[str, None] = {}
    while len(addresses) < count:
        addresses[names.outside(rng)] = None
    domains: dict[str, None] = {}
    while len(domains) < count:
        word = "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4)))
        host = rng.choice(("www", "api", "cdn", "static", "mail", "update", "img"))
        domains[f"{host}.{word}.{rng.choice(_TOPS)}"] = None
    return tuple(Party(a, d, rng.choice(PLACES)) for a, d in zip(addresses, domains, strict=True))


def _person(rng: random.Random, name: str, parties: tuple[Party, ...]) -> Person:
    begins = min(max(rng.gauss(8.2, 0.9), 6.0), 11.0)
    return Person(
        name=name,
        address=f"{rng.choice(_OFFICES)}.{rng.randrange(8)}.{rng.randrange(10, 250)}",
        workstation=f"WS-{rng.randrange(1_000, 9_999)}",
        home=rng.randrange(len(parties)),
        begins=begins,
        ends=begins + rng.uniform(8.0, 10.5),
        favorites=tuple(party.domain for party in rng.sample(parties, 14)),
        browser=rng.choice(BROWSERS),
        role=rng.choice(names.ROLES),
    )


def _server(rng: random.Random, host: str) -> Server:
    linux = not host.startswith(("files", "mail", "app", "db-8", "db-7"))
    network = _CLOUD if rng.random() < 0.35 else _DC
    return Server(host, f"{network}.{rng.randrange(8)}.{rng.randrange(10, 250)}", linux)
