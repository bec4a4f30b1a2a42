"""Hidden checks of lab 05: the cases at the edges, and the mistakes that people really make."""

from __future__ import annotations

import builtins
import hashlib
import json
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from logdojo.course.check import check

PROXY = (
    "1736122518.181     46 10.10.1.143 TCP_MISS/200 4868 GET http://www.shop.example/a ismael "
    "HIER_DIRECT/198.19.1.2 text/html"
)
TEXTS = "id source tenant sensitivity source_ip destination_ip user_name host action outcome line".split()
MONDAY = datetime(2025, 1, 6, 9)


@check("event_time", points=2)
def knows_the_turn_of_the_year(lab: Any) -> None:
    """Find the year of a syslog line, also around New Year's Eve."""
    for text, received, wanted in (
        ("Dec 31 23:59:58", datetime(2025, 1, 1, 0, 0, 5), datetime(2024, 12, 31, 23, 59, 58)),
        ("Jan  1 00:00:04", datetime(2025, 1, 1, 0, 0, 5), datetime(2025, 1, 1, 0, 0, 4)),
        ("Jan  1 00:00:04", datetime(2024, 12, 31, 23, 59, 30), datetime(2025, 1, 1, 0, 0, 4)),
        ("Jun 15 08:00:00", datetime(2025, 1, 6), datetime(2024, 6, 15, 8)),
    ):
        found = lab.event_time(text, received.replace(tzinfo=UTC))
        assert found == wanted.replace(tzinfo=UTC), (
            f"{text!r}, received at {received}, is of {wanted.year}; yours is {found}"
        )


@check("event_time")
def knows_leap_days(lab: Any) -> None:
    """Find the last year that has a 29 February."""
    found = lab.event_time("Feb 29 12:00:00", datetime(2027, 6, 1, tzinfo=UTC))
    assert found == datetime(2024, 2, 29, 12, tzinfo=UTC), f"the last 29 February before June 2027 was in 2024: {found}"


@check("event_time")
def keeps_fractions(lab: Any) -> None:
    """Keep the fraction of a second."""
    received = datetime(2025, 1, 7, tzinfo=UTC)
    for text in ("1736169300.25", "2025-01-06T13:15:00.250Z"):
        found = lab.event_time(text, received)
        assert found == datetime(2025, 1, 6, 13, 15, 0, 250_000, tzinfo=UTC), f"{text!r} lost its fraction: {found}"


@check("parse_proxy")
def leaves_out_what_is_not_there(lab: Any) -> None:
    """Leave fields out whose value is a hyphen."""
    line = PROXY.replace("ismael HIER_DIRECT/198.19.1.2", "- HIER_NONE/-").replace("MISS/200", "DENIED/403")
    found = lab.parse_proxy(line)
    for name in ("user.name", "destination.ip"):
        assert name not in found, f"{name} is {found.get(name)!r}: a hyphen stands for nothing, leave the field out"
    assert found.get("event.outcome") == "failure", f"403 is a failure, not {found.get('event.outcome')!r}"
    assert found.get("http.response.status_code") == 403, "the status is 403"


@check("parse_proxy")
def draws_the_line_at_400(lab: Any) -> None:
    """Call a request failed from status 400 on."""
    for status, outcome in ((304, "success"), (399, "success"), (400, "failure"), (503, "failure")):
        found = lab.parse_proxy(PROXY.replace("/200", f"/{status}"))
        assert found.get("event.outcome") == outcome, f"{status} is a {outcome}, not {found.get('event.outcome')!r}"


@check("parse_proxy")
def survives_any_line(lab: Any) -> None:
    """Take any line without an exception, and call half a line an error."""
    words = PROXY.split()
    for line in (
        " ".join(words[:9]),
        PROXY + " more",
        PROXY.replace("TCP_MISS/200", "TCP_MISS"),
        PROXY.replace("HIER_DIRECT/198.19.1.2", "HIER_DIRECT"),
        PROXY.replace("1736122518.181", "yesterday"),
        "\udcff\x00 {",
    ):
        found = lab.parse_proxy(line)
        assert found.get("event.kind") == "pipeline_error", f"this is no line of the proxy, and you read it: {line!r}"
        assert found.get("event.original") == line, "the line must be kept as it is"


