"""One write a line; a file that keeps its mode; what the disk or the kernel cut short."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files import appending
from logdojo.logsetup.files.appending import Appender
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation

LINE = b'{"@timestamp":"2026-11-24T13:56:00.123Z","labels.n":%d}'


def mode_of(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Give the block this umask."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def system_writes() -> int:
    """Return how many write calls this process has made so far, as the kernel counts them."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return int(fields["syscw"])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the kernel does not count system calls here")
def test_a_record_is_one_write(opened: Callable[..., LogFileHandler], record: Callable[..., Any]):
    """A thousand records cost a thousand write calls, and none for the line ends."""
    handler = opened()
    records = [record(number, value="x" * (number % 300)) for number in range(1_000)]
    handler.handle(records[0])
    before = system_writes()
    for each in records:
        handler.handle(each)
    assert system_writes() - before == 1_000


def test_what_a_call_has_returned_from_is_in_the_file(
    log: Path, opened: Callable[..., LogFileHandler], record: Callable[..., Any], read: Callable[..., Any]
):
    """Nothing waits in the process: each record can be read as soon as its call has returned."""
    handler = opened()
    for number in range(20):
        handler.handle(record(number))
        assert read(log).numbers == list(range(number + 1))


@pytest.mark.parametrize(
    "value",
    [
        "y" * 1_000_000,
        "\ud800 alone",
        "line\nbreaks\r\x85\u2028\x00",
        b"\xff\xfe",
        {"deep": [{"deeper": {"deepest": [1, 2, float("nan")]}}]},
        10**5000,
        float("-inf"),
    ],
    ids=["1 MB", "surrogate", "breaks", "bytes", "nested", "giant", "infinite"],
)
def test_every_line_is_whole_whatever_a_record_holds(
    log: Path,
    opened: Callable[..., LogFileHandler],
    record: Callable[..., Any],
    read: Callable[..., Any],
    value: object,
):
    """As message, as argument and as extra, an odd value makes exactly one line of JSON between two others."""
    handler = opened()
    cycle: list[object] = [value]
    cycle.append(cycle)
    odd = [record(1, message=value), record(2, message="%s and more"), record(3, value=value), record(4, value=cycle)]
    odd[1].args = (value,)
    for each in [record(0), *odd, record(5)]:
        handler.handle(each)
    found = read(log)
    assert found.torn == []
    assert found.numbers == [0, 1, 2, 3, 4, 5]
    assert log.read_bytes().count(b"\n") == 6


@pytest.mark.parametrize("mask", [0o000, 0o027, 0o077, 0o177])
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o660])
def test_modes_are_kept_under_any_umask(
    log: Path, opened: Callable[..., LogFileHandler], record: Callable[..., Any], mask: int, mode: int
):
    """File, lock and archives have the mode that was asked for: when made, after rotation and when opened again."""
    with umask(mask):
        handler = opened(mode=mode, rotation=Rotation(max_bytes=400))
        assert mode_of(log) == mode
        for number in range(12):
            handler.handle(record(number))
        handler.close()
        log.chmod(0o644)
        opened(mode=mode).close()
    files = sorted(log.parent.iterdir())
    assert len(files) > 3
    assert {path.name: oct(mode_of(path)) for path in files} == {path.name: oct(mode) for path in files}


def test_a_device_keeps_its_mode(tmp_path: Path):
    """A log may be sent to a pipe or to /dev/null; that is no file of ours, and its mode stays as it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o622)
    appender = Appender(pipe, 0o640)
    appender.append(LINE % 1)
    assert os.read(appender.fd, 1000) == LINE % 1 + b"\n"
    appender.close()
    assert mode_of(pipe) == 0o622


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_file_of_another_owner_is_written_to(
    log: Path, forked: Callable[..., int], ended: Callable[..., int], read: Callable[..., Any]
):
    """Where we may write but are not the owner, lines are appended, and the mode stays the owner's choice."""
    log.touch()
    log.chmod(0o666)
    for folder in (log.parent, *log.parent.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)

    def write() -> None:
        os.setuid(65534)
        appender = Appender(log, 0o600)
        appender.append(LINE % 7)

    assert ended(forked(write)) == 0
    assert mode_of(log) == 0o666
    assert read(log).numbers == [7]


