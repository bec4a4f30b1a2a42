"""Lines in from files or standard input, results out, a progress bar on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from logdojo.errors import InputError

T = TypeVar("T")

console = Console(stderr=True)
"""Where people read: standard error, so that standard output stays a clean pipe."""


def read_lines(files: list[Path], *, max_bytes: int) -> Iterator[str]:
    """Yield the lines of ``files``, or of standard input when none is named, without their line ends.

    Bytes that are not UTF-8 become ``surrogateescape`` code points, so no line is lost. A line longer than
    ``max_bytes`` is cut just past it (parsing then rejects it as too long) and its rest is skipped: memory stays
    bounded.

    Raises:
        InputError: a file cannot be opened; raised before the first line of any file is read.
    """
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: no such file", hint="name an existing file, or pipe lines into standard input")
    if not files:
        yield from _lines_of(sys.stdin.buffer, max_bytes)
    for file in files:
        with file.open("rb") as stream:
            yield from _lines_of(stream, max_bytes)


def _lines_of(stream: BinaryIO, max_bytes: int) -> Iterator[str]:
    limit = max_bytes + 2
    while chunk := stream.readline(limit):
        whole = chunk.endswith(b"\n")
        rest = chunk
        while not whole and len(rest) == limit:
            rest = stream.readline(limit)
            whole = rest.endswith(b"\n")
        yield chunk.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def track(items: Iterable[T], description: str, *, total: int | None = None) -> Iterator[T]:
    """Yield ``items`` under a progress bar on standard error; silent when that is not a terminal."""
    with progress() as bar:
        yield from bar.track(items, total=total, description=description)


def progress() -> Progress:
    """Return a progress bar on standard error: description, bar, count, seconds."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=False,
        disable=not console.is_terminal,
    )


def byte_progress() -> Progress:
    """Return a progress bar on standard error for work whose size is known in bytes; silent where no terminal is."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=False,
        disable=not console.is_terminal,
    )
