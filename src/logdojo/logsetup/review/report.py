"""The regular review of a log: who may read it, where it is silent, who changed what, how much there is of what.

One pass over all files, the oldest first, whatever form they are kept in; memory stays bounded, however large the log
is or whatever it holds. A line that cannot be read is counted, and costs nothing else. The review does not prove that
nothing was changed: that is what seals and ``logdojo logs verify`` are for.
"""

from __future__ import annotations

import json
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from logdojo.errors import InputError, LogdojoError
from logdojo.logsetup.files.archives import Decrypt, Segment, segments
from logdojo.logsetup.retention.disposals import Removal, disposals
from logdojo.logsetup.retention.holds import Hold, active_holds
from logdojo.logsetup.review.access import WISHED, Access, access_of
from logdojo.logsetup.review.gaps import Gap, Gaps

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes; a longer line counts as damaged."""
MOST_ROWS: Final = 2_000
"""Rows of the table of audit events, and of the table of volumes; what comes beyond is counted in one row."""
MOST_PLACES: Final = 20
_MOST_NAMED: Final = 5
_LONGEST_NAME: Final = 120
OTHERS: Final = "(others)"
UNKNOWN: Final = "(unknown)"


@dataclass(slots=True)
class AuditRow:
    """What one actor did of one action.

    Args:
        actor: who; ``UNKNOWN`` where the events do not say.
        action: what.
        succeeded: how many ended well.
        failed: how many failed.
        unclear: how many of them nobody knows the outcome of.
        first: moment of the first, in seconds since the epoch.
        last: moment of the last.
        targets: what it was done to, the first few.
        fields: which fields were changed, the first few.
    """

    actor: str
    action: str
    succeeded: int = 0
    failed: int = 0
    unclear: int = 0
    first: float = 0.0
    last: float = 0.0
    targets: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Review:
    """What a review has found.

    Args:
        log: path of the live file.
        access: who may do what with the log's files and folder.
        holds: legal holds in force.
        disposals: archives that were removed on purpose.
        files: how many files were read.
        records: how many records they hold.
        damaged: how many lines are no record, or a record without a time.
        damaged_at: where the first of them stand.
        unreadable: files that could not be read to their end, and why.
        first: moment of the earliest record, in seconds since the epoch; None without records.
        last: moment of the latest record.
        usual: interval that 99 of 100 do not exceed, in seconds; None where there are too few records to tell.
        gaps: silences, clocks that went back, missing numbers and dropped records.
        more_gaps: gaps that were found and are not listed.
        audit: who did what, failures first.
        volume: day → level → number of records.
    """

    log: Path
    access: list[Access] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    disposals: list[Removal] = field(default_factory=list)
    files: int = 0
    records: int = 0
    damaged: int = 0
    damaged_at: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    first: float | None = None
    last: float | None = None
    usual: float | None = None
    gaps: list[Gap] = field(default_factory=list)
    more_gaps: int = 0
    audit: list[AuditRow] = field(default_factory=list)
    volume: dict[str, dict[str, int]] = field(default_factory=dict)

    def attention(self) -> list[str]:
        """Return what needs a person's attention, a sentence each; empty when nothing does.

        That is: rights that are looser than wished, gaps of every kind, lines and files that cannot be read, and audit
        events without an actor. Failed actions, holds and disposals are shown, and are ordinary.
        """
        told = [f"{one.path}: {finding}" for one in self.access for finding in one.findings]
        kinds = Counter(gap.kind for gap in self.gaps)
        words = {
            "silence": "silences longer than usual",
            "clock": "times a clock went back",
            "sequence": "places where numbers do not follow each other",
            "dropped": "reports of dropped records",
        }
        told += [f"{kinds[kind]} {text}" for kind, text in words.items() if kinds[kind]]
        if self.more_gaps:
            told.append(f"{self.more_gaps} more gaps that are not listed")
        if self.damaged:
            told.append(f"{self.damaged} lines that are no record")
        told += [f"{text}" for text in self.unreadable]
        unknown = sum(row.succeeded + row.failed + row.unclear for row in self.audit if row.actor == UNKNOWN)
        if unknown:
            told.append(f"{unknown} audit events that do not say who did it")
        return told


def review(
    log: Path,
    *,
    decrypt: Decrypt | None = None,
    wished: int = WISHED,
    keyfiles: Iterable[Path] = (),
    times: float = 10.0,
    seconds: float | None = None,
    now: float | None = None,
) -> Review:
    """Review a log and return what was found.

    Args:
        log: path of the live file; its archives lie beside it.
        decrypt: opens encrypted archives; without it they are told as unreadable.
        wished: the loosest mode that the log's files should have.
        keyfiles: files with keys whose rights are reviewed too.
        times: a silence of so many times the usual interval (and of a minute) is told.
        seconds: a silence of so many seconds is told instead.
        now: the moment of the review, in seconds since the epoch.

    Raises:
        InputError: there is no such log, or its folder cannot be listed.
    """
    if not segments(log):
        raise InputError(f"{log}: no such log", hint="name the live log file of an application")
    found = Review(log, access_of(log, wished=wished, keyfiles=keyfiles))
    scan = _Scan(found)
    for segment in _in_order(log):
        scan.file(segment, decrypt)
    scan.finish(times, seconds, time.time() if now is None else now)
    try:
        found.holds = active_holds(log)
        found.disposals = disposals(log)
    except InputError as error:
        found.unreadable.append(str(error))
    return found


class _Scan:
    """The pass over the records."""

    def __init__(self, found: Review) -> None:
        self.found = found
        self.gaps = Gaps()
        self.rows: dict[tuple[str, str], AuditRow] = {}
        self.volume: Counter[tuple[str, str]] = Counter()

    def file(self, segment: Segment, decrypt: Decrypt | None) -> None:
        self.found.files += 1
        number, name = 0, segment.path.name
        if not segment.path.is_file():
            # A pipe would be waited for without end.
            why = "is no ordinary file" if segment.path.exists() else "went away while it was to be read"
            self.found.unreadable.append(f"{segment.path}: {why}")
            return
        try:
            with segment.open(decrypt) as file:
                for number, line in enumerate(_lines(file), start=1):
                    if line is not None and not line.endswith(b"\n") and segment.live:
                        break  # it is being written just now
                    if line is None or not self._record(line, name):
                        if line is not None and not line.strip():
                            continue
                        self.found.damaged += 1
                        if len(self.found.damaged_at) < MOST_PLACES:
                            self.found.damaged_at.append(f"{name}, line {number}")
        except (OSError, EOFError, zlib.error, LogdojoError) as error:
            told = str(error)
            where = "" if told.startswith(str(segment.path)) else f"{segment.path}: "
            after = f" (after line {number})" if number else ""
            self.found.unreadable.append(f"{where}cannot be read{after}: {told or type(error).__name__}")

    def finish(self, times: float, seconds: float | None, now: float) -> None:
        found = self.found
        found.usual = self.gaps.usual()
        found.gaps = self.gaps.all(times=times, seconds=seconds, now=now, file=found.log.name)
        found.more_gaps = self.gaps.more
        found.audit = sorted(self.rows.values(), key=lambda row: (-row.failed, -row.unclear, row.actor, row.action))
        for (day, level), count in sorted(self.volume.items()):
            found.volume.setdefault(day, {})[level] = count

    def _record(self, line: bytes, file: str) -> bool:
        """Take one line; return False when it is no record with a time."""
        try:
            record = json.loads(line)
            day = datetime.fromisoformat(record["@timestamp"]).astimezone(UTC)
            moment = day.timestamp()
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return False
        found = self.found
        found.records += 1
        if found.first is None or found.last is None:
            found.first = found.last = moment
        found.first, found.last = min(found.first, moment), max(found.last, moment)
        self._count((day.date().isoformat(), _name(record.get("log.level"))))
        process = record.get("process.pid")
        self.gaps.see(moment, process if isinstance(process, int) else None, file)
        link = record.get("event.hash")
        if type(link) is str:
            self.gaps.see_link(link, moment, file)
        if record.get("event.action") == "log-records-dropped":
            self._dropped(record, moment, file)
        elif "audit.actor_known" in record:
            self._audit(record, moment)
        return True

    def _count(self, key: tuple[str, str]) -> None:
        if key in self.volume or len(self.volume) < MOST_ROWS:
            self.volume[key] += 1
        else:
            self.volume[OTHERS, OTHERS] += 1

    def _dropped(self, record: dict[str, Any], moment: float, file: str) -> None:
        count = record.get("labels.dropped")
        times = [_moment(record.get(name), moment) for name in ("event.start", "event.end")]
        reason = _name(record.get("labels.reason"))
        self.gaps.see_dropped(count if isinstance(count, int) else 0, times[0], times[1], file, reason)

    def _audit(self, record: dict[str, Any], moment: float) -> None:
        known = record["audit.actor_known"] is True and record.get("user.id")
        key = (_name(record["user.id"]) if known else UNKNOWN, _name(record.get("event.action")))
        row = self.rows.get(key)
        if row is None:
            # Of the actors that do not fit any more, the unknown ones are still told from the others.
            key = key if len(self.rows) < MOST_ROWS else (OTHERS if known else UNKNOWN, OTHERS)
            row = self.rows.setdefault(key, AuditRow(*key, first=moment, last=moment))
        outcome = record.get("event.outcome")
        row.succeeded += outcome == "success"
        row.failed += outcome == "failure"
        row.unclear += outcome not in ("success", "failure")
        row.first, row.last = min(row.first, moment), max(row.last, moment)
        _note(row.targets, [record.get("audit.target.id")])
        changes = record.get("audit.changes")
        if isinstance(changes, list):
            _note(row.fields, [each.get("field") for each in islice(changes, 100) if isinstance(each, dict)])


def _in_order(log: Path) -> Iterator[Segment]:
    """Yield each file of a log once, also when archives are compressed and the live file is renamed meanwhile."""
    seen: set[str] = set()
    while True:
        listed = segments(log)
        segment = next((each for each in listed if each.live or each.stamp not in seen), None)
        if segment is None:
            return
        yield segment
        if segment.live:
            return
        seen.add(segment.stamp)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line; None for one that is longer than ``LONGEST_LINE``, whose rest is skipped."""
    while line := file.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while rest := file.readline(LONGEST_LINE):
            if rest.endswith(b"\n"):
                break
        yield None


def _note(noted: list[str], values: list[object]) -> None:
    for value in values:
        name = _name(value) if value is not None else ""
        if name and name not in noted and len(noted) < _MOST_NAMED:
            noted.append(name)


def _name(value: object) -> str:
    text = value if isinstance(value, str) else UNKNOWN if value is None else json.dumps(value)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _moment(value: object, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return otherwise
