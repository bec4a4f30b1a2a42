"""The kinds of message that OpenSSH's server writes: one anchored expression each, and what it means.

User names are what a stranger typed: they may hold spaces and even `` from 192.0.2.9 port 22``. The server writes the
true address last, so each expression takes the longest user name that leaves a whole ending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_FROM = r"(?P<ip>[^\s,\[\]()]\S{0,253}?)(?: port (?P<port>\d{1,5}))?"
_WHO = r"(?:(?:(?P<invalid>invalid|illegal) |authenticating )?user (?P<user>.{0,512}) (?=\S+ port \d+(?:$|: )))?"
_AUTH: Final = ("authentication",)
_SESSION: Final = ("authentication", "session")
_LINK: Final = ("network",)
_FIELDS: Final = (
    ("user", "user.name"),
    ("domain", "source.domain"),
    ("method", "sshd.method"),
    ("reason", "event.reason"),
    ("for", "user.name"),
)
_CONFIG: Final = ("configuration",)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its expression, and what it means in ECS words.

    Args:
        pattern: groups ``user``, ``ip``, ``port``, ``method``, ``reason``, ``invalid``, each optional.
        action: ``event.action``.
        category: ``event.category``.
        kind: ``event.type``.
        outcome: ``event.outcome``, or ``""``.
        groups: names of the expression's groups.
        texts: ECS name and number of each group that is written as it stands.
    """

    pattern: re.Pattern[str]
    action: str
    category: tuple[str, ...]
    kind: tuple[str, ...]
    outcome: str

    groups: frozenset[str]
    texts: tuple[tuple[str, int], ...]


def _kind(pattern: str, action: str, category: tuple[str, ...], kind: str, outcome: str = "") -> Kind:
    compiled = re.compile(pattern, re.ASCII)
    index = compiled.groupindex
    texts = tuple((name, index[group]) for group, name in _FIELDS if group in index)
    return Kind(compiled, action, category, (kind,), outcome, frozenset(index), texts)


_PAM_FAILURE = _kind(
    r"(?:pam_\w{1,16}\(sshd?:auth\): )?authentication failure; logname=.{0,256}? uid=\d* euid=\d* tty=\S*"
    r" ruser=.{0,256}? rhost=(?P<ip>\S{0,254})(?: {1,2}user=(?P<user>.{0,512}))?",
    "pam_auth_failure",
    _AUTH,
    "start",
    "failure",
)
_PAM_CHECK = _kind(
    r"(?:pam_\w{1,16}\(sshd?:auth\): )?check pass; user unknown", "pam_unknown_user", _AUTH, "info", "failure"
)
_PAM_OPENED = _kind(
    r"(?:pam_\w{1,16}\(sshd?:session\): )?session opened for (?:local )?user (?P<user>.{1,512}?)(?:\(uid=\d+\))?"
    r" by .{0,512}",
    "session_opened",
    _SESSION,
    "start",
    "success",
)
_PAM_CLOSED = _kind(
    r"(?:pam_\w{1,16}\(sshd?:session\): )?session closed for (?:local )?user (?P<user>.{1,512})",
    "session_closed",
    _SESSION,
    "end",
    "success",
)

