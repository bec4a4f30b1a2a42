"""A table of lines a format, with the fields that must be read from each."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from logdojo.events import LogEvent
from logdojo.parse import parse_line

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "May  9 08:07:06 web-1 sshd[4721]: "


def _holds(line: str, wanted: dict[str, object]) -> LogEvent:
    event = parse_line(line, now=NOW)
    assert event.error == ""
    assert {name: event.get(name) for name in wanted} == wanted
    for name, (start, stop) in event.spans.items():
        assert event.original[start:stop] == str(event.get(name))
    return event


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "<38>May  9 08:07:06 web-1 shopd[12]: (root) CMD (true)",
            {
                "@timestamp": "2026-05-09T08:07:06Z",
                "event.dataset": "syslog",
                "event.kind": "event",
                "host.name": "web-1",
                "log.syslog.facility.name": "auth",
                "log.syslog.priority": 38,
                "log.syslog.severity.name": "informational",
                "logdojo.time.year_inferred": True,
                "logdojo.time.zone_unknown": True,
                "message": "(root) CMD (true)",
                "process.name": "shopd",
                "process.pid": 12,
            },
        ),
        (
            "Jul 19 2025 09:00:00 fw-1 app: up",
            {"@timestamp": "2025-07-19T09:00:00Z", "logdojo.time.year_inferred": None},
        ),
        (
            "2025-11-14T00:20:42.5+01:00 db-2 systemd[1]: Started.",
            {"@timestamp": "2025-11-13T23:20:42.500000Z", "logdojo.time.zone_unknown": None, "process.name": "systemd"},
        ),
        (
            '<165>1 2025-10-11T22:14:15.003Z host.example evntslog 77 ID47 [a@1 b="\\]"][c@2] An event',
            {"host.name": "host.example", "process.name": "evntslog", "process.pid": 77, "message": "An event"},
        ),
        ("<13>1 - - - - - - hello", {"@timestamp": None, "host.name": None, "message": "hello"}),
        (
            "Jun 29 04:00:00 combo sshd(pam_unix)[9]: x",
            {"process.name": "sshd", "process.pid": 9, "event.dataset": "sshd"},
        ),
        ("Jun 29 04:00:00 combo syslogd 1.4.1: restart.", {"process.name": "syslogd", "message": "restart."}),
        ("Jun 29 04:00:00 combo last message repeated 2 times", {"process.name": None, "host.name": "combo"}),
    ],
)
def test_syslog_headers(line: str, wanted: dict[str, object]):
    """Time, host, program, number and priority are read from each kind of header."""
    _holds(line, wanted)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (
            "Failed password for invalid user from 192.0.2.9 port 1 ssh2 from 198.51.100.7 port 4022 ssh2",
            {
                "event.action": "ssh_login",
                "event.outcome": "failure",
                "source.ip": "198.51.100.7",
                "source.port": 4022,
                "sshd.invalid_user": True,
                "user.name": "from 192.0.2.9 port 1 ssh2",
            },
        ),
        (
            "Accepted publickey for ana from 2001:db8::5 port 50022 ssh2: ED25519 SHA256:abc",
            {"event.outcome": "success", "source.ip": "2001:db8::5", "user.name": "ana", "sshd.method": "publickey"},
        ),
        ("Invalid user  0 from 198.51.100.7", {"user.name": " 0", "source.ip": "198.51.100.7"}),
        ("Invalid user  from 198.51.100.7 port 9", {"user.name": None, "source.port": 9}),
        (
            "Connection closed by authenticating user root 198.51.100.7 port 9 [preauth]",
            {"event.action": "connection_closed", "user.name": "root", "sshd.preauth": True},
        ),
        ("Connection reset by 198.51.100.7 port 9 [preauth]", {"event.action": "connection_reset", "user.name": None}),
        ("Disconnected from user ana 198.51.100.7 port 9", {"user.name": "ana", "sshd.preauth": None}),
        (
            "error: Received disconnect from 198.51.100.7 port 9:3: com.example.Auth: fail [preauth]",
            {"event.reason": "com.example.Auth: fail", "log.level": "error", "source.port": 9},
        ),
        (
            "Disconnecting: Too many authentication failures for root [preauth]",
            {"event.reason": "Too many authentication failures", "user.name": "root"},
        ),
        (
            "Disconnecting invalid user bob 198.51.100.7 port 9: Too many authentication failures [preauth]",
            {"user.name": "bob", "source.ip": "198.51.100.7", "sshd.invalid_user": True},
        ),
        (
            "reverse mapping checking getaddrinfo for a-b.example [198.51.100.7] failed - POSSIBLE BREAK-IN ATTEMPT!",
            {"source.ip": "198.51.100.7", "source.domain": "a-b.example"},
        ),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=h.a  user=root",
            {"source.address": "h.a", "user.name": "root", "source.ip": None, "event.outcome": "failure"},
        ),
        (
            "PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.51.100.7 ",
            {"logdojo.repeated": 5, "source.ip": "198.51.100.7"},
        ),
        ("pam_unix(sshd:auth): check pass; user unknown", {"event.action": "pam_unknown_user"}),
        ("pam_unix(sshd:session): session opened for user ana(uid=1000) by (uid=0)", {"user.name": "ana"}),
        ("pam_unix(sshd:session): session closed for user ana", {"event.action": "session_closed"}),
        ("Did not receive identification string from 198.51.100.7 port 9", {"event.action": "no_identification"}),
        (
            "error: maximum authentication attempts exceeded for root from 198.51.100.7 port 9 ssh2 [preauth]",
            {"event.action": "max_attempts", "user.name": "root", "source.port": 9},
        ),
        (
            "message repeated 5 times: [ Failed password for root from 198.51.100.7 port 9 ssh2]",
            {"logdojo.repeated": 5, "user.name": "root", "source.ip": "198.51.100.7"},
        ),
        (
            "error: kex_exchange_identification: Connection closed by remote host",
            {"event.action": "bad_protocol", "event.reason": "Connection closed by remote host"},
        ),
        ("refused connect from h (::ffff:198.51.100.7)", {"source.ip": "198.51.100.7"}),
        ("Server listening on 192.0.2.1 port 22.", {"destination.ip": "192.0.2.1", "destination.port": 22}),
        ("Something new happened with 198.51.100.7 port 9", {"source.ip": "198.51.100.7", "event.action": None}),
    ],
)
def test_sshd_messages(message: str, wanted: dict[str, object]):
    """Each kind of message gives its user, address, port and meaning; the address that the server wrote wins."""
    _holds(HEAD + message, {"event.dataset": "sshd", **wanted})


@pytest.mark.parametrize(
    ("packet", "wanted"),
    [
        (
            (
                "[ 203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC=198.51.100.7 "
                "DST=10.0.0.5 LEN=40 TOS=0x00 PREC=0x00 TTL=244 ID=54321 PROTO=TCP SPT=40000 DPT=23 WINDOW=1 RES=0x00 "
                "SYN URGP=0"
            ),
            {
                "destination.ip": "10.0.0.5",
                "destination.mac": "02:00:00:00:00:01",
                "destination.port": 23,
                "event.action": "block",
                "event.outcome": "failure",
                "event.type": ["connection", "denied"],
                "iptables.tcp.flags": ["SYN"],
                "iptables.tcp.window": 1,
                "network.direction": "ingress",
                "network.transport": "tcp",
                "rule.name": "UFW BLOCK",
                "source.ip": "198.51.100.7",
                "source.mac": "02:00:00:00:00:02",
                "source.port": 40000,
            },
        ),
        (
            (
                "UFW ALLOW IN= OUT=eth0 SRC=10.0.0.5 DST=192.0.2.1 LEN=76 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=UDP "
                "SPT=123 DPT=123 LEN=56 "
            ),
            {"event.outcome": "success", "network.direction": "egress", "iptables.length": 76},
        ),
        (
            (
                "IN=eth0 OUT=docker0 MAC= SRC=2001:db8::1 DST=2001:db8::2 LEN=104 TC=0 HOPLIMIT=64 PROTO=ICMPv6 "
                "TYPE=128 CODE=0 ID=1 SEQ=1 "
            ),
            {"event.action": None, "iptables.icmp.type": 128, "network.type": "ipv6", "network.direction": None},
        ),
    ],
)
def test_packets(packet: str, wanted: dict[str, object]):
    """Addresses, ports, interfaces and the rule's verdict are read from what the kernel logs."""
    _holds(f"May  9 08:07:06 gw kernel: {packet}", {"event.dataset": "iptables", **wanted})


