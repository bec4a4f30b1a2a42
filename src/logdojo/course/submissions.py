"""Find submissions in a folder and read them, however damaged: what cannot be read has a reason, never an exception."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from logdojo.course.catalog import LABS, Lab

LARGEST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Submission:
    """One notebook that was handed in.

    Args:
        learner: first folder below the one that is graded, else the file's name.
        path: path below that folder, with ``/``.
        lab: the lab that it belongs to; none when unknown.
        cells: number in the notebook, from 1 → source, of the cells that can be run.
        measures: numbers of the cells marked as measuring.
        meant: number of a cell → the exercise that its mark names; tells why points were lost, never how many.
        problem: why it cannot be read; empty when it can.
        notes: repairs that reading needed.
    """

    learner: str
    path: str
    lab: Lab | None = None
    cells: Mapping[int, str] = field(default_factory=dict)
    measures: frozenset[int] = frozenset()
    meant: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()


def find(folder: Path) -> list[Path]:
    """Return the notebooks in ``folder`` at any depth, in a stable order; hidden folders are passed over."""
    found = [path for path in folder.rglob("*") if path.suffix.lower() == ".ipynb" and path.is_file()]
    below = {path: path.relative_to(folder) for path in found}
    shown = [path for path in found if not any(part.startswith(".") for part in below[path].parts)]
    return sorted(shown, key=lambda path: below[path].parts)


def read(path: Path, folder: Path, exercises: Mapping[str, Lab]) -> Submission:
    """Read one submission.

    Args:
        path: the notebook.
        folder: the folder that is graded.
        exercises: exercise → its lab, to know a notebook by what it defines.
    """
    below = path.relative_to(folder)
    learner = below.parts[0] if len(below.parts) > 1 else below.stem
    where = below.as_posix()
    named = _lab_by_name(below)
    try:
        notebook = _load(path)
        raw = _raw_cells(notebook)
    except (OSError, ValueError, RecursionError) as error:
        return Submission(learner, where, named, problem=f"not a notebook: {_plain(error)}")
    cells, notes = _runnable(raw, exercises)
    lab = _lab_by_metadata(notebook) or named or _lab_by_content(cells, exercises)
    marks = {number: _mark(raw[number - 1]) for number in cells}
    measures = frozenset(number for number, mark in marks.items() if mark.get("role") == "measure")
    meant = {number: str(mark["exercise"]) for number, mark in marks.items() if mark.get("role") == "exercise"}
    problem = "" if lab else "which lab this is cannot be told from its metadata, its name or its exercises"
    return Submission(learner, where, lab, cells, measures, meant, problem, tuple(notes))


def normal(source: str) -> str:
    """Return a cell's source without what does not matter for knowing it again."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _load(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ValueError(f"{size} bytes, more than {LARGEST_BYTES}")
    if not size:
        raise ValueError("the file is empty")
    notebook = json.loads(path.read_bytes().decode("utf-8-sig"))
    if not isinstance(notebook, dict):
        raise ValueError("its JSON is not an object")  # noqa: TRY004, a wrong shape is a wrong value here
    return notebook


def _raw_cells(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets := notebook.get("worksheets"), list):
        # Format 3 kept its cells in worksheets, and called the source input.
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise ValueError("it has no list of cells")  # noqa: TRY004, same
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def _plain(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"invalid JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    if isinstance(error, RecursionError):
        return "its JSON is nested too deeply"
    if isinstance(error, OSError):
        return f"the file cannot be read: {error.strerror}"
    return str(error)


def _runnable(raw: list[dict[str, Any]], exercises: Mapping[str, Lab]) -> tuple[dict[int, str], list[str]]:
    cells: dict[int, str] = {}
    notes: list[str] = []
    for number, cell in enumerate(raw, 1):
        source = _source(cell)
        if not source.strip():
            continue
        if cell.get("cell_type") == "code":
            cells[number] = source
        elif defined := sorted(_top_level(source) & set(exercises)):
            cells[number] = source
            notes.append(f"cell {number} is not a code cell but defines {', '.join(defined)}; it was run as code")
    return cells, notes


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _mark(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a build wrote about the cell's role; empty where that is gone."""
    metadata = cell.get("metadata")
    mark = metadata.get("logdojo") if isinstance(metadata, dict) else None
    return {"role": mark.get("role"), "exercise": mark.get("exercise")} if isinstance(mark, dict) else {}


def _top_level(source: str) -> set[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def _lab_by_metadata(notebook: Mapping[str, Any]) -> Lab | None:
    metadata = notebook.get("metadata")
    own = metadata.get("logdojo") if isinstance(metadata, dict) else None
    slug = own.get("lab") if isinstance(own, dict) else None
    return next((lab for lab in LABS if lab.slug == slug), None)


def _lab_by_name(below: Path) -> Lab | None:
    for part in (below.stem, *reversed(below.parts[:-1])):
        for lab in LABS:
            if lab.slug in part or re.fullmatch(rf"(lab[ _-]?)?0?{lab.number}([ _-].*)?", part, re.IGNORECASE):
                return lab
    return None


def _lab_by_content(cells: Mapping[int, str], exercises: Mapping[str, Lab]) -> Lab | None:
    for source in cells.values():
        for name in re.findall(r"^(?:async\s+)?(?:def|class)\s+(\w+)", source, re.MULTILINE):
            if name in exercises:
                return exercises[name]
    return None
