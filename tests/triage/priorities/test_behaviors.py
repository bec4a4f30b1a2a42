"""Each behavior fires on its pattern and keeps quiet on the honest work that looks like it."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterable
from pathlib import Path

from logdojo.events import LogEvent
from logdojo.triage.priorities import Asset, Assets, Prioritizer, Usual, review

_spec = importlib.util.spec_from_file_location("priority_events", Path(__file__).with_name("events.py"))
assert _spec is not None
assert _spec.loader is not None
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
NOW = made.MONDAY + 10 * 3_600 + 400
SERVERS = Assets((Asset(f"srv-{n}", "medium"), (f"srv-{n}",), (f"10.80.0.{n}",), ()) for n in range(1, 20))


def weight(name: str, events: Iterable[LogEvent], usual: Usual | None = None) -> float:
    """Return the heaviest weight that a behavior gave over a stream of events."""
    prioritizer = Prioritizer(assets=SERVERS, usual=usual)
    for each in events:
        prioritizer.observe(each)
    return max((c.evidence[name].weight for c in prioritizer.cases if name in c.evidence), default=0.0)


def test_many_accounts_that_stay_shut_are_a_spray_and_a_room_of_typos_is_not():
    """Fourteen accounts from one address without success weigh much; the same that enter right after, little."""
    spray = [made.sign_in(NOW + 20 * n, f"u{n}", "198.51.100.9", failed=True) for n in range(14)]
    room = [
        made.sign_in(NOW + 20 * n + 5 * late, f"u{n}", "198.51.100.9", failed=not late)
        for n in range(14)
        for late in (0, 1)
    ]
    assert weight("many accounts", spray) > 0.7
    assert weight("many accounts", room) < 0.1


def test_guessing_has_no_pace_and_an_old_password_has():
    """Tries at no steady pace weigh much, the same number by a timer little."""
    rng = random.Random(3)
    times = [NOW]
    for _ in range(14):
        times.append(times[-1] + rng.expovariate(0.1) + 0.5)
    guessed = [made.sign_in(when, "ida", "198.51.100.9", failed=True) for when in times]
    timer = [made.sign_in(NOW + 12 * n, "ida", "198.51.100.9", failed=True) for n in range(15)]
    assert weight("one account", guessed) > 0.7
    assert weight("one account", timer) < 0.2


def test_two_places_with_a_strange_program_are_travel_and_with_the_usual_one_are_a_vpn():
    """A user known for days signs in from two countries; only with a program never seen does it weigh much."""
    habits = [made.okta(NOW + day * made.DAY, "ida", "10.10.0.5", "Germany", "Firefox") for day in range(3)]
    here = made.okta(NOW + 3 * made.DAY, "ida", "10.10.0.5", "Germany", "Firefox")
    strange = made.okta(NOW + 3 * made.DAY + 240, "ida", "198.51.100.9", "Peru", "curl")
    usual = made.okta(NOW + 3 * made.DAY + 240, "ida", "198.51.100.9", "Peru", "Firefox")
    assert weight("two places", [*habits, here, strange]) > 0.5
    assert weight("two places", [*habits, here, usual]) < 0.2


def test_a_chain_of_machines_weighs_more_than_a_star():
    """Going on from the machine just reached weighs much; five machines from one, nothing."""
    chain, source = [], "10.10.0.5"
    for n in range(1, 7):
        chain.append(made.sign_in(NOW + 30 * n, "ida", source, host__name=f"srv-{n}.corp.example"))
        source = f"10.80.0.{n}"
    star = [made.sign_in(NOW + 30 * n, "ida", "10.80.0.9", host__name=f"srv-{n}") for n in range(1, 7)]
    assert weight("chain of machines", chain) > 0.8
    assert weight("chain of machines", star) == 0


def test_addresses_of_machines_are_learned_where_no_file_tells_them():
    """Without an assets file, sign-ins and connections of the same moments tell which address a machine has."""
    prioritizer = Prioritizer()
    for n in range(5):
        prioritizer.observe(made.flow(NOW + 600 * n, f"10.10.0.{n}", "10.80.0.3", 22))
        prioritizer.observe(made.sign_in(NOW + 600 * n + 1, f"u{n}", f"10.10.0.{n}", host__name="srv-3"))
    assert prioritizer.usual.address_of("srv-3") == "10.80.0.3"
    assert prioritizer.usual.address_of("srv-4") == ""


def test_recorders_that_nothing_replaces_weigh_more_than_a_migration():
    """Switching off weighs much; with new trails made and checked along the way, little."""
    reads = [made.call(NOW + 5 * n, "ida", "ListBuckets") for n in range(6)]
    off = [made.call(NOW + 60 + 5 * n, "ida", name) for n, name in enumerate(("StopLogging", "DeleteTrail") * 2)]
    care = [made.call(NOW + 40 + 3 * n, "ida", name) for n, name in enumerate(("CreateTrail", "StartLogging") * 2)]
    assert weight("recording off", [*reads, *off]) > 0.7
    assert weight("recording off", [*reads, *care, *off]) < 0.1


def test_machines_in_every_region_weigh_more_than_in_two():
    """Seven regions weigh much, two nothing."""
    regions = [f"region-{n}" for n in range(7)]
    mining = [made.call(NOW + n, "ida", "RunInstances", cloud__region=r) for n, r in enumerate(regions * 2)]
    training = [made.call(NOW + n, "ida", "RunInstances", cloud__region=r) for n, r in enumerate(regions[:2] * 7)]
    assert weight("machines everywhere", mining) > 0.8
    assert weight("machines everywhere", training) == 0


def test_an_opened_bucket_with_one_reader_weighs_more_than_a_site():
    """One stranger who fetches everything weighs much; four visitors little; a bucket that nobody opened nothing."""
    bucket = {"aws__cloudtrail__request_parameters__bucketName": "exports-prod"}
    opened = made.call(NOW, "ida", "PutBucketPolicy", **bucket)

    def fetches(readers: int) -> list[LogEvent]:
        return [
            made.call(NOW + 10 + n, "x", "GetObject", source__ip=f"198.51.100.{n % readers}", **bucket)
            for n in range(10)
        ]

    assert weight("opened and emptied", [opened, *fetches(1)]) > 0.8
    assert weight("opened and emptied", [opened, *fetches(4)]) < 0.1
    assert weight("opened and emptied", fetches(1)) == 0


def test_refused_calls_are_measured_against_the_usual_share():
    """Six of eight refused weigh much, one of eight nothing."""
    many = [made.call(NOW + n, "ida", "AttachUserPolicy", failed=n < 6) for n in range(8)]
    few = [made.call(NOW + n, "ida", "AttachUserPolicy", failed=n < 1) for n in range(8)]
    assert weight("refused calls", many) > 0.7
    assert weight("refused calls", few) == 0


def test_a_server_that_calls_its_odd_visitor_weighs_more_than_a_scanner():
    """Odd requests alone weigh nothing here; a server that opens connections to who sent them does; a desk does not."""
    odd = [made.web(NOW + n, "198.51.100.9", f"/a?f=../../etc/passwd&{n}", 404) for n in range(6)]
    back = [made.flow(NOW + 30 + n, "10.80.0.3", "198.51.100.9", 443) for n in range(3)]
    desk = [made.flow(NOW + 30 + n, "10.10.0.3", "198.51.100.9", 443) for n in range(3)]
    assert weight("server calls visitor", [*odd, *back]) > 0.7
    assert weight("server calls visitor", [*odd, *desk]) == 0
    assert weight("server calls visitor", [*back]) == 0


def test_a_visitor_who_then_calls_the_cloud_weighs():
    """Odd requests and then calls with a key from the same address weigh much; calls after plain requests nothing."""
    odd = [made.web(NOW + n, "198.51.100.20", f"/.env?{n}", 404) for n in range(6)]
    plain = [made.web(NOW + n, "198.51.100.20", f"/products/{n}") for n in range(6)]
    calls = [made.call(NOW + 60 + n, "deploy", "ListUsers", failed=n % 2 == 0) for n in range(6)]
    assert weight("visitor with a key", [*odd, *calls]) > 0.5
    assert weight("visitor with a key", [*plain, *calls]) == 0


def test_a_scan_at_an_odd_time_weighs_more_than_the_scanner_at_its_hour():
    """Where scans always begin at the full quarter, one that does not weighs more than one that does."""

    def scan(start: float) -> list[LogEvent]:
        ports = range(20, 50)
        return [
            made.flow(start + n, "198.51.100.9", f"10.80.0.{n % 5}", p, denied=n % 2 == 0) for n, p in enumerate(ports)
        ]

    usual = Usual()
    for n in range(30):
        usual.note("scan", made.MONDAY + n * 7_200)
    assert weight("many ports", scan(NOW), usual) > 0.5
    assert weight("many ports", scan(made.MONDAY + 90_000), usual) < 0.2


def test_a_jittering_pace_weighs_and_neither_a_timer_nor_a_person_does():
    """Calling home has a pace with some jitter; a timer has none, a person no pace."""
    rng = random.Random(5)

    def requests(jitter: float) -> list[LogEvent]:
        when, found = NOW, []
        for _ in range(24):
            found.append(made.proxy(when, "10.10.0.5", "cdn.example.org:443"))
            when += 60 * (1 - jitter + 2 * jitter * rng.random()) if jitter < 1 else rng.expovariate(1 / 60) + 0.1
        return found

    assert weight("calls home", requests(0.2)) > 0.7
    assert weight("calls home", requests(0.03)) == 0
    assert weight("calls home", requests(1.0)) < 0.2


def test_collected_and_then_carried_off_weighs_more_than_an_upload():
    """Much from inside and then much to outside weighs; an upload alone does not, and neither does a download."""
    taken = [made.flow(NOW + n, "10.10.0.5", "10.80.0.2", 445, network__bytes=90_000_000) for n in range(4)]
    sent = [
        made.flow(NOW + 60 + n, "10.10.0.5", "198.51.100.9", 443, source__bytes=90_000_000, user__name="ida")
        for n in range(4)
    ]
    assert weight("carries off", [*taken, *sent]) > 0.5
    assert weight("carries off", sent) == 0
    assert weight("carries off", taken) == 0
    assert weight("carries off", [each for pair in zip(sent, taken, strict=True) for each in pair]) < 0.3


def test_names_of_one_owner_that_never_repeat_weigh_more_than_those_of_several():
    """Twenty long names under one owner weigh much; the same number under three owners, some again, nothing."""
    tunnel = [made.question(NOW + n, "10.10.0.5", f"{n:016x}.t.example.org") for n in range(20)]
    network = [made.question(NOW + n, "10.10.0.5", f"{n % 15:016x}.c{n % 3}.example.org") for n in range(20)]
    assert weight("talks in names", tunnel) > 0.8
    assert weight("talks in names", network) < 0.1


def test_one_incident_is_one_item_and_stands_above_the_rest():
    """Guessing that is seen from the user and a chain by the same user are one item, the first, with its events."""
    rng, when, events = random.Random(3), NOW, []
    for _ in range(14):
        when += rng.expovariate(0.1) + 0.5
        events.append(made.sign_in(when, "ida", "198.51.100.9", failed=True, host__name="srv-1"))
    source = "198.51.100.9"
    for n in range(1, 6):
        events.append(made.sign_in(when + 30 * n, "ida", source, host__name=f"srv-{n}"))
        source = f"10.80.0.{n}"
    events += [made.sign_in(when + 5 * n, "otto", "10.10.0.9", host__name="srv-9") for n in range(4)]
    prioritizer = Prioritizer(assets=SERVERS)
    for each in sorted(events, key=lambda each: each.text("@timestamp")):
        prioritizer.observe(each)
    found = review(prioritizer.cases, day="2025-01-06")
    first = found.items[0]
    assert [item for item in found.above() if "user ida" in item.sources] == [first]
    assert {"one account", "chain of machines"} <= {reason.name for reason in first.priority.reasons}
    assert all("ida" in mark.line for mark in first.best())
