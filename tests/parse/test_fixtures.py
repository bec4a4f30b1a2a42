"""The fixtures of every format: ``fixtures/<event.dataset>.yaml``, a list of lines and the fields read from each.

    - line: 'May  9 08:07:06 web-1 sudo: …'
      fields: {user.name: ana, event.outcome: success}      all of these; others may be there as well
      absent: [source.ip]                                   optional: must not be there

A year that a line leaves out is read as of 1 June 2026.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.parse.registry import registry

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FOLDER = Path(__file__).with_name("fixtures")
LEAST = 4


class _Loader(yaml.SafeLoader):
    """A safe loader that leaves times as the text they are."""


_LOADER_KINDS = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_implicit_resolvers = _LOADER_KINDS


@cache
def _cases(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.load(path.read_text("utf-8"), Loader=_Loader))  # noqa: S506  # a safe loader


FILES = sorted(FOLDER.glob("*.yaml"))
LINES = [pytest.param(path, at, id=f"{path.stem}-{at}") for path in FILES for at in range(len(_cases(path)))]


def _misses(event: LogEvent, case: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Return name → (wanted, read) of the fields that differ."""
    wanted = case.get("fields") or {}
    wrong = {name: (value, event.get(name)) for name, value in wanted.items() if event.get(name) != value}
    return wrong | {name: (None, event.get(name)) for name in case.get("absent", ()) if name in event.fields}


@pytest.mark.parametrize(("path", "at"), LINES)
def test_line_is_read_as_its_fixture_says(path: Path, at: int):
    """The line is found to be of its format, nothing is rejected, each field is as stated, and spans are literal."""
    case = _cases(path)[at]
    event = parse_line(case["line"], now=NOW)
    assert event.error == ""
    assert event.get("event.dataset") == path.stem
    assert _misses(event, case) == {}
    for name, (start, stop) in event.spans.items():
        assert event.original[start:stop] == str(event.fields[name]), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fixtures_show_a_format_in_several_lines(path: Path):
    """A file of fixtures holds at least four different lines."""
    assert len({case["line"] for case in _cases(path)}) >= LEAST


def test_every_format_has_fixtures():
    """No format is without fixtures, and no fixtures are without their format."""
    general = {"syslog", "json", "text", "pairs"}
    assert {path.stem for path in FILES} - general == set(registry().formats)
