"""Priorities of events: explained, monotone, bounded, the same every time."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.simulate import company_days
from logdojo.triage.priorities import Asset, Assets, Incident, Incidents, Prioritizer, review
from logdojo.triage.priorities.sighting import Sighter

_spec = importlib.util.spec_from_file_location("priority_events", Path(__file__).with_name("events.py"))
assert _spec is not None
assert _spec.loader is not None
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
NOW = made.MONDAY + 10 * 3_600
NAMES = st.sampled_from(
    [
        *("@timestamp", "user.name", "source.ip", "destination.ip", "destination.port", "source.port", "host.name"),
        *("event.action", "event.category", "event.type", "event.outcome", "event.dataset", "url.original"),
        *("dns.question.name", "source.bytes", "network.bytes", "cloud.region", "http.response.status_code", "x.y"),
        *("source.geo.country_name", "user_agent.original", "logdojo.time.year_inferred", "event.code"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=10), max_size=4),
    st.just("9" * 5_000),
    st.sampled_from(["10.0.0.1", "198.51.100.1", "authentication", "api", "start", "failure", "2025-01-06T00:00:00Z"]),
    st.sampled_from(["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "\udcff\ud800", "a" * 300_000]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.builds(LogEvent, st.text(max_size=20), st.dictionaries(NAMES, VALUES, max_size=12)), max_size=8))
def test_no_value_whatever_breaks_or_bloats_a_priority(events: list[LogEvent]):
    """Odd types, huge numbers, long texts and broken times give a score whose reasons add up and stay short."""
    prioritizer = Prioritizer()
    for each in events:
        found = prioritizer.observe(each)
        assert sum(reason.points for reason in found.reasons) == found.score <= 100
        assert all(len(reason.sentence) < 1_000 for reason in found.reasons)
    text = review(prioritizer.cases, day=prioritizer.day).to_text()
    text.encode("utf-8")


def test_unknown_fields_are_harmless():
    """Fields that nobody knows change nothing."""
    plain = made.sign_in(NOW, "ida", "198.51.100.1", failed=True)
    more = LogEvent(plain.original, {**plain.fields, "vendor.odd.field": "x" * 10_000, "another": {"a": [1]}})
    assert Prioritizer().observe(plain) == Prioritizer().observe(more)


def test_an_event_that_was_not_read_has_no_priority():
    """A rejected line gets 0 and no reason; it says nothing about anybody."""
    assert Prioritizer().observe(LogEvent.rejected("???", "no format")).score == 0


def test_each_part_adds_to_the_score_and_says_why():
    """Class, critical asset, tag and past incident each raise the score of the same event, with a sentence."""
    event = made.sign_in(NOW, "ida", "198.51.100.1", failed=True, host__name="db-1")
    plain = Prioritizer().observe(event)
    critical = Assets([(Asset("orders", "critical", "the shop"), ("db-1",), (), ())])
    tagged = Assets([(Asset("orders", "critical", "the shop", ("pci",)), ("db-1",), (), ())])
    past = Incidents([Incident(NOW - 86_400, ("ida",), "high", "phished")])
    scores = [
        plain,
        Prioritizer(assets=critical).observe(event),
        Prioritizer(assets=tagged).observe(event),
        Prioritizer(assets=tagged, incidents=past).observe(event),
    ]
    assert [each.score for each in scores] == sorted({each.score for each in scores})
    told = {reason.name: reason.sentence for reason in scores[-1].reasons}
    assert set(told) == {"event class", "critical asset", "regulatory tag", "incident history"}
    assert "the shop" in told["critical asset"]
    assert "card data" in told["regulatory tag"]
    assert "phished" in told["incident history"]


def test_a_more_critical_asset_never_lowers_the_score():
    """The four criticalities are in order."""
    event = made.sign_in(NOW, "ida", "198.51.100.1", failed=True, host__name="db-1")
    scores = [
        Prioritizer(assets=Assets([(Asset("a", each), ("db-1",), (), ())])).observe(event).score
        for each in ("low", "medium", "high", "critical")
    ]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_the_same_events_give_the_same_list():
    """A simulated day gives the same review list twice, whose items have reasons that add up."""
    events = [parse_line(each.line) for each in company_days(days=1, seed=3, events_per_day=1_500)]
    lists = []
    for _ in range(2):
        prioritizer = Prioritizer()
        for each in events:
            prioritizer.observe(each)
        lists.append(review(prioritizer.cases, day="2025-01-06").to_json())
    assert lists[0] == lists[1]
    assert lists[0]["items"]
    for item in lists[0]["items"]:
        assert sum(reason["points"] for reason in item["reasons"]) == item["score"]
    scores = [item["score"] for item in lists[0]["items"]]
    assert scores == sorted(scores, reverse=True)


def test_a_year_that_was_guessed_follows_the_lines_before_it():
    """A line without a year belongs to the year of its neighbors, not to the one in which it is read."""
    sighter = Sighter()
    first = sighter.see(made.sign_in(NOW, "ida", "198.51.100.1"))
    guessed = LogEvent("x", {"@timestamp": "2031-01-06T10:00:05Z", "logdojo.time.year_inferred": True})
    assert sighter.see(guessed).time - first.time == 5


def test_one_odd_time_does_not_set_the_clock():
    """A single line from far ahead is taken at the clock's time; when three say so, the clock follows."""
    sighter = Sighter()
    sighter.see(made.sign_in(NOW, "ida", "198.51.100.1"))
    far = NOW + 400 * made.DAY
    assert sighter.see(made.sign_in(far, "ida", "198.51.100.1")).time == NOW
    sighter.see(made.sign_in(far, "ida", "198.51.100.1"))
    assert sighter.see(made.sign_in(far, "ida", "198.51.100.1")).time == far


def test_the_text_of_a_list_reads_aloud():
    """Each item has its rank, its score in words and its reasons; the alarm line stands between the items."""
    prioritizer = Prioritizer()
    for n in range(16):
        prioritizer.observe(made.sign_in(NOW + n * n, "ida", "198.51.100.1", failed=True))
    prioritizer.observe(made.sign_in(NOW, "otto", "198.51.100.2", failed=True))
    text = review(prioritizer.cases, day="2025-01-06", alarm=50).to_text()
    lines = text.splitlines()
    assert lines[0].startswith("Review list for 2025-01-06: ")
    assert any(line.startswith("1. Score ") and "ALARM: user ida" in line for line in lines)
    assert any("can wait: user otto" in line for line in lines)
    alarm = next(n for n, line in enumerate(lines) if line.startswith("--- alarm line at 50"))
    assert any("ALARM" in line for line in lines[:alarm])
    assert not any("ALARM" in line for line in lines[alarm:])
    assert "\x1b" not in text
