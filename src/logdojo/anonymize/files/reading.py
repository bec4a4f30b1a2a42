"""A file or stream of bytes → blocks of lines, in bounded memory."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from logdojo.errors import InputError

Progress = Callable[[int], None]
"""Called with the bytes that were read since the last call."""

BLOCK_BYTES: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"


class Readable(Protocol):
    """A binary stream that hands over what it has."""

    def read1(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, with at most one call to the system; nothing at the end."""


class Writable(Protocol):
    """Where the lines go."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def flush(self) -> object:
        """Hand over what was taken."""


def open_log(path: Path) -> io.BufferedReader | gzip.GzipFile:
    """Open a file, through gzip when its first bytes say so.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        return gzip.GzipFile(path, "rb") if is_packed(path) else path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot read: {error.strerror}", hint="name a readable file") from error


def is_packed(path: Path) -> bool:
    """Tell whether a file is gzip, by its first bytes."""
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP


def blocks(stream: Readable, *, max_bytes: int, stop_at: int | None = None, name: str = "") -> Iterator[list[bytes]]:
    """Yield the lines of a stream with their ends, as many at a time as one read gave.

    A line longer than ``max_bytes`` comes as a filler one byte longer than that: it is withheld for its length whatever
    it holds.

    Args:
        stream: what is read.
        max_bytes: longest line that is kept.
        stop_at: bytes after which nothing more is read; a file may grow meanwhile.
        name: of the file, for errors.

    Raises:
        InputError: the file is damaged (gzip).
    """
    rest, skipping, left = b"", False, stop_at
    while chunk := _chunk(stream, BLOCK_BYTES if left is None else min(BLOCK_BYTES, left), name):
        left = None if left is None else left - len(chunk)
        lines = _split(rest + chunk)
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        if skipping and lines:
            lines[0] = _filler(max_bytes) + _end(lines[0])
            skipping = False
        if skipping or len(rest) > max_bytes + 2:
            # Only a carriage return counts: it may belong to the end of the line.
            rest, skipping = b"-\r" if rest.endswith(b"\r") else b"-", True
        done = [line if len(line) <= max_bytes + 2 else _filler(max_bytes) + _end(line) for line in lines]
        if done:
            yield done
    if rest:
        yield [_filler(max_bytes) if skipping else rest]


def _split(data: bytes) -> list[bytes]:
    """Split at line feeds, and keep them; a carriage return alone ends no line."""
    if b"\r" not in data:
        return data.splitlines(keepends=True)
    *lines, last = data.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def cut_end(line: bytes) -> tuple[bytes, bytes]:
    """Return a line without its end, and the end."""
    bare = line.rstrip(b"\r\n")
    return bare, line[len(bare) :]


def _filler(max_bytes: int) -> bytes:
    return b"-" * (max_bytes + 1)


def _end(line: bytes) -> bytes:
    return cut_end(line)[1]


def _chunk(stream: Readable, size: int, name: str) -> bytes:
    try:
        return stream.read1(size) if size else b""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(
            f"{name}: damaged gzip: {error}", hint="unpack it with a tool that repairs, or leave it out"
        ) from error
    except OSError as error:
        raise InputError(f"{name}: cannot read: {error.strerror}", hint="name a readable file") from error


def position(stream: io.BufferedReader | gzip.GzipFile) -> int:
    """Return how many bytes of the file itself were read, packed ones where it is packed."""
    return os.lseek(stream.fileno(), 0, os.SEEK_CUR)
