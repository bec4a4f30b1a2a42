"""The company's days: the same from the same seed, in order, complete, readable, and honestly labelled."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.errors import UsageError
from logdojo.parse import parse_line
from logdojo.simulate.company import (
    ATTACKS,
    COMPANY_LABELS,
    FORMATS,
    LOOKALIKES,
    ROUTINE,
    CompanyLine,
    company_days,
)
from logdojo.simulate.company.chart import LETTERS, as_figure, as_text, day_of
from logdojo.simulate.company.rhythm import RHYTHMS, share_of_day
from logdojo.simulate.company.timeline import DAY, FIRST_DAY

DATASETS = {
    "iptables": "iptables",
    "pfsense": "pf.filterlog",
    "asa": "cisco.asa",
    "panos": "paloalto.panos",
    "fortigate": "fortinet.fortigate",
    "vpcflow": "aws.vpcflow",
    "suricata": "suricata.eve",
    "squid": "squid.access",
    "nginx": "web.access",
    "sshd": "sshd",
    "sudo": "sudo",
    "windows": "windows",
    "okta": "okta.system",
    "cloudtrail": "aws.cloudtrail",
}
"""Format of the company → data set of its parser; name servers' queries have none and are read as plain syslog."""
DIGEST = """
import hashlib
from logdojo.simulate import company_days
print(hashlib.sha256(repr(list(company_days(days=2, seed=5, events_per_day=1_500))).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def fortnight() -> list[CompanyLine]:
    """Two weeks of a company with rather few events a day."""
    return list(company_days(days=14, seed=11, events_per_day=3_500))


def test_same_seed_gives_same_bytes_in_another_process():
    """A fresh interpreter with another hash seed writes the very same lines."""
    made = list(company_days(days=2, seed=5, events_per_day=1_500))
    here = hashlib.sha256(repr(made).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST], env={"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 2), st.integers(0, 400), st.floats(0, 1))
def test_any_seed_gives_lines_in_order_within_the_days(seed: int, days: int, events: int, share: float):
    """Whatever is asked for comes in order of time, within the days, each line a single one."""
    made = list(company_days(days=days, seed=seed, events_per_day=events, attack_share=share))
    assert all(a.time <= b.time for a, b in pairwise(made))
    assert all(FIRST_DAY <= item.time < FIRST_DAY + days * DAY for item in made)
    assert not any("\n" in item.line for item in made)


def test_fewer_days_are_the_beginning_of_more():
    """Lines do not depend on how many days are asked for."""
    first = list(company_days(days=1, seed=1, events_per_day=800))
    assert first == list(islice(company_days(days=3, seed=1, events_per_day=800), len(first)))


def test_without_attacks_the_rest_is_the_same():
    """The benign lines of a seed are the same with all attacks, with some, and without."""
    wanted = list(company_days(days=2, seed=6, events_per_day=1_500, attacks=False))
    for attacks in (True, ["port_scan", "key_theft"]):
        made = list(company_days(days=2, seed=6, events_per_day=1_500, attacks=attacks, attack_share=0.2))
        assert [item for item in made if item.label == "benign"] == wanted
        seen = {item.scenario for item in made if item.label != "benign"}
        assert seen == set(attacks) if isinstance(attacks, list) else len(seen) > 4


def test_impossible_wishes_are_refused():
    """Negative numbers, a share above 1 and an unknown attack are usage errors that name the value."""
    with pytest.raises(UsageError, match="-1"):
        company_days(days=-1, seed=1)
    with pytest.raises(UsageError, match="-7"):
        company_days(days=1, seed=1, events_per_day=-7)
    with pytest.raises(UsageError, match=r"1\.5"):
        company_days(days=1, seed=1, attack_share=1.5)
    with pytest.raises(UsageError, match="'theft'"):
        company_days(days=1, seed=1, attacks=["theft"])


def test_two_weeks_show_everything(fortnight: list[CompanyLine]):
    """Every attack, look-alike and routine, every label and every source occurs, and the volume is as asked."""
    assert {item.scenario for item in fortnight} == {s.name for s in (*ATTACKS, *LOOKALIKES, *ROUTINE)}
    assert {item.label for item in fortnight} == set(COMPANY_LABELS)
    assert {item.format for item in fortnight} == set(FORMATS)
    assert 0.8 < len(fortnight) / (14 * 3_500) < 1.2


def test_attacks_are_rare(fortnight: list[CompanyLine]):
    """At the default share at most two in a hundred lines belong to an attack."""
    assert 0.002 < sum(item.label != "benign" for item in fortnight) / len(fortnight) < 0.02


def test_a_session_has_one_label_and_attacks_show_in_several_sources(fortnight: list[CompanyLine]):
    """All lines of a session have one scenario and label; nearly every attack is seen by more than one device."""
    sessions: dict[str, list[CompanyLine]] = defaultdict(list)
    for item in fortnight:
        sessions[item.session].append(item)
    assert all(len({(item.label, item.group) for item in lines}) == 1 for lines in sessions.values())
    hostile = [lines for lines in sessions.values() if lines[0].label != "benign"]
    several = sum(len({item.format for item in lines}) > 1 for lines in hostile)
    assert several / len(hostile) > 0.9


def test_stages_carry_attack_ids_of_their_scenario(fortnight: list[CompanyLine]):
    """ATT&CK ids have the right shape, belong to the scenario, and are all played; benign lines have none."""
    techniques = {scenario.name: set(scenario.techniques) for scenario in ATTACKS}
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", t) for ids in techniques.values() for t in ids)
    seen: dict[str, set[str]] = defaultdict(set)
    made = company_days(days=3, seed=2, events_per_day=2_000, attack_share=1.0)
    for item in (*fortnight, *made):
        if item.label == "benign":
            assert (item.attack, item.stage) == ("", "routine")
        elif item.attack:
            seen[item.scenario].add(item.attack)
    assert dict(seen) == techniques


def test_slots_stand_in_the_line(fortnight: list[CompanyLine]):
    """Each value that is said to stand in a line does, and each line says who is concerned."""
    for item in fortnight:
        assert item.slots
        assert all(str(value) in item.line for value in item.slots.values()), item


def test_every_line_is_read(fortnight: list[CompanyLine]):
    """The parser rejects no line of any source, and finds the data set where the format has a parser of its own."""
    for item in fortnight[::8]:
        event = parse_line(item.line)
        assert not event.error, item.line
        if item.format in DATASETS:
            assert event.text("event.dataset") == DATASETS[item.format], item.line


def test_slots_are_read_back(fortnight: list[CompanyLine]):
    """Where a format has a parser, it finds the time and at least 99 of 100 of the values that stand in the lines."""
    for form in DATASETS:
        wanted, missed = 0, Counter[str]()
        for item in [item for item in fortnight if item.format == form][:150]:
            event = parse_line(item.line)
            for name, value in item.slots.items():
                wanted += 1
                # Transports are written in either case, and read as lower case.
                missed[name] += event.text(name).lower() != str(value).lower()
            # A flow record is written at the end of its window, and tells both ends of it.
            if form != "vpcflow":
                missed["@timestamp"] += event.text("@timestamp")[5:19] != _utc(item.time)[5:19]
        assert missed.total() <= 0.01 * wanted, (form, missed)


def _utc(when: float) -> str:
    return datetime.fromtimestamp(int(when), UTC).isoformat()


def test_days_have_a_rhythm(fortnight: list[CompanyLine]):
    """Offices work by day and on working days; each rhythm keeps the mean over a week."""
    desks = [item for item in fortnight if item.scenario == "desk"]
    hours = Counter(int(item.time // 3_600) % 24 for item in desks)
    assert min(hours[h] for h in (9, 10, 14, 15)) > 5 * max(hours[h] for h in (0, 1, 2, 3))
    weekend = sum((item.time - FIRST_DAY) // DAY % 7 > 4 for item in desks)
    assert weekend / len(desks) < 0.15
    assert all(sum(share_of_day(name, day) for day in range(7)) == pytest.approx(7) for name in RHYTHMS)


def test_chart_marks_attacks_by_letter(fortnight: list[CompanyLine], tmp_path: Path):
    """Text and picture have a row a source, and say which letter is which attack."""
    day = day_of(item for item in fortnight if 0 <= item.time - FIRST_DAY - DAY < DAY)
    text = as_text(day)
    assert all(any(row.startswith(source) for row in text.splitlines()) for source in FORMATS)
    assert day.seen()
    assert all(f"{LETTERS[name]} {name}: {count} lines" in text for name, count in day.seen().items())
    assert len(set(LETTERS.values())) == len(ATTACKS)
    as_figure(day).savefig(tmp_path / "day.png")
    assert (tmp_path / "day.png").stat().st_size > 10_000


def test_demonstration_draws_a_day():
    """``python -m logdojo.simulate`` prints the chart."""
    command = [sys.executable, "-m", "logdojo.simulate", "--events", "400", "--day", "0"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("source ")
