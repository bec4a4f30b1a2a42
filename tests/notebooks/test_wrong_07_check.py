"""Lab 07, spreading names and the audit: learners' mistakes lose points, with a reason that names them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    (
        "spread_names",
        "replaces parts of words",
        'rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"',
        "either",
        "spreads_whole",
        "january is another word",
    ),
    (
        "spread_names",
        "uses word boundaries",
        'rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"',
        'rf"\\b(?:{either})\\b"',
        "names_touch",
        "signs may touch",
    ),
    ("spread_names", "knows no common words", " and name not in common", "", "guards_common", "half of a log"),
    ("spread_names", "takes short names", "len(name) >= 3", "len(name) >= 1", "guards_short", "two letters"),
    ("spread_names", "takes digits", "not name.isdigit()", "True", "guards_short", "it is a port"),
    ("spread_names", "takes the shorter name", "reverse=True", "reverse=False", "longer_names", "the longer first"),
    (
        "spread_names",
        "minds the case",
        ",\n                  flags=re.IGNORECASE",
        "",
        "spreads_whole",
        "in another case",
    ),
    ("spread_names", "takes names for patterns", "map(re.escape, longest)", "longest", "longer_names", "escape"),
    (
        "spread_names",
        "goes over the text again and again",
        "    either = ",
        "    for one in longest:\n        text = text.replace(one, learnt[one])\n    return text\n    either = ",
        "goes_over",
        "searched again",
    ),
    (
        "spread_names",
        "searches for nothing",
        "    if not names:\n        return text\n",
        "",
        "guards_short",
        "'' is no learnt name",
    ),
    (
        "audit",
        "names the value",
        "(number, kind) for number",
        "(number, kind, value) for number",
        "finds_what",
        "the next leak",
    ),
    ("audit", "counts from 0", "enumerate(lines, 1)", "enumerate(lines)", "finds_what", "numbered from 1"),
    ("audit", "looks for one form", "|{re.escape(quote(value, ''))}", "", "finds_encoded", "in a URL"),
    ("audit", "takes values for patterns", "{re.escape(value)}|", "{value}|", "finds_encoded", "escape"),
    (
        "audit",
        "finds parts of words",
        "(?<![A-Za-z0-9])(?:{forms})(?![A-Za-z0-9])",
        "(?:{forms})",
        "leaves_parts",
        "january",
    ),
    ("audit", "finds short values", "len(value) < 3", "not value", "leaves_parts", "stands everywhere"),
    ("audit", "minds the case", "re.IGNORECASE", "0", "finds_what", "another case"),
    (
        "audit",
        "lists unsorted, with repetitions",
        ("found = set()", "found |= {", "if whole.search(line)}", "sorted(found)"),
        ("found = []", "found += [", "if whole.search(line)]", "found"),
        "lists_where",
        "listed twice",
    ),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[Any, ...], lab_07: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_07.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has three mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 3
