"""``logdojo course build``: each lab's source → the solution and the learner's notebook, and the table of labs.

The same source gives the same bytes: cell ids come from the exercise or the position, metadata are written in one
order, and outputs lose what is true of one machine only. Metadata follow nbgrader's schema version 3
(https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html), so that the notebooks open there.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from logdojo.course.catalog import LABS, Course, Lab
from logdojo.course.check import Check, exercises_of, load_all, points_of
from logdojo.course.lint import lint
from logdojo.course.source import Cell, Role, read_source
from logdojo.errors import CourseError

CELL_SECONDS: Final = 300
"""Longest that one cell of a solution may run, in seconds."""
Notebook = dict[str, Any]


def build(course: Course, lab: Lab, *, execute: bool = True) -> list[Path]:
    """Write both notebooks of a lab; return the paths that were written.

    Args:
        course: where the lab lies.
        lab: which lab.
        execute: run the solution and keep its outputs; otherwise the outputs it has stay where its code is the same.

    Raises:
        CourseError: the source, its form, its checks or its run is at fault; the message names file and cell.
    """
    solution, learner = notebooks(course, lab)
    paths = (course.solutions / f"{lab.slug}.ipynb", course.labs / f"{lab.slug}.ipynb")
    solution = _executed(course, lab, solution) if execute else _with_old_outputs(solution, paths[0])
    for path, notebook in zip(paths, (solution, learner), strict=True):
        _write(path, as_text(notebook))
    return list(paths)


def notebooks(course: Course, lab: Lab) -> tuple[Notebook, Notebook]:
    """Return the solution and the learner's notebook of a lab, both without outputs.

    Raises:
        CourseError: the source, its form or its checks are at fault.
    """
    path = course.source(lab)
    cells = read_source(path)
    checks = load_all(course.check_files(lab))
    problems = [*lint(cells, path.name), *_unmatched(path.name, cells, checks)]
    if problems:
        raise CourseError("\n".join(problems), hint="mend the source, then build again")
    return _notebook(lab, cells, checks, solved=True), _notebook(lab, cells, checks, solved=False)


def differences(course: Course, lab: Lab) -> list[str]:
    """Rebuild a lab without running it; return what differs from the files, one line each.

    Raises:
        CourseError: the source, its form or its checks are at fault.
    """
    solution, learner = notebooks(course, lab)
    found = []
    path = course.labs / f"{lab.slug}.ipynb"
    if _read(path) != as_text(learner):
        found.append(f"{path.relative_to(course.root)}: differs from its source")
    path = course.solutions / f"{lab.slug}.ipynb"
    old = _load(path)
    if old is None or as_text(_without_outputs(old)) != as_text(solution):
        found.append(f"{path.relative_to(course.root)}: differs from its source")
    return found


def write_table(course: Course) -> Path:
    """Write ``labs/README.md`` from the catalog; return its path."""
    path = course.labs / "README.md"
    _write(path, table(course))
    return path


def table(course: Course) -> str:
    """Return the text of ``labs/README.md``: all labs, and which of them have a notebook."""
    released = course.released()
    rows = "\n".join(_row(lab, available=lab in released) for lab in LABS)
    return f"""# The labs

Thirteen notebooks, in order. In each you write a few functions, a check cell tells you at once how far you are, and
what you have passed is kept in `my_soc/` for the labs that come after it.

Start with `make lab`, or with `jupyter lab` in this folder. This table is made by `logdojo course build`.

| lab | you build | minutes | difficulty | runs on | after |
|---|---|---|---|---|---|
{rows}
"""


def table_differs(course: Course) -> list[str]:
    """Return one line when ``labs/README.md`` is not what the catalog says."""
    return [] if _read(course.labs / "README.md") == table(course) else ["labs/README.md: differs from the catalog"]


def as_text(notebook: Notebook) -> str:
    """Return a notebook as its file holds it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _row(lab: Lab, *, available: bool) -> str:
    name = f"[{lab.number:02} {lab.title}]({lab.slug}.ipynb)" if available else f"{lab.number:02} {lab.title}"
    before = ", ".join(slug[:2] for slug in lab.prerequisites) or "nothing"
    builds = lab.builds if available else f"{lab.builds} (not yet available)"
    return f"| {name} | {builds} | {lab.minutes} | {lab.difficulty} | {lab.hardware} | {before} |"


