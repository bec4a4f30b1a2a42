"""In the cloud: refusals, recorders switched off, machines in every region, a bucket opened and emptied."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from logdojo.triage.priorities.assets import Assets
from logdojo.triage.priorities.findings import Finding, Mark, keep, likely
from logdojo.triage.priorities.recent import Recent, add
from logdojo.triage.priorities.sighting import Sighting, is_inside
from logdojo.triage.priorities.usual import Usual
from logdojo.triage.priorities.vocabulary import squeezed, vocabulary

_IDLE: Final = 900.0
_MOST: Final = 64
_CLUSTERED: Final = 1.6
"""Refusals come in clusters: one missing right refuses several calls."""


@dataclass(slots=True)
class _Calls:
    """What one caller did in one account, and what of it was refused."""

    all: int = 0
    refused: int = 0
    rights: int = 0
    off: dict[str, int] = field(default_factory=dict)
    care: int = 0
    marks: list[Mark] = field(default_factory=list)
    off_marks: list[Mark] = field(default_factory=list)


class Refusals:
    """Somebody tries what they may not (T1078.004): far more refused calls than is usual, changes of rights above all.

    The weight comes from the binomial tail: how likely so many refusals are at the company's usual share.
    """

    def __init__(self) -> None:
        self._calls: Recent[tuple[str, str, str], _Calls] = Recent(_Calls, idle=_IDLE)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a call in; see ``Behavior``."""
        del assets
        if "api" not in sighting.categories or not sighting.user:
            return []
        calls = self._calls.touch((sighting.user, sighting.role, sighting.account), sighting.time)
        calls.all += 1
        action = squeezed(sighting.action)
        if action in vocabulary().cloud["rights"]:
            calls.rights += 1
        if not sighting.failed:
            return []
        calls.refused += 1
        keep(calls.marks, sighting)
        if calls.refused < 3:
            return []
        share = usual.refused_share()
        surprise = -math.log10(max(tail(calls.all, calls.refused, _CLUSTERED * share), 1e-12))
        weight = 0.85 * likely(1.5 * (surprise - 2.6) + 0.1 * min(calls.rights, 6))
        told = (
            f"{calls.refused} of {calls.all} calls by {sighting.user} were refused, {calls.rights} calls were changes "
            f"of rights; usually {share:.0%} are refused."
        )
        others = (f"address {sighting.address}",) if sighting.address else ()
        return [Finding("refused calls", weight, told, f"user {sighting.user}", others, tuple(calls.marks))]


