"""An event → the text that a model reads: field names in front, identities replaced by their kind.

A small model cannot learn that one address out of four billion is bad, and must not memorize it; it can learn that an
outside address met a closed port. So addresses, times, long numbers and identifiers are replaced by placeholders that
the tokenizer knows as single tokens. What is left is short, and repeats often, which makes verdicts cacheable.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from logdojo.events import LogEvent

PLACEHOLDERS = ("<ip-in>", "<ip-out>", "<mac>", "<time>", "<id>", "<num>", "<email>", "<user>", "<host>")
"""What identities are replaced by; each is one token."""

_KINDS = re.compile(
    r"(?P<mac>\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,13}\b)"
    r"|(?P<time>\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\b[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}\b"
    r"|\b\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?"
    r"|\b\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\b)"
    r"|(?P<email>\b[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}\b)"
    r"|(?P<ip4>\b(?:\d{1,3}\.){3}\d{1,3}\b)"
    r"|(?P<ip6>(?<![\w:])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?![\w:]))"
    r"|(?P<pseudonym>\b(?:user|host)-[0-9a-f]{6,16}\b)"
    r"|(?P<id>\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"
    r"|\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,17}\b"
    r"|\b(?=[0-9A-Fa-f]{0,40}\d)(?=\d{0,40}[A-Fa-f])[0-9A-Fa-f]{8,64}\b)"
    r"|(?P<num>\b\d+(?:\.\d+){1,4}\b|\b\d{5,}\b)"
)
# Keys that say what happened stand first, so that cutting a long event off costs the least.
_TELLING = re.compile(
    r"(?:^|[._])(?:event_?name|action|event_?type|type|operation(?:name)?|method_?name|verb|category|event|outcome|status|"
    r"result|error_?code|error_?message|reason|severity|role|privilege|permissions?|resource(?:type)?)s?$",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"(?:^|[._])(?:@timestamp|timestamp|time|created_?at|eventtime|eventid|requestid|uuid|version)$", re.IGNORECASE
)
# Fields that repeat others, name one event and no kind of event, or were chosen at random by a client.
_QUIET = (
    "@timestamp",
    "aws.cloudtrail.user_identity.arn",
    "cloud.provider",
    "event.category",
    "event.dataset",
    "event.id",
    "event.kind",
    "event.module",
    "event.original",
    "event.type",
    "iptables.",
    "log.syslog",
    "logdojo.",
    "network.direction",
    "network.type",
    "observer.",
    "process.name",
    "process.pid",
    "source.port",
    "tcp.window",
)
# A value that is nothing but one of these says only that there was one.
_EMPTY = frozenset(PLACEHOLDERS) - {"<ip-in>", "<ip-out>"}
_MAX_VALUE = 96
_MAX_LEAVES = 200
_MAX_DEPTH = 12


def mask(text: str) -> str:
    """Replace addresses, times, identifiers and long numbers by placeholders; keep all else.

    Ports and status codes (whole numbers up to four digits) stay: they carry meaning.
    """
    return _KINDS.sub(_placeholder, text)


def _placeholder(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    value = match.group()
    if kind in ("ip4", "ip6"):
        return _side(value)
    if kind == "pseudonym":
        return "<user>" if value.startswith("user") else "<host>"
    return f"<{kind}>"


@lru_cache(maxsize=65_536)
def _side(value: str) -> str:
    """Say whether an address is inside (private, loopback, link-local) or outside; what is none is a number."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return "<num>" if "." in value else value
    documentation = value.startswith(("203.0.113.", "198.51.100.", "192.0.2.", "198.18.", "198.19.", "2001:db8"))
    return "<ip-in>" if address.is_private and not documentation else "<ip-out>"


def render_event(event: LogEvent, *, history: str = "") -> str:
    """Return a parsed event as ``dataset history name=value …``, identities masked, telling fields first.

    The message is left out where fields say what happened.

    Args:
        event: an anonymized event.
        history: what ``History.observe`` told; stands in front, where no cut can reach it.
    """
    quiet = (*_QUIET, "message") if event.text("event.action") else _QUIET
    pairs = [(name, value) for name, value in event.fields.items() if not name.startswith(quiet)]
    return " ".join(part for part in (event.text("event.dataset"), history, _join(pairs)) if part)


def render_document(document: object, *, kind: str = "") -> str:
    """Return a JSON event of any vendor as ``kind name=value …`` with identities masked, telling fields first.

    Args:
        document: a decoded JSON value.
        kind: the log type, if known.
    """
    return f"{kind} {_join(list(_leaves(document, '', 0)))}".strip()


def template(event: LogEvent) -> str:
    """Return what the event's line has in common with its like: its text with every variable part masked."""
    message = event.text("message")
    if message:
        return f"{event.text('process.name')}: {mask(message)}".removeprefix(": ")
    return render_event(event)


def _join(pairs: list[tuple[str, object]]) -> str:
    ranked = sorted(pairs[:_MAX_LEAVES], key=lambda pair: not _TELLING.search(pair[0]))
    shown = ((_short(name), _value(value)) for name, value in ranked if not _NOISE.search(name))
    return " ".join(f"{name}={value}" for name, value in shown if value not in _EMPTY)


def _short(key: str) -> str:
    """Keep the last two parts of a dotted name: the rest repeats in every event."""
    return ".".join(key.split(".")[-2:])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_value(v) for v in value[:8])
    return mask(str(value)[:_MAX_VALUE])


def _leaves(node: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    if depth < _MAX_DEPTH and isinstance(node, dict) and node:
        for key, child in node.items():
            yield from _leaves(child, f"{path}.{key}" if path else str(key), depth + 1)
    elif depth < _MAX_DEPTH and isinstance(node, list) and any(isinstance(child, (dict, list)) for child in node):
        for child in node[:8]:
            yield from _leaves(child, path, depth + 1)
    elif node not in (None, "", [], {}):
        yield path, node