def write(path: Path, text: bytes) -> str:
    """Write a log; return its fingerprint."""
    path.write_bytes(text)
    first = text[: text.find(b"\n") + 1]
    return hashlib.sha256(first).hexdigest()[:16] if first else ""


@check("read_new")
def takes_whole_lines_only(lab: Any) -> None:
    """Leave a line alone until its end is written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        name = write(path, b"one\ntw")
        found, place = lab.read_new(path, ("", 0))
        assert [line for *_, line in found] == ["one"], f"'tw' has no line end yet and is not taken; yours: {found}"
        write(path, b"one\ntwo\n")
        found, _ = lab.read_new(path, place)
        assert found == [(name, 4, "two")], f"now it is whole: 'two' at 4; yours: {found}"


@check("read_new")
def counts_bytes(lab: Any) -> None:
    """Count bytes, and cut only at line feeds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        name = write(path, "größe\n".encode() + b"bad \xff\x0c\r\xc2\x85 byte\n" + b"end\n")
        found, place = lab.read_new(path, ("", 0))
        assert [offset for _, offset, _ in found] == [0, 8, 23], (
            f"in bytes the three lines begin at 0, 8 and 23; yours: {[offset for _, offset, _ in found]}"
        )
        assert found[1][2].encode("utf-8", "surrogateescape") == b"bad \xff\x0c\r\xc2\x85 byte", (
            f"a line with odd bytes must come back whole: {found[1][2]!r}"
        )
        assert place == (name, 27), f"the place is (…, 27); yours: {place}"


