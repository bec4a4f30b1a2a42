"""How far a log has been shipped: a durable position that survives renames, compression and a kill at any moment.

A position is no file name and no inode: it is the fingerprint of a segment and an offset in its uncompressed content.
It is kept beside the log in ``app.jsonl.cursor.<sink>``, one small JSON file that is only ever replaced as a whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Segment
from logdojo.logsetup.files.disk import sync_folder

VERSION: Final = 1
TAIL_BYTES: Final = 256
_KEY_CHARACTERS: Final = 20
_MODE: Final = 0o640
_UNFIT: Final = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one segment: everything before it has been shipped.

    Args:
        fingerprint: of the segment.
        offset: bytes of the uncompressed content before the place.
        tail: fingerprint of the last ``TAIL_BYTES`` bytes before the place; tells a file that was cut and grew again.
        twin: how many segments just before this one began with the same line, as files with a fixed heading do.
        stamp: the moment the segment was closed; empty as long as it is not known.
        inode: where it was last seen; a hint only.
    """

    fingerprint: str
    offset: int
    tail: str = ""
    twin: int = 0
    stamp: str = ""
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a log has been shipped.

    Args:
        origin: which log this is among all hosts; part of each document's id.
        after: stamp of the newest archive that was begun; younger ones are still to come.
        positions: the segments that were begun and are not finished, the oldest first. More than one, when a process
            still holds an archive open and may yet write its last lines there.
        last: fingerprint of the segment begun last.
        last_twin: and its ``twin``.
    """

    origin: str
    after: str = ""
    positions: tuple[Position, ...] = ()
    last: str = ""
    last_twin: int = 0

    def passed(self, segment: Segment) -> bool:
        """Return whether all of the segment has been shipped and no more can come."""
        open_ones = {position.stamp for position in self.positions}
        return not segment.live and segment.stamp <= self.after and segment.stamp not in open_ones


def begin(log: Path) -> Cursor:
    """Return the cursor at the oldest line of a log.

    The origin is made of the host's name and the path, so a lost cursor leads to the same document ids again.
    """
    named = f"{socket.gethostname()}:{log.absolute()}"
    return Cursor(origin=hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:_KEY_CHARACTERS])


def document_key(cursor: Cursor, fingerprint: str, twin: int) -> str:
    """Return what the ids of a segment's documents begin with: the same at every resend, on no two hosts alike."""
    named = f"{cursor.origin}:{fingerprint}:{twin}"
    return hashlib.sha256(named.encode()).hexdigest()[:_KEY_CHARACTERS]


def tail_of(content: bytes) -> str:
    """Return the fingerprint of the bytes before a position."""
    return hashlib.sha256(content[-TAIL_BYTES:]).hexdigest()[:_KEY_CHARACTERS] if content else ""


def state_path(log: Path, kind: str, sink: str, *, state_dir: Path | None = None) -> Path:
    """Return where something about shipping ``log`` to ``sink`` is kept: ``app.jsonl.<kind>.<sink>``.

    Args:
        log: the live file.
        kind: ``cursor``, ``dead`` or ``lock``.
        sink: the sink's name.
        state_dir: a folder other than the log's own; two logs of one name stay apart in it.
    """
    name = _UNFIT.sub("-", sink).strip("-.")[:_LONGEST_NAME] or "sink"
    if state_dir is None:
        return log.with_name(f"{log.name}.{kind}.{name}")
    apart = hashlib.sha256(os.fsencode(log.absolute())).hexdigest()[:8]
    return state_dir / f"{log.name}-{apart}.{kind}.{name}"


def save(path: Path, cursor: Cursor) -> None:
    """Replace the cursor file durably: a kill at any moment leaves the old one or the new one, whole.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    text = json.dumps({"version": VERSION, **asdict(cursor)}, separators=(",", ":")) + "\n"
    new = path.with_name(f"{path.name}.new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    try:
        if os.write(fd, text.encode("ascii")) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))
        os.fsync(fd)
    finally:
        os.close(fd)
    new.replace(path)
    sync_folder(path.parent)


def load(path: Path) -> Cursor | None:
    """Read a cursor file; None when there is none.

    Raises:
        InputError: the file is damaged. Shipping does not begin anew by itself: that is for a person to decide.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    try:
        return _cursor_of(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def passed_by_all(log: Path, *, state_dir: Path | None = None) -> Callable[[Segment], bool]:
    """Return a function for retention: whether every sink that ships ``log`` has all of a segment.

    It reads the cursor files now, once. Where there is no cursor, nobody ships the log, and it says True.

    Raises:
        InputError: a cursor file is damaged.
    """
    any_sink = state_path(log, "cursor", "sink", state_dir=state_dir)
    start = any_sink.name.removesuffix("sink")
    found = (
        [path for path in any_sink.parent.iterdir() if path.name.startswith(start)] if any_sink.parent.exists() else []
    )
    cursors = [load(path) for path in found if not path.name.endswith(".new")]
    return lambda segment: all(cursor is None or cursor.passed(segment) for cursor in cursors)


def _damaged(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}: the cursor is damaged ({what})",
        hint="put back a good copy, or remove the file to ship the whole log once more: documents keep their ids",
    )


def _cursor_of(found: Mapping[str, object]) -> Cursor:
    if found["version"] != VERSION:
        raise ValueError(f"version {found['version']!r} is not {VERSION}")
    return Cursor(
        origin=_text(found, "origin"),
        after=_text(found, "after"),
        positions=tuple(_position_of(each) for each in cast("list[Mapping[str, object]]", found["positions"])),
        last=_text(found, "last"),
        last_twin=_count(found, "last_twin"),
    )


def _position_of(found: Mapping[str, object]) -> Position:
    return Position(
        fingerprint=_text(found, "fingerprint"),
        offset=_count(found, "offset"),
        tail=_text(found, "tail"),
        twin=_count(found, "twin"),
        stamp=_text(found, "stamp"),
        inode=_count(found, "inode"),
    )


def _text(found: Mapping[str, object], name: str) -> str:
    value = found[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _count(found: Mapping[str, object], name: str) -> int:
    value = found[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{name} is no count")
    return value
