"""What the declarations of CEF and LEEF cannot say: numbers as numbers, and the device for the host."""

from __future__ import annotations

from logdojo.parse.draft import Draft
from logdojo.parse.formats.fortinet import add_bytes, name_host

# By the standard "in" flows from source to destination; these say what the client has received.
_SEEN_FROM_CLIENT = frozenset({"Fortinet", "Palo Alto Networks", "Check Point"})


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    r"""Finish an event: severity as a number, ``\=`` and ``\|`` as the characters they stand for."""
    del spans
    fields = draft.fields
    severity = fields.get("event.severity")
    if isinstance(severity, str):
        if severity.isdecimal() and len(severity) <= 3:
            fields["event.severity"] = int(severity)
        else:
            fields["log.level"] = fields.pop("event.severity")
            draft.spans.pop("event.severity", None)
    for name in ("url.original", "message", "user.name", "file.path"):
        value = fields.get(name)
        if isinstance(value, str) and "\\" in value:
            written = value.replace("\\=", "=").replace("\\|", "|").replace("\\\\", "\\")
            if written != value:
                fields[name] = written
                draft.spans.pop(name, None)
    if str(fields.get("observer.vendor")) in _SEEN_FROM_CLIENT:
        sent, received = fields.pop("destination.bytes", None), fields.pop("source.bytes", None)
        for name, value in (("source.bytes", sent), ("destination.bytes", received)):
            draft.spans.pop(name, None)
            if value is not None:
                fields[name] = value
    name_host(draft)
    add_bytes(fields)
