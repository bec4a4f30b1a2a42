"""An archive → its gzip form, which stands there whole or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import Final

from logdojo.logsetup.files.disk import like, sync_folder

_LEVEL: Final = 6
_CHUNK_BYTES: Final = 256 * 1024


def compress(archive: Path) -> Path:
    """Replace an archive by its gzip form, with the same mode and owner; return the new path.

    The new form is written beside the old one, forced to disk, renamed into place, and only then the old one goes. A
    kill in between leaves the old form, alone or beside the new one (``archives.left_over``). The caller holds the
    archive's exclusive lock.

    Raises:
        OSError: the disk is full or failed; the archive is as it was.
    """
    target = archive.with_name(archive.name + ".gz")
    partial = archive.with_name(archive.name + ".gz.partial")
    try:
        # Nobody else may open it before it has the archive's mode, which may be stricter than the umask's.
        with archive.open("rb") as source, open(partial, "wb", opener=_for_us_alone) as raw:
            like(raw.fileno(), source.fileno())
            # Without a name and a time in its header, equal content gives equal files.
            with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
                shutil.copyfileobj(source, packed, _CHUNK_BYTES)
            raw.flush()
            os.fsync(raw.fileno())
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(target)
    sync_folder(target.parent)
    archive.unlink()
    return target


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