@check("read_new", points=2)
def keeps_its_place_at_a_rotation(lab: Any) -> None:
    """Lose and double nothing when the new file is empty, unknown, or cut short."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        old = write(Path(f"{path}.1"), b"one\ntwo\n")
        write(path, b"")
        found, place = lab.read_new(path, ("", 0))
        assert [line for *_, line in found] == ["one", "two"], (
            f"at the very beginning both files are new, also when the live one is empty yet; yours: {found}"
        )
        assert place == (old, 8), (
            f"nothing was taken from the empty file: the place stays in the old one; yours: {place}"
        )
        new = write(path, b"three\n")
        assert lab.read_new(path, place) == ([(new, 0, "three")], (new, 6)), "then three is new, and nothing else"
        found, _ = lab.read_new(path, ("0123456789abcdef", 5))
        assert [line for *_, line in found] == ["one", "two", "three"], (
            f"a place in a file that is gone says nothing of these two: both are new from 0; yours: {found}"
        )
        Path(f"{path}.1").unlink()
        found, place = lab.read_new(path, (new, 6))
        assert found == [], f"without a rotated file nothing changes; yours: {found}"


@check("event_id")
def keeps_parts_apart(lab: Any) -> None:
    """Keep the four parts apart."""
    for one, other in (
        (("web", "f", 1, "2x"), ("web", "f", 12, "x")),
        (("a", "bc", 1, "x"), ("ab", "c", 1, "x")),
        (("a", "b", 1, "x"), ("b", "a", 1, "x")),
    ):
        assert lab.event_id(*one) != lab.event_id(*other), f"{one} and {other} are two lines, and have one id"


@check("event_id")
def is_the_same_everywhere(lab: Any) -> None:
    """Depend on nothing that another process does not have."""
    asked: list[object] = []
    real = builtins.hash

    def told(value: object) -> int:
        asked.append(value)
        return real(value)

    with patch("builtins.hash", told):
        lab.event_id("web", "f", 1, "GET /")
    assert not asked, "Python's hash() of a text is another one in each process: use hashlib"
    ids = {lab.event_id("web", "f", 1, f"line {n}") for n in range(500)}
    assert len(ids) == 500, f"500 lines have {len(ids)} ids"


@check("event_id")
def takes_odd_bytes(lab: Any) -> None:
    """Take lines that are no UTF-8, each with an id of its own."""
    ids = {lab.event_id("web", "f", 1, line) for line in ("a\udcff", "a\udcfe", "a?", "a", "a\ufffd")}
    assert len(ids) == 5, "lines that differ in an odd byte alone are different lines, and share an id"


def store(*rows: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Return a store with some events."""
    con = duckdb.connect()
    con.execute("SET threads = 1; SET python_scan_all_frames = true")
    columns = ", ".join(f"{name} VARCHAR" for name in TEXTS[1:])
    con.execute(f"CREATE TABLE events (id VARCHAR PRIMARY KEY, time TIMESTAMP, severity BIGINT, {columns})")
    for number, row in enumerate(rows):
        row = {"id": f"e{number}", "sensitivity": "internal", "source": "web", **row}
        marks = ", ".join("?" * len(row))
        con.execute(f"INSERT INTO events ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    return con


class Counted:
    """A connection that counts the statements that change something."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.inserts = 0

    def execute(self, statement: str, *more: Any, **options: Any) -> Any:
        """Count and execute."""
        self.inserts += "insert" in str(statement).lower()
        return self.con.execute(statement, *more, **options)

    def executemany(self, statement: str, rows: Any) -> Any:
        """Count one statement a row, which it is."""
        self.inserts += len(rows)
        return self.con.executemany(statement, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)


@check("append")
def stores_in_one_statement(lab: Any) -> None:
    """Store a batch with one statement, and ask nothing for an empty one."""
    con = Counted(store())
    lab.append(con, [{"id": f"r{n}"} for n in range(30)])
    assert con.inserts == 1, f"30 rows took {con.inserts} INSERTs: give the store the whole batch at once"
    assert lab.append(con, []) == 0, "without rows, 0 are stored"
    assert con.inserts == 1, "without rows there is nothing to ask the store"


@check("append")
def leaves_what_is_there(lab: Any) -> None:
    """Change nothing that is stored, and take a row once that comes twice."""
    con = store({"id": "r1", "action": "first", "severity": 2})
    found = lab.append(con, [{"id": "r1", "action": "second"}, {"id": "r2"}, {"id": "r2"}])
    kept = con.execute("SELECT action, severity FROM events WHERE id = 'r1'").fetchone()
    assert kept == ("first", 2), f"what is there stays: r1 was ('first', 2), and is {kept} now"
    count = con.execute("SELECT count(*) FROM events").fetchone()
    assert count == (2,), f"r1 and r2 are two rows, and there are {count}"
    assert found == 1, f"r2 came twice and was stored once: 1 is new, not {found!r}"


@check("append")
def goes_by_names(lab: Any) -> None:
    """Put values into columns by name, whatever order the dicts have."""
    con = store()
    lab.append(con, [{"time": MONDAY, "severity": 3, "line": "raw", "id": "r1"}, {"host": "web-1", "id": "r2"}])
    found = con.execute("SELECT id, time, severity, line, host, source FROM events ORDER BY id").fetchall()
    wanted = [("r1", MONDAY, 3, "raw", None, None), ("r2", None, None, None, "web-1", None)]
    assert found == wanted, f"values stand in wrong columns, or are lost: {found}"


@check("timeline")
def treats_an_address_as_a_value(lab: Any) -> None:
    """Find nothing for an address that is a piece of SQL."""
    con = store({"time": MONDAY, "source_ip": "A"}, {"time": MONDAY, "source_ip": "o'hara"})
    for address in ("x' OR '1'='1", "x') OR (1=1", "%"):
        found = lab.timeline(con, address, {"internal"})
        assert found == [], f"nobody has the address {address!r}, and you find {len(found)}: give it as a parameter, ?"
    assert len(lab.timeline(con, "o'hara", {"internal"})) == 1, (
        "an address with a quote in it is a value like any other"
    )


@check("timeline")
def sorts_equal_times_by_id(lab: Any) -> None:
    """Sort events of one moment by id, and show nothing to who may see nothing."""
    rows = [{"id": f"i{n}", "time": MONDAY, "source_ip": "A", "action": f"a{n}"} for n in (5, 2, 8, 1)]
    con = store(*rows, {"id": "both", "time": MONDAY, "source_ip": "A", "destination_ip": "A", "action": "both"})
    actions = [one[3] for one in lab.timeline(con, "A", {"internal"})]
    assert actions.count("both") == 1, "an event with the address on both sides is one event"
    assert actions == ["both", "a1", "a2", "a5", "a8"], f"at the same time it goes by id; yours: {actions}"
    assert lab.timeline(con, "A", set()) == [], "who may see nothing sees nothing"


@check("who_was")
def trusts_successes_only(lab: Any) -> None:
    """Take no failed sign-in for proof."""
    con = store(
        {"time": MONDAY, "source_ip": "A", "user_name": "ann", "outcome": "success"},
        {"time": MONDAY + timedelta(minutes=5), "source_ip": "A", "user_name": "root", "outcome": "failure"},
        {"time": MONDAY + timedelta(minutes=6), "source_ip": "A", "user_name": "guess"},
        {"id": "x", "time": MONDAY + timedelta(minutes=9), "source_ip": "A"},
    )
    found = lab.who_was(con, 1)
    assert found == {"x": "ann"}, f"root failed and guess was neither: it was ann who got in; yours: {found}"


@check("who_was")
def forgets_after_hours(lab: Any) -> None:
    """Go back so many hours and no further, and never forward."""
    con = store(
        {"id": "before", "time": MONDAY - timedelta(minutes=1), "source_ip": "A"},
        {"time": MONDAY, "source_ip": "A", "user_name": "ann", "outcome": "success"},
        {"id": "same", "time": MONDAY, "source_ip": "A"},
        {"id": "edge", "time": MONDAY + timedelta(hours=2), "source_ip": "A"},
        {"id": "late", "time": MONDAY + timedelta(hours=2, seconds=1), "source_ip": "A"},
        {"id": "none", "time": MONDAY},
    )
    found = lab.who_was(con, 2)
    assert "before" not in found, "before ann signed in, nobody knows who it was"
    assert "late" not in found, "more than two hours later, it may be anybody"
    assert found == {"same": "ann", "edge": "ann"}, f"from the same moment to two hours later it is ann; yours: {found}"


@check("who_was")
def names_no_one_twice(lab: Any) -> None:
    """Name only events that have no user."""
    con = store(
        {"id": "a", "time": MONDAY, "source_ip": "A", "user_name": "ann", "outcome": "success"},
        {"id": "b", "time": MONDAY + timedelta(minutes=1), "source_ip": "A", "user_name": "bob", "outcome": "failure"},
        {"id": "c", "time": MONDAY + timedelta(minutes=2), "source_ip": "A"},
    )
    found = lab.who_was(con, 1)
    assert found == {"c": "ann"}, f"a and b have a user of their own, only c has none; yours: {found}"


@check("date_histogram")
def counts_from_since(lab: Any) -> None:
    """Begin the pieces at since, whatever the clock says, and end before until."""
    since = MONDAY + timedelta(minutes=7)
    con = store(
        {"time": since - timedelta(seconds=1)},
        {"time": since},
        {"time": since + timedelta(minutes=14, seconds=59)},
        {"time": since + timedelta(minutes=15)},
        {"time": since + timedelta(minutes=40)},
    )
    try:
        found = lab.date_histogram(con, 15, since, since + timedelta(minutes=40))
    except KeyError as error:
        raise AssertionError(
            f"the store counted events in a piece at {error}, and you have none: pieces begin at since, 09:07"
        ) from error
    starts = [start for start, _ in found]
    assert starts == [since + timedelta(minutes=n) for n in (0, 15, 30)], (
        f"from 09:07 on, pieces of 15 minutes begin at 09:07, 09:22 and 09:37; yours: {[f'{s:%H:%M}' for s in starts]}"
    )
    counts = [counts.get("web", 0) for _, counts in found]
    assert counts == [2, 1, 0], (
        f"the pieces hold 2, 1 and 0 events, without the one before and the one at until: {counts}"
    )


@check("date_histogram")
def has_pieces_in_an_empty_store(lab: Any) -> None:
    """Give all pieces also where nothing was ever stored."""
    found = lab.date_histogram(store(), 60, MONDAY, MONDAY + timedelta(days=1))
    assert len(found) == 24, f"a day has 24 hours, also a silent one; yours has {len(found)}"
    assert all(counts == {} for _, counts in found), "in a silent piece the dict is empty"


@check("bulk_body")
def ends_each_line(lab: Any) -> None:
    """End every line, the last one too, and write a document on one line."""
    body = lab.bulk_body([b'{\n  "event.id": "a",\n  "text": "two\\nlines"\n}'], "soc")
    assert body.endswith(b"\n"), "the last line needs its line end too: the server refuses the request without it"
    assert not body.endswith(b"\n\n"), "an empty line at the end is one line too many"
    assert body.count(b"\n") == 2, f"one document makes two lines, yours has {body.count(chr(10).encode())}"
    assert json.loads(body.splitlines()[1])["text"] == "two\nlines", "the document has changed"


@check("bulk_body")
def is_empty_for_nothing(lab: Any) -> None:
    """Make an empty body without lines, and keep ids and letters as they are."""
    assert lab.bulk_body([], "soc") == b"", f"without lines the body is b''; yours: {lab.bulk_body([], 'soc')!r}"
    line = json.dumps({"event.id": 'q"1', "user.name": "Jörg"}).encode()
    told = [json.loads(one) for one in lab.bulk_body([line], "soc").splitlines()]
    assert told[0]["create"]["_id"] == 'q"1', f"an id with a quote in it must stay whole: {told[0]}"
    assert told[1]["user.name"] == "Jörg", f"the document has changed: {told[1]}"


class Collector:
    """A collector that answers as told."""

    def __init__(self, events: list[Any], acks: list[Any]) -> None:
        self.events, self.acks = events, acks
        self.paths: list[str] = []
        self.waits: list[float] = []

    def post(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer."""
        self.paths.append(path.rpartition("/")[2])
        answers = self.acks if path.endswith("/ack") else self.events
        assert answers, self.too_much()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]  # what the check has put in

    def too_much(self) -> str:
        """Say what is wrong with one post more."""
        paths = self.paths
        asked = paths.count("ack")
        if paths[-1] == "ack":
            return "the collector has said yes, and you ask on: in JSON the name is a text, str(number)"
        if asked:
            return f"you send again after {asked} question{'s' * (asked != 1)}: ask up to five times before you do"
        return f"sending number {len(paths)}: a refusal is not sent again, and after four misses it is over"

    def send(self, lab: Any) -> Any:
        """Let the learner send a batch."""
        return lab.send_hec(b'{"event": "x"}', self.post, self.waits.append, random.Random(1))


