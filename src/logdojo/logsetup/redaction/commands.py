"""Passwords on command lines, behind short options whose meaning depends on the tool.

Covered: ``mysql -pX``, ``sshpass -p X``, ``curl -u user:X``, ``redis-cli -a X``, ``ldapsearch -w X``, ``sqlcmd -P X``,
``unzip -P X``, ``7z -pX``, ``plink -pw X``, ``smbclient -U user%X``, ``docker login -p X`` and their kin, as a command
line or as a list of arguments. Long options such as ``--password X`` are pairs, for any tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_GAP: Final = r"(?:[\"'],? ?[\"']?| {1,4}[\"']?)"
_VALUE: Final = r"([^\s\"',]{1,256}+)"
_BEFORE: Final = r"(?<=[ \"'])"
_ATTACHED_OR_APART: Final = re.compile(rf"{_BEFORE}-p{_GAP}?{_VALUE}")
_ATTACHED: Final = re.compile(rf"{_BEFORE}-p[\"']?{_VALUE}")
_APART_P: Final = re.compile(rf"{_BEFORE}-p{_GAP}{_VALUE}")
_APART_CAPITAL_P: Final = re.compile(rf"{_BEFORE}-P{_GAP}?{_VALUE}")
_USER_COLON: Final = re.compile(rf"{_BEFORE}-(?:u|U|-user|-proxy-user){_GAP}?[^\s\"',:]{{0,128}}:{_VALUE}")
_USER_PERCENT: Final = re.compile(rf"{_BEFORE}-U{_GAP}?[^\s\"',%]{{0,128}}%{_VALUE}")
_OPTIONS: Final = {
    "mysql": _ATTACHED,
    "mariadb": _ATTACHED,
    "7z": _ATTACHED,
    "sshpass": _ATTACHED_OR_APART,
    "psexec": _APART_P,
    "mongo": _APART_P,
    "cqlsh": _APART_P,
    "curl": _USER_COLON,
    "redis-cli": re.compile(rf"{_BEFORE}-a{_GAP}{_VALUE}"),
    "ldap": re.compile(rf"{_BEFORE}-w{_GAP}?{_VALUE}"),
    "sqlcmd": _APART_CAPITAL_P,
    "bcp": _APART_CAPITAL_P,
    "zip": _APART_CAPITAL_P,
    "unzip": _APART_CAPITAL_P,
    "plink": re.compile(rf"{_BEFORE}-pw{_GAP}{_VALUE}"),
    "pscp": re.compile(rf"{_BEFORE}-pw{_GAP}{_VALUE}"),
    "smbclient": _USER_PERCENT,
    "rpcclient": _USER_PERCENT,
    "login": _APART_P,
}
"""Tool → where its password stands. ``login`` is docker's, podman's, helm's and the like; alone, ``-p`` is a port."""
TOOL: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(7z|sshpass|psexec|cqlsh|curl|redis-cli|sqlcmd|bcp|zip|unzip|plink|pscp|smbclient|rpcclient"
    r"|login|(?:mysql|mariadb|ldap|mongo)(?=[a-z_-]{0,20}(?![A-Za-z0-9_])))(?:[a-z_-]{0,20})(?:\.exe)?(?=[ \"',])"
)
_COMMAND_END: Final = re.compile(r"[\r\n|;]")
_LONGEST_COMMAND: Final = 1024


def command_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each password on a command line in ``text``."""
    done = 0
    for tool in TOOL.finditer(text):
        if tool.start() < done:
            continue
        ends = _COMMAND_END.search(text, tool.end(), tool.end() + _LONGEST_COMMAND)
        done = ends.start() if ends else min(len(text), tool.end() + _LONGEST_COMMAND)
        for match in _OPTIONS[tool[1]].finditer(text, tool.end(), done):
            yield match.span(1)
