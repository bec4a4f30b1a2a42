"""The keyed functions under every pseudonym: BLAKE2b with a domain per class, and permutations built on it.

BLAKE2 takes a key and a ``person`` string of up to 16 bytes (RFC 7693, section 2.5, and the BLAKE2 paper): the
person keeps the classes apart, so ``bob`` the user and ``bob`` the host get unrelated digests under one key.

Without the key nobody can recompute a digest, so guessing values and comparing (brute force) does not work. Whoever
holds the key can: keep it apart from the anonymized logs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from logdojo.errors import UsageError

MIN_KEY_BYTES: Final = 16
_MAX_KEY_BYTES: Final = 64  # of BLAKE2b
_ROUNDS: Final = 10

Digest = Callable[[bytes], bytes]


class Keyed:
    """Keyed digests and permutations, one independent family per class name.

    Args:
        key: the secret; at least 16 bytes.

    Raises:
        UsageError: the key is too short.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise UsageError(
                f"the pseudonym key has {len(key)} bytes, fewer than {MIN_KEY_BYTES}",
                hint="make one with: python -c 'import secrets; print(secrets.token_hex(32))' > key.txt",
            )
        self._key = key if len(key) <= _MAX_KEY_BYTES else hashlib.blake2b(key).digest()

    def digest(self, class_name: str, *, size: int) -> Digest:
        """Return the keyed digest function of a class, with ``size`` bytes of output (at most 64)."""
        base = hashlib.blake2b(digest_size=size, key=self._key, person=class_name.encode()[:16])

        def of(value: bytes) -> bytes:
            state = base.copy()
            state.update(value)
            return state.digest()

        return of

    def permutation(self, class_name: str, *, left: int, right: int) -> Callable[[int], int]:
        """Return a keyed one-to-one map of ``range(left * right)`` onto itself.

        It is a Feistel network over the two digits of a number in mixed radix (left, right), as in the
        format-preserving modes of NIST SP 800-38G, with BLAKE2b as the round function.
        """
        digest = self.digest(class_name, size=16)

        def of(number: int) -> int:
            a, b = divmod(number, right)
            for turn in range(_ROUNDS):
                other = a if turn % 2 else b
                step = int.from_bytes(digest(bytes((turn,)) + other.to_bytes(16, "big")), "big")
                if turn % 2:
                    b = (b + step) % right
                else:
                    a = (a + step) % left
            return a * right + b

        return of
