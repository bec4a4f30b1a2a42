"""Following a log: each line once, whatever happens to the file between two looks."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import next_stamp, segments
from logdojo.logsetup.shipping import Batch, Cursor, follow
from logdojo.logsetup.shipping.cursor import load, save
from logdojo.logsetup.shipping.follow import Follower

NOW = datetime(2026, 11, 24, 13, 56, tzinfo=UTC)


class World:
    """A log in a folder of its own, what was written to it, and an index in which every document has one id."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "app.jsonl"
        self.written = 0
        self.rotations = 0
        self.half = b""
        self.index: dict[str, bytes] = {}
        self.cursor: Cursor | None = None
        self.follower: Follower | None = None

    def write(self, count: int = 1, *, extra: bytes = b"", mode: str = "ab") -> None:
        """Append whole lines."""
        with self.log.open(mode) as file:
            file.write(self.half)
            self.half = b""
            for _ in range(count):
                self.written += 1
                file.write(b'{"n":%d}\n' % self.written + extra)

    def begin_line(self) -> None:
        """Append the first part of a line; the next write brings its end."""
        if not self.half:
            self.written += 1
            with self.log.open("ab") as file:
                file.write(b'{"n":')
            self.half = b"%d}\n" % self.written

    def rotate(self) -> Path:
        """Rename the live file as our own handler does."""
        self.finish_line()
        archive = self.log.with_name(f"{self.log.name}.{next_stamp(self.log, NOW)}")
        if self.log.exists():
            self.log.rename(archive)
        return archive

    def finish_line(self) -> None:
        """Bring the end of a line that was begun."""
        if self.half:
            self.write(0)

    def compress(self) -> None:
        """Compress the oldest archive that is not yet."""
        for segment in segments(self.log):
            if not segment.live and not segment.compressed:
                Path(f"{segment.path}.gz").write_bytes(gzip.compress(segment.path.read_bytes(), 1))
                segment.path.unlink()
                return

    def logrotate(self) -> None:
        """Shift app.jsonl → .1 → .2.gz as an outside logrotate does with delaycompress."""
        self.finish_line()
        one, two = Path(f"{self.log}.1"), Path(f"{self.log}.2.gz")
        if two.exists():
            return
        if one.exists():
            two.write_bytes(gzip.compress(one.read_bytes(), 1))
            shutil.copystat(one, two)
            one.unlink()
        if self.log.exists():
            self.log.rename(one)
            self.rotations += 1
            moment = (NOW + timedelta(seconds=self.rotations)).timestamp()
            os.utime(one, (moment, moment))

    def deliver(self, batches: int = 10**6, records: int = 3, size: int = 40, *, note: bool = True) -> None:
        """Take batches and put them into the index."""
        self.follower = self.follower or Follower(self.log, self.cursor, batch_records=records, batch_bytes=size)
        for _ in range(batches):
            batch = self.follower.next()
            if batch is None:
                return
            self.take(batch)
            if note:
                self.cursor = batch.cursor

    def take(self, batch: Batch) -> None:
        """Put a batch into the index; an id never stands for two lines."""
        for line in batch.lines:
            assert self.index.setdefault(line.id, line.text) == line.text

    def restart(self) -> None:
        """Go on from what was noted."""
        if self.follower is not None:
            self.follower.close()
        self.follower = None

    def check(self) -> None:
        """Nothing is lost or doubled."""
        self.finish_line()
        self.deliver()
        self.restart()
        numbers = [json.loads(text)["n"] for text in self.index.values()]
        assert sorted(numbers) == list(range(1, self.written + 1))


@contextmanager
def a_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            yield world
        finally:
            world.restart()


