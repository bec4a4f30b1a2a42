"""An exception → ``error.*`` fields: its whole chain, and never the local variables of a frame.

Local variables hold passwords; the line of code, the file and the chain of causes are what a reader needs.
"""

from __future__ import annotations

import logging
import traceback
from typing import Final

from logdojo.logsetup.plain import shorten, text_of

MAX_TRACE_CHARACTERS: Final = 65_536


def error_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the fields of the record's exception or, without one, of the stack that was asked for."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        return exception_fields(error)
    # A record that came through a queue or a socket has lost the exception and kept its text.
    trace = record.exc_text or record.stack_info
    return {"error.stack_trace": shorten(trace, MAX_TRACE_CHARACTERS)} if trace else {}


def exception_fields(error: BaseException) -> dict[str, object]:
    """Return ``error.type``, ``error.message`` and ``error.stack_trace`` of an exception."""
    return {
        "error.type": type(error).__qualname__,
        "error.message": text_of(error, MAX_TRACE_CHARACTERS),
        "error.stack_trace": stack_trace(error),
    }


def stack_trace(error: BaseException) -> str:
    """Return the stack trace of an exception with all its causes, without local variables."""
    try:
        told = traceback.TracebackException.from_exception(error, capture_locals=False)
        return shorten("".join(told.format(chain=True)).rstrip("\n"), MAX_TRACE_CHARACTERS)
    # An exception class may break its own attributes; the log line must survive that too.
    except Exception as broken:  # noqa: BLE001
        return f"<stack trace of {type(error).__name__} that cannot be shown: {type(broken).__name__}>"
