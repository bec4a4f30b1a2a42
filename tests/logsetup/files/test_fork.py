"""One handler in parent and children: forked at any moment, ended in any way."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup import LogSettings, setup, shutdown
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep
from logdojo.logsetup.integrity.chain import Chain, read_link

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
Opened = Callable[..., LogFileHandler]


def until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Wait for a condition; return whether it came true."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def test_parent_and_child_go_on(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """After a fork both log through the same handler: nothing twice, a chain for each process, counts of its own."""
    handler = opened(chain=Chain(), rotation=Rotation(max_bytes=5_000))
    for number in range(10):
        handler.handle(record(number, who="before"))

    def write(who: str) -> None:
        for number in range(100):
            handler.handle(record(number, who=who))
        assert handler.counts().written == 100
        handler.close()

    children = [forked(write, who) for who in ("one", "two")]
    for number in range(100):
        handler.handle(record(number, who="parent"))
    assert [ended(child) for child in children] == [0, 0]
    handler.handle(record(100, who="parent"))
    assert handler.counts().written == 111
    found = read(log)
    expected = {("before", n): 1 for n in range(10)} | {("parent", 100): 1}
    expected |= {(who, n): 1 for who in ("one", "two", "parent") for n in range(100)}
    assert found.records == expected
    writers: dict[str, set[int]] = {}
    for event in found.events:
        writers.setdefault(event["event.hash"].split(".")[0], set()).add(event["process.pid"])
    assert sorted(map(len, writers.values())) == [1, 1, 1]


def test_a_child_of_a_child_that_forks_again(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], ended: Callable[..., int]
):
    """Five generations, none of which logs before it forks, each write their record."""
    handler = opened()
    handler.handle(record(0))
    pid = os.fork()
    if pid:
        assert ended(pid) == 0
        assert read(log).numbers == [0, 1, 2, 3, 4, 5]
        return
    status = 1
    try:
        for generation in range(1, 6):
            child = os.fork() if generation < 5 else 0
            handler.handle(record(generation)) if not child or generation == 5 else None
            if child:
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                break
        else:
            status = 0
    finally:
        os._exit(status)


def test_a_child_that_never_logs_keeps_no_archive_waiting(
    log: Path, opened: Opened, record: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """Archives are compressed although a child that was forked before the rotation lives on and says nothing."""
    handler = opened(upkeep=Upkeep(log, compressed=True), rotation=Rotation(max_bytes=500))
    handler.handle(record(0))
    gate, release = os.pipe()

    def wait() -> None:
        os.close(release)
        os.read(gate, 1)

    child = forked(wait)
    for number in range(1, 6):
        handler.handle(record(number))
    assert until(lambda: all(s.compressed for s in segments(log) if not s.live))
    assert len(segments(log)) > 2
    os.close(release)
    assert ended(child) == 0
    os.close(gate)


def test_a_fork_in_the_middle_of_a_rotation(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
):
    """A child that is forked while another thread of its parent holds the lock of rotations gets it in its turn."""
    handler = opened(rotation=Rotation(max_bytes=200))
    handler.handle(record(0))
    inside, go_on = threading.Event(), threading.Event()
    rename, parent = Path.rename, os.getpid()

    def slow(path: Path, target: Path) -> Path:
        if os.getpid() == parent:
            inside.set()
            go_on.wait(10)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", slow)
    rotating = threading.Thread(target=handler.handle, args=(record(1),))
    rotating.start()
    assert inside.wait(10)

    def write() -> None:
        for number in range(2, 8):
            handler.handle(record(number))

    child = forked(write)
    go_on.set()
    rotating.join(10)
    assert ended(child) == 0
    handler.handle(record(8))
    assert read(log).numbers == list(range(9))


def test_two_hundred_forks_while_threads_log_and_rotate(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """No child hangs, no record is lost or doubled when a process forks while its threads log, rotate and compress."""
    handler = opened(upkeep=Upkeep(log, compressed=True), rotation=Rotation(max_bytes=30_000), chain=Chain())
    stop, written = threading.Event(), [0, 0, 0]

    def write(who: int) -> None:
        while not stop.is_set():
            handler.handle(record(written[who], who=f"thread {who}"))
            written[who] += 1
            time.sleep(0.0002)

    def once(number: int) -> None:
        handler.handle(record(number, who="child"))

    threads = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    try:
        for batch in range(20):
            children = [forked(once, batch * 10 + number) for number in range(10)]
            assert [ended(child) for child in children] == [0] * 10
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    handler.close()
    found = read(log)
    assert found.torn == []
    expected = {("child", number): 1 for number in range(200)}
    expected |= {(f"thread {who}", number): 1 for who in range(3) for number in range(written[who])}
    assert found.records == expected
    assert all(segment.compressed for segment in segments(log) if not segment.live)


def test_a_closed_handler_stays_closed_in_a_child(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """A child cannot bring a closed log back to life; what it logs is counted as dropped."""
    handler = opened()
    handler.handle(record(0))
    handler.close()

    def write() -> None:
        handler.handle(record(1))
        assert (handler.counts().written, handler.counts().dropped) == (0, 1)

    assert ended(forked(write)) == 0
    assert read(log).numbers == [0]


def test_a_child_does_not_report_its_parents_losses(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    forked: Callable[..., int],
    ended: Callable[..., int],
):
    """Records that a parent has dropped are reported by the parent alone, so that the numbers add up."""

    def family() -> None:
        handler = opened()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for number in range(5):
            handler.handle(record(number))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        child = forked(lambda: handler.handle(record(5)))
        assert os.waitpid(child, 0)[1] == 0
        handler.handle(record(6))
        handler.close()

    assert ended(forked(family)) == 0
    found = read(log)
    assert (found.numbers, found.notices) == ([5, 6], [5])


def test_a_child_that_cannot_open_the_file_counts(
    log: Path, opened: Opened, record: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """A child with no descriptors left drops, counts and reports; with descriptors again it writes."""
    handler = opened()
    handler.handle(record(0))

    def write() -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        for number in range(1, 4):
            handler.handle(record(number))
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        handler.handle(record(4))
        assert (handler.counts().written, handler.counts().dropped) == (1, 3)

    assert ended(forked(write)) == 0
    events = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert [event.get("labels.n") for event in events] == [0, None, 4]
    assert (events[1]["labels.dropped"], events[1]["labels.reason"]) == (3, "Too many open files")


def _log_many(number: int) -> int:
    logging.getLogger("pool").info("task", extra={"n": number})
    return os.getpid()


def _set_up(log: Path) -> None:
    setup(LogSettings(file=log, console=False, max_bytes=3_000, compress=True))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_of_processes(log: Path, read: Callable[..., Any], method: str):
    """The workers of a pool write to the log that their parent has set up, or that each sets up for itself."""
    _set_up(log)
    context = multiprocessing.get_context(method)
    initializer = {"initializer": _set_up, "initargs": (log,)} if method == "spawn" else {}
    with ProcessPoolExecutor(2, mp_context=context, **initializer) as pool:
        pids = set(pool.map(_log_many, range(100)))
    _log_many(100)
    shutdown()
    found = read(log)
    assert found.torn == []
    assert found.numbers == list(range(101))
    assert {event["process.pid"] for event in found.events} == pids | {os.getpid()}


def test_setup_again_in_a_child(
    log: Path, read: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """A child may set up a log of its own; the parent's goes on, and neither writes to the other's."""
    _set_up(log)
    other = log.with_name("child.jsonl")

    def write() -> None:
        _set_up(other)
        _log_many(1)
        shutdown()
        shutdown()

    _log_many(0)
    assert ended(forked(write)) == 0
    _log_many(2)
    shutdown()
    assert (read(log).numbers, read(other).numbers) == ([0, 2], [1])


PROGRAM = """
import atexit, logging, os, signal, sys, time
from pathlib import Path
from logdojo.logsetup import LogSettings, setup, shutdown
log, how = Path(sys.argv[1]), sys.argv[2]
if how == "atexit":
    atexit.register(shutdown)
