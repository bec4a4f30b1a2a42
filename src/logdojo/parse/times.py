"""Any way in which logs write a time → UTC in ISO 8601, with a note of what had to be assumed.

    2025-10-11T22:14:15.003+02:00    2025/10/11 22:14:15,003    1760220855.003    11/Oct/2025:22:14:15 +0200
    Oct 11 22:14:15 2025             Sat Oct 11 22:14:15.003 2025    11-Oct-2025 22:14:15.003    10/11/2025 10:14:15 PM

The shape decides, by the first characters; nothing is tried in turn, and no format string is interpreted.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from logdojo.parse.clock import MONTHS, utc_of_bsd

_EARLIEST: Final = 1e8
_CLOCK: Final = r"(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{1,9}))?)?(?: ?(?P<half>[AaPp]\.?[Mm]\.?))?"
_ZONE: Final = r"(?:\s?\(?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d(?::?00)?|[A-Z]{2,5})\)?)?"
_YEAR_FIRST: Final = re.compile(
    rf"(?P<Y>\d{{4}})[-/.](?P<M>\d{{1,2}})[-/.](?P<D>\d{{1,2}})(?:[T_,]| - | {{1,2}}|-){_CLOCK}{_ZONE}", re.ASCII
)
_DAY_FIRST: Final = re.compile(
    rf"(?:[A-Z][a-z]{{2}},? )?(?P<D>\d{{1,2}})[-/ ](?P<N>[A-Za-z]{{3}})[a-z]{{0,6}}[-/ ,](?P<Y>\d{{4}}|\d\d)"
    rf"[: ,T-]{{1,2}}{_CLOCK}{_ZONE}",
    re.ASCII,
)
_MONTH_FIRST: Final = re.compile(
    rf"(?:[A-Z][a-z]{{2}},? {{1,2}})?(?P<N>[A-Z][a-z]{{2}})[a-z]{{0,6}} {{1,2}}(?P<D>\d{{1,2}})"
    rf"(?:,? (?P<Y>\d{{4}}))?,? {_CLOCK}(?: (?!\d){_ZONE[3:-2]})?(?: (?P<Y2>\d{{4}}))?",
    re.ASCII,
)
_NUMBERS: Final = re.compile(
    rf"(?P<A>\d{{1,2}})[/.](?P<B>\d{{1,2}})(?:[/.](?P<Y>\d{{4}}|\d\d))?[-, T]{{1,2}}{_CLOCK}{_ZONE}", re.ASCII
)
_ZONES: Final = MappingProxyType(
    {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2}
    | {"WET": 0, "WEST": 1, "EET": 2, "EEST": 3, "BST": 1, "JST": 9, "AEST": 10, "AEDT": 11, "MSK": 3}
)


class Moment(NamedTuple):
    """A time as it was read.

    Args:
        utc: ISO 8601 with ``Z``.
        zoned: whether the zone was written; without one the clock is taken for UTC.
        year_inferred: whether the year was not written.
    """

    utc: str
    zoned: bool = True
    year_inferred: bool = False


def utc_of(value: object, *, now: datetime | None = None) -> Moment:
    """Read a time.

    Args:
        value: text in any of the shapes above, or seconds, milli-, micro- or nanoseconds since 1970.
        now: tells the year where none is written, in UTC; the present time if not given.

    Raises:
        ValueError: it is no time; the message says so.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _of_epoch(float(value), str(value))
    text = str(value)
    if len(text) > 64:
        raise ValueError(f"timestamp {text[:64]!r}… is not a time")
    if text[4:5] == "-":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            zoned = moment.tzinfo is not None
            return Moment(_written(moment.astimezone(UTC) if zoned else moment), zoned=zoned)
    text = text.strip("[]\"' ")
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return _of_epoch(float(text), text)
    return _of_text(text, now)


def _of_epoch(number: float, text: str) -> Moment:
    for unit in (1.0, 1e3, 1e6, 1e9):
        if _EARLIEST <= number / unit < 1e10:
            digits = text.partition(".")[2] if unit == 1.0 and "." in text and "e" not in text else ""
            if unit == 1.0:
                whole = datetime.fromtimestamp(int(number), UTC).replace(tzinfo=None).isoformat()
                return Moment(f"{whole}.{digits[:9]}Z" if digits.strip("0") else f"{whole}Z")
            moment = datetime.fromtimestamp(int(number // unit), UTC)
            fraction = round(number % unit / unit * 1e6)
            return Moment(_written(moment.replace(tzinfo=None) + timedelta(microseconds=fraction)))
    raise ValueError(f"timestamp {text!r} is not a time since 1970")


def _of_text(text: str, now: datetime | None) -> Moment:
    if text[:4].isdecimal():
        found = _YEAR_FIRST.match(text)
    elif text[:1].isdecimal():
        found = (
            _NUMBERS if text[1:3].strip("0123456789")[:1] in {"/", "."} and _no_letters(text) else _DAY_FIRST
        ).match(text)
    elif text[3:4] == "," or (text[4:5].isdecimal() and not text[3:4].isdecimal() and text[:3] not in MONTHS):
        found = _DAY_FIRST.match(text)
    else:
        found = _MONTH_FIRST.match(text)
    if found is None:
        raise ValueError(f"timestamp {text!r} is not a time")
    parts = found.groupdict()
    try:
        return _moment(parts, now)
    except (ValueError, OverflowError, KeyError):
        raise ValueError(f"timestamp {text!r} is not a time") from None


def _moment(parts: dict[str, str | None], now: datetime | None) -> Moment:
    month, day = _month_and_day(parts)
    hour = int(parts["h"] or 0)
    if half := parts.get("half"):
        hour = hour % 12 + 12 * (half[0] in "pP")
    clock = f"{hour:02d}:{parts['m']}:{parts['s'] or '00'}"
    fraction = parts["f"]
    year = parts.get("Y") or parts.get("Y2")
    offset = _offset(parts.get("zone"))
    if year is None:
        dated = utc_of_bsd(month, day, clock, now=now)
        moment = datetime.fromisoformat(dated[:-1])
    else:
        number = int(year) + (2000 if len(year) == 2 else 0)
        moment = datetime.fromisoformat(f"{number:04d}-{month:02d}-{day:02d}T{clock}")
    if offset:
        moment -= offset
    utc = moment.isoformat() + (f".{fraction}" if fraction and fraction.strip("0") else "") + "Z"
    return Moment(utc, zoned=offset is not None, year_inferred=year is None)


def _month_and_day(parts: dict[str, str | None]) -> tuple[int, int]:
    if "A" in parts:
        first, second = int(parts["A"] or 0), int(parts["B"] or 0)
        # Of 13/02 only one reading is a date; else the American one, as Windows and Suricata write it.
        return (second, first) if first > 12 else (first, second)
    if parts.get("N"):
        return MONTHS[str(parts["N"]).capitalize()], int(parts["D"] or 0)
    return int(parts["M"] or 0), int(parts["D"] or 0)


def _offset(zone: str | None) -> timedelta | None:
    """Return how far a zone is ahead of UTC; None when it is not written, or its name could mean several."""
    if zone is None:
        return None
    if zone in {"Z", "UTC", "GMT"}:
        return timedelta(0)
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
        return ahead if zone[0] == "+" else -ahead
    hours = _ZONES.get(zone)
    return None if hours is None else timedelta(hours=hours)


def _no_letters(text: str) -> bool:
    return text[:10].upper() == text[:10].lower()


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"
