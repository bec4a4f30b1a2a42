"""Timestamps cut by hand: ISO 8601, and the one of RFC 3164 that has neither year nor zone."""

from __future__ import annotations

import time
from calendar import isleap
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MONTHS: Final = MappingProxyType(
    {
        name: number
        for number, name in enumerate(
            ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
        )
    }
)
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_AHEAD: Final = timedelta(days=1)


def utc_of_iso(text: str) -> tuple[str, bool]:
    """Return an ISO 8601 time in UTC, and whether its zone was written.

    Without a zone the clock is taken for UTC.

    Raises:
        ValueError: it is no time; the message says so.
    """
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment.tzinfo is not None
        moment = moment.astimezone(UTC) if zoned else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"timestamp {text!r} is not a time") from None
    return _written(moment), zoned


def utc_of_bsd(month: int, day: int, clock: str, *, now: datetime | None = None) -> str:
    """Return the time of an RFC 3164 header as if its zone were UTC, in the year that fits best.

    That is the latest year in which it does not lie more than a day ahead of ``now``: logs tell of the past, and a day
    covers any zone.

    Args:
        month: 1 to 12.
        day: 1 to 31.
        clock: ``HH:MM:SS``, with or without a fraction.
        now: the reference, in UTC; the present time if not given.

    Raises:
        ValueError: it is no time; the message says so.
    """
    if not (1 <= day <= _DAYS[month - 1] and clock[:2] < "24" and clock[3:5] < "60" and clock[6:8] < "61"):
        raise ValueError(f"timestamp month {month}, day {day}, {clock} is not a time")
    year, *newest = _newest_day(int(time.time() if now is None else now.timestamp()) // 3_600)
    if [month, day] > newest:
        year -= 1
    while (month, day) == (2, 29) and not isleap(year):
        year -= 1
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}Z"


def date_of_bsd(text: str, now: datetime | None) -> str:
    """Return the date of an RFC 3164 header, up to and with its ``T``, in the year that fits best.

    Args:
        text: month and day, as in ``Oct  1``, with or without blanks after it.
        now: tells the year; the present time if not given.

    Raises:
        ValueError: there is no such day; the message says so.
    """
    return _date_of_bsd(text, int(time.time() if now is None else now.timestamp()) // 3_600)


# A day's lines begin alike, so that a date is read once and then looked up.
@lru_cache(maxsize=1_024)
def _date_of_bsd(text: str, hour: int) -> str:
    month = MONTHS.get(text[:3])
    if month is None:
        raise ValueError(f"broken syslog header: {text[:3]!r} is not a month")
    return utc_of_bsd(month, int(text[3:]), "00:00:00", now=datetime.fromtimestamp(hour * 3_600, UTC))[:11]


@lru_cache(maxsize=16)
def _newest_day(hour: int) -> tuple[int, int, int]:
    """Return year, month and day of the latest time that a log line may have, a day after an hour since 1970."""
    newest = datetime.fromtimestamp(hour * 3_600, UTC) + _AHEAD
    return newest.year, newest.month, newest.day


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
