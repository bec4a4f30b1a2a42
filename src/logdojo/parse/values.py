"""What stands in a line under a name: reached the same way in JSON, in key=value pairs, in columns and in messages.

A declared format names its sources once, and does not care whether they are JSON paths or named places in text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from logdojo.events import printable

MAX_TEXT: Final = 2_048
_MAX_INT: Final = 2**63
_SELECT: Final = re.compile(r"([^\[\].]*)\[([^=\]]+)=([^\]]*)\]")
_EXACT: Final = re.compile(r"([^\[\].]*)\[([^=\]]+)\]")
EMPTY: Final = frozenset({"", "-", "N/A", "n/a", "null", "None", "(null)", "unknown", "undefined"})
"""Words with which logs say that there is nothing."""

Getter = Callable[[Any], Any]


def getter(path: str) -> Getter:
    """Return a function: JSON document → the value at a dotted path, None when there is none.

    ``a.b`` goes into objects; ``a.0.b`` into the first item of a list; ``a[name=city].value`` into the first item of a
    list whose ``name`` is ``city``; ``a[x.y/z]`` takes a key that has dots as it stands. A path that is itself one key,
    as in flattened documents, is found as well.
    """
    steps = _steps(path)
    if len(steps) == 1 and isinstance(steps[0], str):
        only = steps[0]
        return lambda document: document.get(only)
    if all(isinstance(step, str) for step in steps):
        return _of_objects(path, [str(step) for step in steps])

    def walk(document: Any) -> Any:
        node = document
        for step in steps:
            node = _step(node, step)
            if node is None:
                return document.get(path)
        return node

    return walk


def scalar(value: object) -> str | int | float | bool | None:
    """Return a JSON scalar as a field can hold it: bounded text without lone surrogates, writable numbers."""
    if isinstance(value, str):
        if not value.isascii():
            value = printable(value)
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else str(value)[:MAX_TEXT]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return None


def _steps(path: str) -> list[str | int | tuple[str, str]]:
    steps: list[str | int | tuple[str, str]] = []
    # A dot inside the brackets belongs to the value.
    for part in re.findall(r"(?:[^.\[\]]|\[[^\]]*\])+", path):
        found = _SELECT.fullmatch(part)
        if found:
            steps += [found[1]] if found[1] else []
            steps.append((found[2], found[3]))
        elif found := _EXACT.fullmatch(part):
            steps += [found[1], found[2]] if found[1] else [found[2]]
        else:
            steps.append(int(part) if part.isdigit() else part)
    return steps


def _of_objects(path: str, steps: Sequence[str]) -> Getter:
    first, *rest = steps

    def walk(document: Any) -> Any:
        node = document.get(first)
        for step in rest:
            if node.__class__ is not dict:
                # "a.b" may be one key; looked for only where there is no object "a".
                return document.get(path) if node is None else None
            node = node.get(step)
        return node

    return walk


def _step(node: Any, step: str | int | tuple[str, str]) -> Any:
    if isinstance(step, str):
        return node.get(step) if isinstance(node, Mapping) else None
    if not isinstance(node, list):
        return None
    if isinstance(step, int):
        return node[step] if step < len(node) else None
    name, wanted = step
    return next((item for item in node if isinstance(item, dict) and str(item.get(name)) == wanted), None)
