"""One segment of a log, read from an offset on in batches of whole lines."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import FINGERPRINT_CHARACTERS, Decrypt, Segment, fingerprint_of
from logdojo.logsetup.files.mending import LINE_START
from logdojo.logsetup.shipping.cursor import TAIL_BYTES
from logdojo.logsetup.shipping.locks import has_no_writer

LONGEST_LINE: Final = 8 * 1024 * 1024
_LOOK: Final = 64 * 1024
_BINARY: Final = getattr(os, "O_BINARY", 0)


class Line(NamedTuple):
    """One logged line on its way.

    Args:
        id: the same whenever this line is read, and no other line's.
        text: the line without its end.
        fault: why it cannot be sent at all; empty for a fine one.

    A line longer than ``LONGEST_LINE`` comes in pieces, each with a fault, so that memory stays bounded.
    """

    id: str
    text: bytes
    fault: str = ""


class Shrunk(Exception):  # noqa: N818  # a fact to act upon, no error
    """The file no longer holds what was read from it: it was cut, by logrotate's ``copytruncate`` for example."""


class Reading:
    """An open segment and how far it was read.

    It stays open while the file is renamed, compressed or removed, so nothing of it is missed.

    Args:
        segment: the file.
        decrypt: opens an encrypted archive.
        offset: where to go on, in bytes of the uncompressed content.

    Raises:
        FileNotFoundError: it is not there any more under this name.
        InputError: it cannot be read.
    """

    def __init__(self, segment: Segment, *, decrypt: Decrypt | None = None, offset: int = 0) -> None:
        self.stamp = segment.stamp
        self.live = segment.live
        self.path = segment.path
        self.closed_for_good = segment.compressed or segment.encrypted
        self.inode = 0
        self.key = ""
        self.twin = 0
        self.fingerprint = ""
        self.offset = offset
        self.tail = b""
        self._block = b""
        self._at = 0
        self._stream: BinaryIO | None = None
        self._fd = -1
        try:
            self._open(segment, decrypt)
        except BaseException:
            self.close()
            raise

    def take(self, records: int, size: int) -> list[Line]:
        """Return the next whole lines, without blank ones; none when there are none now.

        Args:
            records: at most so many.
            size: at most so many bytes, and at least one line.

        Raises:
            Shrunk: the file was cut; nothing was taken.
            InputError: an archive is damaged.
        """
        lines: list[Line] = []
        while not lines and (self._at < len(self._block) or self._more(size)):
            start = self._at
            lines = self._split(records)
            self.tail = (self.tail + self._block[max(start, self._at - TAIL_BYTES) : self._at])[-TAIL_BYTES:]
            self.offset += self._at - start
        return lines

    def name_key(self) -> bool:
        """Find the fingerprint, which takes one whole line; return whether it is known."""
        if not self.fingerprint and self._fd >= 0:
            self.fingerprint = _fingerprint(self._fd)
        return bool(self.fingerprint)

    def look_again(self, line: Line) -> list[Line]:
        """Read the place of a broken line anew and return the lines that are there.

        A killed writer leaves the beginning of a line, and the next one's whole line follows on it. Sooner or later
        that beginning is blanked; the whole line behind it is given at once, with the id that it has then too.
        """
        offset = int(line.id.rpartition("-")[2])
        now = _read(self._fd, offset, len(line.text) + 1) if self._fd >= 0 else line.text
        if now.removesuffix(b"\n") != line.text:
            self.tail = self._before()
            return [Line(f"{self.key}-{offset + at}", part) for at, part in _parts(now) if part.strip()]
        behind = line.text.rfind(LINE_START)
        if behind > 0 and is_json(line.text[behind:]):
            return [Line(f"{self.key}-{offset + behind}", line.text[behind:])]
        return [line]

    def is_at(self, path: Path) -> bool:
        """Return whether ``path`` names this very file."""
        try:
            named = path.stat()
        except FileNotFoundError:
            return False
        return self._fd >= 0 and os.path.samestat(named, os.fstat(self._fd))

    def prove_closed(self, settled: float) -> bool:
        """Find out whether nothing can be added any more.

        Args:
            settled: seconds without a write that stand for a proof where writers hold no lock; 0 for our own archives.
        """
        if not self.closed_for_good:
            self.closed_for_good = (
                not self.live
                and (not settled or time.time() - os.fstat(self._fd).st_mtime >= settled)
                and has_no_writer(self._fd)
            )
        return self.closed_for_good

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self, segment: Segment, decrypt: Decrypt | None) -> None:
        if not self.closed_for_good:
            self._fd = os.open(segment.path, os.O_RDONLY | _BINARY)
            self.inode = os.fstat(self._fd).st_ino
            self.name_key()
            self.tail = self._before()
            return
        if not segment.path.exists():
            raise FileNotFoundError(segment.path)
        try:
            self._stream = segment.open(decrypt)
            self.fingerprint = fingerprint_of(self._stream.readline())
            self._stream.seek(max(0, self.offset - TAIL_BYTES))
            self.tail = self._stream.read(min(TAIL_BYTES, self.offset))
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self.path, error) from error

    def _before(self) -> bytes:
        return _read(self._fd, max(0, self.offset - TAIL_BYTES), min(TAIL_BYTES, self.offset))

    def _split(self, records: int) -> list[Line]:
        lines: list[Line] = []
        block, at, shift, key = self._block, self._at, self.offset - self._at, self.key
        while len(lines) < records:
            end = block.find(b"\n", at)
            # The last line of a file that was closed without its line end, or a piece of one that is too long.
            whole = end >= 0
            end = end if whole else len(block)
            text = block[at:end]
            if text and not text.isspace():
                fault = (
                    "" if whole or end - at <= LONGEST_LINE else f"a line of more than {LONGEST_LINE} bytes, in pieces"
                )
                lines.append(Line(f"{key}-{shift + at}", text, fault))
            at = min(end + 1, len(block))
            if at == len(block):
                break
        self._at = at
        return lines

    def _more(self, size: int) -> bool:
        """Fill the block with whole lines from the offset on; return whether there are any."""
        self._block, self._at = (self._from_stream if self._stream is not None else self._from_file)(size), 0
        return bool(self._block)

    def _from_file(self, size: int) -> bytes:
        back = len(self.tail)
        while True:
            block = _read(self._fd, self.offset - back, back + size)
            if not _is_still(self.tail, block[:back]):
                raise Shrunk
            self.tail = block[:back]
            cut = block.rfind(b"\n", back)
            if cut >= 0:
                return block[back : cut + 1]
            if len(block) < back + size:
                return block[back:] if self.closed_for_good else b""
            if size > LONGEST_LINE:
                return block[back:]
            size *= 2

    def _from_stream(self, size: int) -> bytes:
        assert self._stream is not None
        found = bytearray()
        try:
            while chunk := self._stream.read(size):
                found += chunk
                if b"\n" in chunk or len(found) > LONGEST_LINE:
                    found += b"" if found.endswith(b"\n") else self._stream.readline(LONGEST_LINE)
                    break
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self.path, error) from error
        return bytes(found)


def is_json(text: bytes) -> bool:
    """Return whether the text is one JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _is_still(before: bytes, now: bytes) -> bool:
    """Return whether the bytes are the same, but for a line that was blanked with spaces and a line end."""
    return before == now or (
        len(before) == len(now) and all(new in b" \n" for old, new in zip(before, now, strict=True) if old != new)
    )


def _parts(block: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for part in block.splitlines(keepends=True):
        yield at, part.rstrip(b"\n")
        at += len(part)


def _fingerprint(fd: int) -> str:
    """Return what ``fingerprint_of`` gives for the first line, however long that is; empty while it has no end."""
    digest, at = hashlib.sha256(), 0
    while block := _read(fd, at, _LOOK):
        end = block.find(b"\n") + 1
        digest.update(block[: end or None])
        if end:
            return digest.hexdigest()[:FINGERPRINT_CHARACTERS]
        at += len(block)
    return ""


def _read(fd: int, at: int, size: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(fd, size, at)
    os.lseek(fd, at, os.SEEK_SET)
    return os.read(fd, size)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path}: the archive cannot be read ({error})", hint="repair it, or move it away to go on with the next one"
    )
