"""What the README says can be done is done here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)


def _commands(root: Path) -> list[str]:
    blocks = BLOCK.findall((root / "README.md").read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_readme_shows_commands(root: Path):
    """There are commands to test, or this file tests nothing."""
    assert len(_commands(root)) >= 8


def test_its_make_targets_exist(root: Path):
    """Each `make X` of the README is a target whose recipe make can lay out."""
    for command in _commands(root):
        if command.startswith("make "):
            done = subprocess.run([*command.split(), "--dry-run"], cwd=root, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
def test_its_commands_run(root: Path, tmp_path: Path):
    """Each `logdojo …` line exits 0, in order, in a folder that holds what a reader would have."""
    simulated = subprocess.run(
        [sys.executable, "-m", "logdojo", "simulate", "--lines", "60", "--raw"], capture_output=True, check=True
    )
    (tmp_path / "auth.log").write_bytes(simulated.stdout)
    (tmp_path / "my.key").write_text("a key of at least sixteen characters")
    shutil.copytree(root / "quizzes", tmp_path / "quizzes")
    for part in ("labs", "solutions"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("my_soc"))
    (tmp_path / "submissions").mkdir()
    shutil.copy(root / "labs" / "01_logging_foundations.ipynb", tmp_path / "submissions" / "ann.ipynb")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    programs = PROGRAM.findall((root / "README.md").read_text(encoding="utf-8"))
    for command in _commands(root):
        if command.startswith("logdojo logs verify"):
            # The service of the README stands between making its keys and verifying what it has logged.
            for program in programs:
                subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
        if command.startswith("logdojo "):
            line = command.replace("/var/log/auth.log", "auth.log")
            done = subprocess.run(
                line, shell=True, cwd=tmp_path, env=environment, input=b"\n" * 50, capture_output=True, check=False
            )
            assert done.returncode == 0, f"{command}: {done.stderr.decode()[-800:]}"


def test_its_links_lead_somewhere(root: Path):
    """Each relative link of the README names a file that is there."""
    text = (root / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (root / target).exists(), target
