"""CloudTrail records as AWS documents them: decoded straight into named places, whose kinds are then known.

What ``cloudtrail`` reads of any record is read here of nearly all in two thirds of the time: what does not matter is
skipped by the decoder, and no value has to be asked what it is. A record with a key or a kind of value that is not
documented is left to ``cloudtrail``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from logdojo.events import LogEvent
from logdojo.parse.formats.cloudtrail_parts import (
    MAX_KEY,
    MFA,
    NESTED,
    PREFIX,
    SESSION_NAME,
    is_address,
    meaning,
    tidy,
    utc,
    write_nested,
)

NAME: Final = "aws.cloudtrail"
_TYPE: Final = f"{PREFIX}.user_identity.type"
_ARN: Final = f"{PREFIX}.user_identity.arn"
_KEY: Final = f"{PREFIX}.user_identity.access_key_id"
_INVOKED_BY: Final = f"{PREFIX}.user_identity.invoked_by"
(_PARAMETERS, _), (_ADDITIONAL, _) = NESTED


class _Issuer(msgspec.Struct, rename="camel"):
    user_name: str | None = None


class _Attributes(msgspec.Struct, rename="camel"):
    mfa_authenticated: bool | str | None = None


class _Context(msgspec.Struct, rename="camel"):
    session_issuer: _Issuer | None = None
    attributes: _Attributes | None = None


class _Identity(msgspec.Struct, rename="camel"):
    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    session_context: _Context | None = None


# With unknown keys forbidden, no record of another format that has these names as well is taken for one of CloudTrail.
class _Record(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    event_source: str
    event_name: str
    event_time: str | None = None
    event_id: str | None = msgspec.field(name="eventID", default=None)
    aws_region: str | None = None
    source_address: str | None = msgspec.field(name="sourceIPAddress", default=None)
    user_agent: str | None = None
    user_identity: _Identity | None = None
    recipient_account_id: str | None = None
    read_only: bool | str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_parameters: Any = None
    response_elements: Any = None
    additional_event_data: Any = None
    # Known, and of no interest here.
    event_version: Any = None
    event_type: Any = None
    event_category: Any = None
    api_version: Any = None
    management_event: Any = None
    request_id: Any = msgspec.field(name="requestID", default=None)
    shared_event_id: Any = msgspec.field(name="sharedEventID", default=None)
    resources: Any = None
    service_event_details: Any = None
    vpc_endpoint_id: Any = None
    vpc_endpoint_account_id: Any = None
    addendum: Any = None
    session_credential_from_console: Any = None
    event_context: Any = None
    edge_device_details: Any = None
    tls_details: Any = None


_decode: Final = msgspec.json.Decoder(_Record).decode


def read_usual(line: str, now: datetime | None) -> LogEvent | None:
    """Read a line that is a CloudTrail record and nothing else; None for any other.

    Raises:
        ValueError: ``eventTime`` is there but is no time.
    """
    del now
    try:
        record = _decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    source, action = record.event_source, record.event_name
    category, kind = meaning(source[:MAX_KEY], action[:MAX_KEY], record.read_only in (True, "true"))
    answer = record.response_elements
    # The console tells of a failed sign-in only in its answer.
    refused = answer.__class__ is dict and answer.get("ConsoleLogin") == "Failure"
    failed = refused or record.error_code or record.error_message
    fields: dict[str, object] = {
        "event.kind": "event",
        "event.dataset": NAME,
        "event.category": [*category],
        "event.type": [kind],
        "event.action": action,
        "event.outcome": "failure" if failed else "success",
        "cloud.provider": "aws",
    }
    if record.event_time is not None:
        fields["@timestamp"] = utc(record.event_time[:MAX_KEY])
    if source:
        fields["event.provider"] = source
    if record.event_id:
        fields["event.id"] = record.event_id
    if record.aws_region:
        fields["cloud.region"] = record.aws_region
    if record.user_agent:
        fields["user_agent.original"] = record.user_agent
    if record.error_code:
        fields["error.code"] = record.error_code
    if record.error_message:
        fields["error.message"] = record.error_message
    if address := record.source_address:
        # A call made by a service on someone's behalf has the service's name here.
        fields["source.ip" if is_address(address) else "source.address"] = address
    account, identity = record.recipient_account_id, record.user_identity
    if identity is not None:
        account = account or identity.account_id
        _write_identity(fields, identity)
    if account:
        fields["cloud.account.id"] = account
    if record.request_parameters:
        write_nested(fields, record.request_parameters, _PARAMETERS)
    if record.additional_event_data:
        write_nested(fields, record.additional_event_data, _ADDITIONAL)
    tidy(fields, line)
    return LogEvent(line, fields)


def _write_identity(fields: dict[str, object], identity: _Identity) -> None:
    name, kind, principal = identity.user_name, identity.type, identity.principal_id
    if (context := identity.session_context) is not None:
        if not name and context.session_issuer is not None:
            name = context.session_issuer.user_name
        mfa = context.attributes.mfa_authenticated if context.attributes is not None else None
        if mfa is not None and mfa != "":
            fields[MFA] = mfa
    if name:
        fields["user.name"] = name
    elif kind == "Root":
        fields["user.name"] = "root"
    if principal:
        fields["user.id"] = principal
        if kind == "AssumedRole" and (session := principal.partition(":")[2]):
            fields[SESSION_NAME] = session
    if kind:
        fields[_TYPE] = kind
    if identity.arn:
        fields[_ARN] = identity.arn
    if identity.access_key_id:
        fields[_KEY] = identity.access_key_id
    if identity.invoked_by:
        fields[_INVOKED_BY] = identity.invoked_by
