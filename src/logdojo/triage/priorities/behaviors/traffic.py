"""On the network: asking many ports, calling home, carrying off, and talking in names."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.findings import Finding, Mark, keep, likely
from logdojo.triage.priorities.recent import Recent, add
from logdojo.triage.priorities.sighting import Sighting, is_inside
from logdojo.triage.priorities.usual import Usual

_MOST: Final = 128
_LARGE: Final = 10_000_000
"""Bytes of one transfer that are much."""


@dataclass(slots=True)
class _Asker:
    started: float = 0.0
    doors: dict[str, int] = field(default_factory=dict)
    machines: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    noted: bool = False
    marks: list[Mark] = field(default_factory=list)


class ManyPorts:
    """A scan (T1046): one address asks many ports of many machines, and most answers are no.

    The company's own scanner does the same, but on its days and hours; ``Usual`` knows how such bursts begin.
    """

    def __init__(self) -> None:
        self._askers: Recent[str, _Asker] = Recent(_Asker, idle=420.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a connection in; see ``Behavior``."""
        del assets
        if "network" not in sighting.categories or not sighting.target or not is_inside(sighting.target):
            return []
        if sighting.port < 0 or not sighting.address:
            return []
        asker = self._askers.touch(sighting.address, sighting.time)
        asker.started = asker.started or sighting.time
        add(asker.doors, f"{sighting.target} {sighting.port}", most=_MOST)
        add(asker.machines, sighting.target, most=_MOST)
        if sighting.failed:
            asker.refused += 1
        keep(asker.marks, sighting)
        if asker.refused < 6 or len(asker.doors) < 10:
            return []
        unscheduled = usual.unscheduled("scan", asker.started)
        if not asker.noted:
            asker.noted = True
            usual.note("scan", asker.started)
        weight = unscheduled * 0.9 * likely(0.35 * asker.refused + 0.15 * len(asker.doors) - 4.0)
        told = (
            f"{sighting.address} asked {len(asker.doors)} ports of {len(asker.machines)} machines, {asker.refused} "
            f"times refused; its start is {'unlike' if unscheduled > 0.6 else 'like'} that of the usual scans."
        )
        return [Finding("many ports", weight, told, f"address {sighting.address}", (), tuple(asker.marks))]


