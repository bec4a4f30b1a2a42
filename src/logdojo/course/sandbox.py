"""The child process that runs one submission: ``python -m logdojo.course.sandbox``.

It reads one job as JSON from standard input, runs the cells in order and then the checks, and writes events as JSON
lines to what was its standard output when it began; the submission's own output goes nowhere.

Covered: an error, a syntax error, an endless loop, ``sys.exit``, ``os.fork`` in a cell or a check costs only that cell
or check; memory, CPU time and file size are limited on Linux; ``input()`` finds an empty standard input. The parent
(``runner``) covers what ends or blocks this process.

Not covered: checks run in the same process as the submission, so code that looks for them can read them or forge what
they see, and nothing here keeps it from the network or from files that this user may read or write. Grade work of
people you do not trust in a container.
"""

from __future__ import annotations
import __future__

import ast
import asyncio
import json
import linecache
import os
import random
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from logdojo.course import my_soc
from logdojo.course.check import Check, Result, load_all, run_check, time_for
from logdojo.course.contain import Outcome, time_limit
from logdojo.course.explain import explain
from logdojo.course.magics import Shell, transformed
from logdojo.course.source import stub_line

FILE_BYTES: Final = 64 * 2**20
_FUTURE: Final = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


@dataclass(slots=True)
class _Run:
    """One run of a submission: its names, which cells failed, and which of these had to be stopped."""

    names: dict[str, Any]
    exercises: list[str]
    seconds: float
    meant: dict[int, str]
    ended: dict[int, str]
    failed: dict[int, str]
    sources: dict[int, str]
    waiting: list[int] = field(default_factory=list)
    flags: int = 0


class _Channel:
    """The way back to the parent, for this process only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._owner = os.getpid()

    def send(self, event: str, **values: object) -> None:
        """Write one event; a process that the submission forked ends here instead."""
        if os.getpid() != self._owner:
            os._exit(0)
        self._stream.write(json.dumps({"event": event, **values}) + "\n")
        self._stream.flush()


def main() -> None:
    """Run one job from standard input, then end the process, whatever threads the submission left."""
    channel = _Channel(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    try:
        job: dict[str, Any] = json.load(sys.stdin)
        _detach()
        _limit(job["memory_bytes"], job["cpu_seconds"])
        checks = load_all([Path(path) for path in job["checks"]])
        run = _cells(job, channel)
        _checks(run, job, checks, channel)
        channel.send("done")
    # The parent must learn of any failure of this module itself: a silent child would look like the learner's fault.
    except BaseException as error:  # noqa: BLE001
        channel.send("fault", reason=f"{type(error).__name__}: {error}")
    os._exit(0)


def _detach() -> None:
    """Point the standard streams at nothing: input is empty, and output costs nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cells(job: Mapping[str, Any], channel: _Channel) -> _Run:
    module = types.ModuleType("__main__")
    # Pickle and dataclasses look names up in the main module: it is the submission's, as in a notebook.
    sys.modules["__main__"] = module
    shell = Shell(module.__dict__)
    module.__dict__.update(get_ipython=lambda: shell, display=lambda *_things, **_options: None)
    my_soc.prepare(Path.cwd())
    random.seed(0)
    ended = {int(number): reason for number, reason in job["skipped"].items()}
    run = _Run(
        names=module.__dict__,
        exercises=job["exercises"],
        seconds=job["cell_seconds"],
        meant={int(number): name for number, name in job["meant"].items()},
        ended=ended,
        failed=dict(ended),
        sources={cell["number"]: cell["source"] for cell in job["cells"]},
    )
    for number in run.sources:
        if number not in run.failed:
            _cell(run, number, channel)
    _again(run, channel)
    return run


def _again(run: _Run, channel: _Channel) -> None:
    """Run cells again that missed a name, as long as that helps: they may stand above what they need."""
    before = len(run.waiting) + 1
    while 0 < len(run.waiting) < before:
        before = len(run.waiting)
        numbers, run.waiting = run.waiting, []
        for number in numbers:
            del run.failed[number]
            _cell(run, number, channel)
            if number not in run.failed:
                channel.send("note", text=f"cell {number} stands above a cell that it needs; it was run again")


def _cell(run: _Run, number: int, channel: _Channel) -> None:
    source = run.sources[number]
    if any(stub_line(name) in source and _defines(source, name) and name in run.names for name in run.exercises):
        channel.send("note", text=f"cell {number} is an unwritten copy of an exercise; it was left out")
        return
    channel.send("cell", number=number)
    outcome = Outcome()
    reason = ""
    with time_limit(run.seconds, outcome):
        try:
            _execute(run, source, f"<cell {number}>")
        except NameError as error:
            reason = explain(error)
            run.waiting.append(number)
        # Whatever a cell raises, SystemExit included, is noted, and the next cell runs.
        except BaseException as error:
            if outcome.is_limit(error):
                raise
            reason = explain(error)
    if outcome.ran_out:
        reason = f"cell {number} was stopped after {run.seconds:g} s: look for a loop that never ends"
        run.ended[number] = reason
    if reason:
        run.failed[number] = reason
        channel.send("failed", number=number, reason=reason)


def _execute(run: _Run, source: str, filename: str) -> None:
    text = source
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | run.flags
    try:
        code = compile(text, filename, "exec", flags=flags, dont_inherit=True)
    except SyntaxError as error:
        text = transformed(source)
        if text == source:
            raise
        try:
            code = compile(text, filename, "exec", flags=flags, dont_inherit=True)
        except SyntaxError:
            raise error from None
    run.flags |= code.co_flags & _FUTURE
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    waiting = eval(code, run.names)  # noqa: S307, running the submission is this module's job
    if isinstance(waiting, types.CoroutineType):
        asyncio.run(waiting)


def _checks(run: _Run, job: Mapping[str, Any], checks: list[Check], channel: _Channel) -> None:
    home = str(Path.cwd())
    results: list[Result] = []
    for one in checks:
        if one.name in job["checked"]:
            continue
        channel.send("check", name=one.name)
        if one.exercise in run.names:
            result = run_check(one, run.names, seconds=time_for(one.exercise, results, job["check_seconds"]))
        else:
            result = Result(one.exercise, one.name, one.title, 0, one.points, _why_missing(run, one.exercise))
        results.append(result)
        channel.send("result", reason=result.reason.replace(home, "."))


def _why_missing(run: _Run, exercise: str) -> str:
    for number in sorted(run.failed, reverse=True):
        if run.meant.get(number) == exercise or _defines(run.sources[number], exercise):
            return run.failed[number]
    if run.ended:
        return f"{'; '.join(run.ended.values())}; no other cell defines `{exercise}`"
    return f"no cell defines `{exercise}`"


def _defines(source: str, name: str) -> bool:
    return (
        re.search(rf"^\s*((async\s+)?def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", source, re.MULTILINE)
        is not None
    )


if __name__ == "__main__":
    main()
