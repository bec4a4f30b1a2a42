"""What fixtures cannot say of cloud, SaaS, IDS and web formats: wrappers, bounds, hostile requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.parse import parse_line
from logdojo.parse.registry import registry

RECORD: dict[str, Any] = {
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "eventTime": "2025-10-10T13:55:36Z",
}
ACCESS = '192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "{request}" 200 1 "-" "-"'
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)


def _parameters(value: object) -> dict[str, object]:
    event = parse_line(json.dumps({**RECORD, "requestParameters": value}))
    assert event.error == ""
    prefix = "aws.cloudtrail.request_parameters"
    return {name[len(prefix) :]: kept for name, kept in event.fields.items() if name.startswith(prefix)}


def test_cloudtrail_parameters_keep_what_fits():
    """At most 48 parameters are kept, and the event says that there were more; exactly 48 are all kept."""
    assert len(_parameters({f"k{n}": n for n in range(48)})) == 48
    event = parse_line(json.dumps({**RECORD, "requestParameters": {f"k{n}": n for n in range(60)}}))
    assert event.get("logdojo.truncated") is True
    assert event.get("aws.cloudtrail.request_parameters.k47") == 47
    assert "aws.cloudtrail.request_parameters.k48" not in event.fields


def test_cloudtrail_parameters_are_flattened_by_their_kind():
    """Objects become dotted names, lists of scalars one list, lists of objects numbered names; nothing is left out."""
    assert _parameters({"a": {"b": 1}, "c": ["x", 2], "d": [{"e": True}, {"e": None}], "f": "", "g": []}) == {
        ".a.b": 1,
        ".c": ["x", "2"],
        ".d.0.e": True,
    }
    assert _parameters("text") == {"": "text"}


def test_cloudtrail_depth_is_bounded():
    """What lies deeper than six steps is left out."""
    deep: Any = "end"
    for name in "hgfedcba":
        deep = {name: deep}
    assert _parameters(deep) == {}


@given(JSON)
def test_cloudtrail_reads_any_parameters(value: Any):
    """Any JSON value as parameters gives an event whose fields are scalars or lists of texts."""
    for kept in _parameters(value).values():
        assert isinstance(kept, (str, int, float, bool)) or all(isinstance(each, str) for each in kept)  # type: ignore[attr-defined]  # a list


@pytest.mark.parametrize(
    ("when", "utc"),
    [
        ("2025-10-10T13:55:36Z", "2025-10-10T13:55:36Z"),
        ("2025-10-10T13:55:36.25+02:00", "2025-10-10T11:55:36.250000Z"),
        ("2025-10-10 13:55:36", "2025-10-10T13:55:36Z"),
    ],
)
def test_cloudtrail_times(when: str, utc: str):
    """The usual spelling of a time is taken as it stands, any other is brought to UTC."""
    assert parse_line(json.dumps({**RECORD, "eventTime": when})).get("@timestamp") == utc


@pytest.mark.parametrize("when", ["2025-13-10T13:55:36Z", "2025-10-10T25:55:36Z", "yesterday at five!!!"])
def test_cloudtrail_broken_time_is_rejected(when: str):
    """A time that is none is the reason of a reject."""
    assert "is not a time" in parse_line(json.dumps({**RECORD, "eventTime": when})).error


def test_cloudtrail_names_must_be_texts():
    """A record whose name is no text is rejected, not a crash."""
    assert "must be texts" in parse_line(json.dumps({**RECORD, "eventName": 7})).error


@pytest.mark.parametrize("key", ["records", "Records", "value", "events"])
def test_documents_are_taken_out_of_their_wraps(key: str):
    """One event in a list of one is read; several are refused with advice."""
    event = {"eventType": "user.session.start", "published": "2025-10-10T13:55:36Z", "actor": {}}
    assert parse_line(json.dumps({key: [event]})).get("event.dataset") == "okta.system"
    assert "split them" in parse_line(json.dumps({key: [event, event]})).error


def test_key_order_does_not_choose_the_format():
    """An Entra sign-in is told from other Azure logs whichever key comes first."""
    entry = {
        "time": "2025-10-10T13:55:36Z",
        "operationName": "Sign-in activity",
        "category": "SignInLogs",
        "resourceId": "/x",
        "properties": {"status": {"errorCode": 0}},
    }
    for keys in (list(entry), list(reversed(entry))):
        assert parse_line(json.dumps({key: entry[key] for key in keys})).get("event.dataset") == "azure.signinlogs"


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters='"\\'), max_size=40))
def test_any_request_keeps_status_and_client(request_text: str):
    """Whatever a stranger sends as a request, client, time and status are read."""
    event = parse_line(ACCESS.format(request=request_text))
    assert event.get("event.dataset") == "web.access"
    assert event.get("source.ip") == "192.0.2.7"
    assert event.get("http.response.status_code") == 200
    assert event.get("@timestamp") == "2025-10-10T13:55:36Z"


def test_a_forged_time_in_a_request_does_not_move_the_client():
    """A request that holds another access log line does not change what the server wrote before it."""
    forged = '/?[11/Nov/2020:00:00:00 +0000] \\"GET /evil HTTP/1.1\\" 500 9'
    event = parse_line(ACCESS.format(request=f"GET {forged} HTTP/1.1"))
    assert event.get("@timestamp") == "2025-10-10T13:55:36Z"
    assert event.get("http.response.status_code") == 200


@pytest.mark.parametrize(
    "line",
    [
        "[" * 50_000,
        '192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "' + "\\" * 50_000,
        "2 123456789010 eni-1235b8ca " + "1 " * 40_000,
        "2025/10/10 13:55:36 [error] 1#1: " + ", client: " * 8_000,
        "10/10/2025-13:55:36.1  [**] [1:1:1] " + "[**] " * 15_000 + "} ",
        "1760104536.586      6 192.0.2.7 TCP_MISS/200 5 GET " + "a" * 60_000,
        '[2025-10-10T13:55:36Z] "GET ' + '" "' * 20_000,
    ],
)
def test_hostile_lines_give_one_event(line: str):
    """Long lines made to look like a format give one event each."""
    assert parse_line(line).original == line


def test_every_format_names_where_it_is_described():
    """Each format of this kind has the address of its vendor's description."""
    for name, made in registry().formats.items():
        if name.split(".")[0] in {"aws", "azure", "gcp", "okta", "o365", "kubernetes", "github", "zeek", "web"}:
            assert made.doc.startswith("https://"), name
