"""The life of a shipper: once, in a thread, killed, forked, beside another one, with its own messages in its log."""

from __future__ import annotations

import functools
import json
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from logdojo.errors import InputError
from logdojo.logsetup.encryption import KeyRing, decrypt_archive, encrypt_archive
from logdojo.logsetup.files.archives import Segment, next_stamp, segments
from logdojo.logsetup.files.compressing import compress
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.shipping import Shipper, passed_by_all
from logdojo.logsetup.shipping import cursor as cursor_module
from logdojo.logsetup.shipping.cursor import load
from logdojo.logsetup.shipping.dead_letters import DeadLetters, read
from logdojo.logsetup.shipping.delivery import Backoff, Outcome, RefusedError, Wait
from logdojo.logsetup.shipping.reading import Line

NOW = datetime(2026, 11, 24, 13, 56, tzinfo=UTC)


class Memory:
    """A sink that keeps what it gets, by id; what ``act`` returns or raises comes first."""

    name = "memory"

    def __init__(self, act: Callable[[Sequence[Line]], Outcome | None] = lambda _: None) -> None:
        self.act = act
        self.lines: dict[str, bytes] = {}
        self.sent = 0

    def send(self, lines: Sequence[Line], *, wait: Wait) -> Outcome:  # noqa: ARG002  # nothing to wait for
        """Keep the lines."""
        self.sent += len(lines)
        outcome = self.act(lines)
        if outcome is None:
            before = len(self.lines)
            self.lines.update((line.id, line.text) for line in lines)
            outcome = Outcome(accepted=len(lines), duplicates=len(lines) - (len(self.lines) - before))
        return outcome

    def forget(self) -> None:
        """Nothing is open."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of twenty events."""
    path = tmp_path / "app.jsonl"
    _write(path, range(20))
    return path


def _write(log: Path, numbers: Iterator[int] | range) -> None:
    with log.open("ab") as file:
        file.write(b"".join(b'{"n":%d}\n' % number for number in numbers))


def _rotate(log: Path) -> None:
    log.rename(log.with_name(f"{log.name}.{next_stamp(log, NOW)}"))


def _shipper(log: Path, sink: Any, **more: Any) -> Shipper:
    return Shipper(log, sink, **{"batch_records": 6, "poll": 0.005, "backoff": Backoff(0.001, 0.002), **more})


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.005)


def _numbers(sink: Memory) -> list[int]:
    return sorted(json.loads(text)["n"] for text in sink.lines.values())


def test_each_run_ships_what_is_new(log: Path):
    """A run ships all whole lines; the next one goes on behind them, also with a new object."""
    sink = Memory()
    first = _shipper(log, sink).run_once()
    assert (first.read, first.accepted, first.dead, first.retried) == (20, 20, 0, 0)
    assert _shipper(log, sink).run_once().read == 0
    _write(log, range(20, 25))
    assert _shipper(log, sink).run_once().read == 5
    assert _numbers(sink) == list(range(25))


class Killed(BaseException):
    """Stands for a kill: nothing in the code under test may catch it."""


STEPS = ["send", "sent", "dead", "dead done", "save", "saved"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("time_of", [1, 2, 3])
def test_a_kill_between_any_two_steps_loses_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch, step: str, time_of: int
):
    """Ended before or after sending, setting aside or noting, the next run completes it; dead letters come once."""
    passed = 0

    def at(name: str) -> None:
        nonlocal passed
        passed += name == step
        if name == step and passed == time_of:
            raise Killed

    def act(lines: Sequence[Line]) -> Outcome:
        at("send")
        good = [line for line in lines if b'"n":5' not in line.text and b'"n":13' not in line.text]
        sink.lines.update((line.id, line.text) for line in good)
        at("sent")
        return Outcome(accepted=len(good), dead=tuple((line, "no") for line in lines if line not in good))

    def add(letters: DeadLetters, dead: Any) -> None:
        at("dead")
        real_add(letters, dead)
        at("dead done")

    def save(path: Path, cursor: cursor_module.Cursor) -> None:
        at("save")
        real_save(path, cursor)
        at("saved")

    sink = Memory(act)
    real_add, real_save = DeadLetters.add, cursor_module.save
    monkeypatch.setattr(DeadLetters, "add", add)
    monkeypatch.setattr("logdojo.logsetup.shipping.delivering.save", save)
    written = 20
    try:
        _shipper(log, sink).run_once()
    except Killed:
        _write(log, range(20, 22))
        _rotate(log)
        written = 22
    shipper = _shipper(log, sink)
    shipper.run_once()
    assert _numbers(sink) == [n for n in range(written) if n not in {5, 13}]
    assert [json.loads(letter["line"])["n"] for letter in read(shipper.dead_letters_path)] == [5, 13]


