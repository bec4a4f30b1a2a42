"""Tables in plain text: columns of words and numbers, for terminals, files and screen readers alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from logdojo.events import printable

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BAR: Final = "#"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, indent: str = "  ") -> str:
    """Return the rows under their header, numbers to the right and all else to the left.

    Args:
        header: name of each column.
        rows: a cell for each column.
        indent: what each line begins with.
    """
    cells = [[visible(str(cell)) for cell in row] for row in rows]
    lines = [list(header), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    right = [bool(cells) and all(_is_number(line[column]) for line in cells) for column in range(len(header))]
    return "\n".join(
        indent
        + "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def bar(part: float, whole: float, *, width: int = 30) -> str:
    """Return a bar of up to ``width`` characters; what is above zero gets at least one."""
    if part <= 0 or whole <= 0:
        return ""
    return _BAR * max(1, round(width * part / whole))


def visible(text: str) -> str:
    """Return text from a log with everything written out that a terminal would obey instead of show."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), printable(text))


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).isdigit() or not text
