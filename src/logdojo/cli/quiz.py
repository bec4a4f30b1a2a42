"""``logdojo quiz``: ask, grade, list, lint, refresh."""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logdojo.errors import InputError, UsageError

if TYPE_CHECKING:
    from logdojo.quiz.session import Outcome, Question

BankOption = Annotated[Path | None, typer.Option("--bank", help="Folder of the question bank; default: found upward.")]
MAX_ANSWER_BYTES = 200_000


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(no_args_is_help=True, help="Rehearse for interviews: choices and free text, graded at once.")
    group.command("ask")(ask)
    group.command("grade")(grade)
    group.command("list")(list_items)
    group.command("lint")(lint)
    group.command("refresh")(refresh)
    app.add_typer(group, name="quiz")


def ask(
    *,
    topic: Annotated[str | None, typer.Option(help="Only this topic, such as log_security.")] = None,
    objective: Annotated[str | None, typer.Option(help="Only this row of the syllabus, such as log.rotation.")] = None,
    item: Annotated[str | None, typer.Option(help="This one item.")] = None,
    number: Annotated[int, typer.Option(min=1, help="How many questions.")] = 5,
    seed: Annotated[int | None, typer.Option(help="Same seed, same questions; default: LOGDOJO_SEED.")] = None,
    bank: BankOption = None,
) -> None:
    """Ask questions, one after the other, and explain each answer.

    Choices are answered with letters (b, or a c). A free text ends with an empty line. Answers may be piped in.
    """
    from logdojo.quiz.bank import load_bank
    from logdojo.quiz.session import start_session

    session = start_session(
        load_bank(bank),
        topic=topic,
        objective=objective,
        item=item,
        number=number,
        seed=_default_seed() if seed is None else seed,
    )
    screen = _Screen()
    lines = _answers()
    while (question := session.current) is not None:
        screen.show_question(question, place=len(session.outcomes) + 1, of=len(session.questions))
        outcome = _answer_from(question, lines)
        if outcome is None:
            screen.say("No more input; the session ends here.")
            break
        screen.show_feedback(outcome)
        session = session.record(outcome)
    if session.outcomes:
        screen.say(f"{len(session.outcomes)} of {len(session.questions)} answered, mean score {session.score:.0%}.")