def test_a_place_is_noted_only_when_the_batch_is_done(log: Path):
    """While the other side does not accept, the cursor stays where it was."""
    tries: list[Any] = []

    def act(lines: Sequence[Line]) -> Outcome | None:
        tries.append(load(shipper.cursor_path))
        return Outcome(again=tuple(lines), reason="busy") if len(tries) in {2, 3} else None

    sink = Memory(act)
    shipper = _shipper(log, sink)
    assert shipper.run_once().retried == 12
    assert tries[0] is None
    assert tries[1] == tries[2] == tries[3] != tries[4]


def test_poison_at_the_head_does_not_hold_up_what_is_behind(log: Path):
    """A batch in which everything is refused is set aside, and the next one is shipped."""
    sink = Memory(
        lambda lines: Outcome(dead=tuple((line, "no") for line in lines)) if lines[0].id.endswith("-0") else None
    )
    counters = _shipper(log, sink).run_once()
    assert (counters.dead, counters.accepted) == (6, 14)


def test_a_broken_line_that_is_mended_meanwhile_is_not_set_aside(log: Path):
    """What another writer's cut line had spoilt is read anew once that part is blanked."""
    with log.open("ab") as file:
        file.write(b'{"cut":{"n":20}\n')

    def act(lines: Sequence[Line]) -> Outcome | None:
        broken = next((line for line in lines if b"cut" in line.text), None)
        if broken is None:
            return None
        with log.open("r+b") as file:
            file.seek(-len(broken.text) - 1, os.SEEK_END)
            file.write(b"      \n")
        sink.lines.update((line.id, line.text) for line in lines if line != broken)
        return Outcome(accepted=len(lines) - 1, dead=((broken, "broken"),))

    sink = Memory(act)
    shipper = _shipper(log, sink)
    counters = shipper.run_once()
    assert _numbers(sink) == list(range(21))
    assert (counters.dead, counters.accepted) == (0, 21)
    _write(log, range(21, 22))
    assert _shipper(log, sink).run_once().read == 1


def test_a_whole_line_behind_a_killed_writers_beginning_is_shipped(log: Path):
    """Of a line that follows on the beginning of another, the whole part arrives, under the id it has when mended."""
    start = b'{"@timestamp":"2026-11-24T13:56:00.123Z","n":'
    with log.open("ab") as file:
        file.write(start[:-5] + start + b"20}\n" + b"trailing {\n")

    def act(lines: Sequence[Line]) -> Outcome:
        good = [line for line in lines if line.text.count(b"@") < 2 and line.text.startswith(b"{")]
        sink.lines.update((line.id, line.text) for line in good)
        return Outcome(len(good), dead=tuple((line, "broken") for line in lines if line not in good))

    sink = Memory(act)
    shipper = _shipper(log, sink)
    shipper.run_once()
    assert _numbers(sink) == list(range(21))
    assert [letter["line"] for letter in read(shipper.dead_letters_path)] == ["trailing {"]
    shipper.cursor_path.unlink()
    log.write_bytes(log.read_bytes().replace(start[:-5] + start, b" " * (len(start) - 6) + b"\n" + start))
    _shipper(log, sink).run_once()
    assert _numbers(sink) == list(range(21))


