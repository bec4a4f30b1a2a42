"""Graded rows → ``grades.csv`` and one page a learner; the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from logdojo.course.catalog import find_lab
from logdojo.course.check import Result
from logdojo.course.grade import Row

COLUMNS: Final = ("learner", "lab", "submission", "points", "possible", "percent", "exercises", "reasons")
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --page: #ffffff; --line: #8a929c; --good: #1a6b2f; --bad: #a4161a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --page: #15181c; --line: #6d7680; --good: #7fd693; --bad: #ff9a94; }
}
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
table { table-layout: fixed; }
th { overflow-wrap: normal; }
th:nth-child(-n+2) { width: 5rem; }
.pass { color: var(--good); font-weight: 600; }
.fail { color: var(--bad); font-weight: 600; }
"""


def as_csv(rows: Iterable[Row]) -> str:
    """Return the rows as CSV text, its lines ended by a line feed alone."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_inert(str(value)) for value in _values(row)])
    return stream.getvalue()


def write(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write ``grades.csv`` and a page for each learner into ``folder``; return the paths.

    Args:
        rows: the graded rows.
        folder: made when it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = _file_names(rows)
    files = {folder / "grades.csv": as_csv(rows)}
    for learner, name in pages.items():
        files[folder / name] = page(learner, [row for row in rows if row.learner == learner])
    for path, text in files.items():
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    return list(files)


def page(learner: str, rows: Sequence[Row]) -> str:
    """Return one learner's page: their submissions, the points, and the reason for each that was lost."""
    name = escape(learner)
    body = "\n".join(_section(row) for row in rows)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Grades of {name}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Grades of {name}</h1>
{body}
</main>
</body>
</html>
"""


def reasons(row: Row) -> str:
    """Return why points were lost, one reason an exercise and cause: ``redact: not written yet``."""
    if row.problem:
        return row.problem
    lost: dict[str, None] = {}
    for result in row.results:
        if result.reason:
            lost[f"{result.exercise}: {result.reason}"] = None
    return "; ".join(lost)


def _values(row: Row) -> tuple[object, ...]:
    percent = f"{100 * row.points / row.possible:.1f}" if row.possible else "0.0"
    scores = "; ".join(f"{name} {_sum(results)}" for name, results in row.by_exercise().items())
    return row.learner, row.lab, row.path, row.points, row.possible, percent, scores, reasons(row)


def _sum(results: Sequence[Result]) -> str:
    return f"{sum(r.points for r in results)}/{sum(r.possible for r in results)}"


def _inert(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _section(row: Row) -> str:
    title = f"Lab {row.lab[:2]}: {find_lab(row.lab).title}" if row.lab else "Unknown lab"
    problem = f"<p><strong>{escape(row.problem)}</strong></p>" if row.problem else ""
    tables = "\n".join(_table(name, results) for name, results in row.by_exercise().items())
    items = "".join(f"<li>{escape(note)}</li>" for note in row.notes)
    notes = f"<h3>What else was seen</h3>\n<ul>{items}</ul>" if items else ""
    return f"""<section>
<h2>{escape(title)}: {row.points} of {row.possible} points</h2>
<p>Submission: {escape(row.path)}</p>
{problem}
{tables}
{notes}
</section>"""


def _table(exercise: str, results: Sequence[Result]) -> str:
    lost = any(result.reason for result in results)
    why = '<th scope="col">Why</th>' if lost else ""
    body = "\n".join(_line(result, lost=lost) for result in results)
    return f"""<table>
<caption>{escape(exercise)}: {_sum(results).replace("/", " of ")} points</caption>
<thead><tr><th scope="col">Result</th><th scope="col">Points</th><th scope="col">Check</th>{why}</tr></thead>
<tbody>
{body}
</tbody>
</table>"""


def _line(result: Result, *, lost: bool) -> str:
    verdict = '<td class="pass">✓ PASS</td>' if result.passed else '<td class="fail">✗ FAIL</td>'
    points = f"{result.points} of {result.possible}"
    why = f"<td>{escape(result.reason)}</td>" if lost else ""
    return f"<tr>{verdict}<td>{points}</td><td>{escape(result.title)}</td>{why}</tr>"


def _file_names(rows: Sequence[Row]) -> dict[str, str]:
    """Return learner → a file name that is safe everywhere and theirs alone."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for learner in dict.fromkeys(row.learner for row in rows):
        base = re.sub(r"[^A-Za-z0-9._-]+", "-", learner).strip(".-")[:80] or "learner"
        name, number = base, 1
        # Letter case does not tell files apart on every system.
        while name.lower() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.lower())
        names[learner] = f"{name}.html"
    return names
