r"""A LogEvent reduced to what priorities ask about: who, from where, to what, when, how much; bounded.

Names are brought to one spelling, so that ``CORP\ida``, ``ida@corp.example`` and the role session ``ida`` are one user.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from logdojo.events import LogEvent

LONGEST: Final = 128
"""Characters of a value that count; what differs only beyond them is the same."""
_YEAR: Final = 365.2425 * 86_400
_DAY: Final = 86_400.0
_LATEST: Final = 2.0**33
"""Some day in 2242: no log is written later, or before 1970."""
_NEARBY: Final = 3 * _DAY
_SURE: Final = 3
_LISTED: Final = 8
_SERVICES: Final = frozenset(
    {
        *(1433, 1521, 2049, 3128, 3306, 3333, 3389, 5060, 5432, 5900, 5985, 5986, 6379, 8000, 8080, 8443, 8888),
        *(9000, 9090, 9092, 9200, 11211, 27017),
    }
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one event says, in plain values; ``""`` and -1 for what it does not say.

    Args:
        number: counts the events.
        time: UTC epoch seconds; the time of the event before it when it has none.
        dataset: ``event.dataset``.
        action, outcome, categories, types: what happened, in ECS's words.
        user: who acts, without domain, in lower case.
        role: cloud role that is acted in.
        account: cloud account.
        address: where it comes from.
        target, port: where it goes.
        host: which machine tells it, without domain, in lower case.
        agent: user agent.
        country: where ``address`` is said to be.
        sent, received: bytes from and to ``address``.
        volume: bytes both ways.
        question: name that is looked up.
        url, status: web request and its answer.
        region, resource: cloud region and bucket.
    """

    number: int
    time: float
    event: LogEvent
    dataset: str
    action: str
    outcome: str
    categories: tuple[str, ...]
    types: tuple[str, ...]
    user: str
    role: str
    account: str
    address: str
    target: str
    port: int
    host: str
    agent: str
    country: str
    sent: int
    received: int
    volume: int
    question: str
    url: str
    status: int
    region: str
    resource: str

    @property
    def failed(self) -> bool:
        """Whether what the event tells about failed."""
        return self.outcome == "failure"

    @property
    def signs_in(self) -> bool:
        """Whether somebody tries to sign in from an address."""
        return bool(
            "authentication" in self.categories
            and "start" in self.types
            and self.user
            and self.address
            and self.action not in _NOT_SIGN_INS
        )


_NOT_SIGN_INS: Final = frozenset({"session_opened", "user.authentication.sso", "user.authentication.auth_via_mfa"})


class Sighter:
    """Turns events into sightings, in their order, and keeps the clock.

    Where a line has no year, the year is chosen that lies nearest to the lines before it. A time that lies days off the
    others is believed only when the next ones say so too: a single odd line cannot make everything look old.
    """

    __slots__ = ("_far", "_number", "clock")

    def __init__(self) -> None:
        self.clock = 0.0
        self._far = 0
        self._number = 0

    def see(self, event: LogEvent) -> Sighting:
        """Return what an event says."""
        get = event.fields.get
        self._number += 1
        who, role = _text(get("user.name")), ""
        if session := _text(get("aws.cloudtrail.user_identity.role_session_name")):
            who, role = session, who
        source, target = _text(get("source.ip")), _text(get("destination.ip"))
        sent, received = _number(get("source.bytes")), _number(get("destination.bytes"))
        from_port, port = _number(get("source.port")), _number(get("destination.port"))
        if target and is_service(from_port) and not is_service(port):
            # Some devices name the outside first, whoever opened the connection; the service's port tells.
            source, target, port, sent, received = target, source, from_port, received, sent
        return Sighting(
            number=self._number,
            time=self._time(event),
            event=event,
            dataset=_text(get("event.dataset")),
            action=_text(get("event.action")),
            outcome=_text(get("event.outcome")),
            categories=_texts(get("event.category")),
            types=_texts(get("event.type")),
            user=user_of(who),
            role=role,
            account=_text(get("cloud.account.id")),
            address=source,
            target=target,
            port=port,
            host=host_of(_text(get("host.name"))),
            agent=_text(get("user_agent.original")),
            country=_text(get("source.geo.country_name")) or _text(get("source.geo.country_iso_code")),
            sent=sent,
            received=received,
            volume=max(_number(get("network.bytes")), sent + max(received, 0)),
            question=_text(get("dns.question.name")).lower(),
            url=_text(get("url.original")),
            status=_number(get("http.response.status_code")),
            region=_text(get("cloud.region")),
            resource=_text(get("aws.cloudtrail.request_parameters.bucketName")) or _text(get("aws.s3.bucket.name")),
        )

    def _time(self, event: LogEvent) -> float:
        time = _seconds(event.text("@timestamp"))
        if time is None:
            return self.clock
        if self.clock and event.get("logdojo.time.year_inferred"):
            time = _year_near(time, self.clock)
        if self.clock and abs(time - self.clock) > _NEARBY:
            self._far += 1
            if self._far < _SURE:
                return self.clock
        self._far = 0
        # Lines of several devices come a little out of order; the clock only goes back when it was really set back.
        self.clock = max(time, self.clock) if abs(time - self.clock) <= _NEARBY else time
        return time


@lru_cache(maxsize=65_536)
def is_inside(address: str) -> bool:
    """Return whether an address belongs to a private network (RFC 1918, RFC 4193) or to this machine."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        return found in _UNIQUE_LOCAL or found.is_loopback or found.is_link_local
    return any(found in network for network in _PRIVATE)


_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
)
_UNIQUE_LOCAL: Final = ipaddress.IPv6Network("fc00::/7")


def is_service(port: int) -> bool:
    """Return whether a port is one that services listen on, not one that a client was given."""
    return 0 < port < 1_024 or port in _SERVICES


@lru_cache(maxsize=65_536)
def user_of(name: str) -> str:
    """Return an account's name without its domain, in lower case."""
    return name.rpartition("\\")[2].partition("@")[0].strip().lower()


@lru_cache(maxsize=65_536)
def host_of(name: str) -> str:
    """Return a machine's name without its domain, in lower case; an address stays as it is."""
    if not name or name[0].isdigit() or ":" in name:
        return name.lower()
    return name.partition(".")[0].lower()


def _text(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else "" if value is None else str(value)[:LONGEST]


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(_text(each) for each in value[:_LISTED])
    return (_text(value),) if value else ()


def _number(value: object) -> int:
    if isinstance(value, bool) or value is None:
        return -1
    if isinstance(value, int):
        return value if 0 <= value < 2**63 else -1
    text = str(value)
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else -1


def _seconds(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text[:40])
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _LATEST else None


def _year_near(time: float, clock: float) -> float:
    """Move a time by whole years, in days, to where it lies nearest to the clock."""
    years = round((clock - time) / _YEAR)
    return time + round(years * _YEAR / _DAY) * _DAY if years else time
