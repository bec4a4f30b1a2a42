from __future__ import annotations

from pathlib import Path

import pytest

from logdojo.course.source import Role, read_source
from logdojo.errors import CourseError

EXERCISE = '# %% exercise="f"\ndef f():\n'


def write(tmp_path: Path, text: str) -> Path:
    """Write a lab source."""
    path = tmp_path / "01_x.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_get_their_roles(tmp_path: Path):
    """Marks in the percent line decide what a cell is for."""
    text = (
        "# %% [markdown]\n# # T\n\n# %%\nx = 1\n\n"
        + EXERCISE
        + "    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n"
        '\n# %% check="f"\ndojo.check("f")\n\n# %% tags=["measure"]\ny = 2\n'
    )
    cells = read_source(write(tmp_path, text))
    assert [cell.role for cell in cells] == [Role.TEXT, Role.CODE, Role.EXERCISE, Role.CHECK, Role.MEASURE]
    assert cells[2].solved() == "def f():\n    return 1"
    assert cells[2].stub() == 'def f():\n    # YOUR CODE HERE\n    raise NotImplementedError("f")'
    assert cells[2].lines_to_write() == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EXERCISE + "    # BEGIN SOLUTION\n    return 1\n", "01_x.py, cell 1: a solution begins but does not end"),
        (EXERCISE + "    return 1\n    # END SOLUTION\n", "cell 1, line 3: a solution ends that did not begin"),
        (EXERCISE + "    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n", "cell 1, line 3: a solution begins inside"),
        (EXERCISE + "    ### BEGIN SOLUTION\n    return 1\n", "is no marker"),
        (EXERCISE + "    return 1\n", "an exercise without a solution"),
        ("# %%\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n", "a solution outside an exercise"),
        ('# %% check="g"\ndojo.check("g")\n', "it checks 'g', which no cell defines"),
        ('# %% exercize="g"\nx = 1\n', "unknown mark 'exercize'"),
        ('# %% exercise="a b"\nx = 1\n', "is not a name"),
        (2 * (EXERCISE + "    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n\n"), "two exercises are called 'f'"),
        ('# %% [markdown] exercise="f"\n# text\n', "takes no marks"),
    ],
)
def test_marks_that_do_not_hold_together_name_the_cell(tmp_path: Path, text: str, message: str):
    """A damaged source is refused; the error names file and cell, its hint the remedy."""
    with pytest.raises(CourseError) as caught:
        read_source(write(tmp_path, text))
    assert message in str(caught.value)
    assert caught.value.hint
