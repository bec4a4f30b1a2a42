"""What becomes of old archives: removed by age, size and number, never while something speaks against it.

Kept, whatever the rule says, is
    the live file,
    an archive that may hold records of a period under legal hold (see ``holds``),
    one that has not been shipped yet to whoever ships this log,
    one to which a process still holds its lock, since it may yet write a last line there.

Every removal is written down first, durably, in ``app.jsonl.disposals``: so a missing archive can be told from a stolen
one. A limit that cannot be met because of what is kept stays exceeded; ``plan`` says so.

Removing frees the name, not the data: blocks stay on the disk until they are used again. Overwriting them first does
not help on flash memory, on journaling and copy-on-write file systems, on snapshots and in backups. What helps is to
have the archives encrypted and, when their time is over, to destroy the key (crypto-shredding): it takes every copy
with it, also those that nobody remembers.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from logdojo.errors import InputError, LogdojoError, UsageError
from logdojo.logsetup.files.archives import Segment, left_over, moment_of, segments, stamp_of
from logdojo.logsetup.files.disk import sync_folder
from logdojo.logsetup.files.locks import alone
from logdojo.logsetup.retention.disposals import Removal, disposals, measure, write_down
from logdojo.logsetup.retention.holds import Hold, active_holds
from logdojo.logsetup.retention.journal import acting_user, deciding, read_moment, utc

_MARGIN: Final = timedelta(minutes=5)
"""How far the records of an archive may lie outside the time that its name tells: threads and clocks differ."""
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; what is None has no limit.

    Args:
        max_age: archives that were closed longer ago go.
        max_bytes: total size of the log, live file and archives as they lie on the disk; the oldest go first.
        max_files: number of archives; the oldest go first.
        holds: holds besides those in the log's own file of holds.

    Raises:
        UsageError: a limit is below zero.
    """

    max_age: timedelta | None = None
    max_bytes: int | None = None
    max_files: int | None = None
    holds: tuple[Hold, ...] = ()

    def __post_init__(self) -> None:
        for name, limit, zero in (
            ("max_age", self.max_age, timedelta(0)),
            ("max_bytes", self.max_bytes, 0),
            ("max_files", self.max_files, 0),
        ):
            if limit is not None and limit < zero:  # type: ignore[operator]  # each limit with a zero of its own kind
                raise UsageError(f"{name}: {limit} is below zero", hint="give a limit of zero or more")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule says about one archive.

    Args:
        segment: the archive.
        size: bytes on the disk.
        rules: which limits are exceeded with it; empty when it may stay.
        kept: what speaks against its removal; empty when nothing does, or nobody wants it removed.
    """

    segment: Segment
    size: int
    rules: tuple[str, ...] = ()
    kept: str = ""

    @property
    def remove(self) -> bool:
        """Whether it is to be removed."""
        return bool(self.rules) and not self.kept


Shipped = Callable[[Segment], bool]
"""Whether all that waits for an archive has got it, as ``shipping.cursor.passed_by_all`` tells."""


Note = Callable[[Path, str], object]
"""Is told of an archive that is about to go and why, while its lock is held; ``integrity.Sealer.removed`` is one."""


def plan(log: Path, rule: Retention, *, now: datetime | None = None, shipped: Shipped | None = None) -> list[Decision]:
    """Return what the rule says about each archive, the oldest first; nothing is changed.

    Args:
        log: path of the live file; it need not exist.
        rule: the limits.
        now: from when ages are counted; without a time zone taken as UTC.
        shipped: whether an archive may go as far as shipping is concerned; None when the log is not shipped.

    Raises:
        InputError: the file of holds cannot be read.
    """
    moment = utc(now)
    holds = [*active_holds(log), *rule.holds]
    found = [segment for segment in segments(log) if not segment.live]
    forms = _forms(log)
    sizes = {segment.stamp: sum(map(_size, forms[segment.stamp])) for segment in found}
    total, files = _size(log) + sum(sizes.values()), len(found)
    stamps = sorted({*sizes, *(removal.stamp for removal in disposals(log))})
    before = dict(zip(stamps[1:], stamps, strict=False))
    decided = []
    for segment in found:
        size, closed = sizes[segment.stamp], _moment(segment.stamp)
        rules = []
        if rule.max_age is not None and closed is not None and moment - closed > rule.max_age:
            rules.append(f"older than {rule.max_age}")
        if rule.max_bytes is not None and total > rule.max_bytes:
            rules.append(f"more than {rule.max_bytes} bytes in all")
        if rule.max_files is not None and files > rule.max_files:
            rules.append(f"more than {rule.max_files} archives")
        kept = _protection(segment, before.get(segment.stamp, ""), holds, shipped) if rules else ""
        decision = Decision(segment, size, tuple(rules), kept)
        if decision.remove:
            total, files = total - size, files - 1
        decided.append(decision)
    return decided


def apply(
    log: Path,
    rule: Retention,
    *,
    now: datetime | None = None,
    shipped: Shipped | None = None,
    note: Note | None = None,
    who: str = "",
) -> list[Removal]:
    """Remove what the rule and nothing else decides about, the oldest first, and return what is gone.

    Done once more at once, it removes nothing more. Two processes that do it side by side wait for each other.

    Args:
        log: path of the live file.
        rule: the limits.
        now: from when ages are counted; also the moment that is written down.
        shipped: whether an archive may go as far as shipping is concerned; None when the log is not shipped.
        note: told before each removal, for a log whose seals would miss the archive; when it raises, nothing goes.
        who: who is written down; the user of this process when not given.

    Raises:
        InputError: the file of holds cannot be read, or a removal cannot be written down; what was not written down is
            still there.
    """
    if not log.parent.is_dir():
        return []
    with deciding(log):
        removed = [
            _remove(log, decision, utc(now), who or acting_user(), note)
            for decision in plan(log, rule, now=now, shipped=shipped)
            if decision.remove
        ]
    return [removal for removal in removed if removal is not None]


def _protection(segment: Segment, before: str, holds: list[Hold], shipped: Shipped | None) -> str:
    """Return why an archive must stay; empty when it may go."""
    if not _is_plain_file(segment.path):
        return "is no ordinary file"
    closed = _moment(segment.stamp)
    if closed is None:
        return "its name holds no moment"
    begin, end = _period(segment, closed, before)
    held = [hold.id for hold in holds if hold.covers(begin, end)]
    if held:
        return f"under hold {', '.join(held)}"
    if shipped is not None:
        try:
            if not shipped(segment):
                return "not shipped yet"
        # An encrypted archive without its key, for one: what cannot be told is taken as not shipped.
        except LogdojoError as error:
            return f"may not be shipped yet: {error}"
    with alone(segment.path) as fd:
        return "" if fd is not None else "a process may still write to it"


def _moment(stamp: str) -> datetime | None:
    """Return the moment that a stamp names; None for thirteen months and sixty hours, which a name may have too."""
    try:
        return moment_of(stamp)
    except ValueError:
        return None


def _period(segment: Segment, closed: datetime, before: str) -> tuple[datetime, datetime]:
    """Return the earliest and the latest moment from which the archive may hold a record."""
    # A first record younger than the file's end was written by a clock that says nothing about the others.
    began = [moment for moment in (_moment(before), _first_moment(segment)) if moment is not None and moment <= closed]
    end = closed
    if not (segment.compressed or segment.encrypted):
        # Another program may have written on after the rotation. Compressing makes a new file, whose time says nothing.
        with contextlib.suppress(OSError):
            end = max(closed, datetime.fromtimestamp(segment.path.stat().st_mtime, UTC))
    begin = max(min(began, default=_FIRST), _FIRST + _MARGIN) - _MARGIN
    return begin, min(end, _LAST - _MARGIN) + _MARGIN


def _first_moment(segment: Segment) -> datetime | None:
    """Return the time of the first record; None when it cannot be read, as in an encrypted archive."""
    if segment.encrypted:
        return None
    try:
        with segment.open() as file:
            for line in file:
                if line.strip():
                    return read_moment(json.loads(line).get("@timestamp"))
    except (InputError, OSError, EOFError, zlib.error, ValueError, AttributeError, RecursionError):
        pass
    return None


def _remove(log: Path, decision: Decision, now: datetime, who: str, note: Note | None) -> Removal | None:
    segment = decision.segment
    forms = _forms(log).get(segment.stamp, [])
    if segment.path not in forms:
        # Compressed or encrypted since the plan was made: the next round sees its new form.
        return None
    with ExitStack() as locks:
        if any(locks.enter_context(alone(form)) is None for form in forms):
            return None
        sha256, records = measure(segment)
        rule = "; ".join(decision.rules)
        removal = Removal(now, who, rule, segment.path.name, segment.stamp, decision.size, sha256, records)
        if note is not None:
            note(segment.path, rule)
        write_down(log, removal)
        if os.name == "nt":
            locks.close()  # an open file cannot be removed there
        # The older form first: it must not come to light again when the newer one is gone.
        for form in forms:
            try:
                form.unlink(missing_ok=True)
            except OSError as error:
                raise InputError(
                    f"{form}: cannot be removed ({error.strerror or error})", hint="see to the rights of its folder"
                ) from error
    sync_folder(log.parent)
    return removal


def _forms(log: Path) -> dict[str, list[Path]]:
    """Return the files of each archive: the one that is read, and before it older forms that were left over."""
    forms: dict[str, list[Path]] = {}
    for path in _oldest_form_first(log):
        forms.setdefault(stamp_of(log, path), []).append(path)
    return forms


def _oldest_form_first(log: Path) -> Iterator[Path]:
    yield from sorted(left_over(log), key=lambda path: len(path.name))
    yield from (segment.path for segment in segments(log) if not segment.live)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
