"""An evaluation as one HTML page: numbers, three plots in light and dark, example lines with their verdicts.

Everything is in the one file: no script, no font, no request leaves it. Each plot has a sentence and a table beside it.
All text from logs is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from logdojo.widgets.plots import comparison, confusion_matrix, draw, running_mean, training_curve
from logdojo.widgets.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from logdojo.evaluate import Evaluation
    from logdojo.finetune.classify import Finetuned
    from logdojo.triage import Verdict
    from logdojo.widgets.theme import Theme


@dataclass(frozen=True, slots=True)
class Shown:
    """An example line of the report.

    Args:
        before: the raw line.
        after: the same line anonymized.
        truth: its true label, "" when unknown.
        verdict: what triage said.
    """

    before: str
    after: str
    truth: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Part:
    """One data set's share of the report.

    Args:
        title: name of the data.
        tuned: the fine-tuned model and its run.
        evaluation: what it scored.
        examples: lines before and after anonymization with their verdicts.
        notes: sentences about how the numbers came about.
    """

    title: str
    tuned: Finetuned
    evaluation: Evaluation
    examples: Sequence[Shown]
    notes: Sequence[str]


def render_report(title: str, facts: Sequence[tuple[str, str]], parts: Sequence[Part]) -> str:
    """Return the page.

    Args:
        title: its heading.
        facts: name and value of what the run was (seed, profile, versions, seconds).
        parts: one a data set.
    """
    rows = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    body = "".join(_part(part) for part in parts)
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        '<meta name=color-scheme content="light dark">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1><table class=facts>{rows}</table>{body}</main></html>\n"
    )


def _part(part: Part) -> str:
    evaluation = part.evaluation
    model = evaluation.results[-1]
    best = max(evaluation.results, key=lambda r: r.macro_f1)
    low, high = evaluation.difference_interval
    verdict = "better than" if low > 0 else "worse than" if high < 0 else "not clearly different from"
    summary = (
        f"The model scores macro-F1 {model.macro_f1:.3f}, {verdict} TF-IDF with logistic regression "
        f"(difference {evaluation.difference:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}); "
        f"best of the three: {best.method}."
    )
    shares = ", ".join(f"{name} {share:.0%}" for name, share in evaluation.prevalence.items())
    losses = [s.loss for s in part.tuned.steps]
    smooth = running_mean(np.asarray(losses))
    bits = ""
    if evaluation.bits_per_byte is not None:
        bits = f"<p>Before fine-tuning, a byte of test text costs the model {evaluation.bits_per_byte:.3f} bits.</p>"
    notes = "".join(f"<p>{escape(note)}</p>" for note in part.notes)
    return (
        f"<section><h2>{escape(part.title)}</h2><p>{escape(summary)}</p>"
        f"<p>n = {evaluation.n} test examples in {evaluation.groups} held-out groups; prevalence: {escape(shares)}.</p>"
        + notes
        + bits
        + _figure("Methods side by side", comparison(evaluation.results), summary, _methods(part))
        + _figure(
            "Confusion",
            confusion_matrix(model.confusion, evaluation.names),
            "Rows are true labels, columns what the model said; the diagonal is right.",
            _labels(part),
            tall=len(evaluation.names) > 3,
        )
        + _figure(
            "Training",
            training_curve(part.tuned.steps),
            f"The loss went from {losses[0]:.3f} to {smooth[-1]:.3f} in {len(losses)} steps; "
            "validation macro-F1 after each epoch stands in the table.",
            _epochs(part),
        )
        + _examples(part.examples)
        + "</section>"
    )


def _figure(
    heading: str, paint: Callable[[Axes, Theme], None], sentence: str, table: str, *, tall: bool = False
) -> str:
    size = (7.0, 4.6) if tall else (7.0, 3.0)
    light, dark = (_uri(draw(paint, theme, size=size)) for theme in (LIGHT, DARK))
    return (
        f"<h3>{escape(heading)}</h3><figure><picture><source media='(prefers-color-scheme: dark)' srcset='{dark}'>"
        f"<img src='{light}' alt='{escape(heading)}: {escape(sentence)}'></picture>"
        f"<figcaption>{escape(sentence)}</figcaption></figure>{table}"
    )


def _uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _methods(part: Part) -> str:
    rows = [
        (
            r.method,
            f"{r.accuracy:.3f}",
            f"{r.macro_f1:.3f}",
            f"{r.interval[0]:.3f} to {r.interval[1]:.3f}",
            "none" if r.auc is None else f"{r.auc:.3f}",
        )
        for r in part.evaluation.results
    ]
    return _table(("method", "accuracy", "macro-F1", "95 % interval", "AUC, attack or not"), rows)


def _labels(part: Part) -> str:
    rows = [
        (s.label, f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}", str(s.support))
        for s in part.evaluation.results[-1].labels
    ]
    return _table(("label", "precision", "recall", "F1", "test examples"), rows)


def _epochs(part: Part) -> str:
    rows = [(str(i), f"{score:.3f}") for i, score in enumerate(part.tuned.validation, start=1)]
    return _table(("epoch", "validation macro-F1"), rows)


def _examples(examples: Sequence[Shown]) -> str:
    items = "".join(
        f"<li><p class=label><strong>{escape(e.verdict.label)}</strong> ({e.verdict.probability:.2f}), severity "
        f"{escape(e.verdict.severity)}, priority {e.verdict.priority} of 100"
        + (f", ATT&amp;CK {escape(e.verdict.attack)}" if e.verdict.attack else "")
        + (f"; truth: {escape(e.truth)}, {'right' if e.truth == e.verdict.label else 'wrong'}" if e.truth else "")
        + f"</p><dl><dt>before</dt><dd><code>{escape(_cut(e.before))}</code></dd><dt>after</dt>"
        f"<dd><code>{escape(_cut(e.after))}</code></dd></dl><p>{escape(e.verdict.explanation)}</p></li>"
        for e in examples
    )
    return f"<h3>Lines before and after anonymization, with verdicts</h3><ol>{items}</ol>" if examples else ""


def _cut(line: str) -> str:
    return line if len(line) <= 400 else line[:400] + " …"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th scope=col>{escape(h)}</th>" for h in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(c)}</td>" if i else f"<th scope=row>{escape(c)}</th>" for i, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--line:#d0d7de;--soft:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--soft:#161b22}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:52rem;margin:auto;padding:1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.3rem .8rem .3rem 0;text-align:left;font-weight:400}
thead th{font-weight:600}
figure{margin:0}img{max-width:100%;height:auto}
code{display:block;background:var(--soft);padding:.4rem .6rem;overflow-wrap:anywhere;font-size:.85rem}
dl{margin:.2rem 0}dt{font-size:.85rem}dd{margin:0 0 .3rem}li{margin-bottom:1.2rem}
"""
