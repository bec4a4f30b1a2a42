"""Whatever stands in a line: one event, no exception, exact spans, linear time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.events import PIPELINE_ERROR, LogEvent
from logdojo.parse import parse_line

LINES = [
    "May  9 08:07:06 web-1 sshd[4721]: Failed password for invalid user bob from 198.51.100.7 port 4022 ssh2",
    "May  9 08:07:06 web-1 sshd[4721]: Disconnected from authenticating user root 198.51.100.7 port 59402 [preauth]",
    (
        "May  9 08:07:06 web-1 sshd[4721]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh "
        "ruser= rhost=198.51.100.7  user=root"
    ),
    "May  9 08:07:06 w sshd[4721]: message repeated 2 times: [ Failed password for root from 192.0.2.1 port 1 ssh2]",
    (
        "<4>May  9 08:07:06 gw kernel: [ 203.8] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 "
        "SRC=198.51.100.7 DST=10.0.0.5 LEN=40 TOS=0x00 TTL=1 ID=1 PROTO=TCP SPT=4 DPT=23 WINDOW=1 RES=0x00 SYN"
    ),
    '<165>1 2025-10-11T22:14:15.003Z host evntslog 7 ID47 [a@1 b="c"] An event',
    json.dumps(
        {
            "eventTime": "2025-04-11T15:24:00Z",
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "userIdentity": {"type": "IAMUser", "userName": "ana"},
            "requestParameters": {"userName": "bob", "tags": [{"key": "a", "value": 1.5}]},
            "sourceIPAddress": "198.51.100.7",
        }
    ),
]
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=200)
HOSTILE = 100_000
FORGED = ["Failed password for {} from 198.51.100.7 port 22 ssh2", "Invalid user {} from 198.51.100.7 port 22"]


def _one_sound_event(line: str) -> LogEvent:
    event = parse_line(line)
    assert event.original == line.rstrip("\r\n")
    assert (event.get("event.kind") == PIPELINE_ERROR) == bool(event.error)
    for name, (start, stop) in event.spans.items():
        assert 0 <= start < stop <= len(event.original)
        assert event.original[start:stop] == str(event.fields[name])
    for value in event.fields.values():
        assert isinstance(value, (str, int, float, bool, list))
    written = json.dumps(event.flat(), ensure_ascii=False, allow_nan=False)
    assert "event.original" in json.loads(written.encode("utf-8"))
    return event


@given(ANYTHING)
def test_any_text_gives_one_event(text: str):
    """Any text, surrogates and control characters included, gives exactly one event that JSON can hold."""
    _one_sound_event(text)


@given(st.sampled_from(LINES), st.data())
def test_mutated_lines_give_one_event(line: str, data: st.DataObject):
    """A real-looking line with a piece replaced, doubled or cut out still gives one event with exact spans."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(line)))
        stop = data.draw(st.integers(start, min(len(line), start + 12)))
        piece = data.draw(st.one_of(st.just(""), st.just(line[start:stop] * 2), st.text(max_size=8), ANYTHING))
        line = line[:start] + piece + line[stop:]
    _one_sound_event(line)


@given(st.sampled_from(FORGED), st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_no_user_name_can_forge_the_address(message: str, user: str):
    """Whatever a stranger types as user name, the address is the one the server wrote."""
    event = _one_sound_event("May  9 08:07:06 web-1 sshd[4721]: " + message.format(user))
    assert event.get("source.ip") == "198.51.100.7"
    assert event.text("user.name") == user


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(st.text(max_size=8), child, max_size=4),
)


@given(st.dictionaries(st.text(max_size=8), JSON_VALUES))
def test_any_request_parameters_give_one_event(parameters: dict[str, object]):
    """Request parameters of any shape, with numbers and text that few writers expect, give one writable event."""
    record = {"eventName": "X", "eventSource": "s3.amazonaws.com", "requestParameters": parameters}
    _one_sound_event(json.dumps(record | {"userIdentity": parameters, "sessionContext": parameters}))


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "from ",
        " from 1 port 1",
        ":1:",
        "(uid=1) by",
        " rhost=",
        "[",
        "[]",
        "{",
        '{"a":',
        "IN= SRC= PROTO=",
        "a.b-",
        "<1>",
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        "",
        "May  9 08:07:06 ",
        "<34>1 - - - - - ",
        "May  9 08:07:06 h kernel: ",
        *(
            f"May  9 08:07:06 h sshd[1]: {kind}"
            for kind in ("Failed password for ", "Received disconnect from 1:1: ", "User ")
        ),
    ],
)
def test_repetition_of_a_hundred_kilobytes_gives_one_event(head: str, unit: str):
    """A line of one piece repeated to 100 kB ends; the suite's time limit would stop a quadratic expression."""
    line = head + unit * (HOSTILE // len(unit))
    _one_sound_event(line)
    _one_sound_event(line + "x")