STEPS = st.lists(
    st.sampled_from(
        ["write", "write", "write", "half", "blank", "rotate", "compress", "take", "take", "drain", "lose", "restart"]
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, records=st.integers(1, 4), size=st.integers(1, 60))
def test_each_line_comes_once_through_any_rotations_and_restarts(steps: list[str], records: int, size: int):
    """Any order of writing, rotating, compressing, reading and restarting gives each line exactly once."""
    with a_world() as world:
        for step in steps:
            if step == "write":
                world.write(2)
            elif step == "half":
                world.begin_line()
            elif step == "blank":
                world.write(1, extra=b"   \n")
            elif step == "rotate":
                world.rotate()
            elif step == "compress":
                world.compress()
            elif step == "restart":
                world.restart()
            else:
                batches = 10**6 if step == "drain" else 1
                world.deliver(batches, records, size, note=step != "lose")
                if step == "lose":  # delivered, and killed before it could be noted
                    world.restart()
        world.check()


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["write", "write", "logrotate", "take", "drain", "restart"]), max_size=25))
def test_each_line_comes_once_through_an_outside_logrotate(steps: list[str]):
    """The names that logrotate gives are followed too, also over a restart."""
    with a_world() as world:
        for step in steps:
            if step == "write":
                world.write(2)
            elif step == "logrotate":
                world.logrotate()
            elif step == "restart":
                world.restart()
            else:
                world.deliver(10**6 if step == "drain" else 1)
        world.check()


@pytest.mark.parametrize("form", ["live", "renamed", "compressed"])
def test_any_place_to_be_killed_at_leads_on(tmp_path: Path, form: str):
    """From the cursor behind every single line, and in every form of the file, the rest comes and nothing else."""
    world = World(tmp_path)
    world.write(9)
    cursors = [batch.cursor for batch in follow(world.log, batch_records=1)]
    texts = [json.loads(line.text)["n"] for batch in follow(world.log) for line in batch.lines]
    if form != "live":
        world.rotate()
        world.write(1)
    if form == "compressed":
        world.compress()
    for at, cursor in enumerate(cursors):
        save(tmp_path / "cursor", cursor)
        rest = [
            json.loads(line.text)["n"] for batch in follow(world.log, load(tmp_path / "cursor")) for line in batch.lines
        ]
        assert rest == texts[at + 1 :] + ([10] if form != "live" else [])


def test_ids_are_the_same_however_the_file_is_named_and_cut_into_batches(tmp_path: Path):
    """A line's id comes from its segment and offset: renaming, compressing and other batch sizes change nothing."""
    world = World(tmp_path)
    world.write(7)
    live = [line.id for batch in follow(world.log, batch_records=2) for line in batch.lines]
    world.rotate()
    world.compress()
    assert [line.id for batch in follow(world.log, batch_bytes=9) for line in batch.lines] == live
    assert len(set(live)) == 7


def test_files_that_begin_with_the_same_line_stay_apart(tmp_path: Path):
    """A heading that every file has gives equal fingerprints; ids and places are still told apart."""
    world = World(tmp_path)
    for _ in range(3):
        world.log.write_bytes(b'{"heading":1}\n')
        world.write(2)
        world.rotate()
        world.compress()
    batches = list(follow(world.log, batch_records=2))
    lines = [line for batch in batches for line in batch.lines]
    assert len(lines) == len({line.id for line in lines}) == 9
    for at, batch in enumerate(batches):
        rest = [line for later in follow(world.log, batch.cursor, batch_records=2) for line in later.lines]
        assert rest == [line for later in batches[at + 1 :] for line in later.lines]


def test_a_late_writer_of_an_archive_is_heard_and_holds_up_nobody(tmp_path: Path):
    """While a process holds its writer's lock on an archive, later files are read, and its last lines still come."""
    world = World(tmp_path)
    world.write(2)
    late = os.open(world.log, os.O_WRONLY | os.O_APPEND)
    fcntl.flock(late, fcntl.LOCK_SH)
    archive = world.rotate()
    world.write(2)
    world.deliver()
    assert len(world.index) == 4
    assert not world.follower.cursor().passed(segments(world.log)[0])
    world.restart()
    world.deliver()
    os.write(late, b'{"n":5}\n')
    world.written = 5
    world.deliver()
    assert len(world.index) == 5
    os.close(late)
    world.deliver()
    assert world.follower.cursor().passed(segments(world.log)[0])
    assert archive.exists()
    world.check()


def test_a_file_emptied_after_copying_goes_on_in_the_copy_and_then_anew(tmp_path: Path):
    """With logrotate's copytruncate, what was not read yet is read from the copy; then the file begins anew."""
    world = World(tmp_path)
    world.write(4)
    world.deliver(1)
    shutil.copy(world.log, f"{world.log}.1")
    world.write(2, mode="wb")
    world.deliver()
    world.check()


