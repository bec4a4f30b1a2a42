"""An application's own secrets, given as values: they must never appear, in whatever form text carries them.

Found as they are, URL-quoted, JSON-escaped, as Python writes them in a repr, and in Base64 at each of its three
alignments, so also inside a Basic credential (from 8 bytes on). Not found: cut in two, hashed, encrypted, or in other
encodings.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from logdojo.errors import UsageError

SHORTEST: Final = 6
"""Characters of a secret: a shorter one would be found in harmless text."""


class Literals:
    """Given secrets in all forms.

    Raises:
        UsageError: a secret has fewer than ``SHORTEST`` characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        in_base64: set[str] = set()
        for number, secret in enumerate(secrets, 1):
            if len(secret) < SHORTEST:
                # The message must not show the secret.
                raise UsageError(
                    f"secret {number}: {len(secret)} characters are too few to search for",
                    hint=f"give secrets of at least {SHORTEST} characters",
                )
            forms |= _forms(secret)
            in_base64 |= _base64_forms(secret)
        # The characters around hold the secret's first and last two bytes.
        around = "[A-Za-z0-9+/_=-]{0,4}"
        wanted = [_longest_first(forms), *([f"{around}(?:{_longest_first(in_base64)}){around}"] if in_base64 else [])]
        self._found = re.compile("|".join(wanted)) if forms else None
        forms |= in_base64
        encoded = {_escaped(form, ascii_only=only) for form in forms for only in (False, True)} | forms
        self.encoded: tuple[bytes, ...] = tuple(sorted(form.encode("utf-8", "surrogatepass") for form in encoded))
        """What to search for in an encoded line."""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each secret in ``text``."""
        if self._found is not None:
            yield from (match.span() for match in self._found.finditer(text))


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {
        secret,
        repr(secret)[1:-1],
        repr(raw)[2:-1],
        *(_escaped(secret, ascii_only=only) for only in (False, True)),
    }
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms |= {quoted, re.sub("%..", lambda found: found[0].lower(), quoted)}
    return {form for form in forms if len(form) >= SHORTEST}


def _base64_forms(secret: str) -> set[str]:
    """Return the Base64 characters that depend on the secret alone, for each place it may have in a group of three."""
    raw, forms = secret.encode("utf-8", "surrogatepass"), set()
    for skipped in range(3):
        usable = raw[skipped : skipped + (len(raw) - skipped) // 3 * 3]
        if len(usable) >= SHORTEST:
            encoded = base64.b64encode(usable).decode()
            forms |= {encoded, encoded.translate(str.maketrans("+/", "-_"))}
    return forms


def _longest_first(forms: set[str]) -> str:
    return "|".join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))


def _escaped(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]
