"""The library's own parts under the names and arguments of lab 03's exercises, for learners who skipped one.

Lab 03 builds in a few lines each what ``logdojo.logsetup.files`` and ``logdojo.logsetup.shipping`` do for a service.
"""

from __future__ import annotations

import atexit
import errno
import json
import logging
import os
import queue
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import Any, BinaryIO, Final

from logdojo.logsetup.files import compressing, mending
from logdojo.logsetup.files.archives import Segment, next_stamp
from logdojo.logsetup.files.locks import alone, is_at, keep_mode, one_at_a_time

BATCH_RECORDS: Final = 100
BATCH_BYTES: Final = 16_384
_BINARY: Final = getattr(os, "O_BINARY", 0)
Post = Callable[[Sequence[bytes]], tuple[int, Mapping[str, Any]]]


def count_lost(accepted: Iterable[str], lines: Iterable[bytes]) -> dict[str, int]:
    """Return how many accepted ids are ``lost``, in no whole line, and how many lines are ``torn`` or ``doubled``."""
    seen: set[str] = set()
    torn = doubled = 0
    for line in lines:
        found = _id_of(line) if line.endswith(b"\n") else None
        if not line.strip():
            continue
        if found is None:
            torn += 1
        else:
            doubled += found in seen
            seen.add(found)
    return {"lost": len(set(accepted) - seen), "torn": torn, "doubled": doubled}


def through_queue(logger: logging.Logger, handler: logging.Handler) -> QueueListener:
    """Let a logger hand its records to a queue, and a thread to ``handler``; return the listener, started."""
    waiting: queue.Queue[object] = queue.Queue()
    listener = QueueListener(waiting, handler, respect_handler_level=True)
    listener.start()
    atexit.register(listener.stop)
    logger.handlers[:] = [QueueHandler(waiting)]
    return listener


class AppendHandler(logging.Handler):
    """Append each record to a file with one write.

    Args:
        path: the file; it is made where there is none.
        mode: permission bits that it gets, whatever the umask.
        write: stands for ``os.write``.
    """

    def __init__(self, path: Path | str, mode: int = 0o640, write: Callable[[int, bytes], int] = os.write) -> None:
        super().__init__()
        self.path = Path(path)
        self.mode = mode
        self.write = write
        self.fd = self.open_file()
        mending.mend_tail(self.fd, self.path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; an error goes to ``handleError``, not to the application."""
        try:
            self.append(self.format(record).encode("utf-8", "backslashreplace") + b"\n")
        # Formatters and disks may fail in any way, and no way is the application's business.
        except Exception:  # noqa: BLE001
            self.handleError(record)

    def open_file(self) -> int:
        """Open the file to read and to append; return the descriptor."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, self.mode)
        keep_mode(fd, self.mode)
        return fd

    def append(self, line: bytes) -> None:
        """Write a line; a part of it that the disk took alone is blanked, and the line tried once more.

        Raises:
            OSError: the second try was cut short too.
        """
        for _ in range(2):
            done = self.write(self.fd, line)
            if done == len(line):
                return
            if done:
                end = os.lseek(self.fd, 0, os.SEEK_CUR)
                mending.blank(self.fd, self.path, end - done, end)
        raise OSError(errno.ENOSPC, "disk full", str(self.path))

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        super().close()


def rotate_if_needed(fd: int, path: Path, max_bytes: int) -> bool:
    """Rotate a log that is full; return whether the caller must open it anew."""
    if is_at(fd, path) and os.fstat(fd).st_size < max_bytes:
        return False
    with one_at_a_time(Path(f"{path}.lock"), 0o640):
        if is_at(fd, path):
            path.rename(path.with_name(f"{path.name}.{next_stamp(path, datetime.now(UTC))}"))
    return True


def write_whole(path: Path | str, data: bytes, mode: int = 0o640) -> None:
    """Write bytes to a file, whole or not at all."""
    part = Path(f"{path}.part")
    with part.open("wb") as file:
        keep_mode(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def compress(archive: Path) -> Path | None:
    """Compress an archive that nobody writes to any more; return the new path, or None while somebody does."""
    with alone(archive) as fd:
        return None if fd is None else compressing.compress(archive)


def batches(lines: Iterable[bytes], max_records: int, max_bytes: int) -> Iterator[list[bytes]]:
    """Yield lists of lines, each as long as it may be; a line longer than ``max_bytes`` goes alone."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == max_records or size + len(line) > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def next_delay(attempt: int, rng: random.Random, at_least: float = 0.0, base: float = 0.05, cap: float = 2.0) -> float:
    """Return the seconds before the next try: what was asked for, and a full jitter up to the doubled base."""
    return at_least + rng.uniform(0, min(cap, base * 2 ** min(attempt, 64)))


def split_results(
    answer: Mapping[str, Any], batch: Sequence[bytes]
) -> tuple[list[bytes], list[bytes], list[tuple[bytes, str]]]:
    """Return the lines that are done, those to try again, and dead letters with their reasons."""
    items = answer.get("items", [])
    if len(items) != len(batch):
        return [], list(batch), []
    done: list[bytes] = []
    retry: list[bytes] = []
    dead: list[tuple[bytes, str]] = []
    for line, item in zip(batch, items, strict=True):
        (result,) = item.values()
        status = result["status"]
        if status in {200, 201, 409}:
            done.append(line)
        elif status == 429 or status >= 500:
            retry.append(line)
        else:
            dead.append((line, result["error"]["reason"]))
    return done, retry, dead


def deliver(
    batch: Sequence[bytes], post: Post, sleep: Callable[[float], object], rng: random.Random
) -> list[tuple[bytes, str]]:
    """Send a batch until no line is left to try; return the dead letters.

    Raises:
        RuntimeError: the server refuses the request as a whole; nothing is lost, and trying again is no help.
    """
    dead: list[tuple[bytes, str]] = []
    left: Sequence[bytes] = batch
    attempt = 0
    while left:
        answer: Mapping[str, Any]
        try:
            status, answer = post(left)
        except OSError:
            status, answer = 503, {}
        if status == 200:
            _, left, refused = split_results(answer, left)
            dead += refused
        elif status != 429 and status < 500:
            raise RuntimeError(f"the server answers {status}: check its address and what you may do there")
        if left:
            sleep(next_delay(attempt, rng, answer.get("retry_after", 0.0)))
        attempt += 1
    return dead


def ship(
    segment: Segment,
    cursor: Path,
    post: Post,
    dead: Path,
    sleep: Callable[[float], object] = time.sleep,
    rng: random.Random | None = None,
) -> int:
    """Send what is new in a log file and move its cursor, batch by batch; return the position behind it."""
    position = int(cursor.read_bytes()) if cursor.exists() else 0
    with segment.open() as file:
        file.seek(position)
        for batch in batches(_whole_lines(file), BATCH_RECORDS, BATCH_BYTES):
            records = [line for line in batch if line.strip()]
            _bury(dead, deliver(records, post, sleep, rng or random.Random()))
            position += sum(map(len, batch))
            write_whole(cursor, str(position).encode())
    return position


def _id_of(line: bytes) -> str | None:
    try:
        found = json.loads(line)["event.id"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(found)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield line


def _bury(dead: Path, refused: Iterable[tuple[bytes, str]]) -> None:
    with dead.open("a", encoding="utf-8") as file:
        for line, reason in refused:
            file.write(json.dumps({"reason": reason, "line": line.decode("utf-8", "replace")}) + "\n")
        file.flush()
        os.fsync(file.fileno())
