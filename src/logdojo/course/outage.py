"""A shop whose payments fail now and then: its log of a day, and the partner itself on a clock that only it has.

In the log everything is there that a root cause needs, and two things that mislead: a mail service that fails all day
and harms nobody, and a release an hour before the trouble begins.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

MIDNIGHT: Final = datetime(2025, 1, 7, tzinfo=UTC)
RELEASE: Final = MIDNIGHT + timedelta(hours=11)
"""When a new version went out, as the log says too."""
_BURSTS: Final = ((12.1, 0.3), (12.9, 0.15), (13.8, 0.4), (15.0, 0.1), (15.6, 0.35), (16.7, 0.25))
"""Hours of the day at which the payment partner begins to fail, and for how many hours."""
_DEPENDENCIES: Final = ("stock", "addresses", "mail", "payments")
_FATAL: Final = frozenset({"stock", "payments"})
_FAILING: Final = {"stock": 0.002, "payments": 0.004, "mail": 0.12, "addresses": 0.03}
_IN_A_BURST: Final = 0.6
_NANOSECONDS: Final = 1_000_000_000
_LONG, _SHORT = 10.0, 0.08
"""Seconds until a call is given up, and that one takes otherwise."""


def outage_day(*, seed: int, orders: int = 3_000) -> list[dict[str, Any]]:
    """Return the shop's log as flat ECS events in order of time: each order a request, and the calls it made.

    ``event.action`` is ``call`` or ``request``, and once ``release``; ``trace.id`` ties the calls to their request,
    ``service.target.name`` says whom a call was made to, and ``event.duration`` is in nanoseconds.

    Args:
        seed: of every choice.
        orders: how many requests from eight in the morning until six in the evening.
    """
    dice = random.Random(f"outage {seed}")
    events: list[dict[str, Any]] = [
        {"@timestamp": RELEASE.isoformat(), "event.action": "release", "event.outcome": "success", "trace.id": "r-1"}
    ]
    for number in range(orders):
        hour = dice.uniform(8, 18)
        events += _order(dice, f"t-{number:05}", hour)
    return sorted(events, key=lambda event: (event["@timestamp"], event["trace.id"]))


def _order(dice: random.Random, trace: str, hour: float) -> list[dict[str, Any]]:
    start = MIDNIGHT + timedelta(hours=hour)
    ill = any(begin <= hour < begin + length for begin, length in _BURSTS)
    calls, taken, failed = list[dict[str, Any]](), 0.0, dice.random() < 0.002
    for name in _DEPENDENCIES:
        broken = dice.random() < (_IN_A_BURST if ill and name == "payments" else _FAILING[name])
        seconds = (_LONG if broken and name != "stock" else _SHORT) * dice.uniform(0.8, 1.0)
        # Mails are sent and addresses looked up in the background: nobody waits for them.
        taken += seconds if name in _FATAL else 0.0
        calls.append(_event(start, "call", trace, seconds=seconds, failed=broken) | {"service.target.name": name})
        if broken and name in _FATAL:
            failed = True
            break
    request = _event(start, "request", trace, seconds=taken + 0.01, failed=failed)
    request |= {"url.path": "/checkout", "http.response.status_code": 502 if failed else 200}
    return [*calls, request]


def _event(start: datetime, action: str, trace: str, *, seconds: float, failed: bool) -> dict[str, Any]:
    return {
        "@timestamp": (start + timedelta(seconds=seconds)).isoformat(),
        "event.action": action,
        "event.duration": int(seconds * _NANOSECONDS),
        "event.outcome": "failure" if failed else "success",
        "trace.id": trace,
    }


class Partner:
    """A payment partner that is away now and then, for some seconds; time passes in calls and in ``sleep`` alone.

    Args:
        seed: of when it is away.

    Attributes:
        now: seconds on its clock.
        calls: how often it was called.
        charged: the keys that were charged, each once.
    """

    def __init__(self, *, seed: int) -> None:
        self.now = 0.0
        self.calls = 0
        self.charged: set[str] = set()
        self._dice = random.Random(f"partner {seed}")
        self._until = 0.0
        self._away = True

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def charge(self, key: str) -> str:
        """Charge a payment once for each key, and return its receipt.

        Args:
            key: names the payment; it begins with the number of the order, a dot may follow and anything behind it.

        Raises:
            TimeoutError: no answer came in a second; one time in four the payment was charged all the same.
        """
        self.calls += 1
        self._turn()
        if not self._away:
            self.now += 0.1
            self.charged.add(key)
            return f"receipt of {key}"
        self.now += 1.0
        if self._dice.random() < 0.25:
            self.charged.add(key)
        raise TimeoutError("payments: no answer in 1 s")

    def doubled(self) -> int:
        """Return how many orders were charged more than once."""
        orders = Counter(key.partition(".")[0] for key in self.charged)
        return sum(count > 1 for count in orders.values())

    def _turn(self) -> None:
        while self.now >= self._until:
            self._away = not self._away
            self._until += self._dice.uniform(1, 8) if self._away else self._dice.uniform(10, 40)
