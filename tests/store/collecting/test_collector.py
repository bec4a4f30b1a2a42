"""Collecting: each line once, whatever happens to the files and to the collector."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logdojo.errors import InputError
from logdojo.events import Severity
from logdojo.store import DuckDbStore, Query, any_of
from logdojo.store.collecting import Collector, Counters, Rule, SyslogSocket, Tagger, collector, tailing

LINE = "2026-11-24T10:00:{:02}Z web-1 sshd[{}]: Failed password for root from 192.0.2.7 port 50211 ssh2"


def line(number: int) -> str:
    """Return a line of sshd that tells its number."""
    return LINE.format(number % 60, number)


def lines(first: int, last: int) -> str:
    """Return the lines with these numbers, the last one not included."""
    return "".join(f"{line(number)}\n" for number in range(first, last))


class Place:
    """A folder of logs, and a store beside it."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.file = folder / "events.duckdb"
        self.state = folder / "places"

    def collector(self, *paths: Path, **options: object) -> Collector:
        """Return a collector of the folder, or of the paths."""
        return Collector(
            paths or [self.logs],
            lambda: DuckDbStore(self.file),
            self.state,
            **options,  # type: ignore[arg-type]
        )

    def collect(self, *paths: Path, **options: object) -> Counters:
        """Collect what is there now."""
        return self.collector(*paths, **options).run_once()

    def notes(self) -> set[tuple[str, int]]:
        """Return what tells whether the collector has written down a place since."""
        found = self.state.glob("*.cursor.store") if self.state.exists() else []
        return {(path.name, path.stat().st_mtime_ns) for path in found}

    def stored(self) -> list[str]:
        """Return all lines in the store."""
        store = DuckDbStore(self.file)
        found = store.search(Query(limit=10_000))
        store.close()
        return [each.event.original for each in found]

    def numbers(self) -> Counter[int]:
        """Return how often each number is stored."""
        return Counter(int(text.partition("sshd[")[2].partition("]")[0]) for text in self.stored())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder of logs."""
    return Place(tmp_path)


def once(first: int, last: int) -> Counter[int]:
    """Return what the store holds when each of these numbers is there once."""
    return Counter(range(first, last))


def test_files_archives_and_folders(place: Place) -> None:
    """A folder's live files come with their rotated ones, and lone archives and subfolders come too."""
    (place.logs / "auth.log").write_text(lines(20, 30))
    (place.logs / "auth.log.1").write_text(lines(10, 20))
    (place.logs / "auth.log.2.gz").write_bytes(gzip.compress(lines(0, 10).encode()))
    os.utime(place.logs / "auth.log.2.gz", (1, 1))
    os.utime(place.logs / "auth.log.1", (2, 2))
    (place.logs / "old").mkdir()
    (place.logs / "old" / "web.log.gz").write_bytes(gzip.compress(lines(30, 40).encode()))
    done = place.collect()
    assert (done.stored, done.problems, done.left_out) == (40, {}, [])
    assert place.numbers() == once(0, 40)
    assert place.collect().stored == 0


def test_going_on_through_rotation(place: Place) -> None:
    """New lines come, and through a rename, a compression and a copytruncate none is lost or doubled."""
    log = place.logs / "auth.log"
    log.write_text(lines(0, 5))
    assert place.collect(log).stored == 5
    with log.open("a") as file:
        file.write(lines(5, 8))
    log.rename(place.logs / "auth.log.1")
    log.write_text(lines(8, 12))
    assert place.collect(log).stored == 7
    shutil.copy2(log, place.logs / "auth.log.2")
    (place.logs / "auth.log.1.gz").write_bytes(gzip.compress((place.logs / "auth.log.1").read_bytes()))
    (place.logs / "auth.log.1").unlink()
    log.write_text(lines(12, 14))
    place.collect(log)
    assert place.numbers() == once(0, 14)


def test_lost_places_cost_nothing(place: Place) -> None:
    """Without its notes the collector reads all anew, and the store has all of it already."""
    (place.logs / "auth.log").write_text(lines(0, 50))
    place.collect()
    shutil.rmtree(place.state)
    done = place.collect()
    assert (done.stored, done.known) == (0, 50)


