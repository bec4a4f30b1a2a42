"""Legal holds: archives that must not be removed, whatever the rules of retention say, until someone releases them.

A hold names a period, not files: it covers every archive that may contain records of that period. Holds stand in
``app.jsonl.holds``, one JSON object a line. A release is a line of its own, so that the file tells the whole history;
nothing in it is ever changed. While a line of it cannot be read, nothing is removed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.retention.journal import acting_user, append, deciding, entries, read_moment, utc, written

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold on the records of a period.

    Args:
        id: what a release names.
        reason: why, for example the number of the case.
        who: who placed it.
        since: when it was placed.
        begin: first moment of the period; None for everything before ``end``.
        end: last moment of the period; None for everything from ``begin`` on, also what is still to come.
        released: when it was released; None while it is in force.
        released_by: who released it.
    """

    id: str
    reason: str
    who: str
    since: datetime
    begin: datetime | None = None
    end: datetime | None = None
    released: datetime | None = None
    released_by: str = ""

    def covers(self, begin: datetime, end: datetime) -> bool:
        """Return whether the hold is in force and its period has a moment in common with that from begin to end."""
        return self.released is None and (self.begin or _FIRST) <= end and begin <= (self.end or _LAST)

    def entry(self) -> dict[str, object]:
        """Return the line that places the hold."""
        return {
            "id": self.id,
            "reason": self.reason,
            "who": self.who,
            "since": written(self.since),
            "from": written(self.begin),
            "to": written(self.end),
        }


def holds_file(log: Path) -> Path:
    """Return where the holds of ``log`` stand."""
    return log.with_name(f"{log.name}.holds")


def all_holds(log: Path) -> list[Hold]:
    """Return the holds on a log, released ones too, in the order in which they were placed.

    Raises:
        InputError: a line cannot be read. What it holds is then unknown, so nothing may be removed.
    """
    path = holds_file(log)
    found: dict[str, Hold] = {}
    for number, entry in entries(path):
        try:
            hold = _read(entry or {}, found)
        except (KeyError, ValueError, OverflowError) as error:
            raise InputError(
                f"{path}, line {number}: the hold cannot be read, so no archive is removed",
                hint="mend the line, or take it out when it is no hold",
            ) from error
        found[hold.id] = hold
    return list(found.values())


def active_holds(log: Path) -> list[Hold]:
    """Return the holds that are in force.

    Raises:
        InputError: a line cannot be read.
    """
    return [hold for hold in all_holds(log) if hold.released is None]


def place_hold(
    log: Path,
    *,
    reason: str,
    who: str = "",
    begin: datetime | None = None,
    end: datetime | None = None,
    now: datetime | None = None,
) -> Hold:
    """Place a hold on the records of a period and return it; it is in force when this returns.

    Args:
        log: path of the live file.
        reason: why; must not be empty.
        who: who places it; the user of this process when not given.
        begin: first moment of the period; without a time zone taken as UTC.
        end: last moment of the period.
        now: the moment to write down as its placing.

    Raises:
        UsageError: there is no reason, or the period ends before it begins.
        InputError: it could not be written down.
    """
    if not reason.strip():
        raise UsageError(
            "a hold needs a reason", hint="name the case or the order, so that somebody can release it one day"
        )
    begin, end = begin and utc(begin), end and utc(end)
    if begin and end and end < begin:
        raise UsageError(f"the hold would end ({end}) before it begins ({begin})", hint="exchange the two dates")
    with deciding(log):
        hold = Hold(f"H-{secrets.token_hex(4)}", reason, who or acting_user(), utc(now), begin, end)
        append(holds_file(log), hold.entry())
    return hold


def release_hold(log: Path, name: str, *, reason: str = "", who: str = "", now: datetime | None = None) -> Hold:
    """Release a hold and return it; the archives it held fall under the rules again.

    Raises:
        UsageError: there is no such hold in force.
        InputError: the release could not be written down, or the file has a line that cannot be read.
    """
    with deciding(log):
        held = {hold.id: hold for hold in active_holds(log)}
        if name not in held:
            raise UsageError(
                f"{holds_file(log)}: no hold {name!r} is in force",
                hint=f"in force: {', '.join(held) or 'none'}",
            )
        moment, by = utc(now), who or acting_user()
        append(holds_file(log), {"id": name, "released": written(moment), "who": by, "reason": reason})
    return replace(held[name], released=moment, released_by=by)


def _read(entry: dict[str, object], before: dict[str, Hold]) -> Hold:
    """Return the hold as it stands after a line.

    Raises:
        KeyError: something is missing: a field, or the hold that is released.
        ValueError: a moment is none.
    """
    name, who = str(entry["id"]), str(entry["who"])
    if "released" in entry:
        return replace(before[name], released=read_moment(entry["released"]), released_by=who)
    since, begin, end = (read_moment(entry[key]) for key in ("since", "from", "to"))
    return Hold(name, str(entry["reason"]), who, since or _FIRST, begin, end)
