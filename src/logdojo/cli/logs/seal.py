"""``logdojo logs seal``: sign what a log holds, from outside of the application."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from logdojo.cli.logs.keys import signing_key

_MOMENT_SECONDS: Final = 0.05


def register(group: typer.Typer) -> None:
    """Add the command to the group ``logs``."""
    group.command()(seal)


def seal(
    log: Annotated[Path, typer.Argument(help="The live log file; its archives are found beside it.")],
    key: Annotated[Path, typer.Option(help="Private key.")],
) -> None:
    """Append a signed checkpoint of a log to its ledger, and close the archives that no process writes to any more.

    Run by another user than the application's, as from cron, this keeps the private key out of the application's reach.
    """
    from logdojo.logsetup.files.archives import segments
    from logdojo.logsetup.files.locks import alone
    from logdojo.logsetup.integrity import Sealer

    sealer = Sealer(log, signing_key(key))
    sealed = sealer.checkpoint()
    # A line that a writer is mending right now ends a checkpoint; what is still so a moment later is sealed as it is.
    time.sleep(_MOMENT_SECONDS)
    sealed += sealer.checkpoint()
    for segment in segments(log):
        if segment.live or segment.encrypted:
            continue
        with alone(segment.path) as descriptor:
            if descriptor is not None:
                sealed += sealer.close_archive(segment.path)
    print(f"{sealed} records sealed")
