"""When a log file makes way for a new one: by size, by time, by an outside logrotate, and under a clock that jumps."""

from __future__ import annotations

import gzip
import json
import logging
import multiprocessing
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logdojo.errors import UsageError
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation, lock_of

Opened = Callable[..., LogFileHandler]
HOUR = 3_600.0
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


def archives_of(log: Path) -> list[Path]:
    """Return the archives of a log, the oldest first."""
    return [segment.path for segment in segments(log) if not segment.live]


def numbers_in(path: Path) -> list[int]:
    """Return the numbers of the records in one file."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line)["labels.n"] for line in content.splitlines() if line.strip()]


def test_a_full_file_makes_way(log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]):
    """Every file but the last has reached the limit, none is much above it, and all records are there, in order."""
    handler = opened(rotation=Rotation(max_bytes=10_000))
    for number in range(500):
        handler.handle(record(number))
    archives = archives_of(log)
    assert len(archives) > 5
    assert all(10_000 <= path.stat().st_size < 12_000 for path in archives)
    assert log.stat().st_size < 12_000
    found = read(log)
    assert [event["labels.n"] for event in found.events] == list(range(500))


@pytest.mark.parametrize("limit", [1, 5, 15, 16, 17])
def test_a_tiny_limit_makes_a_file_a_record(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], limit: int
):
    """A limit below the length of a line gives each record a file of its own, and loses none."""
    handler = opened(rotation=Rotation(max_bytes=limit))
    for number in range(6):
        handler.handle(record(number))
    assert [numbers_in(path) for path in (*archives_of(log), log)] == [[number] for number in range(6)]
    assert read(log).torn == []


def test_a_record_larger_than_the_limit_is_whole(log: Path, opened: Opened, record: Callable[..., Any]):
    """A record is never split: a large one fills a file by itself, and the next begins a new one."""
    handler = opened(rotation=Rotation(max_bytes=1_000))
    handler.handle(record(0, value="x" * 10_000))
    handler.handle(record(1))
    (archive,) = archives_of(log)
    assert (numbers_in(archive), numbers_in(log)) == ([0], [1])


def test_each_span_of_time_has_its_file(log: Path, opened: Opened, record: Callable[..., Any]):
    """With every hour, records of one hour of UTC are in one file; the first one of the next hour begins a new file."""
    handler = opened(rotation=Rotation(every=timedelta(hours=1)))
    for number, minutes in enumerate((0, 30, 59.999, 60, 61, 119, 120.5)):
        handler.handle(record(number, created=NOON + 60 * minutes))
    assert [numbers_in(path) for path in (*archives_of(log), log)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_size_and_time_together(log: Path, opened: Opened, record: Callable[..., Any]):
    """Whichever limit is reached first begins a new file."""
    handler = opened(rotation=Rotation(max_bytes=1_500, every=timedelta(hours=1)))
    for number in range(8):
        handler.handle(record(number, created=NOON + number, value="x" * 300))
    handler.handle(record(8, created=NOON + HOUR))
    files = [numbers_in(path) for path in (*archives_of(log), log)]
    assert len(files) >= 3
    assert files[-1] == [8]
    assert sum(files, []) == list(range(9))  # noqa: RUF017  # three small lists


def test_an_empty_file_does_not_rotate(log: Path, opened: Opened, record: Callable[..., Any]):
    """Hours without a record leave no empty archives behind."""
    handler = opened(rotation=Rotation(every=timedelta(hours=1)))
    handler.handle(record(0, created=NOON + 40 * HOUR))
    handler.close()
    opened(rotation=Rotation(every=timedelta(hours=1)))
    assert archives_of(log) == []


def test_a_restart_after_days_begins_a_new_file(log: Path, opened: Opened, record: Callable[..., Any]):
    """What decides is when the first record of the file was made, not when the file was last opened or touched."""
    opened(rotation=Rotation(every=timedelta(days=1))).handle(record(0, created=NOON))
    log.touch()
    handler = opened(rotation=Rotation(every=timedelta(days=1)))
    handler.handle(record(1, created=NOON + 72 * HOUR))
    (archive,) = archives_of(log)
    assert (numbers_in(archive), numbers_in(log)) == ([0], [1])


@pytest.mark.parametrize("first", [b"", b'{"@timestamp":"2026-11-24T12:00:00.000Z","mess', b'{"@timestamp":"2', b"{"])
def test_a_first_line_that_was_cut_does_not_hide_the_time(
    log: Path, opened: Opened, record: Callable[..., Any], first: bytes
):
    """A file whose first line was cut short and blanked rotates by the time of the first whole one."""
    log.write_bytes(first)
    opened().handle(record(0, created=NOON))
    opened(rotation=Rotation(every=timedelta(hours=1))).handle(record(1, created=NOON + HOUR))
    (archive,) = archives_of(log)
    assert (numbers_in(archive), numbers_in(log)) == ([0], [1])


def test_a_foreign_first_line_counts_by_its_own_time(log: Path, opened: Opened, record: Callable[..., Any]):
    """A file that another JSON logger began is dated by that logger's time stamp; any other by its last change."""
    log.write_text('{"labels.n": 0, "@timestamp": "2026-11-24T12:30:00+00:00"}\n', "utf-8")
    handler = opened(rotation=Rotation(every=timedelta(hours=1)))
    handler.handle(record(1, created=NOON + 59 * 60))
    assert archives_of(log) == []
    handler.handle(record(2, created=NOON + 61 * 60))
    assert [numbers_in(path) for path in (*archives_of(log), log)] == [[0, 1], [2]]
    log.write_text("plain text\n", "utf-8")
    os.utime(log, (NOON, NOON))
    opened(rotation=Rotation(every=timedelta(hours=1))).handle(record(3, created=NOON + 2 * HOUR))
    assert log.read_bytes().count(b"\n") == 1


