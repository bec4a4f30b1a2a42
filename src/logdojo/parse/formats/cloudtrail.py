"""AWS CloudTrail: one record of the management and data event log (record contents, version 1.11).

``requestParameters`` and ``additionalEventData`` are flattened up to a bounded depth and count. CloudTrail writes many
records, so this module is written for speed: no call where a test of the class will do, and what recurs is remembered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from logdojo.events import printable
from logdojo.parse.clock import utc_of_iso
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.format import Format

PREFIX: Final = "aws.cloudtrail"
_MAX_DEPTH: Final = 6
_MAX_FIELDS: Final = 48
_MAX_ITEMS: Final = 16
_MAX_TEXT: Final = 2_048
_MAX_INT: Final = 2**63
_MAX_KEY: Final = 128
_LONGEST_IP: Final = 45
_SECONDS: Final = len("2025-04-11T15:24:00Z")

_CATEGORY: Final = MappingProxyType(
    {
        "iam.amazonaws.com": ("iam",),
        "sso.amazonaws.com": ("iam",),
        "sts.amazonaws.com": ("iam", "authentication"),
        "signin.amazonaws.com": ("authentication",),
        "cloudtrail.amazonaws.com": ("configuration",),
        "config.amazonaws.com": ("configuration",),
        "guardduty.amazonaws.com": ("configuration",),
        "organizations.amazonaws.com": ("configuration",),
        "s3.amazonaws.com": ("file",),
        "rds.amazonaws.com": ("database",),
        "dynamodb.amazonaws.com": ("database",),
        "ec2.amazonaws.com": ("host",),
    }
)
_TYPE: Final = (
    (
        ("Get", "List", "Describe", "Head", "Lookup", "Select", "Query", "Scan", "Search", "BatchGet", "Decrypt"),
        "access",
    ),
    (("Create", "Run", "Allocate", "Register", "Generate", "Import", "Issue", "Request"), "creation"),
    (("Delete", "Remove", "Terminate", "Deregister", "Release", "Revoke"), "deletion"),
    (("ConsoleLogin", "AssumeRole", "Start", "Login", "Credential", "Federate"), "start"),
    (("Stop",), "end"),
)
_TEXTS: Final = (
    ("event.id", "eventID"),
    ("cloud.region", "awsRegion"),
    ("user_agent.original", "userAgent"),
    ("error.code", "errorCode"),
    ("error.message", "errorMessage"),
)
_NESTED: Final = (
    (f"{PREFIX}.request_parameters", "requestParameters"),
    (f"{PREFIX}.additional_event_data", "additionalEventData"),
)
_IDENTITY: Final = (
    ("user.id", "principalId"),
    (f"{PREFIX}.user_identity.type", "type"),
    (f"{PREFIX}.user_identity.arn", "arn"),
    (f"{PREFIX}.user_identity.access_key_id", "accessKeyId"),
    (f"{PREFIX}.user_identity.invoked_by", "invokedBy"),
)
_MFA: Final = f"{PREFIX}.user_identity.mfa_authenticated"
_SESSION_NAME: Final = f"{PREFIX}.user_identity.role_session_name"
_YES: Final = (True, "true")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def read_record(draft: Draft, record: Mapping[str, Any]) -> None:
    """Read a CloudTrail record into the draft.

    Raises:
        ValueError: the record's name or source is no text, or ``eventTime`` is there but is no time.
    """
    fields, get = draft.fields, record.get
    source, action = get("eventSource", ""), record["eventName"]
    if source.__class__ is not str or action.__class__ is not str:
        raise ValueError("broken CloudTrail record: eventName and eventSource must be texts")
    when = get("eventTime")
    if when.__class__ is str:
        fields["@timestamp"] = _utc(when[:_MAX_KEY])
    category, kind = _meaning(source[:_MAX_KEY], action[:_MAX_KEY], get("readOnly") in _YES)
    fields["event.category"] = [*category]
    fields["event.type"] = [kind]
    fields["event.action"] = action
    fields["event.outcome"] = _outcome(record)
    if source:
        fields["event.provider"] = source
    fields["cloud.provider"] = "aws"
    for name, key in _TEXTS:
        value = get(key)
        if value.__class__ is str:
            if value:
                fields[name] = value
        elif value is not None:
            _put(fields, name, value)
    address = get("sourceIPAddress")
    if address.__class__ is str and address:
        # A call made by a service on someone's behalf has the service's name here.
        is_address = len(address) <= _LONGEST_IP and _is_short_ip(address)
        fields["source.ip" if is_address else "source.address"] = address
    identity = get("userIdentity")
    if identity.__class__ is dict:
        account = get("recipientAccountId") or identity.get("accountId")
        _write_identity(fields, identity)
    else:
        account = get("recipientAccountId")
    _put(fields, "cloud.account.id", account)
    for prefix, key in _NESTED:
        node = get(key)
        if node and _flatten(fields, node, prefix, 0, _MAX_FIELDS) < 0:
            fields["logdojo.truncated"] = True
    # In a short line of ASCII no text is too long, and without an escape none holds what cannot be written.
    line = draft.line
    if len(line) > _MAX_TEXT or "\\u" in line or not line.isascii():
        _tidy(fields)


def _tidy(fields: dict[str, object]) -> None:
    """Cut texts that are too long, and write out lone surrogates."""
    for name, value in fields.items():
        if value.__class__ is str and (len(str(value)) > _MAX_TEXT or not str(value).isascii()):
            fields[name] = printable(str(value)[:_MAX_TEXT])


def _write_identity(fields: dict[str, object], identity: Mapping[str, Any]) -> None:
    get = identity.get
    kind, name, context = get("type"), get("userName"), get("sessionContext")
    if context.__class__ is dict:
        if not name:
            name = _dict(context, "sessionIssuer").get("userName")
        mfa = _dict(context, "attributes").get("mfaAuthenticated")
        if mfa is not None:
            _put(fields, _MFA, mfa)
    if name:
        _put(fields, "user.name", name)
    elif kind == "Root":
        fields["user.name"] = "root"
    for ours, key in _IDENTITY:
        value = get(key)
        if value.__class__ is str:
            if value:
                fields[ours] = value
        elif value is not None:
            _put(fields, ours, value)
    if kind == "AssumedRole":
        principal = get("principalId")
        if principal.__class__ is str and ":" in principal:
            _put(fields, _SESSION_NAME, principal.partition(":")[2])


def _dict(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if value.__class__ is dict else _NOTHING


@lru_cache(maxsize=4_096)
def _utc(when: str) -> str:
    """Return an event's time in UTC; as it stands where it is written as CloudTrail writes it, which costs least."""
    if len(when) == _SECONDS and when[4] == "-" and when[10] == "T" and when[13] == ":" and when[19] == "Z":
        try:
            datetime.fromisoformat(when)
        except ValueError:
            pass
        else:
            return when
    return utc_of_iso(printable(when))[0]


