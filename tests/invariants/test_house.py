"""The house: how the code is laid out, and what every part of it owes its reader."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src" / "logdojo").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
LONGEST = 350


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (n for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_a_module_fits_on_a_few_screens_and_says_what_it_is_for(path: Path):
    """No module is longer than 350 lines; each, and each public name in it, has a docstring."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no module docstring"
    assert [n.name for n in _public(tree) if not ast.get_docstring(n)] == []


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT / "tests")))
def test_every_test_says_what_it_states(path: Path):
    """A test's docstring is the specification it holds the code to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    assert [n.name for n in tests if not ast.get_docstring(n)] == []


def test_no_module_has_a_catch_all_name():
    """A module is named for its one job."""
    assert {p.stem for p in MODULES} & {"utils", "util", "helpers", "helper", "common", "misc"} == set()


def test_the_floors_hold():
    """import-linter finds no import that points up, and no torch below the model."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_the_package_offers_is_there():
    """Each name of `logdojo.__all__` can be had, and there are at most twelve."""
    logdojo = importlib.import_module("logdojo")
    assert len(logdojo.__all__) <= 12
    assert all(getattr(logdojo, name) is not None for name in logdojo.__all__)


def test_light_parts_load_no_torch():
    """Parsing, anonymizing, logging, the quiz and the course start without torch."""
    code = (
        "import sys, logdojo.parse, logdojo.anonymize, logdojo.logsetup, logdojo.quiz, logdojo.course, logdojo.cli;"
        "logdojo.cli.build_app(); sys.exit(bool({'torch', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
