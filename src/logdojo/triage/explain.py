"""A verdict in plain language, with the line's own values in it.

The sentences are fixed, one a label; only values that stand in the event are filled in, so nothing can be invented. A
log line can put no instruction here: its values are shown between quotes and cut at forty characters.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from logdojo.dataset.examples import BENIGN
from logdojo.events import LogEvent, printable

_MEANING: Final = MappingProxyType(
    {
        BENIGN: "Looks like ordinary activity",
        "bruteforce": "Looks like password guessing",
        "scan": "Looks like probing for open ports or weak spots",
        "exploit": "Looks like an attempt to use a known weakness",
        "dos": "Looks like an attempt to exhaust a service",
        "crawl": "Looks like bulk collection of pages",
        "suspicious": "A detection rule for this kind of event would probably fire",
        "exfiltration": "Looks like data leaving for a place it should not go",
        "persistence": "Looks like someone making sure they can come back",
        "evasion": "Looks like someone switching off what would record them",
        "lateral": "Looks like movement from one host to the next",
    }
)
_SHOWN: Final = (
    ("event.action", "action"),
    ("user.name", "user"),
    ("source.ip", "from"),
    ("destination.ip", "to"),
    ("destination.port", "port"),
    ("host.name", "on host"),
)
_BEFORE = re.compile(r"(seen|failed|users|ports|hosts)=(\d)")
_MANY: Final = MappingProxyType(
    {"seen": "events", "failed": "failures", "users": "user names", "ports": "ports", "hosts": "hosts"}
)


def explain(label: str, event: LogEvent, history: str) -> str:
    """Return one or two sentences: what the label means, what stands in the line, what the source did before.

    Args:
        label: the verdict's label.
        event: the anonymized event.
        history: what ``History.observe`` told; "" when there is none.
    """
    values = [f"{word} '{printable(value)[:40]}'" for name, word in _SHOWN if (value := event.text(name))]
    first = _MEANING.get(label, f"Looks like {label}") + (f": {', '.join(values)}." if values else ".")
    before = [
        f"{_at_least(int(bits))} {_MANY[name]}"
        for name, bits in _BEFORE.findall(history)
        if name in _MANY and int(bits) > 1
    ]
    return f"{first} Before it, the same source had {', '.join(before)}." if before else first


def _at_least(bits: int) -> str:
    """Undo ``n.bit_length()``: the smallest n, with a plus sign."""
    return f"{2 ** (bits - 1)}+"