def test_an_unfinished_line_waits(place: Place) -> None:
    """A line without its end is stored once it is whole."""
    log = place.logs / "auth.log"
    log.write_text(lines(0, 1) + line(1)[:30])
    assert place.collect().stored == 1
    with log.open("a") as file:
        file.write(line(1)[30:] + "\n")
    assert place.collect().stored == 1
    assert place.numbers() == once(0, 2)


def test_what_cannot_be_read_stops_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Binary files, damaged and cut archives, bombs, a missing path: told by name, and all others are stored."""
    monkeypatch.setattr(tailing, "GROWTH_FROM", 100_000)
    (place.logs / "good.log").write_text(lines(0, 10))
    (place.logs / "wtmp").write_bytes(bytes(range(256)) * 16)
    (place.logs / "damaged.gz").write_bytes(b"\x1f\x8b no archive")
    whole = gzip.compress("".join(random.Random(1).choices("abc \n", k=100_000)).encode())
    (place.logs / "cut.gz").write_bytes(whole[: len(whole) // 2])
    (place.logs / "bomb.gz").write_bytes(gzip.compress(b"\n" * 4_000_000))
    (place.logs / "rotated.log").write_text(lines(20, 30))
    (place.logs / "rotated.log.1.gz").write_bytes(b"\x1f\x8b no archive")
    (place.logs / "gone").symlink_to(place.logs / "nowhere")
    done = place.collect(place.logs, place.logs / "missing.log")
    names = sorted(Path(path).name for path in done.problems)
    assert names == ["bomb.gz", "cut.gz", "damaged.gz", "missing.log"]
    assert "unfolds" in done.problems[str(place.logs / "bomb.gz")]
    assert any("wtmp" in what for what in done.left_out)
    assert any("rotated.log.1.gz" in what for what in done.left_out)
    store = DuckDbStore(place.file)
    assert store.count(Query((any_of("log.file.path", str(place.logs / "good.log")),))) == 10
    assert store.count(Query((any_of("log.file.path", str(place.logs / "rotated.log")),))) == 10
    store.close()


def test_refused_access_is_a_problem_of_that_file_alone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system refuses a file, its name and the reason are told, and the others are stored."""
    (place.logs / "a.log").write_text(lines(0, 3))
    (place.logs / "b.log").write_text(lines(3, 6))
    check = tailing.check_text

    def refuse(path: Path) -> None:
        if path.name == "a.log":
            raise PermissionError(13, "Permission denied", str(path))
        check(path)

    with monkeypatch.context() as patch:
        patch.setattr(tailing, "check_text", refuse)
        assert place.collect().problems == {str(place.logs / "a.log"): "Permission denied"}
    assert place.numbers() == once(3, 6)
    assert place.collect().problems == {}
    assert place.numbers() == once(0, 6)


def test_lines_that_cannot_be_parsed_are_stored(place: Place) -> None:
    """Rejected lines keep their bytes and say why, a line without end is kept in short pieces."""
    endless = b"x" * (9 * 1024 * 1024)
    log = place.logs / "odd.log"
    log.write_bytes(b"good\n" + b"caf\xe9\n" + b"{broken\n" + endless + b"\n" + lines(0, 1).encode())
    done = place.collect(log)
    store = DuckDbStore(place.file)
    rejected = store.search(Query((any_of("event.kind", "pipeline_error"),)))
    assert len(rejected) == done.rejected >= 3
    assert "caf\udce9" in {each.event.original for each in rejected}
    assert all(each.event.error for each in rejected)
    assert max(len(each.event.original) for each in rejected) <= 300_000
    assert store.count(Query((any_of("event.dataset", "sshd"),))) == 1
    store.close()


