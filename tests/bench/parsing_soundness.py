"""Soundness of parsing: mutated lines, a coverage-guided fuzzer, and lines made to take long.

The fuzzer is atheris, in an environment of its own in the user's cache folder; ``parsing_fuzz`` runs there.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench.parsing_speed import fixtures, streams

from logdojo.events import PIPELINE_ERROR
from logdojo.parse import parse_line

ROOT: Final = Path(__file__).resolve().parents[2]
FUZZER: Final = "atheris==3.0.0"
SLOWEST_MS: Final = 50
HOSTILE: Final = 100_000
"""Code points of a line that is made to take long."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789 =:\"'[]{}<>|,;./\\-_\t%"
_SEPARATORS: Final = (
    *" ,|;:=\t\"[](){}/\\.-<>'@%a0",
    "a=",
    'a="',
    " a=b",
    "::",
    "1.1.1.1 ",
    "a:1 ",
    '"a" ',
    "a.b-",
    '\\"',
)


def mutated(line: str, dice: random.Random) -> str:
    """Return a line with one to four pieces cut out, doubled, replaced or swapped."""
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(line) + 1)
        stop = min(len(line), start + dice.randrange(24))
        piece = line[start:stop]
        change = dice.randrange(5)
        if change == 0:
            piece = ""
        elif change == 1:
            piece *= dice.randint(2, 5)
        elif change == 2:
            piece = "".join(dice.choice(_LETTERS) for _ in range(dice.randrange(12)))
        elif change == 3:
            piece = chr(dice.choice((0, 9, 27, 34, 92, 127, 160, 8232, 55_296, 56_448, 65_279, 128_512)))
        else:
            piece = piece[::-1]
        line = line[:start] + piece + line[stop:]
    return line


def print_mutations(count: int) -> None:
    """Parse mutated fixtures and generated lines; print crashes, and events with a span that is not literal."""
    dice = random.Random(11)
    seeds = [line for _, line, _ in fixtures()] + [line for same in streams().values() for line in same[:40]]
    crashes = unsound = rejected = 0
    for _ in range(count):
        line = mutated(dice.choice(seeds), dice)
        try:
            event = parse_line(line)
        except Exception as error:  # noqa: BLE001  # any exception is what is counted
            crashes += 1
            print(f"crash: {error!r} on {line[:200]!r}")
            continue
        rejected += event.get("event.kind") == PIPELINE_ERROR
        unsound += any(event.original[a:b] != str(event.fields.get(name)) for name, (a, b) in event.spans.items())
        unsound += event.original != line.rstrip("\r\n")
    print(
        f"\n{count:,} mutated lines: {crashes} crashes, {unsound} unsound events, {rejected:,} rejected with a reason"
    )


def print_hostile(lines_per_format: int) -> None:
    """Print which lines of 100 kB take longest, of beginnings of each format and pieces repeated after them."""
    slowest: list[tuple[float, str, str, str]] = []
    by_format: dict[str, list[str]] = {}
    for name, line, _ in fixtures():
        by_format.setdefault(name, []).append(line)
    for name, lines in by_format.items():
        dice = random.Random(name)
        candidates = list(_hostile(lines, dice))
        dice.shuffle(candidates)
        timed = [(_milliseconds(line), name, head, unit) for line, head, unit in candidates[:lines_per_format]]
        slowest.append(max(timed))
    slowest.sort(reverse=True)
    over = [each for each in slowest if each[0] >= SLOWEST_MS]
    print(
        f"\nlines of {HOSTILE:,} characters, {lines_per_format} of each of {len(slowest)} formats: {len(over)} of the"
    )
    print(f"formats have one that takes {SLOWEST_MS} ms of CPU time or more; the slowest:")
    for took, name, head, unit in slowest[:5]:
        print(f"  {took:6.1f} ms  {name:24} {head[-32:]!r} + {unit[:32]!r} repeated")


def _hostile(lines: list[str], dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield lines with their beginning and the piece repeated after it."""
    for line in lines[:8]:
        words = re.findall(r"\S+\s?|\s", line)
        for at in (0, 3, 5, 7, 9, 10):
            head = line[: len(line) * at // 10]
            for unit in (line, f"{line} ", *dice.choices(words, k=6), *_SEPARATORS):
                body = head + unit * ((HOSTILE - len(head)) // len(unit))
                yield body, head, unit
                yield body + line[len(head) :], head, unit


def _milliseconds(line: str) -> float:
    """Return the CPU time a line takes, the better of two if it is much."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        parse_line(line)
        best = min(best, (time.process_time() - start) * 1e3)
        if best < SLOWEST_MS / 2:
            break
    return best


def print_fuzzed(executions: int) -> None:
    """Print what atheris finds in so many executions, guided by coverage, from the fixtures on."""
    program, reason = _fuzzer()
    if program is None:
        print(f"\natheris not run: {reason}")
        return
    paths = (ROOT / "src", ROOT, sysconfig.get_path("purelib"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, line, _) in enumerate(fixtures()):
            (Path(folder) / f"{number:04d}").write_text(line, "utf-8", "surrogateescape", newline="")
        limits = ("-max_len=4096", "-timeout=10", "-rss_limit_mb=4096", "-seed=11", f"-artifact_prefix={folder}-")
        command = (str(program), "-m", "tests.bench.parsing_fuzz", f"-runs={executions}", *limits, folder)
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line]
    if done.returncode:
        print("\natheris found a line that is not read soundly:")
        print(done.stdout[-2_000:])
        print("\n".join(line[:300] for line in said[-4:]))
    else:
        print(
            f"\natheris, {len(fixtures())} seeds: {said[-1] if said else 'nothing said'}, 0 crashes, 0 unsound events"
        )


def _fuzzer() -> tuple[Path | None, str]:
    """Return the interpreter of the fuzzer's environment, made when there is none, or why there is none."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "logdojo-bench" / "fuzz"
    program, complete = folder / "bin" / "python", folder / "complete"
    if not complete.is_file():
        venv.create(folder, with_pip=True, clear=True)
        pip = (str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", FUZZER)
        made = subprocess.run(pip, capture_output=True, text=True, check=False)
        if made.returncode:
            return None, f"it cannot be installed for Python {sys.version.split()[0]}"
        complete.touch()
    return program, ""
