r"""Where each value of an XML text stands: attributes, and text between tags.

    <Data Name="TargetUserName">bob</Data><Computer>WEB01</Computer><Security UserID='S-1-5-21-…'/>

A tokenizer, not a parser: broken and cut XML is read as far as it goes, and nothing is fetched, included or expanded.
A text is named by the ``Name`` of its element (as Windows events do), otherwise by its tag; an attribute by its own
name; both have the tag around them as parent. Namespaces are cut off.

Covered: quotes of both kinds, CDATA, the five entities of XML and character references (``&#233;``, ``&#xE9;``), and
values that are XML or JSON themselves. Not covered: entities that a document declares (they stay as they stand), and
comments, which are searched as free text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading.jsontext import Value

_SIGN: Final = re.compile(r"</[A-Za-z]|/>|<[A-Za-z][\w:.-]{0,127}(?: [\w:.-]{1,64}=['\"]|>[^<>]{0,4096}</)")
_TOKEN: Final = re.compile(
    r"<!--(?:[^-]|-(?!->))*+(?:-->)?"
    r"|<!\[CDATA\[(?P<cdata>(?:[^\]]|\](?!\]>))*+)(?:\]\]>)?"
    r"|<(?P<end>/)?(?P<tag>[A-Za-z_][\w:.-]{0,127})(?P<attributes>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)>"
    r"|(?P<text>[^<]++)|<[^<]*+"
)
_ATTRIBUTE: Final = re.compile(r"([A-Za-z_][\w:.-]{0,127})\s{0,8}=\s{0,8}(?:\"([^\"]*+)\"|'([^']*+)')")
_ENTITY: Final = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DEEPEST: Final = 64
_LAST: Final = 0x10FFFF


def is_like(text: str) -> bool:
    """Tell whether ``text`` has a tag that is closed, or one with an attribute, and not inside a quoted pair."""
    if "<" not in text or ">" not in text or (sign := _SIGN.search(text)) is None:
        return False
    return text.find('="', 0, sign.start()) < 0


def values(text: str) -> Iterator[Value]:
    """Yield the attributes and the texts between tags, without blanks around them."""
    stack: list[tuple[str, str]] = []  # tag, and what its Name attribute says
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind in {"text", "cdata"}:
            if stack:
                yield from _text(match, kind, stack)
        elif kind == "attributes" and match["end"]:
            tag = _local(match["tag"])
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth][0] == tag:
                    del stack[depth:]
                    break
        elif kind == "attributes":
            tag, name = _local(match["tag"]), ""
            for attribute in _ATTRIBUTE.finditer(text, *match.span("attributes")):
                start, stop = attribute.span(attribute.lastindex or 2)
                if attribute[1] == "Name":
                    name = text[start:stop]
                elif start < stop:
                    yield Value(start, stop, _local(attribute[1]), tag, is_string=True)
            if not match["attributes"].rstrip().endswith("/") and len(stack) < _DEEPEST:
                stack.append((tag, name))


def _text(match: re.Match[str], kind: str, stack: list[tuple[str, str]]) -> Iterator[Value]:
    start, stop = match.span(kind)
    said = match[kind]
    start += len(said) - len(said.lstrip())
    stop -= len(said) - len(said.rstrip())
    if start < stop:
        tag, name = stack[-1]
        parent = stack[-2][0] if len(stack) > 1 else ""
        yield Value(start, stop, name or tag, "" if name else parent, is_string=True)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return what a value says, and where each of its characters (and the end) stands in ``raw``."""
    if "&" not in raw:
        return raw, None
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _ENTITY.finditer(raw):
        said = _ENTITIES.get(match[1]) if match[1] else _character(match)
        if said is None:
            continue
        pieces += (raw[at : match.start()], said)
        offsets += range(at, match.start() + 1)
        at = match.end()
    pieces.append(raw[at:])
    offsets += range(at, len(raw) + 1)
    return "".join(pieces), offsets


def _character(match: re.Match[str]) -> str | None:
    code = int(match[2]) if match[2] else int(match[3], 16)
    return chr(code) if 0 < code <= _LAST and not 0xD800 <= code < 0xE000 else None


def escaped(text: str) -> str:
    """Return ``text`` as it stands between tags and in quotes of both kinds."""
    for said, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")):
        text = text.replace(said, entity)
    return text
