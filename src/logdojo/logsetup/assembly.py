"""The plain values of a dictConfig → formatters and handlers.

dictConfig calls these by name; what an application leaves out is never imported. Keys and rules arrive as paths and
numbers, so that a configuration can stand in a file and holds no secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from logdojo.logsetup.encoding import Redacts
from logdojo.logsetup.files.appending import Appender
from logdojo.logsetup.files.handler import Links, LogFileHandler
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep
from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter

if TYPE_CHECKING:
    from logdojo.logsetup.integrity.sealer import Sealer
    from logdojo.logsetup.retention import Retention


def json_formatter(
    service: str = "",
    *,
    redact: bool = True,
    names: Sequence[str] = (),
    secret_variables: Sequence[str] = (),
    redactor: Redacts | None = None,
) -> JsonFormatter:
    """Make the formatter of a file for machines; see ``LogSettings``. A ``redactor`` replaces theirs."""
    return JsonFormatter(service, redactor=redactor or (_redactor(names, secret_variables) if redact else None))


def human_formatter(
    *,
    redact: bool = True,
    names: Sequence[str] = (),
    secret_variables: Sequence[str] = (),
    redactor: Redacts | None = None,
) -> HumanFormatter:
    """Make the formatter of a console; see ``LogSettings``. A ``redactor`` replaces theirs."""
    return HumanFormatter(redactor=redactor or (_redactor(names, secret_variables) if redact else None))


def file_handler(
    path: str,
    *,
    mode: int = 0o640,
    max_bytes: int = 0,
    every_seconds: float | None = None,
    compress: bool = False,
    seal_key: str | None = None,
    encryption_keys: str | None = None,
    retention: Mapping[str, Any] | None = None,
    when_full: Literal["drop", "block"] = "drop",
) -> LogFileHandler:
    """Make the handler of a log file with everything that looks after it.

    Args:
        path: the live file.
        mode: permission bits of all its files.
        max_bytes: size at which a new file begins, in bytes; 0 sets no limit.
        every_seconds: span of time after which a new file begins, in seconds; None sets no limit.
        compress: whether archives are compressed.
        seal_key: file of the private key that signs checkpoints; lines are then linked to one another.
        encryption_keys: file of the keys under which archives are encrypted.
        retention: ``max_age_seconds``, ``max_bytes`` and ``max_files`` of what is kept.
        when_full: what happens to records when the disk is full.

    Raises:
        InputError: a key cannot be read.
        OSError: the file cannot be opened.
    """
    log = Path(path).absolute()
    chain, sealer = _integrity(log, seal_key)
    upkeep = Upkeep(
        log,
        compressed=compress,
        sealer=sealer,
        encrypt=_encryption(encryption_keys),
        retain=_retention(log, retention, sealer),
    )
    rotation = _rotation(max_bytes, every_seconds)
    return LogFileHandler(log, mode=mode, rotation=rotation, chain=chain, upkeep=upkeep, when_full=when_full)


def must_open(
    path: str,
    *,
    mode: int,
    max_bytes: int,
    every_seconds: float | None,
    seal_key: str | None,
    encryption_keys: str | None,
    retention: Mapping[str, Any] | None,
) -> None:
    """Find out whether a file handler could be made, and make none.

    Raises:
        InputError: a key cannot be read.
        OSError: the file cannot be opened.
        UsageError: a limit is out of range.
    """
    _rotation(max_bytes, every_seconds)
    _rule(retention)
    _integrity(Path(path), seal_key)
    _encryption(encryption_keys)
    # Last, since it makes the file.
    Appender(Path(path), mode).close()


def _rotation(max_bytes: int, every_seconds: float | None) -> Rotation:
    return Rotation(max_bytes, timedelta(seconds=every_seconds) if every_seconds is not None else None)


def _redactor(names: Sequence[str], secret_variables: Sequence[str]) -> Redacts:
    from logdojo.logsetup.redaction import Redactor

    # The configuration names the variables; what they hold stands in the environment only.
    secrets = [value for name in secret_variables if (value := os.environ.get(name))]
    return Redactor(names=tuple(names), secrets=tuple(secrets))


def _integrity(log: Path, seal_key: str | None) -> tuple[Links | None, Sealer | None]:
    if seal_key is None:
        return None, None
    from logdojo.logsetup.integrity.chain import Chain
    from logdojo.logsetup.integrity.keys import PASSPHRASE_VARIABLE, load_signing_key
    from logdojo.logsetup.integrity.sealer import Sealer

    passphrase = os.environ.get(PASSPHRASE_VARIABLE, "").encode()
    return Chain(), Sealer(log, load_signing_key(Path(seal_key), passphrase=passphrase))


def _encryption(keys: str | None) -> Callable[[Path], Path] | None:
    if keys is None:
        return None
    from logdojo.logsetup.encryption import KeyRing, encrypt_archive

    ring = KeyRing.load(Path(keys))
    return partial(encrypt_archive, keys=ring)


def _rule(limits: Mapping[str, Any] | None) -> Retention | None:
    if not limits:
        return None
    from logdojo.logsetup.retention import Retention

    age = limits.get("max_age_seconds")
    return Retention(
        max_age=timedelta(seconds=age) if age is not None else None,
        max_bytes=limits.get("max_bytes"),
        max_files=limits.get("max_files"),
    )


def _retention(log: Path, limits: Mapping[str, Any] | None, sealer: Sealer | None) -> Callable[[], object] | None:
    rule = _rule(limits)
    if rule is None:
        return None
    from logdojo.logsetup.retention import apply
    from logdojo.logsetup.shipping.cursor import passed_by_all

    # A sealed log tells in its ledger what was removed, so that it can be told from what was stolen.
    note = sealer.removed if sealer is not None else None
    return lambda: apply(log, rule, shipped=passed_by_all(log), note=note)
