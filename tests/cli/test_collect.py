"""``logdojo collect`` and ``logdojo store``, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

LINE = "2026-11-24T10:00:{:02}Z web-1 sshd[{}]: Failed password for root from 192.0.2.{} port 50211 ssh2\n"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "logdojo", *map(str, arguments)], check=False, capture_output=True, text=True
    )


def start(arguments: Sequence[str | Path]) -> subprocess.Popen[str]:
    """Start the command line."""
    return subprocess.Popen(
        [sys.executable, "-m", "logdojo", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder with a log of twenty lines."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "auth.log").write_text("".join(LINE.format(n, n, n % 3 + 1) for n in range(20)))
    return folder


def test_collect_ask_and_retain(logs: Path, tmp_path: Path) -> None:
    """Logs become events that can be asked for, counted and let go; a second run stores nothing anew."""
    store, rules = tmp_path / "e.duckdb", tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - dataset: sshd\n    severity: high\n    source: bastion\n")
    first = run("collect", logs, "--store", store, "--once", "--rules", rules, "--tenant", "acme")
    assert (first.returncode, first.stdout) == (0, "")
    assert "20 events stored" in first.stderr
    assert "0 events stored" in run("collect", logs, "--store", store, "--once").stderr
    found = run("store", "query", store, "--where", "source.ip=192.0.2.1", "--limit", "2", "--oldest")
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [event["process.pid"] for event in events] == [0, 3]
    assert events[0]["logdojo.source"] == "bastion"
    assert events[0]["logdojo.tenant"] == "acme"
    assert events[0]["logdojo.severity"] == "high"
    table = run("store", "stats", store, "--by", "source.ip", "--where", "process.pid>=2")
    assert table.stdout.splitlines()[0].split() == ["source.ip", "count"]
    assert len(table.stdout.splitlines()) == 4
    by_time = run("store", "stats", store, "--every", "10s", "--measure", "distinct", "--of", "source.ip")
    assert [line.split()[-1] for line in by_time.stdout.splitlines()[1:]] == ["3", "3"]
    kept = run("store", "retain", store, "--older-than", "2026-11-24T10:00:10Z", "--dry-run")
    assert "10 events would be deleted, 20 are there" in kept.stderr
    gone = run("store", "retain", store, "--older-than", "2026-11-24T10:00:10Z")
    assert "10 events were deleted, 10 are there" in gone.stderr


def test_a_bad_file_gives_exit_code_1_and_the_rest_is_stored(logs: Path, tmp_path: Path) -> None:
    """The problem names the file."""
    (logs / "bad.gz").write_bytes(b"\x1f\x8b nonsense")
    done = run("collect", logs, tmp_path / "missing.log", "--store", tmp_path / "e.duckdb", "--once")
    assert done.returncode == 1
    assert "bad.gz" in done.stderr
    assert "missing.log" in done.stderr
    assert "20 events stored" in done.stderr


def test_wrong_use_gives_exit_code_2(logs: Path, tmp_path: Path) -> None:
    """Nothing to collect, a condition that is none, a store that is not there, bad ages: told, with a hint."""
    store = tmp_path / "e.duckdb"
    for arguments in (
        ["collect", "--store", store],
        ["collect", logs, "--store", "http://127.0.0.1:1/index", "--once"],
        ["store", "query", store],
        ["store", "query", store, "--where", "=x"],
        ["store", "query", store, "--since", "yesterday"],
        ["store", "retain", store, "--older-than", "soon"],
    ):
        done = run(*arguments)
        assert done.returncode == 2, done.stderr
        assert "hint" in done.stderr
    assert not store.exists()


def test_a_bad_settings_file_is_told(logs: Path, tmp_path: Path) -> None:
    """The message names the file and the rule."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - severity: terrible\n")
    done = run("collect", logs, "--store", tmp_path / "e.duckdb", "--once", "--rules", rules)
    assert done.returncode == 1
    assert "rules.yaml: rules.0.severity" in done.stderr


def test_following_until_asked_to_stop(logs: Path, tmp_path: Path) -> None:
    """It listens, follows, and on SIGTERM stores what has come and ends well."""
    store = tmp_path / "e.duckdb"
    process = start(["collect", logs, "--store", store, "--syslog-udp", "0"])
    assert process.stderr is not None
    port = int(process.stderr.readline().rpartition(" ")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<34>" + LINE.format(1, 77, 9).encode(), ("127.0.0.1", port))
    end = time.monotonic() + 60
    while not list(tmp_path.glob("e.duckdb.places/*.cursor.store")):
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "21 events stored" in told
    assert '"log.source.address": "127.0.0.1:' in run("store", "query", store, "--where", "process.pid=77").stdout