def _outcome(record: Mapping[str, Any]) -> str:
    if record.get("errorCode") or record.get("errorMessage"):
        return "failure"
    answer = record.get("responseElements")
    # The console tells of a failed sign-in only in its answer.
    return "failure" if answer.__class__ is dict and answer.get("ConsoleLogin") == "Failure" else "success"


@lru_cache(maxsize=4_096)
def _meaning(source: str, action: str, read_only: bool) -> tuple[tuple[str, ...], str]:
    """Return category and type of an action; an account's services use some hundreds of them."""
    category = ("api", *_CATEGORY.get(source, ()))
    for beginnings, kind in _TYPE:
        if action.startswith(beginnings):
            return category, kind
    return category, "access" if read_only else "change"


@lru_cache(maxsize=4_096)
def _is_short_ip(address: str) -> bool:
    return is_ip(address)


def _put(fields: dict[str, object], name: str, value: Any) -> None:
    if value.__class__ is str:
        if value:
            fields[name] = value
    elif value is not None and value.__class__ is not dict and value.__class__ is not list:
        fields[name] = _number(value)


def _number(value: Any) -> str | int | float | bool | None:
    """Return a JSON scalar that is no text as a field can hold it: numbers that can be written, truth, or nothing."""
    if value.__class__ is int:
        return value if -_MAX_INT <= value < _MAX_INT else str(value)[:_MAX_TEXT]
    if value.__class__ is float:
        return value if math.isfinite(value) else str(value)
    return value if value.__class__ is bool else None


def _item(value: Any) -> str:
    """Return a scalar in a list as text."""
    return printable(value[:_MAX_TEXT]) if value.__class__ is str else str(_number(value))


def _flatten(fields: dict[str, object], node: Any, path: str, depth: int, room: int) -> int:
    """Write what lies under a node as dotted paths and values; lists of scalars stay one value.

    Returns:
        How many fields more may be written; below 0 when some had to be left out.
    """
    kind = node.__class__
    if kind is str:
        if not node:
            return room
        if room > 0:
            fields[path] = node
        return room - 1
    if kind is dict:
        if depth < _MAX_DEPTH:
            for key, child in node.items():
                if room < 0:
                    break
                short = key if len(key) <= _MAX_KEY and key.isascii() else printable(key[:_MAX_KEY])
                if room > 0 and child.__class__ is str:
                    if child:
                        fields[f"{path}.{short}"] = child
                        room -= 1
                else:
                    room = _flatten(fields, child, f"{path}.{short}", depth + 1, room)
        return room
    if kind is list:
        return _flatten_list(fields, node[:_MAX_ITEMS], path, depth, room)
    if node is None:
        return room
    if room > 0:
        fields[path] = _number(node)
    return room - 1


def _flatten_list(fields: dict[str, object], items: list[Any], path: str, depth: int, room: int) -> int:
    if not items:
        return room
    if not any(child.__class__ is dict or child.__class__ is list for child in items):
        if room > 0:
            fields[path] = [_item(child) for child in items]
        return room - 1
    if depth < _MAX_DEPTH:
        for place, child in enumerate(items):
            if room < 0:
                break
            room = _flatten(fields, child, f"{path}.{place}", depth + 1, room)
    return room


def _read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> bool:
    del now
    if isinstance(document.get("eventSource"), dict):
        # Others use the same names for other things.
        return False
    read_record(draft, document)
    return True


FORMATS: Final = (
    Format(
        "aws.cloudtrail",
        Signs(keys=("eventSource", "eventName"), also=(("awsRegion", "eventName"),)),
        read_document=_read,
        doc="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    ),
)