def test_a_parser_that_fails_loses_no_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flaw in a parser rejects its line and stops nothing."""

    def fail(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(collector, "parse_line", fail)
    (place.logs / "a.log").write_text(lines(0, 3))
    assert place.collect().rejected == 3
    assert place.numbers() == once(0, 3)


def test_tags(place: Place) -> None:
    """Rules by path and dataset give the tags, the first one first; without one the source is the log's name."""
    (place.logs / "auth.log").write_text(lines(0, 1))
    rules = [
        Rule(path="*/auth.log", source="bastion"),
        Rule(dataset="sshd", source="other", severity="high"),
        Rule(tenant="acme"),
    ]
    place.collect(tagger=Tagger(rules))
    store = DuckDbStore(place.file)
    tags = store.search(Query())[0].tags
    store.close()
    assert (tags.source, tags.tenant, tags.severity) == ("bastion", "acme", Severity.HIGH)
    assert Tagger(()).tags("/var/log/auth.log", "sshd", name="auth.log").source == "auth.log"


def test_one_collector_a_state_folder(place: Place) -> None:
    """A second collector with the same notes is refused, with the folder's name."""
    first = place.collector()
    first._hold()
    with pytest.raises(InputError, match="another collector"):
        place.collect()
    first._let_go()
    place.collect()


def test_following_files_and_socket(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on as files grow and appear, takes messages in between, and leaves the store to others when idle."""
    monkeypatch.setattr(collector, "_LOOK_SECONDS", 0.05)
    receiver = SyslogSocket(udp=0, tcp=0)
    work = place.collector(receiver=receiver)
    stop = threading.Event()
    runner = threading.Thread(target=work.run, args=(stop,))
    runner.start()
    (place.logs / "a.log").write_text(lines(0, 5))
    _send_tcp(receiver, f"<34>{line(5)}\n".encode())
    _wait(lambda: work.counters.stored == 6)
    with (place.logs / "a.log").open("a") as file:
        file.write(lines(6, 9))
    _wait(lambda: work.counters.stored == 9)
    _wait(lambda: work._store is None)
    assert place.numbers() == once(0, 9)
    stop.set()
    runner.join()
    receiver.close()


def _send_tcp(receiver: SyslogSocket, data: bytes) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", receiver.tcp_port or 0)) as link:
        link.sendall(data)


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


class Nursery:
    """Collectors in processes of their own; see ``nursery``."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *, dies: bool = False) -> int:
        """Start a collector and return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        names = {"logs": self._place.logs, "file": self._place.file, "state": self._place.state}
        self._process.stdin.write(json.dumps({name: str(path) for name, path in names.items()} | {"dies": dies}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> None:
        """Wait until the collector is gone."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "gone\n"

    def close(self) -> None:
        """End the process that starts them."""
        self._process.communicate()


@pytest.fixture
def nursery(place: Place) -> Iterator[Nursery]:
    """Collectors of the place."""
    made = Nursery(place)
    yield made
    made.close()


def test_killed_between_append_and_note(place: Place, nursery: Nursery) -> None:
    """What was stored and not noted comes again, and is known."""
    (place.logs / "auth.log").write_text(lines(0, 250))
    nursery.start(dies=True)
    nursery.wait()
    done = place.collect()
    assert done.known >= 100
    assert place.numbers() == once(0, 250)


@pytest.mark.slow
def test_killed_at_twenty_random_moments(place: Place, nursery: Nursery) -> None:
    """A log that is written, rotated and compressed meanwhile is stored whole, each line once."""
    rng = random.Random(4)
    log = place.logs / "auth.log"
    written = 0
    for kill in range(20):
        noted = place.notes()
        pid = nursery.start()
        # Every other one is killed while it starts, the rest in the midst of their work.
        end = time.monotonic() + (rng.uniform(0.0, 0.2) if kill % 2 else 60)
        while time.monotonic() < end:
            with log.open("a") as file:
                file.write(lines(written, written + 4))
            written += 4
            time.sleep(0.01)
            if kill % 2 == 0 and end > time.monotonic() + 1 and place.notes() != noted:
                end = time.monotonic() + rng.uniform(0.0, 0.1)
        os.kill(pid, signal.SIGKILL)
        nursery.wait()
        if kill % 4 == 3:
            archive = place.logs / f"auth.log-{kill}"
            log.rename(archive)
            if kill % 8 == 7:
                packed = Path(f"{archive}.gz")
                packed.write_bytes(gzip.compress(archive.read_bytes()))
                shutil.copystat(archive, packed)
                archive.unlink()
    before = len(place.stored())
    assert 0 < before < written
    place.collect()
    assert place.numbers() == once(0, written)
