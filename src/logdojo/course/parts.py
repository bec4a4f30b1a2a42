"""The library's own parts under the names and arguments of the labs' exercises, for learners who skipped one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import TextIO

from logdojo.anonymize import Anonymizer


def make_config(stream: TextIO, formatter: type[logging.Formatter], levels: Mapping[str, str]) -> dict[str, object]:
    """Return a dict for ``logging.config.dictConfig`` that writes to ``stream``, as lab 01's exercise does.

    Args:
        stream: where the one handler writes.
        formatter: class of its formatter.
        levels: logger name → level name, for loggers that differ from the root's ``INFO``.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"log": {"class": "logging.StreamHandler", "stream": stream, "formatter": "line"}},
        "loggers": {name: {"level": level} for name, level in levels.items()},
        "root": {"level": "INFO", "handlers": ["log"]},
    }


def redact_line(line: str, key: bytes) -> str:
    """Return a line with pseudonyms in place of its sensitive values, as lab 07's exercise does.

    Args:
        line: a raw log line.
        key: secret key of the pseudonyms, at least 16 bytes.
    """
    return _anonymizer(key).line(line)


@lru_cache(maxsize=8)
def _anonymizer(key: bytes) -> Anonymizer:
    return Anonymizer(key)
