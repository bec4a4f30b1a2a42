"""``logdojo parse``: one JSON object a line, counts on standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_every_line_comes_out_once(tmp_path: Path):
    """Good, broken and binary lines each give one JSON object in order; the command succeeds and counts them."""
    log = tmp_path / "a.log"
    log.write_bytes(b"May  9 08:07:06 h sshd[1]: Invalid user bob from 192.0.2.1 port 5\n\nnonsense \xff\xfe\n{}\n")
    run = subprocess.run([sys.executable, "-m", "logdojo", "parse", str(log)], capture_output=True, check=True)
    rows = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert [row["event.kind"] for row in rows] == ["event", *["pipeline_error"] * 3]
    assert rows[0]["source.ip"] == "192.0.2.1"
    assert rows[2]["event.original"] == "nonsense \\xff\\xfe"
    assert rows[2]["error.message"] == "not UTF-8: byte 0xff at byte offset 9"
    assert "4 lines: 1 sshd; 3 rejected" in run.stderr.decode()


def test_standard_input_is_read():
    """Without a file name the command reads standard input."""
    run = subprocess.run([sys.executable, "-m", "logdojo", "parse"], input=b"x\n", capture_output=True, check=True)
    assert len(run.stdout.splitlines()) == 1


def test_missing_file_is_named(tmp_path: Path):
    """A file that is not there ends the command with code 1 and its name."""
    name = str(tmp_path / "none.log")
    run = subprocess.run([sys.executable, "-m", "logdojo", "parse", name], capture_output=True, check=False)
    assert run.returncode == 1
    assert name in run.stderr.decode()
