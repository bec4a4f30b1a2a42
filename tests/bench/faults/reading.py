"""What is in the files of any of the writers: which records, how often, and which lines are torn."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Found:
    """What was found in all files of a folder that begin with the log's name.

    Args:
        records: (who, number) → how often.
        torn: lines that are no JSON.
        reported: records that a log says it has dropped.
    """

    records: Counter[tuple[str, int]] = field(default_factory=Counter)
    torn: int = 0
    reported: int = 0

    @property
    def doubled(self) -> int:
        """Records that stand there more than once, counted by their surplus."""
        return sum(self.records.values()) - len(self.records)


def read(log: Path) -> Found:
    """Read every file of a log, plain or gzip."""
    found = Found()
    for line in _lines(log):
        try:
            fields = json.loads(line)
        except ValueError:
            found.torn += 1
            continue
        # Loguru keeps a record's own fields deep inside.
        fields = fields.get("record", {}).get("extra", fields) if "record" in fields else fields
        found.reported += fields.get("labels.dropped", 0)
        number = fields.get("labels.n", fields.get("n"))
        if number is not None:
            found.records[str(fields.get("labels.who", fields.get("who", ""))), number] += 1
    return found


def _lines(log: Path) -> Iterator[bytes]:
    stem = log.name.removesuffix(log.suffix)
    for path in sorted(log.parent.iterdir()):
        states = (".seals", ".lock", ".disposals", ".partial", ".__")
        if not path.name.startswith(stem) or ".cursor." in path.name or path.name.endswith(states):
            continue
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as file:
            try:
                yield from (line for line in file.read().split(b"\n") if line.strip())
            except EOFError:
                yield b"a gzip file that ends too early"
