"""Where fields stand in a line, found out when somebody asks: most readers of events never do.

A reader that matches a whole line with one expression leaves the match and a layout, group number → field, in the
draft. Where a group's text is the field's value as it stands, that is its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Layout = tuple[tuple[int, str], ...]
"""Numbers of groups and the fields that their texts became; of several with the same field the last counts."""
Placed = tuple[re.Match[str], Layout]
Found = tuple[Placed, ...]
Known = dict[str, tuple[int, int]]


class Places(Mapping[str, tuple[int, int]]):
    """Flat ECS name → ``(start, stop)`` in code points, computed at the first look.

    Args:
        fields: what was read from a line; nothing is written to it any more.
        found: matches in the line, and their layouts.
        known: places that are known already, and count before those in the matches.
    """

    __slots__ = ("_fields", "_found", "_known")

    def __init__(self, fields: Mapping[str, object], found: Found, known: Known | None = None) -> None:
        self._fields = fields
        self._found = found
        self._known = known

    def __getitem__(self, name: str) -> tuple[int, int]:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type[Known], tuple[Known]]:
        # A match cannot be pickled, and a process that gets the event has no use for one.
        return dict, (self._all(),)

    def _all(self) -> Known:
        if self._found:
            self._known = {**_looked_up(self._fields, self._found), **(self._known or {})}
            self._found = ()
        return self._known or {}


def _looked_up(fields: Mapping[str, object], found: Found) -> Known:
    spans: Known = {}
    for match, layout in found:
        line, places = match.string, match.regs
        for group, name in layout:
            start, stop = places[group]
            # A value that was changed, as a number with zeros before it, stands nowhere.
            if start < stop and name in fields and str(fields[name]) == line[start:stop]:
                spans[name] = start, stop
    return spans