def test_a_line_that_the_kernel_cuts_short_is_blanked(
    log: Path, forked: Callable[..., int], ended: Callable[..., int], read: Callable[..., Any]
):
    """A write that ends at the limit of the file's size raises, leaves a blank line, and the next line is whole."""

    def write() -> None:
        appender = Appender(log)
        appender.append(LINE % 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        with pytest.raises(OSError, match="No space"):
            appender.append(LINE % 2)
        with pytest.raises(OSError, match="too large"):
            appender.append(LINE % 3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        appender.append(LINE % 4)

    assert ended(forked(write)) == 0
    found = read(log)
    assert (found.torn, found.numbers) == ([], [1, 4])
    assert log.read_bytes().split(b"\n")[1].strip() == b""


def test_only_the_line_end_cut_off_is_a_line_cut_off(
    log: Path, forked: Callable[..., int], ended: Callable[..., int], read: Callable[..., Any]
):
    """When all but the line end fits, the call raises, and the record is not in the file: it was not accepted."""

    def write() -> None:
        appender = Appender(log)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(LINE % 1), resource.RLIM_INFINITY))
        with pytest.raises(OSError, match="No space"):
            appender.append(LINE % 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        appender.append(LINE % 2)

    assert ended(forked(write)) == 0
    assert read(log).numbers == [2]


@pytest.mark.parametrize("emptied", [False, True])
def test_blanking_that_failed_is_made_up_for(
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    forked: Callable[..., int],
    ended: Callable[..., int],
    read: Callable[..., Any],
    *,
    emptied: bool,
):
    """A cut line that could not even be blanked is blanked before the next one; in a file emptied since, nothing is."""
    blank = appending.blank
    fails = iter([True])

    def sometimes(*arguments: Any) -> None:
        if next(fails, False):
            raise OSError(5, "Input/output error")
        blank(*arguments)

    monkeypatch.setattr(appending, "blank", sometimes)

    def write() -> None:
        appender = Appender(log)
        appender.append(LINE % 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        with pytest.raises(OSError, match="Input"):
            appender.append(LINE % 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if emptied:
            os.truncate(log, 0)
        appender.append(LINE % 3)

    assert ended(forked(write)) == 0
    found = read(log)
    assert (found.torn, found.numbers) == ([], [3] if emptied else [1, 3])
    assert b"\0" not in log.read_bytes()


def test_a_foreign_lock_delays_only_the_opening(log: Path, read: Callable[..., Any]):
    """A program that locks the log file for good cannot keep it from being written to."""
    log.touch()
    foreign = os.open(log, os.O_RDWR)
    fcntl.flock(foreign, fcntl.LOCK_EX)
    appender = Appender(log)
    appender.append(LINE % 1)
    appender.close()
    os.close(foreign)
    assert read(log).numbers == [1]


def test_sixteen_threads_each_with_a_handler_of_their_own(
    log: Path, opened: Callable[..., LogFileHandler], record: Callable[..., Any], read: Callable[..., Any]
):
    """Several handlers on one file, in one process or in many, mix no lines: each is one append."""

    def write(who: int) -> None:
        handler = opened()
        for number in range(200):
            handler.handle(record(number, who=str(who), value="x" * (number * 7 % 5_000)))

    threads = [threading.Thread(target=write, args=(who,)) for who in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(log)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(16) for number in range(200)}


def test_lines_are_json_with_one_line_end(log: Path):
    """What append gets stands in the file byte for byte, with a line end behind it; it returns the bytes it took."""
    appender = Appender(log)
    assert appender.append(LINE % 5) == len(LINE % 5) + 1
    assert appender.size() == len(LINE % 5) + 1
    appender.close()
    appender.close()
    assert json.loads(log.read_bytes())["labels.n"] == 5
