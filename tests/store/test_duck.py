"""The DuckDB file: versions, columns that come later, one writer, and what SQL must never see."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.errors import InputError, UsageError
from logdojo.events import LogEvent
from logdojo.store import (
    Aggregation,
    Appended,
    Batch,
    DuckDbStore,
    Group,
    Place,
    Query,
    Tags,
    any_of,
    at_least,
    begins,
    event_id,
    exists,
)
from logdojo.store import schema as tables
from logdojo.store.columns import Kind
from logdojo.store.reach import reach_of

Make = Callable[..., LogEvent]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "events.duckdb"


def test_it_is_there_when_opened_again(path: Path, event: Make, tags: Tags) -> None:
    """Events, what is known of their places, and promoted columns survive closing."""
    store = DuckDbStore(path)
    store.append(Batch.of([event(1, dns__type="A")], "s", tags))
    store.promote("dns.type", Kind.TEXT)
    store.close()
    store.close()
    store = DuckDbStore(path)
    assert store.append(Batch.of([event(1, dns__type="A"), event(2, dns__type="MX")], "s", tags)).new == 1
    assert "dns.type" in store.columns
    assert store.aggregate(Aggregation(("dns.type",))) == [Group(("A",), None, 1), Group(("MX",), None, 1)]
    store.close()


def test_a_field_is_promoted(path: Path, event: Make, tags: Tags) -> None:
    """A new column of each kind has the values that were there, where they fit, and the JSON keeps all."""
    store = DuckDbStore(path)
    events = [
        event(0, x__n=5, x__t="a", x__l=["p", "q"], x__at="2026-11-24T11:00:00+01:00"),
        event(1, x__n="six", x__t=7, x__l="p", x__at="never"),
    ]
    store.append(Batch.of(events, "s", tags))
    with pytest.raises(UsageError, match=r"x\.n"):
        store.search(Query((at_least("x.n", 1),)))
    for name, kind in (("x.n", Kind.INTEGER), ("x.t", Kind.TEXT), ("x.l", Kind.TEXTS), ("x.at", Kind.TIME)):
        store.promote(name, kind)
    store.append(Batch.of([event(2, x__n=9, x__l=["q"])], "s", tags, first=2))
    assert [each.place.offset for each in store.search(Query((at_least("x.n", 1),), order_by="x.n"))] == [2, 0]
    assert store.count(Query((begins("x.t", "a"),))) == 1
    assert store.count(Query((any_of("x.l", "q"),))) == 2
    newest = store.search(Query(order_by="x.at", limit=1))[0]
    assert newest.place.offset == 0
    assert [each.event for each in store.search(Query(descending=False))][:2] == [
        LogEvent(each.original, each.fields) for each in events
    ]
    for wrong in ("x.n", "X.N", "nodot", 'a.b"; DROP TABLE events', "event.original", "a." + "b" * 80):
        with pytest.raises(UsageError):
            store.promote(wrong, Kind.TEXT)
    store.close()


def test_a_store_of_an_older_logdojo_gets_the_new_columns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that this logdojo knows and the file lacks is added on opening, and filled."""
    older = {name: kind for name, kind in tables.COLUMNS.items() if name != "user.name"}
    with monkeypatch.context() as patch:
        patch.setattr(tables, "COLUMNS", older)
        con = duckdb.connect(str(path))
        tables.prepare(con, path)
        con.execute(
            'INSERT INTO events (stream, "offset", fields, "event.original", "logdojo.source") VALUES (?, ?, ?, ?, ?)',
            ["s", 0, '{"user.name": "ann"}', "line", "src"],
        )
        con.execute("DELETE FROM logdojo_columns WHERE name = 'user.name'")
        con.close()
    store = DuckDbStore(path)
    assert store.columns["user.name"] is Kind.TEXT
    assert store.aggregate(Aggregation(("user.name",))) == [Group(("ann",), None, 1)]
    assert store.search(Query((any_of("user.name", "ann"),)))[0].event.fields == {"user.name": "ann"}
    store.close()


def test_a_store_of_a_newer_logdojo_is_refused(path: Path) -> None:
    """The message names the file and both versions, and nothing is changed."""
    DuckDbStore(path).close()
    con = duckdb.connect(str(path))
    con.execute("UPDATE logdojo_version SET version = 99")
    con.close()
    with pytest.raises(InputError, match=r"events\.duckdb.*99") as told:
        DuckDbStore(path)
    assert "update logdojo" in told.value.hint


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    """A file of another kind, another database, a folder that is not there: told with the name."""
    path.write_text("no database at all\n" * 1_000)
    with pytest.raises(InputError, match=r"events\.duckdb"):
        DuckDbStore(path)
    other = tmp_path / "other.duckdb"
    con = duckdb.connect(str(other))
    con.execute("CREATE TABLE t (n INTEGER)")
    con.close()
    with pytest.raises(InputError, match="no store of logdojo"):
        DuckDbStore(other)
    with pytest.raises(InputError, match="nowhere"):
        DuckDbStore(tmp_path / "nowhere" / "x.duckdb")


