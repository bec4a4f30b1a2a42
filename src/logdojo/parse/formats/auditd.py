"""Linux audit: records of auditd (``type=SYSCALL msg=audit(…)``), the same through syslog, and Laurel's JSON.

Text that holds blanks or quotes is written in hexadecimal digits; it is decoded, and has no place in the line then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.format import Format
from logdojo.parse.values import scalar

_RECORD: Final = re.compile(
    r"(?:node=(?P<node>\S{1,255}) )?(?:type=(?P<type>\w{1,64}) )?(?:msg=)?"
    r"audit\((?P<time>\d{1,12}(?:\.\d{1,9})?):(?P<id>\d{1,18})\):",
    re.ASCII,
)
_JOURNAL: Final = re.compile(r"(?P<type>[A-Z][A-Z0-9_]{2,63}) (?=\S{1,64}=)", re.ASCII)
_PAIR: Final = re.compile(r"([A-Za-z][\w\-]{0,31})=(?:\"([^\"]*)\"|'(?=\S{1,64}[= ])|([^\s'\"\x1d]*))", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9A-F]{2}){1,2048}", re.ASCII)
_MOST: Final = 128
_NOTHING: Final = frozenset({"", "?", "(none)", "(null)", "unset", "4294967295"})
_TEXTS: Final = MappingProxyType(
    {
        "comm": "process.name",
        "exe": "process.executable",
        "cmd": "process.command_line",
        "proctitle": "process.title",
        "cwd": "process.working_directory",
        "acct": "user.name",
        "auid": "auditd.user.audit.id",
        "uid": "user.id",
        "euid": "user.effective.id",
        "tty": "auditd.tty",
        "terminal": "auditd.terminal",
        "key": "auditd.key",
        "op": "auditd.op",
        "ses": "auditd.session",
        "syscall": "auditd.syscall",
        "apparmor": "auditd.apparmor",
        "operation": "auditd.operation",
        "profile": "auditd.profile",
        "name": "file.path",
        "unit": "service.name",
        "hostname": "source.address",
        "AUID": "user.name",
    }
)
_NUMBERS: Final = MappingProxyType({"pid": "process.pid", "ppid": "process.parent.pid", "spid": "process.pid"})
_DECODED: Final = frozenset({"comm", "exe", "cmd", "proctitle", "cwd", "acct", "key", "name"})
_OUTCOMES: Final = MappingProxyType(
    {"success": "success", "yes": "success", "1": "success", "failed": "failure", "no": "failure", "0": "failure"}
)
# Numbers of the record types that the kernel writes where it knows no names (linux/audit.h).
_KINDS: Final = MappingProxyType(
    {
        "1100": "USER_AUTH",
        "1300": "SYSCALL",
        "1302": "PATH",
        "1305": "CONFIG_CHANGE",
        "1309": "EXECVE",
        "1326": "SECCOMP",
    }
    | {"1327": "PROCTITLE", "1400": "AVC", "1403": "MAC_POLICY_LOAD", "1701": "ANOM_ABEND"}
)
_MEANINGS: Final = (
    (("USER_LOGIN", "USER_AUTH", "USER_ERR", "USER_ACCT", "CRED_", "GRP_AUTH", "LOGIN"), "authentication", "start"),
    (("USER_START",), "session", "start"),
    (("USER_END", "USER_LOGOUT"), "session", "end"),
    (("ADD_USER", "ADD_GROUP"), "iam", "creation"),
    (("DEL_USER", "DEL_GROUP"), "iam", "deletion"),
    (("USER_MGMT", "USER_CHAUTHTOK", "GRP_MGMT", "ACCT_LOCK", "ACCT_UNLOCK", "ROLE_"), "iam", "change"),
    (("USER_CMD", "EXECVE", "SYSCALL", "PROCTITLE", "BPRM_", "SERVICE_START"), "process", "start"),
    (("SERVICE_STOP", "ANOM_ABEND"), "process", "end"),
    (("CONFIG_CHANGE", "MAC_CONFIG", "MAC_POLICY", "DAEMON_CONFIG", "FEATURE_CHANGE"), "configuration", "change"),
    (("PATH", "CWD", "FS_RELABEL"), "file", "info"),
    (("SOCKADDR", "NETFILTER", "CRYPTO_SESSION"), "network", "info"),
    (("AVC", "USER_AVC", "SECCOMP", "APPARMOR"), "process", "denied"),
)


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    record = _RECORD.search(line, start, start + 512)
    if record is not None:
        write_time(draft.fields, record["time"], now=now)
        draft.text("host.name", record.span("node"))
        draft.text("auditd.sequence", record.span("id"))
        kind, at = record["type"] or "", record.end()
        kind = _KINDS.get(kind, kind)
    elif (journal := _JOURNAL.match(line, start)) is not None:
        kind, at = journal["type"], journal.end()
    else:
        return False
    said: dict[str, str] = {}
    for count, pair in enumerate(_PAIR.finditer(line, at)):
        if count == _MOST:
            break
        group = 2 if pair[2] is not None else 3
        value = pair[group]
        if value is None or value in _NOTHING:
            continue
        key = pair[1]
        said.setdefault(key, value)
        if key == "type" and not kind:
            kind = value
        elif key in _NUMBERS:
            if value.isdecimal() and len(value) <= 10 and _NUMBERS[key] not in draft.fields:
                draft.number(_NUMBERS[key], pair.span(group))
        elif key == "addr":
            if is_ip(value):
                draft.address("source", pair.span(group))
        elif key == "hostname" and is_ip(value):
            continue
        elif key in _TEXTS and (key == "AUID" or _TEXTS[key] not in draft.fields):
            if group == 3 and key in _DECODED and len(value) > 3 and _HEX.fullmatch(value):
                draft.fields[_TEXTS[key]] = bytes.fromhex(value).decode("utf-8", "replace").replace("\0", " ").strip()
            elif key != "AUID" or "user.name" not in draft.fields:
                draft.text(_TEXTS[key], pair.span(group))
    _write_meaning(draft, kind, said.get("res") or said.get("success") or "", said)
    return True


def _write_meaning(draft: Draft, kind: str, result: str, said: Mapping[str, str]) -> None:
    outcome = _OUTCOMES.get(result.lower(), "")
    if not outcome and (said.get("apparmor") == "DENIED" or " denied " in draft.line[:512]):
        outcome = "failure"
    for beginnings, category, type_ in _MEANINGS:
        if kind.startswith(beginnings):
            draft.says((category,), (type_,), kind.lower(), outcome)
            break
    else:
        draft.says(("host",), ("info",), kind.lower(), outcome)
    if kind:
        draft.fields["auditd.type"] = kind


def _read_laurel(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    fields = draft.fields
    time, _, sequence = str(document["ID"]).partition(":")
    write_time(fields, time, now=now)
    _put(fields, "auditd.sequence", sequence)
    _put(fields, "host.name", document.get("NODE"))
    kinds = [
        key
        for key, value in document.items()
        if key.isupper() and isinstance(value, (dict, list)) and key != "PARENT_INFO"
    ]
    kind = "SYSCALL" if "SYSCALL" in kinds else next(iter(kinds), "")
    record = document.get(kind)
    record = record[0] if isinstance(record, list) and record else record
    record = record if isinstance(record, dict) else {}
    for key, field in _TEXTS.items():
        if field not in fields:
            value = record.get(key)
            _put(
                fields,
                field,
                str(value) if key in {"uid", "auid", "euid", "ses", "syscall"} and value is not None else value,
            )
    for key, field in _NUMBERS.items():
        value = record.get(key)
        if isinstance(value, int) and field not in fields:
            fields[field] = value
    if isinstance(address := record.get("addr"), str) and is_ip(address):
        fields["source.ip"] = address
    if "user.name" not in fields:
        _put(fields, "user.name", record.get("UID"))
    arguments = document.get("EXECVE")
    argv = arguments.get("ARGV") if isinstance(arguments, dict) else None
    if isinstance(argv, list):
        _put(fields, "process.command_line", " ".join(map(str, argv[:64])))
    said = {key: str(value) for key, value in record.items() if isinstance(value, (str, int))}
    _write_meaning(draft, kind, said.get("res") or said.get("success") or "", said)


def _put(fields: dict[str, object], name: str, value: object) -> None:
    kept = scalar(value)
    if kept is not None and str(kept) not in _NOTHING:
        fields[name] = kept


FORMATS: Final = (
    Format(
        "auditd",
        Signs(holds=("audit(", "):")),
        read_text=_read,
        doc="https://github.com/linux-audit/audit-documentation/wiki",
    ),
    Format(
        "auditd.syslog",
        Signs(programs=("audispd", "audisp-syslog", "auditd", "audit")),
        read_text=_read,
        doc="https://github.com/linux-audit/audit-documentation/wiki",
    ),
    Format(
        "auditd.laurel",
        Signs(
            keys=("ID", "SYSCALL"),
            also=tuple(
                ("ID", kind)
                for kind in ("USER_AUTH", "USER_LOGIN", "USER_CMD", "USER_START", "EXECVE", "AVC", "NETFILTER_CFG")
            ),
        ),
        read_document=_read_laurel,
        doc="https://github.com/threathunters-io/laurel",
    ),
)
