"""An exception in the learner's words: its type, its message, and the line of their own code."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import Final

LONGEST: Final = 240
"""Characters that a reason may have."""
_CELL: Final = re.compile(r"<cell (\d+)>")
_OWN_FOLDERS: Final = tuple(
    str(Path(p)) for p in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), Path(__file__).parents[1])
)


def explain(error: BaseException) -> str:
    """Return one line: exception type, message, and where in the learner's own code it arose."""
    if isinstance(error, NotImplementedError):
        return "not written yet"
    if isinstance(error, SyntaxError):
        return f"syntax error in {_syntax_place(error)}: {cut(str(error.msg))}"
    if isinstance(error, SystemExit):
        return f"SystemExit: the code asked the whole process to stop{_at(error)}"
    message = one_line(error)
    return f"{type(error).__name__}{': ' if message else ''}{message}{_at(error)}"


def one_line(error: BaseException) -> str:
    """Return the message of ``error`` as one printable line of bounded length; empty when it has none."""
    try:
        # An assertion compares longer texts with pytest's or the learner's own wording: keep what fits.
        text = str(error)
    except Exception as broken:  # noqa: BLE001, the learner's own exception may fail in any way
        text = f"(its message cannot be shown: {type(broken).__name__})"
    return cut(text)


def cut(text: str) -> str:
    """Return ``text`` on one line, printable, at most ``LONGEST`` characters."""
    flat = " ".join(text[: 4 * LONGEST].split())
    # Where an object lies in memory tells nothing, and differs from run to run.
    flat = re.sub(r"\b0x[0-9a-fA-F]{6,}", "0x…", flat)
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in flat)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"


def _syntax_place(error: SyntaxError) -> str:
    where = _CELL.fullmatch(error.filename or "")
    return f"{f'cell {where[1]} ' if where else 'your code, '}line {error.lineno or 1}"


def _at(error: BaseException) -> str:
    """Return the innermost line of the learner's own code on the way to ``error``, as `` (your line 3)``."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if where := _CELL.fullmatch(filename):
            place = f" (cell {where[1]}, line {trace.tb_lineno})"
        elif _is_learners(filename):
            place = f" (your line {trace.tb_lineno})"
        trace = trace.tb_next
    return place


def _is_learners(filename: str) -> bool:
    # A notebook's cell is compiled under a name in a folder ipykernel_<pid>; what passed earlier lies in my_soc/.
    return ("ipykernel_" in filename or "my_soc" in Path(filename).parts) and not filename.startswith(_OWN_FOLDERS)
