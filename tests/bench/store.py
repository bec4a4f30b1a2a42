"""The store and the collector: events a second, the time of questions over a million, and twenty kills.

Events come from simulated lines that were parsed once; each gets another line and other ports. Their making is not
measured. Places, tags, idempotency, the JSON of all fields, the raw line and the commit
of each batch are all in. ``python -m tests.bench.store [events] [kills]``.
"""

from __future__ import annotations

import gc
import gzip
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.simulate import simulate
from logdojo.store import (
    Aggregation,
    Batch,
    DuckDbStore,
    Measure,
    Metric,
    Query,
    Tags,
    any_of,
    contains,
    in_network,
)

EVENTS = 1_000_000
BATCH = 50_000
KILLS = 20
MIN_RATE = 200_000
MAX_AGGREGATION_MS = 100
_BASE_LINES = 20_000
_AT_ONCE = 10


def main(events: int = EVENTS, kills: int = KILLS) -> None:
    """Print all tables."""
    rate, load = _loads_rate(), os.getloadavg()[0]
    print(f"this machine now: json.loads {rate:,.0f} documents of 1 kB a CPU second, load {load:.1f}")
    # As the command does: a batch is many small objects that live for a moment.
    gc.set_threshold(200_000, 20, 20)
    with tempfile.TemporaryDirectory() as folder:
        _append_and_ask(Path(folder), events)
    with tempfile.TemporaryDirectory() as folder:
        _kill(Path(folder), kills)


def _loads_rate() -> float:
    text = next(each.line for each in simulate(2_000, seed=1) if each.format == "cloudtrail")
    begin = time.process_time()
    for _ in range(20_000):
        json.loads(text)
    return 20_000 / (time.process_time() - begin)


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _batches(events: int, kinds: tuple[str, ...]) -> Iterator[Batch]:
    base = [parse_line(each.line) for each in simulate(_BASE_LINES, seed=1) if each.format in kinds]
    rng = random.Random(1)
    tags = Tags("bench", "acme")
    for begin in range(0, events, BATCH):
        made = [_varied(base[number % len(base)], rng) for number in range(begin, min(begin + BATCH, events))]
        yield Batch.of(made, "bench", tags, first=begin)


def _varied(event: LogEvent, rng: random.Random) -> LogEvent:
    """Return the event with another line, and another port and address if it has them."""
    fields = dict(event.fields)
    if "source.port" in fields:
        fields["source.port"] = rng.randrange(1_024, 65_536)
    if "source.ip" in fields:
        fields["source.ip"] = f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    return LogEvent(f"{event.original} {rng.getrandbits(40):x}", fields)


