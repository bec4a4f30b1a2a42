"""``logdojo collect``: files, archives, folders and a syslog socket into one store."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logdojo.cli.streams import console, progress
from logdojo.cli.tables import visible
from logdojo.errors import UsageError

if TYPE_CHECKING:
    from logdojo.store import LogStore
    from logdojo.store.collecting import Collector, SyslogSocket

_BAR_AFTER_SECONDS = 2.0
_LOCK_SECONDS = 30.0
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(collect)


def collect(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Log files with their rotated ones, .gz archives, folders."),
    ] = None,
    store: Annotated[
        str, typer.Option(help="A DuckDB file, or https://host:9200/index of OpenSearch or Elasticsearch.")
    ] = "events.duckdb",
    once: Annotated[bool, typer.Option("--once", help="Store what is there now and stop.")] = False,
    syslog_udp: Annotated[int | None, typer.Option(min=0, max=65535, help="Listen for syslog at this port.")] = None,
    syslog_tcp: Annotated[int | None, typer.Option(min=0, max=65535, help="The same over TCP.")] = None,
    bind: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    rules: Annotated[
        Path | None, typer.Option(help="YAML file: which source, tenant, severity, sensitivity by path and dataset.")
    ] = None,
    source: Annotated[str, typer.Option(help="Name of the source where no rule gives one.")] = "",
    tenant: Annotated[str, typer.Option(help="Tenant where no rule gives one.")] = "",
    sensitivity: Annotated[str, typer.Option(help="Sensitivity where no rule gives one.")] = "",
    state: Annotated[
        Path | None, typer.Option(help="Folder for the places that were reached; beside the store if not given.")
    ] = None,
) -> None:
    """Read, tag and store logs, each line once, and go on as they grow.

    It goes on where it stopped, also after a kill. Lines that cannot be read are stored too, with the reason.
    """
    from logdojo.store.collecting import Collector, Rule, SyslogSocket, Tagger, read_rules

    if not paths and syslog_udp is None and syslog_tcp is None:
        raise UsageError(
            "nothing to collect", hint="name files or folders, or --syslog-udp or --syslog-tcp with a port"
        )
    if once and not paths:
        raise UsageError("--once with a socket alone", hint="a socket has no end: leave --once out")
    known = [*(read_rules(rules) if rules else []), Rule(source=source, tenant=tenant, sensitivity=sensitivity)]
    receiver: SyslogSocket | None = None
    if syslog_udp is not None or syslog_tcp is not None:
        receiver = SyslogSocket(bind, udp=syslog_udp, tcp=syslog_tcp)
        for name, port in (("UDP", receiver.udp_port), ("TCP", receiver.tcp_port)):
            if port is not None:
                _say(f"listening for syslog at {bind}, {name} port {port}")
    place = _state_of(store, state)
    collector = Collector(
        paths or [],
        lambda: open_store(store, wait=_LOCK_SECONDS),
        place,
        tagger=Tagger(known),
        receiver=receiver,
        leave=[Path(store), Path(f"{store}.wal")],
    )
    # A store that cannot be opened is told before anything is read.
    open_store(store, wait=_LOCK_SECONDS).close()
    # A batch is many small objects that live for a moment: looking for garbage among them each time takes half as long
    # again as the work itself.
    gc.set_threshold(200_000, 20, 20)
    try:
        if once:
            with _bar(collector):
                collector.run_once()
        else:
            collector.run(_until_asked())
    finally:
        if receiver is not None:
            receiver.close()
    _report(collector, receiver)
    if collector.counters.problems:
        raise typer.Exit(1)


def open_store(where: str, *, wait: float = 0.0, make: bool = True) -> LogStore:
    """Open the store that a command was given.

    Args:
        where: path of a DuckDB file, or the address of an index. ``LOGDOJO_SEARCH_USER`` and
            ``LOGDOJO_SEARCH_PASSWORD`` in the environment let us into the latter.
        wait: seconds to wait for another process that has the file open.
        make: whether to make a file that is not there.

    Raises:
        UsageError: the file is not there and is not to be made.
    """
    if where.startswith(("http://", "https://")):
        from logdojo.store.opensearch import connect

        user, password = (os.environ.get(f"LOGDOJO_SEARCH_{name}", "") for name in ("USER", "PASSWORD"))
        return connect(where, user=user, password=password)
    from logdojo.store import DuckDbStore

    if not make and not Path(where).is_file():
        raise UsageError(f"{where}: no such store", hint="name a file that logdojo collect has made")
    return DuckDbStore(Path(where), wait=wait)


def _state_of(store: str, state: Path | None) -> Path:
    if state is not None:
        return state
    if store.startswith(("http://", "https://")):
        raise UsageError(f"{store}: nowhere to keep the places that were reached", hint="name a folder with --state")
    return Path(f"{store}.places")


def _until_asked() -> threading.Event:
    """Return an event that the usual signals set; what has come by then is still stored."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def _bar(collector: Collector) -> Iterator[None]:
    """Show a bar on a terminal once the work takes more than two seconds."""
    done = threading.Event()

    def show() -> None:
        if done.wait(_BAR_AFTER_SECONDS):
            return
        with progress() as bar:
            task = bar.add_task("collecting", total=None)
            while not done.wait(0.2):
                now = collector.counters
                bar.update(
                    task, description=f"{now.stored:,} events", total=collector.logs or None, completed=now.finished
                )

    thread = threading.Thread(target=show, name="progress", daemon=True)
    thread.start()
    begin = time.monotonic()
    try:
        yield
    finally:
        done.set()
        thread.join()
        now = collector.counters
        seconds = max(time.monotonic() - begin, 1e-9)
        _say(f"{now.stored + now.known:,} lines in {seconds:.1f} s")


def _report(collector: Collector, receiver: SyslogSocket | None) -> None:
    now = collector.counters
    _say(f"{now.stored:,} events stored, {now.known:,} were there already; {now.rejected:,} could not be read")
    if receiver is not None and receiver.dropped:
        _say(f"{receiver.dropped:,} messages or connections were dropped: they came faster than they could be stored")
    for what in now.left_out[:_SHOWN]:
        _say(f"left out: {what}")
    if len(now.left_out) > _SHOWN:
        _say(f"left out: {len(now.left_out) - _SHOWN:,} more")
    for path, reason in now.problems.items():
        _say(f"problem: {reason if path in reason else f'{path}: {reason}'}")


def _say(text: str) -> None:
    console.print(visible(text), highlight=False, markup=False, soft_wrap=True)
