"""Small append-only files beside a log, one JSON object a line: what was decided about its archives, and by whom.

An entry is on the disk when ``append`` returns, and before what it tells about is done.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.files.disk import sync_folder
from logdojo.logsetup.files.locks import one_at_a_time
from logdojo.logsetup.plain import json_line

MODE: Final = 0o640
_BINARY: Final = getattr(os, "O_BINARY", 0)


@contextmanager
def deciding(log: Path) -> Iterator[None]:
    """Wait until nobody else decides about the archives of ``log``: a hold is placed before a removal, or after it.

    Raises:
        InputError: the lock file beside the log cannot be opened.
    """
    lock = log.with_name(f"{log.name}.retention.lock")
    with ExitStack() as held:
        try:
            held.enter_context(one_at_a_time(lock, MODE))
        except OSError as error:
            raise InputError(
                f"{lock}: {error.strerror or error}, so nothing was done", hint="see to the rights of its folder"
            ) from error
        yield


def append(path: Path, entry: Mapping[str, object]) -> None:
    """Append an entry and wait until the disk has it; the caller sees to it that nobody else appends meanwhile.

    Raises:
        InputError: it could not be written; the file is then as it was.
    """
    new = not path.exists()
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY, MODE)
        try:
            if new and hasattr(os, "fchmod"):
                os.fchmod(fd, MODE)  # whatever the umask took away
            size = os.fstat(fd).st_size
            line = json_line(entry).encode() + b"\n"
            # After a line that a kill cut short the entry still stands on a line of its own.
            line = line if not size or _last_byte(path) == b"\n" else b"\n" + line
            if os.write(fd, line) != len(line):
                os.ftruncate(fd, size)
                raise OSError(28, "No space left on device")
            os.fsync(fd)
        finally:
            os.close(fd)
        if new:
            sync_folder(path.parent)
    except OSError as error:
        raise InputError(
            f"{path}: the entry cannot be written ({error.strerror or error}), so nothing was done",
            hint="make room on the disk, or see to the rights of the file and its folder",
        ) from error


def entries(path: Path) -> Iterator[tuple[int, dict[str, object] | None]]:
    """Yield the line number and the entry of each line that is not blank; None where it is damaged.

    Raises:
        InputError: the file is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="see to the rights of the file") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                entry = None
            yield number, entry if isinstance(entry, dict) else None


def acting_user() -> str:
    """Return the name under which this process runs, for who-did-it entries."""
    try:
        return getpass.getuser()
    # No environment variable and no entry in the user data base: containers have such users.
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def utc(moment: datetime | None = None) -> datetime:
    """Return a moment in UTC, or now; one without a time zone is taken as UTC."""
    if moment is None:
        return datetime.now(UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def written(moment: datetime | None) -> str | None:
    """Return a moment as entries hold it: ISO 8601 in UTC, with ``Z``."""
    return None if moment is None else utc(moment).isoformat().replace("+00:00", "Z")


def read_moment(value: object) -> datetime | None:
    """Return the moment that an entry holds.

    Raises:
        ValueError: it is no moment.
    """
    return None if value is None else utc(datetime.fromisoformat(str(value)))


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
