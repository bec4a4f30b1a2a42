"""Sessions in the cloud about identity: sprayed sign-ins, looking around, keys and accounts made to come back with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from logdojo.simulate import names
from logdojo.simulate.awscalls import READ_CALLS
from logdojo.simulate.cloudtrail import DENIED, Actor, actor, call, parameters_of, routine, sign_in
from logdojo.simulate.stage import Scenario, Scene, Timed

_POLICIES: Final = ("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "IAMFullAccess", "AmazonS3FullAccess")


def _iam(scene: Scene, who: Actor, name: str, user: str, *, denied: float = 0.0, **more: Any) -> Timed:
    """Return one call about a user, refused with the given probability."""
    scene.wait()
    error = DENIED if scene.chance(denied) else ""
    return call(scene, who, "iam", name, {"userName": user, **more}, error=error, region="us-east-1")


def _policy(scene: Scene) -> str:
    return f"arn:aws:iam::aws:policy/{scene.one(_POLICIES)}"


def _looking_around(scene: Scene, who: Actor, low: int, high: int) -> Iterator[Timed]:
    """Yield what an intruder asks first; much is refused."""
    yield from routine(scene, who, scene.count(low, high), denied=0.35, writes=0.15)


def _console_spray(scene: Scene) -> Iterator[Timed]:
    """Sign-ins as many users from one address fail; sometimes one succeeds and is used at once."""
    base = actor(scene)
    for user in scene.some(names.ACCOUNTS, 10, 10 + scene.variant.size):
        who = replace(base, kind="IAMUser", name=user, mfa=scene.chance(0.3))
        for _ in range(scene.count(1, 2)):
            scene.wait()
            yield sign_in(scene, who, failed=True)
    if scene.chance(0.4):
        scene.wait()
        yield sign_in(scene, who, failed=False)
        yield from _looking_around(scene, who, 3, 8)


def _console_morning(scene: Scene) -> Iterator[Timed]:
    """An office behind one address signs in: wrong passwords now and then, then everyone works."""
    base = actor(scene)
    for user in scene.some(names.ACCOUNTS, 5, 12):
        who = replace(base, kind="IAMUser", name=user, mfa=scene.chance(0.5))
        for _ in range(scene.count(0, 2)):
            scene.wait()
            yield sign_in(scene, who, failed=True)
        scene.wait()
        yield sign_in(scene, who, failed=False)
        yield from routine(scene, who, scene.count(0, 2))


def _second_factor_trouble(scene: Scene) -> Iterator[Timed]:
    """One user fails again and again with a new phone, gets in, and works."""
    who = replace(actor(scene), kind="IAMUser", name=scene.one(names.ACCOUNTS))
    for _ in range(scene.count(4, 18)):
        scene.wait()
        yield sign_in(scene, who, failed=True)
    scene.wait()
    yield sign_in(scene, who, failed=False)
    yield from routine(scene, who, scene.count(2, 8))


def _cloud_recon(scene: Scene) -> Iterator[Timed]:
    """Stolen credentials are tried on everything that can be read, in no order; most of it is refused."""
    who = actor(scene)
    for service, name in scene.some(READ_CALLS, scene.variant.size, scene.variant.size + 20):
        scene.wait()
        error = DENIED if scene.chance(0.6) else ""
        yield call(scene, who, service, name, parameters_of(scene, service, name), error=error)


def _inventory(scene: Scene) -> Iterator[Timed]:
    """An inventory tool reads everything, service by service and region by region; little is refused."""
    who = actor(scene)
    size = scene.variant.size + 10
    first = scene.count(0, len(READ_CALLS) - size)
    refused = scene.one((0.03, 0.12, 0.2))
    for place, (service, name) in enumerate(READ_CALLS[first : first + size]):
        scene.wait()
        error = DENIED if scene.chance(refused) else ""
        region = names.REGIONS[place % (1 + scene.variant.style)]
        yield call(scene, who, service, name, parameters_of(scene, service, name), error=error, region=region)


def _missing_permission(scene: Scene) -> Iterator[Timed]:
    """A program lost a permission and repeats the one or two calls that are refused, at the beat of its timer."""
    who, calls = actor(scene), scene.some(READ_CALLS, 1, 3)
    for place in range(scene.variant.size + 10):
        scene.tick(scene.variant.pace)
        service, name = calls[place % len(calls)]
        error = DENIED if scene.chance(0.85) else ""
        yield call(scene, who, service, name, parameters_of(scene, service, name), error=error)


def _backdoor_key(scene: Scene) -> Iterator[Timed]:
    """After looking around, access keys are made for other users; some attempts are refused."""
    who = actor(scene)
    yield from _looking_around(scene, who, 5, 14)
    for user in scene.some(names.ACCOUNTS, 2, 5):
        if scene.chance(0.6):
            yield _iam(scene, who, "ListAccessKeys", user, denied=0.2)
        yield _iam(scene, who, "CreateAccessKey", user, denied=0.4)
        yield _iam(scene, who, "CreateAccessKey", user)
        if scene.chance(0.4):
            yield _iam(scene, who, "AttachUserPolicy", user, denied=0.3, policyArn=_policy(scene))
    yield from _looking_around(scene, who, 2, 6)


def _key_rotation(scene: Scene) -> Iterator[Timed]:
    """Keys are replaced on schedule: a new one, the old one switched off, then deleted."""
    who = actor(scene)
    yield from routine(scene, who, scene.count(0, 5))
    for user in scene.some(names.ACCOUNTS, 3, 9):
        yield _iam(scene, who, "ListAccessKeys", user)
        yield _iam(scene, who, "CreateAccessKey", user, denied=0.03)
        key = names.cloud_id("AKIA", user)
        yield _iam(scene, who, "UpdateAccessKey", user, accessKeyId=key, status="Inactive")
        if scene.chance(0.7):
            yield _iam(scene, who, "DeleteAccessKey", user, accessKeyId=key)


def _new_admin(scene: Scene) -> Iterator[Timed]:
    """After looking around, a new user with console password, keys and every right is made."""
    who = actor(scene)
    yield from _looking_around(scene, who, 5, 14)
    for user in scene.some(names.ACCOUNTS, 1, 3):
        yield _iam(scene, who, "CreateUser", user, denied=0.4)
        yield _iam(scene, who, "CreateUser", user)
        if scene.chance(0.7):
            yield _iam(scene, who, "CreateLoginProfile", user, denied=0.2, passwordResetRequired=False)
        yield _iam(scene, who, "AttachUserPolicy", user, denied=0.3, policyArn=_policy(scene))
        yield _iam(scene, who, "CreateAccessKey", user, denied=0.2)
        if scene.chance(0.5):
            yield _iam(scene, who, "AddUserToGroup", user, groupName=scene.one(names.ROLES))
    yield from _looking_around(scene, who, 2, 6)


def _onboarding(scene: Scene) -> Iterator[Timed]:
    """New colleagues get their accounts: user, console password, groups, here and there a policy or a key."""
    who = actor(scene)
    yield from routine(scene, who, scene.count(0, 6))
    for user in scene.some(names.ACCOUNTS, 3, 7):
        yield _iam(scene, who, "CreateUser", user, denied=0.03)
        yield _iam(scene, who, "CreateLoginProfile", user, passwordResetRequired=scene.chance(0.5))
        yield _iam(scene, who, "AddUserToGroup", user, groupName=scene.one(names.ROLES))
        if scene.chance(0.6):
            yield _iam(scene, who, "AttachUserPolicy", user, policyArn=_policy(scene))
        if scene.chance(0.5):
            yield _iam(scene, who, "CreateAccessKey", user)


def _infrastructure_run(scene: Scene) -> Iterator[Timed]:
    """Infrastructure as code: service users, keys and policies among many other changes, each read back."""
    who = actor(scene)
    yield from routine(scene, who, scene.count(6, 14), denied=0.0, writes=0.5)
    for user in scene.some(names.ACCOUNTS, 2, 4):
        for name in ("GetUser", "CreateUser", "CreateAccessKey", "ListAccessKeys"):
            yield _iam(scene, who, name, user)
        yield _iam(scene, who, "AttachUserPolicy", user, policyArn=_policy(scene))
    yield from routine(scene, who, scene.count(3, 8), denied=0.0, writes=0.5)


SCENARIOS: Final = (
    Scenario("console_spray", "cloudtrail", _console_spray, "bruteforce", "T1110.003"),
    Scenario("cloud_recon", "cloudtrail", _cloud_recon, "scan", "T1580"),
    Scenario("backdoor_key", "cloudtrail", _backdoor_key, "persistence", "T1098.001"),
    Scenario("new_admin", "cloudtrail", _new_admin, "persistence", "T1136.003"),
    Scenario("console_morning", "cloudtrail", _console_morning, twin_of=("console_spray",)),
    Scenario("second_factor_trouble", "cloudtrail", _second_factor_trouble, twin_of=("console_spray",)),
    Scenario("inventory", "cloudtrail", _inventory, twin_of=("cloud_recon",)),
    Scenario("missing_permission", "cloudtrail", _missing_permission, twin_of=("cloud_recon",)),
    Scenario("key_rotation", "cloudtrail", _key_rotation, twin_of=("backdoor_key",)),
    Scenario("onboarding", "cloudtrail", _onboarding, twin_of=("new_admin",)),
    Scenario("infrastructure_run", "cloudtrail", _infrastructure_run, twin_of=("backdoor_key", "new_admin")),
)
"""Attacks first, then what looks like them."""