GOOD = (200, {"ackId": 3})
NO = (200, {"acks": {"3": False}})
YES = (200, {"acks": {"3": True}})


@check("send_hec")
def sends_again_without_a_yes(lab: Any) -> None:
    """Send again when five questions get no yes, or the answer to one is lost."""
    one = Collector([GOOD, GOOD], [NO] * 5 + [YES])
    assert one.send(lab) is True, "the second sending was indexed: return True"
    assert one.paths == ["event", *["ack"] * 5, "event", "ack"], (
        f"five questions, then again from the start: {one.paths}"
    )
    one = Collector([GOOD, GOOD], [OSError("lost"), YES])
    assert one.send(lab) is True, "a lost answer to the question is a miss: send again, and return True"
    one = Collector([GOOD], [(503, {"code": 9}), YES])
    assert one.send(lab) is True, "an answer to the question without acks is no yes: ask again"


@check("send_hec")
def gives_up_after_four(lab: Any) -> None:
    """Return False after four misses, and wait longer and longer."""
    one = Collector([(503, {})] * 4, [])
    found = one.send(lab)
    assert found is False, f"after four misses return False, not {found!r}"
    assert one.paths == ["event"] * 4, f"four sendings, no questions; yours: {one.paths}"
    assert len(one.waits) == 4, f"each miss is followed by a wait: four, not {len(one.waits)}"
    asked: list[int] = []
    real = lab.next_delay

    def told(attempt: int, *more: Any, **options: Any) -> float:
        asked.append(attempt)
        return float(real(attempt, *more, **options))

    with patch.dict(lab.send_hec.__globals__, next_delay=told):
        Collector([(503, {})] * 4, []).send(lab)
    assert asked == [0, 1, 2, 3], f"the attempts are 0, 1, 2, 3, so that the waits grow; yours: {asked}"


