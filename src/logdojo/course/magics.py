"""What IPython's magics mean where a submission is graded: timing ones run their code, the others do nothing."""

from __future__ import annotations

from typing import Any, Final

_RUNS_ITS_CODE: Final = frozenset({"time", "timeit", "capture", "prun"})


class Shell:
    """Stands in for ``get_ipython()``; anything else that is asked of it does nothing."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = names

    def run_line_magic(self, name: str, line: str, *_rest: object) -> None:
        """Run the statement of ``%time``; leave other line magics alone."""
        if name in _RUNS_ITS_CODE and not line.lstrip().startswith("-"):
            exec(line, self.user_ns)  # noqa: S102, running the submission is the sandbox's job

    def run_cell_magic(self, name: str, _line: str, cell: str) -> None:
        """Run the body of ``%%time`` and its like; leave other cell magics alone."""
        if name in _RUNS_ITS_CODE:
            exec(cell, self.user_ns)  # noqa: S102, same

    def __getattr__(self, _name: str) -> Any:
        """Give a function that does nothing, for ``!command``, ``?help`` and the rest."""
        return lambda *_things, **_options: None


def transformed(source: str) -> str:
    """Return a cell with its magics turned into Python, the cell itself when it has none."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()  # type: ignore[no-untyped-call]  # IPython leaves it unannotated
    try:
        text: str = manager.transform_cell(source)
    except SyntaxError:
        return source
    return source if text.rstrip("\n") == source.rstrip("\n") else text
