"""The library's parts of lab 04 pass the checks that learners have, and fit together with what learners wrote."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from logdojo.course import secure_parts
from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import load_all, run_checks

LAB = find_lab("04")
OURS = sorted(name for name, part in LAB.parts.items() if part.startswith(f"{secure_parts.__name__}:"))


@pytest.mark.parametrize("exercise", OURS)
def test_a_part_passes_the_public_checks_of_its_exercise(exercise: str, root: Path) -> None:
    """What a later lab gets in place of a skipped exercise does what the exercise asks for."""
    checks = [one for one in load_all([Course(root).public_checks(LAB)]) if one.exercise == exercise]
    assert checks
    names = {name: getattr(secure_parts, name) for name in OURS}
    assert {result.check: result.reason for result in run_checks(checks, names) if not result.passed} == {}


def test_every_part_is_in_the_catalog() -> None:
    """No function here is one that no lab can ask for."""
    public = [name for name, value in vars(secure_parts).items() if inspect.isfunction(value) and name[0] != "_"]
    assert {name for name in public if inspect.getmodule(getattr(secure_parts, name)) is secure_parts} == set(OURS)


def test_a_harmless_object_stays_itself() -> None:
    """An extra that holds no secret is not turned into text."""
    thing = Path("orders")
    assert secure_parts.redact_value("path", thing) is thing
