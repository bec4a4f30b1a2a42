"""What an anonymizer lets through, and what it destroys, beside its peers: the judge of ``logdojo.anonymize``.

    python -m tests.bench.leaks [--misses] [--no-peers]

Every figure is a percentage. *Leak*: a sensitive value that still stands in the output. ``ALL`` counts values,
``macro`` is the mean over sources, ``clean`` the share of events without any leak (that alone is better the higher).
*Loss*: a value of use that stands in the output no more. The truth and the split are in ``leaks_data``; rules are
written looking at the tuned part (``--misses`` lists what it lets through, never the other), the reported part is the
one that counts. Each line is anonymized alone; ``logdojo, stream`` lets lines of a source tell names to those behind
them, as ``Anonymizer.lines`` does. Peers run on an evenly spaced sample of the reported part, in an environment of
their own.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.bench import leaks_peers as peers
from tests.bench.leaks_data import CLASSES, KINDS, Event, load, stands

from logdojo.anonymize import Anonymizer

DATA: Final = Path(os.environ.get("LOGDOJO_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
SAMPLE: Final = 300
GOALS: Final = {"ip": 0.0, "mac": 0.0, "email": 0.0, "user": 5.0, "host": 2.0, "account": 3.0, "ALL": 2.0}
CLEAN_GOAL: Final = 98.0
LOSS_GOALS: Final = {"time": 0.1, "LOSS": 1.0}
Redact = Callable[[Sequence[Event]], Iterable[str]]
_KEY: Final = b"a key of the benchmark, 32 bytes"
_MISSES: Final = 200
_BASELINE: Final = [
    (re.compile(pattern), word)
    for pattern, word in [
        (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "[ip]"),
        (r"(?<![\w:])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:)*:[0-9A-Fa-f:.]+)", "[ip]"),
        (r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b", "[mac]"),
        (r"[\w.+-]+@[\w-]+\.[\w.-]+", "[email]"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "[key]"),
        (r"\b\d{12}\b", "[account]"),
        (r"(?i)(password|token|secret)=\S+", r"\1=[secret]"),
        (r"(?i)\buser[ =](\w+)", "user [user]"),
    ]
]


class Tally:
    """Counts of known and leaked, of useful and lost values."""

    def __init__(self) -> None:
        self.known: Counter[str] = Counter()
        self.leaked: Counter[str] = Counter()
        self.useful: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.events = self.clean = 0
        self.misses: list[tuple[str, str, str, str]] = []
        self._sources: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, event: Event, output: str) -> None:
        """Count one event."""
        leaks = [(kind, value) for kind, value in event.sensitive if stands(value, output)]
        losses = [(kind, value) for kind, value in event.useful if not stands(value, output)]
        self.known.update(kind for kind, _ in event.sensitive)
        self.leaked.update(kind for kind, _ in leaks)
        self.useful.update(kind for kind, _ in event.useful)
        self.lost.update(kind for kind, _ in losses)
        self.events += 1
        self.clean += not leaks
        self._sources[event.source] += [pair in leaks for pair in event.sensitive]
        for what, pairs in (("leak", leaks), ("loss", losses)):
            self.misses += [(what, kind, value, f"{event.source}: {event.line}") for kind, value in pairs]

    def figures(self) -> dict[str, float]:
        """Return percentages: leaks by class, ``ALL``, ``macro``, ``clean``, losses by kind, ``LOSS``."""
        found = {kind: _percent(self.leaked[kind], self.known[kind]) for kind in CLASSES}
        found["ALL"] = _percent(self.leaked.total(), self.known.total())
        found["macro"] = sum(_percent(sum(each), len(each)) for each in self._sources.values()) / len(self._sources)
        found["clean"] = _percent(self.clean, self.events)
        found |= {kind: _percent(self.lost[kind], self.useful[kind]) for kind in KINDS}
        found["LOSS"] = _percent(self.lost.total(), self.useful.total())
        return found


def judge(events: Sequence[Event], redact: Redact) -> Tally:
    """Count what an anonymizer does to events."""
    tally = Tally()
    for event, output in zip(events, redact(events), strict=True):
        tally.add(event, output)
    return tally


def alone(events: Sequence[Event]) -> Iterable[str]:
    """Anonymize each line by itself."""
    return map(Anonymizer(_KEY).line, [event.line for event in events])


def streamed(events: Sequence[Event]) -> Iterable[str]:
    """Anonymize the lines of each source as one stream."""
    anonymizer, by_source = Anonymizer(_KEY), defaultdict(list)
    for place, event in enumerate(events):
        by_source[event.source].append(place)
    outputs = [""] * len(events)
    for places in by_source.values():
        for place, output in zip(places, anonymizer.lines(events[at].line for at in places), strict=True):
            outputs[place] = output
    return outputs


def untouched(events: Sequence[Event]) -> Iterable[str]:
    """Return the lines as they are."""
    return [event.line for event in events]


def baseline(events: Sequence[Event]) -> Iterable[str]:
    """Replace what eight patterns find: what a team writes in an afternoon."""
    for event in events:
        line = event.line
        for pattern, word in _BASELINE:
            line = pattern.sub(word, line)
        yield line


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _print_table(title: str, events: Sequence[Event], rows: dict[str, Redact]) -> None:
    sources = len({event.source for event in events})
    print(f"\n{title}: {len(events):,} events of {sources} sources")
    columns = (*CLASSES, "ALL", "macro", "clean", *KINDS, "LOSS")
    print(f"{'percent':<24}" + "".join(f"{name:>9}" for name in columns))
    for name, redact in rows.items():
        tally = judge(events, redact)
        if name == next(iter(rows)):
            counts = {**tally.known, **tally.useful, "ALL": tally.known.total(), "LOSS": tally.useful.total()}
            counts |= {"clean": tally.events, "macro": sources}
            print(f"{'n':<24}" + "".join(f"{counts.get(column, 0):>9,}" for column in columns))
        figures = tally.figures()
        print(f"{name:<24}" + "".join(f"{figures[column]:>9.2f}" for column in columns), flush=True)


def _print_misses(events: Sequence[Event]) -> None:
    """Print what leaks and what is lost in the tuned part, without repeats."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for what, kind, value, line in judge(events, alone).misses:
        source = line.partition(": ")[0]
        seen[what, kind, value, source] += 1
        if seen[what, kind, value, source] == 1:
            at = max(0, line.find(value) - _MISSES)
            print(f"{what} {kind} {value!r}\n    {source}: …{line[at : at + 2 * _MISSES]}")


