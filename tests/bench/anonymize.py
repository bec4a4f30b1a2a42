"""Lines a CPU second of the anonymizer on a mix of real logs, beside a plain regex redactor and general redactors.

    python -m tests.bench.anonymize

The mix is all development data, shuffled with a fixed seed, about 250 characters a line. The baseline is what a team
writes in an afternoon: eight standard-library patterns, one ``sub`` each, everything by a fixed word. It knows no
fields, keeps no pseudonyms and protects no timestamps. Each of our runs starts with an empty memory, best of three;
peers get a prefix of the same mix, since some take seconds for a hundred lines.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.bench import leaks_peers

from logdojo.anonymize import Anonymizer
from logdojo.anonymize.fast import Engine

GOALS: dict[Engine, int] = {"standard": 15_000, "hyperscan": 60_000}
_BASELINE = [
    (re.compile(pattern), word)
    for pattern, word in [
        (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "[ip]"),
        (r"\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}\b", "[ip]"),
        (r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b", "[mac]"),
        (r"[\w.+-]+@[\w-]+\.[\w.-]+", "[email]"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "[key]"),
        (r"\b\d{12}\b", "[account]"),
        (r"(?i)(password|token|secret)=\S+", r"\1=[secret]"),
        (r"(?i)\buser[ =](\w+)", "user [user]"),
    ]
]
_KEY = b"a key of the benchmark, 32 bytes"
_DATA = Path(os.environ.get("LOGDOJO_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
_SEED = 1
_RUNS = 3
_PREFIX = {"presidio + spaCy small": 200, "presidio patterns": 400, "scrubadub": 400, "datafog": 5_000}


def mix() -> dict[str, list[str]]:
    """Return the lines of each source."""
    files = [*sorted((_DATA / "loghub").glob("*_2k.log")), _DATA / "elastic-examples" / "apache_logs"]
    sources = {file.name: file.read_text("utf-8", "replace").splitlines() for file in files}
    for name in ("train", "fields"):
        rows = (_DATA / "crowdsec" / f"{name}.jsonl").read_text("utf-8").splitlines()
        sources[f"crowdsec {name}"] = [json.loads(row)["line"] for row in rows]
    rows = (_DATA / "panther" / "train.jsonl").read_text("utf-8").splitlines()
    sources["panther events"] = [json.dumps(json.loads(row)["event"]) for row in rows]
    return sources


def _baseline(lines: Iterable[str]) -> list[str]:
    out = []
    for line in lines:
        for pattern, word in _BASELINE:
            line = pattern.sub(word, line)  # noqa: PLW2901
        out.append(line)
    return out


def _rate(redact: Callable[[Sequence[str]], object], lines: Sequence[str], *, runs: int = _RUNS) -> float:
    """Return lines per CPU second, best of some runs."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        redact(lines)
        best = min(best, time.process_time() - start)
    return len(lines) / best


def _ours(engine: Engine) -> Callable[[Sequence[str]], list[str]]:
    return lambda lines: list(Anonymizer(_KEY, engine=engine).lines(lines))


def _row(name: str, count: int, rate: float, note: str = "") -> None:
    print(f"{name:<36}{count:>8,}{rate:>14,.0f}  {note}".rstrip())


def main() -> None:
    """Print the make-up of the mix, a table of speeds, and whether all engines give the same output."""
    if not _DATA.is_dir():
        print("not measured: the development data are not here (set LOGDOJO_DATA)")
        return
    sources = mix()
    print(f"{'source':<26}{'lines':>8}{'chars a line':>14}{'standard/s':>12}")
    for name, lines in sources.items():
        size = sum(map(len, lines)) / len(lines)
        print(f"{name:<26}{len(lines):>8,}{size:>14.0f}{_rate(_ours('standard'), lines, runs=1):>12,.0f}")
    lines = [line for each in sources.values() for line in each]
    random.Random(_SEED).shuffle(lines)
    size = sum(map(len, lines)) / len(lines)
    print(f"{'the mix':<26}{len(lines):>8,}{size:>14.0f}\n\n{'lines a CPU second':<36}{'lines':>8}{'a second':>14}")
    engines: list[Engine] = ["standard", *[name for name in ("hyperscan", "re2") if find_spec(name)]]  # type: ignore[list-item] # the names are engines
    outputs = {}
    for engine in engines:
        goal = f"goal {GOALS[engine]:,}" if engine in GOALS else ""
        _row(f"logdojo, {engine}", len(lines), _rate(_ours(engine), lines), goal)
        outputs[engine] = _ours(engine)(lines)
    _row("eight patterns of re", 5_000, _rate(_baseline, lines[:5_000]))
    _peers(lines)
    same = all(output == outputs["standard"] for output in outputs.values())
    print(f"\nall engines give the same {len(lines):,} lines: {'yes' if same else 'NO'}")
    _addresses()


def _peers(lines: Sequence[str]) -> None:
    program, why = leaks_peers.python()
    if program is None:
        print(f"peers not measured: {why}")
        return
    for name, count in _PREFIX.items():
        spent = leaks_peers.seconds(program, name, lines[:count])
        if isinstance(spent, str):
            print(f"{name} not measured: {spent}")
        else:
            _row(name, count, count / spent)


def _addresses() -> None:
    anonymizer, start = Anonymizer(_KEY), time.process_time()
    addresses = [f"{a}.{b}.{c}.7" for a in range(11, 91) for b in range(0, 250, 5) for c in range(0, 250, 20)]
    for address in addresses:
        anonymizer.value("ip", address)
    print(f"new IPv4 addresses, sorted: {len(addresses) / (time.process_time() - start):,.0f} a second")


if __name__ == "__main__":
    main()