@check("send_hec")
def stops_at_a_refusal(lab: Any) -> None:
    """Raise RuntimeError for a refusal, at once, and try again after 429."""
    one = Collector([(403, {"code": 4})], [])
    try:
        found = one.send(lab)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        assert "403" in str(error), f"the message should name the status 403: {error}"
    else:
        raise AssertionError(f"403 says that the token is wrong: raise RuntimeError, do not return {found!r}")
    assert one.paths == ["event"], f"a refusal does not go away by trying again; yours: {one.paths}"
    assert Collector([(429, {}), GOOD], [YES]).send(lab) is True, "429 says 'later', not 'never': try again"


def call(trace: str, service: str, outcome: str = "failure") -> dict[str, Any]:
    """Make a call."""
    return {"event.action": "call", "event.outcome": outcome, "trace.id": trace, "service.target.name": service}


def request(trace: str, outcome: str = "failure") -> dict[str, Any]:
    """Make a request."""
    return {"event.action": "request", "event.outcome": outcome, "trace.id": trace}


@check("blame")
def counts_a_trace_once(lab: Any) -> None:
    """Count a trace once, also with several failed calls in it."""
    events = [call("t1", "pay"), call("t1", "pay"), request("t1"), call("t2", "pay"), request("t2", "success")]
    found = lab.blame(events)
    assert found == [("pay", 1.0, 0.5)], (
        f"t1 failed with two calls, t2 did not: explains 1.0, hurts 0.5; yours: {found}"
    )


