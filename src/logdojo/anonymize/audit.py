"""The audit: does any replaced value still stand in the output?

Strings are compared as a reader would: whole words, in everything that was copied. What we wrote ourselves does not
count, since a pseudonym may look like another line's original. A value counts in its own line, and, when it can be
told from ordinary words, in every line of its source: in all of them where a first pass has learnt the values, in the
later ones where lines stream by once. Findings name the line and the class, never the value.

Not covered: values in another encoding or case, numbers of fewer than six digits, places, names of roles and groups in
other lines, and in a stream the lines that were written before a value was first replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from logdojo.anonymize.anonymizer import Redacted
from logdojo.anonymize.propagation import Names, Source, is_told, stands
from logdojo.errors import LeakError

_SHOWN: Final = 5  # findings named in an error
_KEPT: Final = 1_000  # findings remembered; the rest is counted


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """An original value in the output: the line's number (from 1) and the value's class."""

    line: int
    class_name: str


class Audit:
    """Watches anonymized lines go by and remembers what was replaced in them.

    Args:
        common_words: words that never count as a leak, in lower case.
        names: the values of the whole source; left out, they are learnt from the lines that go by.
    """

    def __init__(self, *, common_words: frozenset[str] = frozenset(), names: Names | None = None) -> None:
        self._common = common_words
        self._source = Source(common_words) if names is None else None
        self._names = self._source.names if self._source else names or Names()
        self.lines = 0
        self.withheld: Counter[str] = Counter()
        self.replaced: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.found = 0

    def watch(self, redacted: Redacted) -> str:
        """Check one line, remember it, and return its text."""
        self.lines += 1
        if redacted.withheld:
            self.withheld[redacted.withheld] += 1
            return redacted.text
        self.replaced.update(edit.class_name for edit in redacted.edits)
        if self._source is not None:
            self._source.learn(redacted.edits)
        for class_name in sorted(set(leaks(redacted, common=self._common, names=self._names))):
            self.found += 1
            if len(self.findings) < _KEPT:
                self.findings.append(Finding(self.lines, class_name))
        return redacted.text

    def check(self, name: str = "") -> None:
        """Raise when a leak was found.

        Args:
            name: of the file, for the message.

        Raises:
            LeakError: an original value stands in the output; the lines and classes are named, not the values.
        """
        if self.findings:
            shown = ", ".join(f"line {f.line} ({f.class_name})" for f in self.findings[:_SHOWN])
            more = f" and {self.found - _SHOWN} more" if self.found > _SHOWN else ""
            raise LeakError(
                f"{name + ': ' if name else ''}original values stand in the output: {shown}{more}",
                hint="do not share this output; add the field's name to a policy file, or report the line's form",
            )


def leaks(redacted: Redacted, *, common: frozenset[str] = frozenset(), names: Names | None = None) -> Iterator[str]:
    """Yield the classes of the original values that stand in what was copied of a line.

    Args:
        redacted: the anonymized line.
        common: words that never count as a leak, in lower case.
        names: values of other lines to look for besides those of the line itself.
    """
    if redacted.withheld or not (redacted.edits or names):
        return
    copied = _copied(redacted)
    for edit in redacted.edits:
        if is_told(edit.class_name, edit.original, common) and stands(edit.original, copied):
            yield edit.class_name
    if names is not None:
        for hit in names.hits(copied):
            yield hit.class_name


def _copied(redacted: Redacted) -> str:
    """Return what was copied from the input, with a NUL where something was replaced: no value holds one."""
    pieces: list[str] = []
    at = 0
    for start, stop in redacted.spans:
        pieces.append(redacted.text[at:start])
        at = stop
    return "\0".join([*pieces, redacted.text[at:]])
