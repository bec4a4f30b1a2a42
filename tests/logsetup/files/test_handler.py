"""The handler takes whatever comes, from whatever thread, signal or mistake, and accounts for each record."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.integrity.chain import START, Chain, read_link

Opened = Callable[..., LogFileHandler]
SECRET = "hunter2-the-secret"  # noqa: S105  # planted, to be looked for


def logger_of(handler: logging.Handler) -> logging.Logger:
    """Put a handler on the root logger, alone, and return a logger of the application."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    return logging.getLogger("shop")


def chained(log: Path) -> dict[str, int]:
    """Return how many records each writer has in a log, after following each writer's chain from its start."""
    last: dict[str, tuple[int, bytes]] = {}
    for line in b"".join(segment.path.read_bytes() for segment in segments(log)).splitlines():
        if not line.strip():
            continue
        link = read_link(line)
        assert link is not None
        number, digest = last.get(link.writer, (0, START))
        assert link.number == number + 1
        assert link.follows(digest)
        last[link.writer] = (link.number, link.digest)
    return {writer: number for writer, (number, _) in last.items()}


@contextmanager
def on_signal(call: Callable[[], object]) -> Iterator[None]:
    """Let a call answer SIGUSR1 for the block."""
    before = signal.signal(signal.SIGUSR1, lambda *_: call())
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


class Failing(logging.Filter):
    """A filter that raises for one record, and has the secret in its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Raise for record 1."""
        if record.n == 1:
            raise ValueError(SECRET)
        return True


class FailingFormatter(JsonFormatter):
    """A formatter that raises for one record."""

    def __init__(self) -> None:
        super().__init__()
        line = self.line

        def failing(record: logging.LogRecord) -> bytes:
            if record.n == 1:
                raise KeyError(SECRET)
            return line(record)

        self.line = failing


@pytest.mark.parametrize("where", ["filter", "formatter", "plain formatter"])
def test_a_failing_part_costs_one_record_its_text(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    where: str,
):
    """A record whose filter or formatter raises is withheld: its place is told, its text nowhere, and it is counted."""
    handler = opened()
    if where == "filter":
        handler.addFilter(Failing())
    elif where == "formatter":
        handler.setFormatter(FailingFormatter())
    else:
        handler.setFormatter(logging.Formatter('{"labels.n": %(n)d}', defaults=None))
    for number in range(3):
        if where == "plain formatter" and number == 1:
            handler.handle(record("no number", message=SECRET))
        else:
            handler.handle(record(number, message=SECRET if number == 1 else "fine", password=SECRET[:0] or "x"))
    found = read(log)
    assert found.numbers == [0, 2]
    assert len(found.events) == 3
    assert found.events[1]["event.kind"] == "pipeline_error"
    assert found.events[1]["log.origin.function"] == "test"
    assert SECRET not in log.read_text("utf-8")
    assert SECRET not in capsys.readouterr().err
    assert (handler.counts().written, handler.counts().withheld) == (3, 1)


def test_a_filter_that_breaks_the_record_itself(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]
):
    """Also a record whose name, place and time a filter has replaced by nonsense costs only itself."""

    class Unshowable:
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

        __repr__ = __str__

    class Breaking(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.n == 1:
                record.name = record.pathname = record.funcName = record.lineno = Unshowable()
                record.created = "yesterday"
                raise ValueError
            if record.n == 2:
                del record.name, record.pathname, record.funcName, record.lineno, record.created
            return True

    handler = opened()
    handler.addFilter(Breaking())
    for number in range(4):
        handler.handle(record(number))
    assert {0, 3} <= set(read(log).numbers)
    assert handler.counts().written + handler.counts().dropped == 4
    assert SECRET not in log.read_text("utf-8")


def test_a_formatter_that_gives_no_bytes_is_counted(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]
):
    """A formatter whose ``line`` gives text loses its record, which the next line says with the number one."""
    handler = opened()

    class Odd(JsonFormatter):
        def __init__(self) -> None:
            super().__init__()
            line = self.line
            self.line = lambda record: line(record).decode() if record.n == 1 else line(record)

    handler.setFormatter(Odd())
    for number in range(3):
        handler.handle(record(number))
    found = read(log)
    assert (found.numbers, found.notices) == ([0, 2], [1])
    assert (handler.counts().written, handler.counts().dropped) == (2, 1)


def test_what_a_filter_refuses_is_not_accepted(log: Path, opened: Opened, record: Callable[..., Any]):
    """A refused record is neither written nor dropped."""
    handler = opened()
    handler.addFilter(lambda record: record.n % 2)
    assert [bool(handler.handle(record(number))) for number in range(4)] == [False, True, False, True]
    assert (handler.counts().written, handler.counts().dropped) == (2, 0)
    assert log.read_bytes().count(b"\n") == 2


def test_an_interrupt_is_not_swallowed(log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]):
    """KeyboardInterrupt while a line is being made goes through, and leaves a handler that works."""
    handler = opened()

    def interrupt(_: logging.LogRecord) -> bool:
        raise KeyboardInterrupt

    handler.addFilter(interrupt)
    with pytest.raises(KeyboardInterrupt):
        handler.handle(record(0))
    handler.removeFilter(interrupt)
    handler.handle(record(1))
    assert read(log).numbers == [1]


