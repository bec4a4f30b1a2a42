"""What the declaration of Dropbear cannot say: run in the foreground, it writes its number before a time of its own.

[4711] Sep 16 12:00:00 Bad password attempt for 'root' from 192.0.2.7:5678
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from logdojo.parse.draft import Draft

_NUMBER: Final = re.compile(r"\[(\d{1,10})\] [A-Z]", re.ASCII)


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """Write the number of the process."""
    if "time" in spans and (found := _NUMBER.match(draft.line)):
        draft.number("process.pid", found.span(1))
