"""A log's archives: how they are named, listed in order, and read, whatever form they are kept in.

The live file of a log is ``app.jsonl``. At a rotation it is renamed to ``app.jsonl.20261124T135600.123456Z``, the
moment in UTC; then it may be compressed (``….gz``) and after that encrypted (``….gz.enc``). The names sort in the order
in which the files were closed, also when the clock was set back, and no two are alike.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from logdojo.errors import InputError

_STAMP: Final = re.compile(r"\.(\d{8}T\d{6}\.\d{6}Z)(\.gz)?(\.enc)?")
_STAMP_FORMAT: Final = "%Y%m%dT%H%M%S.%fZ"
_END_OF_TIME: Final = "99991231T235959.999999Z"
FINGERPRINT_CHARACTERS: Final = 32

Decrypt = Callable[[Path], bytes]
"""The path of an encrypted archive → what was encrypted."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a log: the live one, or an archive.

    Args:
        path: where it lies now.
        stamp: the moment it was closed, as its name says it; empty for the live file.
    """

    path: Path
    stamp: str = ""

    @property
    def live(self) -> bool:
        """Whether the file is still written to."""
        return not self.stamp

    @property
    def compressed(self) -> bool:
        """Whether the content went through gzip."""
        return ".gz" in self.path.name[-len(".gz.enc") :]

    @property
    def encrypted(self) -> bool:
        """Whether a key is needed to read it."""
        return self.path.name.endswith(".enc")

    @property
    def closed(self) -> datetime | None:
        """When it was closed, in UTC; None for the live file."""
        return moment_of(self.stamp) if self.stamp else None

    def open(self, decrypt: Decrypt | None = None) -> BinaryIO:
        """Open the lines as they were logged.

        Args:
            decrypt: opens an encrypted archive.

        Raises:
            InputError: the archive is encrypted and ``decrypt`` is not given, or the file cannot be opened.
        """
        try:
            if not self.encrypted:
                return gzip.open(self.path) if self.compressed else self.path.open("rb")  # type: ignore[return-value]  # reads like one
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror or error}", hint="name a log file that exists") from error
        if decrypt is None:
            raise InputError(f"{self.path}: the archive is encrypted", hint="name the file of its keys")
        content = decrypt(self.path)
        return io.BytesIO(gzip.decompress(content) if self.compressed else content)

    def fingerprint(self, decrypt: Decrypt | None = None) -> str:
        """Return what stays the same when the file is renamed, compressed or encrypted: a hash of its first line.

        Empty when the file has no complete line yet.
        """
        with self.open(decrypt) as file:
            return fingerprint_of(file.readline())


def fingerprint_of(first_line: bytes) -> str:
    """Return the fingerprint of a file that begins with ``first_line``: hexadecimal SHA-256, shortened to 128 bits."""
    if not first_line.endswith(b"\n"):
        return ""
    return hashlib.sha256(first_line).hexdigest()[:FINGERPRINT_CHARACTERS]


def segments(log: Path) -> list[Segment]:
    """Return the files of a log, the oldest first and the live one last.

    An archive that stands there twice, since a process died between writing its new form and removing the old one, is
    listed once, in the newer form: that one was renamed into place only when it was complete.

    Args:
        log: path of the live file; it need not exist.
    """
    found: dict[str, Path] = {}
    for path in _beside(log):
        stamp = stamp_of(log, path)
        if stamp and (stamp not in found or len(path.name) > len(found[stamp].name)):
            found[stamp] = path
    listed = [Segment(path, stamp) for stamp, path in sorted(found.items())]
    return [*listed, Segment(log)] if log.exists() else listed


def left_over(log: Path) -> list[Path]:
    """Return older forms of archives that also stand there in a newer one; they are safe to remove."""
    # One look at the folder, not two: a rotation in between would make a new archive look like an old form.
    forms: dict[str, list[Path]] = {}
    for path in _beside(log):
        if stamp := stamp_of(log, path):
            forms.setdefault(stamp, []).append(path)
    return [path for paths in forms.values() for path in sorted(paths, key=lambda p: len(p.name))[:-1]]


def stamp_of(log: Path, path: Path) -> str:
    """Return the moment in the name of an archive of ``log``; empty when ``path`` is no such archive."""
    if not path.name.startswith(log.name):
        return ""
    found = _STAMP.fullmatch(path.name[len(log.name) :])
    try:
        return found[1] if found and moment_of(found[1]) else ""
    # Somebody has given a file a name like ours, with a month of 99.
    except ValueError:
        return ""


def next_stamp(log: Path, now: datetime, *, after: str = "") -> str:
    """Return the stamp for a rotation at ``now`` that sorts behind all earlier ones, also when the clock went back.

    Args:
        log: path of the live file.
        now: the moment.
        after: a stamp that was given before: while archives are renamed, a look at the folder may miss one.
    """
    stamps = (stamp_of(log, path) for path in _beside(log))
    last = max((stamp for stamp in (*stamps, after) if stamp < _END_OF_TIME), default="")
    stamp = now.astimezone(UTC).strftime(_STAMP_FORMAT)
    return stamp if stamp > last else (moment_of(last) + timedelta(microseconds=1)).strftime(_STAMP_FORMAT)


def moment_of(stamp: str) -> datetime:
    """Return the moment that a stamp names, in UTC.

    Raises:
        ValueError: there is no such moment.
    """
    return datetime.fromisoformat(stamp)


def _beside(log: Path) -> Iterator[Path]:
    try:
        yield from log.parent.iterdir()
    except FileNotFoundError:
        return
