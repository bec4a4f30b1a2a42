"""Payment card numbers (ISO/IEC 7812): issuer's prefix, length, grouping as printed on cards, and check digit.

Covered: Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay; in one run or in groups with one space or
dash. Not covered: Visa with 13 or 19 digits and Maestro, which are rare and look like any id; a number that touches a
letter, an underscore or a decimal point.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_DIGITS: Final = re.compile(
    r"(?:(?<![A-Za-z0-9_.])(?<![_=:(,\[]-)|(?<=\\[nrt]))"
    r"(?:[0-9]{14,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{2,7}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![A-Za-z0-9_]|[.-][0-9])"
)
_SEPARATORS: Final = str.maketrans("", "", " -")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Digit → the digit sum of its double."""


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield where card numbers stand in ``text``."""
    for match in _DIGITS.finditer(text):
        if is_card(match[0].translate(_SEPARATORS)):
            yield match.span()


def is_card(digits: str) -> bool:
    """Tell whether digits without separators are a card number of a known issuer with a right check digit."""
    return _issued(digits) and _luhn(digits)


def _issued(digits: str) -> bool:
    size, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if size == 16 and (digits[0] == "4" or 51 <= two <= 55 or 2221 <= four <= 2720):
        return True
    if size == 15 and two in (34, 37):
        return True
    if 16 <= size <= 19 and (four == 6011 or two in (62, 65) or 644 <= three <= 649 or 3528 <= four <= 3589):
        return True
    return size == 14 and (two in (36, 38, 39) or 300 <= three <= 305)


def check_digit(digits: str) -> str:
    """Return the digit that makes a card number of ``digits`` when it is put behind them (ISO/IEC 7812-1, annex B)."""
    return str(-_sum(digits + "0") % 10)


def _luhn(digits: str) -> bool:
    return _sum(digits) % 10 == 0


def _sum(digits: str) -> int:
    values = [int(digit) for digit in reversed(digits)]
    return sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])