def test_a_clock_set_back_loses_and_misplaces_nothing(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]
):
    """With the clock an hour back and then right again, archives still sort in the order in which they were written."""
    handler = opened(rotation=Rotation(max_bytes=700, every=timedelta(minutes=10)))
    moments = [NOON + 20 * n for n in range(40)]
    moments += [moment - HOUR for moment in moments] + [moment + HOUR for moment in moments]
    for number, moment in enumerate(moments):
        handler.handle(record(number, created=moment))
    found = read(log)
    assert [event["labels.n"] for event in found.events] == list(range(len(moments)))
    names = [path.name for path in archives_of(log)]
    assert names == sorted(set(names))


def test_archives_of_one_moment_have_names_of_their_own(log: Path, opened: Opened, record: Callable[..., Any]):
    """Fifty rotations at the same microsecond make fifty archives, in order."""
    handler = opened(rotation=Rotation(max_bytes=1))
    for number in range(51):
        handler.handle(record(number, created=NOON))
    files = archives_of(log)
    assert len({path.name for path in files}) == 50
    assert [numbers_in(path) for path in files] == [[number] for number in range(50)]
    assert all(re.fullmatch(r"app\.jsonl\.\d{8}T\d{6}\.\d{6}Z", path.name) for path in files)


@pytest.mark.parametrize("stamp", ["99999999T999999.999999Z", "20260230T000000.000000Z", "99991231T235959.999999Z"])
def test_a_file_with_an_impossible_name_raises_nothing(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], stamp: str
):
    """A file beside the log that is named like an archive of an impossible moment is left alone; rotation goes on."""
    odd = log.with_name(f"{log.name}.{stamp}")
    odd.write_bytes(b"")
    handler = opened(rotation=Rotation(max_bytes=400))
    for number in range(10):
        handler.handle(record(number))
    assert read(log).numbers == list(range(10))
    assert len(archives_of(log)) >= 4
    assert odd.read_bytes() == b""


