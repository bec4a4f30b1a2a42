"""All files of a log in order, also those that an outside logrotate has named, and where a position lies among them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Decrypt, Segment, segments, stamp_of
from logdojo.logsetup.shipping.cursor import TAIL_BYTES, Position, tail_of

_FOREIGN: Final = re.compile(r"[.-]\d[\dT:_-]*(\.gz)?")
_STAMP_FORMAT: Final = "%Y%m%dT%H%M%S.%fZ"


def files_of(log: Path) -> list[Segment]:
    """Return the archives of a log, the oldest first, and then the live file.

    Names that logrotate and the standard library give (``app.jsonl.1``, ``app.jsonl-20261124.gz``) count too; the time
    of the last write stands for the moment such a file was closed.
    """
    found = segments(log)
    live = [segment for segment in found if segment.live]
    closed = [segment for segment in found if not segment.live]
    return sorted([*closed, *_foreign(log)], key=lambda segment: segment.stamp) + live


def is_foreign(log: Path, segment: Segment) -> bool:
    """Return whether another program has named the archive: its writers hold no lock that we could ask for."""
    return not segment.live and not stamp_of(log, segment.path)


def locate(position: Position, files: list[Segment], *, after: str, decrypt: Decrypt | None) -> Segment | None:
    """Return the file in which a position lies now, whatever its name and form; None when it is gone.

    Args:
        position: what was written down.
        files: the files of the log, in order.
        after: for a segment that was live then: its archive is younger than this stamp.
        decrypt: opens encrypted archives.

    Raises:
        InputError: an archive must be looked into and cannot be read.
    """
    if not position.fingerprint:  # it had no whole line yet: nothing but its name is known
        return next((segment for segment in files if segment.stamp == position.stamp), None)
    if position.stamp:
        exact = [segment for segment in files if segment.stamp == position.stamp]
        # A foreign archive may have been touched since: then its stamp is another, and the content decides.
        possible = exact or [segment for segment in files if not segment.live]
    else:
        possible = [segment for segment in files if segment.live or segment.stamp > after]
    same = sorted(possible, key=lambda segment: _inode(segment.path) != position.inode)
    return next((segment for segment in same if _holds(segment, position, decrypt)), None)


def _foreign(log: Path) -> Iterator[Segment]:
    try:
        names = {path.name for path in log.parent.iterdir() if path.name.startswith(log.name)}
    except FileNotFoundError:
        return
    for name in names:
        # While gzip is at work both forms are there, and the new one is not complete.
        if _FOREIGN.fullmatch(name[len(log.name) :]) and name.removesuffix(".gz") not in names - {name}:
            path = log.with_name(name)
            try:
                written = path.stat().st_mtime
            except FileNotFoundError:
                continue
            yield Segment(path, datetime.fromtimestamp(written, UTC).strftime(_STAMP_FORMAT))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _holds(segment: Segment, position: Position, decrypt: Decrypt | None) -> bool:
    try:
        if segment.fingerprint(decrypt) != position.fingerprint:
            return False
        with segment.open(decrypt) as file:
            file.seek(max(0, position.offset - TAIL_BYTES))
            before = file.read(min(TAIL_BYTES, position.offset))
            whole = file.tell() == position.offset
    except (InputError, OSError, EOFError) as error:
        if os.path.lexists(segment.path):
            if isinstance(error, InputError):
                raise
            raise InputError(f"{segment.path}: the archive cannot be read ({error})", hint="repair it") from error
        return False  # renamed or removed just now
    # A line of it may have been blanked since: what a killed writer left unfinished is overwritten with spaces.
    return whole and (tail_of(before) == position.tail or b" \n" in before)
