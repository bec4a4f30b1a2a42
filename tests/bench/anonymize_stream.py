"""Peak memory and speed of ``logdojo anonymize`` on a long stream and on one long file.

    python -m tests.bench.anonymize_stream [MEGABYTES] [--file] [--workers N]

The stream is made while it is read: simulated lines over and over, and among them one line in ten with a user, a host
and an address that have never been seen, so that everything that remembers values is filled to its limit. Memory is
the kernel's account of the largest resident set, of the process itself and of its largest worker.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from logdojo.simulate import simulate

_KEY = "a key of the benchmark, 32 bytes"
_BASE_LINES = 20_000
_COMMAND = [sys.executable, "-m", "logdojo", "anonymize"]


def _chunks(size: int) -> Iterator[bytes]:
    """Yield pieces of a log of about ``size`` bytes."""
    base = [each.line.encode() for each in simulate(_BASE_LINES, seed=7)]
    written = number = 0
    while written < size:
        for start in range(0, len(base), 9 * 50):
            lines = base[start : start + 9 * 50]
            for _ in range(50):
                number += 1
                address = f"{20 + number // 16_777_216}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
                lines.append(
                    f"Dec 10 06:55:46 web{number}x sshd[1]: Failed password for invalid user u{number}y from {address} "
                    f"port 38926 ssh2".encode()
                )
            chunk = b"\n".join(lines) + b"\n"
            written += len(chunk)
            yield chunk
            if written >= size:
                return


def _resident(pid: int) -> int:
    """Return the resident bytes of a process and of all its children."""
    total = 0
    for each in [pid, *_children(pid)]:
        try:
            total += int(Path(f"/proc/{each}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in tasks.read_text("ascii").split()]
        except OSError:
            continue
    return found


def _run(arguments: list[str], feed: Iterator[bytes] | None) -> None:
    env = {**os.environ, "LOGDOJO_KEY": _KEY}
    started = time.monotonic()
    with subprocess.Popen(
        _COMMAND + arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        most, stop = 0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not stop.wait(0.2):
                most = max(most, _resident(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        size = lines = 0
        for chunk in feed or ():
            process.stdin.write(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
        process.stdin.close()
        said = process.stderr.read().decode().splitlines()
        stop.set()
        watcher.join()
        code = process.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    lines = lines or int(said[0].split()[0].replace(",", ""))
    print(f"exit code {code}; {lines:,} lines in {time.monotonic() - started:,.0f} s, {seconds:,.0f} CPU seconds:")
    print(f"  {lines / seconds:,.0f} lines per CPU second")
    print(
        f"  peak memory of the largest process {used.ru_maxrss / 1024:,.0f} MB, of all at one time {most / 1e6:,.0f} MB"
    )
    print("  " + " / ".join(line for line in said if "replaced" not in line or "names" in line))


def main() -> None:
    """Print what a stream, or a file of the same lines, costs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("megabytes", type=int, nargs="?", default=2_000)
    options.add_argument("--file", action="store_true", help="write a file first, and read it twice")
    options.add_argument("--workers", type=int, default=1)
    # Run with all other benchmarks, the words behind the command are not for this one.
    chosen = options.parse_args(None if __name__ == "__main__" else [])
    size = chosen.megabytes * 1_000_000
    if not chosen.file:
        print(f"a stream of {chosen.megabytes:,} MB")
        _run([], _chunks(size))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "app.log"
        with file.open("wb") as out:
            out.writelines(_chunks(size))
        print(f"a file of {chosen.megabytes:,} MB, {chosen.workers} worker(s)")
        _run(["--workers", str(chosen.workers), str(file)], None)


if __name__ == "__main__":
    main()
