"""Pseudonyms of IP and MAC addresses in the forms that logs write them in.

IP addresses go through a map that keeps common prefixes exactly (``prefixes``). Special ranges (private, loopback,
link-local, multicast, documentation, ...) map onto themselves. What belongs to nobody (``0.0.0.0``, ``::``,
``::1``, ``255.0.0.0/8``: broadcast and netmasks) stays as it is.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.anonymize.pseudonyms.prefixes import TREE_BYTES, PrefixPermutation, blake2_flips

SPECIAL_V4: Final = (
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.0.0.0/8",
)
"""IPv4 ranges that map onto themselves (IANA special-purpose registry)."""

FIXED_V4: Final = ("255.0.0.0/8",)
"""IPv4 addresses that belong to nobody and stay as they are: broadcast and netmasks."""

SPECIAL_V6: Final = ("::1/128", "::ffff:0:0/96", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32")
"""IPv6 ranges that map onto themselves. The two /96 ranges hold IPv4 addresses and follow the IPv4 pseudonyms."""

_MAPPED: Final = ipaddress.IPv6Address("::ffff:0:0").packed[:12]
EMBEDDED: Final = frozenset({_MAPPED, ipaddress.IPv6Address("64:ff9b::").packed[:12]})
"""First 96 bits of IPv6 addresses that hold an IPv4 address: mapped ones, and those of NAT64 (RFC 6052)."""
_MAC: Final = re.compile(r"[0-9A-Fa-f]{12}")


class IpAddresses:
    """Pseudonyms of IPv4 and IPv6 addresses and networks, as text.

    Args:
        v4: the map of packed IPv4 addresses.
        v6: the map of packed IPv6 addresses.
        embedded: networks of 96 bits whose IPv4 addresses follow ``v4``; ``v6`` has to map each of them onto itself.
    """

    def __init__(
        self, v4: PrefixPermutation, v6: PrefixPermutation, *, embedded: frozenset[bytes] = frozenset()
    ) -> None:
        self._v4 = v4
        self._v6 = v6
        self._embedded = embedded

    def ip(self, text: str) -> str:
        """Return the pseudonym of an IPv4 or IPv6 address, in the usual short form.

        Raises:
            ValueError: ``text`` is not an address.
        """
        if ":" not in text:
            # Some devices pad the parts with zeros (010.001.000.007), which ipaddress refuses.
            packed = bytes(int(part) for part in text.split("."))
            if len(packed) != 4:
                raise ValueError("not an IPv4 address")
            return ".".join(map(str, self._v4.of(packed)))
        address, percent, zone = text.partition("%")
        packed = self._ip6(ipaddress.IPv6Address(address).packed)
        if "." in address and packed[:12] in self._embedded:
            return ("::ffff:" if packed[:12] == _MAPPED else "64:ff9b::") + ".".join(map(str, packed[12:]))
        return str(ipaddress.IPv6Address(packed)) + percent + zone

    def network(self, text: str) -> str:
        """Return the pseudonym of a network in CIDR form; bits beyond its prefix stay zero.

        Raises:
            ValueError: ``text`` is not a network.
        """
        network = ipaddress.ip_network(text)
        address = ipaddress.ip_address(self.ip(str(network.network_address)))
        return str(ipaddress.ip_network((address, network.prefixlen), strict=False))

    def _ip6(self, packed: bytes) -> bytes:
        if packed[:12] in self._embedded:
            return packed[:12] + self._v4.of(packed[12:])
        return self._v6.of(packed)


class Addresses(IpAddresses):
    """Pseudonyms of IP and MAC addresses under one key, by keyed BLAKE2b; special ranges are kept."""

    def __init__(self, keyed: Keyed) -> None:
        v4 = blake2_flips(keyed.digest("ip4", size=TREE_BYTES), size=4)
        v6 = blake2_flips(keyed.digest("ip6", size=TREE_BYTES), size=16)
        super().__init__(
            PrefixPermutation(v4, size=4, special=SPECIAL_V4, fixed=FIXED_V4),
            PrefixPermutation(v6, size=16, special=SPECIAL_V6),
            embedded=EMBEDDED,
        )
        self._mac = keyed.permutation("mac", left=1 << 24, right=1 << 24)

    def mac(self, text: str) -> str:
        """Return the pseudonym of a MAC address in the form it came in; broadcast and zero stay.

        Raises:
            ValueError: ``text`` does not hold twelve hexadecimal digits.
        """
        digits = re.sub(r"[:.-]", "", text)
        if not _MAC.fullmatch(digits):
            raise ValueError("not a MAC address")
        number = int(digits, 16)
        if number in {0, (1 << 48) - 1}:
            return text
        # Bits 40 and 41 tell group from single and local from global addresses: walk until they are as before.
        kind = number >> 40 & 3
        out = self._mac(number)
        while out >> 40 & 3 != kind:
            out = self._mac(out)
        fresh = iter(f"{out:012X}" if digits.isupper() else f"{out:012x}")
        return "".join(c if c in ":-." else next(fresh) for c in text)
