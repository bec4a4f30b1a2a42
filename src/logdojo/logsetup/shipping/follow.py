"""The lines of a log in batches, from a cursor on, across rotation, compression, encryption and outside logrotate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Decrypt, Segment
from logdojo.logsetup.shipping.cursor import Cursor, Position, begin, document_key, tail_of
from logdojo.logsetup.shipping.places import files_of, is_foreign, locate
from logdojo.logsetup.shipping.reading import Line, Reading, Shrunk

BATCH_RECORDS: Final = 1_000
BATCH_BYTES: Final = 2 * 1024 * 1024
_SETTLED_SECONDS: Final = 2.0
_TRIES: Final = 5

_log: Final = logging.getLogger("logdojo.logsetup.shipping")


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines to be delivered together.

    Args:
        lines: in the order in which they were logged.
        cursor: to be written down once all of them are delivered, and not before.
    """

    lines: tuple[Line, ...]
    cursor: Cursor


def follow(
    log: Path,
    cursor: Cursor | None = None,
    *,
    batch_records: int = BATCH_RECORDS,
    batch_bytes: int = BATCH_BYTES,
    decrypt: Decrypt | None = None,
) -> Iterator[Batch]:
    """Yield all whole lines that are there now, from the cursor on; a line whose end is missing waits.

    Args:
        log: the live file; it need not exist yet.
        cursor: where to go on; without one at the oldest line.
        batch_records: at most so many lines a batch.
        batch_bytes: at most so many bytes a batch, and at least one line.
        decrypt: opens encrypted archives.

    Raises:
        InputError: an archive cannot be read.
    """
    follower = Follower(log, cursor, batch_records=batch_records, batch_bytes=batch_bytes, decrypt=decrypt)
    try:
        while batch := follower.next():
            yield batch
    finally:
        follower.close()


