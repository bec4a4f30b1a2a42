"""What became different between two states of a thing, for an audit event: field, from, to.

Values are written as text, whatever they are: an index in which one event's ``from`` is a number and the next one's is
a word would refuse the second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from logdojo.logsetup.plain import plain, shorten
from logdojo.logsetup.redaction.names import Names, words_of

MASKED: Final = "[masked]"
MAX_CHANGES: Final = 100
MAX_VALUE_CHARACTERS: Final = 1_024
_ABSENT: Final = object()
_PERSONAL: Final = re.compile(
    "iban|cardnumber|creditcard|ssn|socialsecurity|taxid|dateofbirth|birthdate|birthday|passportn|salt|hash|signature"
)
"""In a field's name, written in lower case without separators: what a redactor does not look for by name."""
_WORDS: Final = frozenset({"auth", "dob"})
"""As one whole word of a field's name: ``x-auth`` has it, ``author`` has not."""
_names: Final = Names()


@dataclass(frozen=True, slots=True)
class Change:
    """One field that became different.

    Args:
        field: its name, dotted where it lies in another.
        before: its value before, as text; None when there was none.
        after: its value afterwards, as text; None when there is none any more.
    """

    field: str
    before: str | None
    after: str | None

    def entry(self) -> dict[str, str]:
        """Return the change as it stands in ``audit.changes``; a side on which there is no value is left out."""
        sides = {"from": self.before, "to": self.after}
        return {"field": self.field} | {name: value for name, value in sides.items() if value is not None}


def changes_between(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> tuple[Change, ...]:
    """Return what differs between two states, in the order of the fields.

    That a sensitive field has changed is told, its values are not. Of more than ``MAX_CHANGES`` changes, the last says
    how many are left out.

    Args:
        before: the values before; None for a thing that was created.
        after: the values afterwards; None for a thing that was deleted.
    """
    old, new = _flat(before or {}), _flat(after or {})
    found = [
        Change(name, _text(name, old.get(name, _ABSENT)), _text(name, new.get(name, _ABSENT)))
        for name in {**old, **new}
        if old.get(name, _ABSENT) != new.get(name, _ABSENT)
    ]
    if len(found) > MAX_CHANGES:
        left = len(found) - MAX_CHANGES + 1
        found[MAX_CHANGES - 1 :] = [Change("…", None, f"{left} more fields changed")]
    return tuple(found)


def is_sensitive(name: str) -> bool:
    """Return whether a field's name says that its values are nobody's business: a password, a token, a card number."""
    words = words_of(name)
    personal = not _WORDS.isdisjoint(words) or _PERSONAL.search("".join(words)) is not None
    return personal or _names.kind(name) is not None


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values under dotted names, as JSON holds them."""
    made_plain = plain(values)
    flat: dict[str, object] = {}

    def walk(inner: object, name: str) -> None:
        if isinstance(inner, dict) and inner:
            for key, value in inner.items():
                walk(value, f"{name}.{key}" if name else str(key))
        elif name:
            flat[name] = inner

    walk(made_plain, "")
    return flat


def _text(name: str, value: object) -> str | None:
    if value is _ABSENT:
        return None
    if is_sensitive(name):
        return MASKED
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, MAX_VALUE_CHARACTERS)
