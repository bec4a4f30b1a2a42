"""Simulated lines: the same from the same seed, in order, readable, and honestly labelled."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.errors import UsageError
from logdojo.parse import parse_line
from logdojo.simulate import LABELS, SimulatedLine, simulate
from logdojo.simulate.awscalls import READ_CALLS, WRITE_CALLS
from logdojo.simulate.names import HOSTS, PEOPLE
from logdojo.simulate.scenarios import ATTACKS, BACKGROUND, SCENARIOS, TWINS
from logdojo.simulate.stage import VARIANTS, variant_of

DATASETS = {"iptables": "iptables", "sshd": "sshd", "cloudtrail": "aws.cloudtrail"}
DIGEST = """
import hashlib
from logdojo.simulate import simulate
print(hashlib.sha256(repr(list(simulate(3_000, seed=5))).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def lines() -> list[SimulatedLine]:
    """Some thousand lines that several tests look at."""
    return list(simulate(12_000, seed=11))


def test_same_seed_gives_same_bytes_in_another_process():
    """A fresh interpreter with another hash seed writes the very same lines."""
    here = hashlib.sha256(repr(list(simulate(3_000, seed=5))).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST], env={"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**40), st.floats(0, 1))
def test_any_seed_gives_as_many_lines_as_asked_in_order(n_lines: int, seed: int, share: float):
    """Any seed and share give exactly n lines, ordered by time, each a single line."""
    made = list(simulate(n_lines, seed=seed, attack_share=share))
    assert len(made) == n_lines
    assert all(a.time <= b.time for a, b in pairwise(made))
    assert not any("\n" in item.line for item in made)
    assert {item.label for item in made} <= set(LABELS)


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    """Lines do not depend on how many are asked for."""
    assert list(simulate(200, seed=1)) == list(simulate(500, seed=1))[:200]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_share_of_attacks_is_obeyed(share: float):
    """At 0 nothing is an attack, at 1 everything is."""
    assert {bool(item.attack) for item in simulate(500, seed=2, attack_share=share)} == {bool(share)}


def test_impossible_wishes_are_refused():
    """A negative count and a share above 1 are usage errors that name the value."""
    with pytest.raises(UsageError, match="-1"):
        simulate(-1, seed=1)
    with pytest.raises(UsageError, match=r"1\.5"):
        simulate(1, seed=1, attack_share=1.5)


def test_every_line_is_read_as_what_it_is(lines: list[SimulatedLine]):
    """The parser rejects none, finds data set, action and address, and the time to the second."""
    for item in lines:
        event = parse_line(item.line)
        assert event.error == ""
        assert event.text("event.dataset") == DATASETS[item.format]
        assert event.text("event.action")
        assert event.text("@timestamp")[4:19] == _second(item.time)[4:19]
        assert (
            event.text("source.ip") or event.text("source.address") or "pam_unix" in item.line or "kex_ex" in item.line
        )


def _second(when: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(when), UTC).isoformat()


def test_label_belongs_to_the_session(lines: list[SimulatedLine]):
    """All lines of a session have one label, technique, group and format; benign ones name no technique."""
    told = defaultdict(set)
    for item in lines:
        told[item.session].add((item.label, item.attack, item.group, item.scenario, item.format))
        assert (item.label == "benign") == (item.attack == "")
        assert item.group.startswith(item.scenario + "/")
    assert all(len(facts) == 1 for facts in told.values())


def test_everything_happens(lines: list[SimulatedLine]):
    """Some thousand lines hold each label, each format and nearly each scenario, and benign lines are the majority."""
    labels = Counter(item.label for item in lines)
    assert set(labels) == set(LABELS)
    assert {item.format for item in lines} == set(DATASETS)
    assert len({item.scenario for item in lines}) >= len(SCENARIOS) - 2
    assert 0.5 < labels["benign"] / len(lines) < 0.8


def test_sessions_run_at_the_same_time(lines: list[SimulatedLine]):
    """Lines of different sessions are interleaved, as in a real file."""
    changes = sum(a.session != b.session for a, b in pairwise(lines))
    assert changes > len(lines) / 4


def test_labels_and_techniques_are_well_formed():
    """Labels are seven words, benign first; each attack has an ATT&CK id and at least one twin of its own format."""
    assert LABELS == ("benign", "bruteforce", "evasion", "exfiltration", "lateral", "persistence", "scan")
    twins = {(name, s.format) for s in TWINS for name in s.twin_of}
    for attack in ATTACKS:
        assert re.fullmatch(r"T1\d{3}(\.\d{3})?", attack.attack)
        assert (attack.name, attack.format) in twins
    assert {name for name, _ in twins} == {s.name for s in ATTACKS}
    assert len({s.name for s in SCENARIOS}) == len(ATTACKS) + len(TWINS) + len(BACKGROUND)


def test_variants_differ_and_stay():
    """Each scenario has its variants, no two alike, and the same ones in every simulation."""
    assert VARIANTS >= 6
    for scenario in SCENARIOS:
        variants = {variant_of(scenario.name, i) for i in range(VARIANTS)}
        assert len({(v.pace, v.size, v.region) for v in variants}) == VARIANTS


def test_pools_are_wide():
    """Names and event names are many enough not to be learned by heart."""
    assert len(set(PEOPLE)) >= 60
    assert len(set(HOSTS)) >= 60
    assert len({name for _, name in READ_CALLS + WRITE_CALLS}) >= 120


def test_addresses_belong_to_nobody(lines: list[SimulatedLine]):
    """Every IPv4 address is private, or from a range kept for documentation or benchmarks."""
    ours = re.compile(r"10\.|192\.168\.|203\.0\.113\.|198\.51\.100\.|192\.0\.2\.|198\.1[89]\.")
    for item in lines:
        address = parse_line(item.line).text("source.ip")
        assert not address or ours.match(address)
