"""Advisory locks between processes, which the kernel gives back when a process dies, however it dies.

Each process that writes to a log file holds a *shared* lock on it for as long as it may still write there. Who wants to
compress, seal, encrypt or remove an archive asks for the *exclusive* lock and gets it only when no writer is left. So a
record costs no lock, and an archive is never touched under a writer's hands.

Where there is no ``flock`` (Windows) every lock is granted: one process a log file, there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows

_BINARY = getattr(os, "O_BINARY", 0)


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
        fd = os.open(path, os.O_RDWR | os.O_APPEND | _BINARY)
    except OSError:
        yield None
        return
    try:
        # The name may have gone to another file, or to none, before the lock was granted.
        yield fd if _take(fd, exclusive=True) and is_at(fd, path) else None
    finally:
        os.close(fd)


@contextmanager
def one_at_a_time(path: Path, mode: int) -> Iterator[None]:
    """Wait until no other thread or process is in such a block for this lock file; the file stays there, empty."""
    # Opened anew each time: a lock belongs to an open file, and a child process shares those of its parent.
    fd = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, mode)
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _take(fd: int, *, exclusive: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
