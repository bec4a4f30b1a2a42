"""Times: ISO 8601 to UTC, and the year that RFC 3164 does not write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.parse.clock import date_of_bsd, utc_of_bsd, utc_of_iso

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc", "zoned"),
    [
        ("2023-11-14T00:20:42.738197+01:00", "2023-11-13T23:20:42.738197Z", True),
        ("2023-11-14T00:20:42Z", "2023-11-14T00:20:42Z", True),
        ("2024-11-25 17:51:21.000000000", "2024-11-25T17:51:21Z", False),
    ],
)
def test_iso_times_become_utc(text: str, utc: str, zoned: bool):
    """A written zone is applied; without one the clock is taken for UTC, and the second value says so."""
    assert utc_of_iso(text) == (utc, zoned)


@pytest.mark.parametrize("text", ["", "2023-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "noon"])
def test_what_is_no_time_is_named(text: str):
    """An impossible time is an error that repeats it."""
    with pytest.raises(ValueError, match="is not a time"):
        utc_of_iso(text)


@pytest.mark.parametrize(
    ("month", "day", "year"),
    [(3, 1, 2026), (3, 2, 2026), (3, 3, 2025), (12, 31, 2025), (2, 29, 2024)],
)
def test_year_is_the_latest_that_is_not_ahead(month: int, day: int, year: int):
    """A line lies in the past, up to a day of zone; 29 February lies in a leap year."""
    assert utc_of_bsd(month, day, "10:00:00", now=NOW) == f"{year}-{month:02d}-{day:02d}T10:00:00Z"


@given(st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=363), NOW.replace(tzinfo=None)))
def test_times_of_the_last_year_come_back_whole(moment: datetime):
    """Any time of the last 363 days is found again from month, day and clock."""
    text = utc_of_bsd(moment.month, moment.day, moment.strftime("%H:%M:%S"), now=NOW)
    assert text == moment.replace(microsecond=0).isoformat() + "Z"


@pytest.mark.parametrize("text", ["Feb  9", "Feb 9 ", "Dec 31", "Feb 29", "Mar  2"])
def test_a_date_read_once_is_the_date_read_each_time(text: str):
    """The date that lines of a day share is the date of the time that each of them would have."""
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec").index(text[:3]) + 1
    assert date_of_bsd(text, NOW) == utc_of_bsd(month, int(text[3:]), "00:00:00", now=NOW)[:11]


@pytest.mark.parametrize("text", ["Foo  9", "Feb 30", "Feb  0"])
def test_what_is_no_date_is_refused(text: str):
    """A month or day that cannot be is named."""
    with pytest.raises(ValueError, match="not a"):
        date_of_bsd(text, NOW)