# How a message begins → its kind. The longest beginning wins; it ends where the part that varies starts.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "Failed": _kind(
            r"Failed (?P<method>\S{1,64}) for (?:(?P<invalid>invalid|illegal) user )?(?P<user>.{0,512}) from "
            + _FROM
            + r"(?: ssh\d?)?(?:: (?P<reason>.*))?",
            "ssh_login",
            _AUTH,
            "start",
            "failure",
        ),
        "Accepted": _kind(
            r"Accepted (?P<method>\S{1,64}) for (?P<user>.{0,512}) from " + _FROM + r"(?: ssh\d?)?(?:: .*)?",
            "ssh_login",
            _AUTH,
            "start",
            "success",
        ),
        "Postponed": _kind(
            r"Postponed (?P<method>\S{1,64}) for (?:(?P<invalid>invalid|illegal) user )?(?P<user>.{0,512}) from "
            + _FROM
            + r"(?: ssh\d?)?",
            "login_postponed",
            _AUTH,
            "info",
            "unknown",
        ),
        "Invalid user": _kind(
            r"(?P<invalid>Invalid) user (?P<user>.{0,512}) from " + _FROM,
            "invalid_user",
            _AUTH,
            "start",
            "failure",
        ),
        "Illegal user": _kind(
            r"(?P<invalid>Illegal) user (?P<user>.{0,512}) from " + _FROM,
            "invalid_user",
            _AUTH,
            "start",
            "failure",
        ),
        "input_userauth_request:": _kind(
            r"input_userauth_request: (?P<invalid>invalid|illegal) user (?P<user>.{0,512})",
            "invalid_user",
            _AUTH,
            "start",
            "failure",
        ),
        "User": _kind(
            r"User (?P<user>.{0,512}) from (?P<ip>\S{1,254}) not allowed because (?P<reason>.*)",
            "user_not_allowed",
            _AUTH,
            "start",
            "failure",
        ),
        "ROOT LOGIN REFUSED": _kind(
            r"ROOT LOGIN REFUSED FROM " + _FROM, "root_login_refused", _AUTH, "start", "failure"
        ),
        "Connection closed": _kind(r"Connection closed by " + _WHO + _FROM, "connection_closed", _LINK, "end"),
        "Connection reset": _kind(r"Connection reset by " + _WHO + _FROM, "connection_reset", _LINK, "end"),
        "Connection from": _kind(
            r"Connection from " + _FROM + r"(?: on \S{1,254} port \d{1,5}(?: rdomain .{0,64})?)?",
            "connection_opened",
            _LINK,
            "start",
        ),
        "ssh_dispatch_run_fatal:": _kind(
            r"ssh_dispatch_run_fatal: Connection from " + _WHO + _FROM + r": (?P<reason>.*)",
            "protocol_error",
            _LINK,
            "error",
            "failure",
        ),
        "Disconnected": _kind(r"Disconnected from " + _WHO + _FROM, "disconnected", _LINK, "end"),
        "Disconnecting": _kind(
            r"Disconnecting:? (?:" + _WHO + _FROM + r": )?(?P<reason>[^\[]{0,512}?)(?: for (?P<for>.{0,512}))?",
            "disconnecting",
            _LINK,
            "end",
        ),
        "Received disconnect": _kind(
            r"Received disconnect from " + _FROM + r": ?\d{1,3}: ?(?P<reason>.*)",
            "received_disconnect",
            _LINK,
            "end",
        ),
        "Did not receive": _kind(
            r"Did not receive identification string from " + _FROM,
            "no_identification",
            _LINK,
            "error",
            "failure",
        ),
        "Bad protocol": _kind(
            r"Bad protocol version identification (?P<reason>.*) from " + _FROM,
            "bad_protocol",
            _LINK,
            "error",
            "failure",
        ),
        "kex_exchange_identification:": _kind(
            r"kex_exchange_identification: (?P<reason>.*)", "bad_protocol", _LINK, "error", "failure"
        ),
        "banner exchange:": _kind(
            r"banner exchange: Connection from " + _FROM + r": (?P<reason>.*)",
            "bad_protocol",
            _LINK,
            "error",
            "failure",
        ),
        "Protocol major": _kind(
            r"Protocol major versions differ for " + _FROM + r": (?P<reason>.*)",
            "bad_protocol",
            _LINK,
            "error",
            "failure",
        ),
        "Unable to": _kind(
            r"Unable to negotiate with " + _FROM + r": (?P<reason>.*)",
            "no_common_method",
            _LINK,
            "error",
            "failure",
        ),
        "Timeout before": _kind(
            r"Timeout before authentication for (?:connection from )?" + _FROM + r"(?: to \S+)?(?:, .*)?",
            "auth_timeout",
            _AUTH,
            "end",
            "failure",
        ),
        "maximum authentication": _kind(
            r"maximum authentication attempts exceeded for (?:(?P<invalid>invalid|illegal) user )?"
            r"(?P<user>.{0,512}) from " + _FROM + r"(?: ssh\d?)?",
            "max_attempts",
            _AUTH,
            "end",
            "failure",
        ),
        "reverse mapping": _kind(
            r"reverse mapping checking getaddrinfo for (?P<domain>\S{1,254}) \[(?P<ip>[^\s\]]{2,45})\] failed.*",
            "reverse_mapping_failed",
            _LINK,
            "info",
        ),
        "Address": _kind(
            r"Address (?P<ip>\S{2,45}) maps to (?P<domain>\S{1,254}), but this does not map back to the address.*",
            "reverse_mapping_failed",
            _LINK,
            "info",
        ),
        "refused connect": _kind(
            r"refused connect from .{0,512}\((?P<ip>[^\s()]{2,52})\)",
            "connection_refused",
            _LINK,
            "denied",
            "failure",
        ),
        "PAM": _kind(
            r"PAM (?P<count>\d{1,6}) more authentication failures?; logname=.{0,256}? uid=\d* euid=\d* tty=\S*"
            r" ruser=.{0,256}? rhost=(?P<ip>\S{0,254})(?: {1,2}user=(?P<user>.{0,512}))?",
            "pam_auth_failure",
            _AUTH,
            "start",
            "failure",
        ),
        "PAM:": _kind(
            r"PAM: (?P<reason>[^:]{1,128}?) for (?:(?P<invalid>illegal|invalid) user )?(?P<user>.{0,512}) from "
            + _FROM
            + " *",
            "pam_auth_failure",
            _AUTH,
            "start",
            "failure",
        ),
        "PAM service": _kind(
            r"PAM service\(sshd\) ignoring max retries; .*", "pam_max_retries", _AUTH, "info", "failure"
        ),
        "Write failed": _kind(r"(?P<reason>Write failed: .*)", "write_failed", _LINK, "error", "failure"),
        "Server listening": _kind(
            r"Server listening on (?P<ip>\S+) port (?P<port>\d{1,5})\.", "listening", _CONFIG, "start"
        ),
        "Starting session:": _kind(
            r"Starting session: (?P<reason>.{0,512}?) for (?P<user>.{1,512}) from " + _FROM + r"(?: id \d+)?",
            "session_started",
            _SESSION,
            "start",
            "success",
        ),
        "Close session:": _kind(
            r"Close session: user (?P<user>.{1,512}) from " + _FROM + r"(?: id \d+)?",
            "session_closed",
            _SESSION,
            "end",
            "success",
        ),
        "subsystem request": _kind(
            r"subsystem request for (?P<reason>\S{1,64})(?: by user (?P<user>.{1,512}?))?(?:, .*)?",
            "subsystem",
            _SESSION,
            "info",
        ),
        "Magic value": _kind(r"Magic value check failed .* from " + _FROM, "bad_protocol", _LINK, "error", "failure"),
        "pam_unix(sshd:auth): authentication": _PAM_FAILURE,
        "pam_sss(sshd:auth): authentication": _PAM_FAILURE,
        "authentication failure;": _PAM_FAILURE,
        "pam_unix(sshd:auth): check": _PAM_CHECK,
        "check pass;": _PAM_CHECK,
        "pam_unix(sshd:session): session opened": _PAM_OPENED,
        "session opened": _PAM_OPENED,
        "pam_unix(sshd:session): session closed": _PAM_CLOSED,
        "session closed": _PAM_CLOSED,
    }
)
