"""What the declaration of SonicWall cannot say: ``src=10.0.0.5:4711:X0:name`` holds four values, ``proto`` two."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from logdojo.parse.draft import Draft
from logdojo.parse.meaning import spelled

_ENDPOINT: Final = re.compile(
    r"((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:.]{2,45}\]|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){7}|[^\s:]{1,255})"
    r"(?::(\d{0,5}))?(?::([^:\s]{0,64}))?(?::(\S{0,255}))?",
    re.ASCII,
)
_PARTS: Final = ("ip", "port", "interface", "name")
_METHODS: Final = MappingProxyType({"1": "GET", "2": "POST", "3": "HEAD"})
"""Releases that write the operation of a request as a number number them so."""


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Cut endpoints and the protocol into their parts."""
    for key in ("src", "dst", "natSrc", "natDst"):
        start, stop = spans.get(key, (0, 0))
        found = _ENDPOINT.fullmatch(line, start, stop)
        if found is not None:
            for group, part in enumerate(_PARTS, start=1):
                spans[f"{key}.{part}"] = found.span(group)
    if "op" in spans and line[slice(*spans["op"])].isalpha():
        spans["op.method"] = spans["op"]
    start, stop = spans.get("proto", (0, 0))
    if start < stop:
        middle = line.find("/", start, stop)
        spans["proto.transport"] = (start, stop if middle < 0 else middle)
        spans["proto.protocol"] = (stop if middle < 0 else middle + 1, stop)


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    """Add both directions up, read a numbered operation, and take the message for the action where nothing names it."""
    fields = draft.fields
    sizes = [size for size in (fields.get("source.bytes"), fields.get("destination.bytes")) if isinstance(size, int)]
    if sizes:
        fields["network.bytes"] = sum(sizes)
    method = _METHODS.get(draft.line[slice(*spans.get("op", (0, 0)))])
    if method is not None and "url.original" in fields:
        fields["http.request.method"] = method
    said = fields.get("message")
    if isinstance(said, str) and "event.action" not in fields and len(said) <= 64:
        fields["event.action"] = spelled(said.strip(" ."))
