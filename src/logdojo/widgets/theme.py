"""One look for all plots, light and dark: colors that differ in lightness too, so that nothing rests on hue alone.

The method colors come from Okabe and Ito's palette for all kinds of color vision (2008), darkened or lightened until
each has a contrast of at least 3:1 with its background (WCAG 2.2, graphics).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType


@dataclass(frozen=True, slots=True)
class Theme:
    """Colors of one look, as hex.

    Args:
        name: ``light`` or ``dark``.
        background: of the figure.
        ink: text and axes.
        faint: grid lines.
        series: colors of series, in order.
        ramp: matplotlib color map of counts.
    """

    name: str
    background: str
    ink: str
    faint: str
    series: tuple[str, ...]
    ramp: str


LIGHT = Theme("light", "#ffffff", "#1f2328", "#d0d7de", ("#57606a", "#b35900", "#0060a8", "#00735a"), "Blues")
DARK = Theme("dark", "#0d1117", "#e6edf3", "#30363d", ("#a0a8b2", "#f0a24a", "#6cb6ff", "#4fc99f"), "cividis")

MARKERS = ("s", "^", "o", "D")
"""A marker a series, so that series differ without color."""


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """Draw with a theme; matplotlib's own settings come back afterwards."""
    import matplotlib as mpl

    style: dict[RcKeyType, object] = {
        "figure.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "axes.edgecolor": theme.faint,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "grid.color": theme.faint,
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "legend.frameon": False,
        "font.size": 11,
        "svg.fonttype": "none",
        "svg.hashsalt": "logdojo",
    }
    with mpl.rc_context(style):
        yield
