"""What ModSecurity adds to the error log of a web server: ``[id "949110"] [uri "/a"] [severity "CRITICAL"]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from logdojo.parse.draft import Draft
from logdojo.parse.formats.web import write_text

_TAG: Final = re.compile(r"\[(id|msg|severity|hostname|uri|unique_id|ver) \"([^\"\\]*(?:\\.[^\"\\]*)*)\"\]")
_CODE: Final = re.compile(r"Access denied with code (\d{3})", re.ASCII)
_FIELDS: Final = MappingProxyType(
    {
        "id": "rule.id",
        "msg": "rule.name",
        "severity": "modsecurity.severity",
        "hostname": "url.domain",
        "uri": "url.original",
        "unique_id": "event.id",
        "ver": "rule.version",
    }
)
_MOST: Final = 64


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """Write what stands in ModSecurity's brackets, if the line is one of its own."""
    del spans
    line, fields = draft.line, draft.fields
    at = line.find("ModSecurity: ")
    if at < 0:
        return
    for place, found in enumerate(_TAG.finditer(line, at)):
        if place == _MOST:
            break
        name = _FIELDS[found[1]]
        # The request that the server itself has written into the line counts before ModSecurity's copy.
        if name not in fields:
            write_text(draft, name, found.span(2))
    if "rule.id" in fields:
        # The number of a rule is what ModSecurity has for a code of the event.
        write_text(draft, "event.code", draft.spans["rule.id"])
    denied = _CODE.search(line, at, at + 64)
    if denied is not None:
        draft.number("http.response.status_code", denied.span(1))
    fields["event.category"] = ["web", "intrusion_detection"]
    fields["event.type"] = ["denied" if denied is not None else "info"]
    fields["event.outcome"] = "failure" if denied is not None else "unknown"
