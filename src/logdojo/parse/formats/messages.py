"""Messages that a vendor numbers or names: a table in ``tables/`` gives each its expression and its meaning.

In an expression ``{source.ip}`` is a place whose text becomes that field, ``{user.name:[^,]}`` one of other
characters, and ``{SRC}`` a macro of the table. Expressions are compiled once, at the first line of their kind.
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
from logdojo.parse.values import EMPTY

_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_.]+)(?::([^}]+))?\}(\?)?")
_MACRO: Final = re.compile(r"\{([A-Z]+)\}")
_PORT: Final = r"\d{1,5}(?!\d)"
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
_FLOW: Final = ("source.ip", "source.port", "destination.ip", "destination.port")
_TEXT, _NUMBER, _ADDRESS, _TRANSPORT = range(4)


Places = tuple[tuple[int, str], ...]
"""Numbers of groups, counted from 0, and the field that the text of each becomes."""


class Targets(NamedTuple):
    """The places in an expression, by what is written there.

    ``flow`` holds the groups of source and destination address and port, where an expression has each of them once.
    """

    flow: tuple[int, int, int, int] | None
    texts: Places
    numbers: Places
    addresses: Places
    transports: Places


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message.

    Args:
        pattern: its expression; None when only its number says what it is.
        targets: the places in it.
        means: ``event.*`` fields.
        word: field whose text is looked up in the table's words; "" for none.
    """

    pattern: re.Pattern[str] | None
    targets: Targets
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
        """Write what a message says, and what it means; return whether its expression fitted."""
        fields = draft.fields
        fields.update(message.means)
        if message.pattern is None:
            return True
        found = message.pattern.match(draft.line, start)
        if found is None:
            return False
        write(draft, found, message.targets)
        if message.word:
            fields.update(self.words.get(str(fields.get(message.word, "")).lower(), {}))
        return True

    def _by_beginning(self, number: str) -> Mapping[str, Any] | None:
        beginnings = (number[:length] + "*" for length in range(len(number) - 1, 0, -1))
        return next((self.by_id[each] for each in beginnings if each in self.by_id), None)

    def _compiled(self, entry: Mapping[str, Any]) -> Message:
        means = {**self.meanings[entry["means"]], **meaning_of(entry.get("also") or {})}
        if "match" not in entry:
            return Message(None, Targets(None, (), (), (), ()), means)
        pattern, targets = compiled(str(entry["match"]), self.macros)
        return Message(pattern, targets, means, str(entry.get("word", "")))


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

    pattern = re.compile(_PLACE.sub(place, text), re.ASCII)
    by_kind: list[list[tuple[int, str]]] = [[], [], [], []]
    for number, name in enumerate(names, start=1):
        by_kind[_kind(name)].append((pattern.groupindex[f"p{number}"] - 1, name))
    flow = None
    if all(names.count(name) == 1 for name in _FLOW):
        at = {name: group for group, name in by_kind[_ADDRESS] + by_kind[_NUMBER]}
        flow = (at[_FLOW[0]], at[_FLOW[1]], at[_FLOW[2]], at[_FLOW[3]])
        by_kind = [[place for place in places if place[1] not in _FLOW] for places in by_kind]
    return pattern, Targets(flow, *map(tuple, by_kind))


def write(draft: Draft, found: re.Match[str], targets: Targets) -> None:
    """Write the places of a match as fields with their spans."""
    fields, spans, said, places = draft.fields, draft.spans, found.groups(), found.regs
    if targets.flow is not None:
        _write_flow(draft, said, places, targets.flow)
    for at, name in targets.texts:
        text = said[at]
        if text and text not in EMPTY:
            fields[name] = text
            spans[name] = places[at + 1]
    for at, name in targets.addresses:
        text = said[at]
        if text:
            try:
                inet_pton(AF_INET6 if ":" in text else AF_INET, text)
            except OSError:
                write_address(draft, name, *places[at + 1])
            else:
                fields[name] = text
                spans[name] = places[at + 1]
    for at, name in targets.numbers:
        text = said[at]
        if text:
            fields[name] = int(text)
            if text[0] != "0" or len(text) == 1:
                spans[name] = places[at + 1]
    for at, name in targets.transports:
        text = said[at]
        if text:
            word = text.lower()
            fields[name] = TRANSPORTS.get(word, word)


def _write_flow(
    draft: Draft, said: tuple[str | None, ...], places: tuple[tuple[int, int], ...], flow: tuple[int, int, int, int]
) -> None:
    """Write both ends of a flow at once; most messages have them, and this is what takes the time."""
    fields, spans = draft.fields, draft.spans
    first, first_port, second, second_port = flow
    source, destination = said[first], said[second]
    if source is None or destination is None:
        return
    try:
        inet_pton(AF_INET6 if ":" in source else AF_INET, source)
        inet_pton(AF_INET6 if ":" in destination else AF_INET, destination)
    except OSError:
        write_address(draft, "source.ip", *places[first + 1])
        write_address(draft, "destination.ip", *places[second + 1])
    else:
        fields["source.ip"], spans["source.ip"] = source, places[first + 1]
        fields["destination.ip"], spans["destination.ip"] = destination, places[second + 1]
    if port := said[first_port]:
        fields["source.port"] = int(port)
        if port[0] != "0" or port == "0":
            spans["source.port"] = places[first_port + 1]
    if port := said[second_port]:
        fields["destination.port"] = int(port)
        if port[0] != "0" or port == "0":
            spans["destination.port"] = places[second_port + 1]


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
