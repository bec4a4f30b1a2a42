"""Phone numbers.

Covered: international numbers with a plus sign (ITU-T E.164: up to 15 digits, spaces, dots, dashes and brackets between
them), ``tel:`` links, and national numbers behind a word that says what they are (``phone``, ``tel``, ``mobile``,
``fax``, ``msisdn``, ``caller``). Not covered: national numbers without such a word, which look like any other number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.spans import Hit

LABELS: Final = ("hone", "HONE", "tel", "Tel", "TEL", "obile", "MOBILE", "fax", "Fax", "FAX", "sisdn", "SISDN", "aller")
_INTERNATIONAL: Final = re.compile(
    r"(?<![\w.+:/-])\+(?=[1-9])"
    r"(?:[0-9]{8,15}|[0-9]{1,3}(?:[ .-]?\(?[0-9]{1,5}\)?(?=[ .()-]|[0-9])){1,5}[ .-]?[0-9]{2,6})"
    r"(?![\w.:-]?[0-9A-Za-z+])"
)
_LABELLED: Final = re.compile(
    # The first letter by itself: a pattern that begins with a set is searched for at a tenth of the cost.
    r"[PTMFCptmfc](?i:(?<=p)hone|(?<=t)el(?:ephone)?|(?<=m)obile|(?<=f)ax|(?<=m)sisdn|(?<=c)aller)"
    r"(?i:[ _-]?(?:number|no|nr|id))?\.?"
    r"[\"']{0,2}(?: ?[=:] ?| )[\"']?(\+?\(?[0-9]{1,5}\)?(?:[ ./-]?\(?[0-9]{1,6}\)?){1,5})(?![\w.:-]?[0-9A-Za-z])"
)
ANCHOR: Final = r"\+[1-9][0-9 .()-]{6}|" + superset(_LABELLED)
NEEDS: Final = (*(f"+{digit}" for digit in range(1, 10)), *LABELS)
_LEAST: Final = 7
_MOST: Final = 15


def phones(text: str) -> Iterator[Hit]:
    """Find phone numbers."""
    if any(start in text for start in NEEDS[:9]):
        for match in _INTERNATIONAL.finditer(text):
            if 8 <= _digits(match[0]) <= _MOST:
                yield Hit(*match.span(), "phone")
    if any(label in text for label in LABELS):
        for match in _LABELLED.finditer(text):
            if _LEAST <= _digits(match[1]) <= _MOST:
                yield Hit(*match.span(1), "phone")


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)
