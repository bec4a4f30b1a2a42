"""Which archives were removed on purpose: ``app.jsonl.disposals``, by which a disposal can be told from a theft.

Each line is written, and is on the disk, before its archive goes::

    {"time":"2026-11-24T13:56:00Z","who":"root","rule":"older than 90 days, 0:00:00","name":"app.jsonl.2026….gz",
     "stamp":"20260824T135600.123456Z","size":1048576,"sha256":"…","records":5120}
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.logsetup.files.archives import Segment
from logdojo.logsetup.retention.journal import append, entries, read_moment, written

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Removal:
    """One removed archive, as ``app.jsonl.disposals`` holds it.

    Args:
        time: when.
        who: which user.
        rule: which limits were exceeded with it.
        name: of the file.
        stamp: the moment in its name.
        size: bytes on the disk.
        sha256: of the file as it was removed, compressed or encrypted or not.
        records: lines in it that are not blank; None for an encrypted archive.
    """

    time: datetime
    who: str
    rule: str
    name: str
    stamp: str
    size: int
    sha256: str
    records: int | None

    def entry(self) -> dict[str, object]:
        """Return the line that tells of it."""
        return {
            "time": written(self.time),
            **{name: getattr(self, name) for name in ("who", "rule", "name", "stamp", "size", "sha256", "records")},
        }


def disposals_file(log: Path) -> Path:
    """Return where removals of archives of ``log`` are written down."""
    return log.with_name(f"{log.name}.disposals")


def disposals(log: Path) -> list[Removal]:
    """Return the removals that were written down, the first ones first; a line that cannot be read is left out.

    An archive whose removal a loss of power has undone stands here once for each time it was removed.

    Raises:
        InputError: the file is there and cannot be read.
    """
    found = []
    for _, entry in entries(disposals_file(log)):
        try:
            found.append(_removal_of(entry or {}))
        except (KeyError, ValueError, OverflowError):
            continue
    return found


def write_down(log: Path, removal: Removal) -> None:
    """Write a removal down, before it is done.

    Raises:
        InputError: it could not be written.
    """
    append(disposals_file(log), removal.entry())


def measure(segment: Segment) -> tuple[str, int | None]:
    """Return the SHA-256 of an archive's file and the number of its records."""
    digest = hashlib.sha256()
    with segment.path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    if segment.encrypted:
        return digest.hexdigest(), None
    try:
        with gzip.open(segment.path) if segment.compressed else segment.path.open("rb") as lines:
            return digest.hexdigest(), sum(1 for line in lines if line.strip())
    except (OSError, EOFError, zlib.error):
        return digest.hexdigest(), None


def _removal_of(entry: dict[str, object]) -> Removal:
    records = entry.get("records")
    return Removal(
        time=read_moment(entry["time"]) or datetime.min.replace(tzinfo=UTC),
        who=str(entry["who"]),
        rule=str(entry["rule"]),
        name=str(entry["name"]),
        stamp=str(entry["stamp"]),
        size=int(str(entry["size"])),
        sha256=str(entry["sha256"]),
        records=None if records is None else int(str(records)),
    )
