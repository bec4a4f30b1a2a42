"""What the declaration of PostgreSQL cannot say: before a colon, the zone of its time looks like a program's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from logdojo.parse.draft import Draft

_ZONES: Final = frozenset({"UTC", "GMT", "CET", "CEST", "EST", "EDT", "PST", "PDT", "MSK"})


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """Take the zone away from where the program's name belongs."""
    del spans
    if draft.fields.get("process.name") in _ZONES:
        del draft.fields["process.name"]
        draft.spans.pop("process.name", None)