def test_a_text_formatter_makes_one_line_a_record(log: Path, opened: Opened, record: Callable[..., Any]):
    """With a formatter of the standard library, line breaks and lone surrogates are written out."""
    handler = opened()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.handle(record(0, message="one\ntwo \ud800"))
    assert log.read_bytes() == b"INFO one\\ntwo \\ud800\n"


def test_a_handler_without_a_formatter_writes_json(log: Path, record: Callable[..., Any], read: Callable[..., Any]):
    """Without a formatter a record is one JSON line all the same."""
    handler = LogFileHandler(log)
    handler.handle(record(3))
    handler.emit(record(4))
    handler.close()
    assert read(log).numbers == [3, 4]


def test_eight_threads_lose_and_mix_nothing(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]
):
    """Eight threads, two thousand records each, rotating: every record once, each thread's in its order."""
    handler = opened(rotation=Rotation(max_bytes=300_000), chain=Chain())
    start = threading.Barrier(8)

    def write(who: str) -> None:
        start.wait()
        for number in range(2_000):
            handler.handle(record(number, who=who))

    threads = [threading.Thread(target=write, args=(str(who),)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(log)
    assert found.torn == []
    assert found.records == {(str(who), number): 1 for who in range(8) for number in range(2_000)}
    assert handler.counts().written == 16_000
    for who in range(8):
        order = [event["labels.n"] for event in found.events if event.get("labels.who") == str(who)]
        assert order == sorted(order)


def test_a_record_that_logs_while_it_is_made(log: Path, opened: Opened, read: Callable[..., Any]):
    """An argument whose __str__ logs gives two records, the inner one first."""
    logger = logger_of(opened())

    class Talkative:
        def __str__(self) -> str:
            logger.info("inner", extra={"n": 1})
            return "outer"

    logger.info("%s", Talkative(), extra={"n": 2})
    assert [(e["message"], e["labels.n"]) for e in read(log).events] == [("inner", 1), ("outer", 2)]


def test_a_second_handler_that_logs(log: Path, opened: Opened, read: Callable[..., Any]):
    """A handler beside ours that logs about each record it gets does no harm to ours."""
    logger = logger_of(opened())

    class Echo(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name == "shop":
                logging.getLogger("echo").info("got it", extra={"n": record.n + 100})

    logging.getLogger().addHandler(Echo())
    for number in range(5):
        logger.info("x", extra={"n": number})
    assert read(log).numbers == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]


def test_a_stream_that_logs_what_is_written_to_it(
    log: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, record: Callable[..., Any], read: Callable[..., Any]
):
    """With standard error turned into log records, as some programs do, a complaint makes a record and no loop."""
    handler = opened()
    logger = logger_of(handler)

    class ToLog:
        def write(self, text: str) -> None:
            logger.error(text, extra={"n": 77})

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stderr", ToLog())
    handler.addFilter(Failing())
    handler.handle(record(1))
    assert read(log).numbers == [77]
    assert handler.counts().written == 2


@pytest.mark.parametrize("stream", [None, "closed"])
def test_no_standard_error_is_no_trouble(
    opened: Opened, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stream: str | None
):
    """A service without a standard error, or with a closed one, is complained to in vain, and goes on."""
    file = (tmp_path / "closed").open("w")
    file.close()
    monkeypatch.setattr(sys, "stderr", None if stream is None else file)
    handler = opened()
    handler.addFilter(Failing())
    handler.handle(record(1))
    assert handler.counts().withheld == 1


def test_a_signal_in_the_middle_of_a_rotation_does_not_hang(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    """A signal's handler that logs while its own thread holds the lock of a rotation writes its record and returns."""
    handler = opened(rotation=Rotation(max_bytes=300))
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGUSR1)
        done = rename(path, target)
        os.kill(os.getpid(), signal.SIGUSR1)
        return done

    monkeypatch.setattr(Path, "rename", interrupted)
    count = iter(range(1_000, 2_000))
    with on_signal(lambda: handler.handle(record(next(count)))):
        for number in range(20):
            handler.handle(record(number))
    numbers = read(log).numbers
    assert numbers[:20] == list(range(20))
    assert len(numbers) == next(count) - 1_000 + 20
    assert len(set(numbers)) == len(numbers)


class Interrupting(bytes):
    """A line during whose linking a signal comes, once."""

    came = False

    def __getitem__(self, index: Any) -> bytes:
        """Let the signal come in the middle of Chain.link."""
        if not self.came:
            self.came = True
            os.kill(os.getpid(), signal.SIGUSR1)
        return super().__getitem__(index)


@pytest.mark.parametrize("when", ["while linking", "before writing", "after writing"])
def test_a_signal_in_the_middle_of_a_link_breaks_no_chain(
    log: Path, opened: Opened, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, when: str
):
    """A signal's handler that logs at the worst moment, and is interrupted there itself, leaves chains that hold."""
    handler = opened(chain=Chain())
    append = handler._file.append
    count = iter(range(1_000, 9_000))
    answer: list[bool] = []

    def logs() -> None:
        if len(answer) < 2:
            answer.append(True)
            handler.handle(record(next(count)))
            answer.pop()

    def around(line: bytes) -> int:
        if when == "before writing":
            os.kill(os.getpid(), signal.SIGUSR1)
        done = append(line)
        if when == "after writing":
            os.kill(os.getpid(), signal.SIGUSR1)
        return done

    monkeypatch.setattr(handler._file, "append", around)
    if when == "while linking":
        line = handler._line
        handler._line = lambda each: Interrupting(line(each))
    with on_signal(logs):
        for number in range(20):
            handler.handle(record(number))
    assert sum(chained(log).values()) == 60
    assert handler.counts().written == 60


def test_a_signal_while_the_disk_refuses_breaks_no_chain(
    log: Path, opened: Opened, record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    """When the line that a signal has interrupted cannot be written, that of the signal's handler keeps its number."""
    handler = opened(chain=Chain())
    append = handler._file.append
    refuse = iter([True])

    def refusing(line: bytes) -> int:
        if next(refuse, False):
            os.kill(os.getpid(), signal.SIGUSR1)
            raise OSError(28, "No space left on device")
        return append(line)

    monkeypatch.setattr(handler._file, "append", refusing)
    with on_signal(lambda: handler.handle(record(100))):
        for number in range(5):
            handler.handle(record(number))
    # Five records without the first one, the signal's own, and the notice.
    assert sum(chained(log).values()) == 4 + 1 + 1
    assert handler.counts().dropped == 1


def test_a_signal_while_an_outage_is_reported_doubles_no_report(
    log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    """A signal's handler that logs while the notice is being written does not write the notice again."""
    handler = opened()
    append = handler._append
    calls = iter(["refuse", "signal"])

    def odd(line: bytes) -> int:
        what = next(calls, "")
        if what == "refuse":
            raise OSError(28, "No space left on device")
        if what == "signal":
            os.kill(os.getpid(), signal.SIGUSR1)
        return append(line)

    monkeypatch.setattr(handler, "_append", odd)
    with on_signal(lambda: handler.handle(record(100))):
        for number in range(3):
            handler.handle(record(number))
    found = read(log)
    assert (found.numbers, found.notices) == ([1, 2, 100], [1])


def test_signals_at_random_moments(log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]):
    """Hundreds of signals whose handler logs, while rotating and linking: no hang, nothing lost, no chain broken."""
    handler = opened(rotation=Rotation(max_bytes=20_000), chain=Chain())
    count = iter(range(10_000, 90_000))
    logged: list[int] = []

    def logs() -> None:
        number = next(count)
        handler.handle(record(number))
        logged.append(number)

    before = signal.signal(signal.SIGALRM, lambda *_: logs())
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for number in range(4_000):
            handler.handle(record(number))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = read(log)
    assert found.torn == []
    assert found.numbers == [*range(4_000), *sorted(logged)]
    assert sum(chained(log).values()) == 4_000 + len(logged)


def test_closing_twice_and_logging_afterwards(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
):
    """A second close does nothing; what is logged after it is counted as dropped and said once, nothing is raised."""
    handler = opened()
    handler.handle(record(0))
    handler.close()
    handler.close()
    for number in range(1, 4):
        handler.handle(record(number, created=1e9 * number))
    assert read(log).numbers == [0]
    assert (handler.counts().written, handler.counts().dropped) == (1, 3)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "the log is closed" in told[0]


def test_closing_waits_for_no_step_that_logs(opened: Opened, record: Callable[..., Any], log: Path):
    """Closing while a step of upkeep logs through the same handler does not make the two wait for each other."""
    reached, go_on = threading.Event(), threading.Event()
    handlers: list[LogFileHandler] = []

    def step() -> None:
        reached.set()
        go_on.wait(5)
        handlers[0].handle(record(1))

    handlers.append(opened(upkeep=Upkeep(log, retain=step)))
    assert reached.wait(5)
    closing = threading.Thread(target=handlers[0].close)
    closing.start()
    go_on.set()
    closing.join(5)
    assert not closing.is_alive()


def test_a_system_without_room_for_a_thread(
    log: Path,
    opened: Opened,
    record: Callable[..., Any],
    read: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """When no thread can be started, archives wait and a line on standard error says so; every record is written."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    handler = opened(upkeep=Upkeep(log, compressed=True), rotation=Rotation(max_bytes=400))
    for number in range(10):
        handler.handle(record(number))
    assert read(log).numbers == list(range(10))
    assert handler.counts().dropped == 0
    assert "archives wait" in capsys.readouterr().err


def test_sync_waits_for_the_disk(log: Path, opened: Opened, record: Callable[..., Any], read: Callable[..., Any]):
    """Sync can be called at any time; the records stay as they are."""
    handler = opened()
    handler.handle(record(0))
    handler.sync()
    assert read(log).numbers == [0]
