"""``logdojo logs keys``: keys that sign a log's seals, and rings of keys that its archives are encrypted under."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logdojo.cli.tables import table
from logdojo.errors import UsageError

if TYPE_CHECKING:
    from logdojo.logsetup.integrity.keys import SigningKey

_Ring = Annotated[Path, typer.Argument(help="File of the key ring.")]


def register(group: typer.Typer) -> None:
    """Add the group ``keys`` to the group ``logs``."""
    keys = typer.Typer(no_args_is_help=True, help="Keys that sign seals, and rings of keys that encrypt archives.")
    keys.command()(new)
    keys.command()(change)
    keys.command()(ring)
    keys.command()(rotate)
    keys.command()(retire)
    keys.command("list")(list_keys)
    group.add_typer(keys, name="keys")


def new(
    file: Annotated[Path, typer.Argument(help="New file of the private key; the public one gets FILE.pub.")],
) -> None:
    """Make a key that seals logs. Give FILE.pub to whoever verifies, and keep a copy of it away from this machine.

    With LOGDOJO_SIGNING_PASSPHRASE set, the private key is kept under that passphrase.
    """
    from logdojo.logsetup.integrity.keys import new_signing_key, save_signing_key

    key = new_signing_key()
    public = save_signing_key(file, key, passphrase=_passphrase())
    print(table(("key", "private", "public"), [(key.public.key_id, file, public)]))


def change(
    log: Annotated[Path, typer.Argument(help="The live log file.")],
    key: Annotated[Path, typer.Option(help="Private key in use.")],
    to: Annotated[Path, typer.Option(help="Private key that signs from now on.")],
) -> None:
    """Seal a log with another key from now on; the old key signs over the new one.

    Stop the application first, and start it with the new key. Who verifies goes on naming the old public key.
    """
    from logdojo.logsetup.integrity import Sealer

    successor = signing_key(to)
    Sealer(log, signing_key(key)).change_key(successor)
    print(successor.public.key_id)


def ring(file: _Ring) -> None:
    """Make a key ring with one key. Keep a copy of it: without its ring an archive can never be read again."""
    from logdojo.logsetup.encryption import KeyRing

    made = KeyRing.new()
    made.create(file)
    print(made.active)


def rotate(file: _Ring) -> None:
    """Add a key to a ring and make it the active one; then run `logdojo logs rewrap` on the logs that use the ring."""
    from logdojo.logsetup.encryption import KeyRing

    rotated = KeyRing.load(file).rotated()
    rotated.save(file)
    print(rotated.active)


def retire(
    file: _Ring,
    key: Annotated[str, typer.Argument(help="Id of the key.")],
    log: Annotated[list[Path] | None, typer.Option(help="A log that uses the ring; may be repeated.")] = None,
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Do it although archives of LOG are under the key: they are lost.")
    ] = False,
) -> None:
    """Erase a key from a ring for good; refused while an archive of a LOG that you name is still under it."""
    from logdojo.logsetup.encryption import KeyRing, key_of
    from logdojo.logsetup.files.archives import segments

    if not log and not destroy:
        raise UsageError("no log was named", hint="name each log that uses the ring with --log, or say --destroy")
    used = [each.path for one in log or [] for each in segments(one) if each.encrypted and key_of(each.path) == key]
    if used and not destroy:
        raise UsageError(
            f"{used[0]} and {len(used) - 1} other archives are under key {key}"
            if used[1:]
            else f"{used[0]} is under it",
            hint="run `logdojo logs rewrap` first, or say --destroy to make them unreadable for good",
        )
    KeyRing.load(file).without(key).save(file)
    print(f"{key} is erased; {len(used)} archives cannot be read any more")


def list_keys(file: _Ring) -> None:
    """List the keys of a ring."""
    from logdojo.logsetup.encryption import KeyRing

    found = KeyRing.load(file)
    rows = (
        (name, "active" if name == found.active else "retired " + each.retired if each.retired else "old", each.made)
        for name, each in found.keys.items()
    )
    print(table(("key", "state", "made"), rows))


def signing_key(file: Path) -> SigningKey:
    """Read a private key, with the passphrase from the environment."""
    from logdojo.logsetup.integrity import load_signing_key

    return load_signing_key(file, passphrase=_passphrase())


def _passphrase() -> bytes:
    from logdojo.logsetup.integrity.keys import PASSPHRASE_VARIABLE

    return os.environ.get(PASSPHRASE_VARIABLE, "").encode()