setup(LogSettings(file=log, console=False, max_bytes=2_000, compress=True))
for number in range(60):
    logging.getLogger("shop").info("x", extra={"n": number})
if how == "exception":
    raise SystemExit(3)
if how == "signal":
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
if how == "os._exit":
    os._exit(0)
"""


@pytest.mark.parametrize("how", ["end", "atexit", "exception", "signal", "os._exit"])
def test_however_a_program_ends(log: Path, read: Callable[..., Any], how: str):
    """All records are there after a normal end, an exception, SIGTERM and os._exit; a normal end packs archives."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log), how], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == ({"exception": 3, "signal": -signal.SIGTERM}.get(how, 0), "")
    found = read(log)
    assert found.torn == []
    assert found.numbers == list(range(60))
    if how in {"end", "atexit", "exception"}:
        assert all(segment.compressed for segment in segments(log) if not segment.live)
    assert not list(log.parent.glob("*.partial")) or how in {"signal", "os._exit"}


def test_chains_of_a_fork_can_be_told_apart(
    log: Path, opened: Opened, record: Callable[..., Any], forked: Callable[..., int], ended: Callable[..., int]
):
    """A child's first record begins a chain; it never goes on with the number that its parent's chain had."""
    handler = opened(chain=Chain())
    for number in range(3):
        handler.handle(record(number))
    assert ended(forked(lambda: handler.handle(record(3)))) == 0
    handler.handle(record(4))
    links = [read_link(line) for line in log.read_bytes().splitlines()]
    assert [link.number for link in links if link] == [1, 2, 3, 1, 4]
