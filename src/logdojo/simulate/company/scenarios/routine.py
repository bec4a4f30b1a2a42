"""Plain days: people at desks and in clouds, servers among themselves, jobs at night, noise from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.company.acts import arrive, browse, connect, logon, resolve, ssh
from logdojo.simulate.company.awsapi import caller, everyday
from logdojo.simulate.company.hosts import process, sudo
from logdojo.simulate.company.scenarios.moves import PROGRAMS
from logdojo.simulate.company.scenarios.network import PORTS, target
from logdojo.simulate.company.scenarios.passwords import COMMANDS, work
from logdojo.simulate.company.scene import Scenario, Scene
from logdojo.simulate.company.signins import APPS, okta


def _desk(s: Scene) -> Iterator[None]:
    """Somebody at the desk: pages, files, a program."""
    who = s.person()
    arrive(s, who, who.address)
    for _ in s.steps(1.15):
        s.wait(20)
        yield
        chance = s.random()
        if chance < 0.5:
            domain = s.one(who.favorites) if s.chance(0.8) else s.party().domain
            browse(s, who.address, domain, user=who.name, status=200 if s.chance(0.95) else 403)
        elif chance < 0.7:
            machine = s.windows()
            logon(s, machine.name, machine.address, who.name, who.address, kind=3, allowed=s.chance(0.95))
        elif chance < 0.85:
            process(s, who.workstation, who.name, *s.one(PROGRAMS))
        else:
            okta(s, "user.authentication.sso", who.name, who.address, agent=who.browser, target=s.one(APPS))


def _remote(s: Scene) -> Iterator[None]:
    """Somebody works from home or on the road."""
    who = s.person()
    source = s.world.parties[who.home].address if s.chance(0.7) else s.party().address
    arrive(s, who, source)
    way = s.below(3)
    for _ in s.steps(1.15):
        s.wait(20)
        yield
        work(s, who, source, way)
        if s.chance(0.4):
            connect(s, source, s.linux().address, 443, user=who.name)


def _administration(s: Scene) -> Iterator[None]:
    """An administrator looks after one or two servers."""
    who = s.person()
    source = s.origin(who)
    machines = [s.linux() for _ in range(1 + s.below(2))]
    arrive(s, who, source)
    for _ in s.steps(0.95):
        s.wait(15)
        yield
        machine = s.one(machines)
        if s.chance(0.4):
            ssh(s, machine, who.name, source, allowed=s.chance(0.93))
        else:
            sudo(s, machine.name, who.name, s.one(COMMANDS), allowed=s.chance(0.96))


def _cloud_work(s: Scene) -> Iterator[None]:
    """Somebody, or a program, works in the cloud."""
    who = s.person()
    by = caller(s, who if s.chance(0.6) else None)
    if s.chance(0.5):
        arrive(s, who, by.source)
    for _ in s.steps(1.6):
        s.wait(6)
        yield
        everyday(s, by)
        if s.chance(0.2):
            browse(s, who.address, s.one(who.favorites), user=who.name)


def _services(s: Scene) -> Iterator[None]:
    """Servers talk among themselves, to the ports they always use."""
    pairs = [(target(s), target(s), s.one(PORTS)) for _ in range(1 + s.below(3))]
    for _ in s.steps(1.6):
        s.wait(10)
        yield
        client, server, port = s.one(pairs)
        connect(s, client.address, server.address, port, server=server, allowed=s.chance(0.92))
        if s.chance(0.25):
            resolve(s, client.address, f"{server.name}.corp.example")


def _noise(s: Scene) -> Iterator[None]:
    """The internet knocks: single packets from everywhere, most of them refused."""
    for _ in s.steps(1.6):
        s.wait(25)
        yield
        machine = target(s)
        connect(s, s.party().address, machine.address, s.one(PORTS), allowed=s.chance(0.3), server=machine, seconds=0)


def _nightly(s: Scene) -> Iterator[None]:
    """Jobs of the night: accounts of services on servers."""
    user = s.one(("www-data", "deploy", "tomcat")) if s.chance(0.3) else s.one(names.SERVICES)
    source = s.linux().address
    for _ in s.steps(1.15):
        s.wait(15)
        yield
        machine = s.linux()
        if s.chance(0.4):
            ssh(s, machine, user, source, allowed=s.chance(0.95))
        elif s.chance(0.6):
            sudo(s, machine.name, user, s.one(COMMANDS))
        else:
            connect(s, source, machine.address, s.one(PORTS), server=machine, received=5_000_000 + s.below(9_000_000))


SCENARIOS: Final = (
    Scenario("desk", _desk, "office", weight=2.5),
    Scenario("remote_work", _remote, "office", weight=1.2),
    Scenario("administration", _administration, "office", weight=1.4),
    Scenario("cloud_work", _cloud_work, "office", weight=1.5),
    Scenario("services", _services, "always", weight=1.0),
    Scenario("noise", _noise, "always", weight=0.8),
    Scenario("nightly_jobs", _nightly, "night", weight=0.9),
)
