"""One log event under ECS names, and the triage severities.

Field names are those of the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs), written flat:
``source.ip``, ``user.name``, ``event.outcome``. What has no ECS name stays under its vendor's prefix
(``aws.cloudtrail.request_parameters.bucketName``).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

PIPELINE_ERROR: Final = "pipeline_error"
"""Value of ``event.kind`` on an event whose line could not be read (ECS)."""


class Severity(enum.IntEnum):
    """How urgently a person should look, in five steps."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The severity as a word in lower case, as verdicts print it."""
        return self.name.lower()


# A frozen dataclass takes half a microsecond to make, a tenth of the time in which a whole line is read.
class LogEvent(msgspec.Struct, frozen=True):
    """A raw line and what was read from it.

    Args:
        original: the raw line without its line end; bytes that are not UTF-8 appear as ``surrogateescape`` code points.
        fields: flat ECS name → value (str, int, float, bool or a list of str).
        spans: flat ECS name → ``(start, stop)`` offsets into ``original`` in code points, for values that stand there
            literally; some are looked up only when they are asked for.
        error: why the line could not be read; empty when it could.
    """

    original: str
    fields: Mapping[str, object]
    spans: Mapping[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    error: str = ""

    @classmethod
    def rejected(cls, original: str, reason: str) -> LogEvent:
        """Make the event of a line that cannot be read; the line is kept and the reason says why."""
        return cls(original, {"event.kind": PIPELINE_ERROR}, error=reason)

    def get(self, name: str, default: object = None) -> object:
        """Return the value of an ECS field, or ``default``."""
        return self.fields.get(name, default)

    def text(self, name: str) -> str:
        """Return the value of an ECS field as text, ``""`` when absent."""
        value = self.fields.get(name)
        return "" if value is None else str(value)

    def flat(self) -> dict[str, object]:
        r"""Return one flat dict of ECS names, safe to write as JSON.

        Bytes that were not UTF-8 are written out as ``\xNN`` in ``event.original``: JSON has no way to hold them.
        """
        out: dict[str, object] = {k: printable(v) if isinstance(v, str) else v for k, v in self.fields.items()}
        if self.error:
            out["error.message"] = self.error
        out["event.original"] = printable(self.original)
        return out


def printable(text: str) -> str:
    r"""Return ``text`` with undecodable bytes written as ``\xNN`` and other lone surrogates as ``\uNNNN``."""
    if text.isascii():
        return text
    return "".join(_written_out(c) if "\ud800" <= c <= "\udfff" else c for c in text)


def _written_out(surrogate: str) -> str:
    code = ord(surrogate)
    # surrogateescape maps the byte 0xNN to U+DCNN (PEP 383)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
