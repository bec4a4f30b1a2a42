"""``logdojo simulate``: labelled JSON lines, or raw lines alone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from logdojo.simulate import company_days, simulate

COMMAND = [sys.executable, "-m", "logdojo", "simulate", "--lines", "40", "--seed", "9"]
WANTED = [asdict(item) for item in simulate(40, seed=9)]


def test_labelled_lines_go_to_standard_output():
    """Each line is a JSON object with the line and its truth; the labels are counted on standard error."""
    run = subprocess.run(COMMAND, capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in run.stdout.splitlines()] == WANTED
    assert run.stderr.startswith("40 lines: ")


def test_raw_lines_carry_no_label():
    """With --raw the lines come alone, as a machine would have written them."""
    run = subprocess.run([*COMMAND, "--raw"], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [row["line"] for row in WANTED]


def test_file_is_written(tmp_path: Path):
    """With --out the same JSON lines go to a file, and standard output stays empty."""
    out = tmp_path / "a.jsonl"
    run = subprocess.run([*COMMAND, "--out", str(out)], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == WANTED


def test_contradicting_options_are_refused(tmp_path: Path):
    """--raw with --out is a usage error, and a file that cannot be written is named."""
    both = subprocess.run([*COMMAND, "--raw", "--out", "x"], capture_output=True, text=True, check=False)
    assert both.returncode == 2
    gone = str(tmp_path / "none" / "a.jsonl")
    run = subprocess.run([*COMMAND, "--out", gone], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert gone in run.stderr


COMPANY = [sys.executable, "-m", "logdojo", "simulate", "--company", "--days", "1", "--events-per-day", "60"]


def test_company_writes_raw_lines_or_labelled_ones():
    """With --company the lines of the days come raw, and with --jsonl as JSON with label, stage and slots."""
    wanted = list(company_days(days=1, seed=4, events_per_day=60))
    run = subprocess.run([*COMMAND[:4], *COMPANY[4:], "--seed", "4"], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [item.line for item in wanted]
    run = subprocess.run([*COMPANY, "--seed", "4", "--jsonl"], capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in run.stdout.splitlines()] == [asdict(item) for item in wanted]


@pytest.mark.parametrize(
    "options",
    [["--days", "2"], ["--company", "--lines", "5"], ["--company", "--raw", "--jsonl"], ["--company", "--attack", "x"]],
)
def test_what_does_not_go_together_is_refused(options: list[str]):
    """Options of the other form, contradictions and unknown attacks are usage errors with a remedy."""
    run = subprocess.run([*COMMAND[:4], *options], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "hint: " in run.stderr
