r"""Names of users, persons and hosts where a service has a way of its own to write them.

Each idiom is a pattern, the class of each of its groups, and a literal without which it matches nothing: ``user@host``
without a domain, Dovecot's ``imap(user)``, ``DOMAIN\user``, RADIUS' ``[user/<via …``, the names around an address of
OpenVPN, strongSwan and Hadoop, a DHCP client behind its MAC address, machines in names of cloud resources, ``"Full
Name" <user@…>``.

Not covered: ``DOMAIN\user`` in small letters outside a field, and where one backslash stands before n, r or t: that may
be the escape of a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.spans import Hit

_IPV4: Final = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"


class _Idiom(NamedTuple):
    need: str
    classes: tuple[str, ...]
    pattern: re.Pattern[str]


def _idiom(need: str, classes: str, pattern: str) -> _Idiom:
    return _Idiom(need, tuple(classes.split()), re.compile(pattern))


_IDIOMS: Final = (
    _idiom("@", "user", rf"(?<![\w.%+@/-])([\w.%+-]{{1,64}})@(?={_IPV4}(?![\w.-]))"),
    _idiom("@", "user host", r"(?<![\w.%+@/-])([\w.%+-]{1,64})@([A-Za-z][\w-]{0,62})(?![\w@-]|\.\w)"),
    _idiom("@", "person", r"\"([^\"<>@\\]{2,64})\\?\" ?<(?=[^<>\s@]{1,64}@)"),
    _idiom("@", "person", r"(?<![\w.])([A-Z][\w.'-]{0,32}(?: [A-Z][\w.'-]{0,32}){1,3}) <(?=[^<>\s@]{1,64}@)"),
    _idiom(
        "(",
        "user",
        r"\b(?:pam|sql|ldap|passwd|passwd-file|static|cache|shadow|lua|checkpassword|dict|oauth2)\(([^,()\s]{1,64}),",
    ),
    _idiom("(", "user", r"\b(?:imap|pop3|lmtp|lda)\(([^,()\s]{1,64})\)"),
    _idiom(")[", "user", r"(?<=\] )([\w.@\\-]{1,128})(?=\([^()]{0,64}\)\[)"),
    _idiom(
        "\\",
        "domain user",
        r"(?<![\w\\:./-])(?!HK)([A-Z][A-Z0-9.-]{1,62})\\(?:\\|(?![nrt]))([A-Za-z_][\w.$-]{0,62})(?![\w\\/$-])",
    ),
    _idiom("] Peer ", "user", r"\[([^\[\]\s]{1,128})\] Peer Connection"),
    _idiom("openvpn", "user", rf"(?<![\w./])([A-Za-z_][\w.@-]{{0,127}})/(?={_IPV4}:\d{{1,5}} )"),
    _idiom(
        "/",
        "host",
        rf"(?<![\w./:-])(?!(?:tcp|udp|https?|inside|outside|dmz)/)([A-Za-z_][\w.-]{{0,127}})/(?={_IPV4}:\d)",
    ),
    _idiom("/<via", "user", r"\[([^\[\]/\s]{1,128})/<via"),
    _idiom("]: ", "user", r"(?<=\d\dZ \[)([A-Za-z_][\w.@\\-]{0,127})(?=\]: Login)"),
    _idiom("[", "user", rf"{_IPV4}\[([A-Za-z_][^\[\]\s]{{0,127}})\]"),
    _idiom(" via ", "host", r"[0-9A-Fa-f]{2} \(([A-Za-z][\w.-]{0,254})\) via "),
    _idiom(" client ", "host", r"\(from client ([\w.-]{1,255}) port \d"),
    _idiom(" host ", "host", r"\b(?:on|from|to|at|of) host ([A-Za-z][\w.-]{0,254})(?<=[\w])"),
    _idiom("[", "host", rf"(?<![\w./-])(?!unknown\[)([A-Za-z][\w.-]{{0,254}})\[(?={_IPV4}\])"),
    _idiom(" from ", "host", r"user \S{1,128} from ([A-Za-z][\w.-]{0,254})(?= port \d|\Z)"),
    _idiom("orkstation ", "host", r"orkstation (?:name )?\[?([A-Za-z][\w.-]{0,254})"),
    _idiom("/virtualMachines/", "host", r"/(?i:microsoft)\.Compute/virtualMachines/([\w.-]{1,64})"),
    _idiom("PROVIDERS/", "host", r"PROVIDERS/MICROSOFT\.COMPUTE/VIRTUALMACHINES/([\w.-]{1,64})"),
    _idiom("/instances/", "host", r"/zones/[a-z0-9-]{1,32}/instances/([a-z][a-z0-9-]{0,62})(?![\w.])"),
    _idiom("[Sent-to ", "host", r"\[Sent-to ([^\]\s]{1,255})\]"),
    _idiom("ccessed URL", "host", r"\bAccessed URL ([A-Za-z][\w.-]{0,254}):"),
)
NEEDS: Final = tuple(sorted({idiom.need for idiom in _IDIOMS}))
ANCHOR: Final = superset(*(idiom.pattern for idiom in _IDIOMS))


def idioms(text: str) -> Iterator[Hit]:
    """Find names that a service writes in its own way."""
    for need, classes, pattern in _IDIOMS:
        if need in text:
            for match in pattern.finditer(text):
                yield from (Hit(*match.span(at), kind) for at, kind in enumerate(classes, 1))
