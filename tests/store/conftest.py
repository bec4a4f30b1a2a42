"""Both stores, empty, and events to put into them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from logdojo.events import LogEvent
from logdojo.store import DuckDbStore, LogStore, Tags
from logdojo.store.opensearch import connect

_indices = itertools.count(1)


@pytest.fixture(scope="session")
def search_server() -> Iterator[str]:
    """The address of an OpenSearch that lives in memory; each test takes an index of its own."""
    module = pytest.importorskip("osmem_server", reason="osmem-server has no build for this system")
    with module.OsmemServer.start(japanese=False) as server:
        yield server.url
    server.process.stdout.close()


@pytest.fixture(params=["duckdb", "opensearch"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogStore]:
    """An empty store, once of each kind."""
    made: LogStore
    if request.param == "duckdb":
        made = DuckDbStore(tmp_path / "events.duckdb")
    else:
        made = connect(f"{request.getfixturevalue('search_server')}/test-{next(_indices)}")
    yield made
    made.close()


@pytest.fixture
def event() -> Callable[..., LogEvent]:
    """A function: number and fields → an event whose line holds the number."""

    def make(number: int, **fields: Any) -> LogEvent:
        named = {name.replace("__", "."): value for name, value in fields.items()}
        time = f"2026-11-24T10:{number % 60:02}:00.250000Z"
        return LogEvent(f"line {number}", {"@timestamp": time, "event.kind": "event", **named})

    return make


@pytest.fixture
def tags() -> Tags:
    """Tags of a source."""
    return Tags("bastion", "acme", None, "internal")
