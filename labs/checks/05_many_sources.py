"""Public checks of lab 05: one or two plain cases of each exercise. No check uses a network or waits for the clock."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from logdojo.course.check import check

RECEIVED = datetime(2025, 1, 7, tzinfo=UTC)
PROXY = (
    "1736122518.181     46 10.10.1.143 TCP_MISS/200 4868 GET http://www.shop.example/a ismael "
    "HIER_DIRECT/198.19.1.2 text/html"
)
TEXTS = "id source tenant sensitivity source_ip destination_ip user_name host action outcome line".split()
MONDAY = datetime(2025, 1, 6, 9)


@check("event_time")
def reads_four_notations(lab: Any) -> None:
    """Read seconds, ISO 8601, a web server's time and syslog's."""
    wanted = datetime(2025, 1, 6, 13, 15, tzinfo=UTC)
    for text in ("1736169300", "2025-01-06T13:15:00Z", "06/Jan/2025:13:15:00 +0000", "Jan  6 13:15:00"):
        found = lab.event_time(text, RECEIVED)
        assert isinstance(found, datetime), f"{text!r} should give a datetime, not {found!r}"
        assert found.tzinfo is not None, f"{text!r} gives {found}, which has no zone: all moments are in UTC"
        assert found == wanted, f"{text!r} is {wanted}, and yours is {found}"


@check("event_time")
def converts_zones(lab: Any) -> None:
    """Convert what comes with another zone to UTC."""
    wanted = datetime(2025, 1, 6, 13, 15, tzinfo=UTC)
    for text in ("2025-01-06T14:15:00+01:00", "06/Jan/2025:08:15:00 -0500"):
        found = lab.event_time(text, RECEIVED)
        assert found == wanted, f"{text!r} is {wanted}, and yours is {found}: count the zone"
        assert found.utcoffset() == timedelta(0), f"{text!r} is left in its own zone: use .astimezone(UTC)"


@check("event_time")
def knows_last_year(lab: Any) -> None:
    """Find the year of a syslog line from December that arrives in January."""
    found = lab.event_time("Dec 30 08:00:00", RECEIVED)
    assert found == datetime(2024, 12, 30, 8, tzinfo=UTC), (
        f"a line of Dec 30 that is received on 7 January 2025 was written in 2024, and yours is {found}"
    )


@check("parse_proxy")
def reads_a_line(lab: Any) -> None:
    """Read a line of the proxy into ECS names."""
    found = lab.parse_proxy(PROXY)
    assert isinstance(found, dict), f"return a dict, not {type(found).__name__}"
    assert found.get("event.kind") != "pipeline_error", (
        f"{PROXY[:40]}… is a good line, and you took it for an error: {found.get('error.message')}"
    )
    for name, value in {
        "source.ip": "10.10.1.143",
        "destination.ip": "198.19.1.2",
        "user.name": "ismael",
        "http.request.method": "GET",
        "url.original": "http://www.shop.example/a",
        "http.response.status_code": 200,
        "http.response.bytes": 4868,
        "event.outcome": "success",
        "event.dataset": "squid.access",
        "event.kind": "event",
        "event.original": PROXY,
    }.items():
        assert name in found, f"the field {name} is missing"
        assert found[name] == value, f"{name} is {value!r}, and yours is {found[name]!r}"
    moment = datetime.fromisoformat(found["@timestamp"])
    assert abs(moment.timestamp() - 1736122518.181) < 0.01, f"@timestamp is 2025-01-06T00:15:18.181, yours {moment}"


@check("parse_proxy")
def keeps_what_it_cannot_read(lab: Any) -> None:
    """Keep a line that cannot be read, marked as an error."""
    for line in ("", "cache started", PROXY.replace("4868", "many")):
        found = lab.parse_proxy(line)
        assert isinstance(found, dict), f"{line[:20]!r} is no line of the proxy: a dict all the same, not {found!r}"
        assert found.get("event.kind") == "pipeline_error", f"{line[:20]!r} should have event.kind pipeline_error"
        assert found.get("event.original") == line, f"the line itself must be kept in event.original: {found}"
        assert found.get("error.message"), "error.message should say why it cannot be read"


def write(path: Path, *lines: str) -> str:
    """Write a log; return the fingerprint of its first line."""
    path.write_bytes("".join(lines).encode())
    first = lines[0].encode() if lines else b""
    return hashlib.sha256(first).hexdigest()[:16] if first.endswith(b"\n") else ""


@check("read_new")
def reads_what_is_new(lab: Any) -> None:
    """Read a log from its beginning, and later only what is new."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        name = write(path, "one\n", "two\n")
        out = lab.read_new(path, ("", 0))
        assert isinstance(out, tuple) and len(out) == 2, "return a pair: what was found, and the new place"
        found, place = out
        assert found == [(name, 0, "one"), (name, 4, "two")], f"one stands at 0 and two at 4; yours: {found}"
        assert place == (name, 8), f"the place is behind the last line, ({name!r}, 8); yours: {place}"
        assert lab.read_new(path, place) == ([], place), "a second time there is nothing new, and the place stays"
        write(path, "one\n", "two\n", "three\n")
        found, place = lab.read_new(path, place)
        assert found == [(name, 8, "three")], f"only three is new; yours: {found}"


