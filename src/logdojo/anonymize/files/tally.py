"""What was counted while lines were anonymized; counts only, and names of fields, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final = 1_000
"""Most withheld lines, leaks and names of fields that are listed one by one; the rest is counted."""


@dataclass
class Tally:
    """Counts that can be added up.

    Args:
        lines: lines read.
        replaced: class → values replaced.
        propagated: how many values were replaced because other lines of the source had told them.
        withheld: reason → lines withheld.
        withheld_lines: (line, reason) of the first of them.
        unclaimed: name of a field that no rule claims → how often; its values were searched as free text.
        leaks: (line, class) of original values in the output, the first of them.
        leaked: how many there are.
        missed: names beyond a source's limit, not hunted for in other lines.
    """

    lines: int = 0
    replaced: Counter[str] = field(default_factory=Counter)
    propagated: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    withheld_lines: list[tuple[int, str]] = field(default_factory=list)
    unclaimed: Counter[str] = field(default_factory=Counter)
    leaks: list[tuple[int, str]] = field(default_factory=list)
    leaked: int = 0
    missed: int = 0

    def add(self, other: Tally) -> None:
        """Add the counts of the lines that come next."""
        self.withheld_lines += [(self.lines + line, why) for line, why in other.withheld_lines][: self._room()]
        self.leaks += [(self.lines + line, why) for line, why in other.leaks][: KEPT - len(self.leaks)]
        self.lines += other.lines
        self.replaced += other.replaced
        self.propagated += other.propagated
        self.withheld += other.withheld
        self.note_fields(other.unclaimed)
        self.leaked += other.leaked
        self.missed += other.missed

    def note_fields(self, names: Mapping[str, int]) -> None:
        """Count fields that no rule claims."""
        for name, count in names.items():
            if name in self.unclaimed or len(self.unclaimed) < KEPT:
                self.unclaimed[name] += count

    def withhold(self, reason: str) -> None:
        """Count the line read last as withheld."""
        self.withheld[reason] += 1
        if self._room():
            self.withheld_lines.append((self.lines, reason))

    def leak(self, line: int, class_name: str) -> None:
        """Count an original value in the output."""
        self.leaked += 1
        if len(self.leaks) < KEPT:
            self.leaks.append((line, class_name))

    def as_json(self) -> dict[str, Any]:
        """Return the counts as a JSON object, the most frequent first."""
        return {
            "lines": self.lines,
            "replaced": dict(self.replaced.most_common()),
            "propagated": self.propagated,
            "withheld": dict(self.withheld.most_common()),
            "withheld_lines": [{"line": line, "reason": reason} for line, reason in self.withheld_lines],
            "unclaimed": dict(self.unclaimed.most_common()),
            "leaked": self.leaked,
            "leaks": [{"line": line, "class": name} for line, name in self.leaks],
            "missed": self.missed,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tally:
        """Return what ``as_json`` has written.

        Raises:
            ValueError: it is something else.
        """
        try:
            return cls(
                lines=int(data["lines"]),
                replaced=Counter(data["replaced"]),
                propagated=int(data["propagated"]),
                withheld=Counter(data["withheld"]),
                withheld_lines=[(each["line"], each["reason"]) for each in data["withheld_lines"]],
                unclaimed=Counter(data["unclaimed"]),
                leaks=[(each["line"], each["class"]) for each in data["leaks"]],
                leaked=int(data["leaked"]),
                missed=int(data["missed"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a tally: {error}") from error

    def _room(self) -> int:
        return KEPT - len(self.withheld_lines)