def _log_some(log: Path, writer: int, count: int) -> None:
    """Log in a process of its own, with rotation and compression."""
    handler = LogFileHandler(log, rotation=Rotation(max_bytes=8_000), upkeep=Upkeep(log, compressed=True))
    logger = logging.Logger("writer")  # noqa: LOG001  # of this process alone
    logger.addHandler(handler)
    for number in range(count):
        logger.info("event", extra={"n": writer * count + number})
    handler.close()


def test_many_processes_write_rotate_and_compress_while_it_ships(tmp_path: Path):
    """What several processes log through our own handler arrives once each, and then all archives count as shipped."""
    log = tmp_path / "app.jsonl"
    sink = Memory()
    shipper = _shipper(log, sink, batch_records=50)
    writers = [multiprocessing.get_context("fork").Process(target=_log_some, args=(log, n, 250)) for n in range(3)]
    for writer in writers:
        writer.start()
    shipper.start()
    for writer in writers:
        writer.join()
    _until(lambda: len(sink.lines) >= 750)
    assert shipper.stop()
    _shipper(log, sink).run_once()
    found = [json.loads(text)["labels.n"] for text in sink.lines.values()]
    assert sorted(found) == list(range(750))
    assert sink.sent == 750
    *archives, _ = segments(log)
    assert len(archives) > 5
    assert all(passed_by_all(log)(segment) for segment in archives)


def test_encrypted_archives_are_shipped_with_their_keys(log: Path):
    """An archive that was compressed and encrypted before it was read is read with its keys, and named without."""
    _rotate(log)
    keys = KeyRing.new()
    encrypt_archive(compress(segments(log)[0].path), keys)
    _write(log, range(20, 22))
    sink = Memory()
    with pytest.raises(InputError, match="the archive is encrypted"):
        _shipper(log, sink).run_once()
    _shipper(log, sink, decrypt=functools.partial(decrypt_archive, keys=keys)).run_once()
    assert _numbers(sink) == list(range(22))


def test_only_one_ships_and_the_other_takes_over(log: Path):
    """A second shipper of the same log and sink stands by, says so when it was to run once, and takes over."""
    sink, other = Memory(), Memory()
    first, second = _shipper(log, sink), _shipper(log, other)
    first.start()
    _until(lambda: len(sink.lines) == 20)
    with pytest.raises(InputError, match="another shipper"):
        second.run_once()
    second.start()
    _write(log, range(20, 22))
    _until(lambda: len(sink.lines) == 22)
    assert not other.lines
    assert first.stop()
    _write(log, range(22, 25))
    _until(lambda: len(other.lines) == 3)
    assert second.stop()
    assert second.stop()


def test_a_thread_survives_what_it_did_not_expect(log: Path, caplog: pytest.LogCaptureFixture):
    """An exception that nobody foresaw is told once, and shipping goes on from the noted place."""
    left = [1, 1, 1]

    def act(_: Sequence[Line]) -> None:
        if left:
            left.pop()
            raise ZeroDivisionError

    sink = Memory(act)
    shipper = _shipper(log, sink)
    shipper.start()
    shipper.start()
    _until(lambda: len(sink.lines) == 20)
    assert shipper.stop()
    assert _numbers(sink) == list(range(20))
    assert caplog.text.count("stumbled") == 1


def test_a_refusal_ends_the_thread_and_is_told(log: Path, caplog: pytest.LogCaptureFixture):
    """When a person must act, the thread ends, the error is kept and logged, and a new start ships everything."""

    def refuse(_: Sequence[Line]) -> None:
        raise RefusedError("HTTP 401", hint="look at the token")

    sink = Memory(refuse)
    shipper = _shipper(log, sink)
    shipper.start()
    _until(lambda: shipper.failure is not None)
    assert "HTTP 401 (look at the token)" in caplog.text
    sink.act = lambda _: None
    shipper.stop()
    shipper.start()
    _until(lambda: len(sink.lines) == 20)
    assert shipper.stop()
    assert shipper.failure is None