@check("read_new", points=2)
def follows_a_rotation(lab: Any) -> None:
    """Finish the rotated file first, then read the new one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        old = write(path, "one\n", "two\n")
        _, place = lab.read_new(path, ("", 0))
        write(path, "one\n", "two\n", "three\n")
        path.replace(f"{path}.1")
        new = write(path, "four\n")
        found, place = lab.read_new(path, place)
        lines = [line for *_, line in found]
        assert "three" in lines, f"three was written before the rotation and stands in {path.name}.1: it is lost"
        assert found == [(old, 8, "three"), (new, 0, "four")], f"three, then four, and nothing twice; yours: {found}"
        assert place == (new, 5), f"the place is in the new file now, at 5; yours: {place}"


@check("event_id")
def is_the_same_each_time(lab: Any) -> None:
    """Give the same line the same id, and another line another one."""
    one = lab.event_id("web", "f1", 10, "GET /")
    assert isinstance(one, str) and len(one) == 32 and set(one) <= set("0123456789abcdef"), (
        f"an id has 32 letters of 0-9 and a-f; yours: {one!r}"
    )
    assert one == lab.event_id("web", "f1", 10, "GET /"), "the same line has another id the second time"
    others = {
        "source": lab.event_id("proxy", "f1", 10, "GET /"),
        "name": lab.event_id("web", "f2", 10, "GET /"),
        "offset": lab.event_id("web", "f1", 16, "GET /"),
        "line": lab.event_id("web", "f1", 10, "GET /a"),
    }
    for what, other in others.items():
        assert one != other, f"another {what} must give another id: two lines would become one"


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


@check("append")
def stores_once(lab: Any) -> None:
    """Store rows, and the same rows only once."""
    con = store()
    rows = [{"id": f"r{n}", "source": "web", "severity": 6, "time": MONDAY} for n in range(3)]
    found = lab.append(con, rows)
    assert found == 3, f"three rows went into an empty store, and you say {found!r}"
    again = lab.append(con, [*rows, {"id": "r9", "source": "web"}])
    assert again == 1, f"of four rows one is new, and you say {again!r}"
    there = con.execute("SELECT id, source, severity, time FROM events ORDER BY id").fetchall()
    assert len(there) == 4, f"four rows should be there, and there are {len(there)}"
    assert there[0] == ("r0", "web", 6, MONDAY), f"a row has changed on its way: {there[0]}"


@check("timeline")
def sees_both_roles(lab: Any) -> None:
    """Find an address as source and as destination, in order of time."""
    con = store(
        {"time": MONDAY + timedelta(hours=1), "source_ip": "A", "action": "later"},
        {"time": MONDAY, "destination_ip": "A", "source": "proxy", "user_name": "jo", "outcome": "success"},
        {"time": MONDAY, "source_ip": "B"},
    )
    found = lab.timeline(con, "A", {"internal"})
    assert isinstance(found, list), f"return a list, not {type(found).__name__}"
    assert len(found) == 2, f"A is the source of one event and the destination of another; you found {len(found)}"
    wanted = [(MONDAY, "proxy", "jo", None, "success"), (MONDAY + timedelta(hours=1), "web", None, "later", None)]
    assert [tuple(one) for one in found] == wanted, f"oldest first, five fields each: {wanted}; yours: {found}"


@check("timeline")
def shows_only_what_may_be_seen(lab: Any) -> None:
    """Show only events whose sensitivity is allowed."""
    con = store(
        {"time": MONDAY, "source_ip": "A", "action": "open"},
        {"time": MONDAY, "source_ip": "A", "action": "secret", "sensitivity": "restricted"},
        {"time": MONDAY, "destination_ip": "A", "action": "hidden", "sensitivity": "personal"},
    )
    actions = {one[3] for one in lab.timeline(con, "A", {"internal"})}
    assert actions == {"open"}, f"who may see internal logs alone sees one event, open; yours: {sorted(actions)}"
    actions = {one[3] for one in lab.timeline(con, "A", {"internal", "restricted"})}
    assert actions == {"open", "secret"}, f"with restricted it is open and secret; yours: {sorted(actions)}"


@check("who_was")
def names_the_last_user(lab: Any) -> None:
    """Give an event the user who was last seen at its address."""
    con = store(
        {"time": MONDAY, "source_ip": "A", "user_name": "ann", "outcome": "success"},
        {"time": MONDAY + timedelta(hours=2), "source_ip": "A", "user_name": "bob", "outcome": "success"},
        {"id": "x", "time": MONDAY + timedelta(hours=1), "source_ip": "A"},
        {"id": "y", "time": MONDAY + timedelta(hours=3), "source_ip": "A"},
        {"id": "z", "time": MONDAY + timedelta(hours=3), "source_ip": "B"},
    )
    found = lab.who_was(con, 8)
    assert isinstance(found, dict), f"return a dict, id to user, not {type(found).__name__}"
    assert "z" not in found, "nobody signed in from B: z is left out"
    assert found == {"x": "ann", "y": "bob"}, f"ann was there before x, bob before y; yours: {found}"


@check("date_histogram")
def fills_the_gaps(lab: Any) -> None:
    """Count by piece and source, with every piece there."""
    con = store(
        {"time": MONDAY + timedelta(minutes=3)},
        {"time": MONDAY + timedelta(minutes=4)},
        {"time": MONDAY + timedelta(minutes=4), "source": "sshd"},
        {"time": MONDAY + timedelta(minutes=25)},
    )
    found = lab.date_histogram(con, 10, MONDAY, MONDAY + timedelta(minutes=30))
    starts = [start for start, _ in found]
    assert starts == [MONDAY + timedelta(minutes=n) for n in (0, 10, 20)], (
        f"half an hour has three pieces of ten minutes, also where nothing happened; yours begin at "
        f"{[f'{start:%H:%M}' for start in starts]}"
    )
    counts = [dict(counts) for _, counts in found]
    assert counts == [{"web": 2, "sshd": 1}, {}, {"web": 1}], f"wrong counts: {counts}"


@check("bulk_body")
def has_two_lines_each(lab: Any) -> None:
    """Write for each document an action with its id, and the document."""
    lines = [b'{"event.id": "a", "n": 1}', b'{"event.id": "b", "n": 2}']
    body = lab.bulk_body(lines, "soc")
    assert isinstance(body, bytes), f"return bytes, not {type(body).__name__}"
    told = [json.loads(line) for line in body.splitlines()]
    assert len(told) == 4, f"two documents make four lines, yours has {len(told)}"
    assert told[0] == {"create": {"_index": "soc", "_id": "a"}}, (
        f'the first line is {{"create": {{"_index": "soc", "_id": "a"}}}}; yours: {told[0]}'
    )
    assert told[1::2] == [json.loads(line) for line in lines], f"lines 2 and 4 are the documents; yours: {told[1::2]}"


class Collector:
    """A collector that answers as told: one (status, answer) or error for each event post, and for each question."""

    def __init__(self, events: list[Any], acks: list[Any]) -> None:
        self.events, self.acks = events, acks
        self.posts: list[tuple[str, bytes]] = []
        self.waits: list[float] = []

    def post(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer."""
        self.posts.append((path, body))
        answers = self.acks if path.endswith("/ack") else self.events
        assert answers, self.too_much()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]  # what the check has put in

    def too_much(self) -> str:
        """Say what is wrong with one post more."""
        paths = [path.rpartition("/")[2] for path, _ in self.posts]
        asked = paths.count("ack")
        if paths[-1] == "ack":
            return "the collector has said yes, and you ask on: in JSON the name is a text, str(number)"
        if asked:
            return f"you send again after {asked} question{'s' * (asked != 1)}: ask up to five times before you do"
        return f"sending number {len(paths)}: a refusal is not sent again, and after four misses it is over"

    def send(self, lab: Any) -> Any:
        """Let the learner send a batch."""
        return lab.send_hec(b'{"event": "x"}', self.post, self.waits.append, random.Random(1))


