"""The form that every lab keeps; each finding names file, cell and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from logdojo.course.source import Cell, Role

CODE_LINES: Final = 15
CODE_COLUMNS: Final = 79
HINTS: Final = 3
_FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^(#{1,6})\s+\S", re.MULTILINE)
_IMAGE: Final = re.compile(r"!\[([^\]]*)\]\(")
_HTML_IMAGE: Final = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT: Final = re.compile(r"\balt\s*=\s*([\"'])\s*\S.*?\1", re.IGNORECASE)
_HINT: Final = re.compile(r"<details>\s*<summary>\s*Hint (\d)\b", re.IGNORECASE)


def lint(cells: Sequence[Cell], name: str) -> list[str]:
    """Return what is wrong with the form of a lab, one line each.

    Args:
        cells: the lab's cells.
        name: the file's name, for findings about the whole.
    """
    found = [*_headings(cells, name), *_exercises(cells)]
    for cell in cells:
        found += _text(cell) if cell.role is Role.TEXT else _code(cell)
    return found


def _headings(cells: Sequence[Cell], name: str) -> Iterator[str]:
    level = 0
    for position, cell in enumerate(cells):
        if cell.role is not Role.TEXT:
            continue
        for mark in _HEADING.findall(_FENCE.sub("", cell.text)):
            depth = len(mark)
            if depth == 1 and level:
                yield f"{cell.place}: a second top heading; use ## or deeper"
            if depth > level + 1 and level:
                yield f"{cell.place}: heading skips from level {level} to {depth}; use {'#' * (level + 1)}"
            if not level and (depth != 1 or position):
                yield f"{cell.place}: the lab does not start with its title; make the first cell `# Title`"
            level = depth
    if not level:
        yield f"{name}: no title; make the first cell `# Title`"


def _text(cell: Cell) -> Iterator[str]:
    text = _FENCE.sub("", cell.text)
    if any(not alt.strip() for alt in _IMAGE.findall(text)):
        yield f"{cell.place}: an image without alternative text; write what it shows between the brackets"
    if any(not _ALT.search(tag) for tag in _HTML_IMAGE.findall(text)):
        yield f'{cell.place}: an image without alternative text; give it alt="what it shows"'


def _code(cell: Cell) -> Iterator[str]:
    lines = cell.solved().split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > CODE_COLUMNS:
            yield f"{cell.place}, line {number}: {len(line)} columns; break it at {CODE_COLUMNS}"
    if cell.role is Role.EXERCISE:
        if cell.lines_to_write() > CODE_LINES:
            yield f"{cell.place}: {cell.lines_to_write()} lines to write; split the exercise at {CODE_LINES}"
    elif len(lines) > CODE_LINES:
        yield f"{cell.place}: {len(lines)} lines; split the cell at {CODE_LINES}"


def _exercises(cells: Sequence[Cell]) -> Iterator[str]:
    starts = [i for i, cell in enumerate(cells) if cell.role is Role.EXERCISE]
    for start, stop in zip(starts, [*starts[1:], len(cells)], strict=True):
        cell = cells[start]
        checked = [c for c in cells[start + 1 : stop] if c.role is Role.CHECK and c.exercise == cell.exercise]
        if not checked:
            yield f'{cell.place}: {cell.exercise!r} has no check cell; add `# %% check="{cell.exercise}"` under it'
        elif f'dojo.check("{cell.exercise}")' not in checked[0].text:
            yield f'{checked[0].place}: it does not check; write dojo.check("{cell.exercise}")'
        hints = _HINT.findall("\n".join(c.text for c in cells[start + 1 : stop] if c.role is Role.TEXT))
        if sorted(set(hints)) != [str(n) for n in range(1, HINTS + 1)]:
            remedy = f"add {HINTS} folded hints under its check: <details><summary>Hint 1</summary>"
            yield f"{cell.place}: {cell.exercise!r} has {len(set(hints))} of {HINTS} hints; {remedy}"
