"""A file to which whole lines are appended, by many processes, whatever happens to them or to the disk.

Each line is one ``write`` to a descriptor opened with ``O_APPEND``: when it returns, the line is with the kernel, and
no kill of the process can take it back. (A loss of power can, until the disk has it: ``sync`` waits for that.)

A full disk may cut a line short, and so may a kill in the middle of a write. A line that was cut is overwritten where
it lies, with spaces and a line end. That needs no new space and moves nothing, so it is safe beside other writers; and
readers skip blank lines.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path
from typing import Final

from logdojo.logsetup.files.locks import close_file, is_at, keep_mode, open_file, share
from logdojo.logsetup.files.mending import blank, mend_tail

_TRIES: Final = 200


class Appender:
    """An open log file. Not safe among threads by itself: a handler's lock is.

    Args:
        path: the live file; its folder must exist.
        mode: permission bits that the file gets and keeps under any umask.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, mode: int = 0o640) -> None:
        self.path = path
        self.mode = mode
        self._cut: tuple[int, int] | None = None
        self.fd = self._open()

    def append(self, line: bytes) -> int:
        """Append a line and its line end, and return how many bytes that were.

        Raises:
            OSError: nothing of it is in the file, not even a part.
        """
        if self._cut is not None:
            self._blank(*self._cut)
        written = os.write(self.fd, line + b"\n")
        if written <= len(line):
            end = os.lseek(self.fd, 0, os.SEEK_CUR)
            self._blank(end - written, end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written

    def size(self) -> int:
        """Return the size of the file in bytes, other processes' lines included."""
        return os.fstat(self.fd).st_size

    def in_place(self) -> bool:
        """Return whether the file is still the one that ``path`` names: it may have been renamed or removed."""
        return is_at(self.fd, self.path)

    def reopen(self) -> None:
        """Move on to the file that ``path`` names now, and make it when there is none.

        Raises:
            OSError: it cannot be opened; the old file stays open and is written to.
        """
        old, self.fd = self.fd, self._open()
        if old >= 0:
            close_file(old)

    def sync(self) -> None:
        """Wait until the disk has every line that was appended."""
        os.fsync(self.fd)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            close_file(fd)

    def after_fork(self) -> None:
        """In a child process, where ``locks.after_fork`` has closed the file: ``reopen`` begins anew."""
        self.fd, self._cut = -1, None

    def _open(self) -> int:
        for left in reversed(range(_TRIES)):
            fd = open_file(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, self.mode)
            try:
                # No lock: it was renamed a moment ago, and whoever tends archives has it; the name leads elsewhere now.
                # A foreign program may hold a lock for good; logging goes on without ours.
                if (share(fd) and is_at(fd, self.path)) or not left:
                    keep_mode(fd, self.mode)
                    # A disk that is full now may have space later; a cut line stays for the next who opens the file.
                    with contextlib.suppress(OSError):
                        mend_tail(fd, self.path)
                    self._cut = None
                    return fd
            except BaseException:
                close_file(fd)
                raise
            close_file(fd)
            time.sleep(0.001)
        raise AssertionError("the last try returns or raises")

    def _blank(self, start: int, end: int) -> None:
        """Overwrite a line that was cut short; it is tried again before the next line when that fails."""
        self._cut = (start, end)
        # Where somebody has emptied the file meanwhile, writing would leave a hole.
        if end <= self.size():
            blank(self.fd, self.path, start, end)
        self._cut = None
