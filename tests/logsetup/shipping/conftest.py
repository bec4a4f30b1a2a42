"""A real bulk API behind a proxy that fails, and a small event collector."""

from __future__ import annotations

import importlib.util
import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from logdojo.course import hec


def _load(name: str) -> ModuleType:
    """Load a module that lies beside this file; the tests are no package."""
    spec = importlib.util.spec_from_file_location(f"shipping_{name}", Path(__file__).with_name(f"{name}.py"))
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fault_proxy() -> ModuleType:
    """The module with the proxy."""
    return _load("fault_proxy")


@pytest.fixture(scope="session")
def hec_server() -> ModuleType:
    """The module with the event collector."""
    return hec


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """The address of an OpenSearch that lives in memory; each test takes an index of its own."""
    module = pytest.importorskip("osmem_server", reason="osmem-server has no build for this system")
    with module.OsmemServer.start(japanese=False) as server:
        yield server.url
    server.process.stdout.close()


@pytest.fixture
def indexed(opensearch: str) -> Callable[[str], dict[str, Any]]:
    """A function: index → all its documents by id."""

    def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # the address is our own server's
            f"{opensearch}/{path}",
            data=json.dumps(body).encode() if body else None,
            method="POST",
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def documents(index: str) -> dict[str, Any]:
        call(f"{index}/_refresh")
        count = call(f"{index}/_count")["count"]
        found = call(f"{index}/_search", {"size": 10_000, "query": {"match_all": {}}})["hits"]["hits"]
        assert len(found) == count
        return {hit["_id"]: hit["_source"] for hit in found}

    return documents
