"""AWS VPC Flow Logs: blank-separated columns, in the default order of each version or in one of the owner's choosing.

    2 123456789010 eni-1235b8ca123456789 192.0.2.7 10.0.0.5 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK

A line does not name its columns. In the default order they are known by their place; in any other by what they look
like: two addresses, the ports behind them, three numbers before two times a little apart, and the action's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Signs, declared_from, reader_of_documents
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.format import Format
from logdojo.parse.kinds import TRANSPORTS
from logdojo.parse.times import utc_of

_DOC: Final = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html"
_DEFAULT: Final = (
    *("version", "account", "interface", "source", "destination", "source_port", "destination_port", "protocol"),
    *("packets", "bytes", "start", "end", "action", "status", "vpc", "subnet", "instance", "flags", "type"),
    *("packet_source", "packet_destination", "region", "zone", "sub_type", "sub_id", "source_service"),
    *("destination_service", "direction", "path"),
)
_FIELDS: Final = MappingProxyType(
    {
        "account": "cloud.account.id",
        "interface": "aws.vpcflow.interface_id",
        "vpc": "aws.vpcflow.vpc_id",
        "subnet": "aws.vpcflow.subnet_id",
        "instance": "cloud.instance.id",
        "region": "cloud.region",
        "zone": "cloud.availability_zone",
        "status": "aws.vpcflow.log_status",
        "direction": "network.direction",
    }
)
_NUMBERS: Final = MappingProxyType(
    {
        "source_port": "source.port",
        "destination_port": "destination.port",
        "packets": "source.packets",
        "bytes": "source.bytes",
    }
)
_PATTERNS: Final = tuple(
    (name, re.compile(pattern, re.ASCII))
    for name, pattern in (
        ("interface", r"eni-[0-9a-f]{8,17}"),
        ("vpc", r"vpc-[0-9a-f]{8,17}"),
        ("subnet", r"subnet-[0-9a-f]{8,17}"),
        ("instance", r"i-[0-9a-f]{8,17}"),
        ("zone", r"[a-z]{3,4}\d-az\d"),
        ("region", r"[a-z]{2}(?:-[a-z]{2,10}){1,2}-\d"),
        ("account", r"\d{12}"),
        ("action", r"ACCEPT|REJECT"),
        ("status", r"OK|NODATA|SKIPDATA"),
        ("direction", r"ingress|egress"),
    )
)
_EPOCH: Final = re.compile(r"1\d{9}", re.ASCII)
_MEANING: Final = MappingProxyType(
    {"ACCEPT": (("connection", "allowed"), "success"), "REJECT": (("connection", "denied"), "failure")}
)
_WITH_PROTOCOL: Final = frozenset({3, 4, 5})
"""How many numbers stand behind the addresses where the third is the protocol: alone, before flags, before volumes."""
_LEAST: Final = 6
_VERSION_2: Final = 14
_MOST_COLUMNS: Final = 64
_HEADER: Final = frozenset({"version", "srcaddr", "dstaddr", "interface-id"})


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    line = draft.line
    spans: list[tuple[int, int]] = []
    at = start
    for word in line[start:].split(" ", _MOST_COLUMNS):
        if word:
            spans.append((at, at + len(word)))
        at += len(word) + 1
    words = [line[first:last] for first, last in spans]
    if _HEADER & set(words):
        # The first line of a file names its columns.
        draft.text("message", (start, len(line)))
        draft.says(("network",), ("info",))
        return True
    # A relay's time may stand before the first column.
    interface = next((place for place, word in enumerate(words) if word.startswith("eni-")), 0)
    if interface > 2 and words[interface - 2].isdecimal() and words[interface - 1].isdecimal():
        spans, words = spans[interface - 2 :], words[interface - 2 :]
    if len(words) < _LEAST:
        return False
    if len(words) >= _VERSION_2 and words[0].isdecimal() and words[2].startswith("eni-") and words[13].isupper():
        named = dict(zip(_DEFAULT, spans, strict=False))
    else:
        named = _by_look(words, spans)
    if "interface" not in named and "source" not in named:
        return False
    _write(draft, named)
    return True


def _by_look(words: list[str], spans: list[tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return name → place of columns in an unknown order."""
    named: dict[str, tuple[int, int]] = {}
    for word, span in zip(words, spans, strict=True):
        for name, pattern in _PATTERNS:
            if name not in named and pattern.fullmatch(word):
                named[name] = span
                break
    addresses = [place for place, word in enumerate(words) if is_ip(word)]
    if len(addresses) < 2:
        return named
    named["source"], named["destination"] = spans[addresses[0]], spans[addresses[1]]
    behind = addresses[1] + 1
    numbers = []
    while behind < len(words) and words[behind].isdecimal() and _EPOCH.fullmatch(words[behind]) is None:
        numbers.append(behind)
        behind += 1
    if len(numbers) >= 2 and all(int(words[place]) < 65_536 for place in numbers[:2]):
        named["source_port"], named["destination_port"] = spans[numbers[0]], spans[numbers[1]]
        if len(numbers) in _WITH_PROTOCOL and words[numbers[2]] in TRANSPORTS:
            named["protocol"] = spans[numbers[2]]
    first = next((at for at, word in enumerate(words) if _EPOCH.fullmatch(word)), -1)
    if first >= 0 and first + 1 < len(words) and _EPOCH.fullmatch(words[first + 1]):
        named["start"], named["end"] = spans[first], spans[first + 1]
        taken = 2 if "source_port" in named else 0
        before = words[max(first - 3, addresses[1] + 1 + taken) : first]
        if len(before) == 3 and all(word.isdecimal() for word in before) and int(before[0]) < 256:
            named["protocol"] = spans[first - 3]
            _name_volume(named, words, spans, first - 2)
        elif words[first + 2 : first + 3] in (["IPv4"], ["IPv6"]):
            _name_volume(named, words, spans, first + 3)
    return named


