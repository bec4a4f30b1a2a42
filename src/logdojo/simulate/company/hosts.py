"""What servers and workstations write: sshd, sudo, and the Windows Security log as JSON.

Sources: OpenSSH's ``auth.c`` and ``session.c``, sudo's ``logging.c``, Microsoft's "Audit logon" and "Audit process
creation" (events 4624, 4625, 4688, 4720), laid out flat as NXLog and similar shippers write them.
"""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Final

from logdojo.simulate.company.clocks import iso_milliseconds, syslog_head
from logdojo.simulate.company.scene import Scene

_KEYS: Final = ("ED25519", "RSA", "ECDSA")
_FAREWELLS: Final = ("disconnected by user", "Bye Bye", "Client disconnecting normally")
DOMAIN: Final = "CORP"
"""The Windows domain."""
_text = json.JSONEncoder(ensure_ascii=False).encode


def ssh_failed(s: Scene, host: str, user: str, source: str, *, known: bool = True) -> None:
    """Write one connection whose password is wrong."""
    pid, port = 800 + s.below(3_999_000), 1_024 + s.below(64_000)
    when = s.clock + s.random() * 0.2
    tag = f"sshd[{pid}]"
    if not known:
        _ssh(s, when, host, pid, f"Invalid user {user} from {source} port {port}", user, source, port)
    when += 0.1 + s.random()
    who = user if known else f"invalid user {user}"
    _ssh(s, when, host, pid, f"Failed password for {who} from {source} port {port} ssh2", user, source, port)
    if s.random() < 0.35:
        kind = f"authenticating user {user}" if known else f"invalid user {user}"
        when += s.random() * 0.2
        line = f"{syslog_head(when, host, tag)}Connection closed by {kind} {source} port {port} [preauth]"
        s.put(when, "sshd", line, _slots(host, pid, user, source, port))


def ssh_entered(s: Scene, host: str, user: str, source: str, *, stay: float = 0.0) -> None:
    """Write a login, and of leaving after ``stay`` seconds if that is more than nothing."""
    pid, port = 800 + s.below(3_999_000), 1_024 + s.below(64_000)
    when = s.clock + 0.1 + s.random()
    if s.random() < 0.6:
        how = f"publickey for {user} from {source} port {port} ssh2: {s.one(_KEYS)} SHA256:{_fingerprint(user)}"
    else:
        how = f"password for {user} from {source} port {port} ssh2"
    _ssh(s, when, host, pid, f"Accepted {how}", user, source, port)
    opened = f"pam_unix(sshd:session): session opened for user {user}(uid={uid(user)}) by (uid=0)"
    head = syslog_head(when + 0.02, host, f"sshd[{pid}]")
    s.put(when + 0.02, "sshd", head + opened, {"host.name": host, "process.pid": pid, "user.name": user})
    if stay:
        when += stay
        said = f"Received disconnect from {source} port {port}:11: {s.one(_FAREWELLS)}"
        slots: dict[str, str | int] = {
            "host.name": host,
            "process.pid": pid,
            "source.ip": source,
            "source.port": port,
        }
        s.put(when, "sshd", f"{syslog_head(when, host, f'sshd[{pid}]')}{said}", slots)


def sudo(s: Scene, host: str, user: str, command: str, *, allowed: bool = True) -> None:
    """Write that somebody ran a command as root, or was not let."""
    when = s.clock + s.random() * 0.3
    refusal = "" if allowed else s.one(("command not allowed ; ", "3 incorrect password attempts ; "))
    line = (
        f"{syslog_head(when, host, 'sudo')}{user:>8} : {refusal}TTY=pts/{s.below(6)} ; PWD=/home/{user} ; USER=root ; "
        f"COMMAND={command}"
    )
    slots: dict[str, str | int] = {"host.name": host, "process.name": "sudo", "user.name": user}
    s.put(when, "sudo", line, slots)


