"""Windows event logs as JSON: winlogbeat, NXLog, the XML of an event rendered to JSON, and flat exports.

    {"winlog": {"event_id": 4624, "channel": "Security", "event_data": {"TargetUserName": …}}, "host": {…}}
    {"EventID": 4624, "Channel": "Security", "Hostname": "…", "TargetUserName": …}
    {"Event": {"System": {"EventID": 4624, "Computer": "…"}, "EventData": {"Data": [{"@Name": "TargetUserName", …}]}}}

What each id means is in ``tables/windows.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from logdojo.parse import formats
from logdojo.parse.declared import Signs, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.kinds import write_address, write_number, write_text, write_transport
from logdojo.parse.values import EMPTY, scalar

_SYSMON: Final = "sysmon"
_ALLOWED: Final = 0x20000000000000
_DENIED: Final = 0x10000000000000
_FAILED: Final = frozenset({"4625", "4771", "5152", "5157"})
_BLANK: Final = frozenset({*EMPTY, "::", "0.0.0.0", "LOCAL", "%%1793"})  # noqa: S104  # a word for no address
_TEXTS: Final = (
    (
        "process.executable",
        ("Image", "NewProcessName", "ProcessName", "SourceImage", "Application", "CallerProcessName"),
    ),
    ("process.command_line", ("CommandLine",)),
    ("process.working_directory", ("CurrentDirectory",)),
    ("process.entity_id", ("ProcessGuid", "SourceProcessGUID")),
    ("process.parent.executable", ("ParentImage", "ParentProcessName")),
    ("process.parent.command_line", ("ParentCommandLine",)),
    ("user.domain", ("SubjectDomainName", "TargetDomainName")),
    ("user.id", ("SubjectUserSid", "TargetUserSid", "TargetSid")),
    ("service.name", ("ServiceName",)),
    ("file.path", ("TargetFilename", "ImageLoaded", "ObjectName", "RelativeTargetName")),
    ("registry.path", ("TargetObject",)),
    ("registry.data.strings", ("Details",)),
    ("dns.question.name", ("QueryName",)),
    ("rule.name", ("RuleName",)),
    ("winlog.logon.type", ("LogonType",)),
    ("winlog.logon.id", ("TargetLogonId", "SubjectLogonId", "LogonId")),
    ("winlog.status", ("Status",)),
    ("winlog.sub_status", ("SubStatus",)),
    ("winlog.task_name", ("TaskName",)),
    ("winlog.share", ("ShareName",)),
)
_ADDRESSES: Final = (
    ("source.ip", ("IpAddress", "SourceIp", "SourceAddress", "ClientAddress", "SourceNetworkAddress")),
    ("destination.ip", ("DestinationIp", "DestAddress", "DestinationAddress")),
)
_NUMBERS: Final = (
    ("source.port", ("IpPort", "SourcePort")),
    ("destination.port", ("DestinationPort", "DestPort")),
)
_PIDS: Final = ("NewProcessId", "ProcessId", "SourceProcessId", "ProcessID")


@cache
def _ids() -> Mapping[str, Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...], str]]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (resources.files(formats) / "tables" / "windows.yaml").read_text("utf-8")
    tables: dict[str, dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]]] = {}
    for log, rows in yaml.load(text, Loader=loader).items():  # noqa: S506  # a safe loader
        tables[log] = {}
        for code, said in rows.items():
            action, category, kind, who = (part.strip() for part in said.split("|"))
            tables[log][str(code)] = (action, tuple(category.split()), tuple(kind.split()), who)
    return tables


def _read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    head, data = _parts(document)
    fields = draft.fields
    code = str(head.get("code", ""))
    channel = str(head.get("channel", ""))
    if code:
        fields["event.code"] = code
    for name, key in (("event.provider", "provider"), ("host.name", "computer"), ("winlog.channel", "channel")):
        write_text(fields, name, head.get(key))
    write_text(fields, "winlog.record_id", head.get("record"))
    if "message" in head:
        write_text(fields, "message", head["message"])
    _write_when(fields, head, data, now)
    _write_data(fields, data)
    sysmon = _SYSMON in channel.lower() or _SYSMON in str(head.get("provider", "")).lower()
    known = _ids()[_SYSMON if sysmon else "security"].get(code) if sysmon or _is_security(channel, head) else None
    action, category, kind, who = known or ("", ("host",), ("info",), "S")
    _write_users(fields, data, who, action=action)
    draft.says(category, kind, str(head.get("action") or action), _outcome(head, code, known=known is not None))


def _is_security(channel: str, head: Mapping[str, Any]) -> bool:
    return channel in {"Security", ""} or "Security-Auditing" in str(head.get("provider", ""))


def _parts(document: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return what all events have, under our words, and the data of this kind of event."""
    winlog = document.get("winlog")
    if isinstance(winlog, dict):
        return _of_winlogbeat(document, winlog)
    system = document.get("System")
    if isinstance(system, dict):
        data = _named(document.get("EventData") or document.get("UserData"))
        provider = system.get("Provider")
        head = {
            "code": _text_of(system.get("EventID")),
            "channel": _text_of(system.get("Channel")),
            "computer": _text_of(system.get("Computer")),
            "record": _text_of(system.get("EventRecordID")),
            "keywords": _text_of(system.get("Keywords")),
            "provider": _attribute(provider, "Name") if isinstance(provider, dict) else provider,
            "time": _attribute(system.get("TimeCreated"), "SystemTime") or _text_of(system.get("TimeCreated")),
        }
        return head, data
    nested = document.get("EventData") or document.get("event_data") or document.get("Event_Data")
    data = _named(nested) if isinstance(nested, (dict, list)) else document

    def find(*names: str) -> Any:
        return next((document[name] for name in names if document.get(name) not in (None, "")), None)

    head = {
        "code": _text_of(find("EventID", "EventId", "event_id", "EventCode", "Id", "winlog.event_id")),
        "channel": find("Channel", "LogName", "channel", "Log", "winlog.channel"),
        "computer": find(
            "Computer", "Hostname", "ComputerName", "MachineName", "computer_name", "host", "winlog.computer_name"
        ),
        "record": find("EventRecordID", "RecordNumber", "RecordId", "record_number"),
        "keywords": find("Keywords", "EventType", "keywords"),
        "provider": find("SourceName", "ProviderName", "Provider", "source_name", "EventSourceName", "Source"),
        "time": find("@timestamp", "TimeCreated", "EventTime", "TimeGenerated", "SystemTime", "UtcTime", "timestamp"),
        "message": find("Message", "message"),
    }
    return head, data


