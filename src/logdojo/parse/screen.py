"""Lines that no parser should see, each with the reason: empty, too long, not UTF-8, with control characters."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from logdojo.settings import Settings

# Control characters (C0 but the tab and the group separator that auditd writes before names, DEL, C1) and surrogates,
# which stand for bytes that are not UTF-8 (PEP 383).
_BAD = re.compile("[\x00-\x08\x0a-\x1c\x1e\x1f\x7f-\x9f\ud800-\udfff]")
_GOOD_ASCII: Final = bytes(code for code in range(128) if _BAD.match(chr(code)) is None)
_SHORT: Final = 256
"""A line of so few code points is shorter than the least limit that can be set, 1,024 bytes."""
_UNDECODABLE = range(0xDC80, 0xDD00)


def refusal(line: str) -> str:
    """Return why ``line`` must not be parsed, ``""`` when it may.

    The longest line allowed is ``Settings.max_line_bytes``, read once a process.
    """
    if not line or line.isspace():
        return "empty line"
    if len(line) > _SHORT:
        limit = max_line_bytes()
        # A code point takes one to four bytes, so most lines need not be encoded to know.
        if len(line) * 4 > limit and size_bytes(line) > limit:
            return f"longer than {limit} bytes (LOGDOJO_MAX_LINE_BYTES)"
    # Taking the good characters out of an ASCII line is several times quicker than a search for the bad ones.
    if line.isascii() and not line.encode().translate(None, _GOOD_ASCII):
        return ""
    bad = _BAD.search(line)
    return _describe(line, bad.start()) if bad else ""


@cache
def max_line_bytes() -> int:
    """Return the longest line that is read, in bytes."""
    return Settings().max_line_bytes


def size_bytes(line: str) -> int:
    """Return how many bytes a line had before it was decoded with ``surrogateescape``."""
    return len(line) if line.isascii() else len(line.encode("utf-8", "replace"))


def _describe(line: str, at: int) -> str:
    code, offset = ord(line[at]), size_bytes(line[:at])
    if code in _UNDECODABLE:
        return f"not UTF-8: byte 0x{code - 0xDC00:02x} at byte offset {offset}"
    if code > 0x9F:
        return f"not UTF-8: lone surrogate U+{code:04X} at byte offset {offset}"
    name = "NUL" if code == 0 else f"U+{code:04X}"
    return f"control character {name} at byte offset {offset}"
