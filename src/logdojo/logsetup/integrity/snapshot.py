"""The files of a log as they are at one moment, while it goes on being written and rotated.

A writer moves from file to file in the order in which they were begun. So when the newest file is looked at first, all
that its writers wrote before is found in the older ones, which are looked at later.
"""

from __future__ import annotations

import os
from collections.abc import Container
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from logdojo.logsetup.files.archives import Segment, segments


@dataclass(frozen=True, slots=True)
class Taken:
    """One file.

    Args:
        segment: where it is.
        file: open for reading, when it may still be written to; None for one that is finished.
        size: how much of it belongs to the snapshot, in bytes.
    """

    segment: Segment
    file: BinaryIO | None = None
    size: int = 0


def snapshot(log: Path, stack: ExitStack, *, skip: Container[str] = ()) -> list[Taken]:
    """Return the files of a log, the oldest first; those that may still be written to are open.

    Args:
        log: path of the live file.
        stack: closes the files.
        skip: stamps of archives that are finished; they are not opened.
    """
    # The live file first, and the list of archives after it: if it is renamed in between, it is in the list, and what
    # is newer than it is left out.
    live = _opened(Segment(log), stack)
    found = [live] if live is not None else []
    for segment in reversed(segments(log)):
        if segment.live:
            continue
        if segment.compressed or segment.encrypted or segment.stamp in skip:
            found.append(Taken(segment))
            continue
        taken = _opened(segment, stack)
        if taken is None:
            # It was compressed a moment ago.
            found.append(Taken(segment))
        elif live is not None and _same(live, taken):
            found = [Taken(segment, live.file, live.size)]
        else:
            found.append(taken)
    return found[::-1]


def unfinished(log: Path, stack: ExitStack, *, before: str, skip: Container[str]) -> list[Taken]:
    """Return the archives that are older than the stamp ``before`` and may still be written to, the oldest first.

    Args:
        log: path of the live file.
        stack: closes the files.
        before: stamp of an archive that nobody writes to any more.
        skip: stamps of archives that are finished.
    """
    older = [each for each in segments(log) if "" < each.stamp < before and each.stamp not in skip]
    plain = [each for each in older if not each.compressed and not each.encrypted]
    return [taken for taken in (_opened(each, stack) for each in plain) if taken is not None]


def _opened(segment: Segment, stack: ExitStack) -> Taken | None:
    try:
        file = stack.enter_context(segment.path.open("rb"))
    except FileNotFoundError:
        return None
    return Taken(segment, file, os.fstat(file.fileno()).st_size)


def _same(one: Taken, other: Taken) -> bool:
    assert one.file is not None
    assert other.file is not None
    return os.path.samestat(os.fstat(one.file.fileno()), os.fstat(other.file.fileno()))
