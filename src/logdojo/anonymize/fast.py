r"""The ``fast`` extra: where the anchors of all detectors stand in many lines, found in one pass of hyperscan or RE2.

Both read a text once for all patterns together, where the standard library reads it once for each. They only say where
it is worth looking; what counts as a hit is decided by the same functions as without them, so the output is the same
byte for byte. hyperscan reads a block of lines at once and tells places (RE2 tells which patterns stand in a line, and
the standard library looks for their places).

Lines that are not ASCII are left to the standard library: ``\w`` and ``\d`` mean more there than in a byte.
"""

from __future__ import annotations

import functools
import importlib
import re
import threading
from collections.abc import Container, Sequence
from importlib.util import find_spec
from typing import Any, Final, Literal, Protocol

from logdojo.errors import UsageError

Anchors = Sequence[tuple[int, int]]
"""Where anchors end in a text and whose they are, in order: ``(end, number of the pattern)``."""
Engine = Literal["auto", "standard", "hyperscan", "re2"]
"""What looks for anchors: hyperscan where it is installed, the standard library alone, or one by name.

RE2 is never chosen by itself: it builds its automaton as it reads, which takes it longer over tens of thousands of
lines of many kinds than the standard library takes, and may need 256 MB for it. Once that is built it is about as quick
as hyperscan, and it runs where hyperscan does not.
"""

_MEMORY: Final = 256 << 20  # bytes, at most
_JSON: Final = re.compile(r"\s*[{\[]")
_PACKAGES: Final = {"hyperscan": "'logdojo[fast]'", "re2": "google-re2"}


class Scanner(Protocol):
    """Looks for the anchors of many patterns in many lines."""

    def anchors(self, lines: Sequence[str]) -> list[Anchors | None]:
        """Return the anchors of each line; ``None`` for a line that was not looked at."""


def scanner(
    patterns: Sequence[str], engine: Engine = "auto", *, placed: Container[int] | None = None
) -> Scanner | None:
    """Return what looks for ``patterns``, or ``None`` where the standard library does.

    Args:
        patterns: regular expressions that all engines read alike on ASCII; an empty one is not looked for.
        engine: which to take.
        placed: numbers of the patterns whose places matter; left out, all do. Of the others it is enough to know
            that they stand in a line.

    Raises:
        UsageError: the engine that was named is not installed.
    """
    if engine in _PACKAGES and find_spec(engine) is None:
        raise UsageError(
            f"the engine {engine} is not installed", hint=f"install it with: pip install {_PACKAGES[engine]}"
        )
    if engine in {"auto", "hyperscan"} and find_spec("hyperscan") is not None:
        return _hyperscan(tuple(patterns))
    if engine == "re2":
        return _RE2(patterns, placed)
    return None


class _Hyperscan:
    """One compiled database; its scratch memory serves one scan at a time."""

    def __init__(self, patterns: Sequence[str]) -> None:
        hyperscan: Any = importlib.import_module("hyperscan")
        numbers = [number for number, pattern in enumerate(patterns) if pattern]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[patterns[number].encode() for number in numbers],
            ids=numbers,
            elements=len(numbers),
            flags=[0] * len(numbers),
        )
        self._lock = threading.Lock()

    def anchors(self, lines: Sequence[str]) -> list[Anchors | None]:
        """Return the anchors of each line; ``None`` for a line that is not ASCII."""
        # A line end on either side of each line: a pattern may ask for a character before or behind.
        block = "\n".join(["", *[line if line.isascii() else "" for line in lines], ""]).encode()
        ends: list[tuple[int, int]] = []
        append = ends.append

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((end, number))

        with self._lock:
            self._database.scan(block, match_event_handler=note)
        ends.sort()
        found: list[Anchors | None] = []
        last = iter((*ends, (len(block) + 1, 0)))
        end, number = next(last)
        start = 1
        for line in lines:
            if not line.isascii():
                found.append(None)
                start += 1
                continue
            stop = start + len(line)
            here: list[tuple[int, int]] = []
            while end <= stop:
                if end > start:
                    here.append((end - start, number))
                end, number = next(last)
            found.append(here)
            start = stop + 1
        return found


class _RE2:
    """A set of patterns, and the same patterns for the standard library to tell the places."""

    def __init__(self, patterns: Sequence[str], placed: Container[int] | None) -> None:
        re2: Any = importlib.import_module("re2")
        self._numbers = [number for number, pattern in enumerate(patterns) if pattern]
        self._patterns = [
            re.compile(patterns[number]) if placed is None or number in placed else None for number in self._numbers
        ]
        options = re2.Options()
        # With less, the automaton is thrown away and built anew over and over, at twenty times the cost.
        options.max_mem = _MEMORY
        options.encoding = re2.Options.Encoding.LATIN1
        self._set = re2.Set.SearchSet(options)
        for number in self._numbers:
            self._set.Add(patterns[number])
        self._set.Compile()

    def anchors(self, lines: Sequence[str]) -> list[Anchors | None]:
        """Return the anchors of each line; ``None`` for a line that is not ASCII, or may be JSON.

        The standard library tells no two places that overlap: enough for a text that is searched as a whole, but one
        that reaches from one JSON string into the next would hide a place in the second.
        """
        return [self._in_line(line) if line.isascii() and not _JSON.match(line) else None for line in lines]

    def _in_line(self, line: str) -> Anchors:
        # As above: with a line end before it, a pattern that asks for a character there finds one.
        text = f"\n{line}\n"
        found: list[tuple[int, int]] = []
        for at in self._set.Match(text) or ():
            pattern, number = self._patterns[at], self._numbers[at]
            if pattern is None:
                found.append((len(line), number))
            else:
                found += [(match.end() - 1, number) for match in pattern.finditer(text)]
        return sorted(found)


@functools.cache
def _hyperscan(patterns: tuple[str, ...]) -> Scanner:
    return _Hyperscan(patterns)