@check("blame")
def knows_days_without_failures(lab: Any) -> None:
    """Explain nothing where no request failed, and name no service that never failed."""
    events = [call("t1", "mail"), call("t1", "pay", "success"), request("t1", "success")]
    events += [{"event.action": "release", "event.outcome": "failure", "trace.id": "r"}]
    found = lab.blame(events)
    assert found == [("mail", 0.0, 0.0)], f"only mail failed, and no request did; yours: {found}"
    assert lab.blame([]) == [], "no events, no blame"


@check("blame")
def goes_by_name_among_equals(lab: Any) -> None:
    """Sort equal ones by name, and see a request before its calls."""
    events = [request("t1"), call("t1", "zip"), call("t1", "api"), request("t2"), call("t2", "mid")]
    names = [one[0] for one in lab.blame(events)]
    assert names == ["api", "mid", "zip"], f"all three explain a half, so it goes by name; yours: {names}"


class Flaky:
    """A partner who misses some times."""

    def __init__(self, *misses: BaseException) -> None:
        self.misses = list(misses)
        self.keys: list[str] = []
        self.waits: list[float] = []

    def call(self, key: str) -> str:
        """Answer, or miss."""
        self.keys.append(key)
        if self.misses:
            raise self.misses.pop(0)
        return "receipt"

    def use(self, lab: Any, **options: Any) -> Any:
        """Let the learner call."""
        return lab.call_partner(self.call, "k1", "later {}".format, self.waits.append, random.Random(1), **options)


@check("call_partner")
def keeps_the_key(lab: Any) -> None:
    """Use the same key at each try, so that nobody is charged twice."""
    one = Flaky(*[OSError("away")] * 3)
    one.use(lab)
    assert set(one.keys) == {"k1"}, f"a new key is a new payment: each try has the key k1; yours: {one.keys}"
    assert len(one.keys) == 4, f"three misses and an answer are four calls, not {len(one.keys)}"


@check("call_partner")
def lets_faults_through(lab: Any) -> None:
    """Pass on what is no miss, without trying again."""
    one = Flaky(ValueError("no such card"))
    try:
        found = one.use(lab)
    except ValueError:
        assert len(one.keys) == 1, f"a wrong card stays wrong: one call, not {len(one.keys)}"
    else:
        raise AssertionError(f"a ValueError says that the request is wrong: pass it on, do not return {found!r}")