def _of_winlogbeat(document: Mapping[str, Any], winlog: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    event = document.get("event")
    event = event if isinstance(event, dict) else {}
    host = document.get("host")
    name = (host.get("name") or host.get("hostname")) if isinstance(host, dict) else host
    data = winlog.get("event_data")
    user_data = winlog.get("user_data")
    head = {
        "code": _text_of(winlog.get("event_id") or event.get("code")),
        "channel": winlog.get("channel"),
        "computer": winlog.get("computer_name") or name,
        "record": winlog.get("record_id"),
        "keywords": winlog.get("keywords"),
        "provider": winlog.get("provider_name"),
        "time": document.get("@timestamp"),
        "message": document.get("message"),
        "action": event.get("action"),
        "outcome": event.get("outcome") or winlog.get("outcome"),
    }
    return head, data if isinstance(data, dict) else user_data if isinstance(user_data, dict) else {}


def _named(node: Any) -> Mapping[str, Any]:
    """Return the data of an event as name → value, from an object or from ``Data`` elements with names."""
    if isinstance(node, dict) and "Data" not in node:
        values = list(node.values())
        if len(values) == 1 and isinstance(values[0], dict):
            return values[0]
        return node
    data = node.get("Data") if isinstance(node, dict) else node
    found: dict[str, Any] = {}
    for item in data[:128] if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            name = item.get("@Name") or item.get("Name") or _attribute(item, "Name")
            value = next((item[key] for key in ("#text", "$", "content", "Value", "value", "_") if key in item), None)
            if isinstance(name, str):
                found[name] = value
    return found


def _attribute(node: Any, name: str) -> Any:
    if not isinstance(node, dict):
        return None
    inner = node.get("#attributes") or node.get("$") or node.get("attributes")
    if isinstance(inner, dict) and name in inner:
        return inner[name]
    return node.get(f"@{name}") or node.get(name) or node.get(f"-{name}")


def _text_of(node: Any) -> Any:
    if isinstance(node, dict):
        return next(
            (node[key] for key in ("#text", "$", "content", "Value", "_") if isinstance(node.get(key), (str, int))),
            None,
        )
    return node


def _write_when(
    fields: dict[str, object], head: Mapping[str, Any], data: Mapping[str, Any], now: datetime | None
) -> None:
    when = head.get("time") or data.get("UtcTime")
    if isinstance(when, (str, int, float)):
        text = str(when)
        if text.startswith("/Date("):
            text = text[6:].partition(")")[0]
        write_time(fields, text, now=now)


def _write_data(fields: dict[str, object], data: Mapping[str, Any]) -> None:
    for name, keys in _TEXTS:
        for key in keys:
            value = data.get(key)
            if value not in (None, "") and str(value) not in _BLANK:
                write_text(fields, name, scalar(value))
                break
    for name, sources in _ADDRESSES:
        for key in sources:
            value = data.get(key)
            if isinstance(value, str) and value not in _BLANK:
                write_address(fields, name, value)
                break
    for name, ports in _NUMBERS:
        for key in ports:
            value = data.get(key)
            if value not in (None, "", "-", "0", 0):
                write_number(fields, name, value)
                break
    if "Protocol" in data:
        write_transport(fields, "network.transport", data["Protocol"])
    _write_process(fields, data)


def _write_process(fields: dict[str, object], data: Mapping[str, Any]) -> None:
    for name, part in (("process.executable", "process.name"), ("process.parent.executable", "process.parent.name")):
        path = fields.get(name)
        if isinstance(path, str):
            fields[part] = path.rpartition("\\")[2] or path
    pids: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("process.pid", _PIDS),
        ("process.parent.pid", ("ParentProcessId",)),
    )
    for name, keys in pids:
        for key in keys:
            number = _whole(data.get(key))
            if number is not None:
                fields[name] = number
                break
    # 4688 names the parent's id ProcessId, and the new one's NewProcessId.
    if "NewProcessId" in data and (parent := _whole(data.get("ProcessId"))) is not None:
        fields["process.parent.pid"] = parent


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 18:
        return None
    try:
        return int(value, 16) if value.lower().startswith("0x") else int(value)
    except ValueError:
        return None


