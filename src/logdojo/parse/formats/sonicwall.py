"""What the declaration of SonicWall cannot say: ``src=10.0.0.5:4711:X0:name`` holds four values, ``proto`` two."""

from __future__ import annotations

import re
from typing import Final

from logdojo.parse.draft import Draft
from logdojo.parse.formats.fortinet import add_bytes
from logdojo.parse.meaning import spelled

_ENDPOINT: Final = re.compile(
    r"((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:.]{2,45}\]|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){7}|[^\s:]{1,255})"
    r"(?::(\d{0,5}))?(?::([^:\s]{0,64}))?(?::(\S{0,255}))?",
    re.ASCII,
)
_PARTS: Final = ("ip", "port", "interface", "name")


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Cut endpoints and the protocol into their parts."""
    for key in ("src", "dst", "natSrc", "natDst"):
        start, stop = spans.get(key, (0, 0))
        found = _ENDPOINT.fullmatch(line, start, stop)
        if found is not None:
            for group, part in enumerate(_PARTS, start=1):
                spans[f"{key}.{part}"] = found.span(group)
    if "op" in spans and line[slice(*spans["op"])].isalpha():
        # Other releases write the operation as a number.
        spans["op.method"] = spans["op"]
    start, stop = spans.get("proto", (0, 0))
    if start < stop:
        middle = line.find("/", start, stop)
        spans["proto.transport"] = (start, stop if middle < 0 else middle)
        spans["proto.protocol"] = (stop if middle < 0 else middle + 1, stop)


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    """Take the message for the action where its number has no name."""
    del spans
    add_bytes(draft.fields)
    said = draft.fields.get("message")
    if isinstance(said, str) and "event.action" not in draft.fields and len(said) <= 64:
        draft.fields["event.action"] = spelled(said.strip(" ."))
