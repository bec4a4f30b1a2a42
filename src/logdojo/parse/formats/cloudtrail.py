"""AWS CloudTrail: one record of the management and data event log (record contents, version 1.11).

A line holds one record, either bare, or in the one-element ``Records`` list of a log file, or as ``detail`` of an
EventBridge event. ``requestParameters`` and ``additionalEventData`` are flattened up to a bounded depth and count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
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


def is_record(document: Mapping[str, Any]) -> bool:
    """Say whether a JSON object is a CloudTrail record: it names the event and the service."""
    return isinstance(document.get("eventName"), str) and isinstance(document.get("eventSource"), str)


def unwrap(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record inside a ``Records`` list or an EventBridge event; a bare record as it is.

    Raises:
        ValueError: it is no CloudTrail record, or several; the message says which.
    """
    if is_record(document):
        return document
    detail = document.get("detail")
    if isinstance(detail, dict) and is_record(detail):
        return detail
    records = document.get("Records")
    if isinstance(records, list):
        if len(records) != 1:
            raise ValueError(f"Records holds {len(records)} records: one a line can be read, split them first")
        if isinstance(records[0], dict) and is_record(records[0]):
            return records[0]
    raise ValueError("JSON of an unknown format: a CloudTrail record has eventName and eventSource")


def read_record(draft: Draft, record: Mapping[str, Any]) -> None:
    """Read a CloudTrail record into the draft.

    Raises:
        ValueError: ``eventTime`` is there but is no time.
    """
    fields = draft.fields
    source, action = printable(record["eventSource"]), printable(record["eventName"])
    if isinstance(when := record.get("eventTime"), str):
        fields["@timestamp"] = utc_of_iso(printable(when))[0]
    category = ("api", *_CATEGORY.get(source, ()))
    draft.says(category, (_type_of(action, record.get("readOnly")),), action, _outcome(record))
    fields["event.provider"] = source
    fields["cloud.provider"] = "aws"
    for name, key in _TEXTS:
        _put(fields, name, record.get(key))
    address = record.get("sourceIPAddress")
    if isinstance(address, str) and address:
        # A call made by a service on someone's behalf has the service's name here.
        fields["source.ip" if is_ip(address) else "source.address"] = printable(address)[:_MAX_TEXT]
    identity = record.get("userIdentity")
    identity = identity if isinstance(identity, dict) else {}
    _put(fields, "cloud.account.id", record.get("recipientAccountId") or identity.get("accountId"))
    _write_identity(fields, identity)
    for name, key in (("request_parameters", "requestParameters"), ("additional_event_data", "additionalEventData")):
        for place, (path, value) in enumerate(_leaves(record.get(key), f"{PREFIX}.{name}", 0)):
            if place == _MAX_FIELDS:
                fields["logdojo.truncated"] = True
                break
            fields[path] = value


def _write_identity(fields: dict[str, object], identity: Mapping[str, Any]) -> None:
    kind = identity.get("type")
    context = _dict(identity, "sessionContext")
    role = _dict(context, "sessionIssuer").get("userName")
    principal = identity.get("principalId")
    name = identity.get("userName") or role
    if not name and kind == "Root":
        name = "root"
    _put(fields, "user.name", name)
    _put(fields, "user.id", principal)
    for ours, value in (
        ("type", kind),
        ("arn", identity.get("arn")),
        ("access_key_id", identity.get("accessKeyId")),
        ("invoked_by", identity.get("invokedBy")),
        ("mfa_authenticated", _dict(context, "attributes").get("mfaAuthenticated")),
    ):
        _put(fields, f"{PREFIX}.user_identity.{ours}", value)
    if kind == "AssumedRole" and isinstance(principal, str) and ":" in principal:
        _put(fields, f"{PREFIX}.user_identity.role_session_name", principal.partition(":")[2])


def _dict(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _outcome(record: Mapping[str, Any]) -> str:
    if record.get("errorCode") or record.get("errorMessage"):
        return "failure"
    # The console tells of a failed sign-in only in its answer.
    return "failure" if _dict(record, "responseElements").get("ConsoleLogin") == "Failure" else "success"


def _type_of(action: str, read_only: object) -> str:
    for beginnings, kind in _TYPE:
        if action.startswith(beginnings):
            return kind
    return "access" if read_only in (True, "true") else "change"


def _put(fields: dict[str, object], name: str, value: object) -> None:
    if isinstance(value, (dict, list)):
        return
    kept = _scalar(value)
    if kept not in (None, ""):
        fields[name] = kept


def _scalar(value: object) -> str | int | float | bool | None:
    """Return a JSON scalar as a field can hold it: bounded text without lone surrogates, writable numbers."""
    if isinstance(value, str):
        return printable(value[:_MAX_TEXT])
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else str(value)[:_MAX_TEXT]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return None


def _leaves(node: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Yield dotted path and value of what lies under a node; lists of scalars stay one value."""
    if isinstance(node, dict):
        if depth < _MAX_DEPTH:
            for key, child in node.items():
                yield from _leaves(child, f"{path}.{printable(key[:128])}", depth + 1)
    elif isinstance(node, list):
        if any(isinstance(child, (dict, list)) for child in node[:_MAX_ITEMS]):
            if depth < _MAX_DEPTH:
                for place, child in enumerate(node[:_MAX_ITEMS]):
                    yield from _leaves(child, f"{path}.{place}", depth + 1)
        elif node:
            yield path, [str(_scalar(child)) for child in node[:_MAX_ITEMS]]
    elif (value := _scalar(node)) not in (None, ""):
        yield path, value


def _read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    del now
    read_record(draft, document)


FORMATS: Final = (
    Format(
        "aws.cloudtrail",
        Signs(keys=("eventSource", "eventName")),
        read_document=_read,
        doc="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    ),
)