def test_two_processes_at_a_boundary_of_time(
    log: Path, opened: Opened, record: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """When an hour ends while two processes write, its records are in one file and those of the next in another."""
    handler = opened(rotation=Rotation(every=timedelta(hours=1)))
    boundary = multiprocessing.get_context("fork").Barrier(2)

    def write(who: int) -> None:
        for number in range(50):
            handler.handle(record(1_000 * who + number, created=NOON + HOUR - 50 + number))
        boundary.wait(10)
        for number in range(50, 100):
            handler.handle(record(1_000 * who + number, created=NOON + HOUR - 50 + number))

    assert [ended(child) for child in [forked(write, 1), forked(write, 2)]] == [0, 0]
    first, second = (sorted(numbers_in(path)) for path in (*archives_of(log), log))
    assert first == [*range(1_000, 1_050), *range(2_000, 2_050)]
    assert second == [*range(1_050, 1_100), *range(2_050, 2_100)]


def test_rotation_that_fails_goes_on_in_the_old_file(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
):
    """When no new file can be begun, one line on standard error says so, no record is lost, and it is tried again."""
    handler = opened(rotation=Rotation(max_bytes=1_000))
    lock_of(log).mkdir()
    for number in range(50):
        handler.handle(record(number, created=NOON + number / 100))
    assert archives_of(log) == []
    assert len(numbers_in(log)) == 50
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "no new file could be begun" in told[0]
    lock_of(log).rmdir()
    handler.handle(record(50, created=NOON + 2))
    assert len(archives_of(log)) == 1
    assert read(log).numbers == list(range(51))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_that_is_not_writable(
    log: Path, record: Callable[..., Any], opened: Opened, forked: Callable[..., int], ended: Callable[..., int]
):
    """A user who may write to the file but not to its folder logs on in the one file, and nothing is raised."""
    opened(mode=0o660)
    os.chown(log, 65534, 65534)
    for folder in (log.parent, *log.parent.parents):
        folder.chmod(folder.stat().st_mode | 0o011)

    def write() -> None:
        os.setgid(65534)
        os.setuid(65534)
        handler = opened(mode=0o660, rotation=Rotation(max_bytes=500), path=log)
        for number in range(20):
            handler.handle(record(number))
        handler.close()

    assert ended(forked(write)) == 0
    assert numbers_in(log) == list(range(20))


def moved_and_created(log: Path) -> None:
    """What logrotate does with create."""
    log.rename(f"{log}.1")
    log.touch()


def moved(log: Path) -> None:
    """What logrotate does with nocreate."""
    log.rename(f"{log}.1")


def copied_and_emptied(log: Path) -> None:
    """What logrotate does with copytruncate."""
    Path(f"{log}.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)


def removed(log: Path) -> None:
    """What a person with rm does, who has looked at the file first."""
    Path(f"{log}.1").write_bytes(log.read_bytes())
    log.unlink()


@pytest.mark.parametrize("rotate", [moved_and_created, moved, copied_and_emptied, removed])
@pytest.mark.parametrize("rotation", [Rotation(), Rotation(max_bytes=100_000, every=timedelta(days=1))])
def test_an_outside_logrotate_is_followed(
    log: Path, opened: Opened, record: Callable[..., Any], rotate: Callable[[Path], None], rotation: Rotation
):
    """Within a second of its work, records go to the file that has the name; its mode is right again, none is torn."""
    handler = opened(rotation=rotation)
    for number in range(10):
        handler.handle(record(number, created=NOON + number / 100))
    rotate(log)
    for number in range(10, 30):
        handler.handle(record(number, created=NOON + 1.1 + number / 100))
    assert numbers_in(Path(f"{log}.1")) == list(range(10))
    assert numbers_in(log) == list(range(10, 30))
    assert log.stat().st_mode & 0o777 == 0o640


def test_until_an_outside_rotation_is_noticed_records_go_to_the_old_file(
    log: Path, opened: Opened, record: Callable[..., Any]
):
    """What is logged in the second after a rename is in the renamed file: nothing falls between the two."""
    handler = opened()
    handler.handle(record(0, created=NOON))
    moved_and_created(log)
    for number in range(1, 40):
        handler.handle(record(number, created=NOON + number / 10))
    old, new = numbers_in(Path(f"{log}.1")), numbers_in(log)
    assert old + new == list(range(40))
    assert len(old) <= 11


def test_a_removed_folder_raises_nothing(
    log: Path, opened: Opened, record: Callable[..., Any], capsys: pytest.CaptureFixture[str]
):
    """When the folder is gone, that is said at most once a second; when it is back, logging goes on there."""
    handler = opened()
    handler.handle(record(0, created=NOON))
    log.unlink()
    log.parent.rmdir()
    for number in range(1, 50):
        handler.handle(record(number, created=NOON + number))
    assert len(capsys.readouterr().err.splitlines()) == 1
    log.parent.mkdir()
    handler.handle(record(50, created=NOON + 60))
    assert numbers_in(log) == [50]


@pytest.mark.parametrize(
    "wrong",
    [{"max_bytes": -1}, {"every": timedelta(0)}, {"every": timedelta(seconds=-5)}],
    ids=["size", "zero", "past"],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]):
    """A limit below what can be is refused by name, with what would be right."""
    with pytest.raises(UsageError, match=next(iter(wrong))) as caught:
        Rotation(**wrong)
    assert caught.value.hint


@pytest.mark.parametrize("created", [float("nan"), float("inf"), -1e18, 1e300])
def test_a_record_from_no_time_at_all_costs_at_most_itself(
    log: Path, opened: Opened, record: Callable[..., Any], created: float
):
    """A record whose time no calendar has raises nothing, whatever formats it; the ones around it are written."""
    handler = opened(rotation=Rotation(max_bytes=100_000, every=timedelta(hours=1)))
    handler.handle(record(0))
    handler.handle(record(1, created=created))
    handler.setFormatter(logging.Formatter('{"labels.n": %(n)d}'))
    handler.handle(record(2, created=created))
    handler.handle(record(3))
    events = [json.loads(line) for path in (*archives_of(log), log) for line in path.read_bytes().splitlines()]
    assert {0, 3} <= {event.get("labels.n") for event in events}
    counts = handler.counts()
    assert counts.written + counts.dropped == 4
    assert sum(event.get("labels.dropped", 0) for event in events) == counts.dropped
