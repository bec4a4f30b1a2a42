"""What both readers of CloudTrail records share: times, meanings, and documents flattened to dotted paths.

CloudTrail writes many records, so this is written for speed: no call where a test of the class will do, and what recurs
is remembered.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from logdojo.events import printable
from logdojo.parse.clock import utc_of_iso
from logdojo.parse.draft import is_ip

PREFIX: Final = "aws.cloudtrail"
_MAX_DEPTH: Final = 6
_MAX_FIELDS: Final = 48
_MAX_ITEMS: Final = 16
_MAX_TEXT: Final = 2_048
_MAX_INT: Final = 2**63
MAX_KEY: Final = 128
_LONGEST_IP: Final = 45
_SECONDS: Final = len("2025-04-11T15:24:00Z")

_CATEGORY: Final = MappingProxyType(
    {
        "iam.amazonaws.com": ("iam",),
        "sso.amazonaws.com": ("iam",),
        "sts.amazonaws.com": ("iam", "authentication"),
        "signin.amazonaws.com": ("authentication",),
        "cloudtrail.amazonaws.com": ("configuration",),
        "config.amazonaws.com": ("configuration",),
        "guardduty.amazonaws.com": ("configuration",),
        "organizations.amazonaws.com": ("configuration",),
        "s3.amazonaws.com": ("file",),
        "rds.amazonaws.com": ("database",),
        "dynamodb.amazonaws.com": ("database",),
        "ec2.amazonaws.com": ("host",),
    }
)
_TYPE: Final = (
    (
        ("Get", "List", "Describe", "Head", "Lookup", "Select", "Query", "Scan", "Search", "BatchGet", "Decrypt"),
        "access",
    ),
    (("Create", "Run", "Allocate", "Register", "Generate", "Import", "Issue", "Request"), "creation"),
    (("Delete", "Remove", "Terminate", "Deregister", "Release", "Revoke"), "deletion"),
    (("ConsoleLogin", "AssumeRole", "Start", "Login", "Credential", "Federate"), "start"),
    (("Stop",), "end"),
)
NESTED: Final = (
    (f"{PREFIX}.request_parameters", "requestParameters"),
    (f"{PREFIX}.additional_event_data", "additionalEventData"),
)
MFA: Final = f"{PREFIX}.user_identity.mfa_authenticated"
SESSION_NAME: Final = f"{PREFIX}.user_identity.role_session_name"


@lru_cache(maxsize=4_096)
def utc(when: str) -> str:
    """Return an event's time in UTC; as it stands where it is written as CloudTrail writes it, which costs least."""
    if len(when) == _SECONDS and when[4] == "-" and when[10] == "T" and when[13] == ":" and when[19] == "Z":
        try:
            datetime.fromisoformat(when)
        except ValueError:
            pass
        else:
            return when
    return utc_of_iso(printable(when))[0]


@lru_cache(maxsize=4_096)
def meaning(source: str, action: str, read_only: bool) -> tuple[tuple[str, ...], str]:
    """Return category and type of an action; an account's services use some hundreds of them."""
    category = ("api", *_CATEGORY.get(source, ()))
    for beginnings, kind in _TYPE:
        if action.startswith(beginnings):
            return category, kind
    return category, "access" if read_only else "change"


def is_address(text: str) -> bool:
    """Say whether a text is an IP address; most of a trail come again and again."""
    return len(text) <= _LONGEST_IP and _is_short_address(text)


@lru_cache(maxsize=4_096)
def _is_short_address(text: str) -> bool:
    return is_ip(text)


def tidy(fields: dict[str, object], line: str) -> None:
    """Cut texts that are too long, and write out lone surrogates."""
    # In a short line of ASCII no text is too long, and without an escape none holds what cannot be written.
    if len(line) <= _MAX_TEXT and line.isascii() and "\\u" not in line:
        return
    for name, value in fields.items():
        if value.__class__ is str and (len(str(value)) > _MAX_TEXT or not str(value).isascii()):
            fields[name] = printable(str(value)[:_MAX_TEXT])


def number(value: Any) -> str | int | float | bool | None:
    """Return a JSON scalar that is no text as a field can hold it: numbers that can be written, truth, or nothing."""
    if value.__class__ is int:
        return value if -_MAX_INT <= value < _MAX_INT else str(value)[:_MAX_TEXT]
    if value.__class__ is float:
        return value if math.isfinite(value) else str(value)
    return value if value.__class__ is bool else None


def _item(value: Any) -> str:
    """Return a scalar in a list as text."""
    return printable(value[:_MAX_TEXT]) if value.__class__ is str else str(number(value))


def write_nested(fields: dict[str, object], node: Any, path: str) -> None:
    """Write what lies under a node as dotted paths and values, up to a bounded depth and count."""
    if _flatten(fields, node, path, 0, _MAX_FIELDS) < 0:
        fields["logdojo.truncated"] = True


def _flatten(fields: dict[str, object], node: Any, path: str, depth: int, room: int) -> int:
    """Write what lies under a node as dotted paths and values; lists of scalars stay one value.

    Returns:
        How many fields more may be written; below 0 when some had to be left out.
    """
    kind = node.__class__
    if kind is str:
        if not node:
            return room
        if room > 0:
            fields[path] = node
        return room - 1
    if kind is dict:
        if depth < _MAX_DEPTH:
            for key, child in node.items():
                if room < 0:
                    break
                short = key if len(key) <= MAX_KEY and key.isascii() else printable(key[:MAX_KEY])
                if room > 0 and child.__class__ is str:
                    if child:
                        fields[f"{path}.{short}"] = child
                        room -= 1
                else:
                    room = _flatten(fields, child, f"{path}.{short}", depth + 1, room)
        return room
    if kind is list:
        return _flatten_list(fields, node[:_MAX_ITEMS], path, depth, room)
    if node is None:
        return room
    if room > 0:
        fields[path] = number(node)
    return room - 1


def _flatten_list(fields: dict[str, object], items: list[Any], path: str, depth: int, room: int) -> int:
    if not items:
        return room
    if not any(child.__class__ is dict or child.__class__ is list for child in items):
        if room > 0:
            fields[path] = [_item(child) for child in items]
        return room - 1
    if depth < _MAX_DEPTH:
        for place, child in enumerate(items):
            if room < 0:
                break
            room = _flatten(fields, child, f"{path}.{place}", depth + 1, room)
    return room
