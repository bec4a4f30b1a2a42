"""How archives are named, listed and read, in whatever form they lie there."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import (
    Segment,
    fingerprint_of,
    left_over,
    moment_of,
    next_stamp,
    segments,
    stamp_of,
)
from logdojo.logsetup.files.compressing import compress

STAMPS = [f"20261124T1356{second:02d}.000000Z" for second in range(5)]
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # made UTC here


def archive(log: Path, stamp: str, form: str = "", content: bytes = b"{}\n") -> Path:
    """Make an archive."""
    path = log.with_name(f"{log.name}.{stamp}{form}")
    path.write_bytes(gzip.compress(content) if form == ".gz" else content)
    return path


def test_files_are_listed_oldest_first_with_the_live_one_last(log: Path):
    """Archives come in the order of their stamps, whatever their form; the live file is last, where there is one."""
    for stamp, form in zip(STAMPS, ["", ".gz", ".gz.enc", ".enc", ""], strict=True):
        archive(log, stamp, form)
    listed = segments(log)
    assert [segment.stamp for segment in listed] == STAMPS
    log.touch()
    assert segments(log)[-1] == Segment(log)
    assert [segment.live for segment in segments(log)] == [False] * 5 + [True]
    assert [segment.compressed for segment in listed] == [False, True, True, False, False]
    assert [segment.encrypted for segment in listed] == [False, False, True, True, False]
    assert listed[0].closed == datetime(2026, 11, 24, 13, 56, tzinfo=UTC)
    assert Segment(log).closed is None


def test_nothing_else_is_taken_for_an_archive(log: Path):
    """Locks, ledgers, half-written forms, other logs and names that only look alike are no part of the log."""
    stamp = STAMPS[0]
    others = [
        "app.jsonl.lock",
        "app.jsonl.seals",
        f"app.jsonl.{stamp}.gz.partial",
        f"app.jsonl.{stamp}.bak",
        f"app.jsonl2.{stamp}",
        f"app.jsonl.audit.{stamp}",
        f"other.jsonl.{stamp}",
        "app.jsonl.20260230T000000.000000Z",
        "app.jsonl.99999999T999999.999999Z",
        "app.jsonl.٢٠٢٦١١٢٤T135600.000000Z",
        "app.jsonl.1",
    ]
    for name in others:
        (log.parent / name).touch()
    assert segments(log) == []
    assert left_over(log) == []
    assert stamp_of(log, log) == ""


def test_an_archive_in_two_forms_is_listed_in_the_newer(log: Path):
    """What a kill has left behind is not read twice, and is named for removal."""
    plain, packed = archive(log, STAMPS[0]), archive(log, STAMPS[0], ".gz")
    other, sealed = archive(log, STAMPS[1], ".gz"), archive(log, STAMPS[1], ".gz.enc")
    third = archive(log, STAMPS[2])
    assert [segment.path for segment in segments(log)] == [packed, sealed, third]
    assert sorted(left_over(log)) == sorted([plain, other])


def test_a_log_in_a_folder_that_does_not_exist_has_no_files(tmp_path: Path):
    """Asking for the files of a log that was never written is no error."""
    assert segments(tmp_path / "nowhere" / "app.jsonl") == []
    assert next_stamp(tmp_path / "nowhere" / "app.jsonl", datetime(2026, 1, 1, tzinfo=UTC)) == "20260101T000000.000000Z"


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_stamps_only_ever_grow(tmp_path_factory: pytest.TempPathFactory, moments: list[datetime]):
    """Whatever a clock does, each rotation's stamp sorts behind all before it."""
    log = tmp_path_factory.mktemp("stamps") / "app.jsonl"
    given_out = []
    for moment in moments:
        given_out.append(next_stamp(log, moment))
        archive(log, given_out[-1])
    assert given_out == sorted(set(given_out))
    assert [segment.stamp for segment in segments(log)] == given_out


def test_stamps_are_in_utc(log: Path):
    """A moment in another zone is named in UTC."""
    east = timezone(timedelta(hours=5, minutes=45))
    stamp = next_stamp(log, datetime(2026, 11, 24, 1, 0, tzinfo=east))
    assert stamp == "20261123T191500.000000Z"
    assert moment_of(stamp) == datetime(2026, 11, 24, 1, 0, tzinfo=east)


