"""The event being written while a line is read: its fields, and where each stands in the line."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

import msgspec

from logdojo.events import LogEvent
from logdojo.parse.places import Found, Places

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)", re.ASCII)
_MAPPED = "::ffff:"


# A structure of msgspec: a line's time is counted in microseconds, and a class in Python takes twice as long to make.
class Draft(msgspec.Struct):
    """What has been read from ``line`` so far.

    Args:
        line: the raw line.
        fields: flat ECS name → value.
        spans: flat ECS name → ``(start, stop)`` in code points, such that ``line[start:stop] == str(value)``.
        found: matches in which more spans are found once somebody asks for them (see ``places``).
    """

    line: str
    fields: dict[str, object] = msgspec.field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    found: Found = ()

    def text(self, name: str, span: tuple[int, int]) -> None:
        """Write the text at ``span`` as a field; an empty or absent group, ``(-1, -1)``, is left out."""
        start, stop = span
        if start < stop:
            self.fields[name] = self.line[start:stop]
            self.spans[name] = span

    def number(self, name: str, span: tuple[int, int]) -> None:
        """Write the digits at ``span`` as a number; zeros before it cost it its span."""
        start, stop = span
        if start < stop:
            digits = self.line[start:stop]
            value = self.fields[name] = int(digits)
            if str(value) == digits:
                self.spans[name] = span

    def address(self, side: str, span: tuple[int, int]) -> None:
        """Write the text at ``span`` as ``side.ip`` if it is an IP address, else as ``side.address`` (a name).

        An IPv4 address in its IPv6 spelling, ``::ffff:192.0.2.1``, is written as IPv4.
        """
        start, stop = span
        if self.line.startswith(_MAPPED, start, stop) and "." in self.line[start:stop]:
            start += len(_MAPPED)
        kind = "ip" if is_ip(self.line[start:stop]) else "address"
        self.text(f"{side}.{kind}", (start, stop))

    def says(self, category: Sequence[str], kind: Sequence[str], action: str = "", outcome: str = "") -> None:
        """Write what the event means, in ``event.category``, ``.type``, ``.action``, ``.outcome``; "" is left out."""
        fields = self.fields
        fields["event.category"] = list(category)
        if kind:
            fields["event.type"] = list(kind)
        if action:
            fields["event.action"] = action
        if outcome:
            fields["event.outcome"] = outcome

    def done(self, dataset: str) -> LogEvent:
        """Return the finished event of a data set."""
        fields = self.fields
        if "event.kind" not in fields:
            fields["event.kind"] = "event"
        fields["event.dataset"] = dataset
        return LogEvent(self.line, fields, Places(self.line, fields, self.found, self.spans))


def is_ip(text: str) -> bool:
    """Say whether ``text`` is an IPv4 or IPv6 address; an IPv6 zone (``%eth0``) is no part of one."""
    if ":" not in text:
        return _IPV4.fullmatch(text) is not None
    try:
        socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True
