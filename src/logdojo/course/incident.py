"""A day of the company with one incident in it that no single log tells, for labs that bring many sources together.

An outsider tries a web server's pages and ports, guesses the password of somebody who works there, takes a cloud key
from the server, sends data out through the proxy, and uses the key from outside. Five devices write a part of it each.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from heapq import heappop, merge
from itertools import count
from types import MappingProxyType
from typing import Final

from logdojo.simulate import CompanyLine, company_days
from logdojo.simulate.company.acts import browse, connect, serve, ssh
from logdojo.simulate.company.awsapi import DENIED, Caller, call
from logdojo.simulate.company.scenarios.websites import ODD
from logdojo.simulate.company.scene import Scenario, Scene, Told, Waiting
from logdojo.simulate.company.timeline import FIRST_DAY
from logdojo.simulate.company.world import World
from logdojo.simulate.stage import variant_of

SOURCES: Final = MappingProxyType(
    {"firewall": "asa", "sshd": "sshd", "web": "nginx", "cloud": "cloudtrail", "proxy": "squid"}
)
"""The five sources of the day, and the format of each."""
INCIDENT: Final = "many_sources"
"""Scenario of the incident's lines."""
START: Final = FIRST_DAY + 13 * 3_600 + 300
"""UTC epoch seconds at which it begins: a Monday, five past one."""
_AGENT: Final = "python-requests/2.32.3"
_ACCOUNT: Final = "494473712280"
_PORTS: Final = (21, 23, 3_306, 5_432, 6_379, 8_080, 9_200, 27_017)
_GUESSES: Final = ("admin", "root", "deploy", "test", "postgres")
_CALLS: Final = (
    ("sts", "GetCallerIdentity", False),
    ("iam", "ListUsers", True),
    ("s3", "ListBuckets", False),
    ("iam", "CreateUser", True),
    ("iam", "CreateAccessKey", False),
    *[("s3", "GetObject", False)] * 6,
)
"""Service, call, and whether it is refused."""


def incident_day(*, seed: int, events_per_day: int = 12_000, attack_share: float = 0.012) -> list[CompanyLine]:
    """Return a Monday's lines of five sources in order of time, the incident's among them.

    Args:
        seed: of every choice; the same seed gives the same lines.
        events_per_day: about how many lines all of the company's fifteen sources write; the five write half of them.
        attack_share: attack sessions beside the incident, for each session of the day.
    """
    day = company_days(days=1, seed=seed, events_per_day=events_per_day, attack_share=attack_share)
    kept = set(SOURCES.values())
    both = merge(day, _played(World(seed), seed), key=lambda one: one.time)
    return [one for one in both if one.format in kept]


def _played(world: World, seed: int) -> Iterator[CompanyLine]:
    queue: list[Waiting] = []
    scenario = Scenario(INCIDENT, _incident, label="exploit", techniques=("T1190", "T1110.001", "T1552.005", "T1567"))
    rng = random.Random(f"incident {seed}")
    variant = variant_of(INCIDENT, 0)
    scene = Scene(world, scenario, variant=variant, rng=rng, start=START, queue=queue, numbers=count())
    for _ in scenario.play(scene):
        pass
    while queue:
        when, _, told = heappop(queue)
        assert isinstance(told, Told)
        time = int(when * 1_000) / 1_000
        group = f"{INCIDENT}/0"
        yield CompanyLine(
            told.line, scenario.label, told.attack, scene.id, group, INCIDENT, told.stage, time, told.format, told.slots
        )


def _incident(s: Scene) -> Iterator[None]:
    intruder, person = s.party(), s.person()
    # Only the data center's border is a Cisco ASA, which is one of the five sources.
    site = s.one([server for server in s.world.sites if server.address.startswith("10.80.")])
    s.enter("probing", "T1190")
    for path in s.rng.sample(ODD, 12):
        serve(s, intruder.address, site, path, status=s.one((404, 403, 404, 500, 200)), agent=_AGENT)
        s.wait(20)
    for port in _PORTS:
        connect(s, intruder.address, site.address, port, allowed=False)
        s.wait(4)
    yield
    s.enter("guessing", "T1110.001")
    for user in (*_GUESSES, *[person.name] * 6):
        ssh(s, site, user, intruder.address, allowed=False, known=user == person.name)
        s.wait(12)
    connect(s, intruder.address, site.address, 22)
    ssh(s, site, person.name, intruder.address)
    s.wait(120)
    yield
    s.enter("taking the key", "T1552.005")
    for _ in range(5):
        browse(s, site.address, intruder.domain, method="POST", path="/u", sent=90_000_000)
        s.wait(40)
    yield
    s.enter("using the key", "T1078.004")
    by = Caller(person.name, "", _ACCOUNT, intruder.address, "aws-cli/2.22.10", int(s.clock))
    for service, name, refused in _CALLS:
        call(s, by, service, name, {"bucketName": "exports-prod"} if service == "s3" else None, error=DENIED * refused)
        s.wait(25)
