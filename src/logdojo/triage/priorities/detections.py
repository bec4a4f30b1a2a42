"""Sigma rules asked about batches of events, in a table of SQLite in memory; their hits are evidence, never the label.

Rules alone are poor labels: measured on pairs of events that do and do not belong to an attack, rules of every level
fire on both. So a hit takes a share by the level of its rule, beside everything else that speaks for or against.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from logdojo.events import LogEvent, printable
from logdojo.triage.priorities.reasons import Evidence
from logdojo.triage.priorities.sigma_rules import ORIGINAL, TABLE, Rule, words

_LONGEST: Final = 16_384
_PATTERN: Final = 4_096
_STEPS: Final = 1_000_000
_MOST_STEPS: Final = 200
"""Times ``_STEPS`` instructions of SQLite that one rule may take for a batch."""
_MOST_COLUMNS: Final = 1_500
_CHUNK: Final = 2_000
_SELECTED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})
_CALLED: Final = frozenset({"like", "glob", "regexp", "coalesce", "replace", "strftime", "length", "lower", "upper"})


@dataclass(frozen=True, slots=True)
class Detection:
    """A rule that fires on an event."""

    rule: Rule

    def evidence(self) -> Evidence:
        """Return what the hit weighs."""
        rule = self.rule
        weight = float(words()["weights"].get(rule.level, 0.05))
        told = f"The rule “{rule.title}” by {rule.author} ({rule.level}, {rule.file}) fires."
        return Evidence("Sigma rule", weight, told)


class Sigma:
    """Rules, ready to be asked.

    Args:
        rules: see ``sigma_rules``.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.problems: list[str] = []
        """Rules that were given up while asking, by the name of their file."""
        columns = ["event.dataset"]
        for rule in rules:
            columns += [column for column in sorted(rule.columns) if column not in columns]
        self._columns = tuple(dict.fromkeys(columns))[:_MOST_COLUMNS]
        self._usable = [rule for rule in rules if rule.columns <= set(self._columns)]
        self._con = _table(self._columns)

    def hits(self, events: Sequence[LogEvent]) -> list[list[Detection]]:
        """Return for each event the rules that fire, the heaviest level first."""
        found: list[list[Detection]] = [[] for _ in events]
        for start in range(0, len(events), _CHUNK):
            self._ask(events[start : start + _CHUNK], found, start)
        for each in found:
            each.sort(key=lambda hit: (-hit.evidence().weight, hit.rule.title))
        return found

    def _ask(self, events: Sequence[LogEvent], found: list[list[Detection]], start: int) -> None:
        rows = [(number, _value(e.original), *(_value(e.get(name)) for name in self._columns))
                for number, e in enumerate(events)]  # fmt: skip
        marks = ", ".join("?" * (len(self._columns) + 2))
        self._con.set_authorizer(None)
        self._con.execute(f"DELETE FROM {TABLE}")  # noqa: S608  # a constant
        self._con.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)  # noqa: S608  # question marks
        self._con.set_authorizer(_allowed)
        present = {event.text("event.dataset") for event in events}
        for rule in list(self._usable):
            if not rule.datasets & present:
                continue
            self._con.set_progress_handler(_after(_MOST_STEPS), _STEPS)
            try:
                ids = self._con.execute(f"SELECT id FROM {TABLE} WHERE {rule.sql}").fetchall()  # noqa: S608  # rules may only read
            except (sqlite3.Error, OverflowError) as error:
                self._usable.remove(rule)
                self.problems.append(f"{rule.file}: given up: {error}")
                continue
            for (number,) in ids:
                found[start + number].append(Detection(rule))


def _after(calls: int) -> Callable[[], bool]:
    """Return a function that says False so many times, and then True: it is enough."""
    left = iter(range(calls))
    return lambda: next(left, None) is None


def _table(columns: Sequence[str]) -> sqlite3.Connection:
    con = sqlite3.connect(":memory:", isolation_level=None)
    con.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _PATTERN)
    con.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    con.create_function("regexp", 2, _regexp, deterministic=True)
    numbers = set(words()["numbers"])
    typed = ", ".join(f"{_quoted(name)} {'NUMERIC' if name in numbers else 'TEXT'}" for name in columns)
    con.execute(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, {_quoted(ORIGINAL)} TEXT, {typed})")
    return con


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _allowed(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    """Let a rule read the table and call what conditions are made of, and nothing else."""
    del database, trigger
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").lower() in _CALLED else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_OK if first in {TABLE, ""} else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _SELECTED else sqlite3.SQLITE_DENY


def _regexp(pattern: Any, value: Any) -> bool:
    """Search as SQLite's ``value REGEXP pattern`` does, in time linear in the value."""
    import re2  # type: ignore[import-untyped]  # ships no types

    if value is None or not isinstance(pattern, str) or len(pattern) > _PATTERN:
        return False
    return re2.search(pattern, str(value)) is not None


def _value(value: object) -> str | int | float | None:
    """Return a value as a cell: texts are cut, lists become lines, truth values words as Sigma writes them."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, (list, tuple)):
        return printable("\n".join(str(each) for each in value)[:_LONGEST])
    return printable(str(value)[:_LONGEST])
