"""One frozen settings object → a plain dictConfig, and the two calls of an application: setup() and shutdown().

A library never calls these: it takes ``logging.getLogger(__name__)`` and leaves levels and handlers to the application.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from logdojo.errors import InputError, UsageError

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What an application decides about its logs.

    Args:
        level: the least level that is logged at all, where ``levels`` says nothing else.
        levels: logger name → level, for it and the loggers below it.
        console: whether people read along on standard error.
        console_level: the least level they see.
        file: JSON lines are appended here; None writes no file.
        service: value of ``service.name`` in each JSON line.

    Raises:
        UsageError: a level is not one of ``LEVELS``.
    """

    level: str = "INFO"
    levels: Mapping[str, str] = field(default_factory=dict)
    console: bool = True
    console_level: str = "DEBUG"
    file: Path | None = None
    service: str = ""

    def __post_init__(self) -> None:
        named = {"level": self.level, "console_level": self.console_level}
        named |= {f"levels[{name!r}]": level for name, level in self.levels.items()}
        for where, level in named.items():
            if level not in LEVELS:
                raise UsageError(f"{where}: {level!r} is no log level", hint=f"use one of {', '.join(LEVELS)}")


def dict_config(settings: LogSettings) -> dict[str, object]:
    """Return the settings as a new dict for ``logging.config.dictConfig``.

    All handlers stand on the root logger and nowhere else, so no record is written twice, and loggers that libraries
    have already made stay enabled.
    """
    handlers: dict[str, dict[str, object]] = {}
    if settings.console:
        handlers["console"] = {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "level": settings.console_level,
            "formatter": "human",
            "filters": ["context"],
        }
    if settings.file is not None:
        handlers["file"] = {
            "class": "logging.FileHandler",
            "filename": str(settings.file),
            "encoding": "utf-8",
            "formatter": "json",
            "filters": ["context"],
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "logdojo.logsetup.context.ContextFilter"}},
        "formatters": {
            "human": {"()": "logdojo.logsetup.formatters.HumanFormatter"},
            "json": {"()": "logdojo.logsetup.formatters.JsonFormatter", "service": settings.service},
        },
        "handlers": handlers,
        "loggers": {name: {"level": level} for name, level in settings.levels.items()},
        "root": {"level": settings.level, "handlers": list(handlers)},
    }


_levels_before: dict[str, int] = {}
"""Logger name → its level before the first setup(); empty while nothing is set up. The root's name is ``""``."""
_own_handlers: list[logging.Handler] = []


def setup(settings: LogSettings | None = None) -> None:
    """Configure logging for this process; a further call replaces what the one before it set.

    Handlers that others have put on the root logger are closed and replaced: the application decides.

    Args:
        settings: the application's decisions; defaults when not given.

    Raises:
        InputError: the log file cannot be opened; logging then stays as it was.
    """
    settings = settings or LogSettings()
    if settings.file is not None:
        _must_open(settings.file)
    shutdown()
    before = {name: logging.getLogger(name).level for name in ("", *settings.levels)}
    logging.config.dictConfig(dict_config(settings))
    _levels_before.update(before)
    _own_handlers.extend(logging.getLogger().handlers)


def shutdown() -> None:
    """Write out and close what ``setup`` opened, and put levels back; does nothing when nothing is set up."""
    root = logging.getLogger()
    while _own_handlers:
        handler = _own_handlers.pop()
        root.removeHandler(handler)
        handler.close()
    for name, level in _levels_before.items():
        logging.getLogger(name).setLevel(level)
    _levels_before.clear()


def _must_open(file: Path) -> None:
    """Find out now whether the file can be written, before anything is replaced."""
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise InputError(
            f"{file}: the log file cannot be opened ({error.strerror})", hint="name a file in a folder that exists"
        ) from error
