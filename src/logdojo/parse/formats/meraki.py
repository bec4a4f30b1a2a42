"""What the declaration of Meraki cannot say: its header, and the request and verdict that stand behind colons.

<134>1 1639128011.123456789 mx-1 urls src=192.0.2.7:1234 dst=198.51.100.1:443 mac=… request: GET https://…
<134>1 1639128011.123456789 mx-1 flows src=192.0.2.7 dst=198.51.100.1 protocol=udp sport=1 dport=53 pattern: allow all
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from logdojo.parse.draft import Draft

_HEAD: Final = re.compile(
    r"1 (?P<time>1\d{9}\.\d{1,9}) (?P<host>[\w.-]{1,64}) (?P<kind>[\w-]{1,64}) (?:(?P<verdict>allow|deny) (?=src=))?"
    r"(?:(?P<sub>[a-z_]{3,64}) (?=\w{1,32}=))?",
    re.ASCII,
)
_REQUEST: Final = re.compile(r" request: (?P<method>[A-Z]{3,16}) (?P<requested>\S{1,8192})", re.ASCII)
_PATTERN: Final = re.compile(r" pattern: (?P<verdict>allow|deny)\b", re.ASCII)
_MESSAGE: Final = re.compile(r" message: (?P<message>.{1,1024})", re.ASCII)
_CARRIED: Final = re.compile(r"(tcp|udp|icmp6?|\d{1,3})(?:/ip)?", re.ASCII)


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Take the header apart, and what is written behind a colon."""
    for found in (_HEAD.search(line, 0, 512), _REQUEST.search(line), _PATTERN.search(line), _MESSAGE.search(line)):
        if found is not None:
            spans.update((name, found.span(name)) for name, said in found.groupdict().items() if said is not None)
    carried = _CARRIED.fullmatch(line, *spans.get("protocol", (0, 0)))
    if carried is not None:
        spans["transport"] = carried.span(1)
    for name in ("agent", "name", "vpn_type"):
        start, stop = spans.get(name, (0, 0))
        if stop - start > 1 and line[start] == "'" == line[stop - 1]:
            spans[name] = (start + 1, stop - 1)


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """The header's time is epoch seconds, which are in UTC."""
    del spans
    draft.fields.pop("logdojo.time.zone_unknown", None)
