"""A file of labelled lines or events → examples. What a file is, its first row's keys say.

simulated   {"line", "label", "group", "attack", "time", …}       written by ``logdojo simulate``
panther     {"event", "hit", "group", "log_type", "attack", …}    cases of detection rules (cloud and SaaS audit events)
crowdsec    {"line", "behavior", "group", "attack", …}            lines of an intrusion-prevention hub's scenario tests
examples    {"text", "label", "group", …}                         anything already rendered
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from logdojo.anonymize import Anonymizer
from logdojo.dataset.examples import BENIGN, Example
from logdojo.dataset.history import History
from logdojo.dataset.render import mask, render_document, render_event
from logdojo.errors import DatasetError
from logdojo.parse import parse_line

Row = dict[str, Any]

BEHAVIORS = ("bruteforce", "exploit", "scan", "dos", "crawl")
"""The CrowdSec behaviors with enough tests to hold some out; rows of the few others are left out."""

_DIGITS = re.compile(r"\d+")
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


def load_examples(path: Path, anonymizer: Anonymizer) -> list[Example]:
    """Read a JSONL file of labelled rows, anonymize and render each.

    Raises:
        DatasetError: the file is missing or empty, a row is not a JSON object, or its kind is unknown.
    """
    return list(examples_of(list(read_rows(path)), anonymizer, where=str(path)))


def examples_of(rows: Sequence[Row], anonymizer: Anonymizer, *, where: str) -> Iterator[Example]:
    """Yield the examples of labelled rows; what kind they are, the first row's keys say.

    Args:
        rows: of one kind.
        anonymizer: hides identities.
        where: named in errors.

    Raises:
        DatasetError: there are no rows, or their kind is unknown.
    """
    if not rows:
        raise DatasetError(f"{where}: holds no rows", hint="write some: logdojo simulate --lines 4000 --out FILE")
    for needed, read in _READERS:
        if needed <= rows[0].keys():
            return read(rows, anonymizer)
    raise DatasetError(
        f"{where}:1: unknown kind of row with keys {', '.join(sorted(rows[0]))}",
        hint="rows need text, label and group, or the keys that `logdojo simulate` writes",
    )


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the JSON objects of a JSONL file; blank lines are skipped.

    Raises:
        DatasetError: no such file, or a line that is not a JSON object; the line is named.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such file", hint="name a JSONL file of labelled rows")
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DatasetError(f"{path}:{number}: not JSON: {error}", hint="write one JSON object a line") from None
            if not isinstance(row, dict):
                raise DatasetError(f"{path}:{number}: not a JSON object", hint="write one JSON object a line")
            yield row


def simulated_examples(rows: Iterable[Row], anonymizer: Anonymizer) -> Iterator[Example]:
    """Yield one example a line, in the order of the lines, each with the history of its source."""
    history = History()
    for place, row in enumerate(rows):
        event = anonymizer.event(parse_line(str(row["line"])))
        text = render_event(event, history=history.observe(event))
        attack = str(row.get("attack", ""))
        yield Example(text, row["label"], row["group"], "simulated", attack, event.original, place)


def panther_examples(rows: Iterable[Row], anonymizer: Anonymizer) -> Iterator[Example]:
    """Yield one example a rule's case: ``suspicious`` where the rule fires, ``benign`` where it does not."""
    for place, row in enumerate(rows):
        document = anonymizer.document(row["event"])
        yield Example(
            render_document(document, kind=row["log_type"]),
            "suspicious" if row["hit"] else BENIGN,
            row["group"],
            "panther",
            _technique(row["attack"]) if row["hit"] else "",
            json.dumps(document, ensure_ascii=False),
            place,
        )


def crowdsec_examples(rows: Iterable[Row], anonymizer: Anonymizer) -> Iterator[Example]:
    """Yield one example a distinct line with one of the five frequent behaviors; all are attacks.

    A test repeats a line many times with other addresses, times and numbers; lines that differ in nothing else count
    once.
    """
    seen: set[str] = set()
    for place, row in enumerate(rows):
        line = anonymizer.line(row["line"])
        text = mask(line)
        kind = _DIGITS.sub("0", text)
        if row["behavior"] in BEHAVIORS and kind not in seen:
            seen.add(kind)
            yield Example(text, row["behavior"], row["group"], "crowdsec", _technique(row["attack"]), line, place)


def plain_examples(rows: Iterable[Row], anonymizer: Anonymizer) -> Iterator[Example]:  # noqa: ARG001, one signature
    """Yield rows that are examples already."""
    for row in rows:
        yield Example(
            str(row["text"]),
            str(row["label"]),
            str(row["group"]),
            str(row.get("source", "")),
            str(row.get("attack", "")),
        )


def _technique(attacks: list[str]) -> str:
    return next((found.group() for a in attacks if (found := _TECHNIQUE.search(a))), "")


_Reader = Callable[[Iterable[Row], Anonymizer], Iterator[Example]]
_READERS: tuple[tuple[frozenset[str], _Reader], ...] = (
    (frozenset({"text", "label", "group"}), plain_examples),
    (frozenset({"line", "label", "group", "time"}), simulated_examples),
    (frozenset({"event", "hit", "group", "log_type"}), panther_examples),
    (frozenset({"line", "behavior", "group"}), crowdsec_examples),
)