def _unmatched(name: str, cells: Iterable[Cell], checks: list[Check]) -> list[str]:
    defined = [cell.exercise for cell in cells if cell.role is Role.EXERCISE]
    checked = exercises_of(checks)
    return [
        *(f"{name}: no check for exercise {one!r}; add one to checks/{name}" for one in defined if one not in checked),
        *(f"checks/{name}: checks {one!r}, which no cell of the lab defines" for one in checked if one not in defined),
    ]


def _notebook(lab: Lab, cells: list[Cell], checks: list[Check], *, solved: bool) -> Notebook:
    return {
        "cells": [_cell(lab, n, cell, checks, solved=solved) for n, cell in enumerate(cells, 1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "logdojo": {"kind": "solution" if solved else "learner", "lab": lab.slug},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(lab: Lab, number: int, cell: Cell, checks: list[Check], *, solved: bool) -> Notebook:
    own: dict[str, object] = {"role": cell.role.value}
    metadata: dict[str, object] = {"logdojo": own}
    name = f"{lab.number:02}-{number:03}"
    if cell.exercise:
        own["exercise"] = cell.exercise
        name = f"{cell.role.value}-{cell.exercise}"
        metadata["nbgrader"] = _nbgrader(cell, points_of(checks, cell.exercise))
    if cell.role is Role.MEASURE:
        metadata["tags"] = ["measure"]
    text = cell.solved() if solved else cell.stub()
    out: Notebook = {"cell_type": "code", "id": name, "metadata": metadata, "source": text.splitlines(keepends=True)}
    if cell.role is Role.TEXT:
        return {**out, "cell_type": "markdown"}
    return {**out, "execution_count": None, "outputs": []}


def _nbgrader(cell: Cell, points: int) -> dict[str, object]:
    graded = cell.role is Role.CHECK
    out: dict[str, object] = {
        "grade": graded,
        "grade_id": f"check_{cell.exercise}" if graded else cell.exercise,
        "locked": graded,
        "schema_version": 3,
        "solution": not graded,
        "task": False,
    }
    return {**out, "points": points} if graded else out


def _executed(course: Course, lab: Lab, notebook: Notebook) -> Notebook:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    node: Any = nbformat.reads(as_text(notebook), as_version=4)  # type: ignore[no-untyped-call]  # unannotated
    client = NotebookClient(
        node,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(course.solutions)}},
        record_timing=False,
        store_widget_state=False,
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        raise CourseError(f"{_failed_cell(lab, node)}: {error}", hint="mend the solution, then build again") from error
    for old, new in zip(notebook["cells"], node["cells"], strict=True):
        if old["cell_type"] == "code":
            old["execution_count"] = new["execution_count"]
            old["outputs"] = _portable(json.loads(json.dumps(new["outputs"])), course.root)
    return notebook


def _failed_cell(lab: Lab, node: Notebook) -> str:
    for number, cell in enumerate(node["cells"], 1):
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            return f"{lab.slug}.py, cell {number}"
    return f"{lab.slug}.py"


def _portable(value: Any, root: Path) -> Any:
    """Return outputs without the paths of this machine."""
    if isinstance(value, str):
        text = value
        # An image is one long word, on which the pattern takes seconds.
        if "ipykernel_" in value:
            text = re.sub(r"[^\s\"'(]*ipykernel_\d+[/\\]\d+\.py", "<cell>", value)
        places = {str(root): "logdojo", str(Path.home()): "~", tempfile.gettempdir(): "temp"}
        for place, shown in places.items():
            if len(place) > 1:
                text = text.replace(place + os.sep, shown + "/").replace(place, shown)
        return text
    if isinstance(value, list):
        return [_portable(one, root) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "image/png" else _portable(one, root) for key, one in value.items()}
    return value


def _with_old_outputs(notebook: Notebook, path: Path) -> Notebook:
    """Take over the outputs of the cells whose code did not change."""
    old = {(cell.get("id"), _source(cell)): cell for cell in (_load(path) or {"cells": []})["cells"]}
    for cell in notebook["cells"]:
        before = old.get((cell["id"], _source(cell)))
        if cell["cell_type"] == "code" and before:
            cell["outputs"] = before.get("outputs", [])
            cell["execution_count"] = before.get("execution_count")
    return notebook


def _without_outputs(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    return notebook


def _source(cell: Notebook) -> str:
    return "".join(cell.get("source", ""))


def _load(path: Path) -> Notebook | None:
    try:
        notebook: Notebook = json.loads(_read(path))
    except ValueError:
        return None
    return notebook


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8") if path.is_file() else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
