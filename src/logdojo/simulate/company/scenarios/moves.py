"""From machine to machine: by remote desktop, file shares and SSH; and those whose work it is to go around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate import names
from logdojo.simulate.company.acts import arrive, connect, logon, resolve, ssh
from logdojo.simulate.company.hosts import account_made, process, sudo
from logdojo.simulate.company.scenarios.passwords import COMMANDS
from logdojo.simulate.company.scene import Scenario, Scene

_SYSTEM: Final = "C:\\Windows\\System32\\"
PROGRAMS: Final = (
    (_SYSTEM + "net.exe", "net user"),
    (_SYSTEM + "whoami.exe", "whoami /all"),
    (_SYSTEM + "cmd.exe", "cmd.exe /c dir"),
    (_SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe", "powershell -File C:\\Scripts\\inventory.ps1"),
    (_SYSTEM + "schtasks.exe", "schtasks /query"),
    (_SYSTEM + "robocopy.exe", "robocopy D:\\Data \\\\files-1\\copy /mir"),
    (_SYSTEM + "mstsc.exe", "mstsc /v:files-2"),
    ("C:\\Program Files\\Office\\winword.exe", "winword.exe report.docx"),
    ("C:\\Tools\\PsExec.exe", "PsExec.exe \\\\app-3 -s ipconfig"),
)
"""Programs and their command lines; run by anyone."""


def _hop(s: Scene, user: str, source: str, way: int, *, failing: float) -> str:
    """Go to another machine and do something there; return its address."""
    refused = s.chance(failing)
    if way == 2:
        server = s.linux()
        ssh(s, server, user, source, allowed=not refused)
        s.wait(3)
        if not refused and s.chance(0.8):
            sudo(s, server.name, user, s.one(COMMANDS), allowed=s.chance(0.9))
        return server.address
    server = s.windows()
    logon(s, server.name, server.address, user, source, kind=10 if way == 0 else 3, allowed=not refused)
    s.wait(3)
    if not refused:
        for _ in range(1 + s.below(2)):
            process(s, server.name, user, *s.one(PROGRAMS))
            s.clock += s.random() * 3
    return server.address


def _moves(s: Scene, way: int, technique: str) -> Iterator[None]:
    who = s.person()
    source = who.address
    arrive(s, who, source)
    s.wait()
    yield
    s.enter("looking around", "T1018")
    for _ in s.steps(0.3):
        if s.chance(0.5):
            resolve(s, source, f"{s.one(names.HOSTS)}.corp.example")
        else:
            connect(s, source, s.linux().address, s.one((22, 445, 3_389)), allowed=s.chance(0.7))
        s.wait()
        yield
    s.enter("movement", technique)
    user = s.one(names.SERVICES) if s.chance(0.3) else who.name
    for _ in s.steps(0.6):
        # From the machine just reached to the next: a chain.
        source = _hop(s, user, source, way, failing=0.25)
        s.wait()
        yield


def _by_desktop(s: Scene) -> Iterator[None]:
    """Remote desktop from machine to machine."""
    yield from _moves(s, 0, "T1021.001")


def _by_share(s: Scene) -> Iterator[None]:
    """Shares and remote services from machine to machine; now and then an account is made."""
    yield from _moves(s, 1, "T1021.002")
    if s.chance(0.5):
        s.enter("account", "T1136.002")
        account_made(s, s.windows().name, s.one(s.world.people).name, s.one(names.ACCOUNTS))


def _by_ssh(s: Scene) -> Iterator[None]:
    """SSH from server to server."""
    yield from _moves(s, 2, "T1021.004")


def _jump_host(s: Scene) -> Iterator[None]:
    """Everyone goes to the servers by way of one machine: a star, not a chain."""
    jump = s.linux().address if s.chance(0.5) else s.windows().address
    way = s.below(3)
    for _ in s.steps(0.8):
        who = s.person()
        if s.chance(0.3):
            resolve(s, who.address, f"{s.one(names.HOSTS)}.corp.example")
        _hop(s, who.name, jump, way, failing=0.12)
        s.wait()
        yield


def _ansible(s: Scene) -> Iterator[None]:
    """One account does the same on every server of a list, in one order."""
    source, user = s.linux().address, s.one(names.SERVICES)
    way = 2 if s.chance(0.5) else 1
    for _ in s.steps(0.8):
        if s.chance(0.3):
            connect(s, source, s.linux().address, s.one((22, 445, 5_985)), allowed=s.chance(0.85))
        _hop(s, user, source, way, failing=0.1)
        s.wait()
        yield


def _night_shift(s: Scene) -> Iterator[None]:
    """The administrator on call was woken up, and goes from machine to machine to find what is wrong."""
    who = s.one(s.world.people)
    source = s.origin(who)
    arrive(s, who, source)
    for _ in s.steps(0.8):
        s.wait()
        yield
        _hop(s, who.name, source, s.below(3), failing=0.12)
        if s.chance(0.1):
            account_made(s, s.windows().name, who.name, s.one(names.ACCOUNTS))


SCENARIOS: Final = (
    Scenario("moving_by_desktop", _by_desktop, label="lateral", techniques=("T1018", "T1021.001")),
    Scenario("moving_by_share", _by_share, label="lateral", techniques=("T1018", "T1021.002", "T1136.002")),
    Scenario("moving_by_ssh", _by_ssh, label="lateral", techniques=("T1018", "T1021.004")),
    Scenario("jump_host", _jump_host, "office", twin_of=("moving_by_desktop", "moving_by_ssh")),
    Scenario("ansible_run", _ansible, "always", twin_of=("moving_by_ssh", "moving_by_share")),
    Scenario("night_shift", _night_shift, "night", twin_of=("moving_by_desktop", "moving_by_share")),
)
