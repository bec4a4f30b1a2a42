"""How a line of text is taken apart into named places: pairs, columns, phrases.

    pairs     key=value, CEF, LEEF, key:"value"; and structured data of RFC 5424
    columns   values in a fixed order, between commas, blanks or bars, quoted or not
    phrases   sentences: one anchored expression each, chosen by an id or by a word that only it has

Each returns name → (start, stop) in code points. Every expression runs once, from a known place, and in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from logdojo.errors import InputError
from logdojo.parse.meaning import meaning_of

Spans = dict[str, tuple[int, int]]
Taken = tuple[Spans, Mapping[str, object]]
Take = Callable[[str, int], Taken]
"""A line and where its message begins → named places, and fields that the sentence itself implies.

Raises:
    ValueError: the line is not of this shape; the message is the reason.
"""

_KEY: Final = r"[A-Za-z_@][\w.\-/@$]{0,63}"
_PAIR: Final = re.compile(rf'(?<![\w.\-/@$])({_KEY})=(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([^\s,;"\']*))', re.ASCII)
_BLANK_PAIR: Final = re.compile(rf'(?<![\w.\-/@$])({_KEY})=(?:"((?:[^"\\]|\\.)*)"|(\S*))', re.ASCII)
_COLON_PAIR: Final = re.compile(rf'(?<![\w.\-/@$])({_KEY}): ?(?:"((?:[^"\\]|\\.)*)"|([^;,"]*))', re.ASCII)
_CEF_HEAD: Final = re.compile(r"CEF: ?(\d+)\|" + r"((?:[^|\\]|\\.)*)\|" * 6)
_CEF_NAMES: Final = ("cef.version", "vendor", "product", "version", "id", "name", "severity")
_CEF_KEY: Final = re.compile(rf"(?<=[\s|])({_KEY}(?:\[\d{{1,3}}\])?)=", re.ASCII)
_LEEF_HEAD: Final = re.compile(r"LEEF: ?([12]\.0)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(?:([^|\s=]{1,6})\|)?")
_LEEF_NAMES: Final = ("leef.version", "vendor", "product", "version", "id")
_ELEMENT: Final = re.compile(r'(?<![\w.@\-])([\w.@\-]{1,64})="((?:[^"\\\]]|\\.)*)"', re.ASCII)
_MACROS: Final = {
    "IP": r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{0,40}:[0-9A-Fa-f:.]{1,40})",
    "PORT": r"\d{1,5}",
    "INT": r"\d{1,18}",
    "WORD": r"[^\s,;:()\[\]\"']{1,128}",
    "TOKEN": r"\S{1,256}",
    "QUOTED": r"[^\"]{0,1024}",
    "REST": r".{0,4096}",
}
_MACRO: Final = re.compile(r"\{([A-Z]+)\}")
_MOST: Final = 512
_Phrase = tuple[re.Pattern[str], Mapping[str, object]]


def taker(shape: str, options: Mapping[str, Any], *, where: str) -> Take:
    """Return the function that takes lines of a declared shape apart.

    Raises:
        InputError: the shape or an option is not known, or an expression is broken.
    """
    makers = {"pairs": _pairs, "columns": _columns, "phrases": _phrases}
    if shape not in makers:
        raise InputError(f"{where}: {shape!r} is no shape", hint=f"use json, {', '.join(makers)}")
    try:
        return makers[shape](options)
    except (re.error, KeyError, TypeError) as error:
        raise InputError(
            f"{where}: {shape} cannot be used ({error})", hint="see the head of parse/shapes.py"
        ) from error


def expression(text: str) -> re.Pattern[str]:
    """Compile an expression in which the macros of this module may stand, as in ``from {IP} port {PORT}``."""
    return re.compile(_MACRO.sub(lambda found: _MACROS[found[1]], text), re.ASCII)


def _pairs(options: Mapping[str, Any]) -> Take:
    styles: dict[str, Take] = {
        "equal": lambda line, start: _matched(_PAIR, line, start),
        "blank": lambda line, start: _matched(_BLANK_PAIR, line, start),
        "colon": lambda line, start: _matched(_COLON_PAIR, line, start),
        "elements": lambda line, start: _matched(_ELEMENT, line, start),
        "cef": _cef,
        "leef": _leef,
    }
    return styles[options.get("style", "equal")]


def _matched(pair: re.Pattern[str], line: str, start: int) -> Taken:
    """Return the place of each pair's value; the first of several with one key counts."""
    spans: Spans = {}
    for found in pair.finditer(line, start):
        group = found.lastindex or 1
        spans.setdefault(found[1], found.span(group) if group > 1 else (found.end(), found.end()))
        if len(spans) == _MOST:
            break
    if not spans:
        raise ValueError("no key=value pair in the line")
    return spans, {}


