from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.logsetup.context import scope
from logdojo.logsetup.traceparent import make_traceparent, new_trace_id, outgoing_headers, parse_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def hex_digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=length, max_size=length).filter(lambda digits: digits.strip("0"))


def test_a_valid_header_is_taken():
    """The standard's own example gives its trace, its parent and its flag, as text or as bytes."""
    for header in (HEADER, HEADER.encode(), f" {HEADER}\t"):
        got = parse_traceparent(header)
        assert (got.trace, got.parent, got.sampled, got.new) == (TRACE, SPAN, True, False)
    assert not parse_traceparent(HEADER[:-1] + "0").sampled


def test_a_later_version_is_read_as_far_as_it_is_known():
    """A version above 00 may add fields after the flags; version ff is not allowed."""
    assert parse_traceparent(f"cc{HEADER[2:]}-what-the-future-brings").trace == TRACE
    assert parse_traceparent(f"cc{HEADER[2:]}").trace == TRACE
    assert parse_traceparent(f"cc{HEADER[2:]}.x").new
    assert parse_traceparent(f"ff{HEADER[2:]}").new


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x" * 1_000_000,
        HEADER.upper(),
        HEADER + "-",
        HEADER + "-00",
        HEADER + "\n",
        HEADER + '\r\n{"log.level":"info","message":"forged"}',
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{'٣' * 32}-{SPAN}-01",
        f"{HEADER},{HEADER}",
        b"\xff\xfe" + HEADER.encode(),
    ],
)
def test_a_hostile_header_starts_a_new_trace(header: str | bytes | None):
    """Whatever does not fit to the letter leaves no trace of itself: the id is new and random."""
    got = parse_traceparent(header)
    assert got.new
    assert re.fullmatch("[0-9a-f]{32}", got.trace)
    assert got.trace != TRACE


@given(st.text() | st.binary())
def test_no_header_raises(header: str | bytes):
    """Any text and any bytes give a trace id that is safe to log."""
    assert re.fullmatch("[0-9a-f]{32}", parse_traceparent(header).trace)


@given(hex_digits(32), hex_digits(16), st.booleans())
def test_what_is_made_can_be_read(trace: str, span: str, sampled: bool):
    """A header made from valid ids is read back as the same ids."""
    got = parse_traceparent(make_traceparent(trace, span=span, sampled=sampled))
    assert (got.trace, got.parent, got.sampled) == (trace, span, sampled)


@given(st.text())
def test_an_id_of_another_form_is_not_sent(trace: str):
    """From a trace id that is no W3C id comes no header, and never a header that is not valid."""
    header = make_traceparent(trace)
    assert header == "" or not parse_traceparent(header).new


def test_a_request_takes_the_contexts_trace_along():
    """The outgoing header has the context's trace id and a span id of its own; a UUID is written without dashes."""
    trace = new_trace_id()
    with scope(trace=trace):
        assert parse_traceparent(outgoing_headers()["traceparent"]).trace == trace
    with scope(trace="4BF92F35-77B3-4DA6-A3CE-929D0E0E4736"):
        assert parse_traceparent(outgoing_headers()["traceparent"]).trace == TRACE
    with scope(trace="order 17"):
        assert outgoing_headers() == {}
    with scope(trace=""):
        assert outgoing_headers() == {}
