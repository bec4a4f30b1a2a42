"""A format that is declared: one YAML file in ``formats/`` says how its lines look and what they mean.

    name: fortinet.fortigate              event.dataset
    vendor: Fortinet                      observer.vendor; product: observer.product
    doc: https://…                        where the vendor describes it
    signs:                                what tells a line of this format from all others (see ``detect``)
      starts: ["date="]                   the message, or the bare line, begins so
      holds: ["logid=", "devid="]         … and all of these stand in it
      programs: [haproxy]                 a syslog header names this program
      keys: [eventSource, eventName]      a JSON document has all these keys
      also: [[EventSource, EventName]]    … or all of these
      values: {logName: ["*%2Factivity"]} … and these values, of which a star is the beginning or the end
    shape: pairs                          json, pairs, columns, phrases (see ``shapes``)
    time: [eventtime, [date, time]]       the first that is there; several are joined with a space
    fields:                               ECS name: source, or several, of which the first with a value counts
      source.ip: srcip
      user.name: [user, unauthuser]
    constants: {observer.type: firewall}
    means: …                              see ``meaning``
    prose: true                           the message is free text: look in it for addresses and users without a field
    refine: sonicwall                     a module of ``formats``: ``before(line, spans)``, ``after(draft, spans)``

Sources are paths in JSON, keys of pairs, names of columns, and groups of an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from logdojo.errors import InputError
from logdojo.parse.draft import Draft
from logdojo.parse.kinds import Write, kind_of, write_address, write_code, write_number, write_text, write_transport
from logdojo.parse.meaning import Table, tables
from logdojo.parse.times import utc_of
from logdojo.parse.values import EMPTY, Getter, getter

Spans = Mapping[str, tuple[int, int]]
KEYS: Final = frozenset(
    {"name", "vendor", "product", "doc", "signs", "shape", "time", "fields", "constants", "means", "unwrap"}
    | {"refine", "prose"}
)
SIGNS: Final = frozenset({"starts", "holds", "programs", "keys", "values", "also", "mark"})


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells a line of a format from all others; see ``detect``.

    ``mark`` is for devices that write headers of their own kind: an expression that begins with a literal character
    and stands near the beginning of the line. Such a format reads the whole line, header and all. ``often`` marks
    of devices that log every packet are asked first.
    ``also`` are other sets of keys that tell the format as well: the same event exported in another spelling.
    """

    starts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mark: str = ""
    often: bool = False
    also: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """A format read from its file.

    Args:
        name: value of ``event.dataset``.
        signs: what tells its lines.
        shape: how a line is taken apart.
        options: what the shape needs to know.
        times: sources of the time; the first that is there counts.
        fields: ECS name and its sources.
        constants: fields that are the same in each event.
        means: tables of words.
    """

    name: str
    signs: Signs
    shape: str
    options: Mapping[str, Any]
    times: tuple[tuple[str, ...], ...]
    fields: tuple[tuple[str, tuple[str, ...]], ...]
    constants: Mapping[str, object]
    means: tuple[Table, ...]

    def finish(self, draft: Draft, value_of: Callable[[str], object], *, now: datetime | None) -> None:
        """Write what is alike for all shapes: the time, constants, and what the event means."""
        fields = draft.fields
        for sources in self.times:
            said = [value for value in map(value_of, sources) if value is not None]
            if len(said) == len(sources):
                write_time(fields, said[0] if len(said) == 1 else " ".join(map(str, said)), now=now)
                break
        for name in draft.spans.keys() & self.constants.keys():
            # What the line said gives way, and its place with it.
            del draft.spans[name]
        fields.update(self.constants)
        for table in self.means:
            for name, meaning in table.meaning(map(value_of, table.sources)).items():
                fields.setdefault(name, meaning)


def write_time(fields: dict[str, object], value: object, *, now: datetime | None) -> None:
    """Write ``@timestamp`` and what had to be assumed; a value that is no time leaves the fields as they are."""
    try:
        read = utc_of(value, now=now)
    except ValueError:
        fields["logdojo.time.unread"] = str(value)[:64]
        return
    fields["@timestamp"] = read.utc
    for name, unknown in (("zone_unknown", not read.zoned), ("year_inferred", read.year_inferred)):
        if unknown:
            fields[f"logdojo.time.{name}"] = True
        else:
            fields.pop(f"logdojo.time.{name}", None)


