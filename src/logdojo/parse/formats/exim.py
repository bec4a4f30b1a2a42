"""What the declaration of Exim cannot say: how a message ended that the words after the peer tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from logdojo.parse.draft import Draft

_TURNED_AWAY: Final = re.compile(r"\b(?:rejected|dropped|temporarily rejected|refused|closed connection|failed)\b")


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """Say that a peer was turned away."""
    start, stop = spans.get("rest", (0, 0))
    if start < stop and _TURNED_AWAY.search(draft.line, start, stop):
        draft.says(("email",), ("denied",), outcome="failure")
