"""Files and socket → parsed, tagged, stored; each line once, whatever happens.

The order is what makes it so: first the events are appended, then the place behind them is written down. A kill in
between makes the same lines come again, and the store knows their places.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.events import LogEvent, printable
from logdojo.logsetup.shipping.cursor import Cursor, load, save, state_path
from logdojo.logsetup.shipping.locks import Holding
from logdojo.logsetup.shipping.reading import Line
from logdojo.parse import parse_line
from logdojo.parse.screen import max_line_bytes
from logdojo.store.batch import Batch, Place, Tags
from logdojo.store.collecting.sources import Log, logs_of
from logdojo.store.collecting.syslog import Received, SyslogSocket
from logdojo.store.collecting.tagging import Tagger
from logdojo.store.collecting.tailing import ArchiveTail, LogTail, NoText, Tail
from logdojo.store.protocol import LogStore

_BATCH: Final = 50_000
_PIECE_BYTES: Final = 4_096
"""How much is kept of each piece of a line that has no end."""
_POLL_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 1.0
_STATE: Final = "store"

OpenStore = Callable[[], LogStore]


@dataclass(slots=True)
class Counters:
    """What was done so far."""

    stored: int = 0
    known: int = 0
    rejected: int = 0
    finished: int = 0
    """Logs that were read to their present end."""
    problems: dict[str, str] = field(default_factory=dict)
    """Path → what is wrong with it."""
    left_out: list[str] = field(default_factory=list)
    """Files in folders that are no text, and archives that cannot be read."""


@dataclass(slots=True)
class _Pending:
    events: list[LogEvent] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    cursors: dict[Path, Cursor] = field(default_factory=dict)


class Collector:
    """Collect what stands behind some paths, and what a socket receives, into a store.

    At most one collector a state folder is at work. The store is open only while there is something to store, so that
    others can look into a DuckDB file in between.

    Args:
        paths: files and folders.
        open_store: opens the store; called again whenever it is needed.
        state: folder for the places; it is made when it is not there.
        tagger: gives the tags.
        receiver: a socket that listens already; it stays the caller's.
        leave: files and folders that are no logs, such as the store itself.
        batch: events that are stored together.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        open_store: OpenStore,
        state: Path,
        *,
        tagger: Tagger | None = None,
        receiver: SyslogSocket | None = None,
        leave: Sequence[Path] = (),
        batch: int = _BATCH,
    ) -> None:
        self.counters = Counters()
        self.logs = 0
        """How many logs there are, as far as is known."""
        self._paths = paths
        self._leave = (*leave, state)
        self._open_store = open_store
        self._state = state
        self._tagger = tagger or Tagger(())
        self._socket = receiver
        self._batch = batch
        self._tails: dict[Path, tuple[Log, Tail]] = {}
        self._again: dict[Path, float] = {}
        self._left_out: set[Path] = set()
        self._noted: dict[Path, Cursor] = {}
        self._pending = _Pending()
        self._stop = threading.Event()
        self._store: LogStore | None = None
        self._busy = 0.0
        self._holding: Holding | None = None

    def run_once(self) -> Counters:
        """Store all that is there now.

        Raises:
            InputError: another collector is at work, or the store cannot be written to. Nothing is lost: the next run
                goes on at the same place.
        """
        self._hold()
        try:
            self._look_around()
            self._round()
            for path in self._paths:
                if not path.exists() and str(path.absolute()) not in self.counters.problems:
                    self._problem(path.absolute(), InputError(f"{path}: no such file"))
        finally:
            self._let_go()
        return self.counters

    def run(self, stop: threading.Event) -> Counters:
        """Store what is there and what comes, until ``stop`` is set.

        Raises:
            InputError: as ``run_once``.
        """
        self._hold()
        self._stop = stop
        try:
            looked = 0.0
            while not stop.is_set():
                now = time.monotonic()
                if now - looked >= _LOOK_SECONDS:
                    self._look_around()
                    looked = now
                self._round()
                if self._store is not None and time.monotonic() - self._busy > _IDLE_SECONDS:
                    self._close_store()
                stop.wait(_POLL_SECONDS)
            self._take_received()
            self._flush()
        finally:
            self._let_go()
        return self.counters

    def _look_around(self) -> None:
        for log in logs_of(self._paths, leave=self._leave, known=self._is_known):
            if log.path in self._tails or log.path in self._left_out:
                continue
            try:
                cursor = load(self._cursor_path(log.path))
            except InputError as error:
                self._problem(log.path, error)
                continue
            tail: Tail = ArchiveTail(log.path, cursor) if log.archive else LogTail(log.path, cursor, tell=self._tell)
            self._tails[log.path] = (log, tail)
        self.logs = len(self._tails)

    def _round(self) -> None:
        """Take and store everything that is there now."""
        self._take_received()
        self.counters.finished = 0
        for log, tail in list(self._tails.values()):
            if self._again.get(log.path, 0.0) <= time.monotonic():
                self._take_all(log, tail)
            self.counters.finished += 1
        self._flush()

    def _take_all(self, log: Log, tail: Tail) -> None:
        try:
            while (batch := tail.next()) is not None:
                self._add(tail.path, batch.lines, batch.cursor)
                if self._stop.is_set():
                    return  # what is left of a large file is for the next run
                if len(self._pending.events) >= self._batch:
                    self._flush()
                    self._take_received()
            cursor = tail.cursor()
            if cursor is not None:
                self._pending.cursors[tail.path] = cursor
            self._again.pop(log.path, None)
            self.counters.problems.pop(str(log.path), None)
            if log.archive:
                tail.close()
        except NoText as error:
            del self._tails[log.path]
            self._left_out.add(log.path)
            if log.named:
                self._problem(log.path, error)
            else:
                self._tell(str(error))
        except FileNotFoundError:
            # It vanished between two looks; a live log may come back.
            tail.close()
        except (InputError, OSError, EOFError) as error:
            tail.close()
            self._problem(log.path, error)

    def _add(self, path: Path, lines: Sequence[Line], cursor: Cursor) -> None:
        pending, shown, name = self._pending, printable(str(path)), printable(path.name)
        most = max_line_bytes() + 1
        for line in lines:
            stream, _, offset = line.id.rpartition("-")
            if line.fault:
                event = LogEvent.rejected(line.text[:_PIECE_BYTES].decode("utf-8", "surrogateescape"), line.fault)
            else:
                event = _parsed(line.text[:most])
            event = LogEvent(event.original, {**event.fields, "log.file.path": shown}, {}, event.error)
            self._keep(event, Place(stream, int(offset)), shown, name)
        pending.cursors[path] = cursor

    def _take_received(self) -> None:
        if self._socket is None:
            return
        while received := self._socket.take(self._batch):
            for message in received:
                self._add_received(message)
            if len(self._pending.events) >= self._batch:
                self._flush()

    def _add_received(self, message: Received) -> None:
        assert self._socket is not None
        event = _parsed(message.text)
        fields = {**event.fields, "log.source.address": message.address}
        name = f"syslog/{message.transport}"
        place = Place(f"syslog-{self._socket.run}", message.number)
        self._keep(LogEvent(event.original, fields, {}, event.error), place, name, name)

    def _keep(self, event: LogEvent, place: Place, path: str, name: str) -> None:
        pending = self._pending
        pending.events.append(event)
        pending.places.append(place)
        pending.tags.append(self._tagger.tags(path, event.text("event.dataset"), name=name))
        if event.error:
            self.counters.rejected += 1

    def _flush(self) -> None:
        """Append what waits, and then write down the places behind it."""
        pending, self._pending = self._pending, _Pending()
        if pending.events:
            if self._store is None:
                self._store = self._open_store()
            done = self._store.append(Batch(pending.events, pending.places, pending.tags))
            self.counters.stored += done.new
            self.counters.known += done.known
            self._busy = time.monotonic()
        for path, cursor in pending.cursors.items():
            where = self._cursor_path(path)
            if cursor != self._noted.get(path):
                save(where, cursor)
                self._noted[path] = cursor

    def _is_known(self, path: Path) -> bool:
        return path in self._tails or self._cursor_path(path).exists()

    def _cursor_path(self, path: Path) -> Path:
        return state_path(path, "cursor", _STATE, state_dir=self._state)

    def _problem(self, path: Path, error: Exception) -> None:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self.counters.problems[str(path)] = reason
        self._again[path] = time.monotonic() + _LOOK_SECONDS

    def _tell(self, what: str) -> None:
        self.counters.left_out.append(what)

    def _hold(self) -> None:
        self._state.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._holding = Holding(self._state / "collect.lock")
        if not self._holding.take():
            raise InputError(f"{self._state}: another collector is at work", hint="stop that one first")

    def _let_go(self) -> None:
        for _, tail in self._tails.values():
            tail.close()
        self._close_store()
        if self._holding is not None:
            self._holding.release()

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


def _parsed(text: bytes) -> LogEvent:
    line = text.decode("utf-8", "surrogateescape")
    try:
        return parse_line(line)
    # A flaw in one format's parser must not stop the collector, and the line must not be lost.
    except Exception as error:  # noqa: BLE001
        return LogEvent.rejected(line, f"the parser failed ({type(error).__name__})")