@check("send_hec", points=2)
def waits_for_the_index(lab: Any) -> None:
    """Ask for the acknowledgement until it says yes."""
    no, yes = (200, {"acks": {"7": False}}), (200, {"acks": {"7": True}})
    one = Collector([(200, {"text": "Success", "code": 0, "ackId": 7})], [no, no, yes])
    done = one.send(lab)
    paths = [path.rpartition("/")[2] for path, _ in one.posts]
    assert "ack" in paths, "200 means received, not indexed: ask at /services/collector/ack"
    assert paths == ["event", "ack", "ack", "ack"], f"one sending and three questions were needed; yours: {paths}"
    assert json.loads(one.posts[1][1]) == {"acks": [7]}, f'the question is {{"acks": [7]}}; yours: {one.posts[1][1]!r}'
    assert done is True, f"at the third question the batch was indexed, and you return {done!r}"


@check("send_hec")
def tries_again_when_busy(lab: Any) -> None:
    """Send again after 503 and after a lost answer."""
    good, yes = (200, {"ackId": 0}), (200, {"acks": {"0": True}})
    for what, miss in (("503", (503, {"code": 9})), ("a lost answer", OSError("lost"))):
        one = Collector([miss, good], [yes])
        assert one.send(lab) is True, f"after {what} the second try was fine: return True"
        assert len(one.waits) == 1, (
            f"after {what} wait once, with sleep(next_delay(…)); you waited {len(one.waits)} times"
        )


