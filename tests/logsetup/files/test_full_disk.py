"""A disk that is full for a while: nothing is raised, no line is torn, and what was dropped is reported once, exactly.

The kernel itself refuses: by a limit on the size of files, which cuts a write short at the very byte, and where the
tests may mount, by a small file system.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files.compressing import compress
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.integrity.chain import START, Chain, read_link

Opened = Callable[..., LogFileHandler]
DISK_BYTES = 256 * 1024


def limit(size: int | None) -> None:
    """Let files grow no further than ``size`` bytes; None lets them grow again."""
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if size is None else size, resource.RLIM_INFINITY)
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs"]
    if subprocess.run(["mount", *options, str(folder)], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 1, 50, 1_000, 4_095, 4_096, 4_097])
def test_what_is_dropped_is_reported_once_and_exactly(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    free: int,
):
    """Wherever the disk ends, records that do not fit are counted, and one notice gives their number afterwards."""

    def write() -> None:
        handler = opened()
        handler.handle(record(0))
        limit(log.stat().st_size + free)
        for number in range(1, 200):
            handler.handle(record(number, value="x" * 300))
        limit(None)
        for number in range(200, 210):
            handler.handle(record(number))
        counts = handler.counts()
        assert counts.written + counts.dropped == 210
        handler.close()
        assert read(log).notices == [counts.dropped]

    assert ended(forked(write)) == 0
    found = read(log)
    assert found.torn == []
    (dropped,) = found.notices
    assert len(found.records) == 210 - dropped
    assert set(found.records.values()) == {1}
    assert {("", number) for number in (0, *range(200, 210))} <= set(found.records)
    notice = next(event for event in found.events if "labels.dropped" in event)
    assert notice["event.action"] == "log-records-dropped"
    assert notice["event.start"] <= notice["event.end"]
    assert "large" in notice["labels.reason"] or "space" in notice["labels.reason"]


def test_a_chain_has_no_gap(
    log: Path, opened: Opened, record: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """Records that were dropped take no number in the chain: what is in the file holds together."""

    def write() -> None:
        handler = opened(chain=Chain())
        for round_ in range(3):
            handler.handle(record(round_))
            limit(log.stat().st_size + 700)
            for number in range(20):
                handler.handle(record(number, value="y" * 100))
            limit(None)
        handler.handle(record(99))
        handler.close()

    assert ended(forked(write)) == 0
    number, digest = 0, START
    for line in log.read_bytes().splitlines():
        if line.strip():
            link = read_link(line)
            assert link is not None
            assert link.follows(digest)
            assert link.number == number + 1
            number, digest = link.number, link.digest
    assert number >= 3 + 3 + 1


def test_at_most_a_line_a_second_on_standard_error(
    opened: Opened,
    record: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    tmp_path: Path,
):
    """Thousands of records that cannot be written make one line for a person, not thousands of tracebacks."""
    told = tmp_path / "stderr"

    def write() -> None:
        sys.stderr = told.open("w")  # the child ends here
        handler = opened()
        limit(0)
        start = time.monotonic()
        for number in range(3_000):
            handler.handle(record(number))
        handler.close()
        limit(None)
        sys.stderr.write(f"{time.monotonic() - start:.0f}")
        sys.stderr.close()

    assert ended(forked(write)) == 0
    *lines, seconds = told.read_text("utf-8").splitlines()
    assert 1 <= len(lines) <= int(seconds) + 2
    assert "records are counted and dropped" in lines[0]


def test_blocking_waits_for_space(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """With ``block``, a call returns when there is space, and not one record is dropped, the first one included."""

    def write() -> None:
        handler = opened(when_full="block", block_seconds=20)
        handler.handle(record(0))
        limit(log.stat().st_size + 100)
        threading.Timer(0.1, limit, [None]).start()
        for number in range(1, 5):
            handler.handle(record(number))
        assert (handler.counts().written, handler.counts().dropped) == (5, 0)

    assert ended(forked(write)) == 0
    found = read(log)
    assert (found.torn, found.numbers, found.notices) == ([], [0, 1, 2, 3, 4], [])


def test_blocking_has_an_end(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """With ``block``, a call waits no longer than it was told to; then its record is dropped, counted and reported."""

    def write() -> None:
        handler = opened(when_full="block", block_seconds=0.06)
        limit(0)
        start = time.monotonic()
        handler.handle(record(0))
        handler.handle(record(1))
        assert time.monotonic() - start >= 0.12
        threading.Timer(0.02, limit, [None]).start()
        handler.handle(record(2))
        assert (handler.counts().written, handler.counts().dropped) == (1, 2)

    assert ended(forked(write)) == 0
    found = read(log)
    assert (found.numbers, found.notices) == ([2], [2])


def test_closing_while_the_disk_is_full(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    tmp_path: Path,
):
    """What could never be reported in the log is said on standard error when the log is closed; nothing is raised."""
    told = tmp_path / "stderr"

    def write() -> None:
        sys.stderr = told.open("w")  # the child ends here
        handler = opened()
        handler.handle(record(0))
        limit(log.stat().st_size)
        for number in range(1, 8):
            handler.handle(record(number))
        handler.close()
        handler.close()
        limit(None)
        sys.stderr.close()

    assert ended(forked(write)) == 0
    assert read(log).numbers == [0]
    assert "7 records dropped" in told.read_text("utf-8").splitlines()[-1]


def test_several_processes_on_a_full_disk(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Each process reports its own losses; together with what is in the file they are all records, and none is torn."""
    opened().close()

    def write(who: str) -> None:
        handler = opened()
        for round_ in range(3):
            for number in range(40):
                handler.handle(record(100 * round_ + number, who=who, value="z" * (number * 13 % 700)))
            limit(log.stat().st_size + 2_000)
            for number in range(40, 100):
                handler.handle(record(100 * round_ + number, who=who, value="z" * (number * 13 % 700)))
            limit(None)
        handler.handle(record(300, who=who))
        handler.close()

    children = [forked(write, str(who)) for who in range(4)]
    assert [ended(child) for child in children] == [0] * 4
    found = read(log)
    assert found.torn == []
    assert set(found.records.values()) == {1}
    assert sum(found.notices) > 0
    assert len(found.records) + sum(found.notices) == 4 * 301


