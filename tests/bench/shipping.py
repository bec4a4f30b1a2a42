"""Shipping under every fault, the speed of the client alone, and what a slow other side costs the caller.

Three tables: 100,000 events through a proxy that fails in nine ways, with rotations and one ``kill -9`` of the shipper;
documents a second of the shipper against a server that does nothing; and an application that logs 2,000 records a
second while the other side takes 2 ms for each. Named sizes: ``python -m tests.bench.shipping [events] [seconds]``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import random
import resource
import signal
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from logdojo.logsetup.files.archives import next_stamp
from logdojo.logsetup.files.compressing import compress
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.shipping import ElasticsearchSink, Shipper
from logdojo.logsetup.shipping.dead_letters import read
from logdojo.logsetup.shipping.delivery import Backoff, Outcome, Wait
from logdojo.logsetup.shipping.reading import Line

EVENTS = 100_000
SECONDS = 20.0
POISON = 20
RATE = 0.035
"""Probability of each of the nine faults for each request: three in ten go wrong."""
TIMEOUT = 2.0
LATE = 2.5
SLOW_SECONDS = 0.002
PER_SECOND = 2_000


def main(events: int = EVENTS, seconds: float = SECONDS) -> None:
    """Print all three tables."""
    with tempfile.TemporaryDirectory() as folder:
        _faults(Path(folder), events)
    with tempfile.TemporaryDirectory() as folder:
        _speed(Path(folder), events)
    with tempfile.TemporaryDirectory() as folder:
        _slow(Path(folder), seconds)


def _line(number: int, *, poison: bool = False) -> bytes:
    moment = f"2026-11-24T13:{number // 60_000 % 60:02}:{number // 1_000 % 60:02}.{number % 1_000:03}Z"
    fields = {
        "@timestamp": moment,
        "log.level": "info",
        "log.logger": "shop.cart",
        "message": f"item {number} put into the cart",
        "ecs.version": "8.17.0",
        "process.pid": 4711,
        "service.name": "shop",
        "labels.n": {"no": "number"} if poison else number,
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _faults(folder: Path, events: int) -> None:
    """Ship through all faults while the log grows and rotates, kill the shipper once, and count."""
    osmem = importlib.import_module("osmem_server")
    proxies = _beside("fault_proxy")
    log = folder / "app.jsonl"
    rates = dict.fromkeys(proxies.FAULTS, RATE)
    start = time.monotonic()
    with (
        osmem.OsmemServer.start(japanese=False) as server,
        proxies.FaultProxy(server.url, rates=rates, seed=7, late=LATE, retry_after=1) as proxy,
    ):
        writer = threading.Thread(target=_write, args=(log, events))
        writer.start()
        first = _child("ship", str(log), proxy.url)
        _wait(lambda: proxy.seen.total() > events / 1_000 / 3)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        killed_at = time.monotonic() - start
        writer.join()
        second = _child("ship", str(log), proxy.url)
        out, _ = second.communicate()
        took = time.monotonic() - start
        numbers, ids = _indexed(server.url, events)
    server.process.stdout.close()
    letters = read(next(folder.glob("app.jsonl.dead.*")))
    print(f"{events:,} events and {POISON} poison events, kill -9 after {killed_at:.1f} s, done after {took:.1f} s")
    print(f"{'requests that met':<22}{'count':>8}")
    for fault in ("", *proxies.FAULTS):
        print(f"{fault or 'nothing':<22}{proxy.seen[fault]:>8,}")
    missing = set(range(events)) - set(numbers)
    doubled = len(numbers) - len(set(numbers))
    print(f"{'indexed':<22}{len(numbers):>8,}   of {events:,} (by _count and by search)")
    print(f"{'missing':<22}{len(missing):>8,}")
    print(f"{'doubled':<22}{doubled:>8,}   ids: {len(ids):,}")
    poisoned = all('"no":"number"' in letter["line"] for letter in letters)
    print(f"{'dead letters':<22}{len(letters):>8,}   all of them poison: {poisoned}")
    print(f"second shipper: {out.splitlines()[-1]}\n")
    good = len(numbers) == len(ids) == events and not missing and not doubled and len(letters) == POISON and poisoned
    if not good:
        raise SystemExit("shipping lost or doubled events")


def _write(log: Path, events: int) -> None:
    """Append the events, with a new file for each tenth of them; every other archive is compressed."""
    part = max(1, events // 10)
    for begin in range(0, events, part):
        if log.exists():
            archive = log.with_name(f"{log.name}.{next_stamp(log, datetime.now(UTC))}")
            log.rename(archive)
            if begin // part % 2:
                compress(archive)
        with log.open("ab", buffering=0) as file:
            for number in range(begin, min(begin + part, events)):
                file.write(_line(number))
                # Behind the good ones: the first document decides what kind of value the field holds.
                if (number + 1) % (events // POISON) == 0:
                    file.write(_line(number, poison=True))


def _indexed(url: str, events: int) -> tuple[list[int], set[str]]:
    def ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # our own server
            f"{url}/{path}",
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    ask("all/_refresh")
    numbers: list[int] = []
    ids: set[str] = set()
    step = 5_000
    for begin in range(0, events, step):
        query = {"range": {"labels.n": {"gte": begin, "lt": begin + step}}}
        hits = ask("all/_search", {"size": 10_000, "query": query})["hits"]["hits"]
        numbers += [int(hit["_source"]["labels.n"]) for hit in hits]
        ids.update(hit["_id"] for hit in hits)
    count = ask("all/_count")["count"]
    if count != len(numbers):
        raise SystemExit(f"_count says {count}, the search finds {len(numbers)}")
    return numbers, ids


def _speed(folder: Path, events: int) -> None:
    """Measure the shipper's own work: reading, building requests, reading answers, noting the place."""
    log = folder / "app.jsonl"
    log.write_bytes(b"".join(_line(number) for number in range(events)))
    size = log.stat().st_size / events
    server = _child("yes")
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    print(f"client alone, {size:.0f} bytes a document, server answers at once")
    print(f"{'':<14}{'docs/CPU s':>12}{'docs/s':>12}{'peak RSS MiB':>14}")
    try:
        for name in ("plain", "gzip"):
            runs = []
            for _ in range(3):
                for state in folder.glob("app.jsonl.cursor.*"):
                    state.unlink()
                out, _ = _child("speed", str(log), url, name).communicate()
                runs.append(json.loads(out.splitlines()[-1]))
            cpu, wall, rss = (statistics.median(run[key] for run in runs) for key in ("cpu", "wall", "rss"))
            print(f"{name:<14}{events / cpu:>12,.0f}{events / wall:>12,.0f}{rss:>14.1f}")
    finally:
        server.kill()
        server.communicate()
    print()


