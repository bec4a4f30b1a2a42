"""Many files into a folder: each whole under its name or not there, and none done twice.

A file is written beside its name, forced to the disk, written down in the manifest, and renamed. Packed files stay
packed, without a name or time in their header, so equal content gives equal files. A file in whose output the audit
finds an original value does not get its name: it is kept as ``NAME.leak``, for whoever mends the policy, and is done
again the next time.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from logdojo.anonymize.files.crew import spread
from logdojo.anonymize.files.hand import Hand, Recipe
from logdojo.anonymize.files.manifest import NAME, Entry, Manifest
from logdojo.anonymize.files.passes import anonymize_file
from logdojo.anonymize.files.reading import Progress, is_packed
from logdojo.anonymize.files.tally import Tally
from logdojo.errors import InputError, LogdojoError, UsageError
from logdojo.logsetup.files.disk import sync_folder

_LEVEL: Final = 6  # of gzip


class Outcome(NamedTuple):
    """What became of one file.

    Args:
        path: the input.
        tally: what was counted; of an earlier run when the file was done already.
        skipped: whether it was done already.
        error: why it could not be done.
    """

    path: Path
    tally: Tally
    skipped: bool = False
    error: str = ""


def anonymize_files(
    files: list[Path], folder: Path, recipe: Recipe, *, workers: int = 1, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Anonymize files into a folder, and yield what became of each; what is there already is left alone.

    Args:
        files: inputs with different names, plain or gzip.
        folder: where the outputs go, under the same names.
        recipe: how.
        workers: processes: each takes a file, or all share one file.
        progress: told of bytes read, twice for each file.

    Raises:
        UsageError: two files have one name, or would be overwritten; another run, key or policy has the folder.
        LogdojoError: the disk is full or refuses to be written.
    """
    _refuse(files, folder)
    tell = progress or (lambda _: None)
    try:
        with Manifest(folder, recipe) as manifest:
            todo = []
            for path in files:
                entry = manifest.finished(path)
                if entry is None:
                    todo.append(path)
                else:
                    tell(2 * path.stat().st_size)
                    yield Outcome(path, entry.tally, skipped=True)
            manifest.tidy()
            for path, done in _done(todo, folder, recipe, workers, tell):
                yield _publish(manifest, path, done)
    except OSError as error:
        raise LogdojoError(
            f"{error.filename or folder}: cannot write: {error.strerror}",
            hint="make room and run the same command again; what is finished stays",
        ) from error


class _Part(NamedTuple):
    name: str
    size: int
    mtime_ns: int
    out_bytes: int
    tally: Tally
    error: str = ""


def write_part(hand: Hand, path: Path, folder: Path, recipe: Recipe, workers: int, progress: Progress | None) -> _Part:
    """Write one file under a name for the time being, in whichever process.

    Raises:
        OSError: it cannot be written; nothing is left.
    """
    part = folder / f".{path.name}.{secrets.token_hex(4)}.part"
    state = path.stat()
    try:
        with open(part, "xb", opener=_for_us_alone) as raw:
            with _packing(path, raw) as out:
                tally = anonymize_file(
                    path, out, recipe, hand=hand, workers=workers, spool_in=folder, progress=progress
                )
            raw.flush()
            os.fsync(raw.fileno())
            size = raw.tell()
    except InputError as error:
        part.unlink(missing_ok=True)
        return _Part("", state.st_size, state.st_mtime_ns, 0, Tally(), str(error))
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return _Part(part.name, state.st_size, state.st_mtime_ns, size, tally)


def _done(todo: list[Path], folder: Path, recipe: Recipe, workers: int, tell: Progress) -> Iterator[tuple[Path, _Part]]:
    if workers > 1 and len(todo) > 1:
        tasks = ((path, folder, recipe, 1, None) for path in todo)
        for path, done in zip(todo, spread(write_part, tasks, recipe, workers=workers), strict=True):
            tell(2 * done.size)
            yield path, done
        return
    hand = Hand(recipe)
    for path in todo:
        yield path, write_part(hand, path, folder, recipe, workers, tell)


def _publish(manifest: Manifest, path: Path, done: _Part) -> Outcome:
    if done.error:
        return Outcome(path, done.tally, error=done.error)
    if done.tally.leaked:
        (manifest.folder / done.name).replace(manifest.folder / f"{path.name}.leak")
        sync_folder(manifest.folder)
    else:
        manifest.finish(Entry(path.name, done.size, done.mtime_ns, done.name, done.out_bytes, done.tally))
    return Outcome(path, done.tally)


@contextlib.contextmanager
def _packing(path: Path, raw: BinaryIO) -> Iterator[BinaryIO]:
    if is_packed(path):
        with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)
    else:
        yield raw


def _refuse(files: list[Path], folder: Path) -> None:
    names: dict[str, Path] = {}
    for path in files:
        if not path.is_file():
            raise InputError(f"{path}: no such file", hint="name an existing file")
        other = names.setdefault(path.name, path)
        if other is not path or path.name == NAME:
            raise UsageError(
                f"{path}: its name is taken in {folder} by {other}", hint="anonymize them into two folders"
            )
        if path.resolve().parent == folder.resolve():
            raise UsageError(f"{path}: lies in {folder} itself and would be overwritten", hint="name another --out")


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
