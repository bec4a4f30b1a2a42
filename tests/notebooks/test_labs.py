"""Every released lab: an untouched copy scores nothing, its solution everything, and its notebooks are up to date."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from logdojo.course.build import differences, table_differs
from logdojo.course.catalog import LABS, Course, Lab
from logdojo.course.check import load_all, run_checks
from logdojo.course.grade import grade_folder
from logdojo.course.report import as_csv, reasons, write
from logdojo.course.source import read_source

COURSE = Course(Path(__file__).resolve().parents[2])
RELEASED = [pytest.param(lab, id=lab.slug) for lab in LABS if COURSE.source(lab).is_file()]


@pytest.mark.parametrize("lab", RELEASED)
def test_notebooks_are_what_their_source_says(lab: Lab):
    """Building again, without running, leaves no difference: ``logdojo course build`` was run after the last edit."""
    assert differences(COURSE, lab) == []


@pytest.mark.parametrize("lab", RELEASED)
def test_a_lab_opens_with_what_the_catalog_says(lab: Lab):
    """Title, minutes, difficulty and hardware stand in the first cell as in the catalog."""
    first = read_source(COURSE.source(lab))[0].text
    assert first.startswith(f"# Lab {lab.number:02}: {lab.title}\n")
    assert f"**{lab.minutes} minutes · {lab.difficulty} · {lab.hardware} · " in first


def test_the_table_of_labs_is_what_the_catalog_says():
    """``labs/README.md`` is generated and up to date."""
    assert table_differs(COURSE) == []


@pytest.mark.slow
@pytest.mark.parametrize("lab", RELEASED)
def test_untouched_scores_nothing_and_solved_everything(lab: Lab, tmp_path: Path):
    """The learner's notebook as it is handed out scores 0, and the solution 100 %."""
    for name, folder in (("untouched", COURSE.labs), ("solved", COURSE.solutions)):
        (tmp_path / name).mkdir()
        shutil.copy(folder / f"{lab.slug}.ipynb", tmp_path / name)
    solved, untouched = grade_folder(COURSE, tmp_path, cell_seconds=120)[1]
    assert solved.points == solved.possible > 0, reasons(solved)
    assert untouched.points == 0
    assert {result.reason for result in untouched.results} == {"not written yet"}
    assert untouched.possible == solved.possible


@pytest.mark.parametrize("lab", RELEASED)
def test_what_is_missing_is_told_in_words(lab: Lab):
    """Where nothing was run yet, every check says which cell to run instead of failing in its own code."""
    for result in run_checks(load_all(COURSE.check_files(lab)), {}):
        assert "is not defined: run the cell that defines it" in result.reason


def _source(notebook: dict[str, Any], exercise: str) -> dict[str, Any]:
    """Return the cell that defines an exercise."""
    cell: dict[str, Any] = next(c for c in notebook["cells"] if c["id"] == f"exercise-{exercise}")
    return cell


@pytest.mark.slow
def test_ten_copies_of_lab_01_get_ten_rows_with_reasons(tmp_path: Path):
    """Solved, untouched, half solved and broken in seven ways: ten graded rows, each lost point with its reason."""
    name = "01_logging_foundations.ipynb"
    solved = (COURSE.solutions / name).read_text(encoding="utf-8")
    untouched = (COURSE.labs / name).read_text(encoding="utf-8")
    learner, solution = json.loads(untouched), json.loads(solved)
    names = [cell["id"].removeprefix("exercise-") for cell in learner["cells"] if cell["id"].startswith("exercise-")]
    half, syntax, loop, exits = (json.loads(text) for text in (untouched, solved, solved, solved))
    for exercise in names[: len(names) // 2]:
        _source(half, exercise)["source"] = _source(solution, exercise)["source"]
    _source(syntax, names[0])["source"] = [f"def {names[0]}(events:\n", "    return 1"]
    _source(loop, names[0])["source"] = ["while True:\n", "    pass"]
    _source(exits, names[-1])["source"] = ["import os\n", "os._exit(0)"]
    without, twice, loud = (json.loads(solved) for _ in range(3))
    without["cells"] = [cell for cell in without["cells"] if not cell["id"].startswith("check-")]
    twice["cells"] = [cell for cell in twice["cells"] for _ in range(2)]
    for cell in loud["cells"]:
        if cell["id"].startswith("exercise-"):
            cell["source"] += ["\n\nimport logging\n", "logging.getLogger('loud').warning('to standard error')\n"]
    copies = {
        "copied cells": twice,
        "deleted checks": without,
        "endless loop": loop,
        "exits": exits,
        "half": half,
        "logs to stderr": loud,
        "solved": solution,
        "syntax error": syntax,
        "untouched": learner,
    }
    for copy, notebook in copies.items():
        (tmp_path / "in" / copy).mkdir(parents=True)
        (tmp_path / "in" / copy / name).write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "in" / "torn").mkdir()
    (tmp_path / "in" / "torn" / name).write_text(solved[: len(solved) // 2], encoding="utf-8")

    total, iterator = grade_folder(COURSE, tmp_path / "in", cell_seconds=3)
    rows = {row.learner: row for row in iterator}
    assert total == len(rows) == 10
    possible = rows["solved"].possible
    for copy in ("solved", "copied cells", "deleted checks", "logs to stderr"):
        assert rows[copy].points == possible, f"{copy}: {reasons(rows[copy])}"
        assert reasons(rows[copy]) == ""
    assert rows["untouched"].points == rows["torn"].points == 0
    scores = {exercise: sum(r.points for r in results) for exercise, results in rows["half"].by_exercise().items()}
    assert [scores[exercise] > 0 for exercise in names] == [i < len(names) // 2 for i in range(len(names))]
    for copy, exercise, reason in (
        ("untouched", names[0], "not written yet"),
        ("half", names[-1], "not written yet"),
        ("syntax error", names[0], "syntax error in cell "),
        ("endless loop", names[0], " was stopped after 3 s"),
        ("exits", names[-1], " ended the whole process (exit status 0)"),
        ("torn", names[0], "not a notebook: invalid JSON at line "),
    ):
        lost = [result.reason for result in rows[copy].results if result.exercise == exercise]
        assert all(reason in one for one in lost), (copy, lost)
    assert len(write(list(rows.values()), tmp_path / "out")) == 11
    assert as_csv(rows.values()).count("\n") == 11
