"""Lab 07, breaking hashes and finding: learners' mistakes lose points, with a reason that names them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    ("break_hashes", "searches a list", "wanted = set(seen)", "wanted = seen", "looks_up", "make a set"),
    (
        "break_hashes",
        "keeps the last guess",
        "broken[digest].append(guess)",
        "broken[digest] = [guess]",
        "keeps_every",
        "keep both",
    ),
    (
        "break_hashes",
        "keeps one guess, no list",
        "broken[digest].append(guess)",
        "broken[digest] = guess",
        "breaks_what",
        "a list of guesses",
    ),
    (
        "break_hashes",
        "fetches all guesses",
        "for guess in guesses:",
        "for guess in list(guesses):",
        "keeps_no",
        "one at a time",
    ),
    (
        "break_hashes",
        "hashes twice",
        "if digest in wanted:",
        "if hash_of(guess) in wanted:",
        "keeps_no",
        "more than once",
    ),
    ("break_hashes", "keeps every hash", "if digest in wanted:", "if digest:", "breaks_what", "h-a does not stand"),
    (
        "find_ips",
        "looks at the form only",
        "(?<![\\w.])(?<![A-Za-z]/){V4}(?!\\w|\\.\\d)",
        "{V4}",
        "leaves_versions",
        "holds a version",
    ),
    (
        "find_ips",
        "takes a part of a longer number",
        "{V4}(?!\\w|\\.\\d)",
        "{V4}",
        "looks_at_the_neighbors",
        "take no part",
    ),
    (
        "find_ips",
        "refuses every slash",
        "(?<![\\w.])(?<![A-Za-z]/){V4}",
        "(?<![\\w./]){V4}",
        "looks_at_the_neighbors",
        "slash with no letter",
    ),
    ("find_ips", "asks no validator", "ipaddress.ip_address(match[0])", "match[0]", "looks_at_the_values", "above 255"),
    ("find_ips", "returns the texts", "match.span()", "match[0]", "finds_addresses", "pair (start, stop)"),
    ("find_ips", "forgets version 6", 'rf"{v4}|{v6}"', "v4", "finds_version_six", "version 6"),
    ("find_ips", "takes two colons", 'match[0] != "::"', "match[0]", "treats_version_six", "does not count"),
    (
        "find_ips",
        "takes a part of a word",
        "(?<![\\w.:])(?<![A-Za-z]/){V6}",
        "{V6}",
        "treats_version_six",
        "no address of version 6",
    ),
    ("find_secrets", "takes the name with it", "match.span(1)", "match.span()", "finds_secrets", "group 1 alone"),
    ("find_secrets", "asks no check digit", "% 10 == 0", "% 10 >= 0", "asks_luhn", "fails Luhn"),
    (
        "find_secrets",
        "doubles the other digits",
        "sum(digits[-1::-2]) + sum(doubled)",
        "sum(digits[-2::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-1::-2])",
        "asks_luhn",
        "passes Luhn",
    ),
    ("find_secrets", "adds no digits up", "sum(divmod(2 * digit, 10))", "2 * digit", "computes_luhn", "passes Luhn"),
    ("find_secrets", "counts from the left", "digits[-2::-2]", "digits[::2]", "computes_luhn", "Luhn"),
    ("find_secrets", "takes any first digit", "[3-6]", "\\d", "looks_at_the_digits", "a time in milliseconds"),
    ("find_secrets", "takes a part of a number", "(?!\\d)", "", "looks_at_the_digits", "a longer number"),
    ("find_secrets", "wants digits only", "(?:[ -]?\\d)", "(?:\\d)", "looks_at_the_digits", "one blank or hyphen"),
    ("find_secrets", "takes 16 digits only", "{12,18}", "{15}", "computes_luhn", "has 13 digits"),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[Any, ...], lab_07: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_07.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has three mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 3
