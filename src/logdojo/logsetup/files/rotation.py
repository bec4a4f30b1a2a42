"""When a log file is full or its time is over, and how it makes way for a new one, with many processes writing.

One process renames the file, under a lock that only rotations take. The others go on writing to the renamed file
until they notice, and hold their shared lock on it meanwhile; nothing they write is lost. They notice by the size of
the file, which they look at ever more often as it fills up, by the clock, or within a second by the name, which also
finds a rotation by an outside ``logrotate``.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from logdojo.errors import UsageError
from logdojo.logsetup.files.appending import Appender
from logdojo.logsetup.files.archives import next_stamp, stamp_of
from logdojo.logsetup.files.locks import one_at_a_time
from logdojo.logsetup.files.mending import LINE_START, read_at

UNLIMITED: Final = 2**62
_SLICES: Final = 16
_SMALLEST_SLICE: Final = 1024
_LONGEST_FIRST_LINE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Rotation:
    """When to begin a new file; both limits may be set, and the first to be reached counts.

    Args:
        max_bytes: a file that has reached this size makes way, in bytes; 0 sets no limit.
        every: a new file begins with each such span of time, counted from 1970 in UTC, so that all processes agree and
            days with a clock change are like any other; None sets no limit.

    Raises:
        UsageError: a limit is negative, or the span is under a second.
    """

    max_bytes: int = 0
    every: timedelta | None = None

    def __post_init__(self) -> None:
        if self.max_bytes < 0:
            raise UsageError(f"max_bytes: {self.max_bytes} is negative", hint="give a size in bytes, or 0 for no limit")
        if self.every is not None and self.every < timedelta(seconds=1):
            raise UsageError(f"every: {self.every} is too short", hint="give a span of at least one second")

    def period(self, seconds: float) -> int:
        """Return the number of the span of time in which a moment lies; 0 without a limit on time."""
        return int(seconds // self.every.total_seconds()) if self.every is not None else 0

    def ends(self, seconds: float) -> float:
        """Return when the span ends in which a moment lies, in seconds since the epoch."""
        return (self.period(seconds) + 1) * self.every.total_seconds() if self.every is not None else float("inf")

    def room(self, size: int) -> int:
        """Return how many bytes a process may write before it has to look at the file's size again.

        Others write as well, so it is a part of what is left, and the file outgrows its limit by little.
        """
        if not self.max_bytes:
            return UNLIMITED
        return max((self.max_bytes - size) // _SLICES, min(_SMALLEST_SLICE, self.max_bytes // _SLICES))

    def is_due(self, file: Appender, now: float) -> bool:
        """Return whether the open file has to make way at ``now``, in seconds since the epoch."""
        size = file.size()
        if not size:
            return False
        if self.max_bytes and size >= self.max_bytes:
            return True
        return self.every is not None and self.period(began(file)) < self.period(now)

    def rotate(self, file: Appender, now: float) -> Path | None:
        """Let the file make way if it has to, and go on with the one that the name leads to.

        Args:
            file: as this process has it open.
            now: seconds since the epoch.

        Returns:
            The new archive; None when another process was first or nothing had to be done.

        Raises:
            OSError: the folder refused; ``file`` is then as usable as before.
        """
        archive = None
        with one_at_a_time(lock_of(file.path), file.mode) as lock:
            if file.in_place() and self.is_due(file, now):
                last = _last_stamp(lock, file.path)
                stamp = next_stamp(file.path, datetime.fromtimestamp(now, UTC), after=last)
                _remember_stamp(lock, stamp)
                archive = file.path.with_name(f"{file.path.name}.{stamp}")
                if os.name == "nt":
                    # An open file cannot be renamed there.
                    file.close()
                file.path.rename(archive)
            if not file.in_place():
                file.reopen()
        return archive


def lock_of(log: Path) -> Path:
    """Return the path of the file on which rotations of a log lock one another out; it holds the last stamp given."""
    return log.with_name(log.name + ".lock")


def _last_stamp(lock: int, log: Path) -> str:
    os.lseek(lock, 0, os.SEEK_SET)
    return stamp_of(log, log.with_name(f"{log.name}.{os.read(lock, 64).decode('ascii', 'replace')}"))


def _remember_stamp(lock: int, stamp: str) -> None:
    # A full disk may refuse; the names in the folder are then all there is to go by.
    with contextlib.suppress(OSError):
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, stamp.encode())


def began(file: Appender) -> float:
    """Return when the first record of a file was made, in seconds since the epoch; as a fallback, its last change."""
    # The first lines may be blank: cut short, and mended.
    line, _, _ = read_at(file.fd, file.path, 0, _LONGEST_FIRST_LINE).lstrip().partition(b"\n")
    stamp = line[len(LINE_START) :].partition(b'"')[0] if line.startswith(LINE_START) else b""
    try:
        if not stamp:
            stamp = str(json.loads(line)["@timestamp"]).encode()
        return datetime.fromisoformat(stamp.decode()).timestamp()
    except (ValueError, LookupError, TypeError):
        return os.fstat(file.fd).st_mtime
