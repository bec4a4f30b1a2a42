"""Pseudonyms of IP and MAC addresses.

IP addresses follow the Crypto-PAn construction (Xu, Fan, Ammar, Moon, "Prefix-preserving IP address anonymization",
ICNP 2002): bit *i* of the result is bit *i* of the address, flipped when a keyed function of the *i* bits before it
says so. Two addresses that share exactly *n* leading bits therefore get pseudonyms that share exactly *n* leading
bits, and no two addresses get the same one. Here the keyed function is BLAKE2b, asked once per byte: one digest holds
the flips of all 255 nodes below a byte prefix.

Special ranges (private, loopback, link-local, multicast, documentation, ...) map onto themselves: along the path to
such a range no bit is flipped. The price is that an ordinary address shows as many leading bits as it shares with a
special range (``8.8.8.8`` shows seven: it shares them with ``10.0.0.0/8``). Unspecified, broadcast and reserved
addresses (``0.0.0.0``, ``::``, ``::1``, ``240.0.0.0/4``, which includes netmasks) stay as they are.

Not covered: an attacker who can inject known addresses learns the pseudonyms of their prefixes; that is inherent in
keeping prefixes. Use the operator ``mask`` where that matters.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from typing import Final

from logdojo.anonymize.pseudonyms.keyed import Digest, Keyed

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
)
"""IPv4 ranges that map onto themselves (IANA special-purpose registry)."""

SPECIAL_V6: Final = ("::1/128", "::ffff:0:0/96", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32")
"""IPv6 ranges that map onto themselves. The two /96 ranges hold IPv4 addresses and follow the IPv4 pseudonyms."""

_CACHE: Final = 1 << 16  # byte prefixes whose flips are remembered
_MAC: Final = re.compile(r"[0-9A-Fa-f]{12}")


class PrefixPermutation:
    """A one-to-one map of addresses that keeps common prefixes exactly.

    Args:
        flips: keyed function of a byte prefix; 32 bytes whose bit *n* is the flip of node *n* of the binary tree
            below it (node 1 is the root, node 2n and 2n+1 are the children of node n).
        special: networks that map onto themselves.
        size: bytes of an address, 4 or 16.
    """

    def __init__(self, flips: Digest, special: tuple[str, ...], *, size: int) -> None:
        self._flips = flips
        self._size = size
        self._forced = _forced_zero(special)
        self._tree = functools.lru_cache(maxsize=_CACHE)(self._make_tree)

    def of(self, address: bytes) -> bytes:
        """Return the pseudonym of a packed address."""
        out = bytearray(self._size)
        for at in range(self._size):
            tree = self._tree(address[:at])
            byte, flipped, node = address[at], 0, 1
            for shift in (7, 6, 5, 4, 3, 2, 1, 0):
                bit = byte >> shift & 1
                flipped = flipped << 1 | bit ^ (tree >> node & 1)
                node = node << 1 | bit
            out[at] = flipped
        return bytes(out)

    def _make_tree(self, prefix: bytes) -> int:
        tree = int.from_bytes(self._flips(bytes((self._size,)) + prefix), "big")
        return tree & ~self._forced.get(prefix, 0)


def _forced_zero(networks: tuple[str, ...]) -> dict[bytes, int]:
    """Return, per byte prefix, the nodes on the way to a special range: those must not flip."""
    forced: dict[bytes, int] = {}
    for text in networks:
        network = ipaddress.ip_network(text)
        packed = network.network_address.packed
        for bits in range(network.prefixlen):
            at, depth = divmod(bits, 8)
            node = 1 << depth | packed[at] >> (8 - depth)
            forced[packed[:at]] = forced.get(packed[:at], 0) | 1 << node
    return forced


class Addresses:
    """Pseudonyms of IP and MAC addresses under one key."""

    def __init__(self, keyed: Keyed) -> None:
        self._v4 = PrefixPermutation(keyed.digest("ip4", size=32), SPECIAL_V4, size=4)
        self._v6 = PrefixPermutation(keyed.digest("ip6", size=32), SPECIAL_V6, size=16)
        self._mac = keyed.permutation("mac", left=1 << 24, right=1 << 24)

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
            return ".".join(map(str, self._ip4(packed)))
        address, percent, zone = text.partition("%")
        packed = self._ip6(ipaddress.IPv6Address(address).packed)
        if "." in address and packed[:12] in {_MAPPED, _NAT64}:
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

    def _ip4(self, packed: bytes) -> bytes:
        return packed if packed[0] >= 240 else self._v4.of(packed)

    def _ip6(self, packed: bytes) -> bytes:
        if packed[:12] in {_MAPPED, _NAT64}:
            return packed[:12] + self._ip4(packed[12:])
        return self._v6.of(packed)


_MAPPED: Final = ipaddress.IPv6Address("::ffff:0:0").packed[:12]
_NAT64: Final = ipaddress.IPv6Address("64:ff9b::").packed[:12]
