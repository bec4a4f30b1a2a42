"""Damaged lines: as many lines come out as went in, and nothing of what could not be read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Anonymizer, Pseudonyms

KEY = b"a key of the tests, 32 bytes long"
ANONYMIZER = Anonymizer(KEY)
NAMES = Pseudonyms(KEY)

EVENT = {
    "user": {"name": "zaphod17", "email": "trillian@corp.com"},
    "host": {"name": "srvalpha9"},
    "tags": ["x", {"key": "user", "value": "marvin42"}],
    "note": 'said "zaphod17" twice.',
    "password": "hunter2xyz",
}
VALUES = ("zaphod17", "trillian", "srvalpha9", "marvin42", "hunter2xyz")
LINE = json.dumps(EVENT)


_IN_NOTE = range(LINE.index("said"), LINE.index("twice"))


@given(st.integers(1, len(LINE)).filter(lambda size: size not in _IN_NOTE))
def test_json_that_is_cut_off_is_followed_by_its_names(size: int):
    """Wherever an event ends too early, no value that a name gives away is left, whole or begun.

    Begun in the middle of free text it is no word that anybody has told; that is left out here.
    """
    out = ANONYMIZER.line(LINE[:size])
    for value in VALUES:
        begun = [value[:chars] for chars in range(5, len(value) + 1) if value[:chars] in LINE[:size]]
        assert not any(part in out for part in begun)


@pytest.mark.parametrize("behind", [" and more", "}", ', "x": ]', '{"user": {"name": "zaphod17"}}', "\\"])
def test_json_with_something_behind_is_followed_too(behind: str):
    """What stands behind an event, or does not fit it, hides none of its names."""
    out = ANONYMIZER.line(LINE + behind)
    assert not any(value in out for value in VALUES)
    assert NAMES.user("zaphod17") in out


def test_a_line_of_ten_megabytes_is_withheld():
    """A line beyond the limit becomes one placeholder; the lines around it are none the worse."""
    lines = ["user=zaphod17", "user=zaphod17 " * 750_000, "user=zaphod17"]
    out = list(ANONYMIZER.lines(lines))
    assert out == [f"user={NAMES.user('zaphod17')}", "[withheld: longer than 262144 bytes]", out[0]]


def test_damaged_lines_are_counted_one_by_one():
    """In a block of lines each damaged one is withheld for its own reason, in its own place."""
    lines = ["caf\udce9 user=zaphod17", "ok", "a\0b", "[" * 100_000, "user=zaphod17"]
    reasons = [ANONYMIZER.redact(line).withheld for line in lines]
    assert reasons == ["not UTF-8", "", "a NUL byte", "nested too deeply", ""]
    assert list(ANONYMIZER.lines(lines)) == [
        *("[withheld: not UTF-8]", "ok", "[withheld: a NUL byte]", "[withheld: nested too deeply]"),
        f"user={NAMES.user('zaphod17')}",
    ]
