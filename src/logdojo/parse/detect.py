"""Which format a line is in, by cheap signs: its first characters, the program that wrote it, or its JSON keys.

No parser is tried: a sign names one, and that one reads the line or rejects it with a reason. What shows no sign goes
to ``general``, which knows how lines look in general. A new format is one file in ``formats``.

Formats that make up most of what is logged read their usual lines whole before anything else is asked, with one
expression each; what is unusual of them goes the way of all others, with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from logdojo.events import LogEvent
from logdojo.parse import general, syslog, wrapped
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.registry import registry

_decode: Final = msgspec.json.Decoder().decode
_WRAPPERS: Final = ("Records", "records", "detail", "events", "Event", "event", "value", "result", "data")
_DEEPEST: Final = 3
_WORTH: Final = frozenset({"source.ip", "user.name", "@timestamp", "http.request.method"})
_HEAD: Final = 512
"""How far into a message its signs are looked for, in code points."""


_MARKED: Final = 256
"""Within how many code points a mark stands that tells a line before its header is read."""


def detect(line: str, *, now: datetime | None = None) -> str:
    """Return the name of a line's format, as ``event.dataset`` has it; "" when it cannot be read."""
    try:
        return str(read(line, now=now).get("event.dataset", ""))
    except ValueError:
        return ""


def read(line: str, *, now: datetime | None = None, inside: bool = False) -> LogEvent:
    """Read a line that passed the screen.

    Args:
        line: the line without its end.
        now: reference of the year where none is written.
        inside: whether it was taken out of another line; then it is not unwrapped once more.

    Raises:
        ValueError: it cannot be read; the message is the reason.
    """
    first, known = line[0], registry()
    if first == "{" or (first in " \t" and line.lstrip(" \t").startswith("{")):
        for key, read_usual in known.often_documents:
            if key in line and (usual := read_usual(line, now)) is not None:
                return usual
        return _read_json_line(line, now)
    head = line[:_MARKED]
    for characters, read_usual in known.often:
        if characters in head and (usual := read_usual(line, now)) is not None:
            return usual
    draft = Draft(line)
    for characters, marks in known.marked.items():
        if characters in head:
            for mark, marked in marks:
                if mark.search(head) and marked.read_text is not None and marked.read_text(draft, 0, now):
                    return draft.done(marked.name)
    if not inside and (" std" in head or " | " in head):
        event = wrapped.read_wrapped(line, now, lambda inner: read(inner, now=now, inside=True))
        if event is not None:
            return event
    # A line without a header may begin like one: "Mar 11 2021 …" is syslog, "date=…" and "%ASA-…" are not.
    start = syslog.read_header(draft, now=now)
    if not start and (tag := syslog.tag_alone(line)) and tag in known.by_program:
        start = syslog.read_tag(draft, 0)
    if start:
        syslog.write_message(draft, start)
        if line.startswith("{", start) and line.rstrip().endswith("}"):
            return _read_json(draft, line[start:], now, strict=False)
    name = _read_by_signs(draft, start, now)
    return draft.done(name) if name else general.read_text(draft, start, now)


def _read_by_signs(draft: Draft, start: int, now: datetime | None) -> str:
    """Read a line of text by the format whose signs it shows; return its name, "" if there is none that reads it."""
    line, known = draft.line, registry()
    program = draft.fields.get("process.name")
    if program is not None:
        for candidate in known.by_program.get(str(program).lower(), ()):
            if _shows(candidate, line, start) and _reads(candidate, draft, start, now):
                return candidate.name
    for beginning, candidate in known.by_start.get(line[start : start + 2], ()):
        shown = line.startswith(beginning, start) and _holds(candidate.signs.holds, line, start)
        if shown and _reads(candidate, draft, start, now):
            return candidate.name
    for texts, candidate in known.by_content:
        if _holds(texts, line, start) and _reads(candidate, draft, start, now):
            return candidate.name
    return ""


