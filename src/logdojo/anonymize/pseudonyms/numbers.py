"""Pseudonyms of numbers that keep the form: account ids, phone numbers, payment cards.

Each is one-to-one over the numbers of its length, so no two share a pseudonym, however many there are.

Covered: decimal numbers of any length from two digits; phone numbers with their country code, signs and spaces kept;
card numbers whose issuer (first six digits), length and grouping stay and whose check digit is right again.
Not covered: letters for digits in phone numbers. A pseudonym may be the number of somebody else's card or phone; where
that must not be, use the operator ``mask``, which is the policy's default for both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.logsetup.redaction.cards import check_digit

_ISSUER: Final = 6  # digits
_ONE_DIGIT: Final = frozenset("17")
_TWO_DIGITS: Final = frozenset(
    """
    20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90
    91 92 93 94 95 98
    """.split()  # noqa: SIM905, as a list it would be a screen long
)
"""Country codes of two digits (ITU-T E.164); 1 and 7 have one, all others three."""
_SHORTEST_PHONE: Final = 4  # digits behind the country code


class Numbers:
    """Pseudonyms of numbers under one key."""

    def __init__(self, keyed: Keyed) -> None:
        @functools.lru_cache(maxsize=256)
        def permutation(class_name: str, size: int) -> Callable[[int], int]:
            half = size // 2
            return keyed.permutation(f"{class_name}{size}", left=10**half, right=10 ** (size - half))

        self._permutation = permutation

    def digits(self, value: str) -> str:
        """Return as many digits, one-to-one; a first digit other than zero stays other than zero."""
        size = len(value)
        if size < 2:
            return value
        permute = self._permutation("digits", size)
        out = f"{permute(int(value)):0{size}d}"
        while (out[0] == "0") != (value[0] == "0"):
            out = f"{permute(int(out)):0{size}d}"
        return out

    def phone(self, value: str) -> str:
        """Return a phone number of the same country and form.

        Raises:
            ValueError: the value has too few digits for one.
        """
        digits = "".join(c for c in value if c.isdecimal() and c.isascii())
        international = value.lstrip(" (").startswith("+") or digits.startswith("00")
        zeros = 2 if international and digits.startswith("00") else 0
        kept = zeros + _country_digits(digits[zeros:]) if international else int(digits.startswith("0"))
        if len(digits) - kept < _SHORTEST_PHONE:
            raise ValueError("not a phone number")
        size = len(digits) - kept
        fresh = f"{self._permutation('phone' + digits[:kept], size)(int(digits[kept:])):0{size}d}"
        return _filled(value, digits[:kept] + fresh)

    def card(self, value: str) -> str:
        """Return a card number of the same issuer, length and grouping, with a right check digit.

        Raises:
            ValueError: the value has too few digits for one.
        """
        digits = "".join(c for c in value if c.isdecimal() and c.isascii())
        size = len(digits) - _ISSUER - 1
        if size < 2:
            raise ValueError("not a card number")
        fresh = f"{self._permutation('card' + digits[:_ISSUER], size)(int(digits[_ISSUER:-1])):0{size}d}"
        front = digits[:_ISSUER] + fresh
        return _filled(value, front + check_digit(front))


def _country_digits(digits: str) -> int:
    if digits[:1] in _ONE_DIGIT:
        return 1
    return 2 if digits[:2] in _TWO_DIGITS else 3


def _filled(form: str, digits: str) -> str:
    fresh = iter(digits)
    return "".join(next(fresh) if c.isdecimal() and c.isascii() else c for c in form)
