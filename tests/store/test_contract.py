"""What every store promises, held against each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from logdojo.errors import UsageError
from logdojo.events import LogEvent, Severity
from logdojo.parse import parse_line
from logdojo.simulate import simulate
from logdojo.store import (
    Aggregation,
    Appended,
    Batch,
    Filter,
    Group,
    LogStore,
    Measure,
    Metric,
    Op,
    Place,
    Query,
    Tags,
    any_of,
    at_least,
    begins,
    below,
    contains,
    event_id,
    exists,
    in_network,
    missing,
    none_of,
)

Make = Callable[..., LogEvent]
START = datetime(2026, 11, 24, 10, tzinfo=UTC)


def lines_of(store: LogStore, *filters: Filter) -> list[str]:
    """Return the lines that match, the oldest first."""
    return [each.event.original for each in store.search(Query(filters, descending=False))]


def test_what_goes_in_comes_out(store: LogStore) -> None:
    """Events of all simulated kinds come back with every field, their place and their tags."""
    events = [parse_line(each.line) for each in simulate(60, seed=3)]
    tags = Tags("shop", "acme", Severity.HIGH, "restricted")
    batch = Batch.of(events, "s", tags)
    assert store.append(batch) == Appended(60, 0)
    found = {each.place.offset: each for each in store.search(Query(limit=100))}
    assert sorted(found) == list(range(60))
    for number, event in enumerate(events):
        assert found[number].event == LogEvent(event.original, event.fields, {}, event.error)
        assert found[number].tags == tags
        assert found[number].id == event_id(Place("s", number), event.original)


def test_appending_again_changes_nothing(store: LogStore, event: Make, tags: Tags) -> None:
    """The same places are stored once, whether a batch comes again whole, in part, or twice in one batch."""
    events = [event(number) for number in range(10)]
    assert store.append(Batch.of(events, "s", tags)) == Appended(10, 0)
    assert store.append(Batch.of(events, "s", tags)) == Appended(0, 10)
    more = [event(number) for number in range(5, 15)]
    assert store.append(Batch.of(more, "s", tags, first=5)) == Appended(5, 5)
    twice = Batch([event(20), event(20)], [Place("s", 20)] * 2, [tags] * 2)
    assert store.append(twice) == Appended(1, 1)
    assert store.count() == 16


def test_place_and_line_make_an_event(store: LogStore, event: Make, tags: Tags) -> None:
    """Two equal lines at two places are two events, and so are two lines at one place."""
    same = event(1)
    places = [Place("a", 0), Place("a", 9), Place("b", 0), Place("a", 0)]
    store.append(Batch([same, same, same, event(2)], places, [tags] * 4))
    assert store.count() == 4
    assert len({each.id for each in store.search(Query())}) == 4


def test_a_batch_that_lies_before_others_is_stored(store: LogStore, event: Make, tags: Tags) -> None:
    """Places below the highest one of their stream are stored when they were not there yet."""
    store.append(Batch.of([event(8), event(9)], "s", tags, first=8))
    assert store.append(Batch.of([event(n) for n in range(9)], "s", tags)) == Appended(8, 1)
    assert store.count() == 10


def test_an_empty_batch_is_fine(store: LogStore) -> None:
    """No events, nothing stored."""
    assert store.append(Batch([], [], [])) == Appended(0, 0)
    assert store.search(Query()) == []
    assert store.count() == 0


def test_filters(store: LogStore, event: Make, tags: Tags) -> None:
    """Each kind of filter finds the same events in every store, on columns and on fields without one."""
    events = [
        event(
            0, user__name="ann", source__ip="10.1.2.3", source__port=22, event__type=["start", "allowed"], x__y="p*q"
        ),
        event(1, user__name="Anna", source__ip="10.1.9.9", source__port=443, x__y="p-q", x__n=5, x__b=True),
        event(2, source__ip="10.130.0.1", event__type=["denied"], x__l=["one", "two"]),
        event(3, user__name="b\"o'b; DROP TABLE events", source__ip="2001:db8::1"),
    ]
    store.append(Batch.of(events, "s", tags))
    cases: list[tuple[Filter, list[int]]] = [
        (any_of("user.name", "ann"), [0]),
        (any_of("user.name", "ann", "Anna"), [0, 1]),
        (any_of("user.name"), []),
        (none_of("user.name", "ann"), [1, 2, 3]),
        (any_of("user.name", "b\"o'b; DROP TABLE events"), [3]),
        (begins("user.name", "An"), [1]),
        (contains("user.name", "AN"), [0, 1]),
        (contains("event.original", "LINE 2"), [2]),
        (contains("event.original", "*"), []),
        (any_of("event.original", "line 3"), [3]),
        (exists("user.name"), [0, 1, 3]),
        (missing("user.name"), [2]),
        (any_of("source.port", 22), [0]),
        (any_of("source.port", "22"), []),
        (none_of("source.port", 22), [1, 2, 3]),
        (at_least("source.port", 22), [0, 1]),
        (below("source.port", 443), [0]),
        (any_of("source.ip", "10.1.2.3", "no address"), [0]),
        (in_network("source.ip", "10.1.0.0/16"), [0, 1]),
        (in_network("source.ip", "10.128.0.0/9"), [2]),
        (in_network("source.ip", "10.1.2.3/32"), [0]),
        (any_of("event.type", "allowed"), [0]),
        (none_of("event.type", "allowed"), [1, 2, 3]),
        (begins("event.type", "den"), [2]),
        (exists("event.type"), [0, 2]),
        (missing("event.type"), [1, 3]),
        (any_of("x.y", "p*q"), [0]),
        (begins("x.y", "p"), [0, 1]),
        (any_of("x.n", 5), [1]),
        (Filter("x.b", Op.ANY_OF, (True,)), [1]),
        (any_of("x.l", "two"), [2]),
        (begins("x.l", "o"), [2]),
        (exists("x.l"), [2]),
        (missing("x.l"), [0, 1, 3]),
        (any_of("logdojo.source", "bastion"), [0, 1, 2, 3]),
        (any_of("logdojo.tenant", "other"), []),
    ]
    for asked, wanted in cases:
        assert lines_of(store, asked) == [f"line {number}" for number in wanted], asked
        assert store.count(Query((asked,))) == len(wanted), asked
    assert lines_of(store, exists("x.y"), any_of("user.name", "ann")) == ["line 0"]


def test_times_and_order(store: LogStore, event: Make, tags: Tags) -> None:
    """A range takes its first moment and not its last; order and limit hold, and a missing value comes last."""
    events = [event(number, source__port=number % 3) for number in range(6)]
    events.append(LogEvent("no time", {"source.port": 9}))
    store.append(Batch.of(events, "s", tags))
    first = START + timedelta(minutes=2, milliseconds=250)
    found = store.search(Query(since=first, until=first + timedelta(minutes=2), descending=False))
    assert [each.event.original for each in found] == ["line 2", "line 3"]
    newest = store.search(Query(limit=2))
    assert [each.event.original for each in newest] == ["line 5", "line 4"]
    assert store.search(Query(descending=False))[-1].event.original == "no time"
    assert store.search(Query())[-1].event.original == "no time"
    by_port = store.search(Query(order_by="source.port", descending=False))
    assert [each.place.offset for each in by_port] == [0, 3, 1, 4, 2, 5, 6]


def test_groups(store: LogStore, event: Make, tags: Tags) -> None:
    """Groups by field, by list and by time, with every measure, have the same figures in every store."""
    events = [
        event(0, user__name="ann", source__port=1, event__type=["start", "allowed"]),
        event(1, user__name="ann", source__port=2, event__type=["start"]),
        event(2, user__name="bob", source__port=2),
        event(11, source__port=7, event__type=["start"]),
        event(12, user__name="bob"),
        LogEvent("no time", {"user.name": "ann"}),
    ]
    store.append(Batch.of(events, "s", tags))
    by_user = ("user.name",)
    assert store.aggregate(Aggregation(by_user)) == [
        Group(("ann",), None, 3),
        Group(("bob",), None, 2),
        Group((None,), None, 1),
    ]
    assert store.aggregate(Aggregation(by_user, limit=1)) == [Group(("ann",), None, 3)]
    assert store.aggregate(Aggregation(by_user, filters=(at_least("source.port", 2),))) == [
        Group(("ann",), None, 1),
        Group(("bob",), None, 1),
        Group((None,), None, 1),
    ]
    assert store.aggregate(Aggregation(("event.type",))) == [
        Group(("start",), None, 3),
        Group((None,), None, 3),
        Group(("allowed",), None, 1),
    ]
    ten = timedelta(minutes=10)
    assert store.aggregate(Aggregation(bucket=ten)) == [Group((), START, 3), Group((), START + ten, 2)]
    assert store.aggregate(Aggregation(by_user, bucket=ten)) == [
        Group(("ann",), START, 2),
        Group(("bob",), START, 1),
        Group(("bob",), START + ten, 1),
        Group((None,), START + ten, 1),
    ]
    figures = {
        Measure.DISTINCT: [2, 1, 1],
        Measure.SUM: [3, 2, 7],
        Measure.MIN: [1, 2, 7],
        Measure.MAX: [2, 2, 7],
        Measure.MEAN: [1.5, 2, 7],
    }
    for measure, wanted in figures.items():
        found = store.aggregate(Aggregation(by_user, metric=Metric(measure, "source.port")))
        values = {group.keys[0]: group.value for group in found}
        assert [values["ann"], values["bob"], values[None]] == wanted, measure
    assert store.aggregate(Aggregation()) == [Group((), None, 6)]
    assert store.aggregate(Aggregation(metric=Metric(Measure.MAX, "source.port"))) == [Group((), None, 7)]
    nobody = Aggregation(by_user, filters=(any_of("source.port", 999),))
    assert store.aggregate(nobody) == []


def test_nothing_to_compute_from_is_none(store: LogStore, event: Make, tags: Tags) -> None:
    """The least of no numbers is None, their sum is zero."""
    store.append(Batch.of([event(0)], "s", tags))
    assert store.aggregate(Aggregation(("event.kind",), metric=Metric(Measure.MIN, "source.port")))[0].value is None
    assert store.aggregate(Aggregation(("event.kind",), metric=Metric(Measure.SUM, "source.port")))[0].value == 0


def test_old_events_are_deleted(store: LogStore, event: Make, tags: Tags) -> None:
    """Events before a moment go, those with other values stay, and one without a time is as old as its arrival."""
    events = [event(number, event__dataset="sshd" if number % 2 else "iptables") for number in range(10)]
    events.append(LogEvent("no time", {}))
    store.append(Batch.of(events, "s", tags))
    assert store.delete_before(START + timedelta(minutes=4), [any_of("event.dataset", "sshd")]) == 2
    assert store.count() == 9
    assert store.delete_before(START + timedelta(minutes=8)) == 6
    assert sorted(each.event.original for each in store.search(Query())) == ["line 8", "line 9", "no time"]
    assert store.delete_before(datetime.now(UTC) + timedelta(days=1)) == 3
    assert store.count() == 0


def test_odd_values_are_kept(store: LogStore, tags: Tags) -> None:
    """Bytes that are no UTF-8, values of the wrong kind, strange times and names: all stored, all given back."""
    events = [
        LogEvent.rejected("caf\udce9 \x00", "not UTF-8"),
        LogEvent("a", {"source.port": "http", "source.ip": "not an address", "event.type": "start"}),
        LogEvent("b", {"@timestamp": "2026-11-24T10:00:00.123456789Z", "source.port": 2**70}),
        LogEvent("c", {"@timestamp": "yesterday", "x.t": "tilde~/slash", 'x."q"': "v", "x/y.z~": "w"}),
        LogEvent("d", {"logdojo.tenant": "spoofed", "event.original": "other", "a.b": "1", "a.b.c": "2"}),
        LogEvent("", {}),
    ]
    assert store.append(Batch.of(events, "s", tags)).new == len(events)
    found = {each.place.offset: each for each in store.search(Query())}
    assert [found[number].event for number in range(len(events))] == events
    assert {each.tags.tenant for each in found.values()} == {"acme"}
    assert store.count(Query((any_of("logdojo.tenant", "spoofed"),))) == 0
    assert lines_of(store, any_of("event.kind", "pipeline_error")) == [events[0].original]
    assert lines_of(store, contains("logdojo.parse.error", "utf")) == [events[0].original]
    assert lines_of(store, any_of("x/y.z~", "w")) == ["c"]
    assert lines_of(store, any_of('x."q"', "v")) == ["c"]
    moment = datetime(2026, 11, 24, 10, 0, 0, 123_456, tzinfo=UTC)
    assert store.count(Query(since=moment, until=moment + timedelta(microseconds=1))) == 1


def test_what_cannot_be_asked_is_said(store: LogStore) -> None:
    """A question that makes no sense for a field is a wrong use, with the field's name, in every store."""
    for asked in (
        Query((at_least("user.name", 3),)),
        Query((begins("source.ip", "10."),)),
        Query((in_network("user.name", "10.0.0.0/8"),)),
        Query((contains("no.column", "x"),)),
        Query((any_of("@timestamp", "2026"),)),
        Query(order_by="event.original"),
        Query(order_by='x"; DROP TABLE events; --'),
    ):
        with pytest.raises(UsageError, match=r"\.|@|DROP"):
            store.search(asked)
    with pytest.raises(UsageError, match=r"user\.name"):
        store.aggregate(Aggregation(metric=Metric(Measure.SUM, "user.name")))
    with pytest.raises(UsageError, match=r"event\.original"):
        store.aggregate(Aggregation(("event.original",)))


def test_a_batch_larger_than_a_request(store: LogStore, tags: Tags) -> None:
    """Twelve megabytes in one batch arrive, each event once."""
    events = [LogEvent(f"{number} " + "x" * 40_000, {"event.kind": "event"}) for number in range(150)]
    assert store.append(Batch.of(events, "s", tags)) == Appended(150, 0)
    assert store.append(Batch.of(events, "s", tags)) == Appended(0, 150)
    assert store.count(Query((contains("event.original", "149 x"),))) == 1
