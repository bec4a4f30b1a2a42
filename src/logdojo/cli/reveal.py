"""``logdojo reveal``: lines with encrypted values in, the same lines with the originals out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.keys import given_key
from logdojo.cli.streams import console, read_lines, track
from logdojo.errors import InputError, UsageError
from logdojo.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(reveal)


def reveal(
    files: Annotated[list[Path] | None, typer.Argument(help="Log files; standard input when none is named.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the key they were anonymized with; without it, LOGDOJO_KEY.")
    ] = None,
) -> None:
    """Decrypt the values that a policy's operator "encrypt" has left in anonymized lines; pseudonyms stay.

    Exit code 1 means that a value was changed or belongs to another key.
    """
    from logdojo.anonymize import Pseudonyms

    settings = Settings()
    key = given_key(key_file, settings)
    if key is None:
        raise UsageError("no key to decrypt with", hint="name it with --key-file, or set LOGDOJO_KEY")
    pseudonyms = Pseudonyms(key)
    revealed = 0
    lines = read_lines(files or [], max_bytes=settings.max_line_bytes)
    for number, line in enumerate(track(lines, "reveal"), 1):
        try:
            out = pseudonyms.reveal(line)
        except InputError as error:
            sys.stdout.buffer.flush()
            raise InputError(f"line {number}: {error}", hint=error.hint) from error
        revealed += out != line
        sys.stdout.buffer.write(out.encode("utf-8", "surrogateescape") + b"\n")
    sys.stdout.buffer.flush()
    console.print(f"{revealed:,} lines with decrypted values", highlight=False)
