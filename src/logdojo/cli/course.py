"""``logdojo course``: build the labs, check that nothing differs, grade a folder of submissions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import console, track
from logdojo.errors import CourseError
from logdojo.settings import Settings

course = typer.Typer(no_args_is_help=True, help="Build the labs, check them, grade submissions.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(course, name="course")


Labs = Annotated[
    list[str] | None, typer.Argument(help="Labs such as 01 or 07_anonymize; all that exist when not given.")
]


@course.command()
def build(
    labs: Labs = None,
    execute: Annotated[bool, typer.Option(help="Run the solutions and keep their outputs.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file differs.")] = False,
) -> None:
    """Make the solution and the learner's notebook of each lab from its one source."""
    from logdojo.course.build import build as build_lab
    from logdojo.course.build import write_table
    from logdojo.course.catalog import find_course, find_lab

    if check:
        return verify(labs)
    here = find_course()
    chosen = [find_lab(lab) for lab in labs or []] or here.released()
    for lab in track(chosen, "building labs"):
        for path in build_lab(here, lab, execute=execute):
            print(path.relative_to(here.root))
    print(write_table(here).relative_to(here.root))
    return None


@course.command(name="check")
def verify(labs: Labs = None) -> None:
    """Check the form of the labs, and that their notebooks are what the sources say."""
    from logdojo.course.build import differences, table_differs
    from logdojo.course.catalog import find_course, find_lab

    here = find_course()
    chosen = [find_lab(lab) for lab in labs or []] or here.released()
    found: list[str] = []
    for lab in chosen:
        try:
            found += differences(here, lab)
        except CourseError as error:
            found.append(str(error))
    found += table_differs(here)
    for line in found:
        print(line)
    if found:
        raise CourseError(f"{len(found)} findings in {len(chosen)} labs", hint="mend them, then: logdojo course build")


@course.command()
def grade(
    folder: Annotated[Path, typer.Argument(help="Folder of submissions, at any depth.")],
    out: Annotated[
        Path | None, typer.Option(help="Where grades.csv and the pages go; runs/grades when not given.")
    ] = None,
    limit: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds that one cell may run; each lab's own when not given.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at once; one a processor when not given.")
    ] = None,
) -> None:
    """Grade each notebook in a folder by exercise name; write grades.csv and one page a learner."""
    from logdojo.course.catalog import find_course
    from logdojo.course.grade import grade_folder
    from logdojo.course.report import as_csv, write

    target = out or Settings().runs / "grades"
    total, rows = grade_folder(find_course(), folder, cell_seconds=limit, jobs=jobs)
    graded = list(track(rows, "grading", total=total))
    write(graded, target)
    print(as_csv(graded), end="")
    console.print(f"{len(graded)} rows in {target / 'grades.csv'}, one page a learner beside it")
