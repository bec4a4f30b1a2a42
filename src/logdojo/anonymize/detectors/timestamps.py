"""Timestamps in free text: found first and protected, because a model and an analyst need them.

Covered: ISO 8601 and RFC 3339, DB2 (``2005-06-03-15.42.50.363``), syslog (``Dec 10 06:55:46``), web servers
(``10/Oct/2000:13:55:36 -0700``), the C library's ``Thu Jun 09 06:07:04 2005``, numeric dates with ``/`` or ``.``,
times of day, and Unix seconds with a fraction.
Not covered: Unix time without a fraction; it is a bare number, and no detector looks at those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
_ZONE: Final = r"(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2})\b)?"
_TIMESTAMP: Final = re.compile(
    rf"(?<![\w.:])(?:"
    rf"\d{{4}}[-/.:]\d{{2}}[-/.:]\d{{2}}(?:[T_ -](?:{_CLOCK}{_ZONE}|\d\d\.\d\d\.\d\d(?:\.\d{{1,9}})?))?"
    rf"|\d{{1,2}}[-/.](?:\d{{2}}|{_MONTH})[-/.]\d{{4}}(?:[:, -]{{1,2}}{_CLOCK}{_ZONE})?"
    rf"|{_MONTH}\s{{1,2}}\d{{1,2}}\s(?:\d{{4}}\s)?{_CLOCK}(?:\s\d{{4}}\b)?"
    rf"|{_CLOCK}{_ZONE}"
    rf"|1\d{{9}}\.\d{{1,9}}"
    rf")(?![\w:]|\.\d)"
)


ANCHOR: Final = r"\d:\d\d:\d\d|\d[-/.]\d\d[-/.]\d\d|\d[-/.][A-Z][a-z][a-z][-/.]\d|\b1\d{9}\.\d"
"""A match of this stands in every timestamp."""
_LONGEST: Final = 64  # more than the longest timestamp


def timestamps(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of timestamps in ``text``."""
    for match in _TIMESTAMP.finditer(text):
        yield match.span()


def timestamps_near(text: str, ends: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield what ``timestamps`` yields, looking only around the ends of the matches of ``ANCHOR``, in order."""
    at = 0
    for end in ends:
        while end > at:
            match = _TIMESTAMP.search(text, max(at, end - _LONGEST), end + _LONGEST)
            if match is None or match.start() >= end:
                break
            yield match.span()
            at = match.end()
