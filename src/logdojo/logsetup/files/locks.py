"""Advisory locks between processes, which the kernel gives back when a process dies, however it dies.

Each process that writes to a log file holds a *shared* lock on it for as long as it may still write there. Who wants to
compress, seal, encrypt or remove an archive asks for the *exclusive* lock and gets it only when no writer is left. So a
record costs no lock, and an archive is never touched under a writer's hands.

A lock belongs to an open file, which a forked child shares with its parent: closing it in one of them gives nothing
back. So locks are given back by name, and a child closes what it has inherited, or a child that never logs would keep
archives, and even rotations, waiting for ever.

Where there is no ``flock`` (Windows) every lock is granted: one process a log file, there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows

_BINARY: Final = getattr(os, "O_BINARY", 0)
_open_files: Final[set[int]] = set()
"""Descriptors that may hold a lock in this process."""


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file to be locked; ``close_file`` closes it.

    Raises:
        OSError: it cannot be opened.
    """
    fd = os.open(path, flags | _BINARY, mode)
    _open_files.add(fd)
    return fd


def close_file(fd: int) -> None:
    """Give back the lock on an open file, also for child processes that have inherited it, and close the file."""
    if fd not in _open_files:
        # This is a child process, where it was closed at the fork; the number may be another file's by now.
        return
    _open_files.discard(fd)
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
    os.close(fd)


def after_fork() -> None:
    """In a child process: close what the parent had open; the parent's locks stay the parent's."""
    while _open_files:
        with contextlib.suppress(OSError):
            os.close(_open_files.pop())


def share(fd: int) -> bool:
    """Take the shared lock on an open file without waiting; return whether it was granted."""
    return _take(fd, exclusive=False)


def is_at(fd: int, path: Path) -> bool:
    """Return whether the open file is still the one that ``path`` names."""
    try:
        named = path.stat()
    except OSError:
        return False
    held = os.fstat(fd)
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)


@contextmanager
def alone(path: Path) -> Iterator[int | None]:
    """Open a file that nobody writes to any more; yield its descriptor, or None while somebody does or it is gone."""
    try:
        fd = open_file(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        yield None
        return
    try:
        # The name may have gone to another file, or to none, before the lock was granted.
        yield fd if _take(fd, exclusive=True) and is_at(fd, path) else None
    finally:
        close_file(fd)


@contextmanager
def one_at_a_time(path: Path, mode: int) -> Iterator[int]:
    """Wait until no other thread or process is in such a block for this lock file, and yield its descriptor."""
    # Opened anew each time: two threads that share an open file would both be granted its lock.
    fd = open_file(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        keep_mode(fd, mode)
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        close_file(fd)


def keep_mode(fd: int, mode: int) -> None:
    """Give a regular file these permission bits, unless it is another owner's or no regular file at all."""
    state = os.fstat(fd)
    if stat.S_ISREG(state.st_mode) and stat.S_IMODE(state.st_mode) != mode and hasattr(os, "fchmod"):
        # The umask took bits away, or somebody changed them.
        with contextlib.suppress(PermissionError):
            os.fchmod(fd, mode)


def _take(fd: int, *, exclusive: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
