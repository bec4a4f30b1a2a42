"""Raw line → LogEvent: screened, its format found, read into ECS fields.

A line that cannot be read is kept, with the reason.

screen      empty, too long, not UTF-8, control characters → rejected
detect      which format, by cheap signs
syslog      the header: time, host, program, priority
iptables    packets logged by the kernel
sshd        OpenSSH's server
cloudtrail  AWS CloudTrail records
clock, draft    times, and the event being written
places      where its values stand in the line
ocsf        an event as OCSF
"""

from __future__ import annotations

from datetime import datetime

from logdojo.events import LogEvent
from logdojo.parse.detect import read
from logdojo.parse.screen import refusal

__all__ = ["parse_line"]


def parse_line(line: str, *, now: datetime | None = None) -> LogEvent:
    """Read one raw line into one event; never raises on any text.

    Args:
        line: decoded with ``utf-8`` and ``surrogateescape``; a line end is cut off.
        now: UTC time that tells the year where the line has none; the present time if not given.

    Returns:
        The event; ``event.error`` says why the line could not be read, and ``event.original`` keeps it either way.
    """
    line = line.rstrip("\r\n")
    reason = refusal(line)
    if reason:
        return LogEvent.rejected(line, reason)
    try:
        return read(line, now=now)
    except ValueError as error:
        return LogEvent.rejected(line, str(error))
