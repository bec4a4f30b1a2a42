"""The core of parsing: detection, what is wrapped, lines of no known format, and sound events on any text."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.parsing import ours, score, tuned
from tests.bench.parsing_data import LITERAL, load
from tests.parse.test_fixtures import FILES, _cases

from logdojo.events import PIPELINE_ERROR, LogEvent
from logdojo.parse import parse_line
from logdojo.parse.names import known
from logdojo.parse.registry import registry

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LINES = [case["line"] for path in FILES for case in _cases(path)]
registry()  # read once here, so that no single example pays for it
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=120)


def _sound(line: str) -> LogEvent:
    event = parse_line(line, now=NOW)
    assert event.original == line.rstrip("\r\n")
    assert (event.get("event.kind") == PIPELINE_ERROR) == bool(event.error)
    for name, (start, stop) in event.spans.items():
        assert 0 <= start < stop <= len(event.original), name
        assert event.original[start:stop] == str(event.fields[name]), name
    json.dumps(event.flat(), allow_nan=False).encode("utf-8")
    return event


@given(ANYTHING)
def test_any_text_gives_one_sound_event(text: str):
    """No text raises; the event keeps the line, its spans are literal, and it can be written as JSON."""
    _sound(text)


@given(st.sampled_from(LINES), st.data())
def test_changed_lines_of_every_format_give_one_sound_event(line: str, data: st.DataObject):
    """A line of any format with pieces cut, doubled or replaced still gives one sound event."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(line)))
        stop = data.draw(st.integers(start, min(len(line), start + 16)))
        piece = data.draw(st.one_of(st.just(""), st.just(line[start:stop] * 2), st.text(max_size=8), ANYTHING))
        line = line[:start] + piece + line[stop:]
    _sound(line)


@given(st.sampled_from(LINES), st.integers(0, 400))
def test_cut_lines_give_one_sound_event(line: str, at: int):
    """A line that ends too early, as a full buffer leaves it, still gives one sound event."""
    _sound(line[:at])


def _wrap_cri(line: str) -> str:
    return f"2026-05-09T08:07:06.493035218+01:00 stdout F {line}"


def _wrap_docker(line: str) -> str:
    return json.dumps({"log": line + "\n", "stream": "stdout", "time": "2026-05-09T08:07:06.1Z"})


def _wrap_compose(line: str) -> str:
    return f"web-1  | {line}"


@pytest.mark.parametrize("wrap", [_wrap_cri, _wrap_docker, _wrap_compose])
@pytest.mark.parametrize(
    "line",
    [
        "May  9 08:07:06 web-1 sshd[4721]: Invalid user bob from 198.51.100.7 port 4022",
        '{"EventID": 4625, "Channel": "Security", "Hostname": "dc1", "TargetUserName": "bob"}',
        "[2026-05-09 08:07:06] Login failed for user 'bob' from 198.51.100.7",
    ],
)
def test_what_a_runtime_wraps_is_read_as_the_line_inside(wrap: Callable[[str], str], line: str):
    """The line inside gives the same user and address as it does bare, and spans point into the whole line."""
    inner, whole = parse_line(line, now=NOW), _sound(wrap(line))
    assert whole.error == ""
    for name in ("user.name", "source.ip", "event.outcome", "event.code"):
        assert whole.get(name) == inner.get(name)


def test_an_unreadable_line_inside_keeps_its_wrapper():
    """A line that says nothing still has the time and the stream of its wrapper."""
    event = _sound(_wrap_cri("hello"))
    assert event.get("@timestamp") == "2026-05-09T07:07:06.493035Z"
    assert event.get("message") == "hello"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("srcIp", "source.ip"),
        ("client-ip", "source.ip"),
        ("request.remote_ip", "source.ip"),
        ("server.ip", "destination.ip"),
        ("userName", "user.name"),
        ("http.request.method", "http.request.method"),
        ("colour", None),
    ],
)
def test_names_are_known_in_any_spelling(name: str, field: str | None):
    """Case, dots, hyphens and underscores do not count; a side's name before a dot does."""
    found = known(name)
    assert (found[0] if found else None) == field


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("10:42:17.550475 IP 192.0.2.4.43436 > 198.51.100.7.22: Flags [S], seq 1, length 0", {"source.port": 43436}),
        ("2026-05-09 08:07:06 proxying 192.0.2.4 and 198.51.100.7", {"source.ip": None, "destination.ip": None}),
        ("2026-05-09 08:07:06 version 1.2.3.400 and 999.1.1.1", {"source.ip": None}),
        ("2026-05-09 08:07:06 user not found", {"user.name": None}),
        ("2026-05-09 08:07:06 upstream http://192.0.2.4:80/x failed", {"source.ip": None}),
        ('{"ip": "no address", "port": 70000, "ts": 1778314026, "user": true}', {"source.ip": None, "user.name": None}),
        ('{"time": "2026-05-09T08:07:06Z", "ip": "192.0.2.4", "user": "ana", "cut": "o', {"source.ip": "192.0.2.4"}),
    ],
)
def test_nothing_is_guessed(line: str, wanted: dict[str, object]):
    """A value without a role, or not of the field's kind, is left out; a name and a kind that fit are taken."""
    event = _sound(line)
    assert {name: event.get(name) for name in wanted} == wanted


