from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logdojo.quiz.bank import Bank
from logdojo.quiz.feedback import feedback_on
from logdojo.quiz.items import Source
from logdojo.quiz.session import answer, in_file_order
from logdojo.widgets import quiz

SINGLE, MULTIPLE, FREE = "log.access.mode-after-rotation", "log.sensitive.failed-login", "interview.what-llm"


def parts(bank: Bank, item: str) -> tuple[list[Any], Any, Any]:
    box = quiz.question_box(in_file_order(bank.item(item)))
    _, *inputs, button, result = box.children
    return inputs, button, result


def test_single_choice_is_graded_in_the_kernel(bank: Bank):
    """Radio buttons with the options as labels; the result names right and wrong in words, in a live region."""
    inputs, button, result = parts(bank, SINGLE)
    (radio,) = inputs
    assert radio.index is None
    radio.index = min(bank.item(SINGLE).keys)
    button.click()
    assert "Right: 100%." in result.value
    assert "right, and you chose it" in result.value
    assert 'role="status" aria-live="polite"' in result.value


def test_multiple_choice_uses_checkboxes(bank: Bank):
    """One labeled checkbox for each option."""
    inputs, button, result = parts(bank, MULTIPLE)
    options = bank.item(MULTIPLE).options
    assert all(option.text.replace("`", "") in box.description for option, box in zip(options, inputs, strict=True))
    for option, box in zip(options, inputs, strict=True):
        box.value = option.key
    button.click()
    assert "Right: 100%." in result.value


def test_nothing_chosen_is_said(bank: Bank):
    """Submitting without a choice asks for one and grades nothing."""
    _, button, result = parts(bank, SINGLE)
    button.click()
    assert "Nothing is chosen yet." in result.value


def test_free_text_is_escaped(bank: Bank):
    """The candidate's own words are shown as text, never as HTML."""
    inputs, button, result = parts(bank, FREE)
    inputs[0].value = "It guesses the <img src=x onerror=alert(1)> next word."
    button.click()
    assert "<img" not in result.value
    assert "&lt;img src=x" in result.value


def test_feedback_html_escapes_the_bank_too(bank: Bank):
    """Text of an item is escaped, also inside a link."""
    item = bank.item(SINGLE).model_copy(
        update={
            "explanation": "<script>alert(1)</script> `a<b`",
            "sources": [Source(title="<b>t</b>", url='https://x.test/"onclick=alert(1)')],
        }
    )
    shown = quiz.feedback_html(feedback_on(answer(in_file_order(item), "a")))
    assert "<script" not in shown
    assert "<b>" not in shown
    assert '"onclick' not in shown
    assert "<code>a&lt;b</code>" in shown


def test_without_a_kernel_plain_text_is_printed(root: Path, capsys: pytest.CaptureFixture[str]):
    """In a script, ask prints the question and how to answer, and answer grades it."""
    quiz.ask(SINGLE, bank=root / "quizzes")
    shown = capsys.readouterr().out
    assert "  a) " in shown
    assert f"answer('{SINGLE}'" in shown
    result = quiz.answer(SINGLE, "a", bank=root / "quizzes")
    assert "Explanation" in repr(result)
    assert "<strong>" in result._repr_html_()


def test_real_kernel_shows_a_widget_with_a_text_beside_it(root: Path):
    """In a notebook, ask displays a widget, and plain text for readers without a kernel."""
    import nbclient
    import nbformat

    code = f"from logdojo.widgets.quiz import ask\nask({SINGLE!r})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(root)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert set(output["data"]) >= {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert "To answer:" in output["data"]["text/plain"]
