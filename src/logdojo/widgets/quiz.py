"""The notebook's face of the quiz: native radio buttons, checkboxes and text areas, graded in the kernel.

Where widgets cannot run (a script, a terminal, a page without a kernel) the same question is shown as plain text, and
``answer`` takes its place. Colors come from JupyterLab's own variables, so light and dark both work, and every line of
a result says in words what it is.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from logdojo.errors import UsageError
from logdojo.quiz.bank import load_bank
from logdojo.quiz.feedback import Feedback, Line, Mark, as_text, feedback_on
from logdojo.quiz.session import Question, in_file_order, start_session
from logdojo.quiz.session import answer as grade

_SIGNS: Final = {Mark.GOOD: "✓", Mark.BAD: "✗", Mark.OPEN: "○", Mark.NOTE: "·"}
_COLORS: Final = {
    Mark.GOOD: "var(--jp-success-color1, #2e7d32)",
    Mark.BAD: "var(--jp-error-color1, #c62828)",
    Mark.OPEN: "var(--jp-warn-color1, #b35900)",
    Mark.NOTE: "var(--jp-border-color1, GrayText)",
}
_STYLE: Final = """<style>
.logdojo-quiz {border:1px solid var(--jp-border-color1, GrayText); border-radius:4px; padding:8px 12px; max-width:52em}
.logdojo-quiz, .logdojo-quiz label
  {color:var(--jp-content-font-color1, CanvasText); font-size:var(--jp-content-font-size1)}
.logdojo-quiz .widget-radio-box label, .logdojo-quiz .widget-checkbox label
  {height:auto; white-space:normal; line-height:1.4; padding:3px 0; overflow:visible}
.logdojo-quiz input:focus-visible, .logdojo-quiz button:focus-visible, .logdojo-quiz textarea:focus-visible
  {outline:2px solid var(--jp-brand-color1, Highlight); outline-offset:2px}
