"""Events in, each with its priority; and what its sources should be looked at for, gathered for the review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from logdojo.events import LogEvent
from logdojo.triage.priorities.assets import CRITICALITIES, Asset, Assets
from logdojo.triage.priorities.behaviors import all_behaviors
from logdojo.triage.priorities.cases import Cases
from logdojo.triage.priorities.findings import Finding, mark
from logdojo.triage.priorities.incidents import Incidents
from logdojo.triage.priorities.meetings import Meetings
from logdojo.triage.priorities.reasons import Evidence, Priority, combined
from logdojo.triage.priorities.sighting import Sighter, Sighting
from logdojo.triage.priorities.usual import Usual
from logdojo.triage.priorities.vocabulary import vocabulary

_WORTH_KEEPING = 0.02


class Prioritizer:
    """Says of each event how soon somebody should look, and why.

    Events come in the order of their time, as well as may be. The same events give the same priorities.

    Args:
        assets: what the company owns.
        incidents: what happened before.
        usual: the history so far; it goes on learning.
    """

    def __init__(
        self, *, assets: Assets | None = None, incidents: Incidents | None = None, usual: Usual | None = None
    ) -> None:
        self.assets = assets or Assets()
        self.incidents = incidents or Incidents()
        self.usual = usual or Usual()
        self.cases = Cases()
        self._sighter = Sighter()
        self._behaviors = all_behaviors()
        self._meetings = Meetings()

    @property
    def day(self) -> str:
        """The day of the latest event, in UTC, as in 2025-01-06."""
        return datetime.fromtimestamp(self._sighter.clock, UTC).date().isoformat()

    def observe(self, event: LogEvent, *, detections: Sequence[Evidence] = ()) -> Priority:
        """Take an event in and return its priority.

        Args:
            event: a parsed line.
            detections: what rules say about it, such as ``Sigma.hits`` returns.
        """
        if event.error:
            return Priority(0, ())
        sighting = self._sighter.see(event)
        alone = [*self._context(sighting), *self.usual.evidence(sighting), *detections]
        if (of_class := vocabulary().evidence(sighting)) is not None:
            alone.append(of_class)
        findings: list[Finding] = []
        for behavior in self._behaviors:
            findings += behavior.observe(sighting, self.usual, self.assets)
        self._meetings.observe(sighting, self.usual)
        self.usual.learn(sighting)
        actor = actor_of(sighting)
        if actor and alone:
            self.cases.event(actor, sighting.time, alone, mark(sighting))
        for finding in findings:
            if finding.weight >= _WORTH_KEEPING:
                self.cases.finding(finding, sighting.time, self._context(sighting))
        return combined([*alone, *(Evidence(each.name, each.weight, each.sentence) for each in findings)])

    def _context(self, sighting: Sighting) -> Iterable[Evidence]:
        """Yield what is known about those in an event before it happened."""
        names = dict.fromkeys((sighting.target, sighting.host, sighting.address, sighting.user, sighting.resource))
        names.pop("", None)
        assets: dict[Asset, str] = {}
        for name in names:
            asset = self.assets.of(name)
            if asset is not None:
                assets.setdefault(asset, name)
            past = self.incidents.evidence(name, sighting.time)
            if past is not None:
                yield past
        if not assets:
            return
        first = max(assets, key=lambda each: CRITICALITIES[each.criticality])
        if weight := CRITICALITIES[first.criticality]:
            owner = f", owned by {first.owner}" if first.owner else ""
            told = f"{assets[first]} belongs to {first.name}, an asset of {first.criticality} criticality{owner}."
            yield Evidence("critical asset", weight, told)
        tags = vocabulary().tags
        tagged = [(tags[tag], tag, asset) for asset in assets for tag in asset.tags if tag in tags]
        if tagged:
            (weight, meaning), tag, asset = max(tagged, key=lambda each: (each[0][0], each[1], each[2].name))
            yield Evidence("regulatory tag", weight, f"{asset.name} is tagged {tag}: it {meaning}.")


def actor_of(sighting: Sighting) -> str:
    """Return who did it, as cases name them: the user, else the address, else the machine that tells; or ``""``."""
    for kind, name in (("user", sighting.user), ("address", sighting.address), ("host", sighting.host)):
        if name:
            return f"{kind} {name}"
    return ""
