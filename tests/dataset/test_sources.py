"""Labelled rows of several kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from logdojo.anonymize import Anonymizer
from logdojo.dataset import load_examples
from logdojo.errors import DatasetError

KEY = Anonymizer(b"0123456789abcdef0123456789abcdef")


def _write(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_panther_rows_become_suspicious_or_benign(tmp_path: Path):
    """A case on which the rule fires is suspicious, its near twin benign; both keep the rule as group."""
    event = {"eventName": "DeleteTrail", "sourceIPAddress": "198.51.100.7", "userIdentity": {"userName": "carla"}}
    row = {"event": event, "group": "R", "log_type": "AWS.CloudTrail", "attack": ["TA0005:T1562.008"]}
    first, second = load_examples(_write(tmp_path / "p.jsonl", [row | {"hit": True}, row | {"hit": False}]), KEY)
    assert (first.label, first.attack, first.group) == ("suspicious", "T1562.008", "R")
    assert (second.label, second.attack) == ("benign", "")
    assert "carla" not in first.line
    assert "198.51.100.7" not in first.line


def test_crowdsec_lines_that_are_equal_once_masked_count_once(tmp_path: Path):
    """A test that repeats a line with another address and time is one example."""
    rows = [
        {"line": f"Jan  1 00:00:0{i} h sshd[1]: Failed password for root from 10.0.0.{i} port 22 ssh2",
         "behavior": "bruteforce", "group": "g", "attack": ["attack.T1110"]}
        for i in range(3)
    ]  # fmt: skip
    assert len(load_examples(_write(tmp_path / "c.jsonl", rows), KEY)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "no rows"), ("{", ":1: not JSON"), ("[1]", "not a JSON object"), ('{"a": 1}', "unknown kind of row")],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, content: str, message: str):
    """The error names file and line."""
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=message) as error:
        load_examples(path, KEY)
    assert "rows.jsonl" in str(error.value)


def test_real_rows_are_read_whole(shared_data: Path):
    """Every panther case becomes one example, and no text is empty."""
    path = shared_data / "panther" / "train.jsonl"
    examples = load_examples(path, KEY)
    assert len(examples) == path.read_bytes().count(b"\n")
    assert all(e.text and e.group for e in examples)
