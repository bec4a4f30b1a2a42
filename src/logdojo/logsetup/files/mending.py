"""What a kill or a full disk leaves in a file: lines that were cut short; where they lie, and how they are blanked.

A write that is killed half-way leaves the beginning of a line. The next writer's line then follows on the same line of
the file. Only what begins as our own lines do is ever blanked: anything else in the file is somebody's, and evidence.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows

LINE_START: Final = b'{"@timestamp":"'
TAIL_BYTES: Final = 1024 * 1024
"""As far back from its end a file is looked at when it is opened."""
_LONGEST_LINE: Final = 64 * 1024 * 1024


def cut_lines(data: bytes, *, glued_only: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where lines lie that were cut short: offset of the first byte, and of the byte after the last.

    Args:
        data: begins at the start of a line.
        glued_only: only those that another, whole line follows on the same line of the file.
    """
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start)
        stop = len(data) if stop < 0 else stop
        line = data[start:stop]
        last = stop == len(data)
        # The common case without reading any JSON. A cut line that ends in a brace is the last one, if anywhere.
        if last or not (line.endswith(b"}") and line.startswith(LINE_START) and line.count(LINE_START) == 1):
            yield from ((start + a, start + b) for a, b in _cut(line, last=last, glued_only=glued_only))
        start = stop + 1


def _cut(line: bytes, *, last: bool, glued_only: bool) -> Iterator[tuple[int, int]]:
    if not _begins_like_ours(line, last=last) or _whole(line):
        return
    behind = line.rfind(LINE_START)
    if behind > 0 and _whole(line[behind:]):
        yield 0, behind
    elif not glued_only:
        # With its line end, where it has one.
        yield 0, len(line) + (not last)


def _begins_like_ours(line: bytes, *, last: bool) -> bool:
    """Return whether a line begins as our lines do, or with less of that: a line may be cut in its first bytes."""
    head, ours, _ = line.partition(LINE_START)
    if not head:
        return bool(ours)
    # A single brace may be anybody's, unless our own line follows, or the mark of mend_tail.
    if not ours and not last and not head.endswith(b" "):
        return False
    first, *parts = head.removesuffix(b" ").split(b"{")
    return not first and bool(parts) and all(LINE_START.startswith(b"{" + part) for part in parts)


def mend_tail(fd: int, path: Path) -> None:
    """Blank what was cut short near the end of a file that is open with ``O_APPEND``.

    Other processes may be writing to it. Appending waits until the kernel is done with their writes, so after a line
    end of our own everything before it is either whole, or will never be.

    Raises:
        OSError: the disk is full, or failed.
    """
    size = os.fstat(fd).st_size
    if not size:
        return
    end = size
    if read_at(fd, path, size - 1, 1) != b"\n":
        begin = _line_start(fd, path, size)
        # A cut line is marked by a space before its line end: if we are killed now, whoever comes next must not take
        # one that happens to end in a brace for whole.
        os.write(fd, b"\n" if _whole(read_at(fd, path, begin, size - begin)) else b" \n")
        end = os.lseek(fd, 0, os.SEEK_CUR)
    start = _line_start(fd, path, max(0, end - TAIL_BYTES))
    for first, after in list(cut_lines(read_at(fd, path, start, end - start))):
        blank(fd, path, start + first, start + after)


def mend_glued(fd: int, path: Path) -> int:
    """Blank beginnings of lines that whole lines follow, in a file that nobody writes to; return how many."""
    size, position, mended = os.fstat(fd).st_size, 0, 0
    while position < size:
        data = read_at(fd, path, position, TAIL_BYTES)
        if not data:
            # Somebody has cut the file off meanwhile, as ``logrotate`` does with copytruncate.
            break
        if len(data) < size - position:
            cut_at = data.rfind(b"\n") + 1
            data = data[:cut_at] if cut_at else read_at(fd, path, position, _LONGEST_LINE)
        # Inside a value the quotes of a beginning are escaped: where each stands at the start of a line, none is glued.
        if data.count(LINE_START) != data.count(b"\n" + LINE_START) + data.startswith(LINE_START):
            for first, after in list(cut_lines(data, glued_only=True)):
                blank(fd, path, position + first, position + after)
                mended += 1
        position += len(data)
    return mended


def blank(fd: int, path: Path, start: int, end: int) -> None:
    """Overwrite the bytes from ``start`` to before ``end`` with spaces and one line end.

    Raises:
        OSError: the disk refused, or not all could be written.
    """
    data = b" " * (end - start - 1) + b"\n"
    if fcntl is None:
        # An open file cannot be renamed on Windows, so the path still leads to it.
        with path.open("r+b") as file:
            file.seek(start)
            file.write(data)
        return
    # With O_APPEND even pwrite writes at the end (Linux, pwrite(2)), so it is switched off for the moment. The open
    # file is ours alone: a child process opens its own before it writes.
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_APPEND)
    try:
        written = os.pwrite(fd, data, start)
    finally:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
    if written != len(data):
        raise OSError(f"{path}: {written} of {len(data)} bytes of a cut line could be overwritten")


def read_at(fd: int, path: Path, start: int, size: int) -> bytes:
    """Read from an open file without moving its position."""
    if hasattr(os, "pread"):
        return os.pread(fd, size, start)
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _line_start(fd: int, path: Path, near: int) -> int:
    """Return the start of the line that ``near`` lies in, looking back as far as a line may reach."""
    position = near
    while position > max(0, near - _LONGEST_LINE):
        begin = max(0, position - 65_536)
        found = read_at(fd, path, begin, position - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        position = begin
    return position


def _whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    # Nested too deeply: written by somebody else, ours are bounded.
    except (ValueError, RecursionError):
        return False
