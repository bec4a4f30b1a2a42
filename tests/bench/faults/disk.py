"""A disk that is full for a while: what is torn, what is raised, and whether the count of what was dropped is right."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.faults.reading import read
from tests.bench.faults.writers import WRITERS

DISK_BYTES = 1536 * 1024
BALLAST_BYTES = 600_000
RECORDS = 5_000
AFTERWARDS = 10


def child(name: str, folder: Path) -> None:
    """Log more than there is space for, wait for space, log a little more, and print what was raised and reported."""
    writer = WRITERS[name](folder / "app.jsonl")
    raised = 0
    for number in range(RECORDS + AFTERWARDS):
        if number == RECORDS:
            print("full", flush=True)
            sys.stdin.readline()
        try:
            writer.write(number, value="y" * (number % 500))
        except Exception:  # noqa: BLE001
            raised += 1
    dropped = writer.dropped()
    logging.raiseExceptions = False
    writer.close()
    print(json.dumps({"raised": raised, "dropped": dropped}))


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a small tmpfs; needs the right to mount."""
    with tempfile.TemporaryDirectory() as base:
        options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", base]
        subprocess.run(["mount", *options], check=True, capture_output=True)
        try:
            yield Path(base)
        finally:
            subprocess.run(["umount", "-l", base], check=True)


def filled(name: str) -> dict[str, int]:
    """Return records written, lost, torn, raised, reported as dropped in the log, and lines on standard error."""
    with small_disk() as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * BALLAST_BYTES)
        command = [sys.executable, "-m", "tests.bench.faults.disk", name, str(folder)]
        with tempfile.TemporaryFile("w+") as told:
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True
            ) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "full\n"
                ballast.unlink()
                out, _ = process.communicate("\n")
            told.seek(0)
            lines = len(told.readlines())
        found = read(folder / "app.jsonl")
        result = json.loads(out.splitlines()[-1]) if out.strip() else {"raised": -1, "dropped": -1}
        written = len(found.records)
        return {
            "written": written,
            "lost": RECORDS + AFTERWARDS - written,
            "reported": found.reported,
            "torn": found.torn,
            "raised": result["raised"],
            "stderr": lines,
        }


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]))
