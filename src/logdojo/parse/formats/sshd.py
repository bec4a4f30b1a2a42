"""OpenSSH's server: the message's beginning chooses its kind, and the kind's one expression reads it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.sshd_kinds import KINDS, Kind

_PREAUTH: Final = " [preauth]"
# The alternation's branches stand in order of length, so that the first that fits is the longest.
_BEGINNING: Final = re.compile("|".join(re.escape(b) for b in sorted(KINDS, key=len, reverse=True)))
# The server's own buffer holds 1,024 bytes (log.c); what is longer was not written by it.
_LONGEST: Final = 4_096
_LEVEL: Final = re.compile(r"(?P<level>error|fatal): ")
_REPEATED: Final = re.compile(r"message repeated (?P<count>\d{1,6}) times: \[ ?(?P<inner>.*)\]", re.ASCII)
_SOMEWHERE: Final = re.compile(
    r"\b(?:from|by|for|with) (?P<ip>[\d.]{7,15}|[0-9a-fA-F:.]{3,45})(?: port (?P<port>\d{1,5}))?", re.ASCII
)


def read_message(draft: Draft, start: int) -> None:
    """Read the message of sshd at ``draft.line[start:]`` into the draft.

    A message of no known kind still gets ``source.ip`` if it names one the usual way.
    """
    line, stop = draft.line, len(draft.line)
    if repeated := _REPEATED.fullmatch(line, start):
        draft.fields["logdojo.repeated"] = int(repeated["count"])
        start, stop = repeated.span("inner")
    if level := _LEVEL.match(line, start, stop):
        draft.fields["log.level"] = level["level"]
        start = level.end()
    while stop > start and line[stop - 1] == " ":
        stop -= 1
    if line.endswith(_PREAUTH, start, stop):
        draft.fields["sshd.preauth"] = True
        stop -= len(_PREAUTH)
    beginning = _BEGINNING.match(line, start, stop)
    if beginning is not None and stop - start <= _LONGEST:
        kind = KINDS[beginning.group()]
        if found := kind.pattern.fullmatch(line, start, stop):
            _write(draft, kind, found)
            return
    draft.says(("authentication",), ("info",))
    if somewhere := _SOMEWHERE.search(line, start, stop):
        draft.address("source", somewhere.span("ip"))
        draft.number("source.port", somewhere.span("port"))


def _write(draft: Draft, kind: Kind, found: re.Match[str]) -> None:
    line, fields, spans = draft.line, draft.fields, draft.spans
    fields["event.category"], fields["event.type"] = list(kind.category), list(kind.kind)
    fields["event.action"] = kind.action
    if kind.outcome:
        fields["event.outcome"] = kind.outcome
    for name, group in kind.texts:
        start, stop = span = found.span(group)
        if start < stop:
            fields[name] = line[start:stop]
            spans[name] = span
    groups = kind.groups
    if "ip" in groups and found["ip"]:
        side = "destination" if kind.action == "listening" else "source"
        draft.address(side, found.span("ip"))
        if "port" in groups:
            draft.number(f"{side}.port", found.span("port"))
    if "invalid" in groups and found["invalid"]:
        fields["sshd.invalid_user"] = True
    if not kind.outcome and "user" in groups and found["user"] and "sshd.preauth" in fields:
        # The client left, or was sent away, before it had shown who it is.
        fields["event.outcome"] = "failure"
    if "count" in groups:
        fields["logdojo.repeated"] = int(found["count"])


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    read_message(draft, start)
    return True


FORMATS: Final = (
    Format(
        "sshd",
        Signs(programs=("sshd", "sshd-session", "sshd-auth")),
        read_text=_read,
        doc="https://github.com/openssh/openssh-portable",
    ),
)
