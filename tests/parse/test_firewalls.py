"""What fixtures cannot say of the firewalls: headers of all sorts, all numbers of a table, hostile lines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.parse import parse_line
from logdojo.parse.formats.messages import messages
from logdojo.parse.screen import max_line_bytes

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BODY = (
    "%ASA-6-302016: Teardown UDP connection 7 for outside:192.0.2.7/53 to inside:10.0.0.5/4711 duration 0:00:01 bytes 9"
)
FIXTURES = Path(__file__).with_name("fixtures")
NAMES = (
    *("cisco.asa", "cisco.ftd", "cisco.ios", "paloalto.panos", "fortinet.fortigate", "sonicwall.firewall", "sophos.xg"),
    *("sophos.utm", "juniper.srx", "juniper.srx.text", "checkpoint.firewall", "cef", "leef", "pf.filterlog", "pf"),
    *("tcpdump", "iptables", "mikrotik.firewall"),
)
LINES = [case["line"] for name in NAMES for case in yaml.safe_load((FIXTURES / f"{name}.yaml").read_text("utf-8"))]


@pytest.mark.parametrize(
    ("header", "time", "host"),
    [
        ("", None, None),
        ("<166>", None, None),
        ("Oct 10 2025 12:34:56: ", "2025-10-10T12:34:56Z", None),
        ("<166>Oct 10 2025 12:34:56 fw-1 : ", "2025-10-10T12:34:56Z", "fw-1"),
        ("<166>Oct  1 12:34:56 fw-1 : ", "2025-10-01T12:34:56Z", "fw-1"),
        ("<166>:Oct 10 12:34:56 UTC: ", "2025-10-10T12:34:56Z", None),
        ("Oct 10 12:34:56 192.0.2.1 ", "2025-10-10T12:34:56Z", "192.0.2.1"),
        ("Oct 10 2025 12:34:56 fw-1 CiscoASA[999]: ", "2025-10-10T12:34:56Z", "fw-1"),
        ("<166>2025-10-10T12:34:56Z fw-1 : ", "2025-10-10T12:34:56Z", "fw-1"),
        ("2025-10-10T12:34:56+02:00 fw-1 ", "2025-10-10T10:34:56Z", "fw-1"),
        ("<166>1 2025-10-10T12:34:56Z fw-1 - - - - : ", "2025-10-10T12:34:56Z", "fw-1"),
        ("Oct 10 12:34:57 relay-1 Oct 10 2025 12:34:56: ", "2025-10-10T12:34:56Z", "relay-1"),
        ("2024-10-10T12:34:57Z relay-1 1234: Oct 10 12:34:56.5: ", "2024-10-10T12:34:56.5Z", "relay-1"),
        ("2024-10-10T12:34:57Z relay-1 1234: *Mar  1 00:00:56: ", "2024-10-10T12:34:57Z", "relay-1"),
    ],
)
def test_headers_before_a_message_of_cisco(header: str, time: str | None, host: str | None):
    """Time and host are found in whatever stands before the mark, and the message is read all the same."""
    event = parse_line(header + BODY, now=NOW)
    assert event.error == ""
    assert (event.get("@timestamp"), event.get("host.name")) == (time, host)
    wanted = {"event.code": "302016", "source.ip": "192.0.2.7", "destination.port": 4711, "network.bytes": 9}
    assert {name: event.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("table", ["cisco_asa", "cisco_ios"])
def test_every_message_of_a_table_compiles(table: str):
    """Each entry names macros and a meaning that exist, and its expression is sound."""
    known = messages(table)
    for number in known.by_id:
        assert known.find(number.replace("*", "000")) is not None, number


def test_an_unknown_number_is_looked_through_for_its_addresses():
    """A number that is not in the table still gives its code and both ends, and nothing is guessed of its meaning."""
    event = parse_line("%ASA-4-999999: Odd tcp from outside:192.0.2.7/4711 to inside:10.0.0.5/22 seen", now=NOW)
    assert (event.get("event.code"), event.get("source.port"), event.get("destination.ip")) == (
        "999999",
        4711,
        "10.0.0.5",
    )
    assert "event.action" not in event.fields
    assert "event.outcome" not in event.fields


def test_a_sign_of_another_format_in_the_text_does_not_make_it_one():
    """A percent sign, a bar or a bracket in a line of another kind leaves it what it is."""
    line = "May  9 08:07:06 web-1 sshd[1]: Failed password for invalid user %ASA-x CEF: from 192.0.2.9 port 1 ssh2"
    assert parse_line(line, now=NOW).get("event.dataset") == "sshd"


@given(line=st.sampled_from(LINES), cut=st.integers(0, 400), put=st.text(max_size=8))
@settings(max_examples=300, deadline=None)
def test_broken_lines_become_one_event(line: str, cut: int, put: str):
    """A line that is cut off, or has other text put into it, is read or rejected; spans stay literal."""
    at = cut % (len(line) + 1)
    for broken in (line[:at], line[:at] + put + line[at:], line[at:]):
        event = parse_line(broken, now=NOW)
        assert event.original == broken.rstrip("\r\n")
        for name, (start, stop) in event.spans.items():
            assert event.original[start:stop] == str(event.get(name))


@pytest.mark.parametrize("line", LINES)
def test_long_lines_are_read_in_time(line: str):
    """A line filled up to the limit, with its own characters over and over, is one event like any other."""
    most = min(max_line_bytes(), 60_000)
    for filling in (line[-40:], line[:20], "a=", " from 192.0.2.7", "(", '"'):
        event = parse_line((line + filling * (most // len(filling)))[:most], now=NOW)
        assert event.fields


def test_one_end_of_a_connection_is_kept_without_the_other():
    """Where a message names only one of two ends, that one is read."""
    event = parse_line("%ASA-6-725001: Starting SSL handshake with client outside:192.0.2.7/4711 for TLS session")
    assert (event.get("source.ip"), event.get("source.port")) == ("192.0.2.7", 4711)
    assert "destination.ip" not in event.fields
