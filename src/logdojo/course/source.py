"""A lab's one source, ``solutions/NN_slug.py`` in jupytext's percent format, read into cells with roles."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from logdojo.errors import CourseError

BEGIN: Final = "# BEGIN SOLUTION"
END: Final = "# END SOLUTION"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")
_KNOWN_METADATA: Final = {"exercise", "check", "tags"}


class Role(enum.StrEnum):
    """What a cell is for."""

    TEXT = "text"
    CODE = "code"
    """Setup or demonstration."""
    EXERCISE = "exercise"
    """Defines the function or class that the learner writes."""
    CHECK = "check"
    """Checks the exercise above it."""
    MEASURE = "measure"
    """Takes long and defines nothing that an exercise needs; a grader skips it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a lab source.

    Args:
        place: how an error names it: file and position.
        role: what it is for.
        text: its text, solution markers included.
        exercise: name of the exercise that an exercise or check cell belongs to; else empty.
    """

    place: str
    role: Role
    text: str
    exercise: str = ""

    def solved(self) -> str:
        """Return the text with the solution and without its markers."""
        return "\n".join(line for line in self.text.split("\n") if line.strip() not in {BEGIN, END})

    def stub(self) -> str:
        """Return the text with a stub in place of each solution."""
        out: list[str] = []
        inside = False
        for line in self.text.split("\n"):
            if line.strip() == BEGIN:
                inside = True
                indent = line[: line.index("#")]
                out += [f"{indent}# YOUR CODE HERE", f"{indent}{stub_line(self.exercise)}"]
            elif line.strip() == END:
                inside = False
            elif not inside:
                out.append(line)
        return "\n".join(out)

    def lines_to_write(self) -> int:
        """Count the lines of the solution, blank lines and comments left out."""
        count = 0
        inside = False
        for line in map(str.strip, self.text.split("\n")):
            if line in {BEGIN, END}:
                inside = line == BEGIN
            elif inside and line and not line.startswith("#"):
                count += 1
        return count


def stub_line(exercise: str) -> str:
    """Return the statement that stands for an exercise that is not written yet."""
    return f'raise NotImplementedError("{exercise}")'


def read_source(path: Path) -> list[Cell]:
    """Read a lab source.

    Raises:
        CourseError: the file cannot be read, or a cell's markers do not hold together; the message names the cell.
    """
    import jupytext

    try:
        notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path.name}: cannot be read: {error}", hint="write the lab as UTF-8 text") from error
    cells = [_cell(path, number, raw) for number, raw in enumerate(notebook.cells, 1)]
    names = [cell.exercise for cell in cells if cell.role is Role.EXERCISE]
    for cell in cells:
        if cell.role is Role.EXERCISE and names.count(cell.exercise) > 1:
            raise CourseError(f"{cell.place}: two exercises are called {cell.exercise!r}", hint="rename one of them")
        if cell.role is Role.CHECK and cell.exercise not in names:
            raise CourseError(
                f"{cell.place}: it checks {cell.exercise!r}, which no cell defines",
                hint=f'mark the cell that defines it with `# %% exercise="{cell.exercise}"`',
            )
    return cells


def _cell(path: Path, number: int, raw: dict) -> Cell:  # type: ignore[type-arg]  # a jupytext cell has no type of its own
    place = f"{path.name}, cell {number}"
    # jupytext notes the blank lines between cells as metadata of its own.
    metadata = {key: value for key, value in raw["metadata"].items() if not key.startswith("lines_to_")}
    text: str = raw["source"]
    if unknown := sorted(set(metadata) - _KNOWN_METADATA):
        raise CourseError(f"{place}: unknown mark {unknown[0]!r}", hint="known are exercise=, check= and tags=")
    role, exercise = _role(place, raw["cell_type"], metadata)
    _check_markers(place, text, allowed=role is Role.EXERCISE)
    return Cell(place, role, text, exercise)


def _role(place: str, cell_type: str, metadata: dict[str, object]) -> tuple[Role, str]:
    if cell_type == "raw":
        raise CourseError(f"{place}: raw cells have no place in a lab", hint="use [markdown] or plain code")
    if cell_type == "markdown":
        if metadata:
            raise CourseError(f"{place}: a text cell takes no marks", hint="put the mark on a code cell")
        return Role.TEXT, ""
    for role in (Role.EXERCISE, Role.CHECK):
        if role.value in metadata:
            name = str(metadata[role.value])
            if not _NAME.fullmatch(name):
                raise CourseError(
                    f"{place}: {role.value}={name!r} is not a name",
                    hint="use the name of the function or class, at most 50 characters",
                )
            return role, name
    tags = metadata.get("tags", [])
    return (Role.MEASURE if isinstance(tags, list) and "measure" in tags else Role.CODE), ""


def _check_markers(place: str, text: str, *, allowed: bool) -> None:
    inside = False
    found = False
    for number, line in enumerate(text.split("\n"), 1):
        word = line.strip()
        if word == BEGIN:
            if inside:
                raise CourseError(f"{place}, line {number}: a solution begins inside a solution", hint=f"add {END}")
            inside = found = True
        elif word == END:
            if not inside:
                raise CourseError(f"{place}, line {number}: a solution ends that did not begin", hint=f"add {BEGIN}")
            inside = False
        elif word.lstrip("# ").upper().startswith(("BEGIN SOLUTION", "END SOLUTION")):
            raise CourseError(f"{place}, line {number}: {word!r} is no marker", hint=f"write {BEGIN} or {END}")
    if inside:
        raise CourseError(f"{place}: a solution begins but does not end", hint=f"add {END}")
    if found and not allowed:
        raise CourseError(f"{place}: a solution outside an exercise", hint='mark the cell `# %% exercise="name"`')
    if allowed and not found:
        raise CourseError(f"{place}: an exercise without a solution", hint=f"put it between {BEGIN} and {END}")
