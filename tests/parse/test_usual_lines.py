"""Lines read whole, as nearly all of a format are: the same event as word by word, and places found when asked for."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.parsing_speed import streams
from tests.parse.test_fixtures import FOLDER, _cases

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.parse.formats.cisco_flows import QUICK
from logdojo.parse.registry import registry

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FORMATS = ("iptables", "cisco.asa", "cisco.ftd", "aws.cloudtrail")
STREAMS = streams()
LINES = [case["line"] for name in FORMATS for case in _cases(FOLDER / f"{name}.yaml")]
LINES += [line for name in ("iptables", "Cisco ASA", "CloudTrail") for line in STREAMS[name][:20]]
TORN = (
    "<166>May  9 2026 08:07:06 fw : %ASA-6-302014: Teardown TCP connection 7 for outside:192.0.2.7/443 to "
    "inside:10.0.0.5/4711 duration 0:01:02 bytes 4598"
)
LINES += [
    TORN,
    f"{TORN} TCP FINs",
    f"{TORN} TCP Reset-I from inside",
    f"{TORN} from inside",
    f"{TORN} unknown",
    f"{TORN} TCP FINs (ana)",
    TORN.replace("outside:", "unknown:"),
    TORN.replace("192.0.2.7", "192.0.2.700"),
    TORN.replace("443", "0443"),
    TORN.replace("302014", "302016").replace("TCP", "UDP"),
    STREAMS["Cisco ASA"][0].replace("outbound", "inbound"),
    STREAMS["Cisco ASA"][0] + " (ana)",
    STREAMS["Cisco ASA"][0].replace(" 2026 ", " "),
    STREAMS["Cisco ASA"][0].replace(" : %", " UTC: %"),
    STREAMS["Cisco ASA"][0].replace("<166>", "<999>"),
    STREAMS["iptables"][0].replace("May", "Foo"),
    STREAMS["iptables"][0].replace("IN=eth0", "DESCR=a b IN=eth0"),
]
registry()  # read once here, so that no single example pays for it


@contextmanager
def _word_by_word() -> Iterator[None]:
    known = registry()
    usual, documents = known.often[:], known.often_documents[:]
    known.often.clear()
    known.often_documents.clear()
    try:
        yield
    finally:
        known.often.extend(usual)
        known.often_documents.extend(documents)


def _told(event: LogEvent) -> tuple[dict[str, object], dict[str, tuple[int, int]], str]:
    return dict(event.fields), dict(event.spans), event.error


def _alike(line: str) -> None:
    whole = _told(parse_line(line, now=NOW))
    with _word_by_word():
        assert whole == _told(parse_line(line, now=NOW))


@pytest.mark.parametrize("line", LINES)
def test_read_whole_and_word_by_word_is_the_same(line: str):
    """A line that is read whole gives the fields, places and reason that its parts give one by one."""
    _alike(line)


@given(st.sampled_from(LINES), st.data())
def test_changed_lines_read_whole_and_word_by_word_are_the_same(line: str, data: st.DataObject):
    """So do lines with a piece cut, doubled or replaced."""
    start = data.draw(st.integers(0, len(line)))
    stop = data.draw(st.integers(start, min(len(line), start + 8)))
    piece = data.draw(
        st.sampled_from(["", line[start:stop] * 2, " ", "0", ".", "/", "=", "-", '"', "999", "null", "é"])
    )
    _alike(line[:start] + piece + line[stop:])


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.just({}), st.just([1, "a"]))
KEYS = ("eventTime", "eventSource", "awsRegion", "sourceIPAddress", "userIdentity", "readOnly", "errorCode")
INNER = ("type", "principalId", "userName", "sessionContext", "accountId")


@given(
    st.dictionaries(st.sampled_from((*KEYS, "responseElements", "requestParameters", "recipientAccountId")), VALUES),
    st.dictionaries(st.sampled_from(INNER), VALUES),
)
def test_records_with_values_of_any_kind_are_the_same(outer: dict[str, object], inner: dict[str, object]):
    """A record whose values are not of the kinds that AWS documents is read as if no kind had been expected."""
    record = {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "userIdentity": inner}
    _alike(json.dumps(record | outer))


def test_usual_lines_are_read_whole():
    """What the benchmark measures as usual is read so: no line of the streams goes the slow way."""
    known = registry()
    for name in ("iptables", "Cisco ASA"):
        for line in STREAMS[name][:50]:
            assert any(read(line, NOW) for characters, read in known.often if characters in line), line
    for line in STREAMS["CloudTrail"][:50]:
        assert any(read(line, NOW) for key, read in known.often_documents if key in line), line


def test_numbers_read_quickly_are_in_the_table():
    """A message that is read without the table is in it too, with its meaning."""
    for number in QUICK:
        line = f"%ASA-6-{number}: nothing known"
        assert parse_line(line, now=NOW).get("event.action"), number


@pytest.mark.parametrize("line", [LINES[0], TORN, STREAMS["iptables"][0]])
def test_places_are_a_mapping_like_any_other(line: str):
    """Places found late compare, copy, pickle and print like those found early."""
    event = parse_line(line, now=NOW)
    with _word_by_word():
        early = parse_line(line, now=NOW)
    assert event == early
    assert dict(pickle.loads(pickle.dumps(event)).spans) == dict(early.spans)  # noqa: S301  # what was pickled here
    assert copy.deepcopy(event) == early
    assert repr(dict(event.spans)) == repr(event.spans)
    name = next(iter(event.spans))
    start, stop = event.spans[name]
    assert event.original[start:stop] == str(event.fields[name])
    assert len(event.spans) == len(list(event.spans))
