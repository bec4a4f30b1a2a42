"""Lines that are rejected before any parser sees them."""

from __future__ import annotations

import pytest

from logdojo.events import PIPELINE_ERROR
from logdojo.parse import parse_line
from logdojo.parse.screen import max_line_bytes, size_bytes


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "empty line"),
        (" \t ", "empty line"),
        (b"Jan  1 \xff".decode("utf-8", "surrogateescape"), "not UTF-8: byte 0xff at byte offset 7"),
        ("é\udc80", "not UTF-8: byte 0x80 at byte offset 2"),
        ("a\ud800", "not UTF-8: lone surrogate U+D800 at byte offset 1"),
        ("a\x00b", "control character NUL at byte offset 1"),
        ("a\x1b[31m", "control character U+001B at byte offset 1"),
        ("a\nb", "control character U+000A at byte offset 1"),
    ],
)
def test_reason_names_what_and_where(line: str, reason: str):
    """A rejected line is kept, and the reason names the byte and its offset."""
    event = parse_line(line)
    assert (event.original, event.error) == (line, reason)
    assert event.get("event.kind") == PIPELINE_ERROR


def test_longest_line_is_counted_in_bytes():
    """The limit counts bytes, not characters, and the limit itself is still read."""
    header = "Jan  1 00:00:00 h p: "
    limit = max_line_bytes()
    assert parse_line(header + "x" * (limit - len(header))).error == ""
    assert "longer than" in parse_line(header + "x" * (limit - len(header) + 1)).error
    assert "longer than" in parse_line(header + "é" * (limit // 2)).error


def test_size_counts_undecodable_bytes_once():
    """A byte that was not UTF-8 counts as the one byte it was."""
    assert size_bytes(b"a\xc3\xa9\xff".decode("utf-8", "surrogateescape")) == 4


def test_line_end_is_no_part_of_the_line():
    """One line end is cut off, as a file gives it."""
    assert parse_line("Jan  1 00:00:00 h p: x\r\n").original == "Jan  1 00:00:00 h p: x"
