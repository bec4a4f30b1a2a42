"""Answers that learners really give, tried on a lab's checks without running its demonstrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logdojo.course import my_soc
from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source


class Answers:
    """A lab's solutions, and what its checks say when one of them is replaced.

    Args:
        root: the course's folder.
        number: the lab's number.
        given: how the cells begin that the exercises need: imports and what is given.
        folder: where ``my_soc/`` is made.
    """

    def __init__(self, root: Path, number: str, given: tuple[str, ...], folder: Path) -> None:
        course, lab = Course(root), find_lab(number)
        self.checks: list[Check] = load_all(course.check_files(lab))
        cells = read_source(course.source(lab))
        self.solutions = {cell.exercise: cell.solved() for cell in cells if cell.role is Role.EXERCISE}
        self.stubs = {cell.exercise: cell.stub() for cell in cells if cell.role is Role.EXERCISE}
        self.names: dict[str, Any] = {"__name__": "lab"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LOGDOJO_GRADING", "1")
            patch.syspath_prepend(str(folder))
            my_soc.prepare(folder)
            for cell in cells:
                if cell.role is Role.EXERCISE or (cell.role is Role.CODE and cell.text.startswith(given)):
                    exec(compile(cell.solved(), cell.place, "exec"), self.names)  # noqa: S102, the course's own source

    def reasons(self, exercise: str, source: str) -> dict[str, str]:
        """Return the reasons of the checks that an answer fails."""
        names = dict(self.names)
        exec(source, names)  # noqa: S102, the course's own source, changed by a test
        mine = [one for one in self.checks if one.exercise == exercise]
        return {one.check: one.reason for one in run_checks(mine, names) if not one.passed}

    def wrong(self, exercise: str, right: str | tuple[str, ...], wrong: str | tuple[str, ...]) -> dict[str, str]:
        """Return the reasons of the checks that fail when a part of the solution is replaced, or several are."""
        source = self.solutions[exercise]
        pairs = [(right, wrong)] if isinstance(right, str) else list(zip(right, wrong, strict=True))
        for part, instead in pairs:
            assert part in source, f"{exercise} does not hold {part!r}"
            source = source.replace(part, str(instead))
        return self.reasons(exercise, source)

    def must_name(self, wrong: tuple[Any, ...]) -> None:
        """Check that an answer fails the check that is about its mistake, and hears what the mistake is.

        Args:
            wrong: the exercise, the mistake in words, what the solution says, what the mistake says instead, how the
                name of a check begins that fails, and words of its reason.
        """
        exercise, _, right, instead, fails, says = wrong
        reasons = self.wrong(exercise, right, instead)
        told = [reason for name, reason in reasons.items() if name.startswith(fails)]
        assert told, reasons
        assert says in " ".join(told), reasons


@pytest.fixture(scope="session")
def lab_05(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Lab 05's answers."""
    given = ("import hashlib", "import duckdb", "def fingerprint", "from my_soc import redact_text", "def tagged")
    given += ("ECS = ", "from logdojo.course.searching", "EVENT, ACK", "CLASSES")
    root = Path(__file__).resolve().parents[2]
    return Answers(root, "05", given, tmp_path_factory.mktemp("lab-05"))


@pytest.fixture(scope="session")
def lab_07(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Lab 07's answers."""
    given = ("import hashlib", "V4 =", "FORMS =", "STAMP =", "POLICY =", "def keep", "def address", "def as_json")
    root = Path(__file__).resolve().parents[2]
    return Answers(root, "07", given, tmp_path_factory.mktemp("lab-07"))
