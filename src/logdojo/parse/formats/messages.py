"""Messages that a vendor numbers or names: a table in ``tables/`` gives each its expression and its meaning.

In an expression ``{source.ip}`` is a place whose text becomes that field, ``{user.name:[^,]}`` one of other
characters, and ``{SRC}`` a macro of the table. Expressions are compiled once, at the first line of their kind. A
message of several wordings has a list of them: each is quicker than one expression with the groups of all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any, Final, NamedTuple

import yaml

from logdojo.parse import formats
from logdojo.parse.draft import Draft
from logdojo.parse.kinds import TRANSPORTS
from logdojo.parse.meaning import meaning_of
from logdojo.parse.places import Layout
from logdojo.parse.values import EMPTY

_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_.]+)(?::([^}]+))?\}(\?)?")
_MACRO: Final = re.compile(r"\{([A-Z]+)\}")
_PORT: Final = r"\d{1,5}+(?!\d)"
_SET: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_NAMED: Final = {r"\s": r" \t-\r", r"\w": "0-9A-Za-z_", r"\d": "0-9"}
_CHARACTERS: Final = {
    ".ip": r"[^\s/(),;<>\"|]",
    ".port": _PORT,
    ".bytes": r"\d{1,18}",
    ".packets": r"\d{1,18}",
    ".pid": r"\d{1,10}",
    ".status_code": r"\d{3}",
    ".transport": r"[\w-]",
    ".original": r"\S",
}
_TEXT, _NUMBER, _ADDRESS, _TRANSPORT = range(4)


Places = tuple[tuple[int, str], ...]
"""Numbers of groups, counted from 0, and the field that the text of each becomes."""


class Targets(NamedTuple):
    """The places in an expression, by what is written there, and which of them are the value as it stands."""

    texts: Places
    numbers: Places
    addresses: Places
    transports: Places
    layout: Layout


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message.

    Args:
        wordings: its expressions and the places in them; none when only its number says what it is.
        means: ``event.*`` fields.
        word: field whose text is looked up in the table's words; "" for none.
    """

    wordings: tuple[tuple[re.Pattern[str], Targets], ...]
    means: Mapping[str, object]
    word: str = ""


@dataclass(slots=True)
class Messages:
    """A table of messages, by number or name.

    Args:
        by_id: number → its entry in the table; a number that ends in ``*`` stands for all that begin so.
        macros: parts of expressions.
        meanings: name → ``event.*`` fields.
        words: word → ``event.*`` fields.
        made: number → what was compiled, None for numbers that are not in the table.
    """

    by_id: Mapping[str, Mapping[str, Any]]
    macros: Mapping[str, str]
    meanings: Mapping[str, Mapping[str, object]]
    words: Mapping[str, Mapping[str, object]]
    made: dict[str, Message | None] = field(default_factory=dict)

    def find(self, number: str) -> Message | None:
        """Return the message of that number, None when the table does not know it."""
        try:
            return self.made[number]
        except KeyError:
            entry = self.by_id.get(number) or self._by_beginning(number)
            message = None if entry is None else self._compiled(entry)
            if len(self.made) < 4_096:
                self.made[number] = message
            return message

    def read(self, draft: Draft, start: int, message: Message) -> bool:
        """Write what a message says; return whether an expression of it fitted, or it has none."""
        for pattern, targets in message.wordings:
            found = pattern.match(draft.line, start)
            if found is not None:
                write(draft, found, targets)
                if message.word:
                    draft.fields.update(self.words.get(str(draft.fields.get(message.word, "")).lower(), {}))
                return True
        return not message.wordings

    def _by_beginning(self, number: str) -> Mapping[str, Any] | None:
        beginnings = (number[:length] + "*" for length in range(len(number) - 1, 0, -1))
        return next((self.by_id[each] for each in beginnings if each in self.by_id), None)

    def _compiled(self, entry: Mapping[str, Any]) -> Message:
        means = {**self.meanings[entry["means"]], **meaning_of(entry.get("also") or {})}
        said = entry.get("match", ())
        wordings = [said] if isinstance(said, str) else said
        return Message(tuple(compiled(each, self.macros) for each in wordings), means, str(entry.get("word", "")))


