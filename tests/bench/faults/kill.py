"""kill -9 at saturation: records that a call had returned from and that are not in the files.

The child counts each returned call in memory that it shares with its parent, so the count costs it next to nothing and
survives it. What was accepted is that count; one more record may be in the file, whose call had not returned.
"""

from __future__ import annotations

import json
import mmap
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.bench.faults.reading import read
from tests.bench.faults.writers import NEVER, WRITERS, Rotating

from logdojo.logsetup.shipping import ElasticsearchSink, Shipper

SEEDS = 20
PEERS = ("stdlib file", "stdlib queue", "stdlib memory", "Loguru", "Loguru enqueue", "concurrent-log-handler")
ROTATING = Rotating(max_bytes=200_000, seconds=1, packed=True)


def child(name: str, folder: Path, rotating: Rotating, ship_to: str) -> None:
    """Log as fast as it goes until killed."""
    with (folder / "accepted").open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    writer = WRITERS[name](folder / "app.jsonl", rotating)
    if ship_to:
        shipper(folder / "app.jsonl", ship_to).start()
    number, pack = 0, struct.pack
    while True:
        writer.write(number)
        number += 1
        shared[:] = pack("<Q", number)


def shipper(log: Path, address: str) -> Shipper:
    """Return a shipper of the log to a bulk API."""
    state = log.parent / "state"
    state.mkdir(exist_ok=True)
    return Shipper(log, ElasticsearchSink(address), state_dir=state, batch_records=200)


def killed(name: str, seed: int, *, rotating: Rotating = NEVER, server: str = "") -> tuple[int, int, int, int]:
    """Kill one child at a random moment; return accepted, lost and doubled records, and torn lines after recovery."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        (folder / "accepted").write_bytes(bytes(8))
        index = f"{server}/kill-{seed}" if server else ""
        command = [sys.executable, "-m", "tests.bench.faults.kill", name, base, *map(str, _plain(rotating)), index]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            while (folder / "accepted").read_bytes() == bytes(8):
                time.sleep(0.005)
            time.sleep(random.Random(seed).uniform(0.15, 0.6))
            process.send_signal(signal.SIGKILL)
        accepted = struct.unpack("<Q", (folder / "accepted").read_bytes())[0]
        if name == "logdojo":
            # The next start of the application is what recovers.
            WRITERS[name](folder / "app.jsonl", rotating).close()
        found = read(folder / "app.jsonl")
        present = {number for _, number in found.records}
        lost = sum(number not in present for number in range(accepted))
        if server:
            shipper(folder / "app.jsonl", index).run_once()
            lost += accepted_but_not_indexed(index, present)
        return accepted, lost, found.doubled, found.torn


def accepted_but_not_indexed(index: str, present: set[int]) -> int:
    """Return by how many documents the index differs from what stands in the files."""
    with urllib.request.urlopen(f"{index}/_count") as answer:  # noqa: S310  # a server of our own
        return abs(json.load(answer)["count"] - len(present))


def _plain(rotating: Rotating) -> tuple[int, int, int]:
    return rotating.max_bytes, rotating.seconds, int(rotating.packed)


if __name__ == "__main__":
    _, who, where, size, seconds, packed, address = sys.argv
    child(who, Path(where), Rotating(int(size), int(seconds), bool(int(packed))), address)
