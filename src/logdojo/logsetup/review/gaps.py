"""Where a log is silent, its clock goes back, or records are missing: found in one pass, in bounded memory.

How long a silence is usual the log says itself: 99 of 100 intervals between its records are shorter than what is called
usual here. A silence that is many times longer, and longer than a minute, is worth a look; so is one that lasts until
now. Times are compared within one process for the clock, and over all of them for silence: several processes write
their records a few milliseconds out of order, and that is no fault.
"""

from __future__ import annotations

import heapq
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

MOST_GAPS: Final = 1_000
_MOST_INTERVALS: Final = 65_536
_MOST_WRITERS: Final = 4_096
_FEWEST_INTERVALS: Final = 100
_USUAL: Final = 0.99
_SHORTEST_SILENCE: Final = 60.0
_CLOCK_TOLERANCE: Final = 1.0
"""Seconds that a process's records may go back: its threads overtake each other."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that a reader of the log will ask about.

    Args:
        kind: ``silence``, ``clock`` (it went back), ``sequence`` (numbers are missing), ``dropped`` (the log says so).
        file: name of the file in which it ends.
        begin: last moment before it, in seconds since the epoch.
        end: first moment after it.
        count: missing records; 0 where nobody can tell.
        detail: more in words.
    """

    kind: str
    file: str
    begin: float
    end: float
    count: int = 0
    detail: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasted; for a clock, by how much it went back."""
        return abs(self.end - self.begin)


class Gaps:
    """Watch the records of a log go by, in the order in which they stand there."""

    def __init__(self) -> None:
        self.found: list[Gap] = []
        self.more = 0
        """Gaps that were found and not kept: beyond ``MOST_GAPS``."""
        self.latest: float | None = None
        self._silences: list[tuple[float, float, float, str]] = []
        self._intervals = array("d")
        self._stride, self._skipped = 1, 0
        self._clocks: OrderedDict[object, float] = OrderedDict()
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def see(self, moment: float, process: object, file: str) -> None:
        """Take the time of one more record.

        Args:
            moment: in seconds since the epoch.
            process: who wrote it, as far as the record says.
            file: name of the file it stands in.
        """
        before = self._clocks.get(process)
        if before is not None and moment < before - _CLOCK_TOLERANCE:
            self._keep(Gap("clock", file, before, moment, detail=f"process {process}"))
        _remember(self._clocks, process, moment)
        if self.latest is None:
            self.latest = moment
            return
        interval = max(0.0, moment - self.latest)
        self._sample(interval)
        if interval > 0:
            self._keep_silence(interval, self.latest, moment, file)
            self.latest = moment

    def see_link(self, link: str, moment: float, file: str) -> None:
        """Take the chain field of one more record: ``<writer>.<number>.<digest>``."""
        writer, _, rest = link.partition(".")
        number = rest.partition(".")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            return
        here, before = int(number), self._numbers.get(writer)
        if before is not None and here != before + 1:
            missing = here - before - 1
            detail = f"writer {writer}: {here} follows {before}"
            self._keep(Gap("sequence", file, moment, moment, max(0, missing), detail))
        _remember(self._numbers, writer, here)

    def see_dropped(self, count: int, begin: float, end: float, file: str, reason: str) -> None:
        """Take a record by which the log itself tells of records that could not be written."""
        self._keep(Gap("dropped", file, begin, end, count, reason))

    def usual(self) -> float | None:
        """Return the interval that 99 of 100 do not exceed, in seconds; None with too few records to tell."""
        if len(self._intervals) < _FEWEST_INTERVALS:
            return None
        return sorted(self._intervals)[int(len(self._intervals) * _USUAL)]

    def all(self, *, times: float, seconds: float | None = None, now: float | None = None, file: str = "") -> list[Gap]:
        """Return all gaps, in the order of time.

        Args:
            times: how many times the usual interval a silence must last.
            seconds: how long it must last instead.
            now: when the log is looked at, for a silence that lasts until then.
            file: name of the live file.
        """
        usual = self.usual()
        least = seconds if seconds is not None else max(_SHORTEST_SILENCE, usual * times) if usual is not None else None
        silences = []
        if least is not None:
            silences = [
                Gap("silence", name, begin, end) for _, begin, end, name in self._silences if end - begin > least
            ]
            if now is not None and self.latest is not None and now - self.latest > least:
                silences.append(Gap("silence", file, self.latest, now, detail="until now"))
        return sorted([*self.found, *silences], key=lambda gap: (gap.end, gap.begin))

    def _keep(self, gap: Gap) -> None:
        if len(self.found) < MOST_GAPS:
            self.found.append(gap)
        else:
            self.more += 1

    def _keep_silence(self, interval: float, begin: float, end: float, file: str) -> None:
        if len(self._silences) < MOST_GAPS:
            heapq.heappush(self._silences, (interval, begin, end, file))
        elif interval > self._silences[0][0]:
            heapq.heapreplace(self._silences, (interval, begin, end, file))

    def _sample(self, interval: float) -> None:
        """Keep every so many intervals, evenly over the whole log."""
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self._intervals.append(interval)
        if len(self._intervals) >= _MOST_INTERVALS:
            self._intervals = self._intervals[::2]
            self._stride *= 2


def _remember(table: OrderedDict[Any, Any], key: object, value: float) -> None:
    """Write down the last value of a process or writer; forget the one that was silent longest when there are many."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > _MOST_WRITERS:
        table.popitem(last=False)
