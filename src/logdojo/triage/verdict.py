"""What triage says about a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

UNPARSED: Final = "unparsed"
"""The label of a line that could not be read; its explanation says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What triage says about a line.

    Args:
        label: what the line is part of: ``benign``, an attack, or ``unparsed``.
        probability: of the label, by the model; 0 for ``unparsed``.
        severity: info, low, medium, high or critical.
        priority: 0 to 100, what to look at first.
        attack: MITRE ATT&CK technique, or "".
        explanation: one or two sentences in plain language.
        template: the line with its variable parts masked.
        model: the model that was asked, and its version.
    """

    label: str
    probability: float
    severity: str
    priority: int
    attack: str
    explanation: str
    template: str
    model: str

    def to_json(self) -> dict[str, object]:
        """Return the verdict as a JSON object, probability rounded to four places."""
        return asdict(self) | {"probability": round(self.probability, 4)}
