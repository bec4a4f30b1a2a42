"""Where fields stand in a line, found out when somebody asks: most readers of events never do.

A reader that matches a whole line with one expression leaves the match and a layout, group number → field, in the
draft. Where a group's text is the field's value as it stands, that is its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

Layout = tuple[tuple[int, str], ...]
"""Numbers of groups and the fields that their texts became; of several with the same field the last counts."""
Placed = tuple[re.Match[str], Layout]
Found = tuple[Placed, ...]
Place = tuple[int, int]
_NOWHERE: Final[Mapping[str, Place]] = MappingProxyType({})


class Places(Mapping[str, Place]):
    """Flat ECS name → ``(start, stop)`` in code points, computed at the first look.

    Args:
        line: the raw line.
        fields: what was read from it; nothing is written to them any more.
        found: matches in the line, and their layouts.
        known: places that were written down while reading, and count before those in the matches.
    """

    __slots__ = ("_fields", "_found", "_known", "_line", "_sure")

    def __init__(
        self, line: str, fields: Mapping[str, object], found: Found, known: Mapping[str, Place] = _NOWHERE
    ) -> None:
        self._line = line
        self._fields = fields
        self._found = found
        self._known = known
        self._sure: dict[str, Place] | None = None

    def __getitem__(self, name: str) -> Place:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[type[dict[str, Place]], tuple[dict[str, Place]]]:
        # A match cannot be pickled, and a process that gets the event has no use for one.
        return dict, (self._all(),)

    def _all(self) -> dict[str, Place]:
        if self._sure is None:
            places = {
                name: match.span(group) for match, layout in self._found for group, name in layout if match[group]
            }
            self._sure = dict(_literal(self._line, self._fields, {**places, **self._known}))
        return self._sure


def _literal(line: str, fields: Mapping[str, object], places: Mapping[str, Place]) -> Iterator[tuple[str, Place]]:
    """Yield the places at which a value stands; one that was changed, as a number with zeros before it, has none."""
    for name, (start, stop) in places.items():
        if start < stop and name in fields and str(fields[name]) == line[start:stop]:
            yield name, (start, stop)
