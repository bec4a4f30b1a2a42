"""Sessions on SSH: guessing, spraying and moving on, each beside the everyday sessions that look like it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.sshd import entered, failed, knocked
from logdojo.simulate.stage import Scenario, Scene, Timed


def _guessing(scene: Scene) -> Iterator[Timed]:
    """A few accounts of one server, many passwords each; sometimes one fits."""
    source, host = scene.address(), scene.one(names.HOSTS)
    users = scene.some(names.ACCOUNTS, 2, 5)
    known = {user: scene.chance(0.6) for user in users}
    for _ in range(scene.variant.size // 2 + 3):
        scene.wait()
        user = scene.one(users)
        yield from failed(scene, host, user, source, known=known[user], tries=scene.count(1, 3))
    if scene.chance(0.25):
        yield from entered(scene, host, users[0], source, key=False, stay=60)


def _after_holiday(scene: Scene) -> Iterator[Timed]:
    """Someone mistypes password and name several times, gets in, and works on a few servers."""
    source, user = scene.address(), scene.one(names.ACCOUNTS)
    hosts = scene.some(names.HOSTS, 1, 5)
    for _ in range(scene.count(2, 9)):
        scene.wait()
        mistyped = scene.chance(0.3)
        typed = user[:-1] + scene.one(tuple("aeinorst")) if mistyped else user
        yield from failed(scene, hosts[0], typed, source, known=not mistyped, tries=scene.count(1, 3))
    for host in hosts:
        scene.wait()
        yield from entered(scene, host, user, source, key=scene.chance(0.3), stay=scene.variant.pace * 3)


def _expired_password(scene: Scene) -> Iterator[Timed]:
    """A program whose password has expired, or whose account was removed, tries on at the beat of its timer."""
    source, host, user = scene.address(), scene.one(names.HOSTS), scene.one(names.ACCOUNTS)
    known = scene.chance(0.6)
    for _ in range(scene.variant.size // 2 + scene.count(8, 22)):
        scene.tick(scene.variant.pace)
        yield from failed(scene, host, user, source, known=known, tries=1 + scene.variant.style % 2)


def _spray(scene: Scene) -> Iterator[Timed]:
    """Many accounts on a few servers, one or two passwords each."""
    source, hosts = scene.address(), scene.some(names.HOSTS, 1, 4)
    for user in scene.some(names.ACCOUNTS, 10, 10 + scene.variant.size // 2):
        scene.wait()
        yield from failed(scene, scene.one(hosts), user, source, known=scene.chance(0.55))
    if scene.chance(0.3):
        yield from entered(scene, hosts[0], scene.one(names.ACCOUNTS), source, key=False, stay=30)


def _morning_rush(scene: Scene) -> Iterator[Timed]:
    """An office behind one address starts its day: many people, a wrong password here and there, everyone gets in."""
    source, hosts = scene.address(), scene.some(names.HOSTS, 1, 5)
    for user in scene.some(names.ACCOUNTS, 5, 14):
        scene.wait()
        host = scene.one(hosts)
        if scene.chance(0.45):
            mistyped = scene.chance(0.3)
            yield from failed(scene, host, user + "1" if mistyped else user, source, known=not mistyped)
        yield from entered(scene, host, user, source, key=scene.chance(0.5), stay=scene.variant.pace)


def _directory_outage(scene: Scene) -> Iterator[Timed]:
    """The directory does not answer for some minutes: everyone behind one address fails, then everyone gets in."""
    source, host = scene.address(), scene.one(names.HOSTS)
    users = scene.some(names.ACCOUNTS, 5, 14)
    for user in users:
        scene.wait()
        yield from failed(scene, host, user, source, known=scene.chance(0.6), tries=scene.count(1, 2))
    scene.wait(300)
    for user in users:
        scene.wait()
        yield from entered(scene, host, user, source, key=False, stay=5)


def _moving_on(scene: Scene) -> Iterator[Timed]:
    """Stolen credentials of a few accounts are tried on one server after another; some open."""
    source, users = scene.address(), scene.some(names.ACCOUNTS, 2, 5)
    for host in scene.some(names.HOSTS, 8, 8 + scene.variant.size // 2):
        scene.wait()
        user = scene.one(users)
        if scene.chance(0.25):
            yield from knocked(scene, host, source)
        if scene.chance(0.75):
            yield from failed(scene, host, user, source, known=scene.chance(0.7))
        if scene.chance(0.3):
            yield from entered(scene, host, user, source, key=scene.chance(0.6), stay=scene.variant.pace)


def _configuration_run(scene: Scene) -> Iterator[Timed]:
    """A configuration tool visits one server after another with one account; a few are not ready for it."""
    source, user = scene.address(), scene.one(names.ACCOUNTS)
    key = scene.variant.style != 5
    for host in scene.some(names.HOSTS, 8, 8 + scene.variant.size // 2):
        scene.tick(scene.variant.pace, 0.3)
        if scene.chance(0.12):
            yield from knocked(scene, host, source)
        if scene.chance(0.08):
            yield from failed(scene, host, user, source, known=scene.chance(0.7))
        else:
            yield from entered(scene, host, user, source, key=key, stay=2)


def _jump_host(scene: Scene) -> Iterator[Timed]:
    """Several administrators reach many servers through one jump host."""
    source, users = scene.address(), scene.some(names.ACCOUNTS, 3, 6)
    for _ in range(scene.variant.size // 2 + 3):
        scene.wait()
        host, user = scene.one(names.HOSTS), scene.one(users)
        if scene.chance(0.07):
            yield from failed(scene, host, user, source, known=scene.chance(0.8))
        yield from entered(scene, host, user, source, key=scene.chance(0.8), stay=scene.variant.pace * 2)


def _health_check(scene: Scene) -> Iterator[Timed]:
    """Monitoring opens a connection to each server and closes it again."""
    source, hosts = scene.address(), scene.some(names.HOSTS, 3, 12)
    for place in range(scene.variant.size * 2):
        scene.tick(scene.variant.pace)
        yield from knocked(scene, hosts[place % len(hosts)], source)


def _logins(scene: Scene) -> Iterator[Timed]:
    """Someone works: a login now and then, a wrong password once in a while."""
    source, user = scene.address(), scene.one(names.ACCOUNTS)
    for _ in range(scene.count(1, 5)):
        scene.wait(120)
        host = scene.one(names.HOSTS)
        if scene.chance(0.15):
            yield from failed(scene, host, user, source)
        yield from entered(scene, host, user, source, key=scene.chance(0.6), stay=200)


SCENARIOS: Final = (
    Scenario("ssh_guessing", "sshd", _guessing, "bruteforce", "T1110.001"),
    Scenario("ssh_spray", "sshd", _spray, "bruteforce", "T1110.003"),
    Scenario("ssh_moving_on", "sshd", _moving_on, "lateral", "T1021.004"),
    Scenario("after_holiday", "sshd", _after_holiday, twin_of=("ssh_guessing",)),
    Scenario("expired_password", "sshd", _expired_password, twin_of=("ssh_guessing",)),
    Scenario("morning_rush", "sshd", _morning_rush, twin_of=("ssh_spray",)),
    Scenario("directory_outage", "sshd", _directory_outage, twin_of=("ssh_spray", "ssh_guessing")),
    Scenario("configuration_run", "sshd", _configuration_run, twin_of=("ssh_moving_on",)),
    Scenario("jump_host", "sshd", _jump_host, twin_of=("ssh_moving_on",)),
    Scenario("health_check", "sshd", _health_check, twin_of=("ssh_moving_on",)),
    Scenario("logins", "sshd", _logins),
)
"""Attacks first, then what looks like them, then background."""
