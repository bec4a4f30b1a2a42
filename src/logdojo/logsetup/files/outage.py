"""A time in which nothing could be written: since when, why, and how many records it has cost so far."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass

from logdojo.logsetup.fields import timestamp


@dataclass(slots=True)
class Outage:
    """What happened since the first record was dropped.

    Args:
        reason: the system's words, as in ``No space left on device``.
        began: when the first record was dropped, in seconds since the epoch.
        ended: when the last one was.
        dropped: how many there were.
    """

    reason: str
    began: float
    ended: float
    dropped: int = 0

    def add(self, seconds: float) -> None:
        """Count one more dropped record, logged at ``seconds`` since the epoch."""
        self.dropped += 1
        self.ended = seconds

    def joined(self, later: Outage) -> Outage:
        """Return this outage and a later one as one."""
        return Outage(self.reason, self.began, later.ended, self.dropped + later.dropped)

    def told(self) -> tuple[str, dict[str, object]]:
        """Return the message and the fields of the one record that reports the outage when it is over."""
        fields: dict[str, object] = {
            "event.kind": "pipeline_error",
            "event.action": "log-records-dropped",
            "event.start": timestamp(self.began),
            "event.end": timestamp(self.ended),
            "labels.dropped": self.dropped,
            "labels.reason": self.reason,
        }
        return f"{self.dropped} records dropped: {self.reason}", fields


class Complaints:
    """Tell a person on standard error that logging itself is in trouble, at most once a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def say(self, text: str, *, last: bool = False) -> None:
        """Write one line, unless there was one within the last second; never raises.

        Args:
            text: one sentence.
            last: whether this is the last chance to say it; it is then said in any case.
        """
        now = time.monotonic()
        if now < self._next and not last:
            return
        self._next = now + 1.0
        # Standard error may be closed, or stand on the very disk that is full.
        with contextlib.suppress(Exception):
            sys.stderr.write(f"logdojo: {' '.join(text.split())}\n")
            sys.stderr.flush()
