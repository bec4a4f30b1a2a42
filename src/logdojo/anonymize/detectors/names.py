"""Names of users and hosts in free text: no form tells them, the words around them do.

Covered: the host in a syslog header (RFC 3164, RFC 5424, ISO or DB2 time in front), the user field of web access
logs, and the phrases of sshd, sudo, su, PAM, cron, useradd, FTP, mail, database and web logins (``Failed password for
invalid user X from``, ``session opened for user X``, ``user "X"``, ``USER=X``).
Not covered: a name in prose without such words around it, unless the same line told it elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.spans import Hit

_HEADER: Final = re.compile(
    r"(?:<\d{1,3}>(?:1 )?)?"
    r"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) "
    r"(?!(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL|NOTICE|CRITICAL|SEVERE)\b)"
    r"([A-Za-z0-9_.:-]{1,255}) (?=[\w./()-]{1,128}(?:\[[\w.-]{1,32}\])?:? |[\w./-]{1,128}:)"
)
_PLAIN_HEADER: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ -]\d\d[:.]\d\d[:.]\d\d(?:[.,]\d{1,9})? "
    r"([A-Za-z0-9_.-]{1,255}) [\w./-]{1,128}\[\d{1,8}\]: "
)
_ACCESS: Final = re.compile(r"(?:\S{1,255} )?\S{1,60} [^\s\[\]]{1,64} ([^\s\[\]\"]{1,128}) \[\d\d/[A-Z][a-z]{2}/\d{4}:")
_SSHD: Final = re.compile(
    r"(?:(?<=nvalid user )|(?<=llegal user ))(.{1,256}?)"
    r"(?: from (?!.{1,256} from )\S{1,64}(?: port \d{1,5})?(?: ssh\d)?(?: \[preauth\])?| \[preauth\])$"
)
_NAME: Final = r"([^\s\"'<>()\[\]{},;:=]{1,128})"
_PHRASES: Final = re.compile(
    r"(?:[Ii]nvalid user|[Ii]llegal user|for user|by user|as user|of user|to user|authenticating user|from user"
    r"|[Dd]isconnected from user|new user|unknown user|no such user|target user|remote user|local user"
    r"|password (?:changed )?for|publickey for|keyboard-interactive/pam for|\bnone for|hostbased for"
    r"|attempts exceeded for(?: invalid user)?|LOGIN FROM|LOGIN ON \S{1,16} BY|FAILED su for|user account"
    rf"|[Uu]ser(?= \S{{1,64}} (?:from|logged|\(\d|not |has |is |was |does|failed|authenticated|signed)))"
    rf" {{1,2}}(?!(?:invalid|illegal|user) ){_NAME}"
)
_QUOTED: Final = re.compile(
    r"(?:[Uu]ser(?:[Nn]ame)?|USER|[Aa]ccount|[Ll]ogin|using|uname|attempt for|[Ll]ogin for|[Ll]ogin as)"
    r"(?: input| name| id)?(?:: ?|=| )"
    r"(?:\\?\"([^\"\\]{1,128})\\?\"|'([^']{1,128})'|`([^`']{1,128})['`]"
    r"|\[(?!preauth\])([^\[\]\s]{1,128})\]|<([^<>\s]{1,128})>|\(([^()\s]{1,128})\))"
)
_BRACKETED: Final = re.compile(r"\]\\\[([^\[\]]{1,128})\]|\[pid \d{1,8}\] \[([^\[\]]{1,128})\]")
_SU: Final = re.compile(
    r"\(to ([^\s()]{1,64})\) ([^\s()]{1,64}) on |\bby ([^\s()]{1,64})\(uid="
    r"|\bsu: ([^\s()]{1,64}) to ([^\s()]{1,64}) on "
)
_SUDO: Final = re.compile(r"sudo(?:\[\d{1,8}\])?: {1,12}([^\s:]{1,64}) : ")
_CRON: Final = re.compile(r"\bCRON\[\d{1,8}\]: \(([^\s()]{1,64})\) |\bcrond?\[\d{1,8}\]: \(([^\s()]{1,64})\) ")
_GENERIC: Final = re.compile(
    r"(?:[Aa]uthentication (?:failed|request) for|[Ll]ogin failed for|[Ff]ailed login for|Accepted \S{1,32} for) \[?"
    + _NAME
)

_BEFORE: Final = re.compile(r"(?<!\S)(\S{1,128}) \S{2,45} failed to log ?in")

TRIGGERS: Final = ("ser", "SER", " for ", "ccount", "ogin", "using ")


MARKED_ANCHOR: Final = r"(?:nvalid|llegal) user |" + superset(_QUOTED)
ACCESS_ANCHOR: Final = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:"
BRACKETED_ANCHOR: Final = superset(_BRACKETED)
USERS_ANCHOR: Final = superset(_PHRASES, _GENERIC, _SUDO, _SU, _CRON) + "|failed to log"
"""What stands in every text in which the functions below find something."""


def header_host(line: str) -> Iterator[Hit]:
    """Find the host in the syslog header that a line begins with."""
    match = _HEADER.match(line) or _PLAIN_HEADER.match(line)
    if match is not None and match[1] != "-":
        yield Hit(*match.span(1), "host")


def access_user(line: str) -> Iterator[Hit]:
    """Find the user in a line of a web server's access log."""
    if " [" in line[:600]:
        match = _ACCESS.match(line)
        if match is not None:
            yield Hit(*match.span(1), "user")


def marked_users(text: str) -> Iterator[Hit]:
    """Find names that stand in quotes or brackets behind a word such as ``user``, or where sshd puts its names.

    There no word is too common to be a name.
    """
    if "user " in text:
        # sshd quotes nothing: the name is all that stands before the last " from ", spaces included.
        for match in _SSHD.finditer(text):
            yield Hit(*match.span(1), "user")
    if any(trigger in text for trigger in TRIGGERS):
        for match in _QUOTED.finditer(text):
            yield Hit(*match.span(match.lastindex or 0), "user")


def bracketed_users(text: str) -> Iterator[Hit]:
    r"""Find names of users in brackets: ``[DOMAIN]\[user]`` of Samba, ``[pid 7] [user]`` of vsftpd."""
    if "]\\[" in text or "[pid " in text:
        for match in _BRACKETED.finditer(text):
            yield Hit(*match.span(match.lastindex or 0), "user")


def users(text: str) -> Iterator[Hit]:
    """Find names of users by the words around them; the next word of a sentence may be taken for one."""
    if any(trigger in text for trigger in TRIGGERS):
        for pattern in (_PHRASES, _GENERIC):
            for match in pattern.finditer(text):
                yield Hit(*match.span(match.lastindex or 0), "user")
    if " failed to log" in text:
        for match in _BEFORE.finditer(text):
            yield Hit(*match.span(1), "user")
    if "sudo" in text:
        for match in _SUDO.finditer(text):
            yield Hit(*match.span(1), "user")
    if "(uid=" in text or " on " in text:
        for match in _SU.finditer(text):
            yield from (Hit(*match.span(group), "user") for group in range(1, 6) if match[group])
    if "cron" in text or "CRON" in text:
        for match in _CRON.finditer(text):
            yield Hit(*match.span(match.lastindex or 0), "user")
