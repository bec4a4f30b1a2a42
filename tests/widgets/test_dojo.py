from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from logdojo.course.check import Result
from logdojo.errors import LogdojoError
from logdojo.widgets import dojo
from logdojo.widgets.tables import results_html, results_text

CHECKS = '''"""Checks."""
from logdojo.course.check import check

@check("f", points=2)
def {name}(lab):
    """Return one."""
    assert lab.f() == 1, "it is not <one>"
'''
RUN = """
from logdojo import dojo
print(dojo.check("f"))
print(dojo.lab("01_logging_foundations"))
print(dojo.check("f"))
def f(): return 2
print(dojo.check("f"))
def f(): return 1
print(dojo.check("f"))
print(dojo.check("g"))
"""


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    for folder, name in (("labs", "public"), ("solutions", "hidden")):
        path = tmp_path / folder / "checks" / "01_logging_foundations.py"
        path.parent.mkdir(parents=True)
        path.write_text(CHECKS.format(name=name), encoding="utf-8")
    return tmp_path / "labs"


def run(folder: Path, **environment: str) -> list[str]:
    """Run the lab's code in a fresh process in ``folder``; return the lines it prints."""
    (folder / "lab.py").write_text(RUN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "lab.py"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_lab_goes_from_unwritten_to_passed(labs: Path):
    """Each step tells the learner where they are, and what passed is kept beside the notebook."""
    lines = run(labs)
    assert lines[0].startswith("No lab has begun: run the notebook's first code cell")
    assert lines[1].startswith("Lab 01, Logging foundations: 1 exercise, 2 points")
    assert lines[2:5] == [
        "f: 0 of 2 points",
        "  ✗ FAIL  0/2  Return one.",
        "       `f` is not defined: run the cell that defines it",
    ]
    assert lines[7] == "       it is not <one>"
    assert lines[8:11] == [
        "f: 2 of 2 points",
        "  ✓ PASS  2/2  Return one.",
        "Kept for later labs in my_soc/f.py.",
    ]
    assert lines[11] == "Lab 01_logging_foundations has no exercise called 'g'. It has: f."
    assert "return 1" in (labs / "my_soc" / "f.py").read_text(encoding="utf-8")


def test_a_solution_meets_the_hidden_checks_too(labs: Path):
    """Beside the solutions both public and hidden checks run."""
    assert "f: 4 of 4 points" in run(labs.parent / "solutions")


def test_a_copied_folder_of_labs_works_alone(labs: Path):
    """Learners may take labs/ anywhere: its checks come along."""
    assert "f: 2 of 2 points" in run(labs.rename(labs.parent / "mine"))


def test_where_a_grader_runs_dojo_does_nothing(tmp_path: Path):
    """A grader runs the checks itself: dojo is silent there, and makes no files."""
    assert run(tmp_path, LOGDOJO_GRADING="1") == [""] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["lab.py"]


def test_missing_checks_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without checks the error says where the notebook must lie."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LogdojoError, match="no checks for lab 01_logging_foundations"):
        dojo.lab("01")


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "th":
            assert ("scope", "col") in attrs

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def test_the_table_is_for_eyes_and_screen_readers():
    """A caption, header cells with a scope, verdicts in words; text of learners is never markup."""
    results = [Result("f", "a", "Say <b>", 2, 2), Result("f", "b", "Say", 0, 1, "<script>alert(1)</script>")]
    outline = _Outline()
    outline.feed(results_html("f", results, "kept & well"))
    assert "script" not in outline.tags
    assert "b" not in outline.tags
    assert outline.tags.count("caption") == 1
    assert outline.tags.count("th") == 4
    for words in ("f: 2 of 3 points", "✓ PASS", "✗ FAIL", "2 of 2", "<script>alert(1)</script>", "kept & well"):
        assert words in outline.text
    assert "<script>" in results_text("f", results)
    shown = dojo.Shown("text", "<p>html</p>")
    assert shown._repr_mimebundle_() == {"text/plain": "text", "text/html": "<p>html</p>"}
    assert dojo.Shown("text")._repr_mimebundle_() == {"text/plain": "text"}
