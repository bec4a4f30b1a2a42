"""The library's own parts under the names and arguments of lab 04's exercises, for learners who skipped one.

The chain is that of the lab: a hash in each line, without writers and numbers, as `logdojo.logsetup.integrity` has
them for several processes.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, TextIO

from logdojo.logsetup.plain import plain
from logdojo.logsetup.redaction import RedactionFilter, Redactor

START: Final = "0" * 64
_LINK: Final = re.compile(r', "chain": "([0-9a-f]{64})"\}$')


def redact_text(text: str) -> str:
    """Return ``text`` with its secrets replaced."""
    return _redactor().text(text)


def redact_value(name: str, value: object) -> object:
    """Return a field's value without secrets; the value itself when it holds none.

    Args:
        name: the field's name.
        value: any object.
    """
    told = plain(value)
    redacted = _redactor().value(name, told)
    return value if redacted == told else redacted


def redact_record(record: logging.LogRecord) -> bool:
    """Take the secrets out of a record, and return True; an exception becomes the ECS fields that lab 01 gives it."""
    RedactionFilter(_redactor()).filter(record)
    if record.exc_text:
        vars(record).setdefault("error.stack_trace", record.exc_text)
        record.exc_text = None
    return True


def open_private(path: Path | str, mode: int = 0o640) -> TextIO:
    """Open a file for appending text, with exactly this mode under any umask and at no moment with a wider one.

    Args:
        path: the file; it is made when it does not exist.
        mode: permission bits.
    """
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)
    if hasattr(os, "fchmod"):
        os.fchmod(fd, mode)
    return os.fdopen(fd, "a", encoding="utf-8")


def link(previous: str, line: str) -> str:
    """Return a line of JSON with its link in the chain of lab 04.

    Args:
        previous: hash of the line before, 64 hexadecimal digits.
        line: one JSON object.
    """
    digest = hashlib.sha256((previous + line).encode()).hexdigest()
    return f'{line[:-1]}, "chain": "{digest}"}}'


def verify_chain(lines: Iterable[str]) -> int | None:
    """Return the number, from 1, of the first line that breaks the chain of lab 04; None when all hold."""
    previous = START
    for number, line in enumerate(lines, 1):
        found = _LINK.search(line)
        if found is None or link(previous, line[: found.start()] + "}") != line:
            return number
        previous = found[1]
    return None


@cache
def _redactor() -> Redactor:
    return Redactor()
