from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.files.archives import Segment, segments
from logdojo.logsetup.retention.disposals import disposals, disposals_file
from logdojo.logsetup.retention.holds import Hold, active_holds, all_holds, holds_file, place_hold, release_hold
from logdojo.logsetup.retention.rule import Retention, apply, plan

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A live file of three lines, without archives."""
    path = tmp_path / "app.jsonl"
    path.write_bytes(b'{"message":"live"}\n' * 3)
    return path


def archive(log: Path, age: timedelta, *, size: int = 100, suffix: str = "") -> Path:
    """Make an archive that was closed ``age`` before now; its one record is a second older."""
    closed = NOW - age
    path = log.with_name(f"{log.name}.{closed:%Y%m%dT%H%M%S.%f}Z{suffix}")
    moment = (closed - timedelta(seconds=1)).isoformat()
    line = json.dumps({"@timestamp": moment, "message": ""}).encode()
    line = line[:-2] + b"x" * (size - len(line) - 1) + line[-2:] + b"\n"
    path.write_bytes(gzip.compress(line) if suffix.startswith(".gz") else line)
    os.utime(path, (closed.timestamp(), closed.timestamp()))
    return path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def left(log: Path) -> list[str]:
    return names([segment.path for segment in segments(log) if not segment.live])


def test_without_limits_everything_stays(log: Path):
    """An empty rule removes nothing and writes nothing down."""
    paths = [archive(log, 9 * DAY), archive(log, DAY)]
    assert apply(log, Retention(), now=NOW) == []
    assert left(log) == names(paths)
    assert not disposals_file(log).exists()


def test_age(log: Path):
    """Archives closed longer ago than the limit go, one that is exactly as old stays."""
    paths = [archive(log, age) for age in (9 * DAY, 7 * DAY + timedelta(seconds=1), 7 * DAY, DAY)]
    assert [removal.name for removal in apply(log, Retention(max_age=7 * DAY), now=NOW)] == names(paths[:2])
    assert left(log) == names(paths[2:])


def test_number(log: Path):
    """The oldest go until as many as allowed are left."""
    paths = [archive(log, days * DAY) for days in (4, 3, 2, 1)]
    apply(log, Retention(max_files=1), now=NOW)
    assert left(log) == names(paths[3:])
    apply(log, Retention(max_files=0), now=NOW)
    assert left(log) == []
    assert log.exists()


def test_total_size_counts_the_live_file(log: Path):
    """The oldest go until live file and archives together fit; the live file stays, however large it is."""
    paths = [archive(log, days * DAY, size=1000) for days in (3, 2, 1)]
    apply(log, Retention(max_bytes=2000 + log.stat().st_size), now=NOW)
    assert left(log) == names(paths[1:])
    apply(log, Retention(max_bytes=1), now=NOW)
    assert (left(log), log.exists()) == ([], True)


def test_each_removal_is_written_down(log: Path):
    """A disposal names who, when, why and which file with its hash, size and number of records; the mode is kept."""
    paths = [archive(log, 9 * DAY), archive(log, 8 * DAY, suffix=".gz"), archive(log, 7 * DAY, suffix=".gz.enc")]
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    before = os.umask(0o077)
    try:
        removed = apply(log, Retention(max_age=DAY), now=NOW, who="ada")
    finally:
        os.umask(before)
    assert disposals(log) == removed
    assert [(one.name, one.sha256, one.records) for one in removed] == [
        (path.name, sha256, records) for path, sha256, records in zip(paths, hashes, (1, 1, None), strict=True)
    ]
    entry = json.loads(disposals_file(log).read_text(encoding="utf-8").splitlines()[0])
    assert entry["time"] == "2026-11-24T12:00:00Z"
    assert entry["who"] == "ada"
    assert entry["rule"] == "older than 1 day, 0:00:00"
    assert entry["stamp"] in entry["name"]
    assert stat.S_IMODE(disposals_file(log).stat().st_mode) == 0o640


def test_what_cannot_be_written_down_is_not_removed(log: Path, monkeypatch: pytest.MonkeyPatch):
    """On a full disk the archive stays, the error says why, and the file of disposals has no torn line."""
    path = archive(log, 9 * DAY)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        write(fd, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    def cut(fd: int, data: bytes) -> int:
        return write(fd, data[:10])

    for broken in (cut, full):
        monkeypatch.setattr(os, "write", broken)
        with pytest.raises(InputError, match="No space left"):
            apply(log, Retention(max_age=DAY), now=NOW)
        monkeypatch.undo()
        assert path.exists()
    assert len(apply(log, Retention(max_age=DAY), now=NOW)) == 1
    assert len(disposals(log)) == 1


def test_the_name_goes_after_it_is_written_down(log: Path, monkeypatch: pytest.MonkeyPatch):
    """A kill between the two leaves an archive with a disposal, which the next round removes; never the reverse."""
    path = archive(log, 9 * DAY)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            apply(log, Retention(max_age=DAY), now=NOW)
    assert path.exists()
    assert [removal.name for removal in disposals(log)] == [path.name]
    apply(log, Retention(max_age=DAY), now=NOW)
    assert not path.exists()


def test_older_forms_go_too(log: Path):
    """Of an archive that stands there twice both forms go, and their sizes count; none comes back to light."""
    both = [archive(log, 9 * DAY), archive(log, 9 * DAY, suffix=".gz")]
    size = sum(path.stat().st_size for path in both)
    removed = apply(log, Retention(max_files=0), now=NOW)
    assert [(one.name, one.size) for one in removed] == [(both[1].name, size)]
    assert not any(path.exists() for path in both)


def test_unshipped_archives_stay(log: Path):
    """What is not shipped stays, and so does what nobody can tell it of; what is shipped goes."""
    paths = [archive(log, days * DAY) for days in (4, 3, 2)]

    def shipped(segment: Segment) -> bool:
        if segment.path == paths[1]:
            raise InputError("the archive is encrypted")
        return segment.path == paths[2]

    decisions = plan(log, Retention(max_files=0), now=NOW, shipped=shipped)
    assert [decision.kept for decision in decisions] == [
        "not shipped yet",
        "may not be shipped yet: the archive is encrypted",
        "",
    ]
    apply(log, Retention(max_files=0), now=NOW, shipped=shipped)
    assert left(log) == names(paths[:2])


HOLDER = """
import fcntl, sys
file = open(sys.argv[1])
fcntl.flock(file, fcntl.LOCK_SH)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held_by_process() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that hold locks; ended with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.communicate()


