"""Plots and report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.evaluate import Result
from logdojo.widgets import plots
from logdojo.widgets.theme import DARK, LIGHT, Theme

RESULTS = [Result(name, 0.5, f1, (f1 - 0.1, f1 + 0.1), [], [], None) for name, f1 in (("a", 0.3), ("b", 0.5))]


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_colors_can_be_told_from_their_background(theme: Theme):
    """Text has a contrast of at least 4.5:1, series of at least 3:1 (WCAG 2.2)."""
    assert _contrast(theme.ink, theme.background) >= 4.5
    assert all(_contrast(color, theme.background) >= 3.0 for color in theme.series)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_same_numbers_give_the_same_drawing(theme: Theme):
    """A drawing is reproducible, and its values stand in it as text."""
    first, second = (plots.draw(plots.comparison(RESULTS), theme) for _ in range(2))
    assert first == second
    assert "0.300" in first
    assert "<svg" in first


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=80))
def test_a_running_mean_stays_within_its_values(values: list[float]):
    """The running mean never leaves the range of what it averages, and starts at the first value."""
    mean = plots.running_mean(np.array(values))
    assert mean[0] == pytest.approx(values[0])
    assert min(values) - 1e-6 <= mean.min()
    assert mean.max() <= max(values) + 1e-6


def test_the_module_draws_a_demonstration(tmp_path: Path):
    """`python -m logdojo.widgets.plots FILE` shows each plot in both looks."""
    plots._demonstrate(tmp_path / "demo.html")
    assert (tmp_path / "demo.html").read_text(encoding="utf-8").count("<svg") == 6


def test_a_plot_in_a_notebook_has_an_alternative_text(capsys: pytest.CaptureFixture[str]):
    """A plot is shown with the sentence that says what it shows, and refused without one."""
    from matplotlib import pyplot as plt

    from logdojo.widgets.figures import show

    with pytest.raises(ValueError, match="needs a sentence"):
        show(plt.figure(), " ")
    plt.close("all")
    show(plt.figure(), "losses fall")
    assert "losses fall" in capsys.readouterr().out
    assert plt.get_fignums() == []
