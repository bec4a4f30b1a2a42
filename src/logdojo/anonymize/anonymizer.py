r"""Events and lines → the same without sensitive values.

How a line is treated:

1. Damaged lines (not UTF-8, a NUL byte, longer than the limit, nested too deeply) come out as ``[withheld: …]``: what
   cannot be read cannot be cleaned, and one line in is still one line out.
2. JSON: each value is judged by its key (the field policy); keys and every byte outside a sensitive value are copied.
   Strings that are JSON themselves are opened.
3. CEF, LEEF, XML, structured data, logfmt, columns known by their place or their header: values by their names. The
   rest of such a line, and all of any other: ``key=value`` pairs by the same policy, the host in a syslog header, the
   user of an access log.
4. What no field claimed is searched by the detectors; timestamps are protected first.
5. Names learnt in a line (no common words) are replaced in the rest of that line too, and what other lines of its
   source have told (``propagation``).

Covered and not covered: see ``reading``, ``detectors``, ``propagation`` and ``pseudonyms``. A leak rate is a floor, not
a proof of anonymity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from logdojo.anonymize.detectors import detectors
from logdojo.anonymize.fast import Anchors, Engine, scanner
from logdojo.anonymize.policy import Policy, load_policy
from logdojo.anonymize.propagation import FOUND_ANYWAY, Source
from logdojo.anonymize.pseudonyms import Pseudonyms
from logdojo.anonymize.replacing import Replacements
from logdojo.anonymize.rewriting import Rewriting
from logdojo.anonymize.searching import Search
from logdojo.anonymize.spans import Edit, Hit, PlainEdit, Shift, Span, rewrite, rewritten
from logdojo.errors import InputError
from logdojo.events import LogEvent

MAX_LINE_BYTES: Final = 262_144
_BLOCK_LINES: Final = 256
_BLOCK_CHARS: Final = 131_072
_MOST_TOLD: Final = 1 << 16  # values that a stream remembers to have told


class Redacted(NamedTuple):
    """An anonymized line, and what the audit needs to know about it.

    Args:
        text: the anonymized line.
        spans: where the replacements stand in ``text``.
        edits: what was replaced; it holds the originals, so keep it out of logs (``repr`` leaves it out).
        withheld: why the line was withheld; empty when it was not.
    """

    text: str
    spans: tuple[Span, ...] = ()
    edits: tuple[Edit, ...] = ()
    withheld: str = ""

    def __repr__(self) -> str:
        """Show everything but the originals."""
        return f"Redacted(text={self.text!r}, spans={self.spans!r}, withheld={self.withheld!r})"


class Anonymizer:
    """Replaces sensitive values under one key.

    Args:
        key: the secret of the pseudonyms; at least 16 bytes.
        policy: what field names mean; logdojo's own when left out.
        max_bytes: longest line that is read.
        engine: what looks for the places that are worth a look; the output does not depend on it.

    Raises:
        UsageError: the key is too short, or the engine is not installed.
    """

    def __init__(
        self,
        key: bytes,
        *,
        policy: Policy | None = None,
        max_bytes: int = MAX_LINE_BYTES,
        engine: Engine = "auto",
    ) -> None:
        self._policy = policy or load_policy()
        self._max_bytes = max_bytes
        pseudonyms = Pseudonyms(key, kept_users=self._policy.kept_users, public_domains=self._policy.public_domains)
        self._replacements = Replacements(self._policy, pseudonyms)
        search = Search(detectors(self._policy), self._replacements)
        self._scanner = scanner(search.anchors, engine, placed=search.placed)
        self._rewriting = Rewriting(self._policy, search, self._replacements)

    def line(self, line: str) -> str:
        """Return one line without its sensitive values."""
        edits, withheld = self._edits(line, (), None, self._anchors([line])[0])
        return f"[withheld: {withheld}]" if withheld else rewritten(line, edits)

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield as many lines as there are, in the same order; what a line tells counts for those behind it."""
        source = self.source()
        told: set[str] = set()
        for block in _blocks(lines):
            for line, anchors in zip(block, self._anchors(block), strict=True):
                edits, withheld = self._edits(line, (), source, anchors)
                for _, _, _, class_name, original in edits:
                    if original not in told and class_name not in FOUND_ANYWAY:
                        told.add(original)
                        source.learn_value(original, class_name)
                if len(told) > _MOST_TOLD:
                    told.clear()
                yield f"[withheld: {withheld}]" if withheld else rewritten(line, edits)

    def source(self) -> Source:
        """Return an empty memory for the lines of one source, for ``redact``."""
        return Source(self._policy.common_words | self._policy.no_names)

    def redact(self, line: str, known: Iterable[Hit] = (), source: Source | None = None) -> Redacted:
        """Return one line without its sensitive values, with what the audit needs to know.

        Args:
            line: the line.
            known: values whose place and class a reader of the line's format has told.
            source: what other lines of the same source have told: names of columns, and names to hunt for.
        """
        return _redacted(line, *self._edits(line, known, source, self._anchors([line])[0]))

    def redact_all(self, lines: Sequence[str], source: Source) -> Iterator[Redacted]:
        """Yield for each line what ``redact`` returns; the ``fast`` extra looks at all of them at once.

        Args:
            lines: as many as may be in memory.
            source: what other lines have told; what is learnt between one line and the next counts for the next.
        """
        for line, anchors in zip(lines, self._anchors(lines), strict=True):
            yield _redacted(line, *self._edits(line, (), source, anchors))

    def _anchors(self, lines: Sequence[str]) -> Sequence[Anchors | None]:
        """Look for the places that are worth a look, where the ``fast`` extra is installed."""
        if self._scanner is None:
            return [None] * len(lines)
        return self._scanner.anchors(["" if len(line) > self._max_bytes else line for line in lines])

    def event(self, event: LogEvent) -> LogEvent:
        """Return the event without sensitive values, in its fields and in its original line."""
        known = [
            Hit(*span, self._policy.class_of(name))
            for name, span in event.spans.items()
            if self._policy.class_of(name) not in {"", "text"}
        ]
        redacted = self.redact(event.original, known)
        if redacted.withheld:
            return LogEvent.rejected(redacted.text, event.error or redacted.withheld)
        fields = self.document({name: value for name, value in event.fields.items() if name != "event.original"})
        shift = Shift(redacted.edits)
        spans = {name: shift.of(*span) for name, span in event.spans.items()}
        for name, span in spans.items():
            # The line as a whole tells more than one field alone: a text that stands in it is taken from there.
            if event.fields.get(name) == event.original[slice(*event.spans[name])]:
                fields[name] = redacted.text[slice(*span)]
        return LogEvent(
            original=redacted.text,
            error=self.line(event.error),
            fields=MappingProxyType(fields),
            spans=MappingProxyType(spans),
        )

    def document(self, obj: Any) -> Any:
        """Return a JSON value without sensitive values; keys decide, numbers included.

        Raises:
            InputError: the value is not JSON, or nested too deeply.
        """
        try:
            text = json.dumps([obj])
            return json.loads(rewritten(text, self._rewriting.edits(text)))[0]
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(
                f"cannot anonymize a {type(obj).__name__}: {type(error).__name__}",
                hint="pass a value that json.dumps can write",
            ) from None

    def value(self, class_name: str, value: str) -> str:
        """Return what the policy makes of one value of a class.

        Raises:
            UsageError: the policy does not know the class.
        """
        self._policy.operator(class_name)
        pieces = self._replacements.alone(class_name, value)
        return rewritten(value, [(*piece[:2], piece[2], *piece[3:5]) for piece in pieces if piece[2] is not None])

    def _edits(
        self, line: str, known: Iterable[Hit], source: Source | None, anchors: Anchors | None
    ) -> tuple[Sequence[PlainEdit], str]:
        """Return the edits of a line, or why it is withheld."""
        reason = self._damage(line)
        if reason:
            return (), reason
        try:
            return self._rewriting.edits(line, known=known, source=source, anchors=anchors), ""
        except RecursionError:
            return (), "nested too deeply"

    def _damage(self, line: str) -> str:
        if "\0" in line:
            return "a NUL byte"
        size = len(line)
        if not line.isascii():
            try:
                size = len(line.encode())
            except UnicodeEncodeError:
                return "not UTF-8"
        return f"longer than {self._max_bytes} bytes" if size > self._max_bytes else ""


def _blocks(lines: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield lines in blocks: many at once of what is all there, one by one of a stream, as they come."""
    if not isinstance(lines, Sequence):
        yield from ([line] for line in lines)
        return
    block: list[str] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if len(block) == _BLOCK_LINES or size >= _BLOCK_CHARS:
            yield block
            block, size = [], 0
    yield block


def _redacted(line: str, edits: Sequence[PlainEdit], withheld: str) -> Redacted:
    if withheld:
        return Redacted(f"[withheld: {withheld}]", withheld=withheld)
    return Redacted(*rewrite(line, edits), tuple(map(Edit._make, edits))) if edits else Redacted(line)
