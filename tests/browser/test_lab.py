"""A learner's first minutes in a real JupyterLab: open lab 01, fail a check, write the answer, pass it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME = "01_logging_foundations.ipynb"


def run_through(page: Page, cells: Locator, last: int) -> None:
    """Run the cells from the first to number ``last``, as a learner does with Shift+Enter, one after the other."""
    cells.first.click()
    page.keyboard.press("Escape")
    for number in range(last + 1):
        cell = cells.nth(number)
        expect(cell).to_have_class(re.compile("jp-mod-selected"))
        page.keyboard.press("Shift+Enter")
        if "jp-CodeCell" in (cell.get_attribute("class") or ""):
            expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))


def rewrite(page: Page, cell: Locator, source: str) -> None:
    """Put new text into a cell and run it."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_check_fails_and_then_passes(
    jupyter: Any, page: Page, root: Path, picture: Callable[..., Path], theme: str
) -> None:
    """The check of an unwritten exercise reads FAIL and says why; with the answer in place it reads PASS."""
    notebook = json.loads((jupyter.folder / NAME).read_text(encoding="utf-8"))["cells"]
    solution = json.loads((root / "solutions" / NAME).read_text(encoding="utf-8"))["cells"]
    at = next(i for i, cell in enumerate(notebook) if cell["id"].startswith("exercise-"))
    check = next(i for i, cell in enumerate(notebook) if cell["id"].startswith("check-"))
    exercise = notebook[at]["metadata"]["logdojo"]["exercise"]
    jupyter.set("@jupyterlab/apputils-extension:themes", theme=f"JupyterLab {theme}")

    cells = jupyter.open(page, NAME)
    run_through(page, cells, check)
    table = cells.nth(check).locator(".logdojo-check table")
    expect(table).to_contain_text("✗ FAIL")
    expect(table).to_contain_text("not written yet")
    expect(table).not_to_contain_text("✓ PASS")
    assert table.get_by_role("columnheader").all_inner_texts() == ["Result", "Points", "Check", "Why"]
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    picture(f"lab-01-fail-{theme.lower()}", cells.nth(check))

    rewrite(page, cells.nth(at), "".join(solution[at]["source"]))
    cells.nth(check).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(table).to_contain_text("✓ PASS")
    expect(table).not_to_contain_text("✗ FAIL")
    expect(page.locator(".logdojo-check [role=status]").first).to_contain_text(f"my_soc/{exercise}.py")
    assert (jupyter.folder / "my_soc" / f"{exercise}.py").is_file()
    picture(f"lab-01-pass-{theme.lower()}", cells.nth(check))


def test_a_quiz_question_is_answered(jupyter: Any, page: Page, picture: Callable[..., Path]) -> None:
    """The quiz widget shows a question with native controls; an answer gets feedback in words."""
    source = 'from logdojo.widgets import quiz\nquiz.ask(item="log.purpose.credit-limit")'
    cell = {"cell_type": "code", "id": "ask", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (jupyter.folder / "quiz.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    jupyter.set("@jupyterlab/apputils-extension:themes", theme="JupyterLab Light")

    cells = jupyter.open(page, "quiz.ipynb")
    run_through(page, cells, 0)
    question = page.locator(".logdojo-quiz").first
    expect(question).to_be_visible()
    picture("quiz-asked")
    question.locator("input").first.check()
    question.get_by_role("button", name="Submit answer").click()
    expect(question.get_by_role("button", name="Submit again")).to_be_visible()
    picture("quiz-answered")
