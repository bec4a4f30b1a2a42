"""``my_soc/``: what a learner has passed, kept as modules beside the notebooks and offered to later labs.

``from my_soc import redact_record`` gives the learner's own version; where that is missing or does not load, the
library's own part; and it says which one it gave.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from logdojo.course.catalog import LABS
from logdojo.course.explain import explain
from logdojo.course.extract import extract

PACKAGE: Final = "my_soc"
_INIT: Final = '''"""What you built in the labs, ready for the next ones.

Each exercise that passes is kept here as a module of its own; `from my_soc import its_name` gives it back.
"""

from logdojo.course.my_soc import offer

__getattr__ = offer(__name__)
'''


def prepare(folder: Path) -> Path:
    """Make ``my_soc/`` in ``folder`` and let Python find it there; return its path.

    Args:
        folder: where the notebook lies.
    """
    package = folder / PACKAGE
    package.mkdir(exist_ok=True)
    init = package / "__init__.py"
    if not init.is_file() or init.read_text(encoding="utf-8") != _INIT:
        _write(init, _INIT)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return package


def keep(folder: Path, exercise: str, cells: Sequence[str]) -> Path:
    """Write the learner's version of ``exercise`` to ``my_soc/`` beside the notebook; return the module's path.

    Args:
        folder: where the notebook lies.
        exercise: the name that passed.
        cells: sources of the cells that ran, in order.

    Raises:
        CourseError: no cell defines the exercise.
    """
    source = extract(exercise, cells)
    path = prepare(folder) / f"{exercise}.py"
    _write(path, f'"""Your own `{exercise}`."""\n\n{source}')
    _forget(exercise)
    return path


def offer(package: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of the package: the learner's version of a name, else the library's own part.

    Args:
        package: the package's name in ``sys.modules``.
    """

    def find(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found, told = _learners(package, name)
        if not told:
            found, told = _librarys(name)
        print(f"my_soc: {name} is {told}")
        # Bound on the package, it hides the module of the same name and is asked for only once.
        setattr(sys.modules[package], name, found)
        return found

    return find


def _learners(package: str, name: str) -> tuple[Any, str]:
    module = f"{package}.{name}"
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name == module:
            return None, ""
        print(f"my_soc: your {name} does not load ({explain(error)})")
    # A learner's module may fail in any way; the lab that wants it goes on with the library's own part.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        print(f"my_soc: your {name} does not load ({explain(error)})")
    else:
        return found, "your own version"
    sys.modules.pop(module, None)
    return None, ""


def _librarys(name: str) -> tuple[Any, str]:
    for lab in LABS:
        if part := lab.parts.get(name):
            module, _, attribute = part.partition(":")
            return getattr(importlib.import_module(module), attribute), f"logdojo's own part, {module}.{attribute}"
    raise ImportError(f"my_soc has no `{name}`: pass the exercise of that name first")


def _forget(exercise: str) -> None:
    """Drop an older version of the exercise that this process has already imported."""
    package = sys.modules.get(PACKAGE)
    sys.modules.pop(f"{PACKAGE}.{exercise}", None)
    if package is not None:
        with contextlib.suppress(AttributeError):
            delattr(package, exercise)
    importlib.invalidate_caches()


def _write(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text, never a half."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
