"""All formats, declared and written out, and the signs by which a line finds its own.

Declared formats lie in ``formats/*.yaml``; a format that needs more than a declaration is a module there with a
``FORMAT``. They are read once, when the first line is parsed.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib import resources

import yaml

from logdojo.errors import InputError
from logdojo.parse import formats
from logdojo.parse.declared import Declared, declared_from, reader_of_documents, reader_of_spans
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format, ReadText, ReadUsual
from logdojo.parse.formats.device_header import read_header
from logdojo.parse.shapes import taker

_LITERAL = re.compile(r"(?:\\[^\w\s]|[^\\\[\](){}.*+?|^$])+(?![*?{|])")


@dataclass(frozen=True, slots=True)
class Registry:
    """Formats by their signs.

    Args:
        formats: name → format.
        by_program: name of a program in a syslog header → formats.
        by_start: first two characters → beginnings, the longest first, and their formats.
        by_content: texts that all stand in the line, and the format; the most particular first.
        often: literal beginning of the marks of formats that read usual lines whole, and that reader.
        often_documents: the same for formats of JSON documents, of which a key tells.
        marked: literal beginning of marks → the marks that begin with it, and their formats.
        by_key: key of a JSON document → formats that need it.
    """

    formats: dict[str, Format] = field(default_factory=dict)
    by_program: dict[str, list[Format]] = field(default_factory=dict)
    by_start: dict[str, list[tuple[str, Format]]] = field(default_factory=dict)
    by_content: list[tuple[tuple[str, ...], Format]] = field(default_factory=list)
    often: list[tuple[str, ReadUsual]] = field(default_factory=list)
    often_documents: list[tuple[str, ReadUsual]] = field(default_factory=list)
    marked: dict[str, list[tuple[re.Pattern[str], Format]]] = field(default_factory=dict)
    by_key: dict[str, list[Format]] = field(default_factory=dict)

    def add(self, made: Format) -> None:
        """Enter a format under its signs.

        Raises:
            InputError: the name is taken.
        """
        if made.name in self.formats:
            raise InputError(f"format {made.name}: declared twice", hint="give one of them another name")
        self.formats[made.name] = made
        signs = made.signs
        for program in signs.programs:
            of_program = self.by_program.setdefault(program.lower(), [])
            of_program.append(made)
            of_program.sort(key=lambda each: -len(each.signs.holds) - bool(each.signs.starts))
        for start in signs.starts:
            entries = self.by_start.setdefault(start[:2], [])
            entries.append((start, made))
            # Among equal beginnings the format that asks for more goes first.
            entries.sort(key=lambda entry: (-len(entry[0]), -len(entry[1].signs.holds)))
        if signs.mark:
            beginning = _literal_beginning(signs.mark)
            self.marked.setdefault(beginning, []).append((re.compile(signs.mark, re.ASCII), made))
            ordered = sorted(self.marked.items(), key=lambda entry: not any(f.signs.often for _, f in entry[1]))
            self.marked.clear()
            self.marked.update(ordered)
            if made.read_usual is not None:
                self.often.append((beginning, made.read_usual))
        if signs.holds and not signs.starts and not signs.programs:
            self.by_content.append((signs.holds, made))
            self.by_content.sort(key=lambda entry: -sum(map(len, entry[0])))
        if signs.keys and made.read_usual is not None:
            self.often_documents.append((f'"{signs.keys[0]}"', made.read_usual))
        for keys in filter(None, (signs.keys, *signs.also)):
            entries_of_key = self.by_key.setdefault(keys[0], [])
            entries_of_key.append(replace(made, signs=replace(signs, keys=keys)))
            entries_of_key.sort(key=lambda each: -len(each.signs.keys) - len(each.signs.values))


def _literal_beginning(mark: str) -> str:
    """Return the characters with which whatever a mark finds begins."""
    found = _LITERAL.match(mark)
    return re.sub(r"\\(.)", r"\1", found[0]) if found else mark[0]


@cache
def registry() -> Registry:
    """Return all formats; they are read at the first call."""
    found = Registry()
    for module in sorted(pkgutil.iter_modules(formats.__path__), key=lambda m: m.name):
        written = getattr(importlib.import_module(f"{formats.__name__}.{module.name}"), "FORMATS", ())
        for each in written:
            found.add(each)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in sorted(resources.files(formats).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            # Several formats of one vendor may share a file, one document each.
            for document in yaml.load_all(file.read_text("utf-8"), Loader=loader):  # a safe loader
                found.add(_declared(declared_from(document, where=file.name), file.name, str(document["doc"])))
    return found


def _declared(declared: Declared, file: str, doc: str) -> Format:
    unwrap = tuple(declared.options["unwrap"])
    if declared.shape == "json":
        read = reader_of_documents(declared)
        return Format(declared.name, declared.signs, read_document=read, unwrap=unwrap, doc=doc)
    read_text = _reader_of_text(declared, file)
    return Format(declared.name, declared.signs, read_text=read_text, doc=doc, prose=bool(declared.options["prose"]))


def _reader_of_text(declared: Declared, file: str) -> ReadText:
    take = taker(declared.shape, declared.options, where=file)
    write = reader_of_spans(declared)
    refine = declared.options["refine"]
    part = importlib.import_module(f"{formats.__name__}.{refine}") if refine else None
    before, after = getattr(part, "before", None), getattr(part, "after", None)
    mark = re.compile(declared.signs.mark, re.ASCII) if declared.signs.mark else None
    speaks = declared.shape == "phrases"

    def read_text(draft: Draft, start: int, now: datetime | None) -> bool:
        if mark is not None and start == 0 and (found := mark.search(draft.line)):
            start = found.start()
            read_header(draft, start, now)
        try:
            spans, implied = take(draft.line, start)
        except ValueError:
            if not speaks:
                raise
            # A program says more sentences than are declared: what the words in them say in general counts then.
            return False
        draft.fields.update(implied)
        if before is not None:
            before(draft.line, spans)
        write(draft, spans, now)
        if after is not None:
            after(draft, spans)
        return True

    return read_text
