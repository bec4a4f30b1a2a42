"""What the declaration of Asterisk cannot say: ``IPV4/UDP/192.0.2.7/5060`` holds a transport, an address and a port."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"IPV[46]/(TCP|UDP|TLS|WSS?|DTLS)/([^/]{2,45})/(\d{1,5})", re.ASCII)
_CARRIED: Final = frozenset({"TCP", "UDP"})


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Cut both ends into their parts; an account that is not known is none."""
    if line[slice(*spans.get("AccountID", (0, 0)))] == "<unknown>":
        del spans["AccountID"]
    for key, side in (("RemoteAddress", "remote"), ("LocalAddress", "local")):
        found = _END.fullmatch(line, *spans.get(key, (0, 0)))
        if found is not None:
            spans[f"{side}.ip"], spans[f"{side}.port"] = found.span(2), found.span(3)
            if found[1] in _CARRIED:
                spans["transport"] = found.span(1)
