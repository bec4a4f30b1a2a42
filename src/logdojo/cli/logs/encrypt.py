"""``logdojo logs encrypt``, ``decrypt`` and ``rewrap``: archives under the keys of a ring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import track

_Log = Annotated[Path, typer.Argument(help="The live log file; its archives are found beside it.")]
_Keys = Annotated[Path, typer.Option(help="File of the key ring.")]


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``logs``."""
    group.command()(encrypt)
    group.command()(decrypt)
    group.command()(rewrap)


def encrypt(log: _Log, keys: _Keys) -> None:
    """Encrypt the archives of a log that no process writes to any more; the live file stays as it is."""
    from logdojo.logsetup.encryption import KeyRing, encrypt_archive
    from logdojo.logsetup.files.archives import segments
    from logdojo.logsetup.files.locks import alone

    ring = KeyRing.load(keys)
    plain = [segment for segment in segments(log) if not segment.live and not segment.encrypted]
    for segment in track(plain, "encrypt", total=len(plain)):
        with alone(segment.path) as descriptor:
            if descriptor is not None:
                print(encrypt_archive(segment.path, ring))


def decrypt(
    file: Annotated[Path, typer.Argument(help="The encrypted archive, ending in .enc.")],
    keys: _Keys,
) -> None:
    """Write what an archive holds to standard output; a compressed one stays compressed.

    Believe the output only when the exit code is 0: that an end was cut off shows at the end.
    """
    from logdojo.logsetup.encryption import KeyRing, decrypted

    for chunk in decrypted(file, KeyRing.load(keys)):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def rewrap(log: _Log, keys: _Keys) -> None:
    """Put all encrypted archives of a log under the active key of the ring; their content is not encrypted anew."""
    from logdojo.logsetup.encryption import KeyRing
    from logdojo.logsetup.encryption import rewrap as put_under
    from logdojo.logsetup.files.archives import segments
    from logdojo.logsetup.files.locks import alone

    ring = KeyRing.load(keys)
    encrypted = [segment.path for segment in segments(log) if segment.encrypted]
    for path in track(encrypted, "rewrap", total=len(encrypted)):
        with alone(path) as descriptor:
            if descriptor is not None and put_under(path, ring):
                print(path)
