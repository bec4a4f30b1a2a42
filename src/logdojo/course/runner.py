"""Run one submission in child processes, and get a result for each check whatever it does.

A child has its own process group, an empty folder to work in and an environment without secrets. When it ends or
blocks, the cell or check that it was in is noted and left out, and a new child goes on with the rest. So ``os._exit``
or a loop in C costs one cell, as an ordinary error does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from logdojo.course.check import CHECK_SECONDS, Check, Result

GRACE_SECONDS: Final = 3.0
"""Time beyond its limit in which a child may stop a cell by itself."""
START_SECONDS: Final = 60.0
MEMORY_BYTES: Final = 4 * 2**30
_LONGEST_EVENT: Final = 65_536
FORGED: Final = "the submission wrote into the grader's own channel"
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "VIRTUAL_ENV", "NUMBER_OF_PROCESSORS")


@dataclass(frozen=True, slots=True)
class Job:
    """What to run.

    Args:
        cells: number in the notebook → source, in order.
        meant: number of a cell → the exercise that it was handed out for, as far as that is known.
        exercises: names that the checks ask for.
        checks: the checks.
        check_files: where a child loads them from.
        cell_seconds: time limit of one cell.
        total_seconds: time limit of the whole submission.
        data: folder that is copied to where the child works, as ``data``.
        cache: folder for caches that are slow to make (matplotlib's fonts), shared by all children.
    """

    cells: Mapping[int, str]
    meant: Mapping[int, str]
    exercises: Sequence[str]
    checks: Sequence[Check]
    check_files: Sequence[Path]
    cell_seconds: float
    total_seconds: float
    data: Path
    cache: Path


@dataclass(slots=True)
class Outcome:
    """What is known so far about one submission.

    Args:
        failed: number of a cell → why it failed.
        results: name of a check → its result.
        notes: repairs and other remarks.
        fatal: number of a cell → how it ended or blocked its child; such a cell is not run again.
    """

    failed: dict[int, str] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    fatal: dict[int, str] = field(default_factory=dict)


def run(job: Job) -> Outcome:
    """Run the cells and all checks; every check has a result afterwards."""
    outcome = Outcome()
    deadline = time.monotonic() + job.total_seconds
    while len(outcome.results) < len(job.checks):
        outcome.notes.clear()
        outcome.failed.clear()
        with _child(job, outcome) as child:
            stop = _follow(child, job, outcome, deadline)
        if stop:
            _fill(job, outcome, stop)
    outcome.failed = dict(sorted({**outcome.failed, **outcome.fatal}.items()))
    return outcome


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    events: queue.Queue[bytes]


@contextlib.contextmanager
def _child(job: Job, outcome: Outcome) -> Iterator[_Child]:
    with tempfile.TemporaryDirectory(prefix="logdojo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if job.data.is_dir():
            shutil.copytree(job.data, folder / "data")
        process = subprocess.Popen(
            [sys.executable, "-s", "-m", "logdojo.course.sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder, job.cache),
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        events: queue.Queue[bytes] = queue.Queue(maxsize=1000)
        reader = threading.Thread(target=_read, args=(process.stdout, events), daemon=True)
        reader.start()
        try:
            with contextlib.suppress(OSError), process.stdin:
                process.stdin.write(_message(job, outcome))
            yield _Child(process, events)
        finally:
            _kill(process)
            _drain(reader, events)
            process.stdout.close()


def _message(job: Job, outcome: Outcome) -> bytes:
    return json.dumps(
        {
            "cells": [{"number": number, "source": source} for number, source in job.cells.items()],
            "meant": dict(job.meant),
            "exercises": list(job.exercises),
            "checks": [str(path) for path in job.check_files],
            "cell_seconds": job.cell_seconds,
            "check_seconds": min(CHECK_SECONDS, job.cell_seconds),
            "skipped": outcome.fatal,
            "checked": list(outcome.results),
            "memory_bytes": MEMORY_BYTES,
            "cpu_seconds": int(job.total_seconds) + 1,
        }
    ).encode()


def _environment(folder: Path, cache: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    here = str(folder)
    return {
        **kept,
        **dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), here),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "HF_HUB_OFFLINE": "1",
        "LOGDOJO_GRADING": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }


def _read(stream: IO[bytes], events: queue.Queue[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(_LONGEST_EVENT):
            events.put(line)


def _drain(reader: threading.Thread, events: queue.Queue[bytes]) -> None:
    """Let the reader end: the stream is at its end, but the queue may be full."""
    while reader.is_alive():
        with contextlib.suppress(queue.Empty):
            events.get(timeout=0.01)


def _follow(child: _Child, job: Job, outcome: Outcome, deadline: float) -> str:
    """Take in a child's events until it is done, ends or blocks; return why all is over, if it is."""
    cell, check = 0, ""
    limit = min(deadline, time.monotonic() + START_SECONDS)
    while (event := _event(child, limit)) is not None:
        try:
            match event["event"]:
                case "cell":
                    cell, check = _known(int(event["number"]), job.cells), ""
                    limit = min(deadline, time.monotonic() + job.cell_seconds + GRACE_SECONDS)
                case "check":
                    cell, check = 0, _known(str(event["name"]), [one.name for one in job.checks])
                    limit = min(deadline, time.monotonic() + CHECK_SECONDS + GRACE_SECONDS)
                case "failed":
                    outcome.failed[_known(int(event["number"]), job.cells)] = str(event["reason"])
                case "note":
                    outcome.notes.append(str(event["text"]))
                case "result":
                    outcome.results[check] = _result(job, check, str(event["reason"]))
                case "done":
                    return "the submission ended before its checks"
                case "fault":
                    return f"the grader could not run it: {event['reason']}"
                case _:
                    return FORGED
        except (KeyError, TypeError, ValueError):
            return FORGED
    if time.monotonic() >= deadline:
        return f"the whole submission was stopped after {job.total_seconds:g} s"
    if check:
        outcome.results[check] = _result(job, check, _ending(child.process, "your code", CHECK_SECONDS))
    elif cell:
        outcome.fatal[cell] = _ending(child.process, f"cell {cell}", job.cell_seconds)
    else:
        return f"the grader could not run it: {_ending(child.process, 'it', START_SECONDS)}"
    return ""


_K = TypeVar("_K", int, str)


def _known(key: _K, keys: Iterable[_K]) -> _K:
    if key not in keys:
        raise ValueError(key)
    return key


def _event(child: _Child, limit: float) -> dict[str, Any] | None:
    """Return the next event, or none when the child ended or its time is up."""
    while True:
        ended = child.process.poll() is not None
        try:
            line = child.events.get(timeout=0.05)
        except queue.Empty:
            if ended or time.monotonic() >= limit:
                return None
            continue
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        return event if isinstance(event, dict) and "event" in event else {"event": "forged"}


def _ending(process: subprocess.Popen[bytes], what: str, seconds: float) -> str:
    code = process.poll()
    if code is None:
        return f"{what} did not stop after {seconds:g} s: look for a loop that never ends"
    if code >= 0:
        return f"{what} ended the whole process (exit status {code})"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"{what} brought the process down (signal {name})"


def _result(job: Job, name: str, reason: str) -> Result:
    one = next((one for one in job.checks if one.name == name), None)
    if one is None:
        raise ValueError(name)
    return Result(one.exercise, one.name, one.title, 0 if reason else one.points, one.points, reason)


def _fill(job: Job, outcome: Outcome, reason: str) -> None:
    for one in job.checks:
        outcome.results.setdefault(one.name, _result(job, one.name, reason))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and what it started, also when it has ended already."""
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603, a system command
    else:
        # The group lives as long as any process in it, also after its leader has ended.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
