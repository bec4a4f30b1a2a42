"""``logdojo anonymize``: lines in, lines out without sensitive values, same count and order."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from logdojo.cli.streams import console, read_lines, track
from logdojo.errors import InputError
from logdojo.settings import Settings

if TYPE_CHECKING:
    from logdojo.anonymize import Audit

_RANDOM_KEY_BYTES: Final = 32


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(anonymize)


def anonymize(
    files: Annotated[list[Path] | None, typer.Argument(help="Log files; standard input when none is named.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the secret key, at least 16 bytes; without it, LOGDOJO_KEY.")
    ] = None,
) -> None:
    """Replace addresses, users, hosts, accounts and secrets in log lines by keyed pseudonyms.

    The same key gives the same pseudonyms in every run. Without a key a random one is made and thrown away. Exit code 1
    means that the audit found an original value in the output.
    """
    from logdojo.anonymize import Anonymizer, Audit, load_policy

    settings = Settings()
    policy = load_policy()
    anonymizer = Anonymizer(_key(key_file, settings), policy=policy, max_bytes=settings.max_line_bytes)
    audit = Audit(common_words=policy.common_words | policy.no_names)
    lines = read_lines(files or [], max_bytes=settings.max_line_bytes)
    for line in track(lines, "anonymize"):
        sys.stdout.buffer.write(audit.watch(anonymizer.redact(line)).encode() + b"\n")
    sys.stdout.buffer.flush()
    _summarize(audit)
    audit.check()


def _key(key_file: Path | None, settings: Settings) -> bytes:
    if key_file is not None:
        try:
            return key_file.read_bytes().strip()
        except OSError as error:
            raise InputError(
                f"{key_file}: cannot read the key: {error.strerror}", hint="name a readable file with at least 16 bytes"
            ) from error
    if settings.key is not None:
        return settings.key.get_secret_value().encode()
    console.print(
        "no --key-file and no LOGDOJO_KEY: using a random key; these pseudonyms will not match those of any other run",
        style="yellow",
        soft_wrap=True,
    )
    return secrets.token_bytes(_RANDOM_KEY_BYTES)


def _summarize(audit: Audit) -> None:
    replaced = ", ".join(f"{count:,} {name}" for name, count in audit.replaced.most_common())
    console.print(f"{audit.lines:,} lines; replaced: {replaced or 'nothing'}", soft_wrap=True, highlight=False)
    if audit.withheld:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in audit.withheld.most_common())
        console.print(f"withheld as [withheld: …] lines: {reasons}", soft_wrap=True, highlight=False, markup=False)
