"""The learner's side of a lab: ``dojo.lab("01_logging_foundations")`` first, then ``dojo.check("exercise")``.

What is shown is a table for eyes and screen readers, and the same as plain text where there is no HTML. A check never
shows a stack of internals: whatever goes wrong is one line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from logdojo.course import my_soc
from logdojo.course.catalog import Lab, find_lab
from logdojo.course.check import Check, Result, exercises_of, load_all, run_checks
from logdojo.errors import LogdojoError
from logdojo.widgets.figures import show
from logdojo.widgets.tables import results_html, results_text

GRADING: Final = "LOGDOJO_GRADING"
"""Environment variable that a grader sets; ``dojo`` then does nothing, since the grader runs the checks itself."""


@dataclass(frozen=True, slots=True)
class _Session:
    lab: Lab
    folder: Path
    checks: tuple[Check, ...]


_session: _Session | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to show: HTML where that works, plain text elsewhere."""

    text: str
    html: str = ""
    passed: bool = False

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        bundle = {"text/plain": self.text}
        return {**bundle, "text/html": self.html} if self.html else bundle


def lab(name: str) -> Shown:
    """Begin a lab: find its checks, and make ``my_soc/`` beside the notebook.

    Args:
        name: the lab's slug, as in ``01_logging_foundations``.

    Raises:
        LogdojoError: there is no such lab, or its checks cannot be loaded.
    """
    global _session  # noqa: PLW0603, one notebook has one lab, and dojo.check must know it
    found = find_lab(name)
    if os.environ.get(GRADING):
        return Shown("")
    folder = Path.cwd()
    checks = load_all(check_files(found, folder))
    _session = _Session(found, folder, tuple(checks))
    my_soc.prepare(folder)
    count = len(exercises_of(checks))
    points = sum(one.points for one in checks)
    return Shown(
        f"Lab {found.number:02}, {found.title}: {count} exercise{'s' * (count != 1)}, {points} points, "
        f"about {found.minutes} minutes. What you pass is kept in my_soc/."
    )


def check(exercise: str) -> Shown:
    """Check one exercise of the lab that was begun, and keep it in ``my_soc/`` when it passes.

    Args:
        exercise: name of the function or class.
    """
    if os.environ.get(GRADING):
        return Shown("")
    if _session is None:
        return Shown("No lab has begun: run the notebook's first code cell, the one with dojo.lab(…), then this again.")
    names, cells = _notebook(sys._getframe(1).f_globals)  # noqa: SLF001, outside IPython the caller's names are meant
    return check_names(exercise, names, cells, lab=_session.lab, checks=_session.checks, folder=_session.folder)


def check_names(
    exercise: str,
    names: Mapping[str, Any],
    cells: Sequence[str],
    *,
    lab: Lab,
    checks: Sequence[Check],
    folder: Path,
) -> Shown:
    """Check one exercise against ``names``.

    Args:
        exercise: name of the function or class.
        names: the learner's namespace.
        cells: sources of the cells that ran, in order.
        lab: the lab that the exercise belongs to.
        checks: the lab's checks.
        folder: where ``my_soc/`` is made.
    """
    mine = [one for one in checks if one.exercise == exercise]
    if not mine:
        known = ", ".join(exercises_of(checks))
        return Shown(f"Lab {lab.slug} has no exercise called {exercise!r}. It has: {known}.")
    results = run_checks(mine, names)
    passed = all(result.passed for result in results)
    note = _keep(exercise, cells, folder) if passed else ""
    return Shown(results_text(exercise, results, note), results_html(exercise, results, note), passed)


def data(name: str) -> Path:
    """Return the path of a file in the course's data folder, wherever the notebook runs.

    Args:
        name: file name, as in ``sshd.log``.

    Raises:
        LogdojoError: there is no such file.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        for place in (folder / "data" / name, folder / "labs" / "data" / name):
            if place.is_file():
                return place
    raise LogdojoError(f"no data file {name!r} in labs/data", hint="start the notebook in the folder labs/")


def check_files(lab: Lab, folder: Path) -> list[Path]:
    """Return the check files for a notebook in ``folder``: public ones, and the hidden ones beside a solution.

    Raises:
        LogdojoError: there are none.
    """
    name = f"{lab.slug}.py"
    above = (folder, *folder.parents)
    places = [*(one / "labs" / "checks" / name for one in above), *(one / "checks" / name for one in above)]
    public = next((place for place in places if place.is_file()), None)
    if public is None:
        raise LogdojoError(
            f"no checks for lab {lab.slug} in {folder} or above",
            hint="keep the notebook in the folder labs/, beside the folder checks/",
        )
    hidden = folder / "checks" / name
    return [public, hidden] if folder.name == "solutions" and hidden.is_file() and hidden != public else [public]


def _keep(exercise: str, cells: Sequence[str], folder: Path) -> str:
    try:
        path = my_soc.keep(folder, exercise, cells)
    except (LogdojoError, OSError) as error:
        return f"Passed, but not kept for later labs: {error}"
    return f"Kept for later labs in {path.relative_to(folder).as_posix()}."


def _notebook(caller: dict[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """Return the names and the cells of the running notebook; outside one, the caller's."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return caller, _own_file(caller)
    return shell.user_ns, list(shell.user_ns.get("In", []))


def _own_file(caller: dict[str, Any]) -> list[str]:
    try:
        return [Path(caller["__file__"]).read_text(encoding="utf-8")]
    except (KeyError, OSError, UnicodeDecodeError):
        return []


__all__ = ["Shown", "check", "data", "lab", "show"]


def _demonstrate() -> None:
    shown: list[Result] = [
        Result("redact", "a", "Hide a password in the message", 2, 2),
        Result("redact", "b", "Leave other fields alone", 0, 1, "the field user.name is gone"),
    ]
    print(results_text("redact", shown))


if __name__ == "__main__":
    _demonstrate()
