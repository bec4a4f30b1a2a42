"""What happens to archives in the background, also when a step fails or somebody else was quicker."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files import upkeep as module
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.locks import alone, close_file, open_file, share
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep

Opened = Callable[..., LogFileHandler]
LINE = b'{"@timestamp":"2026-11-24T13:56:00.123Z","labels.n":%d}'


def archived(log: Path, number: int, content: bytes | None = None) -> Path:
    """Make an archive with one record."""
    path = log.with_name(f"{log.name}.20261124T1356{number:02d}.000000Z")
    path.write_bytes(LINE % number + b"\n" if content is None else content)
    return path


def forms(log: Path) -> list[str]:
    """Return how the names of a log's archives end."""
    return [segment.path.name.partition("Z")[2] for segment in segments(log) if not segment.live]


def until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Wait for a condition; return whether it came true."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


class Sealing:
    """A sealer that notes what it was asked for, and raises as often as it is told to."""

    def __init__(self, failures: int = 0, only: str = "") -> None:
        self.failures = failures
        self.only = only
        self.done: list[str] = []

    def checkpoint(self) -> None:
        """Seal the live file."""

    def close_archive(self, archive: Path) -> None:
        """Seal an archive, unless it is time to fail."""
        if self.failures and self.only in archive.name:
            self.failures -= 1
            raise ValueError("the ledger is\ndamaged")
        self.done.append(archive.name)


def encrypted(path: Path) -> Path:
    """Stand in for encryption: the same steps, another form."""
    target = path.with_name(path.name + ".enc")
    target.write_bytes(path.read_bytes())
    path.unlink()
    return target


def test_archives_get_into_their_last_form(log: Path, opened: Opened, record: Callable[..., Any]):
    """Archives are sealed first, then compressed, then encrypted; each of them once, the live file not at all."""
    sealer = Sealing()
    handler = opened(
        rotation=Rotation(max_bytes=300), upkeep=Upkeep(log, compressed=True, sealer=sealer, encrypt=encrypted)
    )
    for number in range(8):
        handler.handle(record(number))
    handler.close()
    assert set(forms(log)) == {".gz.enc"}
    assert sorted(set(sealer.done)) == sorted(sealer.done)
    assert len(sealer.done) == len(forms(log))
    assert log.stat().st_size > 0


def test_an_archive_with_a_writer_is_left_alone(log: Path):
    """As long as any process may still write to an archive, nothing is done to it; afterwards everything is."""
    path = archived(log, 1)
    writer = open_file(path, os.O_RDWR | os.O_APPEND)
    assert share(writer)
    tending = Upkeep(log, compressed=True)
    assert tending.tend()
    assert forms(log) == [""]
    os.write(writer, LINE % 2 + b"\n")
    close_file(writer)
    assert not tending.tend()
    (packed,) = [segment.path for segment in segments(log)]
    assert gzip.decompress(packed.read_bytes()).count(b"\n") == 2


def test_an_archive_is_mended_before_it_is_sealed_and_packed(log: Path, read: Callable[..., Any]):
    """What a kill has left in an archive, at its end or before another line, is blank in its last form."""
    whole = LINE % 1 + b"\n"
    archived(log, 1, whole + (LINE % 2)[:40] + whole.replace(b":1}", b":3}") + (LINE % 4)[:30])
    Upkeep(log, compressed=True).tend()
    found = read(log)
    assert (found.torn, found.numbers) == ([], [1, 3])


@pytest.mark.parametrize("step", ["seal", "encrypt", "compress"])
def test_a_step_that_fails_is_tried_again_and_holds_up_no_other_archive(
    log: Path, step: str, monkeypatch: pytest.MonkeyPatch
):
    """A failing step is told in one line with its error; the other archives go on, and the next round does it."""
    first, second = archived(log, 1), archived(log, 2)
    failures = iter([True])

    def failing(path: Path, real: Callable[[Path], Path]) -> Path:
        if path.name.startswith(first.name) and next(failures, False):
            raise ValueError("no such\nthing")
        return real(path)

    told: list[str] = []
    sealer = Sealing(failures=1 if step == "seal" else 0, only=first.name)
    if step == "compress":
        compress = module.compress
        monkeypatch.setattr(module, "compress", lambda path: failing(path, compress))
    encrypt = (lambda path: failing(path, encrypted)) if step == "encrypt" else encrypted
    tending = Upkeep(log, compressed=True, sealer=sealer, encrypt=encrypt, complain=told.append)
    assert tending.tend()
    assert forms(log) == [{"encrypt": ".gz"}.get(step, ""), ".gz.enc"]
    assert len(told) == 1
    assert first.name in told[0]
    assert f"could not {step}" in told[0]
    assert not tending.tend()
    assert forms(log) == [".gz.enc", ".gz.enc"]
    assert min(sealer.done) == first.name
    assert second.name in sealer.done


