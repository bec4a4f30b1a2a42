"""``logdojo logs ship``: follow a log and deliver it to Elasticsearch, OpenSearch or Splunk."""

from __future__ import annotations

import functools
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from logdojo.cli.streams import console
from logdojo.errors import InputError, UsageError

if TYPE_CHECKING:
    from logdojo.logsetup.files.archives import Decrypt
    from logdojo.logsetup.shipping import Secret, Shipper
    from logdojo.logsetup.shipping.delivery import Sink

_SECRET: Final = "LOGDOJO_SHIP_SECRET"  # noqa: S105  # the name of a variable
_PATIENCE_SECONDS: Final = 60.0
_TELL_SECONDS: Final = 0.5


def register(group: typer.Typer) -> None:
    """Add the command to the group ``logs``."""
    group.command()(ship)


def ship(
    log: Annotated[Path, typer.Argument(help="The live log file; its archives are found beside it.")],
    to: Annotated[str, typer.Option(help="https://host:9200/index, or hec+https://host:8088 for Splunk.")],
    once: Annotated[bool, typer.Option("--once", help="Ship what is there now and end.")] = False,
    secret_file: Annotated[
        Path | None, typer.Option(help=f"File with the API key, user:password or token; without it, {_SECRET}.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates (PEM) that the server's must lead to.")] = None,
    client_cert: Annotated[Path | None, typer.Option(help="Our own certificate and key (PEM).")] = None,
    keys: Annotated[Path | None, typer.Option(help="File with the keys of encrypted archives.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder of cursor and dead letters; else the log's.")] = None,
    no_ack: Annotated[bool, typer.Option("--no-ack", help="Splunk: do not wait until events are indexed.")] = False,
) -> None:
    """Follow a log through all its rotations and deliver every line, also after a crash.

    How far it came stands in LOG.cursor.<name>, what was refused for good in LOG.dead.<name>. Ctrl-C or SIGTERM ends
    it; the next start goes on at the same place. With --once the exit code is 1 when events were refused.
    """
    from logdojo.logsetup.shipping import Secret, Shipper
    from logdojo.logsetup.shipping.places import files_of

    secret = Secret.from_file(secret_file) if secret_file is not None else Secret.from_environment(_SECRET)
    sink = _sink(to, secret, ca_file=ca_file, client_cert=client_cert, no_ack=no_ack)
    if once and not files_of(log):
        raise InputError(f"{log}: no such log", hint="name the live log file of an application")
    shipper = Shipper(
        log,
        sink,
        state_dir=state_dir,
        decrypt=_decrypt(keys),
        patience=_PATIENCE_SECONDS if once else None,
    )
    try:
        with _told(shipper):
            if once:
                shipper.run_once()
            else:
                with _until_told() as stop:
                    shipper.run(stop)
    finally:
        print(json.dumps(asdict(shipper.counters)))
    if once and shipper.counters.dead:
        raise InputError(
            f"{shipper.counters.dead} events were refused: {shipper.dead_letters_path}",
            hint="each line there says why",
        )


def _sink(to: str, secret: Secret | None, *, ca_file: Path | None, client_cert: Path | None, no_ack: bool) -> Sink:
    from logdojo.logsetup.shipping import ElasticsearchSink, SplunkSink

    if to.startswith("hec+"):
        if secret is None:
            raise UsageError("Splunk needs a token", hint=f"put it into a file (--secret-file) or into {_SECRET}")
        return SplunkSink(
            to.removeprefix("hec+"), secret=secret, acknowledged=not no_ack, ca_file=ca_file, client_cert=client_cert
        )
    if no_ack:
        raise UsageError("--no-ack is Splunk's", hint="leave it out, or write hec+https://…")
    return ElasticsearchSink(to, secret=secret, ca_file=ca_file, client_cert=client_cert)


def _decrypt(keys: Path | None) -> Decrypt | None:
    if keys is None:
        return None
    from logdojo.logsetup.encryption import KeyRing, decrypt_archive

    return functools.partial(decrypt_archive, keys=KeyRing.load(keys))


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _told(shipper: Shipper) -> Iterator[None]:
    """Show the counters on standard error: as they grow on a terminal, and once at the end."""

    def text() -> str:
        now = shipper.counters
        return (
            f"{now.read:,} read, {now.accepted:,} accepted ({now.duplicates:,} were there), "
            f"{now.retried:,} sent again, {now.dead:,} refused"
        )

    over = threading.Event()

    def tell() -> None:
        with console.status(text()) as status:
            while not over.wait(_TELL_SECONDS):
                status.update(text())

    teller = threading.Thread(target=tell, daemon=True) if console.is_terminal else None
    if teller is not None:
        teller.start()
    try:
        yield
    finally:
        over.set()
        if teller is not None:
            teller.join()
        console.print(text(), highlight=False, markup=False)
