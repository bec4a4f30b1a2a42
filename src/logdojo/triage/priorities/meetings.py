"""Which address a machine has, where no assets file says so: who signs in on it has just been seen going there.

A sign-in on ``db-3`` from an address, and a connection of that address to 10.80.4.20 within seconds, are one hint; the
hints of days agree on one address.
"""

from __future__ import annotations

from typing import Final

from logdojo.triage.priorities.recent import Recent
from logdojo.triage.priorities.sighting import Sighting, is_inside
from logdojo.triage.priorities.usual import Usual

_SECONDS: Final = 4.0
_KEPT: Final = 8
_DOORS: Final = frozenset({22, 445, 3389, 5985, 5986})


class Meetings:
    """Brings sign-ins and connections together that happen at the same time."""

    def __init__(self) -> None:
        self._connections: Recent[str, list[tuple[float, str]]] = Recent(list, idle=_SECONDS, most=2_000)
        self._sign_ins: Recent[str, list[tuple[float, str]]] = Recent(list, idle=_SECONDS, most=2_000)

    def observe(self, sighting: Sighting, usual: Usual) -> None:
        """Take an event in and tell ``usual`` of each meeting."""
        now, address = sighting.time, sighting.address
        if sighting.signs_in and sighting.host:
            _keep(self._sign_ins.touch(address, now), now, sighting.host)
            for when, target in self._connections.look(address, now) or ():
                if abs(now - when) <= _SECONDS:
                    usual.meet(sighting.host, target)
        elif sighting.port in _DOORS and not sighting.failed and is_inside(sighting.target):
            _keep(self._connections.touch(address, now), now, sighting.target)
            for when, host in self._sign_ins.look(address, now) or ():
                if abs(now - when) <= _SECONDS:
                    usual.meet(host, sighting.target)


def _keep(kept: list[tuple[float, str]], now: float, name: str) -> None:
    kept.append((now, name))
    if len(kept) > _KEPT:
        del kept[0]
