"""``logdojo course grade``: a folder of submissions → one graded row each, whatever they hold.

An exercise is known by the name that it defines, not by its cell: cells that were deleted, copied, moved, retyped or
robbed of their metadata do not change the score. See ``sandbox`` for what is contained and what is not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from logdojo.course import runner, submissions
from logdojo.course.catalog import Course, Lab
from logdojo.course.check import Check, Result, exercises_of, load_all
from logdojo.course.source import Cell, Role, read_source
from logdojo.course.submissions import Submission
from logdojo.errors import CourseError, UsageError


@dataclass(frozen=True, slots=True)
class Row:
    """What one submission got.

    Args:
        learner: who handed it in.
        path: the notebook's path below the graded folder.
        lab: slug of the lab; empty when unknown.
        results: one for each check of the lab, in the order of the lab.
        problem: why nothing could be run; empty when it could.
        notes: repairs, and cells that failed.
    """

    learner: str
    path: str
    lab: str
    results: tuple[Result, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """Points reached."""
        return sum(result.points for result in self.results)

    @property
    def possible(self) -> int:
        """Points that could be reached."""
        return sum(result.possible for result in self.results)

    def by_exercise(self) -> dict[str, list[Result]]:
        """Return exercise → its results."""
        names = dict.fromkeys(result.exercise for result in self.results)
        return {name: [result for result in self.results if result.exercise == name] for name in names}


@dataclass(frozen=True, slots=True)
class _Key:
    """What grading needs to know of one released lab."""

    lab: Lab
    checks: tuple[Check, ...]
    files: tuple[Path, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class _Limits:
    cell_seconds: float | None
    jobs: int


def grade_folder(
    course: Course, folder: Path, *, cell_seconds: float | None = None, jobs: int | None = None
) -> tuple[int, Iterator[Row]]:
    """Grade all notebooks in ``folder``; return how many there are, and their rows in a stable order.

    Args:
        course: where the labs and their checks lie.
        folder: submissions, at any depth.
        cell_seconds: time limit of one cell; each lab's own when not given. A whole submission gets ten times that
            and half a minute.
        jobs: how many run at once; as many as there are processors when not given.

    Raises:
        UsageError: there is no such folder, or no notebook in it.
        CourseError: the checks of a lab cannot be loaded.
    """
    paths = submissions.find(folder) if folder.is_dir() else []
    if not paths:
        raise UsageError(f"{folder}: no notebooks (*.ipynb) in it", hint="name the folder that holds the submissions")
    keys = {lab.slug: _key(course, lab) for lab in course.released()}
    limits = _Limits(cell_seconds, jobs or os.cpu_count() or 1)
    return len(paths), _rows(course, folder, paths, keys, limits)


def _rows(course: Course, folder: Path, paths: Sequence[Path], keys: dict[str, _Key], limits: _Limits) -> Iterator[Row]:
    exercises = {name: key.lab for key in keys.values() for name in exercises_of(key.checks)}

    with tempfile.TemporaryDirectory(prefix="logdojo-cache-", ignore_cleanup_errors=True) as cache:

        def grade(path: Path) -> Row:
            submission = submissions.read(path, folder, exercises)
            key = keys.get(submission.lab.slug) if submission.lab else None
            return _row(course, submission, key, limits, Path(cache))

        with ThreadPoolExecutor(max_workers=limits.jobs) as pool:
            yield from pool.map(grade, paths)


def _key(course: Course, lab: Lab) -> _Key:
    files = course.check_files(lab)
    checks = load_all(files)
    cells = read_source(course.source(lab))
    order = [cell.exercise for cell in cells if cell.role is Role.EXERCISE]
    if unknown := [one.exercise for one in checks if one.exercise not in order]:
        raise CourseError(f"{lab.slug}: checks for {unknown[0]!r}, which no cell defines", hint="logdojo course check")
    checks.sort(key=lambda one: order.index(one.exercise))
    return _Key(lab, tuple(checks), tuple(files), tuple(cells))


def _row(course: Course, submission: Submission, key: _Key | None, limits: _Limits, cache: Path) -> Row:
    slug = submission.lab.slug if submission.lab else ""
    problem = submission.problem
    if not problem and key is None:
        problem = f"lab {slug} has no checks yet"
    if problem or key is None:
        return Row(submission.learner, submission.path, slug, _nothing(key, problem), problem)
    seconds = key.lab.cell_seconds if limits.cell_seconds is None else limits.cell_seconds
    job = runner.Job(
        cells=_without_measures(submission, key),
        meant=submission.meant,
        exercises=exercises_of(key.checks),
        checks=key.checks,
        check_files=key.files,
        cell_seconds=seconds,
        total_seconds=30 + 10 * seconds,
        data=course.labs / "data",
        cache=cache,
    )
    try:
        outcome = runner.run(job)
    except OSError as error:
        problem = f"the grader could not run it: {error}"
        return Row(submission.learner, submission.path, slug, _nothing(key, problem), problem)
    failed = (_note(number, why) for number, why in outcome.failed.items() if why != "not written yet")
    results = tuple(outcome.results[one.name] for one in key.checks)
    notes = (*submission.notes, *dict.fromkeys(outcome.notes), *failed)
    return Row(submission.learner, submission.path, slug, results, "", notes)


def _note(number: int, why: str) -> str:
    return why if f"cell {number}" in why else f"cell {number}: {why}"


def _nothing(key: _Key | None, problem: str) -> tuple[Result, ...]:
    checks = key.checks if key else ()
    return tuple(Result(one.exercise, one.name, one.title, 0, one.points, problem) for one in checks)


def _without_measures(submission: Submission, key: _Key) -> dict[int, str]:
    """Leave out the lab's measuring cells, known by their text; by their mark only when they are no other cell."""
    measures = {submissions.normal(cell.text) for cell in key.cells if cell.role is Role.MEASURE}
    needed = {submissions.normal(t) for c in key.cells if c.role is not Role.MEASURE for t in (c.solved(), c.stub())}
    names = exercises_of(key.checks)
    kept: dict[int, str] = {}
    for number, source in submission.cells.items():
        text = submissions.normal(source)
        marked = number in submission.measures and text not in needed and not any(name in source for name in names)
        if text not in measures and not marked:
            kept[number] = source
    return kept
