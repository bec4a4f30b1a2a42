"""Crypto-PAn as its reference implementation computes it, for pseudonyms that other tools make and understand.

Sixteen bytes of the key drive AES; the other sixteen, encrypted, are the pad. Bit *i* is flipped by the first bit of
AES(first *i* bits of the address, then the pad's bits from *i* on). All blocks of an address, 32 or 128, go through
one call in ECB mode, which is no encryption of data here but the pseudorandom function of the paper.

Checked byte for byte against the pairs of ``sample_trace_raw.dat`` and ``sample_trace_sanitized.dat`` in the reference
distribution of Crypto-PAn 1.0 (Fan and Xu, Georgia Tech), as tests of later implementations quote them.

The default of the anonymizer stays keyed BLAKE2b (``prefixes``), which needs the standard library alone.
"""

from __future__ import annotations

from typing import Final

from logdojo.anonymize.pseudonyms.addresses import EMBEDDED, FIXED_V4, SPECIAL_V4, SPECIAL_V6, IpAddresses
from logdojo.anonymize.pseudonyms.prefixes import Flips, PrefixPermutation
from logdojo.errors import UsageError

KEY_BYTES: Final = 32
_BLOCK: Final = 16  # bytes
_FIRST_BIT: Final = bytes(ord("1") if byte >= 0x80 else ord("0") for byte in range(256))


class CryptoPan(IpAddresses):
    """Pseudonyms of IP addresses by Crypto-PAn.

    Args:
        key: 32 bytes; the first half is the AES key, the second half makes the pad.
        keep_special: whether special ranges map onto themselves; the reference implementation maps every address.

    Raises:
        UsageError: the key does not have 32 bytes.
    """

    def __init__(self, key: bytes, *, keep_special: bool = False) -> None:
        if len(key) != KEY_BYTES:
            raise UsageError(
                f"the Crypto-PAn key has {len(key)} bytes, not {KEY_BYTES}",
                hint="make one with: python -c 'import secrets, sys; sys.stdout.buffer.write(secrets.token_bytes(32))'",
            )
        v4, v6 = aes_flips(key, size=4), aes_flips(key, size=16)
        if keep_special:
            super().__init__(
                PrefixPermutation(v4, size=4, special=SPECIAL_V4, fixed=FIXED_V4),
                PrefixPermutation(v6, size=16, special=SPECIAL_V6),
                embedded=EMBEDDED,
            )
        else:
            super().__init__(PrefixPermutation(v4, size=4), PrefixPermutation(v6, size=16))


def aes_flips(key: bytes, *, size: int) -> Flips:
    """Return the flips of Crypto-PAn.

    Args:
        key: 32 bytes.
        size: bytes of an address, 4 or 16.
    """
    # AES is needed by this scheme alone.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encrypt = Cipher(algorithms.AES(key[:_BLOCK]), modes.ECB()).encryptor().update  # noqa: S305, see above
    pad = int.from_bytes(encrypt(key[_BLOCK:]), "big")
    bits, block_bits = 8 * size, 8 * _BLOCK
    # One number holds all blocks: the address, copied into each by a product, cut to its first i bits, and the pad.
    copies = taken = padding = 0
    for i in range(bits):
        at = block_bits * (bits - 1 - i)
        prefix = ((1 << i) - 1) << (block_bits - i)
        copies |= 1 << at + block_bits - bits
        taken |= prefix << at
        padding |= (pad & ~prefix) << at
    length = bits * _BLOCK

    def flips(address: bytes) -> int:
        blocks = int.from_bytes(address, "big") * copies & taken | padding
        return int(encrypt(blocks.to_bytes(length, "big"))[::_BLOCK].translate(_FIRST_BIT), 2)

    return flips