def main() -> None:
    """Print the tables of both parts, or what the tuned part lets through."""
    if not (DATA / "panther").is_dir():
        print("not measured: the real logs are not here (set LOGDOJO_DATA)")
        return
    events = load(DATA)
    tuned, reported = ([event for event in events if event.part == part] for part in ("tuned", "reported"))
    if "--misses" in sys.argv:
        _print_misses(tuned)
        return
    ours: dict[str, Redact] = {"logdojo": alone, "logdojo, stream": streamed}
    floor: dict[str, Redact] = {"eight patterns": baseline, "untouched": untouched}
    _print_table("tuned part (the rules were written looking at it)", tuned, ours)
    _print_table("reported part", reported, {**ours, **floor})
    print(f"goals: {GOALS}, clean >= {CLEAN_GOAL}, loss {LOSS_GOALS}")
    if "--no-peers" in sys.argv:
        return
    sample = reported[:: max(1, len(reported) // SAMPLE)]
    python, reason = peers.python()
    theirs: dict[str, Redact] = {}
    if python is None:
        print(f"\npeers not measured: {reason}")
    else:
        theirs = {name: peers.of(python, name) for name in peers.available(python)}
    _print_table("sample of the reported part", sample, {"logdojo": alone, **theirs, **floor})


if __name__ == "__main__":
    main()
