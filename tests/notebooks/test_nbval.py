"""nbval runs every solution from top to bottom, and compares the outputs that are marked for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted(path.stem for path in (ROOT / "solutions").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("slug", SOLUTIONS)
def test_a_solution_runs_from_top_to_bottom(slug: str, tmp_path: Path):
    """Each cell of a solution runs; one that begins with ``# NBVAL_CHECK_OUTPUT`` gives what the notebook shows."""
    # A copy, so that the lab's my_soc/ is not that of the folder where someone works.
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions", ignore=shutil.ignore_patterns("my_soc"))
    shutil.copytree(ROOT / "labs", tmp_path / "labs", ignore=shutil.ignore_patterns("my_soc", "*.ipynb"))
    notebook = tmp_path / "solutions" / f"{slug}.ipynb"
    command = [
        *(sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-cell-timeout=300"),
        *("-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={tmp_path}", str(notebook)),
    ]
    # The smallest profile: the full measurements belong to `logdojo course build`, which keeps their outputs.
    environment = {**os.environ, "LOGDOJO_PROFILE": "smoke", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
