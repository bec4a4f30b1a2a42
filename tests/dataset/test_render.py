"""What the model reads of an event."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.dataset.render import PLACEHOLDERS, mask, render_document, render_event, template
from logdojo.events import LogEvent


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("from 10.1.2.3 port 22", "from <ip-in> port 22"),
        ("from 203.0.113.9 port 51234", "from <ip-out> port <num>"),
        ("from 8.8.8.8", "from <ip-out>"),
        ("version 300.1.2.3", "version <num>"),
        ("MAC=00:16:30:11:22:33", "MAC=<mac>"),
        ("Dec 10 06:55:46 host", "<time> host"),
        ("2026-01-02T03:04:05.123Z ok", "<time> ok"),
        ("[04/Jan/2020:08:41:43 +0000] GET", "[<time>] GET"),
        ("MAC=00:16:3e:aa:bb:cc", "MAC=<mac>"),
        ("mail to ann@example.com", "mail to <email>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <id>"),
        ("key AKIAIOSFODNN7EXAMPLE", "key <id>"),
        ("user-4f2c9a logged in on host-00aa11", "<user> logged in on <host>"),
        ("peer fe80::1 and 2001:db8::5", "peer <ip-in> and <ip-out>"),
    ],
)
def test_identities_become_placeholders(text: str, masked: str):
    """Addresses, times, identifiers and long numbers are replaced; short numbers, which carry meaning, stay."""
    assert mask(text) == masked


@given(st.text())
def test_masking_takes_any_text(text: str):
    """Masking never raises, and adds nothing to a text but its placeholders."""
    rest = re.sub("|".join(map(re.escape, PLACEHOLDERS)), "", mask(text))
    assert set(rest) <= set(text)


@given(st.tuples(*[st.integers(0, 255)] * 4))
def test_no_ipv4_address_survives(octets: tuple[int, ...]):
    """Whatever the address, the model does not see it."""
    address = ".".join(map(str, octets))
    assert address not in mask(f"Failed password from {address} port 22")


def test_telling_fields_stand_first():
    """What happened comes before who and where, so that cutting the end off costs least."""
    document = {"sourceIPAddress": "10.0.0.1", "eventTime": "2026-01-01T00:00:00Z", "eventName": "DeleteTrail"}
    assert render_document(document, kind="aws") == "aws eventName=DeleteTrail sourceIPAddress=<ip-in>"


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_any_json_value_can_be_rendered(document: object):
    """No JSON value makes rendering fail."""
    assert isinstance(render_document(document), str)


def test_an_event_is_rendered_by_its_ecs_names_without_its_raw_line():
    """The raw line, the time, the process number and the client's port stay out: they name one event and no kind."""
    event = LogEvent(
        "raw",
        {"event.dataset": "sshd", "user.name": "root", "event.outcome": "failure", "process.pid": 7, "source.port": 22},
    )
    assert render_event(event) == "sshd event.outcome=failure user.name=root"


def test_lines_of_one_kind_share_a_template():
    """Two lines that differ in identities only have one template."""
    lines = ("Failed password from 10.0.0.1 port 40001", "Failed password from 10.0.0.2 port 50002")
    assert len({template(LogEvent(line, {"message": line, "process.name": "sshd"})) for line in lines}) == 1
