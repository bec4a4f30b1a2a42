"""The library's parts of lab 03 pass every check of the exercises that they stand for."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from logdojo.course import lossless_parts
from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import load_all, run_checks

LAB = find_lab("03")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rotation with several processes needs flock")


@pytest.mark.parametrize("exercise", sorted(LAB.parts))
def test_a_part_passes_the_checks_of_its_exercise(exercise: str, root: Path):
    """What a later lab gets in place of a skipped exercise does what the exercise asks for."""
    checks = [one for one in load_all(Course(root).check_files(LAB)) if one.exercise == exercise]
    assert checks
    results = run_checks(checks, vars(lossless_parts))
    assert {result.check: result.reason for result in results if not result.passed} == {}


def test_every_part_is_in_the_catalog(root: Path):
    """Each public function and class here stands for an exercise, and each exercise of the lab has one."""
    own = {
        name
        for name, value in vars(lossless_parts).items()
        if inspect.getmodule(value) is lossless_parts and name[0] != "_" and callable(value)
    }
    assert own == set(LAB.parts) == {one.exercise for one in load_all([Course(root).public_checks(LAB)])}