def reader_of_documents(declared: Declared) -> Callable[[Draft, Mapping[str, Any], datetime | None], None]:
    """Return the function that reads JSON documents of a format."""
    targets: list[tuple[str, tuple[Getter, ...], Write]] = [
        (name, tuple(map(getter, sources)), kind_of(name)) for name, sources in declared.fields
    ]
    wanted = {source for sources in declared.times for source in sources}
    wanted |= {source for table in declared.means for source in table.sources}
    by_path = {source: getter(source) for source in wanted}

    def read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
        fields = draft.fields
        for name, getters, write in targets:
            for get in getters:
                value = get(document)
                if value is not None and value != "":
                    write(fields, name, value)
                    if name in fields:
                        break
        declared.finish(draft, lambda source: _said(by_path[source](document)), now=now)

    return read


def reader_of_spans(declared: Declared) -> Callable[[Draft, Spans, datetime | None], None]:
    """Return the function that reads lines of text, whose values are places in them."""
    targets = [(name, sources, kind_of(name)) for name, sources in declared.fields]

    def read(draft: Draft, spans: Spans, now: datetime | None) -> None:
        line = draft.line
        for name, sources, kind in targets:
            for source in sources:
                span = spans.get(source)
                if span is not None and span[0] < span[1] and _write_span(draft, name, span, kind):
                    break

        def value_of(source: str) -> object:
            span = spans.get(source)
            return line[span[0] : span[1]] if span is not None and span[0] < span[1] else None

        declared.finish(draft, value_of, now=now)

    return read


def _write_span(draft: Draft, name: str, span: tuple[int, int], kind: Write) -> bool:
    """Write the text at a span as a field with its span; return whether there was something to write."""
    text = draft.line[span[0] : span[1]]
    if text in EMPTY:
        return False
    if kind is write_number:
        if not text.isdecimal() or len(text) > 18:
            return False
        draft.number(name, span)
        return True
    if kind in (write_text, write_address, write_transport, write_code):
        before = len(draft.fields)
        kind(draft.fields, name, text)
        written = draft.fields.get(name)
        if isinstance(written, str):
            # An address may stand in brackets or with a port: only its own characters are its span.
            at = draft.line.find(written, span[0], span[1])
            if at >= 0:
                draft.spans[name] = (at, at + len(written))
        return written is not None or len(draft.fields) > before
    kind(draft.fields, name, text)
    return name in draft.fields


def _said(value: object) -> object:
    """Return a scalar as words in a table are looked up; nothing for objects, lists and empty words."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if isinstance(value, (dict, list)) or value == "" else value


def declared_from(document: Mapping[str, Any], *, where: str) -> Declared:
    """Check one format's document and return it.

    Raises:
        InputError: a key is unknown, missing or of the wrong kind; the message names file and key.
    """
    shape = document.get("shape", "json")
    unknown = set(document) - KEYS - {shape}
    if unknown:
        raise InputError(f"{where}: unknown key {min(unknown)!r}", hint=f"use {', '.join(sorted(KEYS))}")
    for key in ("name", "doc", "signs", "fields"):
        if not document.get(key):
            raise InputError(f"{where}: {key} is missing", hint="see the head of parse/declared.py for an example")
    signs = document["signs"]
    if set(signs) - SIGNS:
        raise InputError(f"{where}: signs has the unknown key {min(set(signs) - SIGNS)!r}", hint=f"use {SIGNS}")
    constants = {"event.dataset": document["name"], **(document.get("constants") or {})}
    for key in ("vendor", "product"):
        if document.get(key):
            constants[f"observer.{key}"] = document[key]
    return Declared(
        name=document["name"],
        signs=Signs(
            starts=_texts(signs.get("starts") or ()),
            holds=_texts(signs.get("holds") or ()),
            programs=_texts(signs.get("programs") or ()),
            keys=_texts(signs.get("keys") or ()),
            values={key: _texts(value) for key, value in (signs.get("values") or {}).items()},
            also=tuple(map(_texts, signs.get("also") or ())),
            mark=str(signs.get("mark") or ""),
        ),
        shape=shape,
        options={
            **(document.get(shape) or {}),
            "refine": str(document.get("refine") or ""),
            "prose": bool(document.get("prose")),
            "unwrap": _texts(document.get("unwrap") or ()),
        },
        times=tuple(_texts(each) for each in _listed(document.get("time"))),
        fields=tuple((name, _texts(sources)) for name, sources in document["fields"].items()),
        constants=constants,
        means=tables(document.get("means") or (), where=where),
    )


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))
