"""Everything logdojo raises on purpose.

    LogdojoError                 exit code 1
    ├── UsageError               exit code 2: the command or the call was wrong
    ├── InputError               a file, line or field cannot be read
    ├── LeakError                an original value was found in anonymized output
    ├── DatasetError             examples, labels or splits do not hold together
    ├── ModelError               a base model or checkpoint cannot be loaded or used
    ├── TrainingError            a training run cannot go on
    ├── CourseError              a lab, a check or a submission is damaged
    └── QuizError                a question bank or a session is damaged

Each message names the culprit (file, line, field, cell); ``hint`` names the remedy.
"""

from __future__ import annotations


class LogdojoError(Exception):
    """Base of all errors that logdojo raises on purpose.

    Args:
        message: what is wrong and where, in one sentence.
        hint: what to do about it, in one sentence; empty when the message says it.
    """

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(LogdojoError):
    """The command or the call itself is wrong; nothing was done."""

    exit_code = 2


class InputError(LogdojoError):
    """A file, line or field cannot be read."""


class LeakError(LogdojoError):
    """An original value was found in anonymized output."""


class DatasetError(LogdojoError):
    """Examples, labels or splits do not hold together."""


class ModelError(LogdojoError):
    """A base model or checkpoint cannot be loaded or used."""


class TrainingError(LogdojoError):
    """A training run cannot go on."""


class CourseError(LogdojoError):
    """A lab, a check or a submission is damaged."""


class QuizError(LogdojoError):
    """A question bank or a session is damaged."""