def test_an_archive_in_use_stays(log: Path, held_by_process: list[subprocess.Popen[str]]):
    """As long as another process holds its shared lock an archive stays; when the process is gone, it goes."""
    pytest.importorskip("fcntl")
    paths = [archive(log, days * DAY) for days in (4, 3)]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, paths[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    held_by_process.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert plan(log, Retention(max_files=0), now=NOW)[0].kept == "a process may still write to it"
    apply(log, Retention(max_files=0), now=NOW)
    assert left(log) == names(paths[:1])
    process.kill()
    process.wait()
    apply(log, Retention(max_files=0), now=NOW)
    assert left(log) == []


def test_what_only_has_such_a_name_stays(log: Path):
    """A link, a folder and a name without a moment are no archives of ours to remove; the link's target stays too."""
    target = log.with_name("precious")
    target.write_text("x\n", encoding="utf-8")
    link = log.with_name(f"{log.name}.20200101T000000.000000Z")
    link.symlink_to(target)
    log.with_name(f"{log.name}.20200102T000000.000000Z").mkdir()
    log.with_name(f"{log.name}.20201399T000000.000000Z").write_text("x\n", encoding="utf-8")
    log.with_name(f"{log.name}.99991231T235959.999999Z").write_text("x\n", encoding="utf-8")
    removed = apply(log, Retention(max_files=0, max_age=DAY), now=NOW)
    assert [one.stamp for one in removed] == ["99991231T235959.999999Z"]
    assert target.exists()
    assert link.is_symlink()


def test_a_hold_keeps_its_period(log: Path):
    """Archives that may hold records of the period stay, their neighbours go, and after the release all go."""
    paths = [archive(log, days * DAY) for days in (9, 7, 5, 3)]
    hold = place_hold(log, reason="case 17", who="ada", begin=NOW - 6 * DAY, end=NOW - 5.5 * DAY, now=NOW)
    rule = Retention(max_age=DAY)
    assert [decision.kept for decision in plan(log, rule, now=NOW)] == ["", "", f"under hold {hold.id}", ""]
    apply(log, rule, now=NOW)
    assert left(log) == names(paths[2:3])
    # Where the neighbour ended is still known, from the disposals.
    assert plan(log, rule, now=NOW)[0].kept == f"under hold {hold.id}"
    release_hold(log, hold.id, who="ben", reason="closed", now=NOW)
    apply(log, rule, now=NOW)
    assert left(log) == []


def test_an_open_hold_keeps_all_from_its_begin_or_until_its_end(log: Path):
    """A hold without end keeps what is still to come; one without begin keeps what has ever been; one of both, all."""
    paths = [archive(log, days * DAY) for days in (9, 7, 5, 3)]
    rule = Retention(max_files=0, holds=(Hold("H", "r", "ada", NOW, begin=NOW - 6 * DAY),))
    assert [decision.remove for decision in plan(log, rule, now=NOW)] == [True, True, False, False]
    rule = Retention(max_files=0, holds=(Hold("H", "r", "ada", NOW, end=NOW - 8 * DAY),))
    assert [decision.remove for decision in plan(log, rule, now=NOW)] == [False, False, True, True]
    rule = Retention(max_files=0, holds=(Hold("H", "r", "ada", NOW),))
    assert apply(log, rule, now=NOW) == []
    assert left(log) == names(paths)


def test_an_archive_of_unknown_beginning_is_held(log: Path):
    """The oldest archive, encrypted, may reach back as far as you like: a hold on any time before its end keeps it."""
    archive(log, 5 * DAY, suffix=".gz.enc")
    place_hold(log, reason="old case", begin=NOW - 4000 * DAY, end=NOW - 3999 * DAY)
    assert "under hold" in plan(log, Retention(max_files=0), now=NOW)[0].kept


def test_a_clock_that_was_set_back_does_not_hide_records(log: Path):
    """A first record older than the archive before is believed: the hold on its time keeps the archive."""
    archive(log, 5 * DAY)
    path = archive(log, 4 * DAY)
    path.write_text('\n{"@timestamp":"2026-10-01T00:00:00.000Z"}\n', encoding="utf-8")
    place_hold(log, reason="case", begin=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 10, 2, tzinfo=UTC))
    assert [decision.remove for decision in plan(log, Retention(max_files=0), now=NOW)] == [True, False]


