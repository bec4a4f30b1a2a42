"""ECS → OCSF, the Open Cybersecurity Schema Framework (https://schema.ocsf.io): one event as one nested object.

The whole mapping is ``ocsf.yaml``: the class of an event, what happened in it, and where each field goes. A field that
has no place in the class stays under ``unmapped`` with its ECS name, the raw line under ``raw_data``: nothing is lost.
An object that would lack what the schema requires of it is not written, and an event that lacks what its class
requires is of the next class that fits, at last a base event.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from logdojo.events import LogEvent, printable

_OTHER: Final = 99
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_EMAIL: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+", re.ASCII)
_METHODS: Final = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"})
"""The only ones that OCSF knows."""
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")

Leaves = dict[str, tuple[tuple[str, ...], object]]
"""ECS name → path in the OCSF event and value there."""


def version() -> str:
    """Return the version of OCSF that events are written in."""
    return str(_table()["version"])


def to_ocsf(event: LogEvent, *, received: datetime | None = None) -> dict[str, Any]:
    """Return an event as OCSF.

    Args:
        event: what was read from a line, or the reject of one that could not be read.
        received: stands for the time of an event whose line has none; the present moment if not given.
    """
    table = _table()
    tried = [table["shapes"][rule["shape"]] for rule in table["choose"] if _holds(rule, event)]
    for shape in (*tried, table["shapes"]["base"]):
        leaves = _leaves(event, shape)
        written = _nested(leaves)
        if all(any(part in written for part in parts) for parts in shape.get("needs", ())):
            break
    _say(written, event, shape, received or datetime.now(UTC))
    unmapped = {name: _plain(event.fields[name]) for name in event.fields if name not in leaves}
    action = written["activity_name"] if written["activity_id"] == _OTHER else None
    for name, value in list(unmapped.items()):
        if name in table["spent"] or (name == "event.action" and value == action):
            del unmapped[name]
    if "rcode_id" in written:
        del unmapped["dns.response_code"]
    if event.error:
        unmapped["error.message"] = printable(event.error)
    if unmapped:
        written["unmapped"] = unmapped
    observables = _observables(event, leaves)
    if observables:
        written["observables"] = observables
    return written


def _say(written: dict[str, Any], event: LogEvent, shape: Mapping[str, Any], received: datetime) -> None:
    """Write what is said in numbers: class, activity, severity, status, time, and the profiles that are in use."""
    table = _table()
    class_uid, class_name = shape["class"]
    activity_id, activity_name = _activity(event, shape)
    severity = _severity(event)
    status_id, status = table["statuses"].get(event.text("event.outcome"), (0, "Unknown"))
    written |= {
        "class_uid": class_uid,
        "class_name": class_name,
        "category_uid": shape["category"][0],
        "category_name": shape["category"][1],
        "activity_id": activity_id,
        "activity_name": activity_name,
        "type_uid": class_uid * 100 + activity_id,
        "type_name": f"{class_name}: {activity_name}",
        "severity_id": severity,
        "severity": table["severities"][severity],
        "status_id": status_id,
        "status": status,
        "time": _millis(event.get("@timestamp")) or int(received.timestamp() * 1_000),
        "raw_data": printable(event.original),
    }
    if shape.get("decides"):
        written |= _decision(event)
    connection = written.get("connection_info")
    if connection is not None:
        connection["direction_id"] = table["directions"].get(connection.get("direction", "").lower(), 0)
        ip_version = table["versions"].get(connection.get("protocol_ver", "").lower())
        connection |= {} if ip_version is None else {"protocol_ver_id": ip_version}
    rcode = table["rcodes"].get(event.text("dns.response_code").upper())
    if rcode is not None and "query" in written:
        written["rcode_id"], written["rcode"] = rcode
    metadata = written.setdefault("metadata", {})
    metadata["version"] = table["version"]
    metadata.setdefault("product", {}).setdefault("name", event.text("event.dataset") or "unknown")
    native = shape.get("native", ())
    profiles = {profile for part, profile in table["profiles"].items() if part in written and part not in native}
    if profiles:
        metadata["profiles"] = sorted(profiles)


def _activity(event: LogEvent, shape: Mapping[str, Any]) -> tuple[int, str]:
    for rule in shape["activity"]:
        if _holds(rule, event):
            return rule["id"], rule["name"]
    action = printable(event.text("event.action") or event.text("http.request.method"))
    return (_OTHER, action) if action else (0, "Unknown")


def _decision(event: LogEvent) -> dict[str, object]:
    """Return what a device decided about it: OCSF's action and disposition."""
    kinds = _words(event.get("event.type"))
    if "denied" in kinds:
        return {"action_id": 2, "action": "Denied", "disposition_id": 2, "disposition": "Blocked"}
    if "allowed" in kinds:
        return {"action_id": 1, "action": "Allowed", "disposition_id": 1, "disposition": "Allowed"}
    return {}


def _severity(event: LogEvent) -> int:
    table = _table()
    steps = table["vendors"].get(event.text("event.dataset"))
    try:
        number = float(event.text("event.severity")) if steps else None
    except ValueError:
        number = None
    if steps and number is not None:
        return next((severity for most, severity in steps if number <= most), 0)
    level = table["levels"].get(event.text("log.level").lower())
    code = event.get("log.syslog.severity.code")
    if level is None and isinstance(code, int) and 0 <= code < len(table["syslog"]):
        level = table["syslog"][code]
    return int(level or 0)


