"""The shop whose payments fail now and then."""

from __future__ import annotations

from collections import Counter

from logdojo.course.outage import Partner, outage_day


def failed_traces(events: list[dict[str, object]], action: str, target: str | None = None) -> set[object]:
    """Return the traces with a failure of a kind."""
    return {
        one["trace.id"]
        for one in events
        if one["event.outcome"] == "failure"
        and one["event.action"] == action
        and one.get("service.target.name") == target
    }


def test_the_loudest_service_is_not_the_one_that_hurts():
    """Mail fails most often and with few failing requests; nearly all of those have a failed payment."""
    for seed in range(5):
        events = outage_day(seed=seed)
        requests = failed_traces(events, "request")
        payments, mail = (failed_traces(events, "call", name) for name in ("payments", "mail"))
        assert len(mail) > len(payments)
        assert len(payments & requests) > 0.9 * len(requests)
        assert payments <= requests
        assert len(mail & requests) < 0.3 * len(mail)


def test_each_request_has_its_calls_and_times_are_in_order():
    """Every call belongs to a request, and the same seed gives the same day."""
    events = outage_day(seed=1, orders=200)
    counts = Counter(one["event.action"] for one in events)
    assert counts["request"] == 200
    assert counts["release"] == 1
    known = {one["trace.id"] for one in events if one["event.action"] == "request"}
    assert {one["trace.id"] for one in events if one["event.action"] == "call"} == known
    assert [one["@timestamp"] for one in events] == sorted(one["@timestamp"] for one in events)
    assert events == outage_day(seed=1, orders=200)


def test_a_key_is_charged_once_and_two_keys_twice():
    """The partner knows a payment by its key; under another key it is another payment."""
    partner = Partner(seed=1)
    for _ in range(3):
        partner.charge("o1")
    assert (partner.calls, partner.doubled()) == (3, 0)
    partner.charge("o1.again")
    assert partner.doubled() == 1


def test_the_partner_is_away_now_and_then():
    """Some calls time out; some of these were charged all the same; later it answers again."""
    partner, misses = Partner(seed=2), 0
    for order in range(500):
        partner.sleep(1)
        try:
            partner.charge(f"o{order}")
        except TimeoutError:
            misses += 1
    assert 20 < misses < 250
    assert 500 - misses < len(partner.charged) < 500
