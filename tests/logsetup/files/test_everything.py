"""Chain, seals, rotation, gzip, encryption and retention at once, by many processes: the log verifies as intact."""

from __future__ import annotations

import functools
import itertools
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.assembly import file_handler
from logdojo.logsetup.encryption import KeyRing, decrypt_archive
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.integrity.keys import load_signing_key, new_signing_key, save_signing_key
from logdojo.logsetup.integrity.report import Report
from logdojo.logsetup.integrity.verify import verify


class Secured:
    """A log with everything switched on.

    Args:
        log: the live file.
        keys: folder of the keys.
    """

    def __init__(self, log: Path, keys: Path) -> None:
        self.log = log
        self.seal_key, self.ring = keys / "seal.pem", keys / "ring.json"
        save_signing_key(self.seal_key, new_signing_key())
        KeyRing.new().create(self.ring)
        self.decrypt = functools.partial(decrypt_archive, keys=KeyRing.load(self.ring))

    def open(self, **options: Any) -> LogFileHandler:
        """Open a handler as setup() does."""
        chosen = {"max_bytes": 12_000, "every_seconds": 1.0, "compress": True} | options
        handler = file_handler(str(self.log), seal_key=str(self.seal_key), encryption_keys=str(self.ring), **chosen)
        handler.setFormatter(JsonFormatter())
        return handler

    def verify(self) -> Report:
        """Verify it with the right keys; all of it must be sealed."""
        public = load_signing_key(self.seal_key).public
        return verify(self.log, [public], decrypt=self.decrypt, require_sealed=True)


@pytest.fixture
def secured(log: Path, tmp_path: Path) -> Secured:
    """A log with everything switched on, its keys in another folder."""
    keys = tmp_path / "keys"
    keys.mkdir()
    return Secured(log, keys)


@pytest.fixture
def intact(secured: Secured) -> Callable[[], Report]:
    """A function that verifies the log, and fails with what was found."""

    def intact() -> Report:
        report = secured.verify()
        assert [str(finding) for finding in report.findings] == []
        assert report.intact
        return report

    return intact


@pytest.mark.parametrize("compress", [True, False])
def test_several_processes(
    log: Path,
    secured: Secured,
    intact: Callable[[], Report],
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    *,
    compress: bool,
):
    """Five processes write, rotate, seal, compress and encrypt one log; it is complete, encrypted and intact."""

    def write(who: int) -> None:
        handler = secured.open(compress=compress)
        for number in range(150):
            handler.handle(record(number, who=str(who)))
        handler.close()

    children = [forked(write, who) for who in range(5)]
    assert [ended(child, 60) for child in children] == [0] * 5
    secured.open(compress=compress).close()
    found = read(log, secured.decrypt)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(5) for number in range(150)}
    assert all(segment.encrypted for segment in segments(log) if not segment.live)
    assert intact().records == 750


def test_one_handler_in_a_forked_family(
    secured: Secured,
    intact: Callable[[], Report],
    record: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Children that log through the handler that they have inherited have chains of their own, all of them sealed."""
    handler = secured.open()
    handler.handle(record(0))

    def write() -> None:
        for number in range(60):
            handler.handle(record(number))

    children = [forked(write) for _ in range(3)]
    write()
    assert [ended(child, 60) for child in children] == [0] * 3
    handler.close()
    assert intact().records == 241


@pytest.mark.parametrize("seed", range(3))
def test_killed_while_sealing(
    log: Path,
    secured: Secured,
    intact: Callable[[], Report],
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    seed: int,
):
    """A process killed in the middle of all this, beside one that goes on, leaves a log that verifies as intact."""

    def write() -> None:
        handler = secured.open(max_bytes=40_000)
        for number in itertools.count():
            handler.handle(record(number, who="killed"))

    child = forked(write)
    handler = secured.open(max_bytes=40_000)
    for number in range(60):
        handler.handle(record(number, who="lives"))
        time.sleep(0.001 * (1 + seed) / 2)
    os.kill(child, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    handler.handle(record(60, who="lives"))
    handler.close()
    found = read(log, secured.decrypt)
    assert found.torn == []
    assert [n for who, n in sorted(found.records.elements()) if who == "lives"] == list(range(61))
    killed = [n for who, n in sorted(found.records.elements()) if who == "killed"]
    assert killed == list(range(len(killed)))
    assert intact().records == len(found.events)


def test_lines_that_were_cut_short(
    log: Path,
    secured: Secured,
    intact: Callable[[], Report],
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Blank lines, where a full disk has cut lines short, are no damage; records dropped leave no gap in a chain."""
    secured.open().close()

    def write(who: str) -> None:
        handler = secured.open()
        for round_ in range(4):
            for number in range(20):
                handler.handle(record(100 * round_ + number, who=who))
            resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 900, resource.RLIM_INFINITY))
            for number in range(20, 40):
                handler.handle(record(100 * round_ + number, who=who))
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        handler.handle(record(500, who=who))
        handler.close()

    children = [forked(write, who) for who in ("one", "two")]
    assert [ended(child, 60) for child in children] == [0, 0]
    secured.open().close()
    found = read(log, secured.decrypt)
    assert found.torn == []
    assert sum(found.notices) > 0
    assert len(found.records) + sum(found.notices) == 2 * 161
    assert intact().records == len(found.events)


def test_retention_is_not_theft(log: Path, secured: Secured, intact: Callable[[], Report], record: Callable[..., Any]):
    """Archives that a rule removes are told in the ledger: what is left verifies, and fewer files are there."""
    for start in range(3):
        handler = secured.open(retention={"max_files": 3})
        for number in range(120):
            handler.handle(record(1_000 * start + number))
        handler.close()
    assert len(segments(log)) == 4
    assert 0 < intact().records < 360


def test_a_sealed_log_that_was_changed_is_found_out(
    log: Path, secured: Secured, record: Callable[..., Any], read: Callable[..., Any]
):
    """The other way round: a record taken out of the live file, and an archive taken away, are named."""
    handler = secured.open(every_seconds=None)
    for number in range(100):
        handler.handle(record(number))
    handler.close()
    assert secured.verify().intact
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert log.name in {finding.file for finding in secured.verify().findings}
    log.write_bytes(b"".join(lines))
    assert secured.verify().intact
    first = segments(log)[0].path
    first.unlink()
    assert any(first.name.partition("Z")[0] in str(finding) for finding in secured.verify().findings)
    assert read(log, secured.decrypt).torn == []


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_a_line_cut_in_a_file_that_is_being_sealed(
    log: Path,
    secured: Secured,
    intact: Callable[[], Report],
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    rounds: int,
):
    """A process is killed in the middle of a line, others write on behind it: also a file sealed since is intact."""
    handler = secured.open()
    handler.handle(record(0))

    def die() -> None:
        inner = secured.open()
        inner.handle(record(1))
        write = os.write

        def half(fd: int, data: bytes) -> int:
            write(fd, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        monkeypatch.setattr(os, "write", half)
        inner.handle(record(2))

    assert ended(forked(die)) == -signal.SIGKILL
    handler.handle(record(3))
    for _ in range(rounds):
        handler.upkeep.tend()
    for number in range(4, 60):
        handler.handle(record(number))
    handler.upkeep.tend()
    handler.close()
    secured.open().close()
    found = read(log, secured.decrypt)
    assert (found.torn, found.numbers) == ([], [0, 1, *range(3, 60)])
    assert intact().records == 59
