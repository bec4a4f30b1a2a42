"""What is done to one block of lines, in whichever process: draft and learn, later finish and audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from logdojo.anonymize.anonymizer import Anonymizer, Redacted
from logdojo.anonymize.audit import leaks
from logdojo.anonymize.files.reading import cut_end
from logdojo.anonymize.files.tally import Tally
from logdojo.anonymize.policy import Policy, load_policy
from logdojo.anonymize.propagation import Names, Source
from logdojo.anonymize.reading import reader_of
from logdojo.anonymize.reading.table import Table

_WITHHELD: Final = -1


@dataclass(frozen=True)
class Recipe:
    """How lines are anonymized; any process can follow it.

    Args:
        key: the secret of the pseudonyms.
        policy: file of the field policy; logdojo's own when there is none.
        max_bytes: longest line that is read.
        count_fields: whether the fields that no rule claims are counted, which costs a second reading.
    """

    key: bytes = field(repr=False)
    policy: Path | None = None
    max_bytes: int = 262_144
    count_fields: bool = False


class Draft(NamedTuple):
    """A block after the first pass.

    Args:
        lines: the lines with their ends; what only other lines tell still stands in them.
        edits: how many values were replaced in each; -1 in one that was withheld.
        suspects: which of them (from 0) still hold a value that the line itself has told.
        learnt: value → its class and how often a field held it.
        tally: counts.
    """

    lines: list[bytes]
    edits: list[int]
    suspects: list[int]
    learnt: dict[str, tuple[str, int]]
    tally: Tally


class Finished(NamedTuple):
    """A block after the second pass: its lines with their ends, and what was counted besides the draft's counts."""

    lines: list[bytes]
    tally: Tally


class Hand:
    """Anonymizes blocks of lines.

    Args:
        recipe: how.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.policy = load_policy(recipe.policy)
        self.anonymizer = Anonymizer(recipe.key, policy=self.policy, max_bytes=recipe.max_bytes)
        self._count_fields = recipe.count_fields
        self._names = Names()

    def source(self) -> Source:
        """Return an empty memory of one source."""
        return self.anonymizer.source()

    def know(self, names: Names) -> None:
        """Take the names of the source whose blocks will be finished."""
        self._names = names

    def draft(self, lines: Iterable[bytes], table: Table) -> Draft:
        """Rewrite each line by itself, and tell what can be learnt from the block.

        Args:
            lines: with their ends.
            table: what earlier lines have told about columns; it is told on.
        """
        source = self.source()
        source.table = table
        draft = Draft([], [], [], {}, Tally())
        cut = [cut_end(line) for line in lines]
        texts = [bare.decode("utf-8", "surrogateescape") for bare, _ in cut]
        for number, redacted in enumerate(self.redacted(texts, source, draft.tally)):
            draft.lines.append(redacted.text.encode() + cut[number][1])
            draft.edits.append(_WITHHELD if redacted.withheld else len(redacted.edits))
            if next(leaks(redacted, common=source.common_words), None):
                draft.suspects.append(number)
            for edit in redacted.edits:
                known = draft.learnt.get(edit.original)
                draft.learnt[edit.original] = (edit.class_name, 1) if known is None else (known[0], known[1] + 1)
        return draft

    def redacted(self, texts: list[str], source: Source, tally: Tally) -> Iterator[Redacted]:
        """Yield the lines without their sensitive values, and count them; the recipe says whether their fields too."""
        found = self.anonymizer.redact_all(texts, source)
        for text in texts:
            if self._count_fields:
                tally.note_fields(unclaimed(text, source.table, self.policy))
            redacted = next(found)
            tally.lines += 1
            if redacted.withheld:
                tally.withhold(redacted.withheld)
            tally.replaced.update(edit.class_name for edit in redacted.edits)
            yield redacted

    def finish(
        self, lines: list[bytes], drafts: list[bytes], edits: list[int], suspects: list[int], table: Table
    ) -> Finished:
        """Rewrite once more the lines in which names of the source still stand, and audit them.

        Args:
            lines: as they were read.
            drafts: as the first pass left them.
            edits: as in ``Draft``.
            suspects: as in ``Draft``.
            table: as in the first pass.
        """
        source = self.source()
        source.table, source.names = table, self._names
        done = Finished(list(drafts), Tally())
        doubtful = set(suspects)
        for number, (line, drafted, before) in enumerate(zip(lines, drafts, edits, strict=True)):
            done.tally.lines += 1
            bare, end = cut_end(line)
            if before == _WITHHELD or (number not in doubtful and not self._names.stand_in(drafted.decode())):
                if not table.begun or line.startswith(b"#"):
                    self.anonymizer.redact(bare.decode("utf-8", "surrogateescape"), source=source)
                continue
            redacted = self.anonymizer.redact(bare.decode(), source=source)
            done.lines[number] = redacted.text.encode() + end
            done.tally.propagated += len(redacted.edits) - before
            for class_name in sorted(set(leaks(redacted, common=source.common_words, names=self._names))):
                done.tally.leak(number + 1, class_name)
        return done


def unclaimed(text: str, table: Table, policy: Policy) -> Counter[str]:
    """Return the names of the fields of a line that no rule of the policy claims, with how often each occurs."""
    names: Counter[str] = Counter()
    try:
        reader = table.columns_of(text) or reader_of(text)
        for value in reader.values(text) if reader is not None else ():
            if not policy.class_of(value.key, value.parent):
                names[f"{value.parent}.{value.key}" if value.parent else value.key] += 1
    except RecursionError:
        return Counter()
    return names