@check("call_partner")
def waits_longer_each_time(lab: Any) -> None:
    """Wait with next_delay, base 0.5 and cap 8, attempt after attempt."""
    asked: list[tuple[int, Any, Any]] = []
    real = lab.next_delay

    def told(attempt: int, rng: random.Random, at_least: float = 0.0, base: float = 0.05, cap: float = 2.0) -> float:
        asked.append((attempt, base, cap))
        return float(real(attempt, rng, at_least, base, cap))

    with patch.dict(lab.call_partner.__globals__, next_delay=told):
        Flaky(*[OSError("away")] * 9).use(lab, tries=4)
    assert asked, "the waits come from next_delay: they grow, and chance keeps callers apart"
    assert [one[0] for one in asked] == [0, 1, 2], f"the attempts are 0, 1, 2; yours: {[one[0] for one in asked]}"
    assert all(one[1:] == (0.5, 8) for one in asked), f"base is 0.5 and cap is 8; yours: {asked[0][1:]}"


@check("call_partner")
def keeps_one_try(lab: Any) -> None:
    """Fall back at once with tries=1."""
    one = Flaky(OSError("away"))
    found = one.use(lab, tries=1)
    assert found == ("later k1", "fallback") and one.waits == [], (
        f"one try, one miss, no wait, the fallback; yours: {found!r} after {len(one.waits)} waits"
    )


def row(**more: Any) -> dict[str, Any]:
    """Make a row that weighs nothing."""
    plain = {"action": "GetObject", "host": None, "sensitivity": "internal", "source_ip": "10.1.1.1", "severity": 6}
    return {**plain, **more}


def weight(lab: Any, name: str, sources: int = 1, failures: int = 0, **more: Any) -> float:
    """Return the points of a reason, 0 when it is none."""
    return float(dict(lab.priority(row(**more), sources, failures)[1]).get(name, 0))


@check("priority", points=2)
def weighs_as_told(lab: Any) -> None:
    """Weigh each kind of evidence as the table says, up to its limit."""
    for told, found, wanted in (
        ("two sources", weight(lab, "sources", 2), 0),
        ("three sources", weight(lab, "sources", 3), 20),
        ("nine sources", weight(lab, "sources", 9), 60),
        ("four failures", weight(lab, "failures", 1, 4), 0),
        ("five failures", weight(lab, "failures", 1, 5), 25),
        ("fifty failures", weight(lab, "failures", 1, 50), 60),
        ("the host db-7", weight(lab, "asset", host="db-7"), 20),
        ("the host dbx-7", weight(lab, "asset", host="dbx-7"), 0),
        ("an address from before", weight(lab, "before", source_ip="198.51.100.7"), 40),
        ("a restricted event", weight(lab, "tagged", sensitivity="restricted"), 5),
        ("StopLogging", weight(lab, "class", action="StopLogging"), 60),
    ):
        assert abs(found - wanted) < 1e-6, f"{told}, alone, makes {wanted} points; yours {found:g}"


@check("priority")
def never_reaches_a_hundred(lab: Any) -> None:
    """Stay below 100 with all evidence there is, and grow with each piece."""
    everything = row(action="StopLogging", host="db-1", sensitivity="restricted", source_ip="198.51.100.7")
    score, reasons = lab.priority(everything, 5, 20)
    assert score < 100, f"all evidence together makes less than 100, not {score:g}: shares of what is missing"
    assert [one[0] for one in reasons] == ["class", "sources", "failures", "before", "asset", "tagged"], (
        f"the heaviest first, equal ones as in the table; yours: {[one[0] for one in reasons]}"
    )
    assert abs(sum(one[1] for one in reasons) - score) < 1e-6, "the points of the reasons do not add up to the score"
    assert lab.priority(everything, 5, 20)[0] > lab.priority(everything, 5, 0)[0], "more evidence, a higher score"


@check("priority")
def changes_nothing(lab: Any) -> None:
    """Leave the row as it is, and take one without a host or an action."""
    one = row(action=None)
    before = dict(one)
    assert lab.priority(one, 1, 0)[0] == 0, "a row without action and host has no evidence"
    assert one == before, f"the row was changed: {one}"