def _leaves(event: LogEvent, shape: Mapping[str, Any]) -> Leaves:
    """Return the fields that have a place in a class, without those of objects that would lack something."""
    roots: Mapping[str, str] = {"top": "", "metadata": "metadata", "cloud": "cloud", **shape["roots"]}
    found: Leaves = {}
    for name, (root, rest, convert) in _fields().items():
        if name not in event.fields or root not in roots:
            continue
        value = convert(event.fields[name])
        if value is not None:
            found[name] = (*(part for part in roots[root].split(".") if part), *rest), value
    service = roots.get("service")
    if service is not None and "service.name" not in found:
        # The name of what was signed in to, or called: the first of these that is said.
        names = ("event.provider", "process.name", "observer.product", "event.dataset")
        said = next((event.text(name) for name in names if event.text(name)), "")
        if said:
            found["service.name"] = (*service.split("."), "name"), printable(said)
    if "finding" in roots:
        found[""] = ("finding_info", "uid"), event.text("event.id") or _identity(event)
        title = event.text("rule.name") or event.text("event.action") or event.text("message")
        if title:
            found["finding title"] = ("finding_info", "title"), printable(title)
    return _complete(found)


def _complete(leaves: Leaves) -> Leaves:
    """Return the leaves whose objects have all that the schema requires of them."""
    rules = _table()["objects"]
    while True:
        parts: dict[tuple[str, ...], set[str]] = {}
        for path, _ in leaves.values():
            for depth in range(1, len(path)):
                parts.setdefault(path[:depth], set()).add(path[depth])
        lacking = [
            path
            for path, names in parts.items()
            if (rule := rules.get(path[-1] if path[-1] != "0" else f"{path[-2]}.0"))
            and (not names.issuperset(rule.get("all", ())) or (rule.get("any") and names.isdisjoint(rule["any"])))
        ]
        if not lacking:
            return leaves
        leaves = {
            name: (path, value)
            for name, (path, value) in leaves.items()
            if not any(path[: len(short)] == short for short in lacking)
        }


def _nested(leaves: Leaves) -> dict[str, Any]:
    """Return the leaves as one object; a part ``0`` of a path stands for the first entry of a list."""
    rules = _table()["objects"]
    written: dict[str, Any] = {}
    for path, value in leaves.values():
        here = written
        for at, part in enumerate(path[:-1]):
            if part == "0":
                continue
            if path[at + 1] == "0":
                here = here.setdefault(part, [{}])[0]
            else:
                here = here.setdefault(part, dict(rules.get(part, {}).get("default", {})))
        here[path[-1]] = value
    return written


def _observables(event: LogEvent, leaves: Leaves) -> list[dict[str, object]]:
    table = _table()
    found = []
    for name, kind in table["observables"].items():
        value = event.text(name)
        if value:
            path = ".".join(part for part in leaves[name][0] if part != "0") if name in leaves else f"unmapped.{name}"
            entry = {"name": path, "type_id": kind, "type": table["observable_types"][kind], "value": printable(value)}
            found.append(entry)
    return found


def _holds(rule: Mapping[str, Any], event: LogEvent) -> bool:
    """Return whether all conditions of a rule hold."""
    lists = {"kind": "event.kind", "category": "event.category", "type": "event.type", "method": "http.request.method"}
    for condition, name in lists.items():
        if condition in rule and not _words(event.get(name)) & set(rule[condition]):
            return False
    if "has" in rule and rule["has"] not in event.fields:
        return False
    return "action" not in rule or re.search(rule["action"], event.text("event.action").lower()) is not None


def _words(value: object) -> set[str]:
    return {str(each) for each in value} if isinstance(value, (list, tuple)) else {str(value)}


def _identity(event: LogEvent) -> str:
    return hashlib.blake2b(event.original.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return printable(value) if isinstance(value, str) else value


def _text(value: object) -> str | None:
    if isinstance(value, (list, tuple)):
        return None
    return printable("true" if value is True else "false" if value is False else str(value)) or None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value)
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and abs(int(text)) < 2**63 else None


def _port(value: object) -> int | None:
    number = _integer(value)
    return number if number is not None and 0 <= number < 65_536 else None


def _address(value: object) -> str | None:
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError:
        return None


def _millis(value: object) -> int | None:
    """Return a time as milliseconds since 1970; None when it is none."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def _nanoseconds(value: object) -> int | None:
    number = _integer(value)
    return None if number is None else number // 1_000_000


def _answers(value: object) -> list[dict[str, str]] | None:
    given = value if isinstance(value, (list, tuple)) else [value]
    return [{"rdata": printable(str(each))} for each in given] or None


def _matching(pattern: re.Pattern[str]) -> Callable[[object], str | None]:
    return lambda value: str(value) if pattern.fullmatch(str(value)) else None


def _method(value: object) -> str | None:
    method = str(value).upper()
    return method if method in _METHODS else None


_KINDS: Final[Mapping[str, Callable[[object], object]]] = {
    "text": _text,
    "method": _method,
    "integer": _integer,
    "port": _port,
    "address": _address,
    "mac": _matching(_MAC),
    "email": _matching(_EMAIL),
    "country": lambda value: str(value).upper() if _COUNTRY.fullmatch(str(value)) else None,
    "moment": _millis,
    "nanoseconds": _nanoseconds,
    "answers": _answers,
}


@cache
def _table() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = resources.files("logdojo.parse").joinpath("ocsf.yaml").read_text("utf-8")
    table: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader
    return table


@cache
def _fields() -> dict[str, tuple[str, tuple[str, ...], Callable[[object], object]]]:
    return dict(_entries())


def _entries() -> Iterator[tuple[str, tuple[str, tuple[str, ...], Callable[[object], object]]]]:
    for name, said in _table()["fields"].items():
        path, _, kind = said.partition(" ")
        root, *rest = path.split(".")
        yield name, (root, tuple(rest), _KINDS[kind or "text"])