.logdojo-quiz code {background:var(--jp-layout-color2, transparent); white-space:pre-wrap; overflow-wrap:anywhere}
</style>"""


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """Feedback that shows itself: HTML in a notebook, plain text elsewhere."""

    feedback: Feedback

    def _repr_html_(self) -> str:
        return feedback_html(self.feedback)

    def __repr__(self) -> str:
        """Return the feedback as plain text."""
        return as_text(self.feedback)


def ask(
    item: str | None = None,
    *,
    topic: str | None = None,
    objective: str | None = None,
    number: int = 1,
    seed: int = 7,
    bank: Path | None = None,
) -> None:
    """Show questions with a way to answer them.

    Args:
        item: id of one item; otherwise items are drawn by topic, objective, number and seed.
        topic: name of a topic file, such as ``log_security``.
        objective: id of a row of the syllabus, such as ``log.rotation``.
        number: how many questions.
        seed: same seed, same questions in the same order.
        bank: folder of the question bank; found upward from the notebook by default.

    Raises:
        QuizError: the bank, the topic or the item is not there.
    """
    session = start_session(load_bank(bank), topic=topic, objective=objective, item=item, number=number, seed=seed)
    for question in session.questions:
        _show(question)


def answer(item: str, given: str, *, bank: Path | None = None) -> Result:
    """Grade an answer without widgets: a text, or the letters of the options in the file's order.

    Raises:
        QuizError: there is no such item.
        UsageError: a letter names no option.
    """
    return Result(feedback_on(grade(in_file_order(load_bank(bank).item(item)), given)))


def question_text(question: Question) -> str:
    """Return the question as plain text, with how to answer it."""
    options = [f"  {letter}) {option.text}" for letter, option in question.options]
    given = '"your answer"' if not options else '"a"' if question.item.type == "single" else '"a c"'
    call = f"To answer: logdojo.widgets.quiz.answer({question.item.id!r}, {given})"
    return "\n".join([question.item.prompt, *options, call])


def question_box(question: Question) -> Any:
    """Return a widget with the question, its its inputs, a button and a live result region."""
    import ipywidgets as widgets

    item = question.item
    inputs = _inputs(question)
    result = widgets.HTML(value=_region(""))
    button = widgets.Button(description="Submit answer", tooltip=f"Grade the answer to {item.id}")

    def submit(_: object) -> None:
        try:
            feedback = feedback_on(grade(question, _given(question, inputs)))
        except UsageError as error:
            result.value = _region(f"<p>{_inline(str(error.hint or error))}</p>")
            return
        result.value = _region(feedback_html(feedback))
        button.description = "Submit again"

    button.on_click(submit)
    head = widgets.HTML(value=f"{_STYLE}<p>{_inline(item.prompt)}</p><p><em>{_how(question)}</em></p>")
    box = widgets.VBox([head, *inputs, button, result])
    box.add_class("logdojo-quiz")
    return box


def feedback_html(feedback: Feedback) -> str:
    """Return the feedback as HTML; everything in it is escaped."""
    lines = "".join(_line(line) for line in feedback.lines)
    sources = "".join(
        f'<li><a href="{html.escape(url)}" target="_blank" rel="noopener">{html.escape(title)}</a></li>'
        for title, url in feedback.sources
    )
    model = ""
    if feedback.model_answer:
        model = f"<details><summary>One good answer</summary><p>{_inline(feedback.model_answer)}</p></details>"
    return (
        f"<p><strong>{_inline(feedback.headline)}</strong></p>"
        f'<ul style="list-style:none;padding-left:0">{lines}</ul>'
        f"<p><strong>Explanation.</strong> {_inline(feedback.explanation)}</p>{model}"
        f"<details><summary>Sources</summary><ul>{sources}</ul></details>"
    )


def _show(question: Question) -> None:
    if not _has_widgets():
        # In the file's order, which is the order that answer() takes letters in.
        print(question_text(in_file_order(question.item)))
        return
    import IPython.display

    display: Any = IPython.display.display
    # The plain text is what a reader sees in a static copy of the notebook.
    bundle = question_box(question)._repr_mimebundle_()
    display({**bundle, "text/plain": question_text(in_file_order(question.item))}, raw=True)


def _has_widgets() -> bool:
    try:
        import ipywidgets  # noqa: F401, only whether it is there
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def _inputs(question: Question) -> list[Any]:
    import ipywidgets as widgets

    wide = widgets.Layout(width="auto")
    if question.item.type == "free":
        return [
            widgets.Textarea(description="Your answer", rows=7, layout=wide, style={"description_width": "initial"})
        ]
    # The label of a native input is plain text: marks of code would be read out as signs.
    labels = [f"{letter}) {option.text.replace('`', '')}" for letter, option in question.options]
    if question.item.type == "single":
        return [widgets.RadioButtons(options=labels, value=None, description="Options", layout=wide)]
    return [widgets.Checkbox(value=False, description=label, indent=False, layout=wide) for label in labels]


def _given(question: Question, inputs: list[Any]) -> str | frozenset[int]:
    if question.item.type == "free":
        return str(inputs[0].value)
    if question.item.type == "single":
        place = inputs[0].index
        chosen = frozenset() if place is None else frozenset({question.order[place]})
    else:
        chosen = frozenset(number for number, box in zip(question.order, inputs, strict=True) if box.value)
    if not chosen:
        raise UsageError(f"{question.item.id}: nothing is chosen", hint="Nothing is chosen yet.")
    return chosen


def _how(question: Question) -> str:
    # JupyterLab takes the arrow keys for itself, so the way that does work is named.
    keys = "By keyboard: Tab moves, Space chooses and submits."
    return {
        "single": f"Choose one option. {keys}",
        "multiple": f"Choose all options that are right. {keys}",
    }.get(question.item.type, "Answer in whole sentences, as you would say it.")


def _region(content: str) -> str:
    return f'<div role="status" aria-live="polite">{content}</div>'


def _line(line: Line) -> str:
    more = f'<div style="padding-left:1.5em">{_inline(line.more)}</div>' if line.more else ""
    return (
        f'<li style="border-left:4px solid {_COLORS[line.mark]};padding:2px 8px;margin:4px 0">'
        f'<span aria-hidden="true">{_SIGNS[line.mark]}</span> <strong>{_inline(line.label)}:</strong> '
        f"{_inline(line.text)}{more}</li>"
    )


def _inline(text: str) -> str:
    """Escape ``text``, then mark what stands between backticks as code and keep line breaks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)).replace("\n", "<br>")


if __name__ == "__main__":
    for demonstrated in start_session(load_bank(), number=3).questions:
        print(question_text(demonstrated), end="\n\n")
