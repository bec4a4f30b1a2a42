r"""Lines that a container runtime or a shipper has wrapped: the line inside is read as a line of its own.

2025-12-31T17:37:40.493035218+01:00 stdout F 192.0.2.7 - - […] "GET / HTTP/1.1" …    Kubernetes (CRI)
{"log": "192.0.2.7 - - […] …\n", "stream": "stdout", "time": "2025-12-31T…Z"}         Docker's json-file
web-1  | 192.0.2.7 - - […] …                                                         docker compose
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from logdojo.events import LogEvent
from logdojo.parse.declared import write_time

_CRI: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) [FP] (?=\S)", re.ASCII)
_COMPOSE: Final = re.compile(r"([A-Za-z][\w.\-]{1,63}) {1,32}\| {1,2}(?=\S)", re.ASCII)
_LEVELS: Final = frozenset({"trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal"})
_MARKS: Final = frozenset(
    {"stream", "time", "kubernetes", "docker", "container_name", "container_id", "fluent", "agent"}
)

Read = Callable[[str], LogEvent]


def read_wrapped(line: str, now: datetime | None, read: Read) -> LogEvent | None:
    """Read the line inside a wrapper of text; None if there is no wrapper.

    Args:
        line: the whole line.
        now: reference of the year.
        read: reads the line inside.
    """
    fields: dict[str, object] = {}
    if (cri := _CRI.match(line)) is not None:
        write_time(fields, cri[1], now=now)
        fields["stream"] = cri[2]
        at = cri.end()
    elif "|" in line[:100] and (compose := _COMPOSE.match(line)) is not None and compose[1].lower() not in _LEVELS:
        fields["container.name"] = compose[1]
        at = compose.end()
    else:
        return None
    event = _read_inner(line[at:], read)
    if event is None:
        fields |= {"event.kind": "event", "event.dataset": "text", "message": line[at:]}
        return LogEvent(line, fields, {"message": (at, len(line))} if len(line) > at else {})
    if "@timestamp" in event.fields:
        fields = {name: value for name, value in fields.items() if not name.startswith(("@timestamp", "logdojo.time"))}
    spans = {name: (start + at, stop + at) for name, (start, stop) in event.spans.items()}
    return LogEvent(line, {**event.fields, **fields}, spans)


def read_document(line: str, document: Mapping[str, Any], now: datetime | None, read: Read) -> LogEvent | None:
    """Read the line that a container runtime wrote into a document; None if it is no such document.

    Args:
        line: the whole line.
        document: as it stands in the line.
        now: reference of the year.
        read: reads the line inside.
    """
    inner = document.get("log")
    if not isinstance(inner, str) or _MARKS.isdisjoint(document):
        return None
    event = _read_inner(inner.rstrip("\r\n"), read)
    if event is None:
        return None
    fields = dict(event.fields)
    if "@timestamp" not in fields:
        for name in ("time", "@timestamp", "timestamp"):
            if isinstance(document.get(name), str):
                write_time(fields, document[name], now=now)
                break
    # Escapes make places in the line inside differ from places in the whole.
    return LogEvent(line, fields)


def _read_inner(line: str, read: Read) -> LogEvent | None:
    if not line or line.isspace():
        return None
    try:
        return read(line)
    except ValueError:
        return None
