"""The anonymizer on real logs that nobody on the project wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.bench.leaks import CLEAN_GOAL, GOALS, LOSS_GOALS, alone, judge
from tests.bench.leaks_data import Event, load, stands

from logdojo.anonymize import Anonymizer, Audit, Redacted, load_policy
from logdojo.anonymize.detectors.timestamps import timestamps
from logdojo.parse import parse_line

ANONYMIZER = Anonymizer(b"a key of the tests, 32 bytes long")
POLICY = load_policy()
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")


def _copied(redacted: Redacted) -> str:
    """Return the output with every replacement blanked: what is left was copied from the input."""
    text = list(redacted.text)
    for start, stop in redacted.spans:
        text[start:stop] = "\0" * (stop - start)
    return "".join(text)


@pytest.mark.data
@pytest.mark.parametrize("name", ["OpenSSH_2k.log", "Linux_2k.log", "OpenStack_2k.log", "HDFS_2k.log"])
def test_a_real_log(shared_data: Path, name: str):
    """Count kept, no IPv4 address of the input in the output, timestamps untouched, the audit is content."""
    lines = (shared_data / "loghub" / name).read_text("utf-8").splitlines()
    audit = Audit(common_words=POLICY.common_words | POLICY.no_names)
    redacted = [ANONYMIZER.redact(line) for line in lines]
    out = [audit.watch(each) for each in redacted]
    audit.check()
    assert len(out) == len(lines)
    before = {ip for line in lines for ip in _IPV4.findall(line) if max(map(int, ip.split("."))) < 256}
    kept = {ip for ip in before if ANONYMIZER.value("ip", ip) == ip}
    assert kept <= {"0.0.0.0"}  # noqa: S104, an address in a log
    assert not (before - kept) & {ip for each in redacted for ip in _IPV4.findall(_copied(each))}
    for line, new in zip(lines, out, strict=True):
        assert [line[slice(*s)] for s in timestamps(line)] == [new[slice(*s)] for s in timestamps(new)]


@pytest.mark.data
def test_parsed_events_stay_of_one_piece(shared_data: Path):
    """What a real event says in its fields still stands at their places in its line."""
    for line in (shared_data / "loghub" / "OpenSSH_2k.log").read_text("utf-8").splitlines():
        event = ANONYMIZER.event(parse_line(line))
        assert event.original.count(" ") == line.count(" ") - parse_line(line).text("user.name").count(" ")
        for name, span in event.spans.items():
            assert str(event.get(name)) == event.original[slice(*span)], name


@pytest.mark.data
def test_leaks_and_losses(shared_data: Path, capsys: pytest.CaptureFixture[str]):
    """On the part of the real events that no rule was written for: the goals of the judge, and what it measured."""
    events = [event for event in load(shared_data) if event.part == "reported"]
    figures = judge(events, alone).figures()
    with capsys.disabled():
        print(
            "\nreported part, percent: " + ", ".join(f"{name} {figure:.2f}" for name, figure in figures.items()), end=""
        )
    assert len(events) > 1_000
    assert figures["mac"] == figures["email"] == 0
    assert figures["ip"] <= 0.5
    assert {name: figures[name] for name in ("user", "host", "account", "ALL") if figures[name] > GOALS[name]} == {}
    assert figures["clean"] >= CLEAN_GOAL
    assert {name: figures[name] for name, goal in LOSS_GOALS.items() if figures[name] > goal} == {}


def test_the_judge_counts():
    """Without its sensitive value an output is clean, without its useful one it has a loss; parts of words are none."""
    event = Event(
        "x", "tuned", "user bob from 192.0.2.7 port 22", (("ip", "192.0.2.7"), ("user", "bob")), (("port", "22"),)
    )
    assert judge([event], lambda _: ["user bob from [ip] port [number]"]).figures()["ALL"] == 50
    assert judge([event], lambda _: ["user bobby from 192.0.2.77 port 22"]).figures()["clean"] == 100
    assert judge([event], lambda _: ["gone"]).figures()["LOSS"] == 100
    assert stands("bob", r"Name:\tbob\r\n")
