"""Maps of addresses that keep common prefixes exactly: the walk that every scheme shares.

The construction is Crypto-PAn's (Xu, Fan, Ammar, Moon, "Prefix-preserving IP address anonymization", ICNP 2002): bit
*i* of the result is bit *i* of the address, flipped when a keyed function of the *i* bits before it says so. Two
addresses that share exactly *n* leading bits therefore get pseudonyms that share exactly *n* leading bits, and no two
addresses get the same one. Schemes differ in the keyed function alone: ``blake2_flips`` here, AES in ``cryptopan``.

Special ranges map onto themselves: along the path to such a range no bit is flipped. The price is that an ordinary
address shows as many leading bits as it shares with a special range (``8.8.8.8`` shows seven: it shares six with
``10.0.0.0/8``).

Not covered: an attacker who can inject known addresses learns the pseudonyms of their prefixes; that is inherent in
keeping prefixes. Use the operator ``mask`` where that matters.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Iterable
from typing import Final

from logdojo.anonymize.pseudonyms.keyed import Digest

Flips = Callable[[bytes], int]
"""Packed address → one bit for each of its bits, most significant first: 1 flips it."""

TREE_BYTES: Final = 37
"""Size of the digest that holds the flips of all 255 nodes below a byte prefix; see ``blake2_flips``."""
_CACHE: Final = 1 << 16  # byte prefixes whose flips are remembered


def _walks() -> bytes:
    """Return node byte x 8 + three bits → the three flips on the way that these bits take.

    Bit *n* of a node byte is the flip of node *n* of a tree of three levels: node 1 is its root, nodes 2n and 2n + 1
    are the children of node n.
    """
    out = bytearray(256 * 8)
    for nodes in range(256):
        for bits in range(8):
            node = 1
            for shift in (2, 1, 0):
                out[nodes << 3 | bits] |= (nodes >> node & 1) << shift
                node = node << 1 | bits >> shift & 1
    return bytes(out)


_WALKS: Final = _walks()


def blake2_flips(digest: Digest, *, size: int) -> Flips:
    """Return the flips that a keyed digest gives, asked once per byte prefix and remembered.

    Byte 0 of a digest holds the nodes of the byte's first two bits, bytes 1 to 4 those of the next three bits (one
    byte for each value of the first two), bytes 5 to 36 those of the last three (one for each value of the first five).

    Args:
        digest: keyed function with ``TREE_BYTES`` bytes of output.
        size: bytes of an address.
    """
    first = bytes((size,))

    @functools.lru_cache(maxsize=_CACHE)
    def tree_of(prefix: bytes) -> bytes:
        return digest(first + prefix)

    def flips(address: bytes) -> int:
        out = 0
        for at, byte in enumerate(address):
            tree = tree_of(address[:at])
            out = (
                out << 8
                | _WALKS[tree[0] << 3 | byte >> 5 & 6] >> 1 << 6
                | _WALKS[tree[1 + (byte >> 6)] << 3 | byte >> 3 & 7] << 3
                | _WALKS[tree[5 + (byte >> 3)] << 3 | byte & 7]
            )
        return out

    return flips


class PrefixPermutation:
    """A one-to-one map of addresses that keeps common prefixes exactly.

    Args:
        flips: the keyed function.
        size: bytes of an address, 4 or 16.
        special: networks that map onto themselves.
        fixed: networks whose addresses stay as they are.
    """

    def __init__(self, flips: Flips, *, size: int, special: Iterable[str] = (), fixed: Iterable[str] = ()) -> None:
        self._flips = flips
        self._size = size
        self._bits = bits = 8 * size
        self._kept = [0] * 256
        self._near: dict[int, list[tuple[int, int, int]]] = {}
        for text, inside in (*((text, 0) for text in special), *((text, bits) for text in fixed)):
            network = ipaddress.ip_network(text)
            self._add(int(network.network_address), network.prefixlen, inside or network.prefixlen)

    def of(self, address: bytes) -> bytes:
        """Return the pseudonym of a packed address."""
        number = int.from_bytes(address, "big")
        kept = self._kept[address[0]]
        for network, length, inside in self._near.get(address[0], ()):
            common = self._bits - (number ^ network).bit_length()
            kept = max(kept, inside if common >= length else common + 1)
        flips = self._flips(address) & ((1 << (self._bits - kept)) - 1)
        return (number ^ flips).to_bytes(self._size, "big")

    def _add(self, network: int, length: int, inside: int) -> None:
        """Note how many leading bits no address may flip: those on the way to ``network``, by the first byte."""
        head = network >> (self._bits - 8)
        for first in range(256):
            common = 8 - (first ^ head).bit_length()
            if common == 8 and length > 8:
                self._near.setdefault(first, []).append((network, length, inside))
            else:
                self._kept[first] = max(self._kept[first], inside if common >= length else common + 1)
