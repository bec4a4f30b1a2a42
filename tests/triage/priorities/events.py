"""Events as parsing makes them, for the tests of priorities."""

from __future__ import annotations

from datetime import UTC, datetime

from logdojo.events import LogEvent

MONDAY = 1_736_121_600.0
DAY = 86_400.0


def event(time: float, **fields: object) -> LogEvent:
    """Return an event; double underscores stand for the dots of ECS names."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    stamp = datetime.fromtimestamp(time, UTC).isoformat()
    return LogEvent(f"{stamp} {named}", {"@timestamp": stamp, "event.kind": "event", **named})


def sign_in(time: float, user: str, address: str, *, failed: bool = False, **more: object) -> LogEvent:
    """Return a sign-in on a Linux server."""
    fields: dict[str, object] = {
        "event__dataset": "sshd",
        "event__action": "ssh_login",
        "event__category": ["authentication"],
        "event__type": ["start"],
        "event__outcome": "failure" if failed else "success",
        "user__name": user,
        "source__ip": address,
    }
    return event(time, **(fields | more))


def okta(time: float, user: str, address: str, country: str, agent: str) -> LogEvent:
    """Return a sign-in at Okta."""
    place = {"source__geo__country_name": country, "user_agent__original": agent}
    return sign_in(time, user, address, event__dataset="okta.system", event__action="user.session.start", **place)


def call(time: float, user: str, name: str, *, failed: bool = False, **more: object) -> LogEvent:
    """Return a call of a cloud's API."""
    fields: dict[str, object] = {
        "event__dataset": "aws.cloudtrail",
        "event__provider": "cloudtrail.amazonaws.com",
        "event__action": name,
        "event__category": ["api"],
        "event__outcome": "failure" if failed else "success",
        "user__name": user,
        "source__ip": "198.51.100.20",
        "cloud__account__id": "111122223333",
    }
    return event(time, **(fields | more))


def flow(time: float, source: str, target: str, port: int, *, denied: bool = False, **more: object) -> LogEvent:
    """Return a connection at a firewall."""
    fields: dict[str, object] = {
        "event__dataset": "paloalto.panos",
        "event__action": "flow",
        "event__category": ["network"],
        "event__type": ["connection", "denied" if denied else "allowed"],
        "event__outcome": "failure" if denied else "success",
        "source__ip": source,
        "source__port": 50_000,
        "destination__ip": target,
        "destination__port": port,
    }
    return event(time, **(fields | more))


def web(time: float, address: str, url: str, status: int = 200) -> LogEvent:
    """Return a request at a web server."""
    return event(
        time,
        event__dataset="web.access",
        event__category=["web"],
        source__ip=address,
        url__original=url,
        http__response__status_code=status,
    )


def proxy(time: float, address: str, url: str) -> LogEvent:
    """Return a request at a proxy."""
    return event(time, event__dataset="squid.access", event__category=["web"], source__ip=address, url__original=url)


def question(time: float, address: str, name: str) -> LogEvent:
    """Return a look-up of a name."""
    return event(
        time,
        event__dataset="bind.query",
        event__category=["network"],
        source__ip=address,
        dns__question__name=name,
    )