def _reads(candidate: Format, draft: Draft, start: int, now: datetime | None) -> bool:
    if candidate.read_text is None or not candidate.read_text(draft, start, now):
        return False
    if candidate.prose:
        general.complete(draft, start)
    return True


def _shows(candidate: Format, line: str, start: int) -> bool:
    signs = candidate.signs
    begins = not signs.starts or line.startswith(signs.starts, start)
    return begins and _holds(signs.holds, line, start)


def _holds(texts: tuple[str, ...], line: str, start: int) -> bool:
    end = start + _HEAD
    return all(line.find(text, start, end) >= 0 for text in texts)


def _read_json_line(line: str, now: datetime | None) -> LogEvent:
    """Read a line that begins as JSON; what has been cut off is still read for the names in it."""
    try:
        return _read_json(Draft(line), line, now)
    except ValueError as error:
        if not str(error).startswith("broken JSON"):
            raise
        draft = Draft(line)
        draft.fields["logdojo.json.broken"] = str(error)
        event = general.read_text(draft, 0, now)
        if _WORTH.isdisjoint(event.fields):
            raise
        return event


def _read_json(draft: Draft, text: str, now: datetime | None, *, strict: bool = True) -> LogEvent:
    document = _document(text)
    found, inner = format_of_document(document)
    if found is not None and found.read_document is not None:
        if found.read_document(draft, inner, now) is not False:
            return draft.done(found.name)
        draft = Draft(draft.line)
    container = wrapped.read_document(draft.line, document, now, lambda one: read(one, now=now, inside=True))
    if container is not None:
        return container
    return general.read_document(draft, inner, now, strict=strict, inner=partial(_line_of_a_format, now=now))


def _line_of_a_format(line: str, *, now: datetime | None) -> LogEvent | None:
    """Read a line that stood in a document; None if it is of no known format."""
    if not line or line.isspace() or line[0] == "[":
        return None
    try:
        event = read(line, now=now, inside=True)
    except ValueError:
        return None
    return event if str(event.fields.get("event.dataset")) in registry().formats else None


def format_of_document(document: Mapping[str, Any], depth: int = 0) -> tuple[Format | None, Mapping[str, Any]]:
    """Return the format of a JSON document and the document itself, taken out of what it was wrapped in."""
    by_key = registry().by_key
    for key in document:
        for candidate in by_key.get(key, ()):
            if _fits(candidate, document):
                return candidate, document
    if depth < _DEEPEST:
        for key in _WRAPPERS:
            inner = document.get(key)
            if isinstance(inner, list):
                if len(inner) > 1 and isinstance(inner[0], dict):
                    raise ValueError(f"{key} holds {len(inner)} records: one a line can be read, split them first")
                inner = inner[0] if len(inner) == 1 else None
            if isinstance(inner, dict):
                found, taken = format_of_document(inner, depth + 1)
                if found is not None:
                    return found, taken
    return None, document


def _fits(candidate: Format, document: Mapping[str, Any]) -> bool:
    signs = candidate.signs
    for key in signs.keys:
        if key not in document:
            return False
    for key, allowed in signs.values.items():
        value = str(document.get(key, ""))
        if not any(_matches(value, one) for one in allowed):
            return False
    return True


def _matches(value: str, wanted: str) -> bool:
    if wanted.startswith("*"):
        return value.endswith(wanted[1:])
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = _decode(text)
    except RecursionError:
        raise ValueError("broken JSON: nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError):
        document = _document_by_the_book(text)
    if not isinstance(document, dict):
        raise ValueError("JSON, but not an object: one event a line can be read")  # noqa: TRY004  # a reason to reject
    return document


def _document_by_the_book(text: str) -> Any:
    """Read what the quick reader refuses: integers of any size, NaN; and say where it is broken."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("broken JSON: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON: {error.msg} at character {error.pos}") from None
    except ValueError as error:
        # Python refuses to read integers of more than 4,300 digits.
        raise ValueError(f"broken JSON: {error}") from None
