"""Real lines with what must not and what should survive their anonymization, for the judge in ``leaks``.

The truth does not come from logdojo's policy: this module imports nothing of it and has lists of its own. It is made of

- ``crowdsec/fields.jsonl``: what another project's parsers are asserted to read, their names mapped to classes once;
- ``panther/train.jsonl``: JSON events. Whole values that are an address, a MAC address or an e-mail address are
  sensitive whatever their key says; so are AWS account numbers and the names in ARNs. Users, hosts, domains and
  accounts are told by the words of their key and of its parent (``_KEYS``, ``_SUBJECTS``), in nested objects, in
  ``{"name": …, "value": …}`` pairs and in JSON that stands inside a string.

A value counts only if it stands in the line as it is and has at least three characters. Not sensitive: placeholders,
accounts that an operating system creates for itself (``root``, not ``admin``), addresses that are nobody's, names of a
cloud's own services, and words that are names of fields of the same event.

The vendors are split once, by a hash that nobody chose. One part may be looked at while rules are written, the other
is only ever reported in totals. Lines of ``crowdsec`` follow the split of the parsers' benchmark (what a parser has
been tuned on does not count as unseen here); lines that an earlier split of this project's tests let people look at
are in neither part.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CLASSES: Final = ("ip", "mac", "email", "user", "host", "domain", "account")
KINDS: Final = ("time", "port", "action", "outcome", "code", "token")


@dataclass(frozen=True, slots=True)
class Event:
    """A line, what is sensitive in it and what is of use.

    Args:
        source: vendor and product.
        part: ``tuned`` or ``reported``.
        line: as it stands in a log.
        sensitive: pairs of class and value.
        useful: pairs of kind and value.
    """

    source: str
    part: str
    line: str
    sensitive: tuple[tuple[str, str], ...]
    useful: tuple[tuple[str, str], ...]


def load(folder: Path) -> list[Event]:
    """Return the events of both sources that have at least one sensitive value."""
    return [event for event in (*_crowdsec(folder), *_panther(folder)) if event.sensitive]


def stands(value: str, text: str) -> bool:
    """Tell whether a value stands in a text, not as a part of a longer word or number."""
    at = text.find(value)
    while at >= 0:
        stop = at + len(value)
        before, after = text[at - 1 : at], text[stop : stop + 1]
        # The t of an escaped tab is no part of a word.
        is_escape = before in {"n", "r", "t"} and text[at - 2 : at - 1] == "\\"
        if (is_escape or not (before.isalnum() and value[0].isalnum())) and not (
            after.isalnum() and value[-1].isalnum()
        ):
            return True
        at = text.find(value, at + 1)
    return False


# --- crowdsec: their names → classes and kinds; "meta." is what their scenarios use, the rest what their patterns read

_FIELDS: Final = {
    "ip": "meta.source_ip meta.dest_ip source_ip remote_addr client_ip clientip src_ip dst_ip dest_ip remote_ip "
    "destination_ip target_ip sshd_client_ip dovecot_remote_ip dovecot_local_ip sympa_client_ip amavis_relay_ip "
    "amavis_amavis_origin_ip internal_ip nat_src_ip nat_dst_ip rip ip_source raw_remote_addr first_ip proxy_ip "
    "cas_client_ip server_ip first_forwarded x_forwarded_for dest_addr request_addr addr",
    "user": "meta.username meta.user meta.target_user meta.source_user username user source_user target_user "
    "remote_user sshd_invalid_user sshesame_user dovecot_user pgsql_user pgsql_target_user sympa_user login "
    "cas_invalid_user invalid_user ruser logname",
    "host": "meta.machine meta.target_fqdn meta.source_dns meta.source_rdns meta.source_helo logsource target_fqdn "
    "source_dns source_rdns source_helo target_server sourcehost targethost syslog_hostname vhost sympa_robot "
    "server_name smb_domain",
    "mac": "src_mac dst_mac",
    "account": "meta.account_id meta.customer_id",
    "email": "amavis_from amavis_to",
}
_USEFUL: Final = {
    "time": "timestamp timestamp8601 time_local time date event_timestamp cri_timestamp datetimestamp time_stamp "
    "logdate accept_date syslog_timestamp generation_timestamp fastly_timestamp suricata_timestamp",
    "port": "source_port remote_port src_port dst_port dest_port target_port client_port sport server_port "
    "destination_port proxy_port nat_src_port nat_dst_port sshd_port meta.dest_port meta.dst_port",
    "action": "verb meta.http_verb action meta.event_name direction request_type meta.security_action method meta.verb",
    "outcome": "log_level loglevel meta.log_level severity meta.event_severity reason meta.dovecot_login_result level "
    "meta.status auth_result fail_reason",
    "code": "status response meta.http_status http_status_code http_code err_code meta.rule_id smtp_code "
    "meta.suricata_alert_signature_id meta.auditd_eventid ruleid",
    "token": "program pid PID http_version proto bytes_sent body_bytes_sent iface protocol ip4_ttl tcp_flags thread "
    "int_eth chain rule tls_cipher length ip_ver if_in if_out sshesame_cmd version",
}


def _by_name(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(kind, name) for kind, names in table.items() for name in names.split()]


def _crowdsec(folder: Path) -> Iterator[Event]:
    for text in (folder / "crowdsec" / "fields.jsonl").read_text("utf-8").splitlines():
        row = json.loads(text)
        # As in the benchmark of the parsers, which were tuned on one half of these formats.
        part = "tuned" if zlib.crc32(row["parser"].encode()) % 2 == 0 else "reported"
        if part == "reported" and _hash(row["group"]) % 2 == 0:
            continue
        fields = {**row["parsed"], **{f"meta.{name}": value for name, value in row["meta"].items()}}
        yield _event(row["parser"], part, row["line"], _named(fields, _FIELDS), _named(fields, _USEFUL))


def _named(fields: dict[str, Any], table: dict[str, str]) -> Iterator[tuple[str, str]]:
    for kind, name in _by_name(table):
        if name in fields:
            yield kind, str(fields[name]).strip("'\"`<>[] ")


# --- panther: words of keys → classes and kinds

_KEYS: Final = {
    "user": "username|user name|user login|login|login name|account name|sam account name|logon name|user|actor|caller"
    "|owner|creator|assignee|requester|initiator|impersonator|nickname|full name|first name|last name|session name"
    "|user principal name|principal email|alternate id|usr name|created by|updated by|modified by|user display name"
    "|usrname|principal|suser|duser|created by user|actor name|target user name|owner name|db user|os user",
    "host": "hostname|host name|host|fqdn|computer name|computer|machine name|device name|server name|dns name"
    "|workstation name|workstation|node name|instance name|vm name|nodename|computer dns name|machine|device hostname"
    "|private dns name|public dns name|target hostname|endpoint name|sensor hostname|agent computer name|shost|dhost",
    "domain": "domain|domain name|query name|qname|hostname domain|question name|target domain|user domain|dns domain",
    "account": "account id|aws account|subscription id|tenant id|organization id|org id|customer id|workspace id"
    "|owner id|recipient account id|tenant|enterprise id|team id|cid|customer id string|payer account|account",
}
_SUBJECT_WORDS: Final = (
    "user actor caller owner creator author requester member admin principal pusher initiator employee assignee "
    "impersonator sender committer person operator subject by"
)
_SUBJECTS: Final = frozenset(_SUBJECT_WORDS.split())
_SUBJECT_LEAVES: Final = frozenset({"name", "login", "display name", "displayname", "full name", "nickname"})
_HOST_PARENTS: Final = frozenset({"host", "device", "server", "computer", "machine", "endpoint", "node", "sensor"})
_USEFUL_KEYS: Final = {
    "port": "port|source port|destination port|src port|dst port|remote port|local port|src endpoint port",
    "action": "action|action name|event name|event type|operation|operation name|method|method name|verb|activity"
    "|activity type|legacy event type|event action|command|request method|http method|api|action type|type name",
    "outcome": "status|result|outcome|success|result type|severity|level|decision|disposition|state|conclusion"
    "|event severity|risk level|severity name|audit level|stage",
    "code": "error code|event id|event code|code|status code|response code|http status|edge response status|log status",
    "token": "event source|aws region|region|event version|version|protocol|category|service|service name|platform"
    "|kind|api version|product|resource type|reason|country|event category|rule name|technique|tactic|type|subtype"
    "|application|app name|namespace|auth type|login type|factor|event platform|object type|request uri path",
}
_PLACES: Final = frozenset({"postal code", "region code", "country code"})  # of a person or a device, not of use
_WORDS: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|\d+|[A-Z]")
_CLASS_OF: Final = {key: kind for kind, keys in _KEYS.items() for key in keys.split("|")}
_KIND_OF: Final = {key: kind for kind, keys in _USEFUL_KEYS.items() for key in keys.split("|")}
_OWN_SPLIT: Final = frozenset({"AWS"})  # one vendor, many unlike formats: split by format


def _panther(folder: Path) -> Iterator[Event]:
    for text in (folder / "panther" / "train.jsonl").read_text("utf-8").splitlines():
        row = json.loads(text)
        vendor = row["log_type"].partition(".")[0]
        part = "reported" if _hash(row["log_type"] if vendor in _OWN_SPLIT else vendor) % 2 else "tuned"
        leaves = list(_leaves(row["event"], "", ""))
        sensitive = [pair for leaf in leaves for pair in _sensitive(*leaf)]
        useful = [pair for leaf in leaves for pair in _useful(*leaf)]
        line = json.dumps(row["event"], ensure_ascii=False)
        # A value that is also the name of a field stands in the line whatever becomes of it.
        sensitive = [pair for pair in sensitive if f'"{pair[1]}":' not in line]
        yield _event(row["log_type"], part, line, sensitive, useful)


def _leaves(node: Any, key: str, parent: str) -> Iterator[tuple[str, str, Any]]:
    """Yield words of the key, words of its parent, and the value, for all that is neither object nor array."""
    if isinstance(node, dict):
        folded = {name.lower(): name for name in node}
        label = node[folded["name"]] if "name" in folded and "value" in folded else None
        for name, inner in node.items():
            named = label if isinstance(label, str) and name.lower() == "value" else name
            yield from _leaves(inner, _words(named), key)
    elif isinstance(node, list):
        for inner in node:
            yield from _leaves(inner, key, parent)
    elif isinstance(node, str) and node[:1] in {"{", "["}:
        try:
            yield from _leaves(json.loads(node), key, parent)
        except ValueError:
            yield key, parent, node
    else:
        yield key, parent, node


def _words(name: str) -> str:
    return " ".join(_WORDS.findall(name)).lower()


def _sensitive(key: str, parent: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return
    text = str(value)
    parts = re.split(r"[,\s]+", text)
    if all(map(_is_ip, parts)):
        yield from (("ip", part) for part in parts)
    elif text.startswith("arn:"):
        yield from _in_arn(text)
    elif (isinstance(value, str) and re.fullmatch(r"\d{12}", text)) or _EMAIL.fullmatch(text):
        yield "account", text
    else:
        kind = next((_CLASS_OF[end] for end in _endings(key) if end in _CLASS_OF), "")
        if not kind and key in _SUBJECT_LEAVES and any(word in _SUBJECTS for word in parent.split()[-1:]):
            kind = "user"
        if not kind and key in _SUBJECT_LEAVES and any(word in _HOST_PARENTS for word in parent.split()[-1:]):
            kind = "host"
        if kind and isinstance(value, str):
            yield kind, text
    if not isinstance(value, str) or text.startswith("arn:"):
        return
    if _MAC.fullmatch(text):
        yield "mac", text


def _endings(key: str) -> Iterator[str]:
    words = key.split()
    yield from (" ".join(words[at:]) for at in range(max(0, len(words) - 4), len(words)))


def _in_arn(arn: str) -> Iterator[tuple[str, str]]:
    fields = arn.split(":", 5)
    if len(fields) == 6:
        yield "account", fields[4]
        kind, _, rest = fields[5].partition("/")
        if kind in {"user", "assumed-role", "federated-user"} and rest:
            yield "user", rest.rpartition("/")[2]


def _useful(key: str, parent: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return
    text = str(value)
    last = key.rpartition(" ")[2]
    if _TIME.fullmatch(text) or (last in {"time", "timestamp", "date", "at", "ts"} and _EPOCH.fullmatch(text)):
        yield "time", text
        return
    kind = next((_KIND_OF[end] for end in _endings(key) if end in _KIND_OF), "")
    if key in _PLACES or "location" in parent:
        return
    if kind and (kind != "port" or text.isdecimal()):
        yield kind, text


# --- what counts

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d| UTC)?")
_EPOCH: Final = re.compile(r"1\d{9}(?:\d{3})?(?:\.\d+)?")
_EMAIL: Final = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_ACCOUNT: Final = re.compile(r"(?=.*\d)[\w-]{6,64}")
_SHORTEST: Final = 3
_NO_NAMES: Final = re.compile(
    r"/dev/\w+|\w+://.*|(?:is_?)?succe\w+|fail\w+|user_?name|user|host(?:name)?|__\w+", re.IGNORECASE
)
_LONGEST: Final = 120
_NOTHING: Final = (
    "unknown undefined null none nil n/a (null) (none) (unknown) true false anonymous redacted [redacted] *** ****** "
    "<redacted> everyone"
)
_PLACEHOLDERS: Final = frozenset(_NOTHING.split())
_BUILT_IN: Final = frozenset(
    {
        "root",
        "system",
        "nt authority",
        "local service",
        "network service",
        "nobody",
        "daemon",
        "localhost",
        "localhost.",
    }
    | {"nt authority\\system", "www-data", "trustedinstaller"}
)
_SERVICE: Final = re.compile(
    r"[\w-]+(?:\.[a-z]{2}-[a-z]+-\d)?\.amazonaws\.com|(?:[\w-]+\.)*(?:googleapis|github|gitlab|okta|zoom|slack)\.com"
    r"|aws internal|system:[\w:-]+"
)
_NOBODY: Final = frozenset({"0.0.0.0", "255.255.255.255", "::", "::1", "127.0.0.1"})  # noqa: S104, values in logs


def _event(
    source: str, part: str, line: str, sensitive: Iterable[tuple[str, str]], useful: Iterable[tuple[str, str]]
) -> Event:
    secrets = {pair for kind, value in sensitive if (pair := checked(kind, value)) and stands(pair[1], line)}
    hidden = [value for _, value in secrets]
    kept = {
        (kind, value)
        for kind, value in useful
        if len(value) > (0 if kind == "port" else 1)
        and len(value) <= _LONGEST
        and "\\" not in value
        and stands(value, line)
        and not checked("", value)
        and not any(stands(value, each) or stands(each, value) for each in hidden)
    }
    return Event(source, part, line, tuple(sorted(secrets)), tuple(sorted(kept)))


def checked(kind: str, value: str) -> tuple[str, str] | None:
    """Return a value under the class that its form tells, else under ``kind``; None when it is nothing sensitive."""
    folded = value.lower()
    if not _SHORTEST <= len(value) <= _LONGEST or folded in _PLACEHOLDERS | _BUILT_IN or value in _NOBODY:
        return None
    if _is_ip(value):
        return "ip", value
    if _EMAIL.fullmatch(value):
        return "email", value
    if _MAC.fullmatch(value):
        return None if set(value) <= set("0:-") or set(folded) <= set("f:-") else ("mac", value)
    if not kind or kind in {"ip", "mac", "email"} or "\\" in value or "\n" in value or _SERVICE.fullmatch(folded):
        return None
    if _NO_NAMES.fullmatch(value):
        return None
    if kind == "account":
        return (kind, value) if _ACCOUNT.fullmatch(value) else None
    return (kind, value) if any(char.isalpha() for char in value) else None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hash(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]
