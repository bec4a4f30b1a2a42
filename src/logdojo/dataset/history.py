"""What the same source did just before, as a few counts: one failed login says little, the hundredth says much.

Memory is bounded: the least recently seen source is forgotten beyond ``max_sources``, and each count stops at 64.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from logdojo.events import LogEvent

_CAP = 64
TOLD = re.compile(r"before: seen=\d failed=\d users=\d ports=\d hosts=\d actions=\d")
"""What ``History.observe`` tells, inside a rendered text."""


@dataclass(slots=True)
class _Source:
    last: float = 0.0
    events: int = 0
    failures: int = 0
    users: set[str] = field(default_factory=set)
    ports: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)


class History:
    """Count, for each source, what it did since it last fell silent.

    Args:
        idle: seconds of silence after which a source starts anew.
        max_sources: how many sources are remembered.
    """

    def __init__(self, *, idle: float = 1_800.0, max_sources: int = 20_000) -> None:
        self._idle = idle
        self._max = max_sources
        self._sources: OrderedDict[str, _Source] = OrderedDict()

    def observe(self, event: LogEvent) -> str:
        """Add an event and return its source's counts before it, e.g. ``before: seen=5 failed=4 users=3 …``.

        Each number is ``n.bit_length()`` of a count: 0, 1, 2 (2–3), 3 (4–7) … 7 (64 and more), so that texts repeat.
        An event without source or user has no history: the result is "".
        """
        key = event.text("source.ip") or event.text("user.name")
        if not key:
            return ""
        source = self._sources.get(key)
        now = _seconds(event.text("@timestamp"))
        if source is None or (now and source.last and now - source.last > self._idle):
            source = self._sources[key] = _Source()
        self._sources.move_to_end(key)
        if len(self._sources) > self._max:
            self._sources.popitem(last=False)
        told = _told(source)
        source.last = now or source.last
        _count(source, event)
        return told


def _count(source: _Source, event: LogEvent) -> None:
    source.events = min(source.events + 1, _CAP)
    source.failures = min(source.failures + (event.get("event.outcome") == "failure"), _CAP)
    for seen, name in (
        (source.users, "user.name"),
        (source.ports, "destination.port"),
        (source.hosts, "destination.ip"),
        (source.hosts, "host.name"),
        (source.actions, "event.action"),
    ):
        value = event.text(name)
        if value and len(seen) < _CAP:
            seen.add(value)


def _told(source: _Source) -> str:
    counts = {
        "seen": source.events,
        "failed": source.failures,
        "users": len(source.users),
        "ports": len(source.ports),
        "hosts": len(source.hosts),
        "actions": len(source.actions),
    }
    return "before: " + " ".join(f"{name}={n.bit_length()}" for name, n in counts.items())


def _seconds(timestamp: str) -> float:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0