@dataclass(slots=True)
class _Line:
    times: list[float] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class CallsHome:
    """A beacon (T1071.001): one machine asks the same place outside again and again, at a pace with some jitter.

    A timer of an honest program hardly jitters, and people have no pace; what lies between was made to look human.
    The spread is the median deviation from the median gap, which a few odd requests do not disturb.
    """

    def __init__(self) -> None:
        self._lines: Recent[tuple[str, str], _Line] = Recent(_Line, idle=1_500.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a request in; see ``Behavior``."""
        del usual, assets
        if not sighting.url or "web" not in sighting.categories or not is_inside(sighting.address):
            return []
        if not sighting.dataset.startswith("squid") and is_inside(sighting.target):
            return []
        place = sighting.url.partition("://")[2] or sighting.url
        place = place.partition("/")[0].partition(":")[0]
        line = self._lines.touch((sighting.address, place), sighting.time)
        line.times = [*line.times[1 - _MOST :], sighting.time]
        keep(line.marks, sighting)
        if len(line.times) < 8:
            return []
        gaps = [later - earlier for earlier, later in zip(line.times, line.times[1:], strict=False)]
        middle = median(gaps)
        if middle < 10:
            return []
        spread = median(abs(gap - middle) for gap in gaps) / middle
        steady = sum(abs(gap - middle) < 0.35 * middle for gap in gaps) / len(gaps)
        if not 0.055 <= spread <= 0.2 or steady < 0.7:
            return []
        weight = 0.9 * likely(0.3 * (len(gaps) - 6) + 6 * (steady - 0.85) + 20 * min(spread - 0.07, 0.02))
        told = (
            f"{sighting.address} asked {place} {len(line.times)} times, every {middle:.0f} s with a jitter of "
            f"{spread:.0%}: a pace that no timer and no person has."
        )
        others = (f"user {sighting.user}",) if sighting.user else ()
        return [Finding("calls home", weight, told, f"address {sighting.address}", others, tuple(line.marks))]


@dataclass(slots=True)
class _Load:
    started: float = 0.0
    taken: int = 0
    taken_bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
    mixed: int = 0
    noted: bool = False
    user: str = ""
    marks: list[Mark] = field(default_factory=list)


class CarriesOff:
    """Exfiltration (T1039, T1048): much is collected from inside, and after that much goes outside.

    A back-up does both at once, at its hour; somebody who uploads has not collected before.
    """

    def __init__(self) -> None:
        self._loads: Recent[str, _Load] = Recent(_Load, idle=900.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a connection in; see ``Behavior``."""
        del assets
        if not is_inside(sighting.address) or not sighting.target or sighting.volume < _LARGE:
            return []
        load = self._loads.touch(sighting.address, sighting.time)
        load.started = load.started or sighting.time
        load.user = sighting.user or load.user
        keep(load.marks, sighting)
        if is_inside(sighting.target):
            if sighting.sent < _LARGE:
                load.taken += 1
                load.taken_bytes += sighting.volume
                load.mixed += load.sent > 0
        elif sighting.sent >= _LARGE:
            load.sent += 1
            load.sent_bytes += sighting.sent
        if not load.taken or not load.sent:
            return []
        unscheduled = usual.unscheduled("transfer", load.started)
        if not load.noted:
            load.noted = True
            usual.note("transfer", load.started)
        weight = (
            (0.4 + 0.6 * unscheduled)
            * 0.95
            * likely(0.7 * load.taken + 0.6 * load.sent - 2.0 * load.mixed + 1.0 * bool(load.user) - 1.8)
        )
        told = (
            f"{sighting.address} took {load.taken_bytes / 1e6:,.0f} MB from machines of ours in {load.taken} transfers "
            f"and then sent {load.sent_bytes / 1e6:,.0f} MB outside in {load.sent}."
        )
        others = (f"user {load.user}",) if load.user else ()
        return [Finding("carries off", weight, told, f"address {sighting.address}", others, tuple(load.marks))]


@dataclass(slots=True)
class _Asked:
    names: dict[str, int] = field(default_factory=dict)
    last: str = ""
    marks: list[Mark] = field(default_factory=list)


class TalksInNames:
    """A DNS tunnel (T1071.004): one machine asks for name after name of one owner, all long, none of them twice.

    Delivery networks and virus scanners ask for long names too, but of several owners, and for some of them again.
    """

    def __init__(self) -> None:
        self._asked: Recent[tuple[str, str], _Asked] = Recent(_Asked, idle=900.0)
        self._owners: Recent[str, dict[str, int]] = Recent(dict, idle=900.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a question in; see ``Behavior``."""
        del usual, assets
        label, _, owner = sighting.question.partition(".")
        if len(label) < 12 or "." not in owner or not sighting.address:
            return []
        asked = self._asked.touch((sighting.address, owner), sighting.time)
        if sighting.question == asked.last:
            return []  # two sensors tell of one question
        asked.last = sighting.question
        owners = self._owners.touch(sighting.address, sighting.time)
        add(owners, owner, most=_MOST)
        times = add(asked.names, label, most=_MOST)
        keep(asked.marks, sighting)
        if len(asked.names) < 8 or not times:
            return []
        again = sum(asked.names.values()) - len(asked.names)
        elsewhere = sum(owners.values()) - owners.get(owner, 0)
        weight = 0.94 * likely(0.45 * (len(asked.names) - 6) - 1.0 * again - 0.8 * elsewhere)
        told = (
            f"{sighting.address} asked for {len(asked.names)} long names under {owner}, {again} of them again, "
            f"and for {elsewhere} of other owners."
        )
        actor = f"address {sighting.address}"
        return [Finding("talks in names", weight, told, actor, (), tuple(asked.marks))]