def test_other_kernel_messages_are_syslog():
    """A kernel message that is no packet stays a generic syslog event."""
    _holds("May  9 08:07:06 gw kernel: [ 1.0] usb 1-1: new device SRC= PROTO=", {"event.dataset": "syslog"})


Record = dict[str, Any]
RECORD: Record = {
    "eventVersion": "1.08",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:ana",
        "accountId": "111122223333",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "userName": "deploy"},
            "attributes": {"mfaAuthenticated": "true"},
        },
    },
    "eventTime": "2025-04-11T15:24:00Z",
    "eventSource": "iam.amazonaws.com",
    "eventName": "CreateAccessKey",
    "awsRegion": "eu-west-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.15",
    "errorCode": "AccessDenied",
    "requestParameters": {"userName": "bob", "tags": ["a", "b"], "deep": {"list": [{"x": 1}]}, "none": None},
    "eventID": "0-1",
    "recipientAccountId": "111122223333",
}


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: {"Records": [r]}, lambda r: {"detail-type": "x", "detail": r}])
def test_cloudtrail_record(wrap: Callable[[Record], Record]):
    """A record gives the same fields bare, in a list of one, and inside an EventBridge event."""
    _holds(
        json.dumps(wrap(RECORD)),
        {
            "@timestamp": "2025-04-11T15:24:00Z",
            "aws.cloudtrail.request_parameters.deep.list.0.x": 1,
            "aws.cloudtrail.request_parameters.tags": ["a", "b"],
            "aws.cloudtrail.request_parameters.userName": "bob",
            "aws.cloudtrail.user_identity.role_session_name": "ana",
            "cloud.account.id": "111122223333",
            "cloud.provider": "aws",
            "cloud.region": "eu-west-1",
            "error.code": "AccessDenied",
            "event.action": "CreateAccessKey",
            "event.category": ["api", "iam"],
            "event.dataset": "aws.cloudtrail",
            "event.outcome": "failure",
            "event.provider": "iam.amazonaws.com",
            "event.type": ["creation"],
            "source.ip": "198.51.100.7",
            "user.name": "deploy",
            "user_agent.original": "aws-cli/2.15",
        },
    )


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"sourceIPAddress": "ec2.amazonaws.com"}, {"source.ip": None, "source.address": "ec2.amazonaws.com"}),
        ({"userIdentity": {"type": "Root", "principalId": "1"}}, {"user.name": "root"}),
        ({"userIdentity": {"type": "IAMUser", "userName": "bob"}}, {"user.name": "bob"}),
        ({"userIdentity": {"type": "AWSService", "invokedBy": "x.amazonaws.com"}}, {"user.name": None}),
        ({"userIdentity": None, "requestParameters": None}, {"cloud.account.id": "111122223333"}),
        ({"errorCode": None, "responseElements": {"ConsoleLogin": "Failure"}}, {"event.outcome": "failure"}),
        ({"errorCode": None}, {"event.outcome": "success"}),
        ({"userAgent": "\ud800x"}, {"user_agent.original": "\\ud800x"}),
        ({"requestParameters": {"n": 10**30}}, {"aws.cloudtrail.request_parameters.n": str(10**30)}),
    ],
)
def test_cloudtrail_variants(changes: Record, wanted: dict[str, object]):
    """Who acted, from where and how it ended, in each of the ways that records say it."""
    _holds(json.dumps(RECORD | changes), wanted)