class Follower:
    """Walk through a log, and go on as it grows; see ``follow`` for the arguments.

    An archive that a process may still write to stays open until that is over, so its last lines come late rather than
    never, and hold up nothing that is behind them.
    """

    def __init__(
        self,
        log: Path,
        cursor: Cursor | None = None,
        *,
        batch_records: int = BATCH_RECORDS,
        batch_bytes: int = BATCH_BYTES,
        decrypt: Decrypt | None = None,
    ) -> None:
        self._log = log
        self._records = batch_records
        self._bytes = batch_bytes
        self._decrypt = decrypt
        self._start = cursor or begin(log)
        self._after = self._start.after
        self._last = (self._start.last, self._start.last_twin)
        self._open: list[Reading] = []
        self._resume()

    def next(self) -> Batch | None:
        """Return the next batch, or None when no whole line is left now.

        Raises:
            InputError: an archive cannot be read; a later call tries again.
        """
        while True:
            for reading in list(self._open):
                lines = self._take(reading)
                if lines:
                    return Batch(tuple(lines), self.cursor())
            if not self._move_on():
                return None

    def cursor(self) -> Cursor:
        """Return the place behind the last batch."""
        positions = tuple(
            Position(each.fingerprint, each.offset, tail_of(each.tail), each.twin, each.stamp, each.inode)
            for each in self._open
            if each.fingerprint or each.stamp
        )
        return Cursor(self._start.origin, self._after, positions, *self._last)

    def look_again(self, line: Line) -> list[Line]:
        """Read the place of a broken line anew: its writer, or the next one, may have mended the file by now."""
        key = line.id.rpartition("-")[0]
        return next((each.look_again(line) for each in self._open if each.key == key), [line])

    def close(self) -> None:
        """Close all files; a second call does nothing."""
        while self._open:
            self._open.pop().close()

    def _resume(self) -> None:
        for position in self._start.positions:
            reading = self._reopen(position)
            if reading is not None:
                self._adopt(reading, position.twin)
            elif position.offset:
                self._tell_loss(position.offset, f"the segment closed {position.stamp or 'since'}", "is gone")

    def _reopen(self, position: Position) -> Reading | None:
        files = files_of(self._log)
        while True:
            found = locate(position, files, after=self._start.after, decrypt=self._decrypt)
            try:
                if found is not None:
                    return Reading(found, decrypt=self._decrypt, offset=position.offset)
            except FileNotFoundError:
                pass
            # What is not there any more may only have been renamed between two steps.
            before, files = files, files_of(self._log)
            if found is None and files == before:
                return None

    def _adopt(self, reading: Reading, twin: int) -> None:
        if reading.fingerprint:
            reading.twin = twin
            reading.key = document_key(self._start, reading.fingerprint, twin)
        self._after = max(self._after, reading.stamp)
        self._open.append(reading)

    def _take(self, reading: Reading) -> list[Line]:
        if not reading.key and not self._identify(reading):
            return []
        try:
            return reading.take(self._records, self._bytes)
        except Shrunk:
            self._after_a_cut(reading)
            return []

    def _identify(self, reading: Reading) -> bool:
        """Give a segment its key, which takes its first whole line."""
        if reading.name_key():
            last, last_twin = self._last
            reading.twin = last_twin + 1 if reading.fingerprint == last else 0
            reading.key = document_key(self._start, reading.fingerprint, reading.twin)
            self._last = (reading.fingerprint, reading.twin)
        elif reading.closed_for_good:
            reading.key = document_key(self._start, reading.stamp, 0)  # its one line never got its end
        return bool(reading.key)

    def _move_on(self) -> bool:
        """Follow what became of the open files, and open the next one; return whether there may be more lines now."""
        for reading in list(self._open):
            if reading.live:
                if reading.is_at(self._log):
                    continue
                self._became_archive(reading)
                return True
            if reading.closed_for_good:
                reading.close()
                self._open.remove(reading)
            elif reading.prove_closed(self._settle(reading)):
                return True
        return not any(reading.live for reading in self._open) and self._open_next()

    def _settle(self, reading: Reading) -> float:
        return _SETTLED_SECONDS if is_foreign(self._log, Segment(reading.path, reading.stamp)) else 0.0

    def _became_archive(self, reading: Reading) -> None:
        """Note the name that a renamed live file has now; it is the first one younger than all that were begun."""
        reading.live = False
        for _ in range(_TRIES):
            younger = [segment for segment in files_of(self._log) if segment.stamp > self._after]
            same = [each for each in younger if reading.is_at(each.path)] or [
                each for each in younger if reading.fingerprint and self._fingerprint(each) == reading.fingerprint
            ]
            if not same and younger and younger[0].encrypted and self._decrypt is None:
                same = younger[:1]  # we cannot look into it, and need not: the file itself is open
            if same:
                reading.path, reading.stamp = same[0].path, same[0].stamp
                self._after = max(self._after, reading.stamp)
                return

    def _fingerprint(self, segment: Segment) -> str:
        try:
            return segment.fingerprint(self._decrypt)
        except (InputError, OSError, EOFError):
            return ""  # renamed just now, or not readable, which opening it will tell

    def _after_a_cut(self, reading: Reading) -> None:
        """Go on in the copy that logrotate's ``copytruncate`` made; without one, say so and begin the file anew."""
        self._open.remove(reading)
        reading.close()
        position = Position(
            reading.fingerprint, reading.offset, tail_of(reading.tail), reading.twin, reading.stamp, reading.inode
        )
        copies = [segment for segment in files_of(self._log) if not segment.live]
        try:
            found = locate(position, copies, after=self._after, decrypt=self._decrypt)
            if found is not None:
                self._adopt(Reading(found, decrypt=self._decrypt, offset=position.offset), position.twin)
                return
        except FileNotFoundError:
            pass
        self._tell_loss(position.offset, str(reading.path), "was cut, and no copy of it is there")

    def _tell_loss(self, offset: int, what: str, happened: str) -> None:
        _log.warning(
            "%s: %s %s; its lines behind byte %d may be lost, shipping goes on with the next file",
            self._log,
            what,
            happened,
            offset,
        )

    def _open_next(self) -> bool:
        """Open the oldest segment that was not begun yet; return whether there was one."""
        while True:
            files = files_of(self._log)
            young = [
                segment
                for segment in files
                if segment.live or (segment.stamp > self._after and not any(o.is_at(segment.path) for o in self._open))
            ]
            if not young:
                return False
            try:
                reading = Reading(young[0], decrypt=self._decrypt)
            except FileNotFoundError:
                continue
            # A rotation between listing and opening would make this live file a later one than the next.
            if reading.live and any(segment.stamp > self._after for segment in files_of(self._log)):
                reading.close()
                continue
            self._after = max(self._after, reading.stamp)
            self._open.append(reading)
            return True
