"""Lab 07, counting, linkage and k-anonymity: learners' mistakes lose points, with a reason that names them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    ("count_leaks", "takes values for patterns", "{re.escape(value)}", "{value}", "takes_values", "escape"),
    (
        "count_leaks",
        "counts parts of words",
        ("(?<![A-Za-z0-9])", 'r"(?![A-Za-z0-9])"'),
        ("", '""'),
        "counts_whole",
        "january is no leak",
    ),
    (
        "count_leaks",
        "uses word boundaries",
        ("(?<![A-Za-z0-9])", "(?![A-Za-z0-9])"),
        ("\\b", "\\b"),
        "takes_values",
        "may hold signs",
    ),
    ("count_leaks", "minds the case", "re.IGNORECASE", "0", "takes_values", "case does not matter"),
    (
        "count_leaks",
        "leaves clean kinds out",
        "            counts[kind] =",
        "            if found:\n                counts[kind] =",
        "counts_by_kind",
        "1 of 2 users",
    ),
    (
        "count_leaks",
        "turns the pair around",
        "(leaked + found, total + 1)",
        "(leaked + 1, total + found)",
        "counts_by_kind",
        "(leaked, known)",
    ),
    (
        "count_losses",
        "asks only whether it is there",
        ("times = before.count(value)", "after.count(value)"),
        ("times = 1", "(value in after)"),
        "counts_each",
        "one of two is lost",
    ),
    (
        "count_losses",
        "lets gains offset losses",
        "max(0, times - after.count(value))",
        "times - after.count(value)",
        "gains_offset",
        "no gain",
    ),
    (
        "count_losses",
        "minds no case",
        ("before.count(value)", "after.count(value)"),
        ("before.lower().count(value.lower())", "after.lower().count(value.lower())"),
        "takes_case",
        "drop is not DROP",
    ),
    (
        "count_losses",
        "turns the pair around",
        "(lost + missing, total + times)",
        "(total + times, lost + missing)",
        "counts_what",
        "port 22 is still there",
    ),
    (
        "count_losses",
        "leaves clean kinds out",
        "            counts[kind] =",
        "            if missing:\n                counts[kind] =",
        "counts_what",
        "number lost nothing",
    ),
    (
        "count_losses",
        "counts what is there",
        "times - after.count(value)",
        "after.count(value)",
        "counts_what",
        "1 of 1 time is gone",
    ),
    (
        "link_people",
        "minds the pseudonyms only",
        ("len(who) == len(names[combination]) == 1", "|= names[combination]"),
        ("len(who) == 1 and names[combination]", "|= {min(names[combination])}"),
        "needs_one",
        "p1 may be Ben or Cleo",
    ),
    (
        "link_people",
        "minds the names only",
        "len(who) == len(names[combination]) == 1",
        "len(names[combination]) == 1",
        "needs_one",
        "which one, you do not know",
    ),
    (
        "link_people",
        "counts rows",
        ("(defaultdict(set) for _ in range(3))", '].add(row["who"])', "|= names"),
        ("defaultdict(list), defaultdict(set), defaultdict(set)", '].append(row["who"])', "|= names"),
        "counts_people",
        "count pseudonyms, not rows",
    ),
    ("link_people", "believes contradictions", " if len(one) == 1}", "}", "leaves_contradictions", "leave p1 out"),
    (
        "link_people",
        "joins by one column",
        "for column in quasi)",
        "for column in quasi[:1])",
        "joins_by",
        "by city and hour",
    ),
    ("link_people", "turns it around", "{who: min(one) for", "{min(one): who for", "joins_two", "p1 is Ada"),
    (
        "make_k_anonymous",
        "counts rows",
        '.add(row["who"])',
        ".add(id(row))",
        "counts_people_in",
        "count different `who`",
    ),
    (
        "make_k_anonymous",
        "climbs the first column",
        "max(lower, key=lambda c: len({row[c] for row in now}))",
        "lower[0]",
        "climbs_no_more",
        "only site differs",
    ),
    (
        "make_k_anonymous",
        "climbs where little is gained",
        "max(lower,",
        "min(lower,",
        "climbs_no_more",
        "city has three values",
    ),
    (
        "make_k_anonymous",
        "wants more than k",
        "len(people) >= k",
        "len(people) > k",
        "climbs_no_more",
        "people are enough",
    ),
    (
        "make_k_anonymous",
        "gives up in silence",
        'raise ValueError(f"fewer than {k} people in all")',
        "return now, steps",
        "gives_up",
        "raise a ValueError",
    ),
    (
        "make_k_anonymous",
        "leaves the ladder's last step out",
        "steps[c] + 1 < len(ladders[c])",
        "steps[c] + 2 < len(ladders[c])",
        "breaks_ties",
        "are enough for k",
    ),
    (
        "make_k_anonymous",
        "looks at the largest group",
        "if all(len(people) >= k",
        "if any(len(people) >= k",
        "every_group",
        "count different",
    ),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[Any, ...], lab_07: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_07.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has three mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 3
