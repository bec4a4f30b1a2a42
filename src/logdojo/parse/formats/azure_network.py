"""Azure's network logs, whose facts stand in a text inside the document: flow tuples, firewall sentences, AKS audit.

flowTuples: ["1760104536,192.0.2.105,10.2.0.4,35370,23,T,I,D,B,,,,"]
msg: TCP request from 10.2.0.5:52432 to 203.0.113.80:443. Action: Deny. No rule matched. …
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Signs, declared_from, reader_of_documents, write_time
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format, ReadDocument
from logdojo.parse.formats.messages import read_table
from logdojo.parse.kinds import write_address, write_number, write_text, write_transport

_ENDS: Final = r"(?P<src>[0-9a-fA-F.:]{2,45}?)(?::(?P<sport>\d{1,5}))? to (?P<dst>\S{2,253}?)(?::(?P<dport>\d{1,5}))?"
_REQUEST: Final = re.compile(
    rf"(?P<protocol>[A-Za-z]{{2,8}})(?: Type=\d{{1,3}})? +request from {_ENDS}(?:\.? was (?P<done>DNAT)'?ed to"
    r" (?P<nat>[0-9a-fA-F.:]{2,50})|\. (?:Url: (?P<url>\S{1,2048})\. )?Action: (?P<action>\w{1,16}))",
    re.ASCII,
)
_TRANSPORT: Final = MappingProxyType({"T": "tcp", "U": "udp"})
_DIRECTION: Final = MappingProxyType({"I": "inbound", "O": "outbound"})
_DECIDED: Final = MappingProxyType(
    {
        "A": (("connection", "allowed"), "allowed", "success"),
        "D": (("connection", "denied"), "denied", "failure"),
    }
)
_STATES: Final = MappingProxyType({"B": "start", "C": "continue", "E": "end", "D": "denied"})
_COUNTS: Final = ("source.packets", "source.bytes", "destination.packets", "destination.bytes")
_LEAST: Final = 8
_DEEPEST: Final = 6


def _first_tuple(node: object, depth: int = 0) -> tuple[str, str, int]:
    """Return the first flow tuple of a record, the rule that it fell under, and how many tuples there are."""
    if isinstance(node, list):
        found = [_first_tuple(each, depth + 1) for each in node[:64]]
        first = next((each for each in found if each[2]), ("", "", 0))
        return first[0], first[1], sum(each[2] for each in found)
    if not isinstance(node, dict) or depth > _DEEPEST:
        return "", "", 0
    tuples = node.get("flowTuples")
    if isinstance(tuples, list) and tuples:
        return str(tuples[0]), str(node.get("rule") or ""), len(tuples)
    for key in ("flows", "flowRecords", "flowGroups"):
        if key in node:
            text, rule, count = _first_tuple(node[key], depth + 1)
            return text, rule or str(node.get("rule") or ""), count
    return "", "", 0


def _read_flows(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    fields = draft.fields
    properties = document.get("properties")
    text, rule, count = _first_tuple(properties if isinstance(properties, dict) else document)
    write_time(fields, document.get("time") or document.get("timeStamp"), now=now)
    write_text(fields, "azure.resource.id", document.get("resourceId") or document.get("targetResourceID"))
    write_text(fields, "source.mac", document.get("macAddress"))
    write_text(fields, "rule.name", rule)
    fields["cloud.provider"] = "azure"
    cells = text.split(",")
    if len(cells) < _LEAST:
        draft.says(("network",), ("info",))
        return
    if count > 1:
        # One event a line: the first flow counts, and the mark says that there are more.
        fields["logdojo.truncated"] = True
    write_time(fields, cells[0], now=now)
    write_address(fields, "source.ip", cells[1])
    write_address(fields, "destination.ip", cells[2])
    write_number(fields, "source.port", cells[3])
    write_number(fields, "destination.port", cells[4])
    write_transport(fields, "network.transport", _TRANSPORT.get(cells[5], cells[5]))
    write_text(fields, "network.direction", _DIRECTION.get(cells[6], ""))
    # Flow logs of groups say what was decided and then, since version 2, the state; those of networks only the state.
    of_group = cells[7] in _DECIDED and (len(cells) == _LEAST or cells[8] in _STATES)
    state = cells[8] if of_group and len(cells) > _LEAST else cells[7]
    decision = cells[7] if of_group else "D" if state == "D" else "A"
    if state in _STATES and not (of_group and len(cells) == _LEAST):
        fields["azure.flow.state"] = _STATES[state]
    for name, value in zip(_COUNTS, cells[9:13], strict=False):
        write_number(fields, name, value)
    kind, action, outcome = _DECIDED.get(decision, (("connection", "info"), "", "unknown"))
    draft.says(("network",), kind, action, outcome)


def _read_firewall(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    fields = draft.fields
    _declared("azure.firewall")(draft, document, now)
    properties = document.get("properties")
    said = properties.get("msg") if isinstance(properties, dict) else None
    found = _REQUEST.search(said, 0, 4096) if isinstance(said, str) else None
    if found is None:
        return
    write_text(fields, "message", said)
    # Of HTTP and HTTPS the sentence names the protocol above the transport.
    name = found["protocol"].lower()
    write_transport(fields, "network.transport", "tcp" if name.startswith("http") else name)
    write_address(fields, "source.ip", found["src"])
    write_address(fields, "destination.ip", found["dst"])
    write_number(fields, "source.port", found["sport"])
    write_number(fields, "destination.port", found["dport"])
    write_text(fields, "url.original", found["url"])
    action = str(found["action"] or found["done"] or "").lower()
    allowed = action in {"allow", "alert", "dnat"}
    denied = action in {"deny", "drop", "block"}
    kind = "allowed" if allowed else "denied" if denied else "info"
    draft.says(("network",), ("connection", kind), action, "success" if allowed else "failure" if denied else "unknown")


def _read_kubernetes(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> None:
    _declared("azure.kubernetes")(draft, document, now)
    properties = document.get("properties")
    log = properties.get("log") if isinstance(properties, dict) else None
    if not isinstance(log, str):
        return
    try:
        inner = json.loads(log)
    except (ValueError, RecursionError):
        write_text(draft.fields, "message", log)
        return
    if isinstance(inner, dict) and "verb" in inner:
        _declared("azure.kubernetes_audit")(draft, inner, now)


@cache
def _declared(name: str) -> Callable[[Draft, Mapping[str, Any], datetime | None], None]:
    document = read_table("azure_network")[name]
    return reader_of_documents(declared_from(document, where="tables/azure_network.yaml"))


def _format(name: str, keys: tuple[str, ...], categories: tuple[str, ...], read: ReadDocument, doc: str) -> Format:
    return Format(name, Signs(keys=keys, values={"category": categories}), read_document=read, doc=doc)


_MONITOR: Final = "https://learn.microsoft.com/azure/"
_ENTRY: Final = ("operationName", "category")
FORMATS: Final = (
    _format(
        "azure.flow",
        _ENTRY,
        ("NetworkSecurityGroupFlowEvent", "FlowLogFlowEvent"),
        _read_flows,
        f"{_MONITOR}network-watcher/nsg-flow-logs-overview",
    ),
    _format(
        "azure.firewall",
        _ENTRY,
        ("AzureFirewall*", "AZFW*"),
        _read_firewall,
        f"{_MONITOR}firewall/monitor-firewall-reference",
    ),
    _format(
        "azure.kubernetes",
        _ENTRY,
        ("kube-*", "guard", "cloud-controller-manager", "cluster-autoscaler"),
        _read_kubernetes,
        f"{_MONITOR}aks/monitor-aks-reference",
    ),
)
