"""Encryption of values that somebody with the key may have to read again: ``enc:user:mB0x…``.

AES-SIV (RFC 5297) under a key of its own, derived from the secret. It is deterministic, so one value keeps one
encrypted form and can be counted and joined like a pseudonym; the class is authenticated with it, so a value cannot be
passed off as one of another class, and a changed or foreign one is refused instead of decrypted to nonsense.

Not covered: the length shows, and equal values show that they are equal. Whoever has the key reads everything: where
nobody ever has to, use pseudonyms.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.anonymize.reading import jsontext
from logdojo.errors import InputError

_KEY_BYTES: Final = 64  # AES-256-SIV takes two keys of 32 bytes
_FORM: Final = re.compile(r"enc:([a-z][a-z0-9_]{0,31}):([A-Za-z0-9_-]{22,})")
_MAX_DEPTH: Final = 4  # JSON in a string in JSON in a string ...


class Encryption:
    """Encrypts and decrypts values under one secret.

    Args:
        keyed: the keyed functions of the secret.
    """

    def __init__(self, keyed: Keyed) -> None:
        # Needed by whoever encrypts alone.
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._cipher = AESSIV(keyed.digest("encryption", size=_KEY_BYTES)(b"AES-SIV"))

    def encrypt(self, class_name: str, value: str) -> str:
        """Return ``enc:class:…`` for a value; an empty one is returned as it is."""
        if not value:
            return value
        sealed = self._cipher.encrypt(value.encode("utf-8", "surrogatepass"), [class_name.encode()])
        return f"enc:{class_name}:{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def decrypt(self, text: str) -> str:
        """Return the value that ``encrypt`` was given.

        Raises:
            InputError: ``text`` is no encrypted value, was changed, or was encrypted under another key.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise InputError("not an encrypted value", hint="give the whole value, from enc: on")
        return self._opened(match)

    def reveal(self, line: str) -> str:
        """Return a line with each encrypted value in it decrypted; JSON stays JSON.

        Raises:
            InputError: a value was changed, or was encrypted under another key.
        """
        return self._revealed(line, 0) if "enc:" in line else line

    def _revealed(self, text: str, depth: int) -> str:
        if depth == _MAX_DEPTH or not jsontext.is_json(text):
            return _FORM.sub(self._opened, text)
        pieces: list[str] = []
        at = 0
        for value in jsontext.values(text):
            raw = text[value.start : value.stop]
            if value.is_string and "enc:" in raw:
                pieces += (
                    text[at : value.start],
                    jsontext.escaped(self._revealed(jsontext.decoded(raw)[0], depth + 1)),
                )
                at = value.stop
        return "".join((*pieces, text[at:]))

    def _opened(self, match: re.Match[str]) -> str:
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
            return self._cipher.decrypt(sealed, [match[1].encode()]).decode("utf-8", "surrogatepass")
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise InputError(
                f"an encrypted value of class {match[1]} does not fit this key",
                hint="use the key that the values were encrypted with; a changed value cannot be decrypted",
            ) from error