def test_one_writer_at_a_time(path: Path) -> None:
    """While another process has the file, opening fails with a hint, or waits until it is free."""
    code = (
        "import sys, time; from pathlib import Path; from logdojo.store import DuckDbStore\n"
        "store = DuckDbStore(Path(sys.argv[1])); print('open', flush=True); sys.stdin.readline(); store.close()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(InputError, match="lock") as told:
        DuckDbStore(path)
    assert "other process" in told.value.hint
    assert other.stdin is not None
    other.stdin.write("end\n")
    other.stdin.flush()
    DuckDbStore(path, wait=60).close()
    other.communicate()


def test_a_closed_store_says_so(path: Path) -> None:
    """Asking it is a wrong use, no crash."""
    store = DuckDbStore(path)
    store.close()
    with pytest.raises(UsageError, match="closed"):
        store.count()


def test_a_failed_append_leaves_nothing(path: Path, event: Make, tags: Tags, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a batch fails half-way, none of it is stored, and the same batch can be given again."""
    store = DuckDbStore(path)
    batch = Batch.of([event(1), event(2)], "s", tags)
    with monkeypatch.context() as patch:
        patch.setattr("logdojo.store.duck._reached", lambda _: None)
        with pytest.raises((InputError, TypeError, ValueError, duckdb.Error)):
            store.append(batch)
    assert store.count() == 0
    assert store.append(batch).new == 2
    store.close()


def test_nothing_from_outside_is_sql(path: Path, event: Make, tags: Tags) -> None:
    """Names of fields full of quotes and statements are looked up, and nothing else happens."""
    store = DuckDbStore(path)
    store.append(Batch.of([event(0)], "s", tags))
    for name in ('"; DROP TABLE events; --', "x') OR 1=1 --", "$1", "a.b'", 'e" = "e'):
        assert store.count(Query((any_of(name, "'; DROP TABLE events"),))) == 0
        assert store.count(Query((exists(name),))) == 0
        assert store.aggregate(Aggregation((name,))) == [Group((None,), None, 1)]
    assert store.count() == 1
    store.close()


def test_batches_are_checked(event: Make, tags: Tags) -> None:
    """Three lengths that differ, or an offset below zero, are a wrong use."""
    with pytest.raises(UsageError, match="2 events"):
        Batch([event(0), event(1)], [Place("s", 0)], [tags])
    with pytest.raises(UsageError, match="below zero"):
        Batch([event(0)], [Place("s", -1)], [tags])


@given(st.text(), st.text(), st.integers(0), st.integers(0), st.text(), st.text())
def test_ids_differ(stream: str, other: str, at: int, elsewhere: int, line: str, another: str) -> None:
    """Another place or another line is another id; the same ones are the same."""
    first, second = (Place(stream, at), line), (Place(other, elsewhere), another)
    clear = "\0" not in stream + other
    assert (event_id(*first) == event_id(*second)) == (first == second) or not clear


def test_moments_need_a_zone() -> None:
    """A moment without a zone is refused before anything is asked."""
    with pytest.raises(UsageError, match="time zone"):
        Query(since=datetime(2026, 11, 24))  # noqa: DTZ001  # on purpose
    Query(since=datetime(2026, 11, 24, tzinfo=UTC))


def test_many_batches_are_stored_while_the_next_is_converted(path: Path, event: Make, tags: Tags) -> None:
    """Every event is there once, in whatever batch it comes again, and empty batches do no harm."""
    batches = [
        Batch.of([event(1), event(2)], "s", tags),
        Batch([], [], []),
        Batch.of([event(3)], "s", tags, first=2),
        Batch.of([event(2), event(3), event(4)], "s", tags, first=1),
    ]
    store = DuckDbStore(path)
    assert store.append_all(iter(batches)) == Appended(4, 2)
    assert store.append_all([]) == Appended(0, 0)
    assert sorted(each.place.offset for each in store.search(Query())) == [0, 1, 2, 3]
    store.close()


def test_a_failure_leaves_the_batches_before_it(path: Path, event: Make, tags: Tags) -> None:
    """An error in the midst of many batches comes out, what was stored stays, and all may be given again."""
    batches = [Batch.of([event(number)], "s", tags, first=number) for number in range(3)]

    def broken() -> Iterator[Batch]:
        yield from batches[:2]
        raise InputError("events.log: cannot be read", hint="look at the disk")

    store = DuckDbStore(path)
    with pytest.raises(InputError, match=r"events\.log"):
        store.append_all(broken())
    assert store.count() == 2
    assert store.append_all(batches) == Appended(1, 2)
    store.close()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), min_size=1, max_size=12))
def test_places_are_summed_up(places: list[tuple[str, int]]) -> None:
    """Lowest and highest offset of each stream are found, and whether the offsets of each grow."""
    at = {stream: [offset for name, offset in places if name == stream] for stream, _ in places}
    chunks = [pa.array([stream]) for stream, _ in places]
    reach = reach_of(pa.chunked_array(chunks), pa.chunked_array([pa.array([offset for _, offset in places])]))
    assert reach.first == {stream: min(offsets) for stream, offsets in at.items()}
    assert reach.last == {stream: max(offsets) for stream, offsets in at.items()}
    assert reach.rising == all(offsets == sorted(set(offsets)) for offsets in at.values())
    assert reach.beyond(dict.fromkeys(at, -1)) == reach.rising
    assert not reach.beyond(reach.last)
