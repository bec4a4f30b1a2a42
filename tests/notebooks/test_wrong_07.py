"""Lab 07: the solution has full marks, and what is not written yet says so."""

from __future__ import annotations

from collections import Counter
from typing import Any

from logdojo.course.check import run_checks


def test_the_solution_has_full_marks(lab_07: Any):
    """Every check passes on the solution, and each of the fourteen exercises has four points or more."""
    assert [result.reason for result in run_checks(lab_07.checks, lab_07.names) if not result.passed] == []
    points: Counter[str] = Counter()
    for one in lab_07.checks:
        points[one.exercise] += one.points
    assert set(points) == set(lab_07.solutions)
    assert len(points) == 14
    assert min(points.values()) >= 4


def test_an_unwritten_exercise_says_so(lab_07: Any):
    """An exercise that is not written yet says so in every check, and scores nothing."""
    for exercise, stub in lab_07.stubs.items():
        reasons = lab_07.reasons(exercise, stub)
        assert set(reasons.values()) == {"not written yet"}
        assert len(reasons) == sum(one.exercise == exercise for one in lab_07.checks)
