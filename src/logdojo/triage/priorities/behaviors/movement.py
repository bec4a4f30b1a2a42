"""From machine to machine: a chain of sign-ins, each from where the one before it led."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.findings import Finding, Mark, keep
from logdojo.triage.priorities.recent import Recent
from logdojo.triage.priorities.sighting import Sighting
from logdojo.triage.priorities.usual import Usual

_HOUR: Final = 3_600.0
_MOST: Final = 32
_WEIGHTS: Final = (0.0, 0.0, 0.0, 0.15, 0.55, 0.78, 0.88, 0.92)
"""By the number of machines in a chain."""


@dataclass(slots=True)
class _Reach:
    """Machines that one user came to: address → how many machines the chain has, when, and by which events."""

    depth: dict[str, tuple[int, float, tuple[Mark, ...]]] = field(default_factory=dict)


class Chain:
    """Lateral movement (ATT&CK T1021): a user goes from machine to machine, each time from the one just reached.

    Work by way of a jump host and jobs that visit all servers make a star: everything starts at one machine. The
    addresses of machines come from the assets file, or from what was seen in the days before.
    """

    def __init__(self) -> None:
        self._reach: Recent[str, _Reach] = Recent(_Reach, idle=_HOUR)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a sign-in on a machine in; see ``Behavior``."""
        if not sighting.signs_in or not sighting.host:
            return []
        here = assets.address_of(sighting.host) or usual.address_of(sighting.host)
        if not here or here == sighting.address:
            return []
        reach = self._reach.touch(sighting.user, sighting.time)
        before, when, marks = reach.depth.get(sighting.address, (1, sighting.time, ()))
        if sighting.time - when > _HOUR:
            before, marks = 1, ()
        kept = list(marks)
        keep(kept, sighting)
        depth = before + 1
        known = reach.depth.get(here)
        if known is None or depth >= known[0] or sighting.time - known[1] > _HOUR:
            if here not in reach.depth and len(reach.depth) >= _MOST:
                del reach.depth[min(reach.depth, key=lambda place: reach.depth[place][1])]
            reach.depth[here] = (depth, sighting.time, tuple(kept))
        weight = _WEIGHTS[min(depth, len(_WEIGHTS) - 1)]
        if not weight:
            return []
        told = (
            f"{sighting.user} went on from machine to machine, {depth} in a chain, each from the one just reached; "
            f"the last is {sighting.host}."
        )
        others = (f"host {sighting.host}",)
        return [Finding("chain of machines", weight, told, f"user {sighting.user}", others, tuple(kept))]
