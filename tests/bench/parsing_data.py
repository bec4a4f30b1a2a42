"""The asserted fields of ``crowdsec/fields.jsonl`` under ECS names: one table, made once, for all formats."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from logdojo.parse.draft import is_ip
from logdojo.parse.times import Moment, utc_of

LITERAL = frozenset(
    {"@timestamp", "source.ip", "source.port", "destination.ip", "destination.port", "network.transport"}
    | {"user.name", "host.name", "process.name", "process.pid", "http.request.method", "url.original"}
    | {"http.response.status_code"}
)
MEANING = frozenset({"event.action", "event.outcome", "event.code"})

# ECS name ← their names, the surest first; "meta." is what their scenarios use, the rest what their patterns cut out.
NAMES: Mapping[str, tuple[str, ...]] = {
    "@timestamp": (
        "timestamp",
        "timestamp8601",
        "time_local",
        "event_timestamp",
        "datetimestamp",
        "cri_timestamp",
        "date",
    ),
    "source.ip": ("meta.source_ip",),
    "source.port": ("source_port", "src_port", "remote_port", "client_port", "sshd_port"),
    "destination.ip": ("meta.dest_ip", "dst_ip", "dest_ip", "destination_ip", "dovecot_local_ip"),
    "destination.port": ("meta.dest_port", "dst_port", "dest_port", "destination_port", "meta.dst_port"),
    "network.transport": ("proto", "ip4_proto", "ip6_proto", "ip_proto"),
    "user.name": ("meta.username", "meta.user", "meta.target_user", "meta.source_user"),
    "host.name": ("meta.machine", "logsource"),
    "process.name": ("meta.program", "program"),
    "process.pid": ("pid", "PID"),
    "http.request.method": ("meta.http_verb", "verb", "request_type"),
    "url.original": ("meta.http_path", "request"),
    "http.response.status_code": ("meta.http_status", "status", "response"),
    "event.action": ("meta.event_name", "action", "meta.action"),
    "event.code": ("meta.suricata_alert_signature_id", "meta.rule_id"),
}
# Their names of formats → our event.dataset, where a format of ours is meant.
DATASETS: Mapping[str, frozenset[str]] = {
    "crowdsecurity/sshd-logs": frozenset({"sshd"}),
    "crowdsecurity/iptables-logs": frozenset({"iptables"}),
    "aderumier/proxmox-iptables-logs": frozenset({"iptables"}),
    "crowdsecurity/aws-cloudtrail": frozenset({"aws.cloudtrail"}),
    "crowdsecurity/auditd-logs": frozenset({"auditd", "auditd.log"}),
    "crowdsecurity/laurel-logs": frozenset({"auditd", "auditd.log"}),
    "crowdsecurity/dropbear-logs": frozenset({"dropbear"}),
    "crowdsecurity/palo-alto-threat-log": frozenset({"paloalto.panos"}),
    "firewallservices/pf-logs": frozenset({"pfsense.filterlog", "pf.filterlog", "pfsense.log", "pf"}),
    "crowdsecurity/suricata-evelogs": frozenset({"suricata.eve"}),
    "crowdsecurity/nginx-logs": frozenset({"nginx.access", "nginx.error", "web.access", "apache.access"}),
    "crowdsecurity/apache2-logs": frozenset({"apache.access", "apache.error", "nginx.access", "web.access"}),
    "crowdsecurity/haproxy-logs": frozenset({"haproxy.log", "haproxy"}),
}
_TIMES = re.compile(r"\d:\d\d")
_PORT_OR_PID = re.compile(r"\d{1,10}")


@dataclass(frozen=True, slots=True)
class Row:
    """A line and what is asserted of it.

    Args:
        parser: their name of its format.
        line: as it stands in the log.
        wanted: ECS name → asserted value; those of ``LITERAL`` stand in the line.
    """

    parser: str
    line: str
    wanted: dict[str, object]


def load(file: Path) -> list[Row]:
    """Return all rows with at least one asserted value."""
    rows = []
    for text in file.read_text("utf-8").splitlines():
        row = json.loads(text)
        wanted = _wanted(row["line"], row["meta"], row["parsed"])
        if wanted:
            rows.append(Row(row["parser"], row["line"], wanted))
    return rows


def same(field: str, wanted: object, answer: object) -> bool:
    """Say whether an answer is the asserted value; a time without a year or zone counts by what it has."""
    if answer is None:
        return False
    if field == "@timestamp":
        return isinstance(wanted, Moment) and _same_time(wanted, str(answer))
    if field == "network.transport":
        return str(answer).lower() == str(wanted).lower()
    if field.endswith(".ip"):
        # Some of their formats keep ``::ffff:192.0.2.1`` as it stands, others cut it to the IPv4 address that it is.
        return str(answer).lower().removeprefix("::ffff:") == str(wanted).lower().removeprefix("::ffff:")
    return str(answer) == str(wanted)


def _same_time(wanted: Moment, answer: str) -> bool:
    first = 5 if wanted.year_inferred else 0
    if answer[first:19] == wanted.utc[first:19]:
        return True
    if wanted.zoned or wanted.year_inferred:
        return False
    # Theirs is cut off before the zone: the clocks may lie whole quarters of an hour apart.
    apart = abs((datetime.fromisoformat(answer[:19]) - datetime.fromisoformat(wanted.utc[:19])).total_seconds())
    return apart <= 14 * 3_600 and apart % 900 == 0


def _wanted(line: str, meta: Mapping[str, Any], parsed: Mapping[str, Any]) -> dict[str, object]:
    wanted: dict[str, object] = {}
    for field, names in NAMES.items():
        for name in names:
            value = meta.get(name[5:]) if name.startswith("meta.") else parsed.get(name)
            kept = _kept(field, str(value), line) if value not in (None, "") else None
            if kept is not None:
                wanted[field] = kept
                break
    word = f"{meta.get('log_type', '')} {meta.get('sub_type', '')} {meta.get('auth_status', '')}".lower()
    if re.search(r"fail|bad_|invalid|denied|reject", word):
        wanted["event.outcome"] = "failure"
    elif re.search(r"succe", word):
        wanted["event.outcome"] = "success"
    return wanted


def _kept(field: str, value: str, line: str) -> object | None:
    """Return an asserted value in the form of its field; None if it is not of its kind or not literally in the line."""
    value = value.strip("'\"`") if field == "user.name" else value
    if field == "@timestamp":
        try:
            return utc_of(value) if _TIMES.search(value) and value in line and len(value) > 9 else None
        except ValueError:
            return None
    if field in MEANING:
        return value if value in line else None
    if value not in line or value in {"-", "", "(null)"}:
        return None
    if field == "process.name":
        return value if f"{value}[" in line or f"{value}: " in line else None
    if field.endswith(".ip"):
        return value if is_ip(value) else None
    if field.endswith((".port", ".pid")):
        return value if _PORT_OR_PID.fullmatch(value) else None
    if field == "http.response.status_code":
        return value if value.isdecimal() and 100 <= int(value) <= 599 else None
    if field == "network.transport":
        return value if value.lower() in {"tcp", "udp", "icmp", "igmp", "sctp"} else None
    return value