def test_the_file_of_holds_tells_the_history(log: Path):
    """Placing and releasing append lines; a released hold is still listed, with who released it and when."""
    first = place_hold(log, reason="case 17", who="ada", now=NOW)
    second = place_hold(log, reason="case 18", who="ada", now=NOW)
    released = release_hold(log, first.id, who="ben", now=NOW + DAY)
    assert all_holds(log) == [released, second]
    assert (released.released, released.released_by) == (NOW + DAY, "ben")
    assert active_holds(log) == [second]
    assert len(holds_file(log).read_text(encoding="utf-8").splitlines()) == 3
    assert stat.S_IMODE(holds_file(log).stat().st_mode) == 0o640


def test_a_hold_must_make_sense(log: Path):
    """No reason, an end before the begin, and a release of what is not held are refused, naming what is wrong."""
    with pytest.raises(UsageError, match="reason"):
        place_hold(log, reason=" ")
    with pytest.raises(UsageError, match="before it begins"):
        place_hold(log, reason="r", begin=NOW, end=NOW - DAY)
    hold = place_hold(log, reason="r")
    release_hold(log, hold.id)
    for name in ("H-none", hold.id):
        with pytest.raises(UsageError, match=name):
            release_hold(log, name)


@pytest.mark.parametrize(
    "line", ['{"id":"H-1","reas', "[]", '{"id":"H-1"}', '{"id":"H-1","who":"x","released":"never"}', "\udcff"]
)
def test_a_damaged_hold_stops_all_removals(log: Path, line: str):
    """While a line of the holds cannot be read nobody knows what is held: nothing goes, and the line is named."""
    path = archive(log, 9 * DAY)
    place_hold(log, reason="r", end=NOW - 100 * DAY)
    with holds_file(log).open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n" + line)
    with pytest.raises(InputError, match="line 3"):
        apply(log, Retention(max_files=0), now=NOW)
    assert path.exists()


def test_a_line_cut_by_a_kill_swallows_no_other(log: Path):
    """After half a line in the disposals the next entry stands on its own, and the half one is left out."""
    disposals_file(log).write_text('{"time":"2026', encoding="utf-8")
    archive(log, 9 * DAY)
    removed = apply(log, Retention(max_files=0), now=NOW)
    assert disposals(log) == removed
    assert len(removed) == 1


