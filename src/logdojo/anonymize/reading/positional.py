"""Columns without a header, known by their place: Palo Alto PAN-OS, and AWS VPC flow logs in their default order.

Covered: every type of PAN-OS log whose columns the parser knows, by the parser's own tables, with and without the
first column; VPC flow logs of version 2 and what later versions add behind it.
Not covered: columns in an order of the owner's choosing; a header line tells those (``table``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from logdojo.anonymize.reading import table
from logdojo.anonymize.reading.jsontext import Value
from logdojo.parse.formats.messages import read_table

_PANOS: Final = re.compile(r"(?<!\S)(?:\d{0,3},)?(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,[^,]{0,32},([A-Z-]{3,16}),)", re.ASCII)
_HEAD: Final = 512
"""How far into a line its columns may begin."""
_FLOW: Final = re.compile(r"[2-9] (?:\d{12}|unknown|-) eni-", re.ASCII)
_FLOW_COLUMNS: Final = ("version", "accountId", "interfaceId", "srcaddr", "dstaddr")
_MOST: Final = 128


def is_like(text: str) -> bool:
    """Tell whether ``text`` may be one of these logs."""
    if _FLOW.match(text) is not None:
        return True
    return text.count(",", 0, _HEAD) > 4 and _PANOS.search(text, 0, _HEAD) is not None


def values(text: str) -> Iterator[Value]:
    """Yield the cells whose column is known, under its name."""
    found = _PANOS.search(text, 0, _HEAD)
    if found is None:
        for (start, stop), name in zip(table.cells(text, " ", _MOST), _FLOW_COLUMNS, strict=False):
            yield Value(start, stop, name, "", is_string=True)
        return
    names = _panos().get(found[2], {})
    # Column 0 holds nothing, and a forwarder may have cut it off: counting begins with column 1, the time.
    for place, (start, stop) in enumerate(table.cells(text, ",", _MOST, found.start(1)), 1):
        if place in names and start < stop:
            yield Value(start, stop, names[place], "", is_string=True)


@cache
def _panos() -> dict[str, dict[int, str]]:
    columns = read_table("paloalto")["columns"]
    return {kind: {place: name for name, place in places.items()} for kind, places in columns.items()}


decoded = table.decoded
escaped = table.escaped
