"""Real logs that nobody on the project wrote: nothing rejected, addresses found, fields as others assert them."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import pytest

from logdojo.parse import parse_line

_IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_OURS = {"source_ip": "source.ip", "target_user": "user.name", "machine": "host.name"}


def _lines(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8", "surrogateescape").splitlines()


@pytest.mark.data
def test_openssh_log_is_read_whole(shared_data: Path):
    """No line of the OpenSSH log is rejected, each has its kind, and addresses are found where they stand."""
    events = [parse_line(line) for line in _lines(shared_data / "loghub" / "OpenSSH_2k.log")]
    assert len(events) == 2_000
    assert sum(bool(event.error) for event in events) == 0
    assert sum(event.text("event.action") == "" for event in events) == 0
    with_address = [event for event in events if _IPV4.search(event.text("message"))]
    assert sum("source.ip" in event.fields for event in with_address) / len(with_address) >= 0.99


@pytest.mark.data
def test_linux_log_is_read_whole(shared_data: Path):
    """No line of the Linux log is rejected, and each names its host."""
    events = [parse_line(line) for line in _lines(shared_data / "loghub" / "Linux_2k.log")]
    assert [event.error for event in events if event.error] == []
    assert all(event.text("host.name") == "combo" for event in events)


@pytest.mark.data
@pytest.mark.parametrize("half", [0, 1])
def test_fields_that_others_assert(shared_data: Path, half: int):
    """Address, user and host are those that another project's parsers are held to; nothing was mended after half 1."""
    found = wanted = 0
    for text in _lines(shared_data / "crowdsec" / "fields.jsonl"):
        row = json.loads(text)
        formats = ("sshd-logs", "iptables-logs", "aws-cloudtrail")
        if not row["parser"].endswith(formats) or zlib.crc32(row["group"].encode()) % 2 != half:
            continue
        if row["group"].startswith("proxmox"):
            continue
        event = parse_line(row["line"])
        for theirs, ours in _OURS.items():
            if theirs in row["meta"]:
                wanted += 1
                found += event.text(ours) == row["meta"][theirs]
    assert wanted > 10
    assert found / wanted >= 0.95
