"""What is usual: learned day by day, kept as JSON, bounded."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from logdojo.errors import InputError
from logdojo.events import LogEvent
from logdojo.triage.priorities import Prioritizer, Usual
from logdojo.triage.priorities.sighting import Sighter

_spec = importlib.util.spec_from_file_location("priority_events", Path(__file__).with_name("events.py"))
assert _spec is not None
assert _spec.loader is not None
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
NOW = made.MONDAY + 10 * 3_600


def reasons(usual: Usual, event: LogEvent) -> dict[str, str]:
    """Return what is unusual about an event."""
    return {each.name: each.sentence for each in usual.evidence(Sighter().see(event))}


def learned(*events: LogEvent) -> Usual:
    """Return the habits that the events make."""
    usual, sighter = Usual(), Sighter()
    for each in events:
        usual.learn(sighter.see(each))
    return usual


def test_a_new_country_is_told_for_a_user_who_is_known_and_not_for_a_new_one():
    """Who has been seen for days has places; who is new has none to leave."""
    days = [made.okta(NOW + day * made.DAY, "ida", "198.51.100.1", "Germany", "F") for day in range(3)]
    usual = learned(*days)
    abroad = made.okta(NOW + 3 * made.DAY, "ida", "203.0.113.1", "Peru", "F")
    assert "Peru" in reasons(usual, abroad)["new place for a user"]
    assert "new place for a user" not in reasons(usual, days[0])
    assert "new place for a user" not in reasons(usual, made.okta(NOW, "otto", "203.0.113.1", "Peru", "F"))


def test_a_failed_sign_in_makes_no_place_a_users_own():
    """Who only knocks does not become known at that address."""
    usual = learned(made.sign_in(NOW, "ida", "198.51.100.9", failed=True), made.sign_in(NOW, "ida", "198.51.100.1"))
    assert not usual.uses_address("ida", "198.51.100.9", NOW + made.DAY)
    assert usual.uses_address("ida", "198.51.100.1", NOW + made.DAY)


def test_what_began_today_is_not_yet_usual_today():
    """An address that was first seen today does not vouch for itself."""
    usual = learned(made.sign_in(NOW, "ida", "198.51.100.1"))
    assert not usual.uses_address("ida", "198.51.100.1", NOW + 60)
    assert usual.uses_address("ida", "198.51.100.1", NOW + made.DAY)


def test_a_rate_is_compared_with_the_same_hour_of_other_days():
    """Two hundred events in an hour that usually has five are told with both numbers; the usual five are not."""
    days = [made.sign_in(NOW + d * made.DAY + n, "ida", "198.51.100.1") for d in range(4) for n in range(5)]
    burst = [made.sign_in(NOW + 4 * made.DAY + n, "ida", "198.51.100.1") for n in range(200)]
    usual = learned(*days, *burst[:4])
    assert "rate" not in reasons(usual, burst[4])
    usual = learned(*days, *burst[:199])
    told = reasons(usual, burst[199])["rate"]
    assert "200 events" in told
    assert "is 5" in told


def test_a_volume_is_compared_with_the_sources_own():
    """A transfer far above the source's median is told, one like the others is not."""
    small = [made.flow(NOW + d * 7_200, "10.0.0.5", "198.51.100.9", 443, source__bytes=2_000_000) for d in range(40)]
    usual = learned(*small)
    late = NOW + 4 * made.DAY
    large = made.flow(late, "10.0.0.5", "198.51.100.9", 443, source__bytes=900_000_000)
    same = made.flow(late, "10.0.0.5", "198.51.100.9", 443, source__bytes=2_500_000)
    assert "900 MB" in reasons(usual, large)["volume"]
    assert "volume" not in reasons(usual, same)


def test_a_rare_action_of_a_role_is_told_with_its_count():
    """An action that a role hardly ever does is told; a common one is not."""
    common = [made.call(NOW + n, "ida", "ListBuckets") for n in range(400)]
    usual = learned(*common)
    assert "0 of 400" in reasons(usual, made.call(NOW + 500, "ida", "DeleteTrail"))["rare action"]
    assert "rare action" not in reasons(usual, common[0])


def test_a_history_that_was_saved_and_loaded_says_the_same(tmp_path: Path):
    """JSON keeps everything: the same questions get the same answers, and saving again gives the same bytes."""
    events = [made.okta(NOW + d * made.DAY + n, f"u{n % 7}", f"198.51.100.{n}", "Germany", "F")
              for d in range(4) for n in range(30)]  # fmt: skip
    usual = learned(*events)
    usual.note("scan", NOW)
    usual.meet("srv-1", "10.80.0.1")
    path = tmp_path / "history.json"
    usual.save(path)
    again = Usual.load(path)
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    strange = made.okta(NOW + 5 * made.DAY, "u1", "203.0.113.1", "Peru", "curl")
    assert reasons(again, strange) == reasons(usual, strange) != {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 9}', '{"version": 1, "day": 1, "habits": {"a": {}}}'])
def test_a_damaged_history_is_named(tmp_path: Path, text: str):
    """Whatever stands in the file, the message names it."""
    path = tmp_path / "history.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"history\.json"):
        Usual.load(path)


def test_memory_is_bounded_by_sources_and_by_values():
    """A flood of new names forgets the oldest; one user's thousand addresses do not grow its habits."""
    prioritizer = Prioritizer()
    for n in range(3_000):
        prioritizer.observe(made.sign_in(NOW + n, "ida", f"198.51.{n // 250}.{n % 250}"))
    document = prioritizer.usual.to_json()
    assert len(document["habits"]["user ida"]["addresses"]) <= 64
    assert len(json.dumps(document)) < 2_000_000