def _slow(folder: Path, seconds: float) -> None:
    """Log at a steady pace beside no shipper, a slow one and one whose other side is down; kill, restart, count."""
    print(f"an application that logs {PER_SECOND:,} records/s for {seconds:.0f} s, then kill -9")
    print(f"{'other side':<14}{'p50 µs':>9}{'p99 µs':>9}{'p99.9 µs':>10}{'RSS +MiB':>10}{'shipped':>9}{'lost':>6}")
    for name in ("none", "slow", "down"):
        where = folder / name
        where.mkdir()
        out, _ = _child("slow", str(where / "app.jsonl"), name, str(seconds)).communicate()
        run = json.loads(out.splitlines()[-1])
        sink = _Memory()
        Shipper(where / "app.jsonl", sink).run_once()
        before = {line for file in where.glob("got") for line in file.read_text("ascii").split()}
        lost = run["written"] - len(before | {line.decode() for line in sink.lines})
        print(
            f"{name:<14}{run['p50']:>9.1f}{run['p99']:>9.1f}{run['p999']:>10.1f}{run['rss']:>10.1f}"
            f"{len(before):>9,}{lost:>6,}"
        )


class _Memory:
    """A sink that keeps the number of each record; as slow, or as deaf, as it is told."""

    name = "memory"

    def __init__(self, *, seconds: float = 0.0, deaf: bool = False, got: Path | None = None) -> None:
        self.seconds, self.deaf, self.got = seconds, deaf, got
        self.lines: set[bytes] = set()

    def send(self, lines: Sequence[Line], *, wait: Wait) -> Outcome:  # noqa: ARG002  # it sleeps on purpose
        """Keep the numbers."""
        if self.deaf:
            return Outcome(again=tuple(lines), reason="down")
        time.sleep(self.seconds * len(lines))
        numbers = [line.text.partition(b'"labels.n":')[2].rstrip(b"}") for line in lines]
        if self.got is None:
            self.lines.update(numbers)
        else:
            with self.got.open("ab") as file:
                file.write(b"".join(number + b"\n" for number in numbers))
        return Outcome(accepted=len(lines))

    def forget(self) -> None:
        """Nothing is open."""


