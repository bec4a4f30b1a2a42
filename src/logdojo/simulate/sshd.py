"""What OpenSSH's server writes, line by line, when someone tries, enters, leaves or only knocks."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from logdojo.simulate.stage import Scene, Timed

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FAREWELLS: Final = (
    "Bye Bye",
    "disconnected by user",
    "Normal Shutdown, Thank you for playing",
    "Client disconnecting normally",
)
_KEYS: Final = ("ED25519", "RSA", "ECDSA")


def syslog_line(when: float, host: str, tag: str, message: str) -> str:
    """Return a syslog line as it lies in a file: most servers write RFC 3164 times, the newer ones ISO 8601."""
    if _writes_iso(host):
        return f"{_iso_second(int(when))}.{int(when % 1 * 1_000_000):06d}+00:00 {host} {tag}: {message}"
    return f"{_bsd_second(int(when))} {host} {tag}: {message}"


def failed(scene: Scene, host: str, user: str, source: str, *, known: bool = True, tries: int = 1) -> Iterator[Timed]:
    """Yield the lines of one connection whose passwords are all wrong.

    Args:
        scene: gives the clock; each line takes a little time.
        host: the server.
        user: the account name as typed.
        source: address of the client.
        known: whether the account exists.
        tries: wrong passwords before the client goes.
    """
    tag, port = _connection(scene)
    who = user if known else f"invalid user {user}"

    def line(message: str) -> Timed:
        scene.clock += scene.rng.uniform(0.01, 0.6)
        return scene.clock, syslog_line(scene.clock, host, tag, message)

    if not known:
        yield line(f"Invalid user {user} from {source} port {port}")
    for attempt in range(tries):
        if not known:
            yield line("pam_unix(sshd:auth): check pass; user unknown")
        if attempt == 0:
            suffix = f" user={user}" if known else ""
            yield line(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
                f"rhost={source} {suffix}"
            )
        yield line(f"Failed password for {who} from {source} port {port} ssh2")
    # How a client goes depends on the client, not on its intent.
    style = (scene.variant.style + scene.rng.randrange(2)) % 4
    kind = f"authenticating user {user}" if known else f"invalid user {user}"
    if style == 0:
        yield line(f"Connection closed by {kind} {source} port {port} [preauth]")
    elif style == 1:
        yield line(f"Received disconnect from {source} port {port}:11: {scene.one(_FAREWELLS)} [preauth]")
        yield line(f"Disconnected from {kind} {source} port {port} [preauth]")
    elif style == 2:
        yield line(f"Connection reset by {kind} {source} port {port} [preauth]")


def entered(scene: Scene, host: str, user: str, source: str, *, key: bool, stay: float = 0.0) -> Iterator[Timed]:
    """Yield the lines of a successful login, and of leaving again after ``stay`` seconds."""
    tag, port = _connection(scene)
    method = f"{scene.one(_KEYS)} SHA256:{_fingerprint(user)}" if key else ""
    how = "publickey" if key else "password"
    yield _at(
        scene, host, tag, f"Accepted {how} for {user} from {source} port {port} ssh2{f': {method}' if key else ''}"
    )
    yield _at(scene, host, tag, f"pam_unix(sshd:session): session opened for user {user}(uid={_uid(user)}) by (uid=0)")
    if stay:
        scene.wait(stay)
    if scene.chance(0.7):
        yield _at(scene, host, tag, f"Received disconnect from {source} port {port}:11: {scene.one(_FAREWELLS)}")
        yield _at(scene, host, tag, f"Disconnected from user {user} {source} port {port}")
    yield _at(scene, host, tag, f"pam_unix(sshd:session): session closed for user {user}")


def knocked(scene: Scene, host: str, source: str) -> Iterator[Timed]:
    """Yield the lines of a connection that ended before anyone gave a name."""
    tag, port = _connection(scene)
    end = scene.one(("closed", "reset"))
    if scene.chance(0.3):
        yield _at(scene, host, tag, f"error: kex_exchange_identification: Connection {end} by remote host")
        yield _at(scene, host, tag, f"Connection {end} by {source} port {port}")
    else:
        yield _at(scene, host, tag, f"Connection {end} by {source} port {port} [preauth]")


def _connection(scene: Scene) -> tuple[str, int]:
    return f"sshd[{scene.rng.randrange(800, 4_000_000)}]", scene.rng.randrange(1_024, 65_536)


def _at(scene: Scene, host: str, tag: str, message: str) -> Timed:
    scene.clock += scene.rng.uniform(0.01, 0.4)
    return scene.clock, syslog_line(scene.clock, host, tag, message)


@cache
def _writes_iso(host: str) -> bool:
    return random.Random(f"syslog {host}").random() < 0.25


@cache
def _fingerprint(user: str) -> str:
    rng = random.Random(f"key {user}")
    return "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=43))


@cache
def _uid(user: str) -> int:
    return 0 if user == "root" else random.Random(f"uid {user}").randrange(1_000, 4_000)


@lru_cache(maxsize=1_024)
def _bsd_second(second: int) -> str:
    t = time.gmtime(second)
    return f"{_MONTHS[t.tm_mon - 1]} {t.tm_mday:2d} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"


@lru_cache(maxsize=1_024)
def _iso_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