def call(trace: str, service: str, outcome: str = "failure") -> dict[str, Any]:
    """Make a call."""
    return {"event.action": "call", "event.outcome": outcome, "trace.id": trace, "service.target.name": service}


def request(trace: str, outcome: str = "failure") -> dict[str, Any]:
    """Make a request."""
    return {"event.action": "request", "event.outcome": outcome, "trace.id": trace}


@check("blame")
def tells_loud_from_harmful(lab: Any) -> None:
    """Tell the service that hurts from the one that is only loud."""
    events = [call("t1", "pay"), request("t1"), call("t2", "pay"), call("t2", "mail"), request("t2")]
    for n in range(3, 7):
        events += [call(f"t{n}", "mail"), request(f"t{n}", "success"), call(f"t{n}", "pay", "success")]
    found = lab.blame(events)
    assert isinstance(found, list), f"return a list, not {type(found).__name__}"
    assert [one[0] for one in found] == ["pay", "mail"], f"pay explains more and comes first; yours: {found}"
    (_, explains, hurts), (_, less, harmless) = found
    assert (hurts, harmless) != (1.0, 0.5), "explains and hurts stand the wrong way round: explains comes first"
    assert (explains, less) == (1.0, 0.5), (
        f"two requests failed, both with pay failing and one with mail: explains 1.0 and 0.5, not {explains} and {less}"
    )
    assert (hurts, harmless) == (1.0, 0.2), (
        f"of 2 traces with pay failing 2 failed, of 5 with mail 1: hurts 1.0 and 0.2, not {hurts} and {harmless}"
    )


class Flaky:
    """A partner who misses some times."""

    def __init__(self, *misses: Exception) -> None:
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
def bridges_a_miss(lab: Any) -> None:
    """Try again after a miss, and say how it went."""
    for misses, how in ((0, "at once"), (2, "retried")):
        one = Flaky(*[TimeoutError("away")] * misses)
        found = one.use(lab)
        assert found == ("receipt", how), f"after {misses} misses it is ('receipt', {how!r}); yours: {found!r}"
        assert len(one.waits) == misses, (
            f"{misses} misses need {misses} waits before the next try; yours {len(one.waits)}"
        )


@check("call_partner")
def falls_back(lab: Any) -> None:
    """Fall back when the partner stays away, without a last wait."""
    one = Flaky(*[TimeoutError("away")] * 9)
    found = one.use(lab, tries=3)
    assert found == ("later k1", "fallback"), f"after three misses it is ('later k1', 'fallback'); yours: {found!r}"
    assert len(one.keys) == 3, f"tries=3 means three calls in all, not {len(one.keys)}"
    assert len(one.waits) == 2, f"between three calls there are two waits, not {len(one.waits)}: none after the last"


def row(**more: Any) -> dict[str, Any]:
    """Make a row that weighs nothing."""
    plain = {"action": "GetObject", "host": None, "sensitivity": "internal", "source_ip": "10.1.1.1", "severity": 6}
    return {**plain, **more}


@check("priority")
def adds_reasons_up(lab: Any) -> None:
    """Let each reason take its share of what is missing."""
    found = lab.priority(row(action="CreateUser", sensitivity="restricted"), 4, 0)
    assert isinstance(found, tuple) and len(found) == 2, "return a pair: the score and the reasons"
    score, reasons = found
    names = [one[0] for one in reasons]
    assert names == ["sources", "class", "tagged"], f"three reasons, the heaviest first; yours: {names}"
    points = [one[1] for one in reasons]
    assert abs(points[0] - 40) < 1e-6, f"four sources are two beyond the second, 0.4 of 100 is 40; yours: {points[0]}"
    assert abs(points[1] - 21) < 1e-6, f"0.35 of the 60 that are missing then is 21; yours: {points[1]}"
    assert abs(score - sum(points)) < 1e-6, f"the points add up to {sum(points)}, and the score is {score}"


@check("priority")
def has_no_reason_for_nothing(lab: Any) -> None:
    """Give an ordinary event the score 0 and no reasons."""
    score, reasons = lab.priority(row(), 1, 0)
    assert reasons == [], f"an ordinary event has no reasons; yours: {reasons}"
    assert score == 0, f"without evidence the score is 0, not {score}"
