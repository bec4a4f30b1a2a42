"""AWS CloudTrail records: who called what from where, one JSON object a line."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from logdojo.simulate import names
from logdojo.simulate.awscalls import READ_CALLS, WRITE_CALLS
from logdojo.simulate.stage import Scene, Timed

AGENTS: Final = (
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12 prompt/off command/{service}",
    "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.8",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 aws-sdk-go-v2/1.26.0 os/linux lang/go#1.21.8 md/GOARCH#amd64",
    "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
    "aws-sdk-java/2.25.18 Linux/5.15.0 OpenJDK_64-Bit_Server_VM/17.0.10 Java/17.0.10",
)
"""User agents; which one is used tells nothing about intent."""
DENIED: Final = "AccessDenied"
_ERRORS: Final = ("ThrottlingException", "ValidationException", "ResourceNotFoundException", DENIED)
_SERVICES: Final = ("autoscaling", "ecs-tasks", "lambda", "config", "backup", "elasticloadbalancing")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: an identity, from an address, with a program.

    Args:
        kind: ``IAMUser``, ``AssumedRole``, ``Root`` or ``AWSService``.
        name: user, role or service.
        session: name of the role's session.
        account: the cloud account.
        source: address, or the service's name.
        agent: user agent.
        mfa: whether a second factor was given.
        since: when the credentials were issued, UTC epoch seconds.
    """

    kind: str
    name: str
    session: str
    account: str
    source: str
    agent: str
    mfa: bool
    since: float

    def identity(self) -> dict[str, Any]:
        """Return ``userIdentity``."""
        if self.kind == "AWSService":
            return {"type": "AWSService", "invokedBy": f"{self.name}.amazonaws.com"}
        if self.kind == "Root":
            return {
                "type": "Root",
                "principalId": self.account,
                "arn": f"arn:aws:iam::{self.account}:root",
                "accountId": self.account,
                "accessKeyId": names.cloud_id("ASIA", self.account),
            }
        if self.kind == "IAMUser":
            return {
                "type": "IAMUser",
                "principalId": names.cloud_id("AIDA", self.name),
                "arn": f"arn:aws:iam::{self.account}:user/{self.name}",
                "accountId": self.account,
                "accessKeyId": names.cloud_id("AKIA", self.name),
                "userName": self.name,
            }
        role = names.cloud_id("AROA", self.name)
        return {
            "type": "AssumedRole",
            "principalId": f"{role}:{self.session}",
            "arn": f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{self.session}",
            "accountId": self.account,
            "accessKeyId": names.cloud_id("ASIA", f"{self.name}{self.session}"),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": role,
                    "arn": f"arn:aws:iam::{self.account}:role/{self.name}",
                    "accountId": self.account,
                    "userName": self.name,
                },
                "attributes": {"creationDate": _iso(int(self.since)), "mfaAuthenticated": str(self.mfa).lower()},
            },
        }


def actor(scene: Scene) -> Actor:
    """Draw who calls in a session: users, roles and now and then the root user, from anywhere, with any program."""
    kind = scene.rng.choices(("IAMUser", "AssumedRole", "Root"), (45, 50, 5))[0]
    name = {"IAMUser": names.ACCOUNTS, "AssumedRole": names.ROLES, "Root": ("root",)}[kind]
    return Actor(
        kind=kind,
        name=scene.one(name),
        session=scene.one(names.ACCOUNTS),
        account=scene.one(names.CLOUD_ACCOUNTS),
        source=scene.address(),
        agent=AGENTS[(scene.variant.style + scene.rng.randrange(3)) % len(AGENTS)],
        mfa=scene.chance(0.5),
        since=scene.clock - scene.rng.uniform(60, 3_000),
    )


def service_actor(scene: Scene) -> Actor:
    """Draw an AWS service that acts by itself."""
    name = scene.one(_SERVICES)
    source = f"{name}.amazonaws.com"
    return Actor("AWSService", name, "", scene.one(names.CLOUD_ACCOUNTS), source, source, mfa=False, since=scene.clock)


