"""Results of checks as an accessible HTML table, and as plain text.

Pass and fail are words with a sign; color only repeats them. Colors are JupyterLab's own CSS variables, so the table
follows its light and dark theme; the values behind the commas serve where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from logdojo.course.check import Result

_INK: Final = "var(--jp-content-font-color1, CanvasText)"
_LINE: Final = "var(--jp-border-color1, GrayText)"
_GOOD: Final = "var(--jp-success-color1, #2e7d32)"
_BAD: Final = "var(--jp-error-color1, #c62828)"
_CELL: Final = f"text-align:left;vertical-align:top;padding:6px 12px;color:{_INK};border-bottom:1px solid {_LINE};"


def results_text(exercise: str, results: Sequence[Result], note: str = "") -> str:
    """Return the results of one exercise as lines of plain text."""
    lines = [_summary(exercise, results)]
    for result in results:
        reason = f"\n       {result.reason}" if result.reason else ""
        lines.append(f"  {_verdict(result)}  {result.points}/{result.possible}  {result.title}{reason}")
    return "\n".join([*lines, note] if note else lines)


def results_html(exercise: str, results: Sequence[Result], note: str = "") -> str:
    """Return the results of one exercise as one table; all text is escaped."""
    lost = any(result.reason for result in results)
    rows = "".join(_row(result, lost=lost) for result in results)
    names = ("Result", "Points", "Check", "Why") if lost else ("Result", "Points", "Check")
    heads = "".join(f'<th scope="col" style="{_CELL}font-weight:600;">{name}</th>' for name in names)
    caption = (
        f'<caption style="caption-side:top;text-align:left;padding:6px 0;color:{_INK};font-weight:600;">'
        f"{escape(_summary(exercise, results))}</caption>"
    )
    below = f'<p role="status" style="color:{_INK};margin:6px 0;">{escape(note)}</p>' if note else ""
    return (
        f'<div class="logdojo-check"><table style="border-collapse:collapse;margin:0;">{caption}'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{below}</div>"
    )


def _row(result: Result, *, lost: bool) -> str:
    edge = f"border-left:4px solid {_GOOD if result.passed else _BAD};"
    cells = [
        f'<td style="{_CELL}{edge}white-space:nowrap;font-weight:600;">{_verdict(result)}</td>',
        f'<td style="{_CELL}white-space:nowrap;">{result.points} of {result.possible}</td>',
        f'<td style="{_CELL}">{escape(result.title)}</td>',
    ]
    if lost:
        cells.append(f'<td style="{_CELL}overflow-wrap:anywhere;">{escape(result.reason)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _verdict(result: Result) -> str:
    return "✓ PASS" if result.passed else "✗ FAIL"


def _summary(exercise: str, results: Sequence[Result]) -> str:
    points = sum(result.points for result in results)
    possible = sum(result.possible for result in results)
    return f"{exercise}: {points} of {possible} points"
