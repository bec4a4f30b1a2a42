"""Which logs stand behind the paths that were named: files with their rotated ones, single archives, folders."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What logrotate, the standard library and our own handler append to the name of a log.
_ROTATED: Final = re.compile(r"(.+?)(?:[.-]\d[\dT:_-]*|\.\d{8}T\d{6}\.\d{6}Z)", re.ASCII)
_LOG_SUFFIXES: Final = frozenset({".log", ".json", ".jsonl", ".txt", ".csv", ".err", ".out"})
_BESIDE: Final = re.compile(r".*\.(?:cursor|dead|lock|seal|holds|ledger)(?:\..*)?|.*\.(?:wal|new|tmp|swp)|\..*")


@dataclass(frozen=True, slots=True)
class Log:
    """Something to collect.

    Args:
        path: the live file, or the archive.
        archive: whether it is one closed file of its own, rather than a live one with its rotated ones.
        named: whether somebody has named it, rather than the folder that it lies in.
    """

    path: Path
    archive: bool
    named: bool


def logs_of(
    paths: Iterable[Path], *, leave: Iterable[Path] = (), known: Callable[[Path], bool] = lambda _: False
) -> list[Log]:
    """Return what to collect, each once and in order.

    Args:
        paths: files and folders; a file need not exist yet.
        leave: files and folders that are our own.
        known: whether a path was collected before as a live log. Between the two steps of a rotation the live file is
            not there, and its archive must not be taken for a log of its own.
    """
    apart = {path.absolute() for path in leave}
    found: dict[Path, Log] = {}
    for path in paths:
        whole = path.absolute()
        each = (
            (_log_of(file, named=False, known=known) for file in _files(whole, apart))
            if whole.is_dir()
            else [_log_of(whole, named=True, known=known)]
        )
        for log in each:
            found.setdefault(log.path, log)
    return list(found.values())


def base_of(path: Path) -> Path:
    """Return the live file that an archive's name tells: ``auth.log.2.gz`` → ``auth.log``; or the path itself."""
    name = path.name.removesuffix(".gz")
    rotated = _ROTATED.fullmatch(name)
    return path.with_name(rotated[1] if rotated else name)


def _log_of(path: Path, *, named: bool, known: Callable[[Path], bool]) -> Log:
    base = base_of(path)
    if path == base:
        return Log(path, archive=False, named=named)
    # A live file brings its rotated ones along; naming one of them by itself means that one alone.
    has_base = base.is_file() or known(base) or (path.suffix != ".gz" and base.suffix in _LOG_SUFFIXES)
    if has_base and not named:
        return Log(base, archive=False, named=False)
    # "10.0.0.5" and "access-20261124" may well be live files themselves: only what is compressed is surely closed.
    return Log(path, archive=path.suffix == ".gz" or has_base, named=named)


def _files(folder: Path, apart: set[Path]) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        here = Path(where)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and here / name not in apart)
        for name in sorted(names):
            path = here / name
            if not _BESIDE.fullmatch(name) and path not in apart and path.is_file():
                yield path