def test_complaints_come_once_a_second_on_one_line(
    log: Path, opened: Opened, record: Callable[..., Any], capsys: pytest.CaptureFixture[str]
):
    """A sealer that always raises is told about at most once a second, a line each; logging goes on."""
    handler = opened(rotation=Rotation(max_bytes=200), upkeep=Upkeep(log, sealer=Sealing(failures=10**6)))
    start = time.monotonic()
    for number in range(30):
        handler.handle(record(number))
        time.sleep(0.002)
    handler.close()
    told = capsys.readouterr().err.splitlines()
    assert 1 <= len(told) <= time.monotonic() - start + 1
    assert all(line.startswith("logdojo: ") and "the ledger is damaged" in line for line in told)
    assert handler.counts().written == 30


def test_an_error_that_cannot_be_shown_is_told_all_the_same(log: Path):
    """An exception whose text raises itself does not end the thread that looks after archives."""
    archived(log, 1)

    class UnshowableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def retain() -> None:
        raise UnshowableError

    told: list[str] = []
    Upkeep(log, retain=retain, complain=told.append).tend()
    assert "UnshowableError" in told[0]


def test_the_thread_survives_a_folder_that_cannot_be_read(
    log: Path, opened: Opened, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    """A folder that refuses to be listed is told about; the thread goes on, and closing raises nothing."""
    refusing = True
    real = module.segments

    def listed(path: Path) -> Any:
        if refusing:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(module, "segments", listed)
    monkeypatch.setattr(module, "_LATER_SECONDS", 0.01)
    handler = opened(rotation=Rotation(max_bytes=200), upkeep=Upkeep(log, compressed=True))
    for number in range(4):
        handler.handle(record(number))
    time.sleep(0.03)
    refusing = False
    assert until(lambda: set(forms(log)) == {".gz"})
    refusing = True
    handler.handle(record(4))
    handler.close()


def test_what_an_earlier_process_has_left_is_finished(log: Path, opened: Opened):
    """At the start, archives that wait for compression and old forms beside new ones are seen to."""
    waiting = archived(log, 1)
    done = archived(log, 2)
    done.with_name(done.name + ".gz").write_bytes(gzip.compress(done.read_bytes()))
    opened(upkeep=Upkeep(log, compressed=True))
    assert until(lambda: forms(log) == [".gz", ".gz"] and not waiting.exists() and not done.exists())


def test_an_old_form_in_use_is_not_removed_yet(log: Path):
    """The old form of an archive stays while a process may still write to it."""
    old = archived(log, 1)
    old.with_name(old.name + ".gz").write_bytes(gzip.compress(old.read_bytes()))
    writer = open_file(old, os.O_RDWR)
    share(writer)
    tending = Upkeep(log, compressed=True)
    tending.tend()
    assert old.exists()
    close_file(writer)
    tending.tend()
    assert not old.exists()


def test_a_burst_of_rotations_leaves_none_out(log: Path):
    """Without compression or encryption, each archive since the start is mended and sealed, also of a long burst."""
    sealer = Sealing()
    old = [archived(log, number) for number in range(12)]
    tending = Upkeep(log, sealer=sealer)
    tending.tend()
    assert sealer.done == [path.name for path in old[-8:]]
    burst = [archived(log, number) for number in range(12, 42)]
    tending.tend()
    assert sealer.done[8:] == [path.name for path in burst]


def test_retention_is_applied_after_each_new_archive(log: Path):
    """A rule is applied when there is a new archive, and not in every round."""
    applied: list[int] = []
    tending = Upkeep(log, retain=lambda: applied.append(1))
    tending.tend()
    tending.tend()
    assert len(applied) == 1
    archived(log, 1)
    tending.tend()
    tending.tend()
    assert len(applied) == 2


def test_two_that_tend_one_log_do_each_step_once(log: Path):
    """Several processes may look after a log at once: no archive is lost, packed twice or left half done."""
    for number in range(40):
        archived(log, number)
    told: list[str] = []
    tenders = [Upkeep(log, compressed=True, encrypt=encrypted, complain=told.append) for _ in range(4)]

    def tend(tender: Upkeep) -> None:
        for _ in range(200):
            if not tender.tend():
                return

    threads = [threading.Thread(target=tend, args=(tender,)) for tender in tenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == []
    assert forms(log) == [".gz.enc"] * 40
    for number, segment in enumerate(segments(log)):
        with segment.open(Path.read_bytes) as file:
            assert file.read() == LINE % number + b"\n"


def test_alone_means_alone(log: Path):
    """The exclusive lock is given to one at a time, and never for a name that leads elsewhere by now."""
    log.touch()
    with alone(log) as first:
        assert first is not None
        with alone(log) as second:
            assert second is None
    with alone(log) as again:
        assert again is not None
    with alone(log.with_name("missing")) as nothing:
        assert nothing is None


def test_stopping_ends_the_thread_and_does_the_last_round(log: Path, opened: Opened, record: Callable[..., Any]):
    """After close there is no thread left, and what the closed file allows to be done is done."""
    before = threading.active_count()
    handler = opened(rotation=Rotation(max_bytes=200), upkeep=Upkeep(log, compressed=True))
    for number in range(6):
        handler.handle(record(number))
    handler.close()
    assert threading.active_count() == before
    assert set(forms(log)) == {".gz"}