def test_a_file_emptied_without_a_copy_is_told_and_read_on(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """When nothing is left of the old content, a warning says what may be lost, and the new lines come."""
    world = World(tmp_path)
    world.write(4)
    world.deliver(1, size=24)  # three lines
    world.write(5, mode="wb")
    world.deliver()
    assert [json.loads(text)["n"] for text in world.index.values()] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert "may be lost" in caplog.text


def test_a_segment_that_was_removed_is_told_and_passed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """When the file of the noted place is gone, a warning names the place and the next file is read."""
    world = World(tmp_path)
    world.write(4)
    world.deliver(1)
    world.restart()
    world.rotate().unlink()
    world.write(1)
    world.deliver()
    assert json.loads(list(world.index.values())[-1])["n"] == 5
    assert "is gone" in caplog.text


def test_a_line_that_was_blanked_after_reading_does_no_harm(tmp_path: Path):
    """A broken line that its writer blanks later leaves the place valid, also for a restart."""
    world = World(tmp_path)
    world.write(1)
    with world.log.open("ab") as file:
        file.write(b'{"broken\n')
    world.deliver()
    broken = next(key for key, text in world.index.items() if text == b'{"broken')
    world.log.write_bytes(b'{"n":1}\n' + b" " * 8 + b"\n")
    world.write(1)
    world.deliver()
    del world.index[broken]
    world.check()
    cursor, world.index = world.cursor, {}
    world.write(1)
    assert [line.text for batch in follow(world.log, cursor) for line in batch.lines] == [b'{"n":3}']


def test_the_last_line_of_a_closed_archive_needs_no_end(tmp_path: Path):
    """A line without its end waits in the live file and comes when the file is closed for good."""
    world = World(tmp_path)
    world.log.write_bytes(b'{"n":1}\n{"n":2}')
    world.written = 2
    world.deliver()
    assert len(world.index) == 1
    world.rotate()
    world.check()
    only = tmp_path / "only.jsonl"
    only.with_name(f"only.jsonl.{next_stamp(only, NOW)}").write_bytes(b'{"n":3}')
    assert [line.text for batch in follow(only) for line in batch.lines] == [b'{"n":3}']


def test_a_line_of_endless_length_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Memory stays bounded: a line longer than the limit is handed over in pieces that are marked."""
    monkeypatch.setattr("logdojo.logsetup.shipping.reading.LONGEST_LINE", 100)
    log = tmp_path / "app.jsonl"
    log.write_bytes(b'{"n":1}\n' + b"x" * 1000 + b'\n{"n":2}\n')
    lines = [line for batch in follow(log, batch_bytes=50) for line in batch.lines]
    assert b"".join(line.text for line in lines[1:-1]) == b"x" * 1000
    assert max(len(line.text) for line in lines) <= 400
    assert (lines[0].fault, lines[-1].fault, lines[-1].text) == ("", "", b'{"n":2}')
    assert "in pieces" in lines[1].fault


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":1}', b'{"version":9}', b"\xff", b"[" * 100_000])
def test_a_damaged_cursor_is_an_error_and_no_fresh_start(tmp_path: Path, content: bytes):
    """A cursor that cannot be read is named, and nothing is shipped from the beginning by itself."""
    path = tmp_path / "app.jsonl.cursor.x"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"app\.jsonl\.cursor\.x: the cursor is damaged"):
        load(path)


def test_every_cut_of_a_cursor_file_is_noticed(tmp_path: Path):
    """Whatever part of the file is missing at its end, it is not taken for a whole one."""
    world = World(tmp_path)
    world.write(3)
    world.deliver()
    path = tmp_path / "cursor"
    save(path, world.cursor)
    whole = path.read_bytes()
    for end in range(len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError):
            load(path)


def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path):
    """A damaged gzip file stops the reading with its name."""
    world = World(tmp_path)
    world.write(300)
    world.rotate()
    world.compress()
    archive = segments(world.log)[0].path
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(InputError, match=archive.name):
        list(follow(world.log, batch_bytes=100))
