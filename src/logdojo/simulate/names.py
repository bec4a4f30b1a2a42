"""The invented company: people, services, hosts, roles, buckets, and address ranges that belong to nobody.

Attackers and benign sessions draw from the same pools, so that no name and no address tells them apart. Public
addresses come from ranges kept for documentation (RFC 5737) and for benchmarks (RFC 2544), all others are private
(RFC 1918).
"""

from __future__ import annotations

import random
from functools import cache
from typing import Final

PEOPLE: Final = (
    *("abel", "adele", "ahmed", "aiko", "alma", "amara", "anders", "anita", "arjun", "astrid", "bela", "benita"),
    *("boris", "bruna", "carlos", "celine", "chen", "chidi", "clara", "dalia", "damir", "daria", "diego", "dora"),
    *("edgar", "elif", "elias", "emeka", "enzo", "esra", "fatou", "felix", "fiona", "freja", "gabor", "greta"),
    *("hana", "haruto", "hugo", "ida", "imani", "ines", "ismael", "ivana", "jamal", "jana", "jonas", "jorge"),
    *("kaito", "karin", "kofi", "lars", "leila", "lena", "luca", "lucia", "malik", "marek", "maria", "mateo"),
    *("mina", "nadia", "nils", "nora", "olga", "omar", "otto", "paula", "pavel", "petra", "priya", "rafael"),
    *("rania", "rosa", "samir", "sanna", "sofia", "stefan", "sven", "tariq", "tessa", "tomas", "ulrike", "uma"),
    *("victor", "wanda", "xenia", "yara", "yusuf", "zeno", "zoe"),
)
"""User names of people."""
SERVICES: Final = (
    *("admin", "ansible", "backup", "ci", "cron", "deploy", "elastic", "etl", "ftpuser", "git", "gitlab"),
    *("grafana", "guest", "hadoop", "jenkins", "kafka", "ldap", "logstash", "mailer", "minio", "monitor"),
    *("mongo", "mysql", "nagios", "nginx", "oracle", "postgres", "prometheus", "rabbit", "redis", "root", "sftp"),
    *("solr", "spark", "support", "svc-billing", "svc-orders", "svc-report", "test", "tomcat", "ubuntu"),
    *("vagrant", "www-data", "zabbix"),
)
"""Accounts of programs; some are also the first guesses of attackers."""
ACCOUNTS: Final = PEOPLE + SERVICES
"""Every account name."""
HOSTS: Final = tuple(
    f"{kind}-{number}"
    for kind, numbers in (
        ("web", 12),
        ("app", 12),
        ("db", 8),
        ("cache", 5),
        ("mail", 3),
        ("build", 6),
        ("files", 4),
        ("bastion", 3),
        ("gw", 4),
        ("mon", 3),
        ("node", 16),
    )
    for number in range(1, numbers + 1)
)
"""Names of servers."""
ROLES: Final = tuple(
    f"{team}-{kind}"
    for team in ("platform", "data", "billing", "orders", "search", "security", "web")
    for kind in ("deploy", "admin", "readonly", "pipeline", "backup", "operator")
)
"""Names of cloud roles."""
BUCKETS: Final = tuple(
    f"{what}-{where}"
    for what in ("invoices", "exports", "media", "models", "orders", "reports", "archive", "logs", "backups", "uploads")
    for where in ("prod", "stage", "eu", "us", "shared", "raw")
)
"""Names of storage buckets."""
REGIONS: Final = (
    "eu-central-1",
    "eu-west-1",
    "eu-north-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ap-south-1",
    "sa-east-1",
)
"""Cloud regions in use."""
CLOUD_ACCOUNTS: Final = tuple(f"{random.Random(f'account {i}').randrange(10**11, 10**12)}" for i in range(12))
"""Twelve-digit numbers of the company's cloud accounts."""

_OUTSIDE: Final = ("203.0.113.", "198.51.100.", "192.0.2.")
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def inside(rng: random.Random) -> str:
    """Draw a private address."""
    if rng.random() < 0.3:
        return f"192.168.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    return f"10.{rng.randrange(64)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def outside(rng: random.Random) -> str:
    """Draw an address that stands for a public one."""
    if rng.random() < 0.2:
        return f"{rng.choice(_OUTSIDE)}{rng.randrange(1, 255)}"
    return f"198.{rng.choice((18, 19))}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


@cache
def address_of(host: str) -> str:
    """Return the fixed private address of a server."""
    rng = random.Random(f"address {host}")
    return f"10.{rng.choice((80, 81, 82))}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


@cache
def mac_of(owner: str) -> str:
    """Return the fixed, locally administered hardware address of a server or sender."""
    rng = random.Random(f"mac {owner}")
    return ":".join(f"{octet:02x}" for octet in (2, *(rng.randrange(256) for _ in range(5))))


@cache
def cloud_id(prefix: str, owner: str) -> str:
    """Return the fixed identifier of an owner as AWS makes them: ``AIDA…`` user, ``AROA…`` role, ``AKIA…`` key."""
    rng = random.Random(f"{prefix} {owner}")
    return prefix + "".join(rng.choices(_BASE32, k=17 if prefix[1] in "IR" else 16))