def grade(
    item: Annotated[str, typer.Option(help="Id of the item.")],
    answer_file: Annotated[Path, typer.Option(help="File with the answer; - reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    bank: BankOption = None,
) -> None:
    """Grade one answer: a text, or for a choice the letters of the options in the file's order."""
    from logdojo.quiz.bank import load_bank
    from logdojo.quiz.feedback import as_text, feedback_on
    from logdojo.quiz.session import answer, in_file_order

    outcome = answer(in_file_order(load_bank(bank).item(item)), _read_answer(answer_file))
    if as_json:
        print(json.dumps(_as_data(outcome), ensure_ascii=False))
    else:
        print(as_text(feedback_on(outcome)))


def list_items(
    topic: Annotated[str | None, typer.Option(help="Only this topic.")] = None,
    bank: BankOption = None,
) -> None:
    """Print topic, item, objective and type, one item a line."""
    from logdojo.quiz.bank import load_bank

    loaded = load_bank(bank)
    for one in [loaded.topic(topic)] if topic else loaded.topics:
        for item in one.items:
            print(f"{one.name}\t{item.id}\t{item.objective}\t{item.type}")


def lint(bank: BankOption = None) -> None:
    """Check the wording and the balance of the bank; exit with 1 when there is an error."""
    from logdojo.quiz.bank import load_bank
    from logdojo.quiz.lint import Severity
    from logdojo.quiz.lint import lint as find

    loaded = load_bank(bank)
    findings = find(loaded)
    for finding in findings:
        print(finding)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    print(f"{len(loaded.items)} items, {errors} errors, {len(findings) - errors} warnings", file=sys.stderr)
    if errors:
        raise typer.Exit(1)


def refresh(bank: BankOption = None) -> None:
    """Write the schema files and the table of the bank's README anew."""
    from logdojo.quiz.bank import find_bank
    from logdojo.quiz.publish import refresh as write

    for path in write(bank or find_bank()):
        print(path)


class _Screen:
    """The terminal: rich where it is one, plain text where output is piped."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())

    def say(self, text: str, style: str = "") -> None:
        from rich.text import Text

        # A Text is never read as markup, so nothing in an item or an answer can style or link.
        self.console.print(Text(text, style=style))

    def show_question(self, question: Question, *, place: int, of: int) -> None:
        item = question.item
        self.say(f"\nQuestion {place} of {of}  ({item.objective}, {item.difficulty})", style="bold")
        self.say(item.prompt)
        for letter, option in question.options:
            self.say(f"  {letter}) {option.text}")
        how = {"single": "One letter.", "multiple": "All letters that are right, such as a c."}
        self.say(how.get(item.type, "In whole sentences; an empty line ends the answer."), style="italic")

    def show_feedback(self, outcome: Outcome) -> None:
        from logdojo.quiz.feedback import Mark, feedback_on

        feedback = feedback_on(outcome)
        styles = {Mark.GOOD: "green", Mark.BAD: "red", Mark.OPEN: "yellow", Mark.NOTE: ""}
        self.say(feedback.headline, style="bold")
        for line in feedback.lines:
            self.say(f"  {line.label}: {line.text}", style=styles[line.mark])
            if line.more:
                self.say(f"      {line.more}")
        self.say("Explanation", style="bold")
        self.say(f"  {feedback.explanation}")
        if feedback.model_answer:
            self.say("One good answer", style="bold")
            self.say(f"  {feedback.model_answer}")
        self.say("Sources: " + "; ".join(f"{title}, {url}" for title, url in feedback.sources), style="dim")


def _answers() -> Iterator[str]:
    from logdojo.cli.streams import read_lines

    return read_lines([], max_bytes=MAX_ANSWER_BYTES)


def _answer_from(question: Question, lines: Iterator[str]) -> Outcome | None:
    """Read one answer; ask again after a letter that does not exist; None at the end of the input."""
    from logdojo.quiz.session import answer

    while True:
        given = _free_text(lines) if question.item.type == "free" else next(lines, None)
        if given is None:
            return None
        try:
            return answer(question, given)
        except UsageError as error:
            print(f"{error} ({error.hint})", file=sys.stderr)


def _free_text(lines: Iterator[str]) -> str | None:
    said: list[str] = []
    for line in lines:
        if not line.strip():
            return "\n".join(said)
        said.append(line)
    return "\n".join(said) if said else None


def _read_answer(path: Path) -> str:
    from logdojo.cli.streams import read_lines

    if str(path) != "-" and path.is_dir():
        raise InputError(f"{path}: is a folder", hint="--answer-file names a text file")
    return "\n".join(read_lines([] if str(path) == "-" else [path], max_bytes=MAX_ANSWER_BYTES))


def _default_seed() -> int:
    from logdojo.settings import Settings

    return Settings().seed


def _as_data(outcome: Outcome) -> dict[str, Any]:
    from logdojo.quiz.feedback import feedback_on
    from logdojo.quiz.grading import ChoiceGrade

    result = outcome.grade
    data: dict[str, Any] = {
        "item": outcome.question.item.id,
        "type": outcome.question.item.type,
        "score": round(result.score, 4),
        "passed": result.passed,
        "headline": feedback_on(outcome).headline,
    }
    if isinstance(result, ChoiceGrade):
        for name in ("right", "wrong", "missed"):
            data[name] = [string.ascii_lowercase[number] for number in sorted(getattr(result, name))]
        return data
    return data | {
        "band": [round(result.low, 4), round(result.high, 4)],
        "verdict": result.verdict.value,
        "points": [
            {
                "id": one.point.id,
                "text": one.point.text,
                "weight": one.point.weight,
                "status": one.status.value,
                "credit": one.credit,
                "quote": one.quote,
                "follow_up": one.point.follow_up if one.credit < 1 else "",
            }
            for one in result.points
        ],
        "misconceptions": [
            {"say": one.misconception.say, "cap": one.misconception.cap, "quote": one.quote}
            for one in result.misconceptions
        ],
        "notes": list(result.notes),
    }
