"""Past incidents: who was in one weighs more, less and less as time passes.

incidents:
  - date: 2025-01-03
    sources: [ida, 198.51.100.7, db-1]
    severity: high                  low, medium, high or critical
    note: phished password
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from logdojo.errors import InputError
from logdojo.triage.priorities.reasons import Evidence
from logdojo.triage.priorities.sighting import host_of, user_of
from logdojo.triage.priorities.yamlfile import read_yaml

HALF_LIFE: Final = 90.0
"""Days after which a past incident weighs half."""
_WEIGHTS: Final = MappingProxyType({"low": 0.06, "medium": 0.10, "high": 0.15, "critical": 0.20})
_LARGEST: Final = 1_000_000
_DAY: Final = 86_400.0
_Source = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    sources: list[_Source] = Field(min_length=1, max_length=200)
    severity: Literal["low", "medium", "high", "critical"] = "medium"
    note: str = Field("", max_length=400)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    incidents: list[_Entry] = Field(max_length=10_000)


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of the past.

    Args:
        time: UTC epoch seconds at which its day begins.
        sources: users, addresses and machines that were in it.
        severity: low, medium, high or critical.
        note: what it was.
    """

    time: float
    sources: tuple[str, ...]
    severity: str = "medium"
    note: str = ""


class Incidents:
    """What happened before, by source.

    Args:
        known: incidents in any order.
    """

    def __init__(self, known: Iterable[Incident] = ()) -> None:
        self._of: dict[str, list[Incident]] = {}
        for incident in known:
            for source in {name for given in incident.sources for name in (user_of(given), host_of(given))}:
                self._of.setdefault(source, []).append(incident)

    @classmethod
    def load(cls, path: Path) -> Incidents:
        """Read a file of incidents.

        Raises:
            InputError: it cannot be read, or an entry is wrong; the message names it.
        """
        document = read_yaml(path, largest=_LARGEST)
        try:
            file = _File.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"{path}: {place or 'document'}: {first['msg']}",
                hint="an incident has date, sources, severity and note",
            ) from error
        return cls(
            Incident(
                datetime(each.date.year, each.date.month, each.date.day, tzinfo=UTC).timestamp(),
                tuple(each.sources),
                each.severity,
                each.note,
            )
            for each in file.incidents
        )

    def evidence(self, source: str, now: float) -> Evidence | None:
        """Return what an earlier incident of this source weighs now, None when there was none before now."""
        heaviest: Evidence | None = None
        for incident in self._of.get(source, ()):
            days = (now - incident.time) / _DAY
            if days < 0:
                continue
            weight = _WEIGHTS[incident.severity] * 0.5 ** (days / HALF_LIFE)
            if heaviest is None or weight > heaviest.weight:
                note = f" ({incident.note})" if incident.note else ""
                told = f"{source} was in a {incident.severity} incident {days:.0f} days ago{note}."
                heaviest = Evidence("incident history", weight, told)
        return heaviest
