"""Many processes write to one log while it rotates by size and by time and is compressed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.faults.reading import read
from tests.bench.faults.writers import WRITERS, Rotating


def child(name: str, log: Path, who: str, n: int, rotating: Rotating) -> None:
    """Log n records and end properly."""
    writer = WRITERS[name](log, rotating)
    for number in range(n):
        writer.write(number, who=who)
    writer.close()


def rotated(name: str, processes: int, n: int, rotating: Rotating) -> tuple[int, int, int, float]:
    """Return lost and doubled records, torn lines, and seconds."""
    with tempfile.TemporaryDirectory() as base:
        log = Path(base) / "app.jsonl"
        plain = map(str, (rotating.max_bytes, rotating.seconds, int(rotating.packed)))
        options = [str(n), *plain]
        start = time.perf_counter()
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.faults.rotate", name, str(log), str(who), *options],
                stderr=subprocess.DEVNULL,
            )
            for who in range(processes)
        ]
        for process in children:
            process.wait()
        seconds = time.perf_counter() - start
        found = read(log)
        return processes * n - len(found.records), found.doubled, found.torn, seconds


if __name__ == "__main__":
    _, which, where, me, count, size, every, packed = sys.argv
    child(which, Path(where), me, int(count), Rotating(int(size), int(every), bool(int(packed))))
