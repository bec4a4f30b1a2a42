"""A plot in a notebook with a text that says what it shows, for who cannot see it."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show(figure: Figure, alt: str) -> None:
    """Show a matplotlib figure as an image with alternative text; where there is no HTML, the text alone.

    Args:
        figure: drawn, and closed afterwards, so that a notebook does not show it twice.
        alt: what it shows, in one sentence; not what it looks like.

    Raises:
        ValueError: the alternative text is empty.
    """
    if not alt.strip():
        raise ValueError("a plot needs a sentence that says what it shows: show(figure, 'Losses fall …')")
    from IPython.display import display
    from matplotlib import pyplot as plt

    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    plt.close(figure)
    data = base64.b64encode(out.getvalue()).decode()
    html = f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'
    display({"text/html": html, "text/plain": alt}, raw=True)  # type: ignore[no-untyped-call] # untyped in IPython
