"""Calls of the cloud's API as CloudTrail records them, one JSON object a line (record contents, version 1.09)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from logdojo.simulate import names
from logdojo.simulate.awscalls import READ_CALLS, WRITE_CALLS
from logdojo.simulate.company.clocks import iso
from logdojo.simulate.company.scene import Scene
from logdojo.simulate.company.signins import uuid
from logdojo.simulate.company.world import Person

AGENTS: Final = (
    "aws-cli/2.22.10 Python/3.12.6 Linux/6.8.0 exe/x86_64.ubuntu.24",
    "Boto3/1.35.74 md/Botocore#1.35.74 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 aws-sdk-go-v2/1.32.5 os/linux lang/go#1.23.3",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "aws-sdk-java/2.29.20 Linux/5.15.0 OpenJDK_64-Bit_Server_VM/21.0.5 Java/21.0.5",
)
"""User agents; which one is used tells nothing about intent."""
DENIED: Final = "AccessDenied"
_READS: Final = ("Get", "List", "Describe", "Lookup", "Filter", "BatchGet", "Head", "Decrypt")
_dumps = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Args:
        user: account name; of a role, the name of its session.
        role: the role taken on, or ``""`` for a user with a key of its own.
        account: the cloud account.
        source: address.
        agent: user agent.
        since: when the credentials were issued, UTC epoch seconds; used for roles.
    """

    user: str
    role: str
    account: str
    source: str
    agent: str
    since: int


def caller(s: Scene, who: Person | None = None, source: str = "") -> Caller:
    """Draw who calls: a person or a program, with a key or in a role, from anywhere."""
    person = who or s.person()
    program = who is None and s.random() < 0.3
    return Caller(
        user=s.one(names.SERVICES) if program else person.name,
        role=(s.one(names.ROLES) if s.random() < 0.5 else person.role) if s.random() < 0.55 else "",
        account=s.one(names.CLOUD_ACCOUNTS),
        source=source or s.origin(person),
        agent=s.one(AGENTS),
        since=int(s.clock) - 60 - s.below(3_000),
    )


def call(
    s: Scene,
    who: Caller,
    service: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    error: str = "",
    region: str = "",
) -> None:
    """Write the record of one call.

    Args:
        s: the session.
        who: the caller.
        service: without ``.amazonaws.com``.
        name: the event's name.
        parameters: ``requestParameters``.
        error: ``errorCode``; ``""`` when the call succeeded.
        region: the region called; the variant's if not given.
    """
    when = s.clock + s.random() * 0.5
    place = region or s.variant.region
    arn, identity = _identity(who)
    data = name.endswith("Object")
    failed = ""
    if error:
        said = f"User: {arn} is not authorized to perform: {service}:{name}" if error == DENIED else "Not possible"
        failed = f'"errorCode":"{error}","errorMessage":"{said}",'
    line = (
        f'{{"eventVersion":"1.09","userIdentity":{identity},"eventTime":"{iso(int(when))}Z",'
        f'"eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{place}",'
        f'"sourceIPAddress":"{who.source}","userAgent":"{who.agent}",{failed}'
        f'"requestParameters":{_dumps(parameters) if parameters else "null"},"responseElements":null,'
        f'"requestID":"{uuid(s)}","eventID":"{uuid(s)}",'
        f'"readOnly":{"true" if name.startswith(_READS) else "false"},"eventType":"AwsApiCall",'
        f'"managementEvent":{"false" if data else "true"},"recipientAccountId":"{who.account}",'
        f'"eventCategory":"{"Data" if data else "Management"}"}}'
    )
    slots: dict[str, str | int] = {
        "event.action": name,
        "event.provider": f"{service}.amazonaws.com",
        "source.ip": who.source,
        "user_agent.original": who.agent,
        "cloud.region": place,
        "cloud.account.id": who.account,
        "user.name": who.role or who.user,
    }
    if error:
        slots["error.code"] = error
    s.put(when, "cloudtrail", line, slots)


def everyday(s: Scene, who: Caller, *, denied: float = 0.08, writes: float = 0.3) -> None:
    """Write one everyday call: mostly reads, some changes, a few refused."""
    service, name = s.one(WRITE_CALLS if s.random() < writes else READ_CALLS)
    call(s, who, service, name, _parameters(s, service, name), error=DENIED if s.random() < denied else "")


def _parameters(s: Scene, service: str, name: str) -> dict[str, Any] | None:
    if service == "s3":
        return {"bucketName": s.one(names.BUCKETS)} if name != "ListBuckets" else None
    if service == "iam":
        return {"roleName": s.one(names.ROLES)} if "Role" in name else {"userName": s.one(names.ACCOUNTS)}
    if service == "ec2":
        return {"instancesSet": {"items": [{"instanceId": resource(s, "i")}]}}
    return {"maxResults": s.one((50, 100, 1_000))} if s.random() < 0.6 else None


def resource(s: Scene, prefix: str) -> str:
    """Return an identifier such as ``i-0123456789abcdef0``."""
    return f"{prefix}-0{s.rng.getrandbits(64):016x}"


@lru_cache(maxsize=1_024)
def _identity(who: Caller) -> tuple[str, str]:
    """Return the ARN, and ``userIdentity`` as JSON."""
    if not who.role:
        arn = f"arn:aws:iam::{who.account}:user/{who.user}"
        return arn, _dumps(
            {
                "type": "IAMUser",
                "principalId": names.cloud_id("AIDA", who.user),
                "arn": arn,
                "accountId": who.account,
                "accessKeyId": names.cloud_id("AKIA", who.user),
                "userName": who.user,
            }
        )
    arn = f"arn:aws:sts::{who.account}:assumed-role/{who.role}/{who.user}"
    role = names.cloud_id("AROA", who.role)
    return arn, _dumps(
        {
            "type": "AssumedRole",
            "principalId": f"{role}:{who.user}",
            "arn": arn,
            "accountId": who.account,
            "accessKeyId": names.cloud_id("ASIA", f"{who.role}{who.user}"),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": role,
                    "arn": f"arn:aws:iam::{who.account}:role/{who.role}",
                    "accountId": who.account,
                    "userName": who.role,
                },
                "attributes": {"creationDate": f"{iso(who.since)}Z", "mfaAuthenticated": "false"},
            },
        }
    )
