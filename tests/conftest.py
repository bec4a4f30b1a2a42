"""Shared by all tests: where the project and its optional real logs are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
