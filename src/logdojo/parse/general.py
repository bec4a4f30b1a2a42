"""Lines of no known format: what their names and their wording say in general.

JSON keys and key=value pairs are known by many names for the same thing (see ``names``); text is looked through for a
time at its beginning, addresses with the role that the word before them gives, users and requests (see ``prose``).
Nothing is guessed: a value counts if its name or the words around it say what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from logdojo.events import LogEvent
from logdojo.parse import leading, prose, wording
from logdojo.parse.declared import write_time
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.kinds import split_port
from logdojo.parse.names import fitting, known
from logdojo.parse.times import utc_of
from logdojo.parse.values import scalar

_DEEPEST: Final = 6
_MOST: Final = 256
_HEADER: Final = frozenset({"host.name", "process.name", "log.syslog.priority"})
_HIGHEST_PORT: Final = 65_535
_CLIENT_ERROR: Final = 400
_EARLY: Final = 40
"""A time that ends within so many code points stands at the beginning, and the message goes on after it."""


def read_text(draft: Draft, start: int, now: datetime | None) -> LogEvent:
    """Read a line of text.

    Raises:
        ValueError: nothing in it is known.
    """
    line = draft.line
    headed = start > 0
    at = start
    if "@timestamp" not in draft.fields or "logdojo.time.year_inferred" in draft.fields:
        # An application's own time has a year where the header's has none.
        at = leading.read_time(draft, start, now)
    if "process.name" not in draft.fields:
        at = leading.read_tag(draft, at)
    written = _write_text(draft, start, at, now)
    if not headed and not draft.fields:
        if line.startswith("[") and line.rstrip().endswith("]"):
            raise ValueError("JSON array, not an object: one event a line can be read")
        raise ValueError("unknown format: neither JSON nor a syslog header with a time")
    if "message" not in draft.fields and at < len(line):
        draft.fields["message"] = line[at:].lstrip(" ]:,-") if at - start < _EARLY else line[start:]
    _write_meaning(draft.fields, line, at)
    named = headed and not _HEADER.isdisjoint(draft.fields)
    return draft.done("syslog" if named else "pairs" if written >= 3 else "text")


def _write_text(draft: Draft, start: int, body: int, now: datetime | None) -> int:
    """Write what stands in the text, the surest first; return how many key=value pairs were known."""
    line, fields = draft.line, draft.fields
    places: dict[str, tuple[tuple[int, int], int]] = {}
    equals = 0
    times: dict[str, str] = {}
    for field, key, span, equal in prose.pairs(line, start):
        rank = (known(key) or ("", 0))[1] + (0 if equal else 1_000)
        equals += equal
        if field == "time":
            times[key.lower()] = line[slice(*span)]
        elif field == "host.name" and is_ip(line[slice(*span)].removeprefix("::ffff:")):
            continue
        elif prose.fits(field, line[slice(*span)]) and (field not in places or rank < places[field][1]):
            places[field] = (span, rank)
    if times and "@timestamp" not in fields:
        # Some write date and time apart.
        both = f"{times['date']} {times['time']}" if {"date", "time"} <= set(times) else next(iter(times.values()))
        write_time(fields, both, now=now)
        fields.pop("logdojo.time.unread", None)
    for field, (span, _) in places.items():
        if field not in ("message", "log.level"):
            _put(draft, field, span)
    for field, span in prose.addresses(line, start, body).items():
        side = field.partition(".")[0]
        # A port belongs to the address it stands with.
        known_ip = draft.spans.get(f"{side}.ip")
        if field not in fields and (known_ip is None or field.endswith(".port")):
            if field.endswith(".port") and known_ip is not None and not known_ip[1] <= span[0] < known_ip[1] + 12:
                continue
            _put(draft, field, span)
    for field, span in prose.request(line, start).items():
        if field not in fields:
            _put(draft, field, span)
    if "user.name" not in fields and (who := prose.user(line, start)) is not None:
        draft.text("user.name", who)
    if "network.transport" not in fields and (said := prose.transport(line, start)) is not None:
        _put(draft, "network.transport", said)
    if (said := prose.level(line, start)) is not None:
        draft.text("log.level", said)
    return equals


def complete(draft: Draft, start: int) -> None:
    """Add the addresses and the user that a message of free text names and its format has no field for."""
    found = prose.addresses(draft.line, start)
    for side in ("source", "destination"):
        if f"{side}.ip" not in draft.fields:
            for field in (f"{side}.ip", f"{side}.port"):
                if field in found:
                    _put(draft, field, found[field])
    if "user.name" not in draft.fields and (who := prose.user(draft.line, start)) is not None:
        draft.text("user.name", who)


def _put(draft: Draft, field: str, span: tuple[int, int]) -> None:
    """Write the text at a span, as its field holds it; nothing if that is already there."""
    if field in draft.fields:
        return
    text = draft.line[slice(*span)]
    value = fitting(field, text)
    if value is None:
        return
    draft.fields[field] = value
    if field.endswith(".ip"):
        _write_port(draft.fields, field, text)
    at = draft.line.find(str(value), *span)
    if at >= 0:
        draft.spans[field] = (at, at + len(str(value)))


def _write_port(fields: dict[str, object], field: str, text: str) -> None:
    """Write the port that stands beside an address."""
    port = split_port(text.strip())[1]
    if port and int(port) <= _HIGHEST_PORT:
        fields.setdefault(field[:-2] + "port", int(port))


def _write_meaning(fields: dict[str, object], text: str, start: int) -> None:
    outcome, login = wording.said(text, start)
    status = fields.get("http.response.status_code")
    if not outcome and isinstance(status, int):
        outcome = "failure" if status >= _CLIENT_ERROR else "success"
    outcome = str(fields.get("event.outcome", "")) or outcome
    if outcome:
        fields["event.outcome"] = outcome
    if login:
        fields["event.category"], fields["event.type"] = ["authentication"], ["start" if outcome else "info"]
    elif "http.request.method" in fields:
        fields["event.category"], fields["event.type"] = ["web"], ["access"]
    elif "source.ip" in fields and "destination.ip" in fields:
        fields["event.category"], fields["event.type"] = ["network"], ["connection"]
    else:
        fields["event.category"], fields["event.type"] = ["host"], ["info"]


def read_document(
    draft: Draft,
    document: Mapping[str, Any],
    now: datetime | None,
    *,
    strict: bool,
    inner: Callable[[str], LogEvent | None] | None = None,
) -> LogEvent:
    """Read a JSON document.

    Args:
        draft: the event so far.
        document: as it stands in the line.
        now: reference of the year.
        strict: whether a document of which nothing is known is refused.
        inner: reads a message as a line of its own; None if it is of no known format.

    Raises:
        ValueError: nothing in it is known.
    """
    fields = draft.fields
    ranks: dict[str, int] = {}
    times: list[tuple[int, object]] = []
    said: dict[str, object] = {}
    ports: dict[str, str] = {}
    for path, value in _leaves(document):
        found = known(path)
        if found is None:
            continue
        field, rank = found
        if field == "time":
            times.append((rank, value))
            continue
        kept = fitting(field, value)
        if kept is not None and rank < ranks.get(field, 1_000_000):
            ranks[field] = rank
            said[field] = kept
            if field.endswith(".ip"):
                ports[field] = str(value)
    _write_first_time(fields, times, now)
    if "http.request.method" in said or "url.original" in said:
        # Beside a request, a host is the one that was asked for.
        host = said.pop("host.name", None) if document.get("host") == said.get("host.name") else None
        if host is not None:
            said.setdefault("url.domain", host)
    else:
        said.pop("user_agent.original", None)
    message = said.get("message")
    fields.update(said)
    for field, text in ports.items():
        _write_port(fields, field, text)
    if not said and not times and strict:
        raise ValueError("JSON of an unknown format: none of its keys says what it is")
    if isinstance(message, str):
        if inner is not None and (event := inner(message)) is not None:
            fields.update(event.fields)
            return draft.done(str(event.fields["event.dataset"]))
        _write_message(fields, message, now)
    words = f"{fields.get('event.action', '')} {message if isinstance(message, str) else ''}"
    _write_meaning(fields, words, 0)
    return draft.done("json")


def _write_first_time(fields: dict[str, object], times: list[tuple[int, object]], now: datetime | None) -> None:
    for _, value in sorted(times, key=lambda each: each[0]):
        try:
            utc_of(value, now=now)
        except (ValueError, TypeError):
            continue
        write_time(fields, value, now=now)
        return


def _write_message(fields: dict[str, object], message: str, now: datetime | None) -> None:
    """Add what the sentence of a document says and its keys do not."""
    del now
    if "source.ip" not in fields:
        for field, span in prose.addresses(message, 0).items():
            value = fitting(field, message[slice(*span)])
            if value is not None:
                fields.setdefault(field, value)
    if "user.name" not in fields and (who := prose.user(message, 0)) is not None:
        fields["user.name"] = message[slice(*who)]


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield dotted path and value of the scalars of a document, breadth first, up to a bounded depth and count."""
    level: list[tuple[str, Any]] = [(key, value) for key, value in document.items()]
    count = 0
    for _ in range(_DEEPEST):
        deeper: list[tuple[str, Any]] = []
        for path, value in level:
            if isinstance(value, dict):
                deeper += [(f"{path}.{key[:128]}", child) for key, child in list(value.items())[:_MOST]]
            elif isinstance(value, list):
                deeper += _items(path, value[:16])
            elif value is not None and value != "":
                count += 1
                yield path, scalar(value)
                if count == _MOST:
                    return
        level = deeper[:_MOST]


def _items(path: str, items: list[Any]) -> list[tuple[str, Any]]:
    """Return the parts of a list: ``[{"key": "user", "value": …}]`` is one more way to write an object."""
    found: list[tuple[str, Any]] = []
    for item in items:
        if isinstance(item, dict):
            key = item.get("key", item.get("name"))
            if isinstance(key, str) and "value" in item:
                found.append((f"{path}.{key[:128]}", item["value"]))
            else:
                found += [(f"{path}.{name[:128]}", child) for name, child in list(item.items())[:64]]
        elif item is items[0]:
            found.append((path, item))
    return found