def _cef(line: str, start: int) -> Taken:
    head = _CEF_HEAD.search(line, start, start + 4096)
    if head is None:
        raise ValueError("broken CEF header: seven parts between bars are expected")
    spans: Spans = {name: head.span(place) for place, name in enumerate(_CEF_NAMES, start=1)}
    # A value goes on up to the next key, blanks and all.
    keys = list(_CEF_KEY.finditer(line, head.end()))[:_MOST]
    ends = [found.start() for found in keys[1:]] + [len(line)]
    for found, end in zip(keys, ends, strict=False):
        stop = end
        while stop > found.end() and line[stop - 1] in " \t":
            stop -= 1
        spans.setdefault(found[1], (found.end(), stop))
    for key, (first, after) in list(spans.items()):
        # cs1Label=Rule cs1=block says Rule=block.
        if key.endswith("Label") and key[:-5] in spans:
            spans.setdefault(line[first:after], spans[key[:-5]])
    return spans, {}


def _leef(line: str, start: int) -> Taken:
    head = _LEEF_HEAD.search(line, start, start + 4096)
    if head is None:
        raise ValueError("broken LEEF header: five or six parts between bars are expected")
    spans: Spans = {name: head.span(place) for place, name in enumerate(_LEEF_NAMES, start=1)}
    between = head[6] or "\t"
    if between.lower().startswith(("0x", "x")):
        between = chr(int(between.lower().lstrip("0x"), 16))
    at = head.end()
    if between not in line[at:]:
        between = "\t" if "\t" in line[at:] else " "
    for part in line[at:].split(between)[:_MOST]:
        key, equal, value = part.partition("=")
        if equal:
            spans.setdefault(key.strip(), (at + len(key) + 1, at + len(key) + 1 + len(value)))
        at += len(part) + len(between)
    return spans, {}


def _columns(options: Mapping[str, Any]) -> Take:
    separator = {"space": " ", "tab": "\t"}.get(options.get("separator", "space"), options.get("separator", " "))
    names = [str(name) for name in options.get("names", ())]
    variants = {str(key): [str(name) for name in found] for key, found in (options.get("variants") or {}).items()}
    by = int(options.get("by", -1))
    least = int(options.get("least", 2))
    cut = _cutter(separator)

    def take(line: str, start: int) -> Taken:
        cells = cut(line, start)
        if len(cells) < least:
            raise ValueError(f"{len(cells)} columns, at least {least} are expected")
        chosen = names
        if by >= 0 and by < len(cells):
            chosen = variants.get(line[slice(*cells[by])], names)
        elif str(len(cells)) in variants:
            chosen = variants[str(len(cells))]
        # Columns are added at the end from release to release: more than are named do no harm.
        return {name: span for name, span in zip(chosen, cells, strict=False) if name != "_"}, {}

    return take


def _cutter(separator: str) -> Callable[[str, int], list[tuple[int, int]]]:
    between = re.escape(separator)
    many = "+" if separator == " " else ""
    cell = re.compile(
        rf'"((?:[^"\\]|\\.|"")*)"(?:{between}{many}|$)|\[([^\]]*)\](?:{between}{many}|$)|([^{between}]*)(?:{between}{many}|$)'
    )

    def cut(line: str, start: int) -> list[tuple[int, int]]:
        cells: list[tuple[int, int]] = []
        at, end = start, len(line)
        while at <= end and len(cells) < _MOST:
            found = cell.match(line, at)
            if found is None or (at == end and (cells and line[end - 1 : end] != separator)):
                break
            cells.append(found.span(found.lastindex or 3))
            if found.end() == at:
                break
            at = found.end()
        return cells

    return cut


def _phrases(options: Mapping[str, Any]) -> Take:
    """Sentences: by ``id`` (an expression whose group 1 is looked up) or by ``when`` (a word that only one has).

    Each may say with ``means`` what it means; that comes before the format's own tables.
    """
    find = expression(options["id"]) if "id" in options else None
    by_id: dict[str, _Phrase] = {}
    by_word: list[tuple[str, _Phrase]] = []
    for declared in options["list"]:
        phrase = expression(declared["match"]), meaning_of(declared.get("means") or {})
        by_id.update(dict.fromkeys((key.strip() for key in str(declared.get("ids", "")).split("|") if key), phrase))
        if "when" in declared:
            by_word.append((declared["when"], phrase))
    general = expression(options["otherwise"]) if "otherwise" in options else None

    def take(line: str, start: int) -> Taken:
        spans: Spans = {}
        chosen: _Phrase | None = None
        if find is not None and (found := find.search(line, start, start + 512)):
            spans = {"id": found.span(1), **_groups(found)}
            start = found.end()
            chosen = by_id.get(found[1])
        if chosen is None:
            chosen = next((phrase for word, phrase in by_word if line.find(word, start) >= 0), None)
        matched = chosen[0].match(line, start) if chosen is not None else None
        if chosen is not None and matched is not None:
            return spans | _groups(matched), chosen[1]
        matched = general.search(line, start) if general is not None else None
        if matched is None and not spans:
            raise ValueError("no known sentence")
        return (spans | _groups(matched) if matched is not None else spans), {}

    return take


def _groups(found: re.Match[str]) -> Spans:
    return {name: found.span(name) for name in found.re.groupindex if found[name] is not None}
