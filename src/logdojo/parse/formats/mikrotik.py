"""MikroTik RouterOS: packets that its firewall logs, and who signs in.

    firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new src-mac …, proto TCP (SYN),
      192.0.2.7:4711->203.0.113.1:22, len 60
    system,error,critical login failure for user admin from 192.0.2.7 via winbox

Described at https://help.mikrotik.com/docs/spaces/ROS/pages/328094/Log.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from logdojo.parse import syslog
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.messages import Targets, compiled, write

_MARK: Final = r" in:\S{1,64} out:"
_END: Final = r"\[?{%s.ip:[^\s\[\]>,]}?\]?(?::{%s.port})?"
_PACKET: Final = (
    r"(?:[\w,]{1,64} )?(?:{rule.name:[^:]} )?{mikrotik.chain:[\w.-]}: in:{observer.ingress.interface.name:[^\s,]} "
    r"out:(?:\(unknown \d{1,3}\)|{observer.egress.interface.name:[^\s,]}),"
    r"(?: connection-state:{mikrotik.state:[^\s]})?(?: connection-mark:\S{1,64})?"
    r"(?: src-mac {source.mac:[0-9A-Fa-f:]},)? "
    r"proto {network.transport:[\w-]}(?: \([^()]{0,48}\))?, "
) + (_END % ("source", "source") + "->" + _END % ("destination", "destination") + r"(?:,|$)")
_SIGN_IN: Final = re.compile(
    r"(?:[\w,]{1,64} )?"
    r"(?:login failure for user (?P<refused>.{1,128}?)|user (?P<user>.{1,128}?) logged (?P<way>in|out))"
    r"(?: from (?P<from>[0-9A-Fa-f.:]{2,45}))?(?: via (?P<via>[\w-]{1,32}))?$",
    re.ASCII,
)
_VERBS: Final = MappingProxyType(
    {
        "drop": ("denied", "failure"),
        "reject": ("denied", "failure"),
        "deny": ("denied", "failure"),
        "block": ("denied", "failure"),
        "tarpit": ("denied", "failure"),
        "accept": ("allowed", "success"),
        "allow": ("allowed", "success"),
        "pass": ("allowed", "success"),
    }
)
_WORD: Final = re.compile(r"[a-z]{4,12}")


@cache
def _packet() -> tuple[re.Pattern[str], Targets]:
    return compiled(_PACKET, {})


def _read_packet(draft: Draft, start: int, now: datetime | None) -> bool:
    line = draft.line
    at = syslog.read_header(draft, now=now) if start == 0 else start
    if "process.name" in draft.spans and line.startswith("in:", at):
        # "forward: in:ether1 …" without topics looks like a program's name.
        at = draft.spans.pop("process.name")[0]
        del draft.fields["process.name"]
    pattern, targets = _packet()
    found = pattern.match(line, at)
    if found is None:
        draft.fields.clear()
        draft.spans.clear()
        return False
    write(draft, found, targets)
    said = str(draft.fields.get("rule.name", "")).lower()
    action = next((word for word in _WORD.findall(said) if word in _VERBS), "")
    kind, outcome = _VERBS.get(action, ("info", ""))
    draft.says(("network",), ("connection", kind), action, outcome)
    draft.fields["observer.vendor"] = "MikroTik"
    return True


def _read_system(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    found = _SIGN_IN.match(draft.line, start)
    if found is None:
        return False
    refused = found["refused"] is not None
    draft.text("user.name", found.span("refused" if refused else "user"))
    if found["from"]:
        draft.address("source", found.span("from"))
    draft.text("network.protocol", found.span("via"))
    action = "login failure" if refused else f"logged {found['way']}"
    kind = "end" if found["way"] == "out" else "start"
    draft.says(("authentication",), (kind,), action.replace(" ", "-"), "failure" if refused else "success")
    draft.fields["observer.vendor"] = "MikroTik"
    return True


_DOC: Final = "https://help.mikrotik.com/docs/spaces/ROS/pages/328094/Log"
FORMATS: Final = (
    Format("mikrotik.firewall", Signs(mark=_MARK), read_text=_read_packet, doc=_DOC),
    Format("mikrotik.system", Signs(starts=("system,", "login failure for user ")), read_text=_read_system, doc=_DOC),
)
