r"""Events and lines → the same without sensitive values.

How a line is treated:

1. Damaged lines (not UTF-8, a NUL byte, longer than the limit, nested too deeply) come out as ``[withheld: …]``: what
   cannot be read cannot be cleaned, and one line in is still one line out.
2. JSON: each value is judged by its key (the field policy); keys and every byte outside a sensitive value are copied.
   Strings that are JSON themselves are opened.
3. Other text: ``key=value`` pairs by the same policy, the host in a syslog header, the user of an access log.
4. What no field claimed is searched by the detectors; timestamps are protected first.
5. Names learnt in a line (from four characters, no common words) are replaced in the rest of that line too.

Covered and not covered: see ``detectors``, ``names``, ``credentials``, ``keyvalues`` and ``pseudonyms``. XML and CSV
are searched as free text. A leak rate is a floor, not a proof of anonymity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from logdojo.anonymize.detectors import detectors
from logdojo.anonymize.detectors.forms import DETECTORS, ipv4_addresses, ipv6_addresses
from logdojo.anonymize.detectors.timestamps import timestamps
from logdojo.anonymize.policy import Policy, load_policy
from logdojo.anonymize.propagation import Learnt, Source
from logdojo.anonymize.pseudonyms import Pseudonyms
from logdojo.anonymize.reading import Reader, jsontext, reader_of
from logdojo.anonymize.spans import Edit, Hit, Leaf, Shift, Taken, rewrite
from logdojo.errors import InputError
from logdojo.events import LogEvent

MAX_LINE_BYTES: Final = 262_144
_MAX_DEPTH: Final = 4  # JSON in a string in JSON in a string ...
_ACCOUNT: Final = re.compile(r"[0-9]{12}")  # nothing else in cloud events has twelve digits and a text for itself
_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_ -]{1,40}>")


@dataclass(frozen=True)
class Redacted:
    """An anonymized line, and what the audit needs to know about it.

    Args:
        text: the anonymized line.
        spans: where the replacements stand in ``text``.
        edits: what was replaced; it holds the originals, so keep it out of logs (``repr`` leaves it out).
        withheld: why the line was withheld; empty when it was not.
    """

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    withheld: str = ""


class Anonymizer:
    """Replaces sensitive values under one key.

    Args:
        key: the secret of the pseudonyms; at least 16 bytes.
        policy: what field names mean; logdojo's own when left out.
        max_bytes: longest line that is read.

    Raises:
        UsageError: the key is too short.
    """

    def __init__(self, key: bytes, *, policy: Policy | None = None, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._policy = policy or load_policy()
        self._detectors = detectors(self._policy)
        self._max_bytes = max_bytes
        self._pseudonyms = Pseudonyms(
            key, kept_users=self._policy.kept_users, public_domains=self._policy.public_domains
        )

    def line(self, line: str) -> str:
        """Return one line without its sensitive values."""
        return self.redact(line).text

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield as many lines as there are, in the same order; what a line tells counts for those behind it."""
        source = self.source()
        for line in lines:
            redacted = self.redact(line, source=source)
            source.learn(redacted.edits)
            yield redacted.text

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
        return self._redact(line, known, source)

    def event(self, event: LogEvent) -> LogEvent:
        """Return the event without sensitive values, in its fields and in its original line."""
        known = [
            Hit(*span, self._policy.class_of(name))
            for name, span in event.spans.items()
            if self._policy.class_of(name) not in {"", "text"}
        ]
        redacted = self._redact(event.original, known)
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
            return json.loads(self._rewritten(text, ()).text)[0]
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
        return rewrite(value, self._edits_of_value(Hit(0, len(value), class_name), value))[0]

    def _redact(self, line: str, known: Iterable[Hit], source: Source | None = None) -> Redacted:
        reason = self._damage(line)
        if reason:
            return Redacted(f"[withheld: {reason}]", withheld=reason)
        try:
            return self._rewritten(line, known, source)
        except RecursionError:
            return Redacted("[withheld: nested too deeply]", withheld="nested too deeply")

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

    def _rewritten(self, line: str, known: Iterable[Hit], source: Source | None = None) -> Redacted:
        leaves = list(self._leaves(Leaf(line), 0, source.reader(line) if source else None))
        taken = [Taken(len(leaf.text), leaf.claimed) for leaf in leaves]
        edits: list[Edit] = []
        learnt = Learnt(self._policy.common_words | self._policy.no_names)
        for leaf, mask in zip(leaves, taken, strict=True):
            whole = leaf.text is line
            for edit in self._edits_of_leaf(leaf, mask, known if whole else (), whole=whole):
                learnt.add(edit)
                edits.append(leaf.in_line(edit))
        for leaf, mask in zip(leaves, taken, strict=True):
            if leaf.class_name in {"", "text"}:
                edits += (leaf.in_line(edit) for edit in learnt.elsewhere(leaf.text, mask))
                for hit in source.hits(leaf.text) if source else ():
                    edits += (leaf.in_line(edit) for edit in self._replace(hit, leaf.text, mask))
        text, spans = rewrite(line, edits)
        return Redacted(text, spans, tuple(edits))

    def _leaves(self, leaf: Leaf, depth: int, reader: Reader | None = None) -> Iterator[Leaf]:
        """Yield the texts of a line that are judged on their own; ``reader`` reads the line when the stream told it."""
        if depth == _MAX_DEPTH or (reader := reader or reader_of(leaf.text)) is None:
            yield leaf
            return
        is_json = reader is jsontext
        claimed: list[tuple[int, int]] = []
        for value in reader.values(leaf.text):
            class_name = self._policy.class_of(value.key, value.parent)
            raw = leaf.text[value.start : value.stop]
            text, inner = reader.decoded(raw) if value.is_string else (raw, None)
            if not is_json and class_name in {"", "text"} and inner is None:
                continue  # left to the search of the whole text
            claimed.append((value.start, value.stop))
            if not text or class_name == "keep":
                continue
            if is_json and value.is_string and not class_name and _ACCOUNT.fullmatch(raw):
                class_name = "account"
            offsets: Sequence[int] | None = None
            if inner is not None:
                offsets = [leaf.to_line(value.start + at) for at in inner]
            elif leaf.offsets is not None:
                offsets = leaf.offsets[value.start : value.stop + 1]
            start = leaf.start + value.start if offsets is None else 0
            escape = _string_escape(leaf.escape, reader) if value.is_string else _number_escape(leaf.escape)
            child = Leaf(text, class_name, start, offsets, escape)
            if value.is_string and class_name in {"", "text"}:
                yield from self._leaves(child, depth + 1)
            elif value.is_string or class_name:
                yield child
        if not is_json:
            yield replace(leaf, claimed=tuple(claimed))

    def _edits_of_leaf(self, leaf: Leaf, taken: Taken, known: Iterable[Hit], *, whole: bool) -> Iterator[Edit]:
        text = leaf.text
        if leaf.class_name not in {"", "text"}:
            yield from self._edits_of_value(Hit(0, len(text), leaf.class_name), text, taken)
            return
        for span in timestamps(text):
            taken.claim(*span)
        for hit in known:
            yield from self._edits_of_value(hit, text, taken)
        for detector in self._detectors:
            if detector.whole and not whole:
                continue
            if detector.needs and not any(literal in text for literal in detector.needs):
                continue
            for hit in detector.find(text):
                yield from (self._replace if detector.is_form else self._edits_of_value)(hit, text, taken)

    def _edits_of_value(self, hit: Hit, text: str, taken: Taken | None = None) -> Iterator[Edit]:
        """Yield the edits of a value whose class is known; a list of addresses has several."""
        value = text[hit.start : hit.stop]
        taken = taken or Taken(len(text))
        if value.casefold() in self._policy.placeholders or _PLACEHOLDER.fullmatch(value):
            taken.claim(hit.start, hit.stop)
            return
        operator = self._policy.operator(hit.class_name)
        if operator in {"mask", "drop"}:
            yield from self._replace(hit, text, taken)
            return
        if operator == "keep":
            return  # not claimed: the detectors still look at it
        for find in (ipv6_addresses, ipv4_addresses) if hit.class_name != "mac" else ():
            for inner in find(value):
                found = Hit(hit.start + inner.start, hit.start + inner.stop, "ip")
                # A bare address, or a list of them. In a name (ip-10-0-0-1.example) the name decides.
                if hit.class_name == "ip" or _address_with_port(value, inner):
                    yield from self._replace(found, text, taken)
        yield from self._inner_forms(hit, value, text, taken)

    def _inner_forms(self, hit: Hit, value: str, text: str, taken: Taken) -> Iterator[Edit]:
        """Let the form of a value overrule its field: an ARN in a user field is an ARN."""
        if value.startswith("arn:"):
            yield from self._replace(hit._replace(class_name="arn"), text, taken)
        elif hit.class_name in {"ip", "mac", "email"}:
            for detector in DETECTORS:
                for inner in detector.find(value):
                    start, stop, kind = inner
                    yield from self._replace(Hit(hit.start + start, hit.start + stop, kind), text, taken)
            if hit.class_name != "ip":
                yield from self._replace(hit, text, taken)
        else:
            yield from self._replace(hit, text, taken)

    def _replace(self, hit: Hit, text: str, taken: Taken) -> Iterator[Edit]:
        if not taken.claim(hit.start, hit.stop):
            return
        value = text[hit.start : hit.stop]
        operator = self._policy.operator(hit.class_name)
        if operator == "pseudonymize":
            try:
                new = self._pseudonyms.of(hit.class_name, value)
            except (ValueError, OverflowError):
                new = f"[{hit.class_name}]"  # a value that does not have the form its field promises
        elif operator == "mask":
            new = f"[{hit.class_name}]"
        elif operator == "drop":
            new = ""
        else:
            return
        if new != value:
            yield Edit(hit.start, hit.stop, new, hit.class_name, value)


def _address_with_port(value: str, inner: Hit) -> bool:
    before, after = value[: inner.start], value[inner.stop :]
    return before in {"", "[", "/"} and (not after.strip("]") or after.lstrip("]").startswith(":"))


def _string_escape(outer: Callable[[str], str], reader: Reader) -> Callable[[str], str]:
    return lambda text: outer(reader.escaped(text))


def _number_escape(outer: Callable[[str], str]) -> Callable[[str], str]:
    def escape(text: str) -> str:
        is_number = text.isdecimal() and (text == "0" or text[0] != "0")
        return outer(text if is_number else json.dumps(text))

    return escape
