"""Juniper SRX: the name of the message before its structured data, and flows that are written as plain text.

Structured: ``RT_FLOW - RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.28 source-address="10.0.0.5" …]``; plain:
``RT_FLOW: RT_FLOW_SESSION_DENY: session denied 10.0.0.5/4711->192.0.2.7/22 junos-ssh 6(0) policy trust untrust …``.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.fortinet import add_bytes
from logdojo.parse.formats.messages import Targets, compiled, write

_TAG: Final = re.compile(r"([A-Z][A-Z0-9]{1,15}_[A-Z0-9_]{3,48})[: ]{1,3}$")
_HEADER: Final = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?\S{1,64} (?P<host>\S{1,255}) (?P<program>[\w./-]{1,64}) "
    r"(?:(?P<pid>\d{1,10})|-) [A-Z0-9_]{3,64} $",
    re.ASCII,
)
_ENDS: Final = r"{source.ip}/{source.port}->{destination.ip}/{destination.port}"
_NAT: Final = r"{source.nat.ip}/{source.nat.port}->{destination.nat.ip}/{destination.nat.port}"
_ZONES: Final = r"{rule.name} {observer.ingress.zone} {observer.egress.zone}"
_RULES: Final = r"(?: 0x\S{1,16})?(?: (?:N/A|[a-z-]{1,24} rule) \S{1,64}){0,2}(?: \S{1,64} \S{1,64})?? "
_POLICY: Final = r"{network.transport:(?:\d\d?\d?)}(?:\(\d{1,3}\))? " + _ZONES
_VOLUME: Final = r" \d{1,12} {source.packets}\({source.bytes}\) {destination.packets}\({destination.bytes}\)"
_FLOW: Final = _ENDS + r"(?: 0x\S{1,16})? {network.protocol} "
_SENTENCES: Final = {
    "created": "session created " + _FLOW + _NAT + _RULES + _POLICY,
    "closed": "session closed {event.reason:[^:]}: " + _FLOW + _NAT + _RULES + _POLICY + _VOLUME,
    "denied": "session denied " + _FLOW + _POLICY,
}
_USER: Final = re.compile(r" (?:N/A\(N/A\)|(?P<user>[^\s()]{1,128})\((?P<roles>[^()]{0,128})\)) ", re.ASCII)
_SCREENS: Final = ("flood", "scan", "sweep", "fragment", "spoofing", "session limit")
_INTERFACE: Final = re.compile(
    r"(UI_[A-Z_]{3,48}): User '([^']{1,128})'(?:.{0,32}?command '([^']{0,1024})|"
    r".{0,128}?ssh-connection '([0-9a-fA-F.:]{3,45}) (\d{1,5}) )?",
    re.ASCII,
)
_INTERFACES: Final = {
    "UI_LOGIN_EVENT": (("authentication",), ("start",), "login"),
    "UI_AUTH_EVENT": (("authentication",), ("start",), "login"),
    "UI_LOGOUT_EVENT": (("authentication",), ("end",), "logout"),
    "UI_CMDLINE_READ_LINE": (("configuration",), ("change",), "command-executed"),
}
_MEANINGS: Final = {
    "created": (("connection", "start", "allowed"), "flow_started", "success"),
    "closed": (("connection", "end", "allowed"), "flow_close", "success"),
    "denied": (("connection", "denied"), "flow_deny", "failure"),
}


def before(line: str, spans: dict[str, tuple[int, int]]) -> None:
    """Find the name of the message, which stands before its structured data."""
    start = line.find("[junos@")
    if found := _TAG.search(line, max(0, start - 68), start):
        spans["juniper.tag"] = found.span(1)


def after(draft: Draft, spans: dict[str, tuple[int, int]]) -> None:
    """Write the name of the message, and what the header before it says in RFC 5424."""
    add_bytes(draft.fields)
    if "juniper.tag" in spans:
        draft.text("event.code", spans["juniper.tag"])
        draft.fields.setdefault("event.action", _screened(draft.fields) or str(draft.fields["event.code"]).lower())
    if found := _HEADER.match(draft.line, 0, draft.line.find("[junos@")):
        draft.text("host.name", found.span("host"))
        draft.text("process.name", found.span("program"))
        draft.number("process.pid", found.span("pid"))


def _screened(fields: dict[str, object]) -> str:
    """Return what a screen has detected, from the name of the attack."""
    if not str(fields["event.code"]).startswith("RT_SCREEN"):
        return ""
    name = str(fields.get("rule.name", "")).lower()
    return next((f"{word.replace(' ', '_')}_detected" for word in _SCREENS if word in name), "attack_detected")


def _read_interface(draft: Draft, start: int) -> bool:
    """Read what the command line logs: sign-ins and commands."""
    found = _INTERFACE.match(draft.line, start)
    if found is None:
        return False
    category, kind, action = _INTERFACES.get(found[1], (("configuration",), ("info",), found[1].lower()))
    draft.says(category, kind, action, "success")
    draft.text("event.code", found.span(1))
    draft.text("user.name", found.span(2))
    draft.text("process.command_line", found.span(3))
    if found[4]:
        draft.address("source", found.span(4))
        draft.number("source.port", found.span(5))
    draft.fields["observer.vendor"] = "Juniper Networks"
    return True


def _read(draft: Draft, start: int, now: datetime | None) -> bool:
    """Read a flow or a command that is written as plain text."""
    del now
    line = draft.line
    if line.startswith("UI_", start):
        return _read_interface(draft, start)
    at = line.find("session ", start, start + 256)
    word = line[at + 8 : at + 24].partition(" ")[0] if at >= 0 else ""
    if word not in _MEANINGS:
        return False
    pattern, targets = _sentence(word)
    found = pattern.match(line, at)
    if found is None:
        return False
    write(draft, found, targets)
    kinds, action, outcome = _MEANINGS[word]
    draft.says(("network",), kinds, action, outcome)
    if tag := _TAG.search(line, max(start, at - 66), at):
        draft.text("event.code", tag.span(1))
    if user := _USER.search(line, found.end()):
        draft.text("user.name", user.span("user"))
    draft.fields["observer.vendor"] = "Juniper Networks"
    add_bytes(draft.fields)
    return True


@cache
def _sentence(word: str) -> tuple[re.Pattern[str], Targets]:
    return compiled(_SENTENCES[word], {})


FORMATS: Final = (
    Format(
        "juniper.srx.text",
        Signs(programs=("RT_FLOW", "mgd")),
        read_text=_read,
        doc="https://www.juniper.net/documentation/us/en/software/junos/network-mgmt/topics/topic-map/system-logging.html",
    ),
)