class RecordingOff:
    """Recorders are switched off one after another (T1562.008), and nothing takes their place.

    Who moves a trail makes and checks the new one along the way.
    """

    def __init__(self) -> None:
        self._calls: Recent[tuple[str, str, str], _Calls] = Recent(_Calls, idle=_IDLE)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a call in; see ``Behavior``."""
        del usual, assets
        if "api" not in sighting.categories or not sighting.user:
            return []
        calls = self._calls.touch((sighting.user, sighting.role, sighting.account), sighting.time)
        action, words = squeezed(sighting.action), vocabulary().cloud
        if action in words["recording_care"]:
            calls.care += 1
        elif action not in words["recording_off"]:
            calls.all += 1
        if action not in words["recording_off"]:
            return []
        add(calls.off, sighting.action, most=_MOST)
        calls.refused += sighting.failed
        keep(calls.off_marks, sighting)
        count = sum(calls.off.values())
        if count < 2:
            return []
        weight = 0.92 * likely(
            0.5 * min(count, 6) + 0.6 * min(calls.all, 7) + 0.6 * min(calls.refused, 4) - 2.4 * min(calls.care, 4) - 4.0
        )
        told = (
            f"{sighting.user} switched recorders off {count} times ({', '.join(list(calls.off)[:4])}; {calls.refused} "
            f"refused) and made or checked new ones {calls.care} times."
        )
        return [Finding("recording off", weight, told, f"user {sighting.user}", (), tuple(calls.off_marks))]


@dataclass(slots=True)
class _Fleet:
    """Where one caller has machines made."""

    regions: dict[str, int] = field(default_factory=dict)
    started: int = 0
    refused: int = 0
    marks: list[Mark] = field(default_factory=list)


class Everywhere:
    """Machines are started in one region after another (T1496); who trains a model knows where the machines are."""

    def __init__(self) -> None:
        self._fleets: Recent[tuple[str, str, str], _Fleet] = Recent(_Fleet, idle=_IDLE)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a call in; see ``Behavior``."""
        del usual, assets
        action, words = squeezed(sighting.action), vocabulary().cloud
        if "api" not in sighting.categories or action not in words["machines"] or not sighting.region:
            return []
        fleet = self._fleets.touch((sighting.user, sighting.role, sighting.account), sighting.time)
        add(fleet.regions, sighting.region, most=_MOST)
        fleet.started += action in words["machines_started"]
        fleet.refused += sighting.failed
        keep(fleet.marks, sighting)
        if len(fleet.regions) < 3 or not fleet.started:
            return []
        weight = 0.92 * likely(1.7 * (len(fleet.regions) - 3.6) + 0.3 * min(fleet.refused, 4))
        told = (
            f"{sighting.user} had machines made in {len(fleet.regions)} regions within minutes, "
            f"{fleet.started} starts, {fleet.refused} calls refused."
        )
        return [Finding("machines everywhere", weight, told, f"user {sighting.user}", (), tuple(fleet.marks))]


@dataclass(slots=True)
class _Bucket:
    """A bucket that was opened, and who came to it."""

    opened_by: str = ""
    readers: dict[str, int] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)


class OpenedAndEmptied:
    """A bucket is opened to everyone, and one stranger fetches file after file (T1530); a site has many visitors."""

    def __init__(self) -> None:
        self._buckets: Recent[tuple[str, str], _Bucket] = Recent(_Bucket, idle=1_800.0)

    def observe(self, sighting: Sighting, usual: Usual, assets: Assets) -> list[Finding]:
        """Take a call in; see ``Behavior``."""
        del usual, assets
        action, words = squeezed(sighting.action), vocabulary().cloud
        if not sighting.resource or "api" not in sighting.categories:
            return []
        key = (sighting.resource, "")
        if action in words["opened"] and not sighting.failed:
            bucket = self._buckets.touch(key, sighting.time)
            bucket.opened_by = sighting.user
            keep(bucket.marks, sighting)
            return []
        found = self._buckets.look(key, sighting.time)
        if found is None or action not in words["fetched"] or is_inside(sighting.address) or not sighting.address:
            return []
        bucket = self._buckets.touch(key, sighting.time)
        add(bucket.readers, sighting.address, most=_MOST)
        keep(bucket.marks, sighting)
        fetched, most = sum(bucket.readers.values()), max(bucket.readers.values())
        if most < 4:
            return []
        weight = 0.92 * likely(0.6 * min(most, 10) - 1.6 * (fetched - most) - 2.4)
        told = (
            f"{sighting.resource} was opened by {bucket.opened_by}; of {fetched} fetches since, {most} come from one "
            f"address, of {len(bucket.readers)}."
        )
        others = tuple(f"address {reader}" for reader in list(bucket.readers)[:4])
        return [Finding("opened and emptied", weight, told, f"user {bucket.opened_by}", others, tuple(bucket.marks))]


def tail(count: int, hits: int, share: float) -> float:
    """Return the probability of at least ``hits`` among ``count`` independent events of probability ``share``."""
    if hits <= 0:
        return 1.0
    count = min(count, 2_000)
    term = (1 - share) ** count
    below = 0.0
    for k in range(min(hits, count)):
        below += term
        term *= (count - k) / (k + 1) * share / (1 - share)
    return max(1.0 - below, 0.0)
