"""kill -9, at random moments and between any two steps: what was accepted is there once, and no line is torn."""

from __future__ import annotations

import functools
import itertools
import mmap
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.encryption import KeyRing, decrypt_archive, encrypt_archive
from logdojo.logsetup.files.archives import left_over, segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep

Opened = Callable[..., LogFileHandler]
STEPS = frozenset({"open", "os.rename", "os.remove", "os.chmod", "os.chown", "fcntl.flock", "os.listdir", "os.scandir"})
"""What Python reports to an audit hook before it does it (docs.python.org/3/library/audit_events.html)."""


class Accepted:
    """How many calls have returned in a child, in memory that outlives it."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)

    def __index__(self) -> int:
        return int(struct.unpack("<Q", self._shared[:8])[0])

    def count(self, number: int) -> None:
        """Note that record ``number`` was accepted; one write of eight bytes."""
        self._shared[:8] = struct.pack("<Q", number + 1)


def is_complete(numbers: list[int], accepted: int) -> bool:
    """Return whether all accepted records are there once; the one whose call had not returned may be there too."""
    return numbers in (list(range(accepted)), list(range(accepted + 1)))


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_a_random_moment(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    seed: int,
):
    """Two processes are killed while they rotate and compress as fast as they can; the next start recovers all."""
    rng = random.Random(seed)
    rotation, accepted = Rotation(max_bytes=20_000), [Accepted(), Accepted()]

    def write(who: int) -> None:
        handler = opened(rotation=rotation, upkeep=Upkeep(log, compressed=True))
        for number in itertools.count():
            handler.handle(record(number, who=str(who), value="}" * (number % 300)))
            accepted[who].count(number)

    children = [forked(write, who) for who in range(2)]
    while not all(map(int, map(Accepted.__index__, accepted))):
        time.sleep(0.001)
    for child in children:
        time.sleep(rng.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL
    opened(rotation=rotation, upkeep=Upkeep(log, compressed=True)).close()
    found = read(log)
    assert found.torn == []
    for who in range(2):
        numbers = sorted(number for writer, number in found.records.elements() if writer == str(who))
        assert is_complete(numbers, int(accepted[who].__index__()))
    assert all(segment.compressed for segment in segments(log) if not segment.live)
    assert left_over(log) == []
    assert not list(log.parent.glob("*.partial"))


def work(log: Path, record: Callable[..., Any], accepted: Accepted, keys: KeyRing, opened: Opened) -> None:
    """Log a few records through three files that are compressed and encrypted."""
    encrypt = functools.partial(encrypt_archive, keys=keys)
    handler = opened(log, rotation=Rotation(max_bytes=700), upkeep=Upkeep(log, compressed=True, encrypt=encrypt))
    first = accepted.__index__()
    for number in range(first, first + 6):
        handler.handle(record(number))
        accepted.count(number)
    handler.close()


def test_killed_before_each_single_step(
    tmp_path: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Killed before its first, second, … last call to the system, a process leaves what the next one completes.

    Every third time the next one is killed as well, in its own middle, before one ends properly.
    """
    keys = KeyRing.new()

    def killed_at(step: int, log: Path, accepted: Accepted) -> None:
        count = itertools.count(1)

        def hook(event: str, _: tuple[object, ...]) -> None:
            if event in STEPS and next(count) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work(log, record, accepted, keys, opened)

    for step in itertools.count(1):
        folder = tmp_path / str(step)
        folder.mkdir()
        log, accepted = folder / "app.jsonl", Accepted()
        status = ended(forked(killed_at, step, log, accepted))
        if not step % 3:
            ended(forked(killed_at, 25 + step % 20, log, accepted))
        assert ended(forked(work, log, record, accepted, keys, opened)) == 0
        found = read(log, functools.partial(decrypt_archive, keys=keys))
        assert found.torn == []
        numbers = found.numbers
        # A record whose call had not returned may be there; the next process then logs that number once more.
        assert set(numbers) == set(range(accepted.__index__()))
        assert len(numbers) <= accepted.__index__() + 2
        assert all(segment.encrypted for segment in segments(log) if not segment.live)
        names = {path.name for path in folder.iterdir()}
        assert names == {segment.path.name for segment in segments(log)} | {f"{log.name}.lock"}
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert step > 30


@pytest.mark.parametrize("written", [0, 1, 10, 40, 10_000, 70_000])
def test_killed_in_the_middle_of_a_line(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    written: int,
):
    """However much of a long line the kernel has taken when the kill comes, the others' records around it are whole."""
    neighbor = opened()
    neighbor.handle(record(0))
    write = os.write

    def die() -> None:
        handler = opened()

        def half(fd: int, data: bytes) -> int:
            write(fd, data[:written])
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        monkeypatch.setattr(os, "write", half)
        handler.handle(record(1, value=["}" * 10_000] * 10))

    assert ended(forked(die)) == -signal.SIGKILL
    neighbor.handle(record(2))
    opened().handle(record(3))
    found = read(log)
    assert (found.torn, found.numbers) == ([], [0, 2, 3])


@pytest.mark.parametrize("forms", [("", ".gz"), (".gz", ".gz.enc"), ("", ".gz", ".gz.enc")])
def test_old_forms_beside_new_ones_are_taken_away(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], forms: tuple[str, ...]
):
    """Each record counts once from the start, and after the next start there is one form of each archive."""
    keys = KeyRing.new()
    encrypt = functools.partial(encrypt_archive, keys=keys)
    handler = opened(rotation=Rotation(max_bytes=300))
    for number in range(4):
        handler.handle(record(number))
    handler.close()
    plain = [segment.path for segment in segments(log) if not segment.live]
    saved = {path: path.read_bytes() for path in plain}
    Upkeep(log, compressed=True).tend()
    saved |= {segment.path: segment.path.read_bytes() for segment in segments(log) if not segment.live}
    Upkeep(log, compressed=True, encrypt=encrypt).tend()
    for path, content in saved.items():
        if path.name.partition("Z")[2] in forms:
            path.write_bytes(content)
    if ".gz.enc" not in forms:
        for segment in segments(log):
            if segment.encrypted:
                segment.path.unlink()
    decrypt = functools.partial(decrypt_archive, keys=keys)
    assert read(log, decrypt).numbers == [0, 1, 2, 3]
    opened(upkeep=Upkeep(log, compressed=True, encrypt=encrypt)).close()
    assert read(log, decrypt).numbers == [0, 1, 2, 3]
    assert left_over(log) == []
    assert all(segment.encrypted for segment in segments(log) if not segment.live)
