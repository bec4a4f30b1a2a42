from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def logdojo(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "logdojo", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def here(root: Path, tmp_path: Path) -> Path:
    """A copy of the course with lab 01 alone."""
    for name in ("labs", "solutions"):
        for folder in (name, f"{name}/checks"):
            (tmp_path / folder).mkdir()
            for path in (root / folder).glob("01_logging_foundations.*"):
                (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_build_then_check_finds_nothing(here: Path):
    """A build writes what the check expects; an edited notebook is found, named, and built again."""
    built = logdojo("course", "build", "--no-execute", cwd=here)
    assert built.returncode == 0, built.stderr
    assert "labs/01_logging_foundations.ipynb" in built.stdout.replace("\\", "/")
    assert logdojo("course", "check", cwd=here / "labs").returncode == 0
    notebook = here / "labs" / "01_logging_foundations.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    checked = logdojo("course", "build", "--check", "01", cwd=here)
    assert checked.returncode == 1
    assert checked.stdout.replace("\\", "/") == "labs/01_logging_foundations.ipynb: differs from its source\n"
    assert "hint: mend them" in checked.stderr


def test_grading_prints_the_csv_and_writes_it(here: Path, tmp_path: Path):
    """Standard output is the CSV and nothing else; the same stands in grades.csv, beside a page a learner."""
    (tmp_path / "in" / "ada").mkdir(parents=True)
    notebook = (here / "labs" / "01_logging_foundations.ipynb").read_bytes()
    (tmp_path / "in" / "ada" / "01_logging_foundations.ipynb").write_bytes(notebook)
    (tmp_path / "in" / "bob.ipynb").write_text("{", encoding="utf-8")
    graded = logdojo("course", "grade", str(tmp_path / "in"), "--out", "out", "--limit", "20", cwd=here)
    assert graded.returncode == 0, graded.stderr
    lines = graded.stdout.splitlines()
    assert lines[0] == "learner,lab,submission,points,possible,percent,exercises,reasons"
    assert lines[1].startswith("ada,01_logging_foundations,ada/01_logging_foundations.ipynb,0,")
    assert lines[2].startswith('bob,,bob.ipynb,0,0,0.0,,"not a notebook: invalid JSON at line 1, ')
    assert (here / "out" / "grades.csv").read_text(encoding="utf-8") == graded.stdout
    assert sorted(path.name for path in (here / "out").iterdir()) == ["ada.html", "bob.html", "grades.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("course", "grade", "nowhere"), 2, "nowhere: no notebooks"),
        (("course", "build", "99"), 2, "no lab is called '99'"),
        (("course", "build", "02"), 1, "02_structured_context.py: cannot be read"),
    ],
)
def test_wrong_calls_name_what_is_wrong(here: Path, arguments: tuple[str, ...], code: int, message: str):
    """Errors are two lines on standard error, and the exit code says whose fault it is."""
    done = logdojo(*arguments, cwd=here)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hint: " in done.stderr
