"""Who may: one shipper a log and sink, and whether an archive still has a writer."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows


class Holding:
    """A lock that one process holds at a time and that the kernel gives back when the process dies.

    Where there is no ``flock`` (Windows) it is always granted: one shipper a log and sink is the operator's duty there.

    Args:
        path: the lock file; it stays there and holds the process id of who has the lock, for people to read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def take(self) -> bool:
        """Take the lock if it is free; return whether this process has it.

        Raises:
            OSError: the lock file cannot be made.
        """
        if self._fd >= 0:
            return True
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o640)
        if not _alone(fd):
            os.close(fd)
            return False
        self._fd = fd
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        return True

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held.

        After a fork the child calls this too: closing its copy leaves the parent's lock in place.
        """
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def has_no_writer(fd: int) -> bool:
    """Return whether no process holds its writer's lock on an open archive, so that nothing can be added any more."""
    if not _alone(fd):
        return False
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
    return True


def _alone(fd: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
