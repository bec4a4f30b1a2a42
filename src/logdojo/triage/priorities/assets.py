"""What the company owns: which machines, networks and accounts matter, whose they are, which rules they fall under.

assets:
  - name: payment database          what people call it
    names: [db-1, db-2]             machines and accounts; a star at the end stands for anything
    addresses: [10.80.4.20]         of a single machine: ties its name and its address together
    networks: [10.80.4.0/24]
    criticality: critical           low, medium, high or critical
    owner: payments team
    tags: [pci, gdpr]               rules of law or trade; see ``vocabulary.yaml`` for what they weigh
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, IPvAnyNetwork, StringConstraints, ValidationError

from logdojo.errors import InputError
from logdojo.triage.priorities.sighting import host_of, user_of
from logdojo.triage.priorities.yamlfile import read_yaml

_LARGEST: Final = 4_000_000
_MOST: Final = 20_000
_K = TypeVar("_K", str, tuple[int, int])
_Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
CRITICALITIES: Final = MappingProxyType({"low": 0.0, "medium": 0.04, "high": 0.10, "critical": 0.18})
"""Criticality → weight of the evidence."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Word
    names: list[_Word] = Field(default_factory=list, max_length=1_000)
    addresses: list[IPvAnyAddress] = Field(default_factory=list, max_length=1_000)
    networks: list[IPvAnyNetwork] = Field(default_factory=list, max_length=1_000)
    criticality: Literal["low", "medium", "high", "critical"] = "medium"
    owner: str = Field("", max_length=128)
    tags: list[_Word] = Field(default_factory=list, max_length=20)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    assets: list[_Entry] = Field(max_length=_MOST)


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that the company owns; see the module for what its parts mean."""

    name: str
    criticality: str
    owner: str = ""
    tags: tuple[str, ...] = ()


class Assets:
    """All that the company owns.

    Args:
        entries: asset, and its names, addresses and networks.
    """

    def __init__(self, entries: Iterable[tuple[Asset, Iterable[str], Iterable[str], Iterable[str]]] = ()) -> None:
        self._exact: dict[str, Asset] = {}
        self._begins: dict[str, Asset] = {}
        self._networks: dict[int, dict[tuple[int, int], Asset]] = {}
        self._address: dict[str, str] = {}
        for asset, names, addresses, networks in entries:
            plain = [name for name in names if not name.endswith("*")]
            for name in plain:
                _keep(self._exact, host_of(name), asset)
            for name in names:
                if name.endswith("*"):
                    _keep(self._begins, name[:-1].lower(), asset)
            hosts = [str(ipaddress.ip_address(address)) for address in addresses]
            for address in hosts:
                _keep(self._exact, address, asset)
            if len(plain) == 1 == len(hosts):
                self._address[host_of(plain[0])] = hosts[0]
            for network in networks:
                found = ipaddress.ip_network(network)
                key = (found.version, int(found.network_address))
                _keep(self._networks.setdefault(found.prefixlen, {}), key, asset)
        self._machines = frozenset(self._address.values())
        self._lengths = sorted(self._networks, reverse=True)
        self._prefixes = sorted({len(begin) for begin in self._begins}, reverse=True)
        self.of = lru_cache(maxsize=65_536)(self._find)

    @classmethod
    def load(cls, path: Path) -> Assets:
        """Read an assets file.

        Raises:
            InputError: it cannot be read, or an entry is wrong; the message names it.
        """
        document = read_yaml(path, largest=_LARGEST)
        try:
            file = _File.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"{path}: {place or 'document'}: {first['msg']}",
                hint="an asset has name, names, addresses, networks, criticality, owner and tags",
            ) from error
        return cls(
            (
                Asset(each.name, each.criticality, each.owner, tuple(tag.lower() for tag in each.tags)),
                each.names,
                map(str, each.addresses),
                map(str, each.networks),
            )
            for each in file.assets
        )

    def address_of(self, host: str) -> str:
        """Return the address of a machine, ``""`` when it is not known."""
        return self._address.get(host, "")

    def is_machine(self, address: str) -> bool:
        """Return whether an address is that of a machine in the list by name."""
        return address in self._machines

    def _find(self, name: str) -> Asset | None:
        """Return the asset that a machine's name, an account or an address belongs to; the closest entry counts."""
        if exact := self._exact.get(name):
            return exact
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            key = user_of(name)
            if exact := self._exact.get(key):
                return exact
            return next((self._begins[key[:n]] for n in self._prefixes if key[:n] in self._begins), None)
        bits, value = address.max_prefixlen, int(address)
        for length in self._lengths:
            if length <= bits:
                start = value >> (bits - length) << (bits - length)
                if found := self._networks[length].get((address.version, start)):
                    return found
        return None


def _keep(where: dict[_K, Asset], key: _K, asset: Asset) -> None:
    """Of two entries for the same thing the more critical one counts."""
    known = where.get(key)
    if known is None or CRITICALITIES[asset.criticality] > CRITICALITIES[known.criticality]:
        where[key] = asset