def call(
    scene: Scene,
    who: Actor,
    service: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    error: str = "",
    region: str = "",
    more: Mapping[str, Any] | None = None,
) -> Timed:
    """Return the record of one API call.

    Args:
        scene: gives the time and the default region.
        who: the caller.
        service: without ``.amazonaws.com``.
        name: the event's name.
        parameters: ``requestParameters``.
        error: ``errorCode``; ``""`` when the call succeeded.
        region: the region called; the variant's if not given.
        more: further members of the record.
    """
    read = name.startswith(("Get", "List", "Describe", "Lookup", "Filter", "BatchGet", "Head", "Decrypt"))
    record: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": who.identity(),
        "eventTime": _iso(int(scene.clock)),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region or scene.variant.region,
        "sourceIPAddress": who.source,
        "userAgent": who.agent.replace("{service}", service),
    }
    if error:
        record["errorCode"] = error
        record["errorMessage"] = (
            f"User: {who.identity().get('arn', who.source)} is not authorized to perform: {service}:{name}"
            if error == DENIED
            else f"{name} failed: {error}"
        )
    record |= {
        "requestParameters": parameters,
        "responseElements": {"_return": True} if service == "ec2" and not read and not error else None,
        "requestID": _uuid(scene.rng),
        "eventID": _uuid(scene.rng),
        "readOnly": read,
        "eventType": "AwsApiCall",
        "managementEvent": name not in {"GetObject", "PutObject", "DeleteObject", "CopyObject", "UploadPart"},
        "recipientAccountId": who.account,
        "eventCategory": "Management",
        **(more or {}),
    }
    if not record["managementEvent"]:
        record["eventCategory"] = "Data"
    return scene.clock, json.dumps(record, separators=(",", ":"))


def sign_in(scene: Scene, who: Actor, *, failed: bool) -> Timed:
    """Return the record of a console sign-in."""
    more: dict[str, Any] = {
        "eventType": "AwsConsoleSignIn",
        "responseElements": {"ConsoleLogin": "Failure" if failed else "Success"},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if who.mfa else "No",
        },
    }
    if failed:
        more["errorMessage"] = "Failed authentication"
    return call(scene, who, "signin", "ConsoleLogin", None, more=more)


def routine(scene: Scene, who: Actor, steps: int, *, denied: float = 0.04, writes: float = 0.25) -> Iterator[Timed]:
    """Yield everyday calls: mostly reads, some changes, a few of them refused.

    Args:
        scene: gives time and chance.
        who: the caller.
        steps: how many calls.
        denied: share that is refused.
        writes: share that changes something.
    """
    for _ in range(steps):
        scene.wait()
        service, name = scene.one(WRITE_CALLS if scene.chance(writes) else READ_CALLS)
        error = ""
        if scene.chance(denied):
            error = DENIED if scene.chance(0.7) else scene.one(_ERRORS)
        yield call(scene, who, service, name, parameters_of(scene, service, name), error=error)


def parameters_of(scene: Scene, service: str, name: str) -> dict[str, Any] | None:
    """Return plausible ``requestParameters`` of a call."""
    rng = scene.rng
    if name.startswith(("ListBuckets", "GetCallerIdentity", "GetAccount", "DescribeRegions")):
        return None
    if service == "s3":
        parameters = {"bucketName": scene.one(names.BUCKETS), "Host": f"s3.{scene.variant.region}.amazonaws.com"}
        return parameters | ({"key": object_key(scene)} if name.endswith("Object") else {})
    if service == "ec2":
        kind = "volume" if "Volume" in name else "snapshot" if "Snapshot" in name else "instance"
        item = {f"{kind}Id": resource(rng, {"volume": "vol", "snapshot": "snap"}.get(kind, "i"))}
        return {f"{kind}sSet": {"items": [item]}, "filterSet": {}}
    if service == "iam":
        if "Role" in name:
            return {"roleName": scene.one(names.ROLES)}
        return {"userName": scene.one(names.ACCOUNTS)} if "User" in name or "Key" in name else {"maxItems": 100}
    if service in {"kms", "secretsmanager", "ssm"}:
        return {"name": f"/{scene.one(names.ROLES)}/{scene.one(names.BUCKETS)}"}
    return {"maxResults": rng.choice((50, 100, 1_000))} if rng.random() < 0.6 else None


def object_key(scene: Scene) -> str:
    """Return the key of a stored object."""
    year, kind = scene.count(2019, 2025), scene.one(("csv", "parquet", "json.gz", "pdf", "tar"))
    folder = scene.one(names.BUCKETS).partition("-")[0]
    return f"{folder}/{year}/{scene.count(1, 12):02d}/part-{scene.count(0, 99_999):05d}.{kind}"


def resource(rng: random.Random, prefix: str) -> str:
    """Return a resource identifier such as ``i-0123456789abcdef0``."""
    return f"{prefix}-0{rng.getrandbits(64):016x}"


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=4_096)
def _iso(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