def _child_ship(log: str, url: str) -> None:
    sink = ElasticsearchSink(f"{url}/all", timeout=TIMEOUT)
    shipper = Shipper(Path(log), sink, batch_records=500, backoff=Backoff(first=0.1, most=2.0, rng=random.Random(1)))
    logging.disable()
    quiet = 0
    while quiet < 3:
        before = shipper.counters.read
        shipper.run_once()
        quiet = quiet + 1 if shipper.counters.read == before else 0
        time.sleep(0.2)
    print(vars_of(shipper))


def vars_of(shipper: Shipper) -> str:
    """Return the counters as JSON."""
    now = shipper.counters
    return json.dumps({name: getattr(now, name) for name in type(now).__slots__})


def _child_speed(log: str, url: str, how: str) -> None:
    shipper = Shipper(Path(log), ElasticsearchSink(f"{url}/all", compress=how == "gzip"))
    cpu, wall = time.process_time(), time.perf_counter()
    shipper.run_once()
    figures = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    # Not getrusage's maximum: that one is inherited from the process that started this one.
    peak = Path("/proc/self/status").read_text("ascii").partition("VmHWM:")[2].split()[0]
    print(json.dumps(figures | {"rss": int(peak) / 1024}))


def _child_slow(log: str, how: str, seconds: str) -> None:
    path = Path(log)
    handler = LogFileHandler(path)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("shop")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    if how != "none":
        logging.getLogger("logdojo").addHandler(logging.NullHandler())
        sink = _Memory(seconds=SLOW_SECONDS, deaf=how == "down", got=path.with_name("got"))
        Shipper(path, sink, backoff=Backoff(most=1.0)).start()
    for _ in range(200):
        logger.info("warm", extra={"n": -1})
    spent: list[float] = []
    before = _rss()
    begin = time.perf_counter()
    total = int(float(seconds) * PER_SECOND)
    for number in range(total):
        ahead = begin + number / PER_SECOND - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        at = time.perf_counter()
        logger.info("item put into the cart", extra={"n": number})
        spent.append((time.perf_counter() - at) * 1e6)
    spent.sort()
    figures = {
        "p50": spent[total // 2],
        "p99": spent[int(total * 0.99)],
        "p999": spent[int(total * 0.999)],
        # The list of times itself is the benchmark's, not the logger's.
        "rss": _rss() - before - total * 32 / 2**20,
        "written": total + 1,  # and the number of the warm ones
    }
    print(json.dumps(figures), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def _child_yes() -> None:
    """Answer every bulk request at once that all is created."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while request := self.rfile.readline():
                size = count = 0
                while (header := self.rfile.readline()) not in {b"\r\n", b""}:
                    name, _, value = header.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                    packed = name.lower() == b"content-encoding"
                    count = -1 if packed else count
                body = self.rfile.read(size)
                if count < 0:
                    body = importlib.import_module("gzip").decompress(body)
                items = b",".join([b'{"create":{"status":201}}'] * (body.count(b"\n") // 2))
                content = b'{"errors":false,"items":[%b]}' % items
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content))
                del request

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _rss() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _child(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.shipping", "--child", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _beside(name: str) -> ModuleType:
    """Load a helper of the tests of shipping."""
    path = Path(__file__).resolve().parents[1] / "logsetup" / "shipping" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wait(condition: Any) -> None:
    while not condition():
        time.sleep(0.05)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        globals()[f"_child_{sys.argv[2]}"](*sys.argv[3:])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else EVENTS, float(sys.argv[2]) if sys.argv[2:] else SECONDS)
