"""What the parser of a format knows about places: formats where no name stands beside a value.

Most lines are not shown to the parser: their names, headers and phrases tell enough. It is asked where a cheap sign
says that the line is of a format with places of its own: messages of Cisco's devices, packet filters, mail, VPN and
name servers, proxies, databases, Zeek's tables, su and cron.

Covered: every field whose value the parser has found literally in the line. Not covered: fields that it has put
together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.policy import Policy
from logdojo.anonymize.spans import Hit
from logdojo.parse import parse_line

_SIGNS: Final = (
    *("filterlog", " pf: ", " IP ", " IP6 ", "TCP_", "UDP_", "HIER_", "W3SVC", "haproxy[", "squid", "AH0", ".cgi "),
    *("charon", "ipsec[", "openvpn", "dovecot", "exim", "authenticator failed", " H=", "postfix/", "amavis", "vsftpd"),
    *("dropbear[", "pkexec[", "CROND[", "crontab[", "su: ", "su[", "usermod[", "useradd[", "userdel[", "audit("),
    *("asterisk", "pvedaemon", "named[", "FATAL:", "TRAFFIC,", "THREAT,", "GLOBALPROTECT,", "USERID,", "SYSTEM,"),
    *("CONFIG,", "id=firewall", " eni-"),
)
SIGNS: Final = ("%", "\t", *_SIGNS)
"""One of them stands in each line in which ``known`` finds something."""
_CISCO: Final = re.compile(r"%[A-Z][A-Z0-9_]{1,31}-(?:[A-Z0-9_]{1,32}-)?\d-[A-Za-z0-9_]{2,64}:")
_LEAST_TABS: Final = 8
_SHORTEST: Final = 2
_NOT_TOLD: Final = frozenset({"", "text", "keep"})


def known(line: str, policy: Policy) -> Iterator[Hit]:
    """Yield the sensitive values whose places a parser has told."""
    if not _has_places(line):
        return
    for name, (start, stop) in parse_line(line).spans.items():
        class_name = policy.class_of(name)
        if class_name not in _NOT_TOLD and stop - start >= _SHORTEST:
            yield Hit(start, stop, class_name)


def _has_places(line: str) -> bool:
    if line.startswith(("{", "[{")):
        return False
    return (
        any(sign in line for sign in _SIGNS)
        or ("%" in line and _CISCO.search(line) is not None)
        or line.count("\t") >= _LEAST_TABS
    )