def test_a_real_small_disk(
    small_disk: Path, record: Callable[..., Any], read: Callable[..., Any], capsys: pytest.CaptureFixture[str]
):
    """On a file system that runs full and is emptied, with rotation and gzip: the same exact account."""
    log, ballast = small_disk / "app.jsonl", small_disk / "ballast"
    ballast.write_bytes(b"x" * (DISK_BYTES // 2))
    handler = LogFileHandler(log, rotation=Rotation(max_bytes=60_000), upkeep=Upkeep(log, compressed=True))
    handler.setFormatter(JsonFormatter())
    rng = os.urandom
    for number in range(1_500):
        handler.handle(record(number, value=rng(number % 200).hex()))
    assert handler.counts().dropped > 0
    ballast.unlink()
    for number in range(1_500, 1_510):
        handler.handle(record(number))
    handler.close()
    counts = handler.counts()
    found = read(log)
    assert found.torn == []
    assert counts.written + counts.dropped == 1_510
    assert len(found.records) == counts.written
    assert set(found.records.values()) == {1}
    assert sum(found.notices) == counts.dropped
    assert len(capsys.readouterr().err.splitlines()) <= 10


def test_an_archive_that_cannot_be_compressed_stays_as_it_is(
    log: Path, forked: Callable[..., int], ended: Callable[..., int]
):
    """When there is no space for the compressed form, nothing is left of it, and the archive is untouched."""
    log.write_bytes(content := os.urandom(100_000))

    def write() -> None:
        limit(10_000)
        with pytest.raises(OSError, match=r"too large|space"):
            compress(log)

    assert ended(forked(write)) == 0
    assert log.read_bytes() == content
    assert [path.name for path in log.parent.iterdir()] == [log.name]


def test_a_disk_that_fails_in_other_ways(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
):
    """Any error of a write is treated alike: counted, and reported with the system's words when it is over."""
    handler = opened()
    write = os.write
    errors = iter([OSError(5, "Input/output error"), OSError(122, "Disk quota exceeded"), OSError(30, "Read-only")])

    def failing(fd: int, data: bytes) -> int:
        if fd == handler._file.fd and (error := next(errors, None)):
            raise error
        return write(fd, data)

    monkeypatch.setattr(os, "write", failing)
    for number in range(5):
        handler.handle(record(number))
    found = read(log)
    assert (found.numbers, found.notices) == ([3, 4], [3])
    assert next(e for e in found.events if "labels.dropped" in e)["labels.reason"] == "Input/output error"
    assert logging.getLevelName(logging.WARNING).lower() in {event["log.level"] for event in found.events}
