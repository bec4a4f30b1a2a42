"""In the cloud: more rights, logging off, public buckets, stolen keys, mining; and the changes that look like them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from logdojo.simulate import names
from logdojo.simulate.company.acts import arrive, browse, connect, resolve, serve, sign_in
from logdojo.simulate.company.awsapi import DENIED, Caller, call, caller, everyday, resource
from logdojo.simulate.company.hosts import sudo
from logdojo.simulate.company.scenarios.passwords import COMMANDS
from logdojo.simulate.company.scenarios.websites import visit
from logdojo.simulate.company.scene import Scenario, Scene
from logdojo.simulate.company.signins import okta
from logdojo.simulate.company.world import BROWSERS, Person

_RIGHTS: Final = (
    "CreateAccessKey",
    "AttachUserPolicy",
    "PutUserPolicy",
    "CreateUser",
    "AttachRolePolicy",
    "CreateRole",
)
_RECORDERS: Final = (
    ("cloudtrail", "StopLogging"),
    ("cloudtrail", "DeleteTrail"),
    ("cloudtrail", "PutEventSelectors"),
    ("ec2", "DeleteFlowLogs"),
    ("guardduty", "UpdateDetector"),
    ("config", "StopConfigurationRecorder"),
)
_BUCKET: Final = ("PutBucketPolicy", "PutBucketAcl", "DeleteBucketPublicAccessBlock", "PutBucketWebsite")
_SIZES: Final = ("g5.12xlarge", "c7i.24xlarge", "m7i.large", "p4d.24xlarge", "c7g.4xlarge")


def _begin(s: Scene) -> tuple[Person, Caller]:
    who = s.person()
    source = s.origin(who)
    arrive(s, who, source)
    return who, caller(s, who, source)


def _meanwhile(s: Scene, who: Person, by: Caller) -> None:
    """Write what else is seen of somebody who works in the cloud."""
    chance = s.random()
    if chance < 0.2:
        browse(s, who.address, s.one(who.favorites), user=who.name)
    elif chance < 0.35:
        connect(s, by.source, s.linux().address, s.one((22, 443)))
    elif chance < 0.45:
        okta(s, "user.authentication.sso", who.name, by.source, agent=who.browser, target="AWS Account Federation")


def _rights(s: Scene, by: Caller, *, denied: float) -> None:
    name = s.one(_RIGHTS)
    parameters: dict[str, Any] = (
        {"roleName": s.one(names.ROLES)} if "Role" in name else {"userName": s.one(names.ACCOUNTS)}
    )
    if "Policy" in name:
        parameters["policyArn"] = (
            f"arn:aws:iam::aws:policy/{s.one(('AdministratorAccess', 'ReadOnlyAccess', 'PowerUserAccess'))}"
        )
    call(s, by, "iam", name, parameters, error=DENIED if s.chance(denied) else "")


def _escalation(s: Scene) -> Iterator[None]:
    """With an account that works, rights are tried one after another until it has them all, or a second key."""
    who, by = _begin(s)
    s.enter("looking around", "T1078.004")
    for _ in s.steps(0.5):
        s.wait()
        yield
        everyday(s, by, denied=0.25, writes=0.15)
        _meanwhile(s, who, by)
    s.enter("more rights", "T1098.001")
    for _ in s.steps(0.6):
        s.wait()
        yield
        _rights(s, by, denied=0.3)
        _meanwhile(s, who, by)


def _terraform(s: Scene) -> Iterator[None]:
    """A Terraform run reads the state of everything, then makes roles, policies and users as written."""
    who, by = _begin(s)
    for _ in s.steps(0.5):
        s.wait()
        yield
        everyday(s, by, denied=0.06, writes=0.3)
        _meanwhile(s, who, by)
    for _ in s.steps(0.6):
        s.wait()
        yield
        _rights(s, by, denied=0.06)
        _meanwhile(s, who, by)


def _onboarding(s: Scene) -> Iterator[None]:
    """Someone new begins: accounts are made, groups joined, keys given, and the first sign-in fails."""
    who, by = _begin(s)
    new = s.one(s.world.people)
    for _ in s.steps(0.7):
        s.wait()
        yield
        event = s.one(("user.lifecycle.create", "group.user_membership.add", "application.user_membership.add"))
        okta(s, event, who.name, by.source, agent=who.browser, target=new.name)
        if s.chance(0.6):
            _rights(s, by, denied=0.1)
        _meanwhile(s, who, by)
    sign_in(s, new.name, s.origin(new), allowed=s.chance(0.5))


def _recorders(s: Scene, by: Caller, *, denied: float) -> None:
    service, name = s.one(_RECORDERS)
    call(s, by, service, name, {"name": s.one(names.BUCKETS)}, error=DENIED if s.chance(denied) else "")


def _logging_off(s: Scene) -> Iterator[None]:
    """One recorder after another is switched off, and nothing takes its place."""
    who, by = _begin(s)
    s.enter("looking around", "T1078.004")
    for _ in s.steps(0.5):
        s.wait()
        yield
        everyday(s, by, denied=0.2)
        _meanwhile(s, who, by)
    s.enter("logging off", "T1562.008")
    for _ in s.steps(0.5):
        s.wait()
        yield
        _recorders(s, by, denied=0.25)
        _meanwhile(s, who, by)


def _trail_migration(s: Scene) -> Iterator[None]:
    """A trail moves to another account: the new one is made and checked before the old one ends."""
    who, by = _begin(s)
    for _ in s.steps(0.5):
        s.wait()
        yield
        for name in ("CreateTrail", "StartLogging", "GetTrailStatus"):
            if s.chance(0.3):
                call(s, by, "cloudtrail", name, {"name": s.one(names.BUCKETS)})
        everyday(s, by)
    for _ in s.steps(0.5):
        s.wait()
        yield
        _recorders(s, by, denied=0.06)
        _meanwhile(s, who, by)


def _publish(s: Scene, by: Caller, bucket: str, *, denied: float) -> None:
    name = s.one(_BUCKET)
    call(s, by, "s3", name, {"bucketName": bucket}, error=DENIED if s.chance(denied) else "")


def _fetch(s: Scene, reader: Caller, bucket: str) -> None:
    key = f"{bucket.partition('-')[0]}/{2019 + s.below(6)}/part-{s.below(99_999):05d}.csv"
    call(s, reader, "s3", s.one(("GetObject", "GetObject", "ListObjects")), {"bucketName": bucket, "key": key})


def _public_bucket(s: Scene) -> Iterator[None]:
    """A bucket with inner data is opened to everyone, and soon its files are fetched from outside."""
    who, by = _begin(s)
    bucket = s.one(names.BUCKETS)
    s.enter("opened", "T1530")
    for _ in s.steps(0.4):
        s.wait()
        yield
        _publish(s, by, bucket, denied=0.2)
        _meanwhile(s, who, by)
    s.enter("fetched", "T1530")
    reader = caller(s, source=s.party().address)
    for _ in s.steps(0.8):
        s.wait()
        yield
        _fetch(s, reader, bucket)
        if s.chance(0.2):
            connect(s, s.linux().address, reader.source, 443)


def _static_site(s: Scene) -> Iterator[None]:
    """A bucket that holds a web site is set up for the public: its pages are meant to be fetched."""
    who, by = _begin(s)
    bucket = s.one(names.BUCKETS)
    readers = [caller(s, source=s.party().address) for _ in range(4)]
    for _ in s.steps(0.4):
        s.wait()
        yield
        _publish(s, by, bucket, denied=0.06)
        _meanwhile(s, who, by)
    for _ in s.steps(0.8):
        s.wait()
        yield
        if s.chance(0.6):
            _fetch(s, s.one(readers), bucket)
        else:
            serve(s, s.party().address, s.one(s.world.sites), "/static/app.js", agent=s.one(BROWSERS))


def _key_theft(s: Scene) -> Iterator[None]:
    """A key that lies in a file is read through the web server, and used from elsewhere."""
    source, site = s.party().address, s.one(s.world.sites)
    agent = s.one(BROWSERS)
    s.enter("key read", "T1552.001")
    for _ in s.steps(0.6):
        visit(s, source, site, agent, odd=0.5, failing=0.4)
        if s.chance(0.2):
            sudo(s, site.name, s.one(("deploy", "www-data")), s.one(COMMANDS), allowed=s.chance(0.8))
        s.wait()
        yield
    s.enter("key used", "T1078.004")
    by = caller(s, source=source if s.chance(0.4) else s.party().address)
    for _ in s.steps(0.8):
        s.wait()
        yield
        everyday(s, by, denied=0.25, writes=0.25)
        if s.chance(0.2):
            connect(s, by.source, s.linux().address, s.one((22, 443)))


def _new_runner(s: Scene) -> Iterator[None]:
    """A program of ours moves to another machine with its key: a deployment looks at its site and calls the cloud."""
    source, site = s.party().address, s.one(s.world.sites)
    agent = s.one(BROWSERS)
    for _ in s.steps(0.6):
        visit(s, source, site, agent, odd=0.15, failing=0.3)
        if s.chance(0.2):
            sudo(s, site.name, s.one(("deploy", "www-data")), s.one(COMMANDS))
        s.wait()
        yield
    by = caller(s, source=source if s.chance(0.4) else s.party().address)
    for _ in s.steps(0.8):
        s.wait()
        yield
        everyday(s, by, denied=0.1, writes=0.35)
        if s.chance(0.2):
            connect(s, by.source, s.linux().address, s.one((22, 443)))


def _machines(s: Scene, by: Caller, region: str, *, denied: float) -> None:
    name = s.one(("RunInstances", "RunInstances", "CreateTags", "DescribeInstances", "AuthorizeSecurityGroupIngress"))
    parameters: dict[str, Any] = {"instanceType": s.one(_SIZES), "minCount": 1, "maxCount": 1 + s.below(16)}
    if name != "RunInstances":
        parameters = {"instancesSet": {"items": [{"instanceId": resource(s, "i")}]}}
    call(s, by, "ec2", name, parameters, error=DENIED if s.chance(denied) else "", region=region)


def _mining(s: Scene) -> Iterator[None]:
    """Large machines start in one region after another, and all of them talk to the same place."""
    who, by = _begin(s)
    s.enter("machines", "T1496")
    for _ in s.steps(0.6):
        s.wait()
        yield
        _machines(s, by, s.one(names.REGIONS), denied=0.25)
        _meanwhile(s, who, by)
    s.enter("mining", "T1496")
    yield from _chatter(s, [s.party()])


def _batch(s: Scene) -> Iterator[None]:
    """A model is trained: large machines in the regions that have them, and they fetch their data."""
    who, by = _begin(s)
    regions = [s.one(names.REGIONS) for _ in range(2)]
    for _ in s.steps(0.6):
        s.wait()
        yield
        _machines(s, by, s.one(regions), denied=0.15)
        _meanwhile(s, who, by)
    yield from _chatter(s, [s.party() for _ in range(4)])


def _chatter(s: Scene, parties: list[Any]) -> Iterator[None]:
    machines = [server.address for server in s.world.linux if server.address.startswith("10.90.")]
    for _ in s.steps(0.7):
        s.wait()
        yield
        client, party = s.one(machines), s.one(parties)
        if s.chance(0.4):
            resolve(s, client, party.domain)
        connect(s, client, party.address, s.one((443, 8443, 3333, 9000)))


SCENARIOS: Final = (
    Scenario("iam_escalation", _escalation, label="escalation", techniques=("T1078.004", "T1098.001")),
    Scenario("terraform_run", _terraform, "office", twin_of=("iam_escalation",)),
    Scenario("onboarding", _onboarding, "office", twin_of=("iam_escalation",)),
    Scenario("logging_off", _logging_off, label="evasion", techniques=("T1078.004", "T1562.008")),
    Scenario("trail_migration", _trail_migration, "office", twin_of=("logging_off",)),
    Scenario("public_bucket", _public_bucket, label="exfiltration", techniques=("T1530",)),
    Scenario("static_site", _static_site, "office", twin_of=("public_bucket",)),
    Scenario("key_theft", _key_theft, label="access", techniques=("T1552.001", "T1078.004")),
    Scenario("new_runner", _new_runner, "always", twin_of=("key_theft",)),
    Scenario("crypto_mining", _mining, label="impact", techniques=("T1496",)),
    Scenario("model_training", _batch, "night", twin_of=("crypto_mining",)),
)
