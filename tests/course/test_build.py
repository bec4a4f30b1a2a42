from __future__ import annotations

import json

import nbformat
import pytest

from logdojo.course.build import build, differences, notebooks, table, table_differs, write_table
from logdojo.course.catalog import LABS, Course, Lab
from logdojo.errors import CourseError


def test_building_twice_gives_the_same_bytes(course: Course, lab: Lab):
    """Notebooks are a function of their source; a build leaves no difference, an edit by hand is one."""
    paths = build(course, lab, execute=False)
    first = [path.read_bytes() for path in paths]
    build(course, lab, execute=False)
    assert [path.read_bytes() for path in paths] == first
    assert differences(course, lab) == []
    for path in paths:
        kept = path.read_text(encoding="utf-8")
        path.write_text(kept.replace("Tiny", "Tidy"), encoding="utf-8")
        assert differences(course, lab) == [f"{path.relative_to(course.root)}: differs from its source"]
        path.write_text(kept, encoding="utf-8")


@pytest.mark.slow
def test_a_solution_is_run_and_a_learner_gets_no_outputs(course: Course, lab: Lab):
    """The solution keeps its outputs, without paths of this machine; the learner's notebook has stubs and none."""
    source = course.source(lab)
    text = source.read_text(encoding="utf-8").replace("print(double(2))", "import os\nprint(double(2), os.getcwd())")
    source.write_text(text, encoding="utf-8")
    solution, learner = (path.read_text(encoding="utf-8") for path in build(course, lab))
    outputs = [out for cell in json.loads(solution)["cells"] for out in cell.get("outputs", [])]
    assert any(out.get("text") == "4 logdojo/solutions\n" for out in outputs)
    assert sum("✓ PASS" in str(out) for out in outputs) == 2
    assert str(course.root) not in solution
    assert "BEGIN SOLUTION" not in solution
    assert all(cell.get("outputs", []) == [] for cell in json.loads(learner)["cells"])
    assert "return 2 * x" not in learner
    assert differences(course, lab) == []
    build(course, lab, execute=False)
    assert "✓ PASS" in (course.solutions / f"{lab.slug}.ipynb").read_text(encoding="utf-8")


def test_a_failing_solution_names_its_cell(course: Course, lab: Lab):
    """A solution that raises is refused with the file and the cell."""
    source = course.source(lab)
    source.write_text(source.read_text(encoding="utf-8").replace("LIMIT = 3", "LIMIT = 1 / 0"), encoding="utf-8")
    with pytest.raises(CourseError, match=r"01_logging_foundations.py, cell 3: (.|\n)*ZeroDivisionError"):
        build(course, lab)


def test_notebooks_are_valid_and_open_in_nbgrader(course: Course, lab: Lab):
    """Both notebooks keep nbformat's schema, and their exercise and check cells nbgrader's third one."""
    for notebook in notebooks(course, lab):
        nbformat.validate(notebook)
        grading = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
        assert len({one["grade_id"] for one in grading}) == len(grading) == 4
        for one in grading:
            assert one["schema_version"] == 3
            assert one["solution"] is not one["grade"]
            assert ("points" in one) is one["grade"] is one["locked"]
        assert [one["points"] for one in grading if one["grade"]] == [3, 4]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# # Tiny lab", "# Tiny lab", "the lab does not start with its title"),
        ("# ## Begin", "# ### Begin", "cell 1: heading skips from level 1 to 3; use ##"),
        ("# ## Begin", "# # Begin", "a second top heading"),
        ("# ## Begin", "# ## Begin\n#\n# ![](x.png)", "an image without alternative text"),
        ("# ## Begin", '# ## Begin\n#\n# <img src="x.png" alt="">', "an image without alternative text"),
        ("LIMIT = 3", f"LIMIT = 3{' ' * 70}# far", "columns; break it at 79"),
        ("LIMIT = 3", "LIMIT = 3\n" * 16, "split the cell at 15"),
        ("    return 2 * x\n", "    x = x + 0\n" * 16, "16 lines to write"),
        ("Hint 2", "Hint", "'double' has 2 of 3 hints"),
        ('# %% check="double"\ndojo.check("double")\n', "", "'double' has no check cell"),
        ('\ndojo.check("double")\n', "\ndouble(3)\n", 'it does not check; write dojo.check("double")'),
    ],
)
def test_the_form_of_a_lab_is_held(course: Course, lab: Lab, old: str, new: str, message: str):
    """A lab out of form is not built; the finding names the cell and the remedy."""
    source = course.source(lab)
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        notebooks(course, lab)
    assert message in str(caught.value)
    assert "01_logging_foundations.py" in str(caught.value)


def test_exercises_and_checks_must_match(course: Course, lab: Lab):
    """An exercise without a check, and a check without an exercise, are refused."""
    hidden = course.hidden_checks(lab)
    hidden.write_text(hidden.read_text(encoding="utf-8").replace('"Counter"', '"Counted"'), encoding="utf-8")
    with pytest.raises(CourseError, match="checks 'Counted', which no cell"):
        notebooks(course, lab)


def test_the_table_lists_all_labs_and_says_which_exist(course: Course):
    """All thirteen labs stand in the table; only those with a source have a link."""
    write_table(course)
    text = table(course)
    assert table_differs(course) == []
    assert text.count("(not yet available)") == len(LABS) - 1
    assert "[01 Logging foundations](01_logging_foundations.ipynb)" in text
    assert all(lab.builds in text for lab in LABS)