def test_all_forms_read_alike(log: Path):
    """A fingerprint and the lines stay the same when a file is renamed, compressed and encrypted."""
    content = b'{"a":1}\n{"b":2}\n'
    log.write_bytes(content)
    before = Segment(log).fingerprint()
    plain = archive(log, STAMPS[0], content=content)
    packed = Segment(compress(plain), STAMPS[0])
    hidden = archive(log, STAMPS[1], ".gz.enc", packed.path.read_bytes())
    for segment, decrypt in ((packed, None), (Segment(hidden, STAMPS[1]), Path.read_bytes)):
        assert segment.fingerprint(decrypt) == before == fingerprint_of(b'{"a":1}\n')
        with segment.open(decrypt) as file:
            assert file.read() == content
    assert not plain.exists()


def test_a_file_without_a_whole_line_has_no_fingerprint(log: Path):
    """An empty file, and one whose first line is still being written, cannot be told apart from others yet."""
    log.write_bytes(b"")
    assert Segment(log).fingerprint() == ""
    log.write_bytes(b'{"a":1}')
    assert Segment(log).fingerprint() == ""


def test_what_cannot_be_opened_is_named(log: Path):
    """A missing file and an encrypted one without a key are errors that name the file and what to do."""
    for segment, remedy in (
        (Segment(log), "exists"),
        (Segment(log.with_name(f"app.jsonl.{STAMPS[0]}.gz"), STAMPS[0]), "exists"),
        (Segment(archive(log, STAMPS[1], ".gz.enc"), STAMPS[1]), "keys"),
    ):
        with pytest.raises(InputError, match=segment.path.name) as caught:
            segment.open()
        assert remedy in caught.value.hint


def test_compressing_keeps_mode_and_owner(log: Path):
    """The compressed form belongs to whom the archive belonged, and is open to nobody else."""
    plain = archive(log, STAMPS[0], content=b"x\n" * 1_000)
    plain.chmod(0o440)
    if os.geteuid() == 0:
        os.chown(plain, 65534, 65534)
    before = plain.stat()
    after = compress(plain).stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_compressing_opens_a_window_for_nobody(log: Path, monkeypatch: pytest.MonkeyPatch):
    """Also the half-written form can be opened by its owner alone, under a umask that would let all read."""
    plain = archive(log, STAMPS[0])
    plain.chmod(0o640)
    seen: list[int] = []
    fstat = os.fstat

    def watching(fd: int) -> os.stat_result:
        seen.extend(path.stat().st_mode & 0o777 for path in log.parent.glob("*.partial"))
        return fstat(fd)

    monkeypatch.setattr(os, "fstat", watching)
    mask = os.umask(0)
    try:
        compress(plain)
    finally:
        os.umask(mask)
    assert seen
    assert all(not mode & 0o037 for mode in seen)


def test_equal_archives_compress_to_equal_bytes(log: Path, monkeypatch: pytest.MonkeyPatch):
    """The compressed form holds no time and no name, so that copies can be compared."""
    del monkeypatch
    first, second = (compress(archive(log, stamp, content=b"same\n" * 100)) for stamp in STAMPS[:2])
    assert first.read_bytes() == second.read_bytes()


def test_a_half_written_form_of_an_earlier_try_is_replaced(log: Path):
    """What a kill has left of an earlier attempt is overwritten, and gone afterwards."""
    plain = archive(log, STAMPS[0], content=b"all of it\n")
    partial = log.with_name(f"{plain.name}.gz.partial")
    partial.write_bytes(b"\x1f\x8b half of a much longer attempt" * 100)
    packed = compress(plain)
    assert gzip.decompress(packed.read_bytes()) == b"all of it\n"
    assert [path.name for path in log.parent.iterdir()] == [packed.name]


def test_readers_and_forms(log: Path, read: Callable[..., object]):
    """The tests' own reader sees each record once, in whatever form its archive lies there."""
    line = b'{"labels.n":1}\n'
    archive(log, STAMPS[0], content=line)
    archive(log, STAMPS[0], ".gz", content=line)
    assert read(log).numbers == [1]
