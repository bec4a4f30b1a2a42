"""Programs that write sentences: a word chooses the sentence, and its one anchored expression reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import yaml

from logdojo.parse import formats
from logdojo.parse.draft import Draft
from logdojo.parse.format import ReadText

_LONGEST: Final = 8_192
_MACRO: Final = re.compile(r"\{([A-Z]+)\}")
FIELDS: Final = MappingProxyType(
    {
        "user": "user.name",
        "effective": "user.effective.name",
        "target": "user.target.name",
        "group": "group.name",
        "uid": "user.id",
        "command": "process.command_line",
        "directory": "process.working_directory",
        "unit": "service.name",
        "session": "linux.session.id",
        "tty": "linux.tty",
        "module": "linux.pam.module",
        "service": "linux.pam.service",
        "device": "linux.device",
        "kind": "linux.kind",
    }
)
"""Name of a group → ECS field; ``ip``, ``port``, ``dip``, ``dport``, ``pid`` are read by their kind."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Args:
        word: stands in it, and in few others.
        pattern: reads it whole.
        action: ``event.action``.
        category: ``event.category``.
        kind: ``event.type``.
        outcome: ``event.outcome``, or "".
    """

    word: str
    pattern: re.Pattern[str]
    action: str
    category: tuple[str, ...]
    kind: tuple[str, ...]
    outcome: str


@cache
def table(name: str) -> dict[str, tuple[Sentence, ...]]:
    """Return program → sentences of a table in ``tables/``; each says action, category, type, outcome between bars."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (resources.files(formats) / "tables" / f"{name}.yaml").read_text("utf-8")
    document = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader
    macros = document["macros"]

    def made(row: Mapping[str, str]) -> Sentence:
        pattern = _MACRO.sub(lambda found: macros[found[1]], row["match"])
        said = [part.strip() for part in row["says"].split("|")]
        return Sentence(
            row["word"],
            re.compile(pattern, re.ASCII),
            action=said[0],
            category=tuple(said[1].split()),
            kind=tuple(said[2].split()),
            outcome=said[3] if len(said) > 3 else "",
        )

    return {program: tuple(map(made, rows)) for program, rows in document["sentences"].items()}


def reader(sentences: Sequence[Sentence], *, otherwise: tuple[str, str] | None = None) -> ReadText:
    """Return the function that reads messages of a program.

    Args:
        sentences: the first whose word stands in the message is tried, then the next such.
        otherwise: category and type of a message that none reads; None leaves such a message to others.
    """

    def read(draft: Draft, start: int, now: datetime | None) -> bool:
        del now
        line = draft.line
        stop = len(line)
        while stop > start and line[stop - 1] == " ":
            stop -= 1
        if stop - start <= _LONGEST:
            for each in sentences:
                if line.find(each.word, start, stop) >= 0 and (found := each.pattern.fullmatch(line, start, stop)):
                    _write(draft, each, found)
                    return True
        if otherwise is None:
            return False
        draft.says((otherwise[0],), (otherwise[1],))
        return True

    return read


def _write(draft: Draft, said: Sentence, found: re.Match[str]) -> None:
    draft.says(said.category, said.kind, said.action, said.outcome)
    for group in found.re.groupindex:
        span = found.span(group)
        if span[0] >= span[1]:
            continue
        if group == "reason":
            while span[0] < span[1] and draft.line[span[0]] == " ":
                span = span[0] + 1, span[1]
            draft.text("event.reason", span)
        elif group == "ip":
            draft.address("source", span)
        elif group == "dip":
            draft.address("destination", span)
        elif group == "port":
            draft.number("source.port", span)
        elif group == "dport":
            draft.number("destination.port", span)
        elif group == "pid":
            draft.number("process.pid", span)
        elif group in FIELDS:
            draft.text(FIELDS[group], span)
