"""Messages out of a stream of bytes, as syslog is sent over TCP (RFC 6587), both ways.

62 <34>1 2026-11-24T10:00:00Z web-1 sshd 4721 - - Failed …      counted: length, space, message
<34>Nov 24 10:00:00 web-1 sshd[4721]: Failed …⏎                 ended by a line feed, or a NUL
"""

from __future__ import annotations

import re
from typing import Final

_COUNT: Final = re.compile(rb"([1-9]\d{0,8}) ")
_MAYBE_COUNT: Final = re.compile(rb"[1-9]\d{0,8}", re.ASCII)
_END: Final = re.compile(rb"[\n\0]")


class Deframer:
    """Cut one connection's bytes into messages; its memory is bounded, whatever is sent.

    Args:
        max_bytes: a longer message is cut just past it, so that parsing rejects it as too long; its rest is skipped.
    """

    def __init__(self, max_bytes: int) -> None:
        self._keep = max_bytes + 1
        self._have = bytearray()
        self._skip_count = 0
        self._skip_line = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete now, without the empty ones."""
        self._have += data
        messages: list[bytes] = []
        at = 0
        while (found := self._next(at)) is not None:
            message, at = found
            message = message.rstrip(b"\r\n")
            if message:
                messages.append(message)
        del self._have[:at]
        return messages

    def finish(self) -> list[bytes]:
        """Return what was sent before the connection ended without a line end."""
        rest = bytes(self._have)
        self._have.clear()
        if self._skip_count or self._skip_line:
            return []
        counted = _COUNT.match(rest)
        rest = (rest[counted.end() :] if counted else rest).rstrip(b"\r\n")
        return [rest[: self._keep]] if rest else []

    def _next(self, at: int) -> tuple[bytes, int] | None:
        """Return the message at ``at`` and where the next one begins; an empty one where there was only a rest."""
        have = self._have
        if at >= len(have):
            return None
        if self._skip_count:
            step = min(self._skip_count, len(have) - at)
            self._skip_count -= step
            return b"", at + step
        if self._skip_line:
            end = _END.search(have, at)
            self._skip_line = end is None
            return b"", end.end() if end else len(have)
        counted = _COUNT.match(have, at)
        if counted is not None:
            return self._counted(int(counted[1]), counted.end())
        if _MAYBE_COUNT.fullmatch(have, at):
            return None
        end = _END.search(have, at)
        if end is not None:
            return bytes(have[at : min(end.start(), at + self._keep)]), end.end()
        if len(have) - at >= self._keep:
            self._skip_line = True
            return bytes(have[at : at + self._keep]), len(have)
        return None

    def _counted(self, count: int, begin: int) -> tuple[bytes, int] | None:
        keep = min(count, self._keep)
        if len(self._have) - begin < keep:
            return None
        self._skip_count = count - keep
        return bytes(self._have[begin : begin + keep]), begin + keep
