"""Many processes, one log: rotated by size and by time, compressed, and not a record lost, doubled or torn."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep

Opened = Callable[..., LogFileHandler]
LONGEST_LINE = 700


@pytest.mark.parametrize(("processes", "records"), [(4, 1_000), (16, 200)])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_nothing_is_lost_doubled_or_torn(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    processes: int,
    records: int,
    *,
    compressed: bool,
):
    """Each process's records are there once and in its order, no file is far above its limit, and all are packed."""
    most = 24_000
    start = multiprocessing.get_context("fork").Barrier(processes)

    def write(who: int) -> None:
        rotation = Rotation(max_bytes=most, every=timedelta(seconds=1))
        handler = opened(rotation=rotation, upkeep=Upkeep(log, compressed=compressed))
        start.wait(20)
        for number in range(records):
            handler.handle(record(number, who=str(who), value="v" * (number * 31 % 250)))
        assert (handler.counts().written, handler.counts().dropped) == (records, 0)
        handler.close()

    children = [forked(write, who) for who in range(processes)]
    assert [ended(child, 60) for child in children] == [0] * processes
    Upkeep(log, compressed=compressed).tend()
    found = read(log)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(processes) for number in range(records)}
    listed = segments(log)
    assert len(listed) > 20
    assert all(segment.compressed is (compressed and not segment.live) for segment in listed)
    names = {path.name for path in log.parent.iterdir()}
    assert names == {segment.path.name for segment in listed} | {log.name, f"{log.name}.lock"}
    for segment in listed:
        with segment.open() as file:
            # Each process looks at the size after a sixteenth of what was left, or after 1 KiB.
            assert len(file.read()) < most + processes * (most // 16 + 1024 + LONGEST_LINE)
    # A process goes from file to file in the order of their names, so its own order holds over all of them.
    for who in range(processes):
        order = [event["labels.n"] for event in found.events if event.get("labels.who") == str(who)]
        assert order == sorted(order)


def test_handlers_come_and_go(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Processes that open the log for three records each, as scheduled jobs do, find it in the middle of rotations."""

    def jobs(who: int) -> None:
        for job in range(40):
            handler = opened(rotation=Rotation(max_bytes=1_500), upkeep=Upkeep(log, compressed=True))
            for number in range(3):
                handler.handle(record(job * 3 + number, who=str(who)))
            handler.close()

    children = [forked(jobs, who) for who in range(4)]
    assert [ended(child, 60) for child in children] == [0] * 4
    found = read(log)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(4) for number in range(120)}


def test_an_outside_logrotate_under_many_writers(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    read: Callable[..., Any],
):
    """Files that somebody renames away again and again under four writers hold, all together, each record once."""

    def write(who: int) -> None:
        handler = opened()
        for number in range(400):
            # Half a second of a record's time a record, so that each looks at the name every second time.
            handler.handle(record(number, who=str(who), created=1.8e9 + number / 2))

    children = [forked(write, who) for who in range(4)]
    names = [log.with_name(f"moved.{number}") for number in range(30)]
    moved = [log.rename(name) for name in names if log.exists()]
    assert [ended(child, 60) for child in children] == [0] * 4
    together = log.with_name("together.jsonl")
    together.write_bytes(b"".join(path.read_bytes() for path in [*moved, log] if path.exists()))
    found = read(together)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(4) for number in range(400)}
