"""From a raw log line to a triage verdict, and the course that teaches how to build it.

::

                        a line ──▶ parse ──▶ anonymize ──▶ triage ──▶ a verdict
                                     ▲           │            ▲
    an application ──▶ logsetup ─────┤           ▼            │
    nothing at hand ─▶ simulate ─────┘        dataset ──▶ model ──▶ finetune ──▶ evaluate

    the learner ─────▶ course (labs, checks, grades) · quiz (questions) · widgets (their notebook faces)

Names below are loaded when they are first used, so ``import logdojo`` is quick and never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from logdojo.anonymize import Anonymizer
    from logdojo.errors import LogdojoError
    from logdojo.events import LogEvent, Severity
    from logdojo.parse import parse_line
    from logdojo.settings import Profile, Settings
    from logdojo.triage import Triage
    from logdojo.widgets import dojo

__all__ = [
    "Anonymizer",
    "LogEvent",
    "LogdojoError",
    "Profile",
    "Settings",
    "Severity",
    "Triage",
    "dojo",
    "parse_line",
]

_HOMES: Final = {
    "Anonymizer": "logdojo.anonymize",
    "LogEvent": "logdojo.events",
    "LogdojoError": "logdojo.errors",
    "Profile": "logdojo.settings",
    "Settings": "logdojo.settings",
    "Severity": "logdojo.events",
    "Triage": "logdojo.triage",
    "dojo": "logdojo.widgets.dojo",
    "parse_line": "logdojo.parse",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'logdojo' has no attribute {name!r}")
    home = importlib.import_module(_HOMES[name])
    value = home if name == "dojo" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