def compiled(text: str, macros: Mapping[str, str]) -> tuple[re.Pattern[str], Targets]:
    """Compile an expression with places and macros.

    Raises:
        KeyError: it names a macro that is not there.
        re.error: it is broken.
    """
    while _MACRO.search(text):
        text = _MACRO.sub(lambda found: macros[found[1]], text)
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        names.append(found[1])
        inner = found[2] or next((c for end, c in _CHARACTERS.items() if found[1].endswith(end)), r"\S")
        counted = inner.endswith(")") or inner.startswith("\\d")
        least, lazy = (0, "?") if found[3] else (1, "")
        return f"(?P<p{len(names)}>{inner})" if counted else f"(?P<p{len(names)}>{inner}{{{least},256}}{lazy})"

    pattern = re.compile(_SET.sub(_spelled_out, _PLACE.sub(place, text)), re.ASCII)
    by_kind: list[list[tuple[int, str]]] = [[], [], [], []]
    layout: list[tuple[int, str]] = []
    for number, name in enumerate(names, start=1):
        group, kind = pattern.groupindex[f"p{number}"], _kind(name)
        by_kind[kind].append((group - 1, name))
        if kind != _TRANSPORT:
            layout.append((group, name))
    texts, numbers, addresses, transports = map(tuple, by_kind)
    return pattern, Targets(texts, numbers, addresses, transports, tuple(layout))


def _spelled_out(found: re.Match[str]) -> str:
    """Spell out the classes in a set: in a set of characters one is looked up at once, classes are asked in turn."""
    text = found[0]
    return re.sub(r"\\.", lambda each: _NAMED.get(each[0], each[0]), text) if text[0] == "[" else text


def write(draft: Draft, found: re.Match[str], targets: Targets) -> None:
    """Write the places of a match as fields."""
    fields, said = draft.fields, found.groups()
    draft.found += ((found, targets.layout),)
    for at, name in targets.texts:
        text = said[at]
        if text and text not in EMPTY:
            fields[name] = text
    for at, name in targets.addresses:
        text = said[at]
        if text:
            try:
                inet_pton(AF_INET6 if ":" in text else AF_INET, text)
            except OSError:
                write_address(draft, name, *found.span(at + 1))
            else:
                fields[name] = text
    for at, name in targets.numbers:
        text = said[at]
        if text:
            fields[name] = int(text)
    for at, name in targets.transports:
        text = said[at]
        if text:
            word = text.lower()
            fields[name] = TRANSPORTS.get(word, word)


def write_address(draft: Draft, name: str, start: int, stop: int) -> None:
    """Write an address as ``side.ip``, or as ``side.address`` when it is a name."""
    line = draft.line
    while stop > start and line[stop - 1] in ".:":
        stop -= 1
    text = line[start:stop]
    try:
        inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        if text in EMPTY:
            return
        name = name[:-2] + "address"
    draft.fields[name] = text
    draft.spans[name] = (start, stop)


@cache
def messages(table: str) -> Messages:
    """Return the messages of a table in ``tables/``."""
    document = read_table(table)
    return Messages(
        {number: entry for entry in document["messages"] for number in str(entry["ids"]).split()},
        document["macros"],
        {name: meaning_of(said, where=table) for name, said in document["meanings"].items()},
        {word: meaning_of(said, where=table) for word, said in document["words"].items()},
    )


def read_table(name: str) -> dict[str, Any]:
    """Return a document of ``tables/``."""
    file = resources.files(formats) / "tables" / f"{name}.yaml"
    document: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return document


def _kind(name: str) -> int:
    if name.endswith((".port", ".bytes", ".packets", ".pid", ".status_code")):
        return _NUMBER
    if name.endswith(".ip"):
        return _ADDRESS
    return _TRANSPORT if name == "network.transport" else _TEXT
