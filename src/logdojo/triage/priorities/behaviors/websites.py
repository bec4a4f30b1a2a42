"""At the web sites: who looks for holes, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.findings import Finding, Mark, keep, likely
from logdojo.triage.priorities.recent import Recent, add
from logdojo.triage.priorities.sighting import Sighting, is_inside
from logdojo.triage.priorities.usual import Usual
from logdojo.triage.priorities.vocabulary import is_odd

_MOST: Final = 32
_WEB: Final = frozenset({80, 443, 8080, 8443})


@dataclass(slots=True)
class _Visitor:
    """What one outside address asked for, and what it did after."""

    asked: int = 0
    odd: int = 0
    failed: int = 0
    back: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    marks: list[Mark] = field(default_factory=list)


class OddVisitor:
    """Odd requests, and then one of our servers calls the visitor, or the visitor calls the cloud.

    Scanners and crawlers ask as oddly all day long (T1595); it is what follows that tells a hole was found (T1190), or
    a key (T1552.001).
    """

    def __init__(self) -> None:
        self._visitors: Recent[str, _Visitor] = Recent(_Visitor, idle=1_200.0)
        self._serve: Recent[str, list[int]] = Recent(list, idle=604_800.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a request, a connection or a call in; see ``Behavior``."""
        address, now = sighting.address, sighting.time
        if sighting.url and "web" in sighting.categories and address and not is_inside(address):
            visitor = self._visitors.touch(address, now)
            visitor.asked += 1
            visitor.failed += sighting.status >= 400
            if is_odd(sighting.url):
                visitor.odd += 1
                keep(visitor.marks, sighting)
            return []
        if sighting.target and is_inside(address) and not is_inside(sighting.target):
            serves = assets.is_machine(address) or self._serve.look(address, now) is not None
            return self._called_back(sighting) if serves else []
        if sighting.port in _WEB and is_inside(sighting.target) and not sighting.failed:
            self._serve.touch(sighting.target, now)
            return []
        if "api" in sighting.categories and address and not is_inside(address):
            return self._calls_the_cloud(sighting, usual)
        return []

    def _called_back(self, sighting: Sighting) -> list[Finding]:
        visitor = self._visitors.look(sighting.target, sighting.time)
        if visitor is None or visitor.odd < 2 or sighting.failed or sighting.port in {53, 123}:
            return []
        visitor = self._visitors.touch(sighting.target, sighting.time)
        add(visitor.back, sighting.address, most=_MOST)
        keep(visitor.marks, sighting)
        most = max(visitor.back.values())
        weight = 0.94 * likely(1.1 * most + 0.35 * min(visitor.odd, 8) - 1.2 * (len(visitor.back) - 1) - 2.8)
        told = (
            f"{sighting.target} sent {visitor.odd} odd requests of {visitor.asked}; then {sighting.address}, a machine "
            f"of ours, opened {most} connections to it."
        )
        actor, others = f"address {sighting.target}", (f"address {sighting.address}",)
        return [Finding("server calls visitor", weight, told, actor, others, tuple(visitor.marks))]

    def _calls_the_cloud(self, sighting: Sighting, usual: Usual) -> list[Finding]:
        visitor = self._visitors.look(sighting.address, sighting.time)
        if visitor is None or visitor.odd < 2:
            return []
        visitor = self._visitors.touch(sighting.address, sighting.time)
        add(visitor.calls, sighting.user, most=_MOST)
        visitor.refused += sighting.failed
        keep(visitor.marks, sighting)
        calls = sum(visitor.calls.values())
        strange = not usual.uses_address(sighting.user, sighting.address, sighting.time)
        weight = 0.84 * likely(
            0.7 * min(visitor.odd - 2, 5) + 0.7 * visitor.refused + 0.5 * strange + 0.12 * min(calls, 10) - 3.8
        )
        told = (
            f"{sighting.address} sent {visitor.odd} odd requests of {visitor.asked} to web sites and then made {calls} "
            f"calls to the cloud as {sighting.user}, {visitor.refused} refused."
        )
        actor, others = f"user {sighting.user}", (f"address {sighting.address}",)
        return [Finding("visitor with a key", weight, told, actor, others, tuple(visitor.marks))]
