"""Lines a second of the anonymizer beside a plain regex redactor, in one run and one process.

The baseline is what a team writes in an afternoon: eight standard-library patterns, one ``sub`` each, everything by a
fixed word. It knows no fields, keeps no pseudonyms and protects no timestamps.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from logdojo.anonymize import Anonymizer

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
_SECONDS = 2.0


def _baseline(line: str) -> str:
    for pattern, word in _BASELINE:
        line = pattern.sub(word, line)
    return line


def _rate(redact: Callable[[str], object], lines: Iterable[str]) -> float:
    """Return lines per CPU second, over at least two seconds."""
    count, start = 0, time.process_time()
    while time.process_time() - start < _SECONDS:
        for line in lines:
            redact(line)
            count += 1
    return count / (time.process_time() - start)


def _lines() -> dict[str, list[str]]:
    data = Path(os.environ.get("LOGDOJO_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    files = {
        "sshd (OpenSSH_2k)": data / "loghub" / "OpenSSH_2k.log",
        "web (apache_logs)": data / "elastic-examples" / "apache_logs",
        "cloud (panther)": data / "panther" / "train.jsonl",
    }
    found = {
        name: file.read_text("utf-8", "replace").splitlines()[:2000] for name, file in files.items() if file.is_file()
    }
    return found or {"sshd (one line)": ["Dec 10 06:55:46 LabSZ sshd[1]: Invalid user bob from 173.234.31.186"] * 2000}


def main() -> None:
    """Print a table: lines, characters a line, lines per CPU second of both, and their ratio."""
    print(f"{'log':<20}{'lines':>7}{'chars':>7}{'regex/s':>10}{'logdojo/s':>11}{'ratio':>7}")
    for name, lines in _lines().items():
        anonymizer = Anonymizer(_KEY)
        plain, ours = _rate(_baseline, lines), _rate(anonymizer.line, lines)
        chars = sum(map(len, lines)) / len(lines)
        print(f"{name:<20}{len(lines):>7,}{chars:>7.0f}{plain:>10,.0f}{ours:>11,.0f}{ours / plain:>7.2f}")
    anonymizer, start = Anonymizer(_KEY), time.process_time()
    addresses = [f"{a}.{b}.{c}.7" for a in range(11, 91) for b in range(0, 250, 5) for c in range(0, 250, 20)]
    for address in addresses:
        anonymizer.value("ip", address)
    spent = time.process_time() - start
    print(f"new IPv4 addresses, sorted: {len(addresses) / spent:,.0f} a second")