def _write_users(fields: dict[str, object], data: Mapping[str, Any], who: str, *, action: str) -> None:
    subject, target = data.get("SubjectUserName"), data.get("TargetUserName") or data.get("AccountName")
    actor = target if who == "T" else subject
    if actor in (None, "", "-"):
        actor = data.get("User") or data.get("SourceUser") or (target if who == "S" else subject)
    if isinstance(actor, str) and "\\" in actor and data.get("User") == actor:
        write_text(fields, "user.domain", actor.partition("\\")[0])
        actor = actor.partition("\\")[2]
    write_text(fields, "user.name", actor)
    if who == "S" and target not in (None, "", "-", actor):
        write_text(fields, "group.name" if "group" in action else "user.target.name", target)
    if who == "T":
        for name, key in (("user.domain", "TargetDomainName"), ("user.id", "TargetUserSid")):
            write_text(fields, name, data.get(key))


def _outcome(head: Mapping[str, Any], code: str, *, known: bool) -> str:
    said = str(head.get("outcome") or "").lower()
    if said in {"success", "failure", "unknown"}:
        return said
    keywords = head.get("keywords")
    words = str(keywords).lower()
    if "audit failure" in words or "audit_failure" in words or code in _FAILED:
        return "failure"
    if "audit success" in words or "audit_success" in words:
        return "success"
    mask = _whole(keywords)
    if mask is not None and mask & _DENIED:
        return "failure"
    if mask is not None and mask & _ALLOWED:
        return "success"
    return "success" if known and code in {"4624", "4634", "4647", "4648", "4672", "4688", "4720", "1102"} else ""


FORMATS: Final = (
    Format(
        "windows",
        Signs(
            keys=("winlog",),
            also=(
                ("System", "EventData"),
                ("System", "UserData"),
                ("EventID", "Channel"),
                ("EventID", "EventData"),
                ("EventID", "SourceName"),
                ("EventID", "ProviderName"),
                ("EventID", "Computer"),
                ("event_id", "event_data"),
                ("EventId", "ProviderName"),
                ("Id", "ProviderName", "LogName"),
                ("EventCode", "SourceName"),
                ("EventCode", "LogName"),
            ),
        ),
        read_document=_read,
        doc="https://learn.microsoft.com/windows/security/threat-protection/auditing/security-auditing-overview",
    ),
)
