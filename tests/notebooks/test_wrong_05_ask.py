"""Lab 05, from rows to answers: what learners really write loses points, with a reason that names the mistake."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    (
        "timeline",
        "asks for the source alone",
        "(source_ip = ? OR destination_ip = ?)",
        "(source_ip = ? AND ? IS NOT NULL)",
        "sees_both",
        "the destination of another",
    ),
    (
        "timeline",
        "forgets the parentheses",
        "(source_ip = ? OR destination_ip = ?)",
        "source_ip = ? OR destination_ip = ?",
        "shows_only",
        "sees one event",
    ),
    (
        "timeline",
        "shows everything",
        "AND list_contains(?, sensitivity)",
        "AND len(?) >= 0",
        "shows_only",
        "sees one event",
    ),
    (
        "timeline",
        "puts the address into the SQL",
        (
            '"""\n        SELECT time, source, user_name, action, outcome FROM events\n'
            "        WHERE (source_ip = ? OR destination_ip = ?)"
        ),
        (
            'f"""\n        SELECT time, source, user_name, action, outcome FROM events\n'
            "        WHERE (source_ip = '{address}' OR destination_ip = '{address}' OR ? = ?)"
        ),
        "treats",
        "parameter",
    ),
    (
        "timeline",
        "searches with LIKE",
        "(source_ip = ? OR destination_ip = ?)",
        "(source_ip LIKE ? OR destination_ip LIKE ?)",
        "treats",
        "'%'",
    ),
    ("timeline", "sorts the newest first", "ORDER BY time, id", "ORDER BY time DESC, id", "sees_both", "oldest first"),
    (
        "timeline",
        "leaves equal times to chance",
        "ORDER BY time, id",
        "ORDER BY time, id DESC",
        "sorts_equal",
        "goes by id",
    ),
    ("who_was", "believes failed sign-ins", " AND outcome = 'success'", "", "trusts", "it was ann who got in"),
    (
        "who_was",
        "believes all but failures",
        "outcome = 'success'",
        "outcome IS DISTINCT FROM 'failure'",
        "trusts",
        "it was ann who got in",
    ),
    ("who_was", "joins with everyone", "e ASOF JOIN", "e JOIN", "names_the_last", "bob before y"),
    (
        "who_was",
        "takes the next user",
        "e.time >= u.time",
        "e.time <= u.time",
        "names_the_last",
        "ann was there before x",
    ),
    ("who_was", "leaves out the same moment", "e.time >= u.time", "e.time > u.time", "forgets", "from the same moment"),
    ("who_was", "never forgets", " AND e.time - u.time <= to_hours(?)", " AND ? > 0", "forgets", "it may be anybody"),
    ("who_was", "leaves out the edge", "<= to_hours(?)", "< to_hours(?)", "forgets", "to two hours later it is ann"),
    ("who_was", "takes hours for minutes", "to_hours(?)", "to_minutes(?)", "names_the_last", "bob before y"),
    ("who_was", "names those with a name", "e.user_name IS NULL AND ", "", "names_no_one", "a user of their own"),
    ("who_was", "minds no address", "e.source_ip = u.source_ip AND ", "", "names_the_last", "z is left out"),
    (
        "date_histogram",
        "leaves silence out",
        "        pieces[start] = {}\n        start += timedelta(minutes=minutes)\n",
        "        start += timedelta(minutes=minutes)\n    pieces = {one[0]: {} for one in sorted(counts)}\n",
        "fills_the_gaps",
        "also where nothing happened",
    ),
    (
        "date_histogram",
        "begins at full hours",
        ", time, ?::TIMESTAMP)",
        ", time + to_minutes(0 * minute(?::TIMESTAMP)))",
        "counts_from",
        "begin at since",
    ),
    ("date_histogram", "counts what is at until", "time < ?", "time <= ?", "counts_from", "the one at until"),
    (
        "date_histogram",
        "counts what was before",
        "time >= ? AND",
        "time >= ? - INTERVAL 1 HOUR AND",
        "counts_from",
        "begin at since",
    ),
    (
        "date_histogram",
        "makes a piece too many",
        "while start < until",
        "while start <= until",
        "fills_the_gaps",
        "three pieces",
    ),
    (
        "date_histogram",
        "leaves the last piece out",
        "while start < until",
        "while start + timedelta(minutes=minutes) <= until",
        "counts_from",
        "09:37",
    ),
    (
        "date_histogram",
        "keeps one source",
        "pieces[start][source] = count",
        "pieces[start] = {source: count}",
        "fills_the_gaps",
        "wrong counts",
    ),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[str, ...], lab_05: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_05.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has five mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 5
