"""Sessions in the cloud about logs and data: recording switched off, data carried away, and the everyday beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from logdojo.simulate import names
from logdojo.simulate.cloudtrail import (
    DENIED,
    Actor,
    actor,
    call,
    object_key,
    resource,
    routine,
    service_actor,
)
from logdojo.simulate.stage import Scenario, Scene, Timed

_RECORDERS: Final = (
    ("cloudtrail", "StopLogging"),
    ("cloudtrail", "DeleteTrail"),
    ("cloudtrail", "PutEventSelectors"),
    ("cloudtrail", "UpdateTrail"),
    ("ec2", "DeleteFlowLogs"),
    ("guardduty", "UpdateDetector"),
    ("guardduty", "DeleteDetector"),
    ("logs", "DeleteLogGroup"),
    ("logs", "DeleteLogStream"),
    ("config", "StopConfigurationRecorder"),
    ("config", "DeleteDeliveryChannel"),
)


def _recorder(scene: Scene, who: Actor, service: str, name: str, trail: str, *, denied: float = 0.0) -> Timed:
    """Return one call about what records: a trail, a flow log, a detector."""
    scene.wait()
    parameters: dict[str, Any] = {"name": trail}
    if service == "guardduty":
        parameters = {"detectorId": f"{scene.rng.getrandbits(128):032x}", "enable": name != "UpdateDetector"}
    elif service == "logs":
        parameters = {"logGroupName": f"/aws/{trail}"}
    elif name == "DeleteFlowLogs":
        parameters = {"DeleteFlowLogsRequest": {"FlowLogId": resource(scene.rng, "fl")}}
    return call(scene, who, service, name, parameters, error=DENIED if scene.chance(denied) else "")


def _object(scene: Scene, who: Actor, name: str, bucket: str, *, denied: float = 0.0) -> Timed:
    """Return one call about a stored object."""
    scene.wait()
    refused = scene.chance(denied)
    size = 0 if refused else scene.count(2_000, 40_000_000)
    moved = "bytesTransferredIn" if name in {"PutObject", "UploadPart", "CopyObject"} else "bytesTransferredOut"
    parameters: dict[str, Any] = {"bucketName": bucket, "Host": f"{bucket}.s3.{scene.variant.region}.amazonaws.com"}
    if name != "ListObjects":
        parameters["key"] = object_key(scene)
    more = {"additionalEventData": {"SignatureVersion": "SigV4", moved: size}}
    return call(scene, who, "s3", name, parameters, error=DENIED if refused else "", more=more)


def _logging_off(scene: Scene) -> Iterator[Timed]:
    """After looking around, one recorder after another is switched off; some refuse at first."""
    who, trail = actor(scene), scene.one(names.BUCKETS)
    yield from routine(scene, who, scene.count(3, 9), denied=0.35, writes=0.1)
    for _ in range(scene.count(2, 4)):
        for service, name in scene.some(_RECORDERS, 3, 6):
            if scene.chance(0.4):
                yield _recorder(scene, who, service, name, trail, denied=1.0)
            yield _recorder(scene, who, service, name, trail, denied=0.2)
    yield from routine(scene, who, scene.count(2, 7), denied=0.3, writes=0.2)


def _trail_migration(scene: Scene) -> Iterator[Timed]:
    """Trails are moved: the new one is made, set up, started and checked before the old one is stopped and deleted."""
    who = actor(scene)
    for _ in range(scene.count(3, 6)):
        old, new = scene.some(names.BUCKETS, 2, 2)
        for name in ("DescribeTrails", "CreateTrail", "PutEventSelectors", "StartLogging", "GetTrailStatus"):
            yield _recorder(scene, who, "cloudtrail", name, new, denied=0.02)
        for name in ("UpdateTrail", "StopLogging", "DeleteTrail"):
            if scene.chance(0.8):
                yield _recorder(scene, who, "cloudtrail", name, old, denied=0.02)
        yield from routine(scene, who, scene.count(0, 3))


def _parts(scene: Scene, stack: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what a test environment is made of, as the calls that remove it."""
    return [
        ("ec2", "TerminateInstances", {"instancesSet": {"items": [{"instanceId": resource(scene.rng, "i")}]}}),
        ("ec2", "DeleteVolume", {"volumeId": resource(scene.rng, "vol")}),
        ("iam", "DeleteRole", {"roleName": scene.one(names.ROLES)}),
        ("s3", "DeleteBucket", {"bucketName": stack}),
        ("lambda", "DeleteFunction20150331", {"functionName": stack}),
    ]


def _teardown(scene: Scene) -> Iterator[Timed]:
    """A test environment is taken down: machines, roles, log groups, flow logs and recorders with it."""
    who, stack = actor(scene), scene.one(names.BUCKETS)
    yield from routine(scene, who, scene.count(2, 6), denied=0.02)
    for _ in range(scene.count(12, 26)):
        if scene.chance(0.55):
            service, name = scene.one(_RECORDERS)
            yield _recorder(scene, who, service, name, stack, denied=0.02)
        else:
            scene.wait()
            yield call(scene, who, *scene.one(_parts(scene, stack)))
    yield from routine(scene, who, scene.count(1, 4), denied=0.02)


def _bucket_theft(scene: Scene) -> Iterator[Timed]:
    """Buckets are listed one after another, some refuse, and what opens is read out."""
    who = actor(scene)
    buckets = scene.some(names.BUCKETS, 4, 9)
    scene.wait()
    yield call(scene, who, "s3", "ListBuckets", None)
    for bucket in buckets:
        yield _object(scene, who, "ListObjects", bucket, denied=0.45)
    for _ in range(scene.variant.size + 5):
        yield _object(scene, who, "GetObject", scene.one(buckets), denied=0.2)