def test_cloudtrail_fields_are_bounded():
    """Request parameters without end leave a bounded event that says it was cut."""
    huge = {str(i): {str(j): "x" * 50 for j in range(50)} for i in range(50)}
    event = _holds(
        json.dumps(RECORD | {"requestParameters": {"a": huge, "b": [[[[[[[[1]]]]]]]]}, "eventID": "1" * 9_000}), {}
    )
    assert event.get("logdojo.truncated") is True
    assert len(event.fields) < 80
    assert max(len(str(value)) for value in event.fields.values()) <= 2_048


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "unknown format: neither JSON nor a syslog header with a time"),
        ("[1, 2]", "JSON array, not an object: one event a line can be read"),
        ('{"a": 1', "broken JSON: Expecting ',' delimiter at character 7"),
        ('{"a": ' * 40_000, "broken JSON: nested too deeply"),
        ("{" * 100_000, "broken JSON: Expecting property name enclosed in double quotes at character 1"),
        ('{"a": 1}', "JSON of an unknown format: none of its keys says what it is"),
        ('{"Records": [{}, {}]}', "Records holds 2 records: one a line can be read, split them first"),
        (json.dumps(RECORD | {"eventTime": "soon"}), "timestamp 'soon' is not a time"),
        ("Feb 30 10:00:00 h p: x", "timestamp month 2, day 30, 10:00:00 is not a time"),
        ("<999>Feb  3 10:00:00 h p: x", "broken syslog header: priority <999> is above 191"),
        ("<13>Foo  3 10:00:00 h p: x", "broken syslog header: 'Foo' is not a month"),
    ],
)
def test_rejects_say_why(line: str, reason: str):
    """What cannot be read is kept, with a reason that names the fault."""
    event = parse_line(line, now=NOW)
    assert event.error == reason
    assert event.original == line


def test_broken_json_of_huge_numbers_is_rejected():
    """An integer that Python refuses to read is a reject, not a crash."""
    assert "broken JSON" in parse_line('{"a": ' + "9" * 10_000 + "}").error
