"""The audit: does any replaced value still stand in the output?

Strings are compared as a reader would: whole words, also across the spans that no rule looked at. A value counts in
the line it was replaced in, and, when it is distinctive (an address, an account id, a key, a name with a digit or a
sign in it), in every later line too. Findings name the line and the class, never the value.

Not covered: values in another encoding or case, and lines that were written before the value was first replaced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from logdojo.anonymize.anonymizer import Redacted
from logdojo.anonymize.propagation import is_distinct
from logdojo.errors import LeakError

_WORD: Final = re.compile(r"\w+")
_SHOWN: Final = 5  # findings named in an error
_STRONG: Final = frozenset({"ip", "mac", "email", "account", "access_key", "arn", "principal", "secret", "token"})

_FUNCTIONS: Final = frozenset({"role", "group"})  # they name what is done, not who does it, and recur in other names


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """An original value in the output: the line's number (from 1) and the value's class."""

    line: int
    class_name: str


class Audit:
    """Watches anonymized lines go by and remembers what was replaced in them.

    Args:
        common_words: words that never count as a leak, in lower case.
    """

    def __init__(self, *, common_words: frozenset[str] = frozenset()) -> None:
        self._common = common_words
        self._starts: dict[str, dict[str, str]] = {}
        self.lines = 0
        self.withheld: Counter[str] = Counter()
        self.replaced: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def watch(self, redacted: Redacted) -> str:
        """Check one line, remember it, and return its text."""
        self.lines += 1
        if redacted.withheld:
            self.withheld[redacted.withheld] += 1
        here: dict[str, dict[str, str]] = {}
        for edit in redacted.edits:
            self.replaced[edit.class_name] += 1
            if is_distinct(edit.original, self._common):
                _remember(here, edit.original, edit.class_name)
                if edit.class_name in _STRONG or (edit.class_name not in _FUNCTIONS and _is_distinctive(edit.original)):
                    _remember(self._starts, edit.original, edit.class_name)
        for class_name in sorted(set(self._leaks(redacted, here))):
            self.findings.append(Finding(self.lines, class_name))
        return redacted.text

    def check(self) -> None:
        """Raise when a leak was found.

        Raises:
            LeakError: an original value stands in the output; the lines and classes are named, not the values.
        """
        if self.findings:
            shown = ", ".join(f"line {f.line} ({f.class_name})" for f in self.findings[:_SHOWN])
            more = f" and {len(self.findings) - _SHOWN} more" if len(self.findings) > _SHOWN else ""
            raise LeakError(
                f"original values stand in the output: {shown}{more}",
                hint="do not share this output; add the field's name to a policy file, or report the line's form",
            )

    def _leaks(self, redacted: Redacted, here: dict[str, dict[str, str]]) -> Iterator[str]:
        text, spans = redacted.text, redacted.spans
        if redacted.withheld:
            return
        place = 0
        for match in _WORD.finditer(text):
            at = match.start()
            while place < len(spans) and spans[place][1] <= at:
                place += 1
            if place < len(spans) and spans[place][0] <= at:
                continue  # written by us: a pseudonym may look like another line's original
            word = match[0]
            for known in (here, self._starts):
                for value, class_name in known.get(word, _NOTHING).items():
                    if _stands(value, text, at):
                        yield class_name


_NOTHING: Final[dict[str, str]] = {}


def _remember(starts: dict[str, dict[str, str]], value: str, class_name: str) -> None:
    word = _WORD.search(value)
    if word is not None:
        starts.setdefault(word[0], {}).setdefault(value, class_name)


def _is_distinctive(value: str) -> bool:
    return any(not c.isalpha() for c in value) or (not value.islower() and not value.istitle() and not value.isupper())


def _stands(value: str, text: str, at: int) -> bool:
    """Tell whether ``value`` stands in ``text`` with its first word at ``at``, as whole words."""
    word = _WORD.search(value)
    start = at - word.start() if word is not None else at
    if start < 0 or not text.startswith(value, start):
        return False
    stop = start + len(value)
    return not (stop < len(text) and text[stop].isalnum() and text[stop - 1].isalnum())