def test_a_full_disk_for_the_cursor_delays_and_does_not_resend(log: Path, monkeypatch: pytest.MonkeyPatch):
    """When the place cannot be noted, nothing more is sent until it can."""
    real, left = cursor_module.save, [1, 1]

    def save(path: Path, cursor: cursor_module.Cursor) -> None:
        if left:
            left.pop()
            raise OSError(28, "No space left on device")
        real(path, cursor)

    monkeypatch.setattr("logdojo.logsetup.shipping.delivering.save", save)
    sink = Memory()
    _shipper(log, sink).run_once()
    assert sink.sent == 20


def test_its_own_messages_do_not_feed_it_for_ever(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Messages about refused and delayed events that land in the shipped log bring forth no further ones."""
    log = tmp_path / "app.jsonl"
    handler = logging.FileHandler(log)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("logdojo.logsetup.shipping")
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, logger=logger.name)
    toss = random.Random(2)

    def act(lines: Sequence[Line]) -> Outcome:
        if toss.random() < 0.8:
            return Outcome(again=tuple(lines), reason="busy")
        return Outcome(dead=tuple((line, "no") for line in lines))

    sink = Memory(act)
    try:
        _write(log, range(10))
        shipper = _shipper(log, sink)
        for _ in range(30):
            shipper.run_once()
    finally:
        logger.removeHandler(handler)
        handler.close()
    assert 2 <= shipper.counters.read - 10 <= 6
    assert shipper.counters.dead == shipper.counters.read


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_process_does_not_ship(log: Path):
    """After a fork the parent goes on shipping, the child has no thread, and no lock outlives the parent's."""
    sink = Memory()
    shipper = _shipper(log, sink)
    shipper.start()
    _until(lambda: len(sink.lines) == 20)
    ready, go = os.pipe()
    child = os.fork()
    if not child:
        os.close(go)
        os.read(ready, 1)
        os._exit(0 if threading.active_count() == 1 and shipper._thread is None else 3)
    try:
        _write(log, range(20, 22))
        _until(lambda: len(sink.lines) == 22)
        assert shipper.stop()
        assert _shipper(log, sink).run_once().read == 0
    finally:
        os.close(go)
        os.close(ready)
        assert os.waitpid(child, 0)[1] == 0


def test_retention_is_told_what_every_sink_has(log: Path, tmp_path: Path):
    """An archive counts as shipped when each sink has all of it, also after compressing; the live file never does."""
    first, second = Memory(), Memory()
    second.name = "other"
    _shipper(log, first).run_once()
    one, two = _shipper(log, first), _shipper(log, second)
    _rotate(log)
    _write(log, range(20, 22))
    archive = segments(log)[0]
    assert not one.shipped(archive)
    one.run_once()
    assert one.shipped(archive)
    assert not two.shipped(archive)
    assert passed_by_all(log)(archive)
    two.run_once()
    assert [passed_by_all(log)(segment) for segment in segments(log)] == [True, False]
    assert one.shipped(Segment(Path(f"{archive.path}.gz"), archive.stamp))
    assert not one.shipped(Segment(archive.path, "20991124T135600.123456Z"))
    assert passed_by_all(tmp_path / "unknown.jsonl")(archive)


def test_an_archive_counts_as_shipped_without_a_further_event(log: Path):
    """Once a rotated file is done, that is noted, although nothing new has come."""
    sink = Memory()
    shipper = _shipper(log, sink)
    shipper.run_once()
    _rotate(log)
    shipper.run_once()
    assert shipper.shipped(segments(log)[0])


def test_state_may_lie_elsewhere(log: Path, tmp_path: Path):
    """With a folder for the state, nothing is added beside the log."""
    (tmp_path / "state").mkdir()
    before = set(log.parent.iterdir())
    shipper = _shipper(log, Memory(), state_dir=tmp_path / "state")
    shipper.run_once()
    assert set(log.parent.iterdir()) == before
    assert shipper.cursor_path.parent == tmp_path / "state"
    with pytest.raises(InputError, match="no-such-folder"):
        _shipper(log, Memory(), state_dir=tmp_path / "no-such-folder").run_once()


def _ship(log: Path, to: str, *more: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "logdojo", "logs", "ship", str(log), "--to", to, *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def test_three_thousand_events_arrive_once_through_every_fault_and_a_kill(
    tmp_path: Path, opensearch: str, indexed: Callable[[str], dict[str, Any]], fault_proxy: ModuleType
):
    """With failing requests of every kind, rotations and one kill -9 of the shipper, nothing is lost or doubled."""
    log = tmp_path / "app.jsonl"
    poison = {7, 1_500, 2_999}
    for start in range(0, 3_000, 600):
        if log.exists():
            _rotate(log)
        lines = [f'{{"n":{"[]" if n in poison else n},"text":"event"}}\n' for n in range(start, start + 600)]
        log.write_text("".join(lines).replace('"n":[]', '"n":{"a":1}'), "utf-8")
    rates = dict.fromkeys(("429", "503", "cut before", "cut after", "cut within", "partial", "garbled"), 0.07)
    script = ("", "cut after", "", "partial", "503")
    with fault_proxy.FaultProxy(opensearch, rates=rates, script=script, seed=5) as proxy:
        process = _ship(log, f"{proxy.url}/all")
        _until(lambda: proxy.seen.total() >= 4)
        process.kill()
        process.communicate()
        assert proxy.seen.total() < 30
        done = _ship(log, f"{proxy.url}/all", "--once")
        _, told = done.communicate(timeout=60)
    documents = indexed("all")
    assert sorted(found["n"] for found in documents.values()) == [n for n in range(3_000) if n not in poison]
    letters = read(next(tmp_path.glob("app.jsonl.dead.*")))
    assert len(letters) == 3
    assert done.returncode == 1, told
    assert "events were refused" in told


def test_the_command_ships_until_it_is_told_to_stop(log: Path, hec_server: ModuleType, tmp_path: Path):
    """SIGTERM ends it with exit code 0 and its counters on standard output; the token comes from a file."""
    token = tmp_path / "token"
    token.write_text("t0ken-of-test\n", "utf-8")
    with hec_server.HecServer(token=token.read_text("utf-8").strip()) as server:
        process = _ship(log, f"hec+{server.url}", "--secret-file", str(token))
        _until(lambda: len(server.events) == 20)
        process.send_signal(signal.SIGTERM)
        out, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out) == {"read": 20, "accepted": 20, "duplicates": 0, "retried": 0, "dead": 0}
    assert "20 read, 20 accepted" in told


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["app.jsonl", "--to", "https://h:9200"], 2, "does not end in the name of an index"),
        (["app.jsonl", "--to", "hec+https://h:8088"], 2, "Splunk needs a token"),
        (["app.jsonl", "--to", "https://h/x", "--no-ack"], 2, "--no-ack is Splunk's"),
        (["app.jsonl", "--to", "https://h/x", "--secret-file", "none"], 1, "none: no secret can be read"),
        (["gone.jsonl", "--to", "https://h/x", "--once"], 1, "gone.jsonl: no such log"),
    ],
)
def test_wrong_calls_are_told(
    log: Path, arguments: list[str], code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
):
    """A wrong address, secret or log gives exit code 2 or 1 and a message that names it."""
    from logdojo.cli import main

    monkeypatch.chdir(log.parent)
    monkeypatch.delenv("LOGDOJO_SHIP_SECRET", raising=False)
    monkeypatch.setattr(sys, "argv", ["logdojo", "logs", "ship", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    assert message in capsys.readouterr().err
