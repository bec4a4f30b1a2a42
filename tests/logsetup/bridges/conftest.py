"""Shared by the bridges' tests: a handler that keeps lines, and lines without what no two calls share."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from logdojo.logsetup.context import scope
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.testing import fresh_logging


class Lines(logging.Handler):
    """Keeps each record's line, as logdojo's formatter writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter("shop"))
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.written.append(self.format(record))

    def bare(self) -> list[str]:
        """Return the lines without what differs from call to call: the moment and the place in the test."""
        return [_bare(line) for line in self.written]

    def last(self) -> dict[str, object]:
        """Return the fields of the last line."""
        found = json.loads(self.written[-1])
        assert isinstance(found, dict)
        return found


def _bare(line: str) -> str:
    fields = json.loads(line)
    del fields["@timestamp"], fields["log.origin.file.line"]
    if trace := fields.get("error.stack_trace"):
        fields["error.stack_trace"] = [part for part in trace.splitlines() if "test_" not in part and "^" not in part]
    return json.dumps(fields)


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """The lines of all records from DEBUG up, in a logging module of the test's own, without ids."""
    # pytest's own handlers raise on a message that cannot be shown: they look away here.
    plugin = request.config.pluginmanager.getplugin("logging-plugin")
    own = [plugin.caplog_handler, plugin.report_handler] if plugin else []
    for each in own:
        each.addFilter(_nothing)
    with fresh_logging() as root, scope(user="", session="", transaction="", trace=""):
        handler = Lines()
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        yield handler
    for each in own:
        each.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False
