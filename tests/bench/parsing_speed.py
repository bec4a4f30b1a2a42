"""Speed of parsing in lines per second of CPU time, and the project's own fixtures."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.bench.parsing_data import Row
from tests.bench.parsing_peers import grok

from logdojo.parse import parse_line

FIXTURES = Path(__file__).parents[1] / "parse" / "fixtures"
LINES = 4_000
AT_LEAST_SECONDS = 1.0


def streams(seed: int = 7) -> dict[str, list[str]]:
    """Return generated lines of each stream.

    Clocks, addresses, ports and ids differ from line to line; dates, hosts, rules and principals come again, as they do
    in a log, so that what a parser remembers of them serves it here as it would there.
    """
    dice = random.Random(seed)
    made = {"iptables": _iptables, "Cisco ASA": _asa, "CloudTrail": _cloudtrail, "sshd": _sshd, "nginx": _access}
    lines = {name: [make(dice) for _ in range(LINES)] for name, make in made.items()}
    mixed = [line for same in lines.values() for line in same]
    dice.shuffle(mixed)
    return {**lines, "mixed": mixed[:LINES]}


def _ip(dice: random.Random) -> str:
    return f"{dice.choice(('192.0.2', '198.51.100', '203.0.113'))}.{dice.randrange(1, 255)}"


def _date(dice: random.Random) -> str:
    return f"May {dice.randrange(1, 29):2d}"


def _clock(dice: random.Random) -> str:
    return f"{dice.randrange(24):02d}:{dice.randrange(60):02d}:{dice.randrange(60):02d}"


def _iptables(dice: random.Random) -> str:
    return (
        f"{_date(dice)} {_clock(dice)} gw-{dice.randrange(20)} kernel: [{dice.randrange(10**6)}.842973] "
        f"[UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 SRC={_ip(dice)} DST={_ip(dice)} "
        f"LEN=40 TOS=0x00 PREC=0x00 TTL={dice.randrange(40, 250)} ID={dice.randrange(65_536)} PROTO=TCP "
        f"SPT={dice.randrange(1_024, 65_536)} DPT={dice.randrange(1, 1_024)} WINDOW=1024 RES=0x00 SYN URGP=0"
    )


def _asa(dice: random.Random) -> str:
    return (
        f"<166>{_date(dice)} 2026 {_clock(dice)} fw-{dice.randrange(20)} : %ASA-6-302013: Built outbound "
        f"TCP connection {dice.randrange(10**8)} for outside:{_ip(dice)}/443 ({_ip(dice)}/443) to "
        f"inside:{_ip(dice)}/{dice.randrange(1_024, 65_536)} ({_ip(dice)}/{dice.randrange(1_024, 65_536)})"
    )


def _sshd(dice: random.Random) -> str:
    return (
        f"{_date(dice)} {_clock(dice)} web-{dice.randrange(20)} sshd[{dice.randrange(99_999)}]: Failed password for "
        f"invalid user {dice.choice(('admin', 'oracle', 'pi'))} from {_ip(dice)} port {dice.randrange(65_536)} ssh2"
    )


def _access(dice: random.Random) -> str:
    return (
        f"{_ip(dice)} - - [{dice.randrange(1, 29):02d}/May/2026:{_clock(dice)} +0200] "
        f'"GET /shop/{dice.randrange(10**5)}?a=b HTTP/1.1" {dice.choice((200, 304, 404))} {dice.randrange(10**6)} '
        f'"-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"'
    )


def _cloudtrail(dice: random.Random) -> str:
    return json.dumps(
        {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROAEXAMPLE{dice.randrange(99)}:ana",
                "arn": "arn:aws:sts::111122223333:assumed-role/deploy/ana",
                "accountId": "111122223333",
                "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "arn": "arn:aws:iam::111122223333:role/deploy",
                        "userName": "deploy",
                    },
                    "attributes": {"creationDate": "2026-05-01T06:00:00Z", "mfaAuthenticated": "true"},
                },
            },
            "eventTime": f"2026-05-{dice.randrange(1, 29):02d}T{_clock(dice)}Z",
            "eventSource": dice.choice(("iam.amazonaws.com", "ec2.amazonaws.com", "s3.amazonaws.com")),
            "eventName": dice.choice(("CreateAccessKey", "DescribeInstances", "GetObject")),
            "awsRegion": "eu-west-1",
            "sourceIPAddress": _ip(dice),
            "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64",
            "requestParameters": {"bucketName": f"logs-{dice.randrange(99)}", "key": "a/b/c"},
            "responseElements": None,
            "requestID": f"{dice.randrange(16**12):012x}",
            "eventID": f"{dice.randrange(16**12):012x}",
            "readOnly": True,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": "111122223333",
        },
        separators=(",", ":"),
    )


def rate(lines: list[str], call: Callable[[str], object], *, seconds: float = AT_LEAST_SECONDS) -> float:
    """Return lines per second of CPU time, the best of several rounds over all lines."""
    best, spent = 0.0, 0.0
    while spent < seconds:
        start = time.process_time()
        for line in lines:
            call(line)
        took = time.process_time() - start
        spent += took
        best = max(best, len(lines) / took)
    return best


def print_speed() -> None:
    """Print lines per CPU-second of the library, of pygrok, and of json.loads alone."""
    print(f"\n{'lines per CPU-second':24}{'logdojo':>12}{'pygrok':>12}{'json.loads':>12}")
    parsers = {"nginx": "nginx", "CloudTrail": ""}
    for name, lines in streams().items():
        peer = other = ""
        if name not in {"CloudTrail", "mixed"}:
            kind = parsers.get(name, "syslog")
            peer = f"{rate(lines[:400], lambda line, kind=kind: grok(Row(kind, line, {}))):,.0f}"
        if name == "CloudTrail":
            other = f"{rate(lines, json.loads):,.0f}"
        print(f"{name:24}{rate(lines, parse_line):>12,.0f}{peer:>12}{other:>12}", flush=True)


@cache
def fixtures() -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """Return format, line and wanted fields of all fixtures; times stay text."""
    cases: list[tuple[str, str, dict[str, Any]]] = []
    for file in sorted(FIXTURES.glob("*.yaml")):
        found = yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # a safe loader: all texts
        cases += [(file.stem, case["line"], case.get("fields") or {}) for case in found]
    return tuple(cases)


def print_fixtures() -> None:
    """Print recall on the project's own fixtures."""
    wanted = found = right = 0
    for name, line, fields in fixtures():
        event = parse_line(line)
        right += event.text("event.dataset") == name
        for field, value in fields.items():
            if field.startswith("@"):
                continue
            read = event.get(field)
            said = [str(each) for each in read] if isinstance(read, list) else str(read)
            wanted += 1
            found += said == value or str(said).lower() == str(value).lower()
    cases = len(fixtures())
    if cases:
        print(f"\nown fixtures: {cases} lines, recall {found / wanted:.4f}, format found {right / cases:.4f}")