def test_limits_below_zero_are_refused():
    """A negative limit is a mistake, and the error names it."""
    with pytest.raises(UsageError, match="max_files"):
        Retention(max_files=-1)
    with pytest.raises(UsageError, match="max_age"):
        Retention(max_age=-DAY)


def test_a_log_that_is_not_there(tmp_path: Path):
    """Without a log, and without its folder, there is nothing to do."""
    assert apply(tmp_path / "app.jsonl", Retention(max_files=0)) == []
    assert apply(tmp_path / "none" / "app.jsonl", Retention(max_files=0)) == []


def test_seals_are_told_before_the_archive_goes(log: Path):
    """Who keeps seals is told of each removal while the archive is still there; when that fails, it stays."""
    paths = [archive(log, days * DAY) for days in (4, 3)]
    told: list[tuple[bool, str]] = []

    def note(path: Path, reason: str) -> None:
        told.append((path.exists(), reason))
        if path == paths[1]:
            raise InputError("the ledger cannot be written")

    with pytest.raises(InputError, match="ledger"):
        apply(log, Retention(max_files=0), now=NOW, note=note)
    assert told == [(True, "more than 0 archives")] * 2
    assert left(log) == names(paths[1:])
    assert len(disposals(log)) == 1


LIMITS = st.builds(
    Retention,
    max_age=st.none() | st.integers(0, 20).map(lambda days: days * DAY),
    max_bytes=st.none() | st.integers(0, 3000),
    max_files=st.none() | st.integers(0, 8),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(60, 900), st.booleans(), st.booleans()), max_size=8),
    LIMITS,
)
def test_what_always_holds(kinds: list[tuple[int, int, bool, bool]], rule: Retention):
    """Held, unshipped and live files are never removed; limits hold unless all else is kept; a second round is idle."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.jsonl"
        log.write_bytes(b'{"message":"live"}\n')
        held: list[Hold] = []
        unshipped: set[str] = set()
        made: list[Path] = []
        for number, (days, size, is_held, is_unshipped) in enumerate(kinds):
            age = days * DAY + number * timedelta(hours=1)
            path = archive(log, age, size=size)
            made.append(path)
            if is_held:
                held.append(Hold(f"H{number}", "r", "x", NOW, begin=NOW - age, end=NOW - age))
            if is_unshipped:
                unshipped.add(path.name)
        rule = Retention(rule.max_age, rule.max_bytes, rule.max_files, tuple(held))
        protected = {
            segment.path.name
            for segment, (begin, end) in ((one, _span(one)) for one in segments(log) if not one.live)
            if segment.path.name in unshipped or any(hold.covers(begin, end) for hold in held)
        }
        removed = apply(log, rule, now=NOW, shipped=lambda segment: segment.path.name not in unshipped)
        remaining = [segment for segment in segments(log) if not segment.live]
        assert log.exists()
        assert not {removal.name for removal in removed} & protected
        assert {removal.name for removal in removed} | {one.path.name for one in remaining} == {*names(made)}
        free = [segment for segment in remaining if not plan_keeps(log, rule, segment, unshipped)]
        if free:
            total = log.stat().st_size + sum(one.path.stat().st_size for one in remaining)
            assert rule.max_bytes is None or total <= rule.max_bytes
            assert rule.max_files is None or len(remaining) <= rule.max_files
            oldest = min(one.closed for one in free if one.closed)
            assert rule.max_age is None or NOW - oldest <= rule.max_age
        assert apply(log, rule, now=NOW, shipped=lambda segment: segment.path.name not in unshipped) == []


def _span(segment: Segment) -> tuple[datetime, datetime]:
    """The times that surely are in an archive made above: its record's, and its end."""
    assert segment.closed is not None
    return segment.closed - timedelta(seconds=1), segment.closed


def plan_keeps(log: Path, rule: Retention, segment: Segment, unshipped: set[str]) -> bool:
    """Whether something speaks against removing the archive, were it to go."""
    strict = Retention(max_files=0, holds=rule.holds)
    decisions = plan(log, strict, now=NOW, shipped=lambda one: one.path.name not in unshipped)
    return next(decision.kept != "" for decision in decisions if decision.segment == segment)
