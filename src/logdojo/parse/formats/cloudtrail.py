"""AWS CloudTrail: one record of the management and data event log (record contents, version 1.11).

This reads any record, also one taken out of a document or with values of unexpected kinds; records as AWS documents
them are read by ``cloudtrail_usual``. ``requestParameters`` and ``additionalEventData`` are flattened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.cloudtrail_parts import (
    MAX_KEY,
    MFA,
    NESTED,
    PREFIX,
    SESSION_NAME,
    is_address,
    meaning,
    number,
    tidy,
    utc,
    write_nested,
)
from logdojo.parse.formats.cloudtrail_usual import NAME, read_usual

_TEXTS: Final = (
    ("event.id", "eventID"),
    ("cloud.region", "awsRegion"),
    ("user_agent.original", "userAgent"),
    ("error.code", "errorCode"),
    ("error.message", "errorMessage"),
)
_IDENTITY: Final = (
    ("user.id", "principalId"),
    (f"{PREFIX}.user_identity.type", "type"),
    (f"{PREFIX}.user_identity.arn", "arn"),
    (f"{PREFIX}.user_identity.access_key_id", "accessKeyId"),
    (f"{PREFIX}.user_identity.invoked_by", "invokedBy"),
)
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
        fields["@timestamp"] = utc(when[:MAX_KEY])
    category, kind = meaning(source[:MAX_KEY], action[:MAX_KEY], get("readOnly") in _YES)
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
        fields["source.ip" if is_address(address) else "source.address"] = address
    identity = get("userIdentity")
    if identity.__class__ is dict:
        account = get("recipientAccountId") or identity.get("accountId")
        _write_identity(fields, identity)
    else:
        account = get("recipientAccountId")
    _put(fields, "cloud.account.id", account)
    for prefix, key in NESTED:
        node = get(key)
        if node:
            write_nested(fields, node, prefix)
    tidy(fields, draft.line)


def _write_identity(fields: dict[str, object], identity: Mapping[str, Any]) -> None:
    get = identity.get
    kind, name, context = get("type"), get("userName"), get("sessionContext")
    if context.__class__ is dict:
        if not name:
            name = _dict(context, "sessionIssuer").get("userName")
        mfa = _dict(context, "attributes").get("mfaAuthenticated")
        if mfa is not None:
            _put(fields, MFA, mfa)
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
            _put(fields, SESSION_NAME, principal.partition(":")[2])


def _dict(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if value.__class__ is dict else _NOTHING


def _outcome(record: Mapping[str, Any]) -> str:
    if record.get("errorCode") or record.get("errorMessage"):
        return "failure"
    answer = record.get("responseElements")
    # The console tells of a failed sign-in only in its answer.
    return "failure" if answer.__class__ is dict and answer.get("ConsoleLogin") == "Failure" else "success"


def _put(fields: dict[str, object], name: str, value: Any) -> None:
    if value.__class__ is str:
        if value:
            fields[name] = value
    elif value is not None and value.__class__ is not dict and value.__class__ is not list:
        fields[name] = number(value)


def _read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> bool:
    del now
    if isinstance(document.get("eventSource"), dict):
        # Others use the same names for other things.
        return False
    read_record(draft, document)
    return True


FORMATS: Final = (
    Format(
        NAME,
        Signs(keys=("eventSource", "eventName"), also=(("awsRegion", "eventName"),)),
        read_document=_read,
        read_usual=read_usual,
        doc="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    ),
)