def _name_volume(named: dict[str, tuple[int, int]], words: list[str], spans: list[tuple[int, int]], place: int) -> None:
    """Name the two columns of packets and bytes: packets hold at least twenty bytes each, whichever comes first."""
    pair = words[place : place + 2]
    if len(pair) == 2 and all(word.isdecimal() for word in pair):
        packets, size = (place, place + 1) if int(pair[0]) <= int(pair[1]) else (place + 1, place)
        if 20 * int(words[packets]) <= int(words[size]):
            named["packets"], named["bytes"] = spans[packets], spans[size]


def _write(draft: Draft, named: Mapping[str, tuple[int, int]]) -> None:
    line, fields = draft.line, draft.fields
    said = {name: line[first:last] for name, (first, last) in named.items() if line[first:last] != "-"}
    for side in ("source", "destination"):
        if side in said and is_ip(said[side]):
            draft.text(f"{side}.ip", named[side])
    for name, field in _FIELDS.items():
        if name in said:
            draft.text(field, named[name])
    for name, field in _NUMBERS.items():
        if said.get(name, "").isdecimal() and len(said[name]) < 19:
            draft.number(field, named[name])
    if "source.bytes" in fields:
        fields["network.bytes"], fields["network.packets"] = fields["source.bytes"], fields.get("source.packets", 0)
    if "protocol" in said:
        fields["network.transport"] = TRANSPORTS.get(said["protocol"], said["protocol"])
    for name, field in (("start", "event.start"), ("end", "event.end")):
        if name in said:
            fields[field] = fields["@timestamp"] = utc_of(said[name]).utc
            fields.pop("logdojo.time.zone_unknown", None)
            fields.pop("logdojo.time.year_inferred", None)
    fields["cloud.provider"] = "aws"
    kind, outcome = _MEANING.get(said.get("action", ""), (("connection", "info"), "unknown"))
    draft.says(("network",), kind, said.get("action", "").lower(), outcome)


_DOCUMENT: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "name": "aws.vpcflow",
        "doc": _DOC,
        "signs": {"keys": ["srcaddr", "dstaddr"]},
        "time": ["end", "endTime", "start", "startTime", "timestamp"],
        "fields": {
            "source.ip": ["srcaddr", "srcAddr", "sourceAddress"],
            "source.port": ["srcport", "srcPort", "sourcePort"],
            "source.bytes": ["bytes", "numBytes"],
            "source.packets": ["packets", "numPackets"],
            "destination.ip": ["dstaddr", "dstAddr", "destinationAddress"],
            "destination.port": ["dstport", "dstPort", "destinationPort"],
            "network.transport": "protocol",
            "network.bytes": ["bytes", "numBytes"],
            "network.direction": ["flow_direction", "flowDirection"],
            "cloud.account.id": ["account_id", "accountId", "account"],
            "cloud.region": "region",
            "cloud.instance.id": ["instance_id", "instanceId"],
            "aws.vpcflow.interface_id": ["interface_id", "interfaceId"],
            "aws.vpcflow.vpc_id": ["vpc_id", "vpcId"],
            "aws.vpcflow.log_status": ["log_status", "logStatus", "status"],
        },
        "constants": {"cloud.provider": "aws"},
        "means": [
            {
                "by": "action",
                "words": {
                    "accept": {"type": ["connection", "allowed"], "action": "@", "outcome": "success"},
                    "reject": {"type": ["connection", "denied"], "action": "@", "outcome": "failure"},
                },
            },
            {"always": {"category": ["network"], "type": ["connection", "info"], "outcome": "unknown"}},
        ],
    }
)
FORMATS: Final = (
    Format(
        "aws.vpcflow",
        Signs(
            mark=r"eni-[0-9a-f]{8}",
            holds=("srcaddr", "dstaddr"),
            keys=("srcAddr", "dstAddr"),
            also=(("srcaddr", "dstaddr", "action"), ("srcaddr", "dstaddr", "interface_id")),
        ),
        read_text=_read,
        read_document=reader_of_documents(declared_from(_DOCUMENT, where="formats/aws_flow.py")),
        doc=_DOC,
    ),
)
