"""The secret key of the pseudonyms, from a file or the environment."""

from __future__ import annotations

from pathlib import Path

from logdojo.errors import InputError
from logdojo.settings import Settings


def given_key(key_file: Path | None, settings: Settings) -> bytes | None:
    """Return the key that a file holds, else the one in LOGDOJO_KEY, else None.

    Raises:
        InputError: the file cannot be read.
    """
    if key_file is not None:
        try:
            return key_file.read_bytes().strip()
        except OSError as error:
            raise InputError(
                f"{key_file}: cannot read the key: {error.strerror}", hint="name a readable file with at least 16 bytes"
            ) from error
    return settings.key.get_secret_value().encode() if settings.key is not None else None
