"""What the other side refuses for good: kept beside the log, one JSON object a line, with the reason.

To try again after the fault is mended, take the lines out: ``jq -r .line app.jsonl.dead.<sink>``.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.logsetup.files.disk import sync_folder
from logdojo.logsetup.shipping.reading import Line

_TAIL: Final = 8 * 1024 * 1024


class DeadLetters:
    """An append-only file of refused lines. What it has taken is on the disk.

    Args:
        path: the file; made when the first line comes.
        mode: its permission bits, under any umask; those of the log, since it holds the same.
    """

    def __init__(self, path: Path, *, mode: int = 0o640) -> None:
        self.path = path
        self._mode = mode
        self._known: set[str] | None = None
        """Ids of a life before this one; None as long as nobody has looked."""

    def add(self, dead: Iterable[tuple[Line, str]], *, now: datetime | None = None) -> None:
        """Append lines with their reasons, and wait until the disk has them.

        A line that stands near the end already is left out: a shipper that was killed before it could note its place
        comes by once more.

        Raises:
            OSError: they cannot be written.
        """
        time = (now or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        new = not self.path.exists()
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, self._mode)
        try:
            if hasattr(os, "fchmod") and stat.S_IMODE(os.fstat(fd).st_mode) != self._mode:
                os.fchmod(fd, self._mode)
            if self._known is None:
                self._known = _ids_near_the_end(fd)
            text = "".join(
                json.dumps(
                    {
                        "time": time,
                        "id": line.id,
                        "reason": reason,
                        # Bytes that are no UTF-8 become lone surrogates, which JSON can write and read back.
                        "line": line.text.decode("utf-8", "surrogateescape"),
                    }
                )
                + "\n"
                for line, reason in dead
                if line.id not in self._known
            )
            data = memoryview((("" if _is_whole(fd) else "\n") + text).encode("ascii"))
            while data:
                data = data[os.write(fd, data) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        if new:
            sync_folder(self.path.parent)


def read(path: Path) -> list[dict[str, str]]:
    """Return the dead letters of a file: ``time``, ``id``, ``reason``, ``line``; none when there is no file."""
    return list(_letters(path.read_bytes())) if path.exists() else []


def _ids_near_the_end(fd: int) -> set[str]:
    os.lseek(fd, max(0, os.fstat(fd).st_size - _TAIL), os.SEEK_SET)
    return {letter["id"] for letter in _letters(os.read(fd, _TAIL))}


def _is_whole(fd: int) -> bool:
    """Return whether the last line has its end: a kill in the middle of a write may have taken it."""
    size = os.fstat(fd).st_size
    os.lseek(fd, max(0, size - 1), os.SEEK_SET)
    return not size or os.read(fd, 1) == b"\n"


def _letters(content: bytes) -> Iterable[dict[str, str]]:
    for text in content.splitlines():
        try:
            letter = json.loads(text)
        except ValueError:
            continue  # cut by the window or by a kill
        if isinstance(letter, dict) and isinstance(letter.get("id"), str):
            yield letter
