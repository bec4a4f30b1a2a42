"""Passwords and sign-ins: guessing, spraying, travelling too fast; and beside them expired, mistyped, far from home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.company.acts import arrive, browse, connect, logon, sign_in, ssh
from logdojo.simulate.company.hosts import sudo
from logdojo.simulate.company.scene import Scenario, Scene
from logdojo.simulate.company.signins import APPS, okta
from logdojo.simulate.company.world import BROWSERS, Person

COMMANDS: Final = (
    *("/usr/bin/apt update", "/usr/bin/systemctl restart nginx", "/usr/bin/systemctl status postgresql"),
    *("/usr/bin/journalctl -u app", "/usr/bin/tail /var/log/syslog", "/usr/bin/cat /etc/app/settings.ini"),
    *("/usr/bin/rsync -a /srv/data/ /mnt/copy/", "/usr/bin/docker ps", "/usr/sbin/useradd report", "/usr/bin/id"),
    *(
        "/usr/bin/crontab -l",
        "/usr/bin/find / -name id_rsa",
        "/usr/bin/tcpdump -c 10",
        "/usr/bin/tar czf /tmp/a.tgz /etc",
    ),
)
"""What is run as root; by anyone."""


def knock(s: Scene, user: str, source: str, way: int, *, allowed: bool, known: bool = True) -> None:
    """Try to enter by one of three ways: Okta (0), SSH (1) or Windows (2)."""
    if way == 0:
        sign_in(s, user, source, allowed=allowed)
    elif way == 1:
        ssh(s, s.linux(), user, source, allowed=allowed, known=known)
    else:
        machine = s.windows()
        logon(s, machine.name, machine.address, user, source, kind=3 if s.chance(0.6) else 10, allowed=allowed)


def work(s: Scene, who: Person, source: str, way: int) -> None:
    """Do something after entering by a way."""
    if way == 0:
        okta(s, "user.authentication.sso", who.name, source, agent=who.browser, target=s.one(APPS))
        if s.chance(0.4):
            browse(s, who.address, s.one(who.favorites), user=who.name)
    elif way == 1:
        sudo(s, s.linux().name, who.name, s.one(COMMANDS), allowed=s.chance(0.9))
    else:
        machine = s.windows()
        logon(s, machine.name, machine.address, who.name, source, kind=3)


def _spray(s: Scene) -> Iterator[None]:
    """A few passwords against many accounts, slowly, from few addresses; at last one fits."""
    sources = [s.party().address for _ in range(1 + s.below(3))]
    way = s.variant.style % 3
    s.enter("spray", "T1110.003")
    for _ in s.steps(1.2):
        user = s.one(names.ACCOUNTS) if s.chance(0.3) else s.one(s.world.people).name
        knock(s, user, s.one(sources), way, allowed=False, known=s.chance(0.8))
        s.wait()
        yield
    s.enter("entry", "T1078")
    who = s.person()
    knock(s, who.name, sources[0], way, allowed=True)
    for _ in s.steps(0.5):
        s.wait()
        yield
        work(s, who, sources[0], way)


def _password_day(s: Scene) -> Iterator[None]:
    """The day after the passwords changed: many people behind one address mistype theirs, and then get in."""
    source, way = s.party().address, s.below(3)
    for _ in s.steps(0.7):
        who = s.person()
        knock(s, who.name, source, way, allowed=False)
        s.wait()
        yield
        if s.chance(0.4):
            knock(s, who.name, source, way, allowed=True)
            s.wait()
            yield
        if s.chance(0.4):
            work(s, who, source, way)


def _guessing(s: Scene) -> Iterator[None]:
    """Many passwords against one account, until it is locked or opens."""
    who, source = s.person(), s.party().address if s.chance(0.6) else s.person().address
    way = (s.variant.style + 1) % 3
    s.enter("guessing", "T1110.001")
    for _ in s.steps(1.2):
        knock(s, who.name, source, way, allowed=False)
        s.wait()
        yield
    if way == 0 and s.chance(0.4):
        okta(s, "user.account.lock", who.name, source, result="FAILURE", reason="LOCKED_OUT", agent=s.one(BROWSERS))
        return
    s.enter("entry", "T1078")
    knock(s, who.name, source, way, allowed=True)
    for _ in s.steps(0.5):
        s.wait()
        yield
        work(s, who, source, way)


def _expired_password(s: Scene) -> Iterator[None]:
    """A program or a phone that still has the old password tries again and again, until somebody mends it."""
    who, way = s.person(), s.below(3)
    user = s.one(names.SERVICES) if s.chance(0.3) else who.name
    source = s.origin(who)
    for _ in s.steps(1.1):
        knock(s, user, source, way, allowed=False)
        s.tick(max(s.variant.pace, 5), 0.04)
        yield
    if s.chance(0.6):
        knock(s, user, source, way, allowed=True)
    for _ in s.steps(0.4):
        s.wait()
        yield
        work(s, who, source, way)


def _impossible_travel(s: Scene) -> Iterator[None]:
    """Somebody signs in at home, and minutes later from another continent; who is there looks around at once."""
    who = s.person()
    arrive(s, who, s.origin(who))
    s.wait()
    yield
    s.enter("stolen session", "T1078")
    away = s.party().address
    sign_in(s, who.name, away, agent=s.one(BROWSERS))
    for _ in s.steps(0.9):
        s.wait()
        yield
        work(s, who, away, s.below(3))
        if s.chance(0.3):
            connect(s, away, s.linux().address, 443)
    if s.chance(0.5):
        okta(s, "user.mfa.factor.activate", who.name, away, agent=who.browser)


def _far_from_home(s: Scene) -> Iterator[None]:
    """A new colleague abroad, or one whose VPN leaves in another country: odd places, ordinary work."""
    who, away = s.person(), s.party().address
    arrive(s, who, away)
    s.wait()
    yield
    sign_in(s, who.name, away, agent=who.browser)
    if s.chance(0.5):
        okta(s, "user.mfa.factor.activate", who.name, away, agent=who.browser)
    for _ in s.steps(0.9):
        s.wait()
        yield
        work(s, who, away, s.below(3))
        if s.chance(0.3):
            connect(s, away, s.linux().address, 443)


SCENARIOS: Final = (
    Scenario("password_spray", _spray, label="bruteforce", techniques=("T1110.003", "T1078")),
    Scenario("password_day", _password_day, "office", twin_of=("password_spray",)),
    Scenario("password_guessing", _guessing, label="bruteforce", techniques=("T1110.001", "T1078")),
    Scenario("expired_password", _expired_password, "always", twin_of=("password_guessing",)),
    Scenario("impossible_travel", _impossible_travel, label="access", techniques=("T1078",)),
    Scenario("employee_abroad", _far_from_home, "public", twin_of=("impossible_travel",)),
)
