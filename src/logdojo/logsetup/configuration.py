"""One frozen settings object → a plain dictConfig, and the two calls of an application: setup() and shutdown().

A library never calls these: it takes ``logging.getLogger(__name__)`` and leaves levels and handlers to the application.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from logdojo.errors import InputError, UsageError
from logdojo.logsetup import records

if TYPE_CHECKING:
    from logdojo.logsetup.encoding import Redacts

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of a log is kept; what is None has no limit. ``logdojo logs retain`` says what that removes.

    Args:
        max_age: archives that were closed longer ago are removed.
        max_bytes: size of the whole log on the disk, in bytes; the oldest archives go first.
        max_files: number of archives.
    """

    max_age: timedelta | None = None
    max_bytes: int | None = None
    max_files: int | None = None


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
        redact: whether secrets are taken out of what is written.
        redact_names: further names of fields and keys whose values are secret.
        secret_variables: environment variables whose values must appear nowhere, as they are now.
        mode: permission bits of the file and its archives, under any umask.
        max_bytes: size at which the file makes way for a new one, in bytes; 0 sets no limit.
        rotate_every: span of time after which it does, in UTC; None sets no limit.
        compress: whether archives are compressed.
        seal_key: file of the private key (``logdojo logs keys``) that signs checkpoints of a hash chain; None signs
            nothing.
        encryption_keys: file of the keys under which archives are encrypted; None leaves them readable.
        keep: what is kept of the archives; None keeps all.
        when_full: on a full disk records are counted and dropped, or the caller is blocked for a while first.

    Raises:
        UsageError: a level is not one of ``LEVELS``, or the mode lets everybody read.
    """

    level: str = "INFO"
    levels: Mapping[str, str] = field(default_factory=dict)
    console: bool = True
    console_level: str = "DEBUG"
    file: Path | None = None
    service: str = ""
    redact: bool = True
    redact_names: tuple[str, ...] = ()
    secret_variables: tuple[str, ...] = ()
    mode: int = 0o640
    max_bytes: int = 0
    rotate_every: timedelta | None = None
    compress: bool = False
    seal_key: Path | None = None
    encryption_keys: Path | None = None
    keep: Keep | None = None
    when_full: Literal["drop", "block"] = "drop"

    def __post_init__(self) -> None:
        named = {"level": self.level, "console_level": self.console_level}
        named |= {f"levels[{name!r}]": level for name, level in self.levels.items()}
        for where, level in named.items():
            if level not in LEVELS:
                raise UsageError(f"{where}: {level!r} is no log level", hint=f"use one of {', '.join(LEVELS)}")
        if self.mode & 0o007:
            raise UsageError(f"mode: {self.mode:#o} opens the log to everybody", hint="give 0o640, 0o600 or the like")


def dict_config(settings: LogSettings) -> dict[str, object]:
    """Return the settings as a new dict for ``logging.config.dictConfig``: texts, numbers and nothing else.

    All handlers stand on the root logger and nowhere else, so no record is written twice, and loggers that libraries
    have already made stay enabled.
    """
    handlers: dict[str, dict[str, object]] = {}
    # The file comes first: what goes wrong in another handler cannot keep a record out of it.
    if settings.file is not None:
        handlers["file"] = {"()": "logdojo.logsetup.assembly.file_handler", "formatter": "json"} | _file(settings)
    if settings.console:
        handlers["console"] = {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "level": settings.console_level,
            "formatter": "human",
            "filters": ["context"],
        }
    redaction = {
        "redact": settings.redact,
        "names": list(settings.redact_names),
        "secret_variables": list(settings.secret_variables),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "logdojo.logsetup.context.ContextFilter"}},
        "formatters": {
            "human": {"()": "logdojo.logsetup.assembly.human_formatter", **redaction},
            "json": {"()": "logdojo.logsetup.assembly.json_formatter", "service": settings.service, **redaction},
        },
        "handlers": handlers,
        "loggers": {name: {"level": level} for name, level in settings.levels.items()},
        "root": {"level": settings.level, "handlers": list(handlers)},
    }


_levels_before: dict[str, int] = {}
"""Logger name → its level before the first setup(); empty while nothing is set up. The root's name is ``""``."""
_own_handlers: list[logging.Handler] = []


def setup(settings: LogSettings | None = None, *, redactor: Redacts | None = None) -> None:
    """Configure logging for this process; a further call replaces what the one before it set.

    Handlers that others have put on the root logger are closed and replaced: the application decides. In a child
    process that was forked afterwards everything goes on, with a chain and a file descriptor of the child's own.

    Args:
        settings: the application's decisions; defaults when not given.
        redactor: takes out of each record what must not be written, instead of the redactor that the settings
            describe: ``logdojo.anonymize.hook.AnonymizingRedactor`` gives people and machines pseudonyms too.

    Raises:
        InputError: the log file or a key cannot be opened; logging then stays as it was.
        UsageError: a limit of rotation or retention is out of range; likewise.
    """
    settings = settings or LogSettings()
    _must_open(settings)
    shutdown()
    before = {name: logging.getLogger(name).level for name in ("", *settings.levels)}
    logging.config.dictConfig(_with_redactor(dict_config(settings), redactor))
    records.install()
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
    if _levels_before:
        records.uninstall()
    _levels_before.clear()


def _with_redactor(config: dict[str, Any], redactor: Redacts | None) -> dict[str, Any]:
    if redactor is not None:
        for formatter in config["formatters"].values():
            formatter["redactor"] = redactor
    return config


def _file(settings: LogSettings) -> dict[str, object]:
    every, keep = settings.rotate_every, settings.keep
    chosen: dict[str, object] = {
        "path": str(settings.file),
        "mode": settings.mode,
        "max_bytes": settings.max_bytes,
        "every_seconds": every.total_seconds() if every is not None else None,
        "compress": settings.compress,
        "seal_key": str(settings.seal_key) if settings.seal_key is not None else None,
        "encryption_keys": str(settings.encryption_keys) if settings.encryption_keys is not None else None,
        "when_full": settings.when_full,
    }
    if keep is not None:
        chosen["retention"] = {
            "max_age_seconds": keep.max_age.total_seconds() if keep.max_age is not None else None,
            "max_bytes": keep.max_bytes,
            "max_files": keep.max_files,
        }
    return chosen


def _must_open(settings: LogSettings) -> None:
    """Find out now whether everything can be opened, before anything is replaced."""
    if settings.file is None:
        return
    from logdojo.logsetup.assembly import must_open

    chosen = _file(settings)
    names = ("path", "mode", "max_bytes", "every_seconds", "seal_key", "encryption_keys", "retention")
    try:
        must_open(**{name: chosen.get(name) for name in names})  # type: ignore[arg-type]  # dictConfig passes the same
    except OSError as error:
        raise InputError(
            f"{settings.file}: the log file cannot be opened ({error.strerror})",
            hint="name a file in a folder that exists",
        ) from error