def _steps(line: str) -> int:
    """Count the calls and lines of Python that parsing takes: a measure of work that no busy machine changes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        del frame, event, argument
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse_line(line, now=NOW)
    finally:
        sys.settrace(before)
    return count


def _beginnings() -> list[Any]:
    shown: dict[str, str] = {}
    for path in FILES:
        shown[path.stem] = _cases(path)[0]["line"]
    return [pytest.param(line, id=name) for name, line in shown.items()]


@pytest.mark.parametrize("line", _beginnings())
@pytest.mark.parametrize("size", [100_000])
def test_hostile_lines_of_every_format_end(line: str, size: int):
    """A hundred kilobytes of a format's own words end in time, and work does not grow with a square."""
    _sound(line * (size // len(line) + 1))
    # A fifth of it shows how the work grows.
    whole, half = line * (size // 5 // len(line) + 1), line * (size // 10 // len(line) + 1)
    assert _steps(whole) <= 4 * _steps(half) + 2_000


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("CEF:0|Example|Gate|1|100|Signed in|060|src=192.0.2.4 suser=ana", "event.severity", 60),
        ("May  9 08:07:06 web-1 sshd[0042]: Connection closed by 192.0.2.4 port 4022", "process.pid", 42),
        (
            '2026-05-09T08:07:06Z web-1 app[42]: {"message": "sign-in of ana failed", "ip": "192.0.2.4"}',
            "message",
            None,
        ),
    ],
)
def test_a_value_that_was_changed_has_no_place(line: str, field: str, value: object):
    """What is kept otherwise than it stands in the line, as a number with zeros before it, has no span."""
    event = _sound(line)
    assert value is None or event.get(field) == value
    assert field in event.fields
    assert field not in event.spans


def test_every_format_names_its_documentation():
    """Each format says where it is described."""
    assert [name for name, each in registry().formats.items() if not each.doc.startswith("https://")] == []


def test_files_of_fixtures_are_found():
    """The tests above run on the fixtures of the folder."""
    assert Path(FILES[0]).suffix == ".yaml"


@pytest.mark.data
def test_what_another_project_asserts_is_read(shared_data: Path):
    """Of what stands literally in another project's lines, most is found and right, and no line is rejected.

    Where rules were tuned, .95 and .97; where nobody looked, above every peer.
    """
    rows = load(shared_data / "crowdsec" / "fields.jsonl")
    halves = [[row for row in rows if tuned(row) is half] for half in (True, False)]
    (_, recall, precision), (_, other_recall, other_precision) = (score(half, ours).figures(LITERAL) for half in halves)
    assert recall >= 0.95
    assert precision >= 0.97
    assert other_recall >= 0.85
    assert other_precision >= 0.94
    assert [row.line for row in rows if parse_line(row.line).error] == []


def test_the_header_of_logread_is_read():
    """OpenWrt writes the C library's date, then facility and severity by name, and no host."""
    line = (
        "Fri Jan  5 10:10:10 2024 authpriv.warn dropbear[812]: Bad password attempt for 'root' from 198.51.100.7:50022"
    )
    fields = parse_line(line).fields
    assert fields["@timestamp"] == "2024-01-05T10:10:10Z"
    assert fields["process.name"] == "dropbear"
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["logdojo.time.zone_unknown"] is True


def test_a_document_in_a_message_is_read_by_its_own_format():
    """Shippers wrap a vendor's JSON as ``{"message": "{…}"}``."""
    inner = json.dumps(
        {
            "eventType": "user.session.start",
            "published": "2024-01-05T10:10:10.000Z",
            "uuid": "u",
            "actor": {"alternateId": "ann@example.com"},
        }
    )
    event = parse_line(json.dumps({"message": inner, "tags": ["okta"]}))
    assert event.fields["event.action"] == "user.session.start"
