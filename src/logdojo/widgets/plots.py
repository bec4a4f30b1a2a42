"""The plots of an evaluation, as SVG: methods with intervals, confusion, training curve.

``python -m logdojo.widgets.plots FILE`` draws an example of each into an HTML file.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logdojo.widgets.theme import DARK, LIGHT, MARKERS, Theme, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from logdojo.evaluate import Result
    from logdojo.finetune.loop import Step


def draw(paint: Callable[[Axes, Theme], None], theme: Theme, *, size: tuple[float, float] = (7.0, 3.2)) -> str:
    """Return what ``paint`` draws on fresh axes, as SVG text; the same input gives the same text.

    Args:
        paint: draws on the axes it is given.
        theme: the look.
        size: width and height, inches.
    """
    from matplotlib.figure import Figure

    with themed(theme):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure.add_subplot(), theme)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def comparison(results: Sequence[Result]) -> Callable[[Axes, Theme], None]:
    """Return the painter of macro-F1 with its interval, one row a method."""

    def paint(axes: Axes, theme: Theme) -> None:
        for row, result in enumerate(reversed(results)):
            place = len(results) - 1 - row
            low, high = result.interval
            axes.plot([low, high], [row, row], color=theme.series[place], linewidth=3, solid_capstyle="butt")
            axes.plot(result.macro_f1, row, MARKERS[place], color=theme.series[place], markersize=10)
            axes.annotate(
                f"{result.macro_f1:.3f}", (result.macro_f1, row), (0, 10), textcoords="offset points", ha="center"
            )
        axes.set_yticks(range(len(results)), [r.method for r in reversed(results)])
        axes.set_ylim(-0.6, len(results) - 0.2)
        axes.set_xlim(0, 1.02)
        axes.grid(axis="x")
        axes.set_xlabel("macro-F1 on held-out groups, 95 % interval")

    return paint


def confusion_matrix(counts: Sequence[Sequence[int]], names: Sequence[str]) -> Callable[[Axes, Theme], None]:
    """Return the painter of a confusion matrix: shares of the true label as shade, counts as numbers."""

    def paint(axes: Axes, theme: Theme) -> None:
        matrix = np.asarray(counts, dtype=float)
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        image = axes.imshow(shares, cmap=theme.ramp, vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            red, green, blue, _ = image.cmap(image.norm(share))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            axes.text(
                column,
                row,
                f"{matrix[row, column]:.0f}",
                ha="center",
                va="center",
                color="#ffffff" if dark else "#000000",
            )
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.spines[:].set_visible(False)

    return paint


def training_curve(steps: Sequence[Step]) -> Callable[[Axes, Theme], None]:
    """Return the painter of the loss by step, with a running mean over a twentieth of the run."""

    def paint(axes: Axes, theme: Theme) -> None:
        loss = np.array([s.loss for s in steps])
        number = [s.step for s in steps]
        axes.plot(number, loss, color=theme.series[0], linewidth=0.8, label="each step")
        axes.plot(number, running_mean(loss), color=theme.series[2], linewidth=2.5, label="running mean")
        axes.set_xlabel("optimizer step")
        axes.set_ylabel("loss, nats")
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.legend()

    return paint


def running_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of each value and those before it, over a twentieth of all."""
    width = max(1, len(values) // 20)
    total = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - width)
    mean: np.ndarray = (total[stop] - total[start]) / (stop - start)
    return mean


def _demonstrate(path: Path) -> None:
    from logdojo.evaluate import Result
    from logdojo.finetune.loop import Step

    rng = np.random.default_rng(7)
    steps = [Step(i, float(2 * np.exp(-i / 40) + rng.normal(0.3, 0.05)), 0.0, 0.0, 0, 0.0) for i in range(1, 200)]
    scores = {"majority": 0.3, "TF-IDF + LR": 0.62, "tiny": 0.7}
    results = [Result(m, f, f, (f - 0.05, f + 0.05), [], [], None) for m, f in scores.items()]
    painters = (comparison(results), confusion_matrix([[40, 3], [5, 22]], ["benign", "scan"]), training_curve(steps))
    pages = [
        f'<div style="background:{theme.background}">{"".join(draw(p, theme) for p in painters)}</div>'
        for theme in (LIGHT, DARK)
    ]
    path.write_text("".join(pages), encoding="utf-8")


if __name__ == "__main__":
    _demonstrate(Path(sys.argv[1]))
