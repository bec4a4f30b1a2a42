"""Which format a line is in, by cheap signs: its first characters, then the program that wrote it, or its JSON keys.

No parser is tried: a sign decides, and the one parser it names reads the line or rejects it with a reason. A new format
is one file beside this one, and one sign here.
"""

from __future__ import annotations

import json
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from logdojo.events import LogEvent
from logdojo.parse import cloudtrail, iptables, sshd, syslog
from logdojo.parse.clock import MONTHS
from logdojo.parse.draft import Draft

JSON: Final = "json"
SYSLOG: Final = "syslog"
UNKNOWN: Final = ""
_SSHD: Final = frozenset({"sshd", "sshd-session", "sshd-auth"})


def detect(line: str) -> str:
    """Return the outer shape of a line: ``json``, ``syslog`` or ``""``."""
    first = line[0]
    if first == "{" or (first in " \t" and line.lstrip(" \t").startswith("{")):
        return JSON
    if first == "<":
        return SYSLOG if line.find(">", 2, 5) > 0 else UNKNOWN
    if line[:3] in MONTHS and line[3:4] == " ":
        return SYSLOG
    return SYSLOG if line[4:5] == "-" and line[7:8] == "-" and line[:4].isdecimal() else UNKNOWN


def read(line: str, *, now: datetime | None = None) -> LogEvent:
    """Read a line that passed the screen.

    Raises:
        ValueError: it cannot be read; the message is the reason.
    """
    shape = detect(line)
    if shape == UNKNOWN:
        raise ValueError(_why_unknown(line))
    return _SHAPES[shape](Draft(line), now)


def _read_json(draft: Draft, now: datetime | None) -> LogEvent:  # noqa: ARG001, one signature for all shapes
    try:
        document: dict[str, Any] = json.loads(draft.line)
    except RecursionError:
        raise ValueError("broken JSON: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON: {error.msg} at character {error.pos}") from None
    except ValueError as error:
        # Python refuses to read integers of more than 4,300 digits.
        raise ValueError(f"broken JSON: {error}") from None
    cloudtrail.read_record(draft, cloudtrail.unwrap(document))
    return draft.done("aws.cloudtrail")


def _read_syslog(draft: Draft, now: datetime | None) -> LogEvent:
    start = syslog.read_header(draft, now=now)
    syslog.write_message(draft, start)
    program = draft.fields.get("process.name")
    if program in _SSHD:
        sshd.read_message(draft, start)
        return draft.done("sshd")
    if program == "kernel" and iptables.is_packet(draft.line, start) and iptables.read_packet(draft, start):
        return draft.done("iptables")
    draft.says(("host",), ("info",))
    return draft.done("syslog")


def _why_unknown(line: str) -> str:
    if line.startswith("[") and line.rstrip().endswith("]"):
        return "JSON array, not an object: one event a line can be read"
    return "unknown format: neither JSON nor a syslog header with a time"


_SHAPES: Final = MappingProxyType({JSON: _read_json, SYSLOG: _read_syslog})
