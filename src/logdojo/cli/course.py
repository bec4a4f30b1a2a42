"""``logdojo course``: build the labs, check that nothing differs, grade a folder of submissions."""

from __future__ import annotations

from typing import Annotated

import typer

from logdojo.cli.streams import track
from logdojo.errors import CourseError

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
