"""One object that knows what is secret, for lines, texts, values and whole records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from logdojo.errors import UsageError
from logdojo.logsetup.redaction import prefilter
from logdojo.logsetup.redaction.cards import cards
from logdojo.logsetup.redaction.commands import command_secrets
from logdojo.logsetup.redaction.literals import Literals
from logdojo.logsetup.redaction.names import Kind, Names, holds_secret, words_of
from logdojo.logsetup.redaction.pairs import MARKER, is_authorization, pairs
from logdojo.logsetup.redaction.tokens import tokens

CARD_MARKER: Final = "[redacted:card]"
_DEEPEST: Final = 64
_SMALLEST_CARD: Final = 10**13
_PASSES: Final = 4
_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.-]{0,64}")
_NAME_KEYS: Final = ("name", "key", "field", "header")


class Redactor:
    """Replace secrets by ``[redacted]``; names, hosts and everything else that helps to debug stay.

    The marker has the same length for all secrets, so that it does not tell theirs. Not covered: personal data such as
    e-mail addresses, IP addresses and user names, which are the anonymizer's job.

    Args:
        secrets: an application's own secrets, which must never appear, wherever they stand; see ``literals``.
        names: further names whose values are secret, besides those in ``names``.

    Raises:
        UsageError: a secret is too short to search for, or a name has no letters.
    """

    def __init__(self, *, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        own = tuple(names)
        for name in own:
            if not any(word.isalpha() for word in words_of(name)):
                raise UsageError(f"name {name!r}: has no letters a to z to know it by", hint="give a field's name")
        self._names = Names(own)
        self._literals = Literals(secrets)
        self._own_words = tuple(max(words_of(name), key=len).encode() for name in own)
        self._has_own = bool(self._own_words or self._literals.encoded)

    def clean(self, line: bytes) -> bool:
        """Tell whether an encoded JSON line, or any run of its whole fields, holds nothing to redact.

        True is certain; False means that the fields have to be looked at one by one.
        """
        return prefilter.clean(line) and not (self._has_own and self._holds_own(line))

    def text(self, text: str) -> str:
        """Return ``text`` with its secrets replaced."""
        if self.clean(text.encode("utf-8", "surrogatepass")):
            return text
        # A replaced secret may show another one that it hid, so look again until nothing changes.
        for _ in range(_PASSES):
            before, text = text, _replaced(text, self._spans(text))
            if before == text:
                break
        return text

    def value(self, name: str, value: object) -> object:
        """Return a field's value with its secrets replaced; all of it where ``name`` is the name of a secret.

        Args:
            name: the field's name.
            value: what JSON can hold.
        """
        return self._value(name, value, _DEEPEST)

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return a record's fields with their secrets replaced, in names too; their order stays."""
        return {self.text(name): self._value(name, value, _DEEPEST) for name, value in fields.items()}

    def _holds_own(self, line: bytes) -> bool:
        if any(form in line for form in self._literals.encoded):
            return True
        lower = line.lower() if self._own_words else b""
        return any(word in lower for word in self._own_words)

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        for start, end in cards(text):
            yield start, end, CARD_MARKER
        for found in (
            self._literals.spans(text),
            tokens(text),
            pairs(text, self._names),
            command_secrets(text),
        ):
            for start, end in found:
                yield start, end, MARKER

    def _value(self, name: str, value: object, left: int) -> object:
        if value is None or isinstance(value, bool):
            return value
        kind = self._names.kind(name)
        if kind is not None and _is_secret(name, value, kind):
            return MARKER
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int):
            return CARD_MARKER if abs(value) >= _SMALLEST_CARD and self.text(str(value)) != str(value) else value
        if isinstance(value, Mapping):
            return self._mapping(value, left - 1) if left else MARKER
        if isinstance(value, list | tuple):
            return self._list(value, left - 1) if left else MARKER
        return value

    def _mapping(self, value: Mapping[str, object], left: int) -> dict[str, object]:
        done = {self.text(name): self._value(name, inner, left) for name, inner in value.items()}
        # {"name": "password", "value": "…"}: a name and its value as two fields.
        if "value" in value:
            for key in _NAME_KEYS:
                told = value.get(key)
                if isinstance(told, str) and _NAME.fullmatch(told):
                    done["value"] = self._value(told, value["value"], left) if self._names.kind(told) else done["value"]
        return done

    def _list(self, value: list[object] | tuple[object, ...], left: int) -> list[object]:
        # ["Authorization", "Bearer …"]: headers are often logged as pairs.
        if len(value) == 2 and isinstance(value[0], str) and _NAME.fullmatch(value[0]):
            return [self.text(value[0]), self._value(value[0], value[1], left)]
        return [self._value("", inner, left) for inner in value]


def _is_secret(name: str, value: object, kind: Kind) -> bool:
    if isinstance(value, str):
        return not value.startswith(MARKER) and holds_secret(value, kind, name)
    if isinstance(value, int):
        return holds_secret(str(abs(value)), kind, name)
    if kind is Kind.DIGITS or (isinstance(value, Mapping) and is_authorization(name)):
        return False
    return not isinstance(value, Mapping | list | tuple) or bool(value)


def _replaced(text: str, spans: Iterator[tuple[int, int, str]]) -> str:
    """Return ``text`` with the spans replaced; of those that overlap, their union by the first one's marker."""
    parts: list[str] = []
    done = 0
    for start, end, marker in _merged(spans):
        if text[start:end] in (MARKER, CARD_MARKER):
            continue
        parts += (text[done:start], marker)
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _merged(spans: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    for start, end, marker in sorted(spans):
        if merged and start < merged[-1][1]:
            first = merged[-1]
            merged[-1] = (first[0], max(first[1], end), first[2] if first[:2] == (start, end) else MARKER)
        else:
            merged.append((start, end, marker))
    return merged
