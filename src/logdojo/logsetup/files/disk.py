"""What a new form of a file owes the old one, and what makes its name last."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def like(new: int, old: int) -> None:
    """Give an open file the permission bits and, where we may, the owner of another."""
    if not hasattr(os, "fchmod"):
        return
    state = os.fstat(old)
    with contextlib.suppress(PermissionError):
        os.fchown(new, state.st_uid, state.st_gid)
    os.fchmod(new, state.st_mode & 0o7777)


def sync_folder(folder: Path) -> None:
    """Make names that were given or taken in a folder survive a loss of power, where folders can be opened.

    Raises:
        OSError: the disk failed.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    # A folder that one may write to and not list cannot be opened either.
    with contextlib.suppress(PermissionError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
