"""What the declaration of Sophos UTM cannot say: its time has colons between the parts of the date.

As in ``2025:10:10-12:34:56 utm ulogd[1234]: id="2002" severity="info" sys="SecureNet" sub="packetfilter" …``.
"""

from __future__ import annotations

import re
from typing import Final

from logdojo.parse.clock import utc_of_iso
from logdojo.parse.draft import Draft

_HEADER: Final = re.compile(
    r"(?:.{0,96}?[ >])?(\d{4}):(\d\d):(\d\d)-(\d\d:\d\d:\d\d) (\S{1,255}) ([\w./-]{1,64})"
    r"(?:\[(\d{1,10})\])?:?",
    re.ASCII,
)


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    """Read the header once more, for its time."""
    found = _HEADER.match(draft.line, 0, spans.get("id", (0, 0))[0])
    if found is None:
        return
    draft.fields["@timestamp"] = utc_of_iso(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}")[0]
    draft.fields["logdojo.time.zone_unknown"] = True
    draft.fields.pop("logdojo.time.year_inferred", None)
    draft.text("host.name", found.span(5))
    draft.text("process.name", found.span(6))
    draft.number("process.pid", found.span(7))
