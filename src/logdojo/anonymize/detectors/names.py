"""Names of users in free text: no form tells them, the words around them do.

Covered: the user field of web access logs, the phrases of sshd, sudo, su, PAM, cron, useradd, FTP, mail, database and
web logins (``Failed password for invalid user X from``, ``session opened for user X``, ``user "X"``, ``USER=X``),
and labels of several words (``Account Name: X``). The ways of single services are in ``idioms``.
Not covered: a name in prose without such words around it, unless the same line told it elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.spans import Hit

_ACCESS: Final = re.compile(
    r"(?:(\S{1,255}) )?\S{1,60} [^\s\[\]]{1,64} ([^\s\[\]\"]{1,128}) \[\d\d/[A-Z][a-z]{2}/\d{4}:"
)
_SSHD: Final = re.compile(
    r"(?:(?<=nvalid user )|(?<=llegal user ))(.{1,256}?)"
    r"(?: from (?!.{1,256} from )\S{1,64}(?: port \d{1,5})?(?: ssh\d)?(?: \[preauth\])?| \[preauth\])$"
)
_NAME: Final = r"([^\s\"'<>()\[\]{},;:=]{1,128})"
_PHRASES: Final = re.compile(
    r"(?:[Ii]nvalid user|[Ii]llegal user|for user|by user|as user|of [Uu]ser|to user|authenticating user|from user"
    r"|[Dd]isconnected from user|new user|unknown user|no such user|target user|remote user|local user"
    r"|password (?:changed )?for|publickey for|keyboard-interactive/pam for|\bnone for|hostbased for"
    r"|attempts exceeded for(?: invalid user)?|LOGIN FROM|LOGIN ON \S{1,16} BY|FAILED su for|user account"
    r"|\bUSER(?= \S{1,64}: )|Administrator(?= \S{1,64} (?:log|failed|has |from ))"
    rf"|[Uu]ser(?= \S{{1,64}} (?:from|logged|\(\d|not |has |is |was |does|failed|authenticated|signed"
    r"|details|account|could)))"
    rf" {{1,2}}(?!(?:invalid|illegal|user) ){_NAME}"
)
_QUOTED: Final = re.compile(
    r"(?:[Uu]ser(?:[Nn]ame)?|USER|[Aa]ccount|[Ll]ogin|using|uname|(?:attempt|request) for|[Ll]ogin for|[Ll]ogin as)"
    r"(?: input| name| id)?(?:: ?|=| )"
    r"(?:\\?\"([^\"\\]{1,128})\\?\"|'([^']{1,128})'|`([^`']{1,128})['`]"
    r"|\[(?!preauth\]|\d{1,5}\] ?['\"])([^\[\]\s]{1,128})\]|<([^<>\s]{1,128})>|\(([^()\s]{1,128})\))"
)
_BRACKETED: Final = re.compile(r"\]\\\[([^\[\]]{1,128})\]|\[pid \d{1,8}\] \[([^\[\]]{1,128})\]")
_SU: Final = re.compile(
    r"\(to ([^\s()]{1,64})\) ([^\s()]{1,64}) on |\bby ([^\s()]{1,64})\(uid="
    r"|\bsu: ([^\s()]{1,64}) to ([^\s()]{1,64}) on "
)
_SUDO: Final = re.compile(r"sudo(?:\[\d{1,8}\])?: {1,12}([^\s:]{1,64}) : ")
_CRON: Final = re.compile(
    r"\b(?:CROND?|crond?|crontab)\[\d{1,8}\]: \(([^\s()]{1,64})\)"
    r" (?:REPLACE|LIST|DELETE|(?:BEGIN|END) EDIT) \(([^\s()/]{1,64})\)"
    r"|\b(?:CROND?|crond?|crontab)\[\d{1,8}\]: \(([^\s()]{1,64})\) "
)
_GENERIC: Final = re.compile(
    r"(?:[Aa]uthentication (?:failed|request) for|[Ll]ogin failed for|[Ff]ailed login for|Accepted \S{1,32} for) \[?"
    + _NAME
)

LABELS: Final = (
    *("Name", "name", "ID", "Account", "account", "Domain", "domain", "Address", "address", "User", "user"),
    *(
        "Workstation",
        "workstation",
        "Host",
        "host",
        "Login",
        "Mail",
        "mail",
        "Computer",
        "Server",
        "server",
        "IP",
        "MAC",
    ),
)
_LABEL: Final = re.compile(
    r"(?:(?<![\w-])|(?<=\\[rnt])|(?<=#01[1-5]))([A-Z][A-Za-z/-]{1,20} (?:[A-Za-z][A-Za-z/-]{1,20} ){0,2}"
    rf"(?:{'|'.join(LABELS)}))"
    r" ?[:=](?:[ \t]|\\t|#011){0,8}(?:\"([^\"]{1,256})\"|'([^']{1,256})'"
    r"|((?:(?!#01[1-5])[^\s\"'\\,;()\[\]{}<>]){1,256}(?:\\{1,2}(?![rnt]\b)[\w.$-]{1,64})?))"
)
_BEFORE: Final = re.compile(r"(?<!\S)(\S{1,128}) \S{2,45} failed to log ?in")

TRIGGERS: Final = ("ser", "SER", " for ", "ccount", "ogin", "using ", "dministrator")


MARKED_ANCHOR: Final = r"(?:nvalid|llegal) user |" + superset(_QUOTED)
ACCESS_ANCHOR: Final = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:"
BRACKETED_ANCHOR: Final = superset(_BRACKETED)
USERS_ANCHOR: Final = superset(_PHRASES, _GENERIC, _SUDO, _SU, _CRON) + "|failed to log"
LABELS_ANCHOR: Final = superset(_LABEL)
"""What stands in every text in which the functions below find something."""


def access_user(line: str) -> Iterator[Hit]:
    """Find the user in a line of a web server's access log, and the virtual host that may stand in front."""
    if " [" in line[:600]:
        match = _ACCESS.match(line)
        if match is not None:
            yield Hit(*match.span(2), "user")
            if match[1]:
                yield Hit(*match.span(1), "host")


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
            yield from (Hit(*match.span(group), "user") for group in range(1, 4) if match[group])


def labelled(text: str, class_of: Callable[[str], str]) -> Iterator[Hit]:
    r"""Find values behind labels of several words, as Windows writes them: ``Account Name:\t\tbob``.

    Args:
        text: the text.
        class_of: label → class of what it names, or ``""``.
    """
    if any(word in text for word in LABELS):
        for match in _LABEL.finditer(text):
            class_name = class_of(match[1])
            if class_name:
                yield Hit(*match.span(match.lastindex or 0), class_name)
