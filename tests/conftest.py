"""Shared by all tests: where the project and its optional real logs are."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def _leftovers_first() -> Iterator[None]:
    """Finalize what earlier files have left, so that it costs no check of a learner's code its time limit."""
    sys.settrace(None)
    gc.collect()
    # The rest stays to the end; without it a collection in the middle of a check is short.
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real logs; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("LOGDOJO_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real logs at {folder}: set LOGDOJO_DATA to the folder that holds panther/ and crowdsec/")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put last what lets code run out of its time: its alarms and traces must not meet the checks of other files."""
    items.sort(key=lambda item: item.path.name == "test_check.py")
