"""One log or archive, in batches from a durable place on; what cannot be read is told and left out."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Segment
from logdojo.logsetup.shipping.cursor import Cursor, Position, begin, document_key, tail_of
from logdojo.logsetup.shipping.follow import Batch, Follower
from logdojo.logsetup.shipping.places import files_of
from logdojo.logsetup.shipping.reading import Reading
from logdojo.store.collecting.sources import base_of

BATCH_LINES: Final = 10_000
BATCH_BYTES: Final = 4 * 1024 * 1024
MOST_GROWTH: Final = 400
"""How many times its size an archive may unfold to; logs reach 10 to 100."""
GROWTH_FROM: Final = 256 * 1024 * 1024
"""Bytes of content from which on that is looked at."""
_HEAD: Final = 4_096
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_UNNAMED: Final = "no first line"

Tell = Callable[[str], None]


class Tail(Protocol):
    """A log in batches."""

    path: Path

    def next(self) -> Batch | None:
        """Return the next batch; None when there is nothing new now.

        Raises:
            InputError: the log cannot be read; a later call tries again.
            OSError: the same, with the system's reason.
        """

    def cursor(self) -> Cursor | None:
        """Return the place behind the last batch; None before the first one."""

    def close(self) -> None:
        """Close all files; a second call does nothing."""


class LogTail:
    """A live file with its rotated ones.

    Args:
        path: the live file; it need not exist.
        cursor: where to go on.
        tell: is told what is left out.
    """

    def __init__(self, path: Path, cursor: Cursor | None, *, tell: Tell) -> None:
        self.path = path
        self._cursor = cursor
        self._tell = tell
        self._follower: Follower | None = None

    def next(self) -> Batch | None:
        """Return the next batch; see ``Tail``."""
        while True:
            follower = self._opened()
            try:
                batch = follower.next()
                unfolded = batch is not None and self._unfolds_too_much(batch.cursor)
            except InputError as error:
                if not self._leave_archive(follower, str(error)):
                    raise
                continue
            if unfolded and self._leave_archive(
                follower, f"{self.path}: an archive of it unfolds over {MOST_GROWTH}-fold"
            ):
                continue
            return batch

    def cursor(self) -> Cursor | None:
        """Return the place behind the last batch."""
        return self._follower.cursor() if self._follower is not None else self._cursor

    def close(self) -> None:
        """Close all files."""
        if self._follower is not None:
            self._cursor = self._follower.cursor()
            self._follower.close()
            self._follower = None

    def _opened(self) -> Follower:
        if self._follower is None:
            if self.path.is_file():
                check_text(self.path)
            self._follower = Follower(self.path, self._cursor, batch_records=BATCH_LINES, batch_bytes=BATCH_BYTES)
        return self._follower

    def _leave_archive(self, follower: Follower, why: str) -> bool:
        """Go on behind the archive that cannot be read; return whether there is one."""
        cursor = follower.cursor()
        archives = {each.stamp: each for each in files_of(self.path) if not each.live}
        begun = [each for each in cursor.positions if each.stamp in archives and archives[each.stamp].compressed]
        if begun:
            left = begun[0].stamp
            behind = replace(cursor, positions=tuple(each for each in cursor.positions if each.stamp != left))
        else:
            left = min((stamp for stamp in archives if stamp > cursor.after), default="")
            behind = replace(cursor, after=left)
        if not left:
            return False
        self._tell(f"{why}; what is left of {archives[left].path.name} is left out")
        follower.close()
        self._follower, self._cursor = None, behind
        return True

    def _unfolds_too_much(self, cursor: Cursor) -> bool:
        large = {each.stamp: each.offset for each in cursor.positions if each.stamp and each.offset > GROWTH_FROM}
        return any(
            each.compressed and large.get(each.stamp, 0) > MOST_GROWTH * each.path.stat().st_size
            for each in (files_of(self.path) if large else [])
        )


class ArchiveTail:
    """One closed file, compressed or not.

    Its lines have the ids that they have when they are read through their live log, as long as no other segment of it
    begins with the same line.

    Args:
        path: the file.
        cursor: where to go on.
    """

    def __init__(self, path: Path, cursor: Cursor | None) -> None:
        self.path = path
        self._start = begin(base_of(path))
        self._cursor = cursor
        self._reading: Reading | None = None
        self._stamp = ""

    def next(self) -> Batch | None:
        """Return the next batch; see ``Tail``."""
        if self._reading is None and not self._open():
            return None
        assert self._reading is not None
        lines = self._reading.take(BATCH_LINES, BATCH_BYTES)
        if lines:
            self._cursor = replace(self._start, positions=(self._position(),))
            return Batch(tuple(lines), self._cursor)
        # All of it has been read: the file is not opened again unless it changes.
        self._cursor = replace(self._start, after=self._stamp, positions=(self._position(),))
        self.close()
        return None

    def cursor(self) -> Cursor | None:
        """Return the place behind the last batch."""
        return self._cursor

    def close(self) -> None:
        """Close the file."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _open(self) -> bool:
        state = self.path.stat()
        self._stamp = f"{state.st_mtime_ns}-{state.st_size}"
        if self._cursor is not None and self._cursor.after == self._stamp:
            return False
        check_text(self.path)
        reading = self._read(0)
        last = self._cursor.positions[0] if self._cursor is not None and self._cursor.positions else None
        if last is not None and last.offset and last.fingerprint == (reading.fingerprint or _UNNAMED):
            reading.close()
            reading = self._read(last.offset)
        self._reading = reading
        return True

    def _read(self, offset: int) -> Reading:
        reading = Reading(_Bounded(self.path, "archive"), offset=offset)
        reading.closed_for_good = True
        reading.name_key()
        reading.key = document_key(self._start, reading.fingerprint or _UNNAMED, 0)
        return reading

    def _position(self) -> Position:
        assert self._reading is not None
        return Position(self._reading.fingerprint or _UNNAMED, self._reading.offset, tail_of(self._reading.tail))


class _Bounded(Segment):
    """An archive that is read no further than it may reasonably unfold."""

    def open(self, decrypt: object = None) -> BinaryIO:  # noqa: ARG002  # a lone archive has no keys
        return _BoundedStream(super().open(), max(GROWTH_FROM, MOST_GROWTH * self.path.stat().st_size))  # type: ignore[return-value]  # reads like one


class _BoundedStream:
    """The part of a stream that ``Reading`` uses, with an end to its patience."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream = stream
        self._most = most
        self.seek = stream.seek
        self.close = stream.close

    def read(self, size: int) -> bytes:
        return self._counted(self._stream.read(size))

    def readline(self, size: int = _HEAD * 2_048) -> bytes:
        return self._counted(self._stream.readline(size))

    def _counted(self, found: bytes) -> bytes:
        if self._stream.tell() > self._most:
            raise OSError(f"it unfolds over {MOST_GROWTH}-fold")
        return found


def check_text(path: Path) -> None:
    """Check that a file begins as a text does.

    Raises:
        InputError: it does not, or it is a damaged archive.
        OSError: it cannot be opened.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(_HEAD)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: the archive cannot be read ({error})", hint="repair it, or move it away") from error
    # One in ten: a crashed system leaves a few NULs even in a log.
    if len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 10:
        raise NoText(f"{path}: no text", hint="unpack it, or convert it to UTF-8 text, and collect that")


class NoText(InputError):  # noqa: N818  # a fact; in a folder nobody minds
    """The file holds something else than text."""