def _append_and_ask(folder: Path, events: int) -> None:
    mixed = ("iptables", "sshd", "cloudtrail")
    print(
        f"{'events appended':<26}{'way':<22}{'events':>10}{'bytes':>7}{'/CPU s':>10}{'/s':>10}{'disk B':>8}{'load':>6}"
    )
    for name, kinds, count in (
        ("firewall lines", ("iptables",), events // 5),
        ("sshd lines", ("sshd",), events // 5),
        ("CloudTrail records", ("cloudtrail",), events // 5),
        ("all three mixed", mixed, events),
    ):
        for way in ("append_all", "append", "append_table"):
            with closing(DuckDbStore(folder / f"{name}-{way}.duckdb")) as store:
                _append(store, way, _batches(count, kinds), name)
                if store.count() != count:
                    raise SystemExit(f"{store.count()} of {count} events are there")
    print("append_all: batches, the next converted while one is written; append: one batch, then the next;")
    print("append_table: Arrow tables that are there already")
    with closing(DuckDbStore(folder / f"{name}-append_all.duckdb")) as store:
        last = next(_batches(min(events, BATCH), mixed))
        begin_cpu = time.process_time()
        known = store.append(last).known
        rate = len(last) / (time.process_time() - begin_cpu)
        print(f"{'a batch once more':<26}{'append':<22}{known:>10,}{'known':>7}{rate:>10,.0f}")
        _ask(store, events)
    print(f"goals: {MIN_RATE:,} events/s, an aggregation under {MAX_AGGREGATION_MS} ms\n")


def _append(store: DuckDbStore, way: str, batches: Iterator[Batch], name: str) -> None:
    """Append all batches and print a row; some batches are made at a time, and their making is not measured."""
    count = size = 0
    cpu = wall = 0.0
    while made := list(itertools.islice(batches, _AT_ONCE)):
        tables = [store.table(batch) for batch in made] if way == "append_table" else []
        begin = _now()
        if way == "append_all":
            new = store.append_all(made).new
        elif way == "append":
            new = sum(store.append(batch).new for batch in made)
        else:
            new = sum(store.append_table(table).new for table in tables)
        end = _now()
        cpu, wall = cpu + end[0] - begin[0], wall + end[1] - begin[1]
        count += new
        size += sum(len(event.original) for batch in made for event in batch.events)
        if new != sum(map(len, made)):
            raise SystemExit("events are missing")
    disk = store.path.stat().st_size / count
    print(
        f"{name:<26}{way:<22}{count:>10,}{size / count:>7.0f}{count / cpu:>10,.0f}{count / wall:>10,.0f}{disk:>8.0f}"
        f"{os.getloadavg()[0]:>6.1f}",
        flush=True,
    )


def _ask(store: DuckDbStore, events: int) -> None:
    hour = timedelta(hours=1)
    distinct = Metric(Measure.DISTINCT, "destination.port")
    failed = (any_of("event.outcome", "failure"),)
    questions: dict[str, Callable[[], object]] = {
        "top ten users": lambda: store.aggregate(Aggregation(("user.name",), limit=10)),
        "top ten of 260,000 sources": lambda: store.aggregate(Aggregation(("source.ip",), limit=10)),
        "events by hour": lambda: store.aggregate(Aggregation(bucket=hour)),
        "failures by hour and dataset": lambda: store.aggregate(
            Aggregation(("event.dataset",), bucket=hour, filters=failed)
        ),
        "distinct ports by host": lambda: store.aggregate(Aggregation(("host.name",), metric=distinct)),
        "by category, a list": lambda: store.aggregate(Aggregation(("event.category",))),
        "newest 100 failures of a network": lambda: store.search(
            Query((*failed, in_network("source.ip", "10.2.0.0/20")))
        ),
        "a word in the raw lines": lambda: store.count(Query((contains("event.original", "invalid user"),))),
        "by a field without a column": lambda: store.aggregate(Aggregation(("iptables.ttl",), limit=10)),
    }
    print(f"{f'asked of {events:,} events':<40}{'ms, median of 7':>18}")
    for name, ask in questions.items():
        times = []
        for _ in range(7):
            begin = time.perf_counter()
            ask()
            times.append((time.perf_counter() - begin) * 1_000)
        print(f"{name:<40}{statistics.median(times):>18.1f}")


def _kill(folder: Path, kills: int) -> None:
    """Write, rotate and compress a log while the collector is killed again and again; count what is stored."""
    logs, file = folder / "logs", folder / "events.duckdb"
    logs.mkdir()
    log = logs / "auth.log"
    lines = [each.line for each in simulate(_BASE_LINES, seed=2)]
    rng = random.Random(3)
    written = 0
    command = [sys.executable, "-m", "logdojo", "collect", str(logs), "--store", str(file)]
    notes = folder / "events.duckdb.places"
    for kill in range(kills):
        before = _notes(notes)
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with log.open("a", encoding="utf-8", errors="surrogateescape") as out:
                for _ in range(20):
                    out.write(f"{lines[written % len(lines)]} #{written}\n")
                    written += 1
            time.sleep(0.01)
            if end > time.monotonic() + 2 and _notes(notes) != before:
                end = time.monotonic() + rng.uniform(0.0, 0.5)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if kill % 3 == 2:
            archive = log.rename(logs / f"auth.log-{kill:02}")
            if kill % 2:
                packed = Path(f"{archive}.gz")
                packed.write_bytes(gzip.compress(archive.read_bytes(), 1))
                times = archive.stat()
                os.utime(packed, ns=(times.st_atime_ns, times.st_mtime_ns))
                archive.unlink()
    store = DuckDbStore(file)
    meanwhile = store.count()
    store.close()
    subprocess.run([*command, "--once"], check=True, stderr=subprocess.DEVNULL)
    numbers = _numbers(file)
    missing, doubled = written - len(numbers), sum(count - 1 for count in numbers.values())
    print(f"{kills} times kill -9 while collecting: {written:,} lines written, {meanwhile:,} stored by the last kill,")
    print(f"{numbers.total():,} stored in the end, {missing} missing, {doubled} doubled")
    if missing or doubled:
        raise SystemExit("the collector lost or doubled lines")


def _notes(folder: Path) -> list[int]:
    return sorted(path.stat().st_mtime_ns for path in folder.glob("*.cursor.store"))


def _numbers(file: Path) -> Counter[str]:
    import duckdb

    con = duckdb.connect(str(file), read_only=True)
    found = con.execute("""SELECT regexp_extract("event.original", '#(\\d+)$', 1) FROM events""").fetchall()
    con.close()
    return Counter(number for (number,) in found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