def logon(s: Scene, host: str, user: str, source: str, *, kind: int, allowed: bool = True) -> None:
    """Write a Windows logon, 4624, or the failure of one, 4625.

    Args:
        s: the session.
        host: the computer logged on to.
        user: the account.
        source: address of the client.
        kind: logon type: 2 at the keyboard, 3 over the network, 5 service, 10 remote desktop.
        allowed: whether it succeeded.
    """
    code = 4624 if allowed else 4625
    port = 49_152 + s.below(16_000)
    result = "" if allowed else f'"Status":"0xc000006d","SubStatus":"{s.one(("0xc000006a", "0xc0000064"))}",'
    process = "User32 " if kind in {2, 10} else "NtLmSsp " if s.random() < 0.5 else "Kerberos"
    body = (
        f'"SubjectUserName":"{host}$","SubjectDomainName":"{DOMAIN}","TargetUserName":"{user}",'
        f'"TargetDomainName":"{DOMAIN}","LogonType":{kind},"LogonProcessName":"{process}",{result}'
        f'"WorkstationName":"WS-{1_000 + s.below(8_999)}","IpAddress":"{source}","IpPort":"{port}"'
    )
    slots: dict[str, str | int] = {"user.name": user, "source.ip": source, "source.port": port}
    _windows(s, host, code, body, slots, "AUDIT_SUCCESS" if allowed else "AUDIT_FAILURE")


def process(s: Scene, host: str, user: str, image: str, command: str) -> None:
    r"""Write that a process was created, 4688; ``image`` is its full path, such as ``C:\Windows\System32\net.exe``."""
    pid = 400 + s.below(16_000) * 4
    body = (
        f'"SubjectUserName":"{user}","SubjectDomainName":"{DOMAIN}","NewProcessId":"0x{pid:x}",'
        f'"NewProcessName":{_text(image)},"ParentProcessName":"C:\\\\Windows\\\\explorer.exe","CommandLine":{_text(command)}'
    )
    _windows(s, host, 4688, body, {"user.name": user}, "AUDIT_SUCCESS")


def account_made(s: Scene, host: str, user: str, target: str) -> None:
    """Write that an account was created, 4720."""
    body = (
        f'"TargetUserName":"{target}","TargetDomainName":"{DOMAIN}","SubjectUserName":"{user}",'
        f'"SubjectDomainName":"{DOMAIN}","SamAccountName":"{target}"'
    )
    _windows(s, host, 4720, body, {"user.name": user, "user.target.name": target}, "AUDIT_SUCCESS")


def _windows(s: Scene, host: str, code: int, body: str, slots: dict[str, str | int], keywords: str) -> None:
    when = s.clock + s.random() * 0.2
    name = f"{host.upper()}.corp.example"
    moment = iso_milliseconds(when)
    line = (
        f'{{"@timestamp":"{moment}Z","EventTime":"{moment[:10]} {moment[11:19]}","Hostname":"{name}",'
        f'"Keywords":"{keywords}","EventID":{code},"SourceName":"Microsoft-Windows-Security-Auditing",'
        f'"Channel":"Security","Severity":"INFO","RecordNumber":{s.below(90_000_000)},"ProcessID":{500 + s.below(400)},'
        f"{body}}}"
    )
    slots["host.name"] = name
    slots["event.code"] = code
    s.put(when, "windows", line, slots)


def _ssh(s: Scene, when: float, host: str, pid: int, message: str, user: str, source: str, port: int) -> None:
    line = f"{syslog_head(when, host, f'sshd[{pid}]')}{message}"
    s.put(when, "sshd", line, _slots(host, pid, user, source, port))


def _slots(host: str, pid: int, user: str, source: str, port: int) -> dict[str, str | int]:
    return {
        "host.name": host,
        "process.name": "sshd",
        "process.pid": pid,
        "user.name": user,
        "source.ip": source,
        "source.port": port,
    }


@cache
def _fingerprint(user: str) -> str:
    rng = random.Random(f"key {user}")
    return "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=43))


@cache
def uid(user: str) -> int:
    """Return the number of an account."""
    return 0 if user == "root" else random.Random(f"uid {user}").randrange(1_000, 4_000)
