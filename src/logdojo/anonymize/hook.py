"""The anonymizer as the redactor of ``logsetup``: one truth about what is sensitive, for logs as they are written.

``setup(settings, redactor=AnonymizingRedactor(Anonymizer(key)))`` gives it to every handler that ``logsetup`` makes,
``RedactionFilter(AnonymizingRedactor(...))`` or ``redaction.install`` to handlers of others.

Covered: message, arguments, extras with their names, nested values, exceptions with causes, notes and source lines.
Secrets become ``[redacted]``, as without the hook; addresses, names, accounts and the rest get the pseudonyms that the
anonymizer gives them in files, so that a line stays linked to those of other sources.

Not covered: a name that nothing in its record gives away (``log.info("hello Zaphod")``), values of an object that
stands as a whole under a telling name (``user={"any": "zaphod"}``: there the inner names count), the logger's own name
on a console, and whatever the anonymizer itself does not cover.

Every record is looked through field by field: there is no cheap test that finds a record clean, as there is for secrets
alone. Where that costs too much, log under the plain redactor and anonymize the files.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from logdojo.anonymize.anonymizer import Anonymizer
from logdojo.logsetup.redaction import Redactor

_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.-]{0,64}")
_NAMES: Final = 4_096  # names of fields whose cleaned form is remembered


class AnonymizingRedactor:
    """Replaces secrets and everything else that the anonymizer knows, wherever ``logsetup`` takes a redactor.

    Args:
        anonymizer: gives the pseudonyms.
        secrets: an application's own secrets, which must never appear; see ``Redactor``.
        names: further names whose values are secret.

    Raises:
        UsageError: a secret is too short to search for, or a name has no letters.
    """

    def __init__(self, anonymizer: Anonymizer, *, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._anonymizer = anonymizer
        self._redactor = Redactor(secrets=secrets, names=names)
        self._key = functools.lru_cache(maxsize=_NAMES)(self.text)

    def clean(self, line: bytes) -> bool:  # noqa: ARG002, the protocol's parameter
        """Return False: whether a line is clean is known only after its fields have been looked at."""
        return False

    def text(self, text: str) -> str:
        """Return ``text`` without what is sensitive."""
        return str(self._anonymizer.document(self._redactor.text(text)))

    def value(self, name: str, value: object) -> object:
        """Return a field's value without what is sensitive; its name tells what it is.

        Args:
            name: the field's name.
            value: what JSON can hold.
        """
        return self._fields({name: self._redactor.value(name, value)})[self._key(name)]

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return a record's fields without what is sensitive, in names too; their order stays."""
        return self._fields(self._redactor.fields(fields))

    def _fields(self, fields: dict[str, object]) -> dict[str, object]:
        done: dict[str, object] = self._walk(fields, self._anonymizer.document(fields))
        return done

    def _walk(self, before: Any, after: Any) -> Any:
        """Return the anonymized value ``after``, with what JSON does not tell the anonymizer: names, and pairs."""
        if isinstance(before, dict):
            return {self._key(name): self._walk(inner, after[name]) for name, inner in before.items()}
        if isinstance(before, list):
            # ["user", "ada"]: headers and the like are often logged as pairs.
            if (
                len(before) == 2
                and before == after
                and isinstance(before[0], str)
                and isinstance(before[1], str)
                and _NAME.fullmatch(before[0])
            ):
                return [before[0], self._anonymizer.document({before[0]: before[1]})[before[0]]]
            return [self._walk(inner, done) for inner, done in zip(before, after, strict=True)]
        return after
