"""Messages → templates: which lines differ only in their values, found while they stream by.

The method is Drain (He et al., ICWS 2017): a message goes to the group of its length and first words, and there to the
template with which it shares the most words. What differs becomes ``<*>``. Here every piece with a digit in it is
masked first, and only words that are no values count as shared; so values neither split a group nor hold one together.

    templates = Templates()
    for message in messages:
        templates.add(message)
    templates.save(path)

Covered: bounded memory, counts, merging of what several workers have found. Not covered: messages of one kind whose
number of words differs, as in a list that is written out; each length is a template of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from logdojo.errors import InputError

WILDCARD: Final = "<*>"
FORMAT_VERSION: Final = 1
MASK: Final = r"[^\s=:,;()\[\]{}\"'|]*\d[^\s=:,;()\[\]{}\"'|]*"
"""Whatever has a digit in it, up to the next blank or sign that separates values."""
_MOST_WORDS: Final = 256
_MOST_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class Template:
    """A group of messages.

    Args:
        id: number of the template in its ``Templates``; it never changes.
        words: words and ``<*>``.
        count: messages in the group.
    """

    id: int
    words: list[str]
    count: int = 0
    fixed: int = field(default=0, repr=False)

    @property
    def text(self) -> str:
        """The template as one line."""
        return " ".join(self.words)

    def values(self, message: str) -> list[str]:
        """Return what stands in a message of this group where the template has ``<*>``, in order."""
        found = []
        for word, said in zip(self.words, message.split(), strict=False):
            if WILDCARD in word:
                before, _, after = word.partition(WILDCARD)
                after = after.rpartition(WILDCARD)[2]
                fits = len(said) >= len(before) + len(after) and said.startswith(before) and said.endswith(after)
                found.append(said[len(before) : len(said) - len(after)] if fits else said)
        return found


class Templates:
    """The templates of a stream of messages; not safe among threads.

    Args:
        similarity: share of a template's fixed words that a message must have to join it, above 0 and at most 1.
        first_words: how many words at the beginning must be the same.
        mask: expression of what is masked; each match becomes ``<*>``.
        most: templates that are kept at most; what is of none of them after that is counted under ``other``.

    Similarity and first words were chosen on the eight loghub sets that ``python -m tests.bench.templates`` measures.
    """

    def __init__(self, *, similarity: float = 0.7, first_words: int = 2, mask: str = MASK, most: int = 20_000) -> None:
        self.similarity = similarity
        self.first_words = first_words
        self.mask = mask
        self.most = most
        self.other = Template(0, [WILDCARD])
        self._mask = re.compile(mask)
        self._groups: dict[tuple[object, ...], list[Template]] = {}
        self._known: dict[str, Template] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Template]:
        """Yield the templates, those with the most messages first."""
        found = [template for group in self._groups.values() for template in group]
        yield from sorted(found, key=lambda template: (-template.count, template.id))

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def add(self, message: str) -> Template:
        """Count a message and return its template, which may have become more general by it."""
        masked = self._mask.sub(WILDCARD, message)
        template = self._known.get(masked)
        if template is None:
            template = self._place(masked.split())
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[masked] = template
        template.count += 1
        return template

    def match(self, message: str) -> Template | None:
        """Return the template of a message without learning from it; None when it is of none."""
        words = self._mask.sub(WILDCARD, message).split()[:_MOST_WORDS]
        return self._closest(self._groups.get(self._group_of(words), ()), words)

    def merge(self, other: Templates) -> None:
        """Take over what another worker has found; counts add up, and ids are this one's."""
        for template in other:
            self._place(template.words).count += template.count
        self.other.count += other.other.count
        self._known.clear()

    def document(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        return {
            "version": FORMAT_VERSION,
            "similarity": self.similarity,
            "first_words": self.first_words,
            "mask": self.mask,
            "most": self.most,
            "other": self.other.count,
            "templates": [{"id": each.id, "count": each.count, "words": each.words} for each in self],
        }

    def save(self, path: Path) -> None:
        """Write everything to a file, which is replaced as a whole."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(json.dumps(self.document(), ensure_ascii=False), encoding="utf-8")
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Templates:
        """Read what ``save`` has written, and go on from there.

        Raises:
            InputError: the file cannot be read, or is of another version.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] != FORMAT_VERSION:
                raise InputError(
                    f"{path}: templates of version {document['version']}, not {FORMAT_VERSION}",
                    hint="mine them anew with this version of logdojo",
                )
            names = ("similarity", "first_words", "mask", "most")
            made = cls(**{name: document[name] for name in names})
            made.other.count = int(document["other"])
            for each in document["templates"]:
                words = [str(word) for word in each["words"]]
                made._enter(Template(int(each["id"]), words, int(each["count"]), _fixed(words)))
        except (OSError, ValueError, LookupError, TypeError, re.error) as error:
            raise InputError(f"{path}: no templates can be read from it ({error})", hint="mine them anew") from error
        return made

    def _place(self, words: list[str]) -> Template:
        words = words[:_MOST_WORDS]
        group = self._groups.get(self._group_of(words), ())
        template = self._closest(group, words)
        if template is None:
            if len(self) >= self.most:
                return self.other
            template = Template(self._made + 1, list(words), 0, _fixed(words))
            self._enter(template)
        elif template.words != words:
            template.words = [
                mine if mine == theirs else WILDCARD for mine, theirs in zip(template.words, words, strict=True)
            ]
            template.fixed = _fixed(template.words)
        return template

    def _enter(self, template: Template) -> None:
        self._groups.setdefault(self._group_of(template.words), []).append(template)
        self._made = max(self._made, template.id)

    def _group_of(self, words: list[str]) -> tuple[object, ...]:
        first = (WILDCARD if WILDCARD in word else word for word in words[: self.first_words])
        return (len(words), *first)

    def _closest(self, group: Any, words: list[str]) -> Template | None:
        best, most = None, self.similarity
        values = [WILDCARD in word for word in words]
        for template in group:
            if not template.fixed:
                shared = 1.0
            else:
                # Equal words, less those that are equal since both are masked.
                same = [a == b and not value for a, b, value in zip(template.words, words, values, strict=True)]
                shared = sum(same) / template.fixed
            if shared >= most and (best is None or shared > most):
                best, most = template, shared
        return best


def _fixed(words: list[str]) -> int:
    return sum(WILDCARD not in word for word in words)
