"""A simulated day drawn: lines an hour and source, and a letter where an attack wrote some of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

from logdojo.simulate.company.scenarios import ATTACKS
from logdojo.simulate.company.timeline import CompanyLine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BARS: Final = " ▁▂▃▄▅▆▇█"
_HOURS: Final = range(24)
LETTERS: Final = dict(zip((scenario.name for scenario in ATTACKS), ascii_uppercase, strict=False))
"""Attack → its letter."""
_SEVERAL: Final = "*"


@dataclass(frozen=True, slots=True)
class Day:
    """How many lines each source wrote in each hour, and which attacks were among them.

    Args:
        lines: source → hour → lines.
        attacks: source → hour → attack → lines.
    """

    lines: dict[str, Counter[int]]
    attacks: dict[str, dict[int, Counter[str]]]

    def marks(self, source: str, hour: int) -> list[str]:
        """Return the letters of the attacks that a source wrote down in an hour."""
        return sorted(LETTERS[name] for name in self.attacks[source].get(hour, ()))

    def seen(self) -> Counter[str]:
        """Return how many lines each attack has on this day."""
        return sum((found for hours in self.attacks.values() for found in hours.values()), Counter[str]())


def day_of(lines: Iterable[CompanyLine]) -> Day:
    """Count the lines of a day."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    attacks: dict[str, dict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for item in lines:
        hour = int(item.time // 3_600) % 24
        counts[item.format][hour] += 1
        if item.label != "benign":
            attacks[item.format][hour][item.scenario] += 1
    return Day(dict(sorted(counts.items())), attacks)


def as_text(day: Day) -> str:
    """Draw a day in text: a row a source, a bar and perhaps a letter an hour, and what the letters mean."""
    rows = [f"{'source':<10} {''.join(f'{hour:02d} ' for hour in _HOURS)}  lines"]
    for source, hours in day.lines.items():
        most = max(hours.values())
        cells = "".join(_cell(hours[hour], most, day.marks(source, hour)) for hour in _HOURS)
        rows.append(f"{source:<10} {cells} {hours.total():6d}")
    rows.append("")
    rows += [f"{LETTERS[name]} {name}: {count} lines" for name, count in _by_letter(day)]
    rows.append(f"{_SEVERAL} several attacks in one hour; a bar is as high as the hour's share of the busiest one")
    return "\n".join(rows)


def _by_letter(day: Day) -> list[tuple[str, int]]:
    return sorted(day.seen().items(), key=lambda found: LETTERS[found[0]])


def _cell(count: int, most: int, marks: list[str]) -> str:
    bar = _BARS[-(-count * (len(_BARS) - 1) // most)]
    return f"{bar}{marks[0] if len(marks) == 1 else _SEVERAL if marks else ' '} "


def as_figure(day: Day) -> Figure:
    """Draw a day with matplotlib: a small panel a source, bars an hour, letters above the hours with attacks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.8 * len(day.lines) + 1.2), layout="constrained")
    panels = figure.subplots(len(day.lines), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (source, hours) in zip(panels, day.lines.items(), strict=True):
        panel.bar(list(_HOURS), [hours[hour] for hour in _HOURS], color="0.75", edgecolor="0.3", width=0.9)
        panel.set_ylabel(source, rotation=0, ha="right", va="center")
        panel.margins(y=0.45)
        for hour in _HOURS:
            if marks := day.marks(source, hour):
                panel.annotate("".join(marks), (hour, hours[hour]), ha="center", va="bottom", fontsize=7, weight="bold")
    panels[-1].set_xticks(list(_HOURS))
    panels[-1].set_xlabel("hour (UTC)")
    legend = ", ".join(f"{LETTERS[name]} {name}" for name, _ in _by_letter(day))
    figure.suptitle(f"Lines an hour and source; letters mark attacks: {legend or 'none'}", fontsize=8, wrap=True)
    return figure