def _nightly_backup(scene: Scene) -> Iterator[Timed]:
    """A backup copies one bucket into another, object by object, and removes what is too old."""
    who = actor(scene)
    source, target = scene.some(names.BUCKETS, 2, 2)
    yield _object(scene, who, "ListObjects", source)
    for _ in range(scene.variant.size + 5):
        name = scene.rng.choices(
            ("GetObject", "PutObject", "CopyObject", "UploadPart", "DeleteObject"), (5, 3, 2, 1, 1)
        )[0]
        yield _object(scene, who, name, source if name == "GetObject" else target, denied=0.03)


def _data_job(scene: Scene) -> Iterator[Timed]:
    """An analysis reads many objects of a few buckets."""
    who = actor(scene)
    buckets = scene.some(names.BUCKETS, 1, 4)
    for bucket in buckets:
        yield _object(scene, who, "ListObjects", bucket, denied=0.08)
    for _ in range(scene.variant.size + 5):
        yield _object(scene, who, "GetObject", scene.one(buckets), denied=scene.one((0.0, 0.05, 0.1)))


def _volume(scene: Scene, who: Actor, name: str, account: str = "", *, denied: float = 0.0) -> Timed:
    """Return one call about a snapshot or an image; with an account it is shared with that account."""
    scene.wait()
    database, image = "DB" in name, "Image" in name
    parameters: dict[str, Any] = {"snapshotId": resource(scene.rng, "ami" if image else "snap")}
    if database:
        parameters = {"dBSnapshotIdentifier": scene.one(names.BUCKETS)}
    if account and database:
        parameters |= {"attributeName": "restore", "valuesToAdd": [account]}
    elif account:
        parameters |= {"createVolumePermission": {"add": {"items": [{"userId": account}]}}}
    service = "rds" if database else "ec2"
    return call(scene, who, service, name, parameters, error=DENIED if scene.chance(denied) else "")


def _snapshot_share(scene: Scene) -> Iterator[Timed]:
    """After looking around, snapshots of disks and databases are made and shared with another account."""
    who, stranger = actor(scene), f"{scene.rng.randrange(10**11, 10**12)}"
    yield from routine(scene, who, scene.count(3, 9), denied=0.35, writes=0.1)
    for _ in range(scene.count(4, 9)):
        if scene.chance(0.6):
            yield _volume(
                scene, who, scene.one(("DescribeSnapshots", "DescribeDBSnapshots", "DescribeImages")), denied=0.3
            )
        kind = scene.one(("Snapshot", "DBSnapshot", "Image"))
        if scene.chance(0.7):
            yield _volume(scene, who, f"Create{kind}", denied=0.25)
        yield _volume(scene, who, f"Modify{kind}Attribute", stranger, denied=0.35)


def _recovery_copy(scene: Scene) -> Iterator[Timed]:
    """Snapshots are made on schedule, shared with the company's own other account, copied, old ones deleted."""
    who, ours = actor(scene), scene.one(names.CLOUD_ACCOUNTS)
    yield from routine(scene, who, scene.count(0, 4), denied=0.02)
    for _ in range(scene.count(4, 8)):
        kind = scene.one(("Snapshot", "DBSnapshot", "Image"))
        yield _volume(scene, who, f"Create{kind}", denied=0.03)
        yield _volume(scene, who, f"Modify{kind}Attribute", ours)
        yield _volume(scene, who, f"Copy{kind}")
        if scene.chance(0.6):
            yield _volume(scene, who, "DeregisterImage" if kind == "Image" else f"Delete{kind}")


def _cloud_work(scene: Scene) -> Iterator[Timed]:
    """Someone, or some program, works in the cloud."""
    yield from routine(scene, actor(scene), scene.variant.size, writes=0.35)


def _cloud_services(scene: Scene) -> Iterator[Timed]:
    """Services act by themselves: they take on roles and look after what they run."""
    who = service_actor(scene)
    for _ in range(scene.count(3, 10)):
        scene.wait()
        role = f"arn:aws:iam::{who.account}:role/{scene.one(names.ROLES)}"
        yield call(scene, who, "sts", "AssumeRole", {"roleArn": role, "roleSessionName": scene.one(names.ACCOUNTS)})
        yield from routine(scene, who, scene.count(0, 1), denied=0.0)


SCENARIOS: Final = (
    Scenario("logging_off", "cloudtrail", _logging_off, "evasion", "T1562.008"),
    Scenario("bucket_theft", "cloudtrail", _bucket_theft, "exfiltration", "T1530"),
    Scenario("snapshot_share", "cloudtrail", _snapshot_share, "exfiltration", "T1537"),
    Scenario("trail_migration", "cloudtrail", _trail_migration, twin_of=("logging_off",)),
    Scenario("teardown", "cloudtrail", _teardown, twin_of=("logging_off",)),
    Scenario("nightly_backup", "cloudtrail", _nightly_backup, twin_of=("bucket_theft",)),
    Scenario("data_job", "cloudtrail", _data_job, twin_of=("bucket_theft",)),
    Scenario("recovery_copy", "cloudtrail", _recovery_copy, twin_of=("snapshot_share",)),
    Scenario("cloud_work", "cloudtrail", _cloud_work),
    Scenario("cloud_services", "cloudtrail", _cloud_services),
)
"""Attacks first, then what looks like them, then background."""
