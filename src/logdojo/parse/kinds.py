"""How a value becomes a field: what an address, a port or a transport is, whatever the source writes.

The ECS name tells the kind: ``….ip`` is an address, ``….port`` and ``….bytes`` are numbers, ``network.transport`` is
a protocol, and all else is text as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.draft import is_ip
from logdojo.parse.values import EMPTY, MAX_TEXT, scalar

Fields = MutableMapping[str, object]
Write = Callable[[Fields, str, Any], None]

TRANSPORTS: Final = MappingProxyType(
    {
        "1": "icmp",
        "2": "igmp",
        "4": "ipip",
        "6": "tcp",
        "17": "udp",
        "41": "ipv6",
        "47": "gre",
        "50": "esp",
        "51": "ah",
        "58": "ipv6-icmp",
        "88": "eigrp",
        "89": "ospf",
        "103": "pim",
        "112": "vrrp",
        "132": "sctp",
        "icmp6": "ipv6-icmp",
        "icmpv6": "ipv6-icmp",
        "ipv6-icmp": "ipv6-icmp",
    }
)
"""Protocol numbers (IANA) and other spellings → name, as ECS writes it."""
NUMBERS: Final = (".port", ".bytes", ".packets", ".status_code", ".pid", ".ppid", ".duration", ".size")
LISTS: Final = frozenset({"event.category", "event.type", "tags", "host.ip", "related.ip", "threat.technique.id"})


def kind_of(name: str) -> Write:
    """Return how a value is written to the field of that name."""
    if name.endswith(".ip") and name not in LISTS:
        return write_address
    if name.endswith(NUMBERS):
        return write_number
    if name == "network.transport":
        return write_transport
    if name == "event.code":
        return write_code
    return write_list if name in LISTS else write_text


def write_text(fields: Fields, name: str, value: Any) -> None:
    """Write a scalar; nothing for a word that says there is none."""
    kept = scalar(value)
    if kept is not None and not (kept.__class__ is str and kept in EMPTY):
        fields[name] = kept


def write_code(fields: Fields, name: str, value: Any) -> None:
    """Write the number of a message as the text that it is, whether the source has it as one or not."""
    if value.__class__ is int:
        value = str(value)
    write_text(fields, name, value)


def write_number(fields: Fields, name: str, value: Any) -> None:
    """Write a whole number, from a number or its digits; nothing else is written."""
    if value.__class__ is int:
        fields[name] = value
        return
    digits = isinstance(value, str) and len(value) < 19 and value.isascii() and value.isdecimal()
    if digits or (isinstance(value, float) and value.is_integer() and abs(value) < 1e15):
        fields[name] = int(value)


def write_address(fields: Fields, name: str, value: Any) -> None:
    """Write an IP address as ``side.ip`` and anything else as ``side.address``; a port beside it as ``side.port``."""
    if not isinstance(value, str) or value in EMPTY:
        return
    address, port = split_port(value)
    if is_ip(address):
        fields[name] = address
        if port and name[:-2] + "port" not in fields:
            fields[name[:-2] + "port"] = int(port)
    else:
        write_text(fields, name[:-2] + "address", value[:MAX_TEXT])


def write_transport(fields: Fields, name: str, value: Any) -> None:
    """Write the name of a transport protocol in lower case, from a name or a number."""
    word = str(value).strip().lower()
    if word not in EMPTY and len(word) <= 32:
        fields[name] = TRANSPORTS.get(word, word)


def write_list(fields: Fields, name: str, value: Any) -> None:
    """Write a list of texts, from a list or a single scalar."""
    found = [str(scalar(each)) for each in (value if isinstance(value, list) else [value])[:16] if each is not None]
    if found:
        fields[name] = found


def split_port(text: str) -> tuple[str, str]:
    """Return address and port of ``1.2.3.4:80``, ``[::1]:80``, ``[::1]`` or ``::ffff:1.2.3.4``; port "" without one."""
    text = text.strip()
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        port = rest.lstrip(":")
        return _unmapped(address), port if port.isdecimal() and len(port) <= 5 else ""
    if text.count(":") == 1:
        address, _, port = text.partition(":")
        return (address, port) if port.isdecimal() and len(port) <= 5 else (text, "")
    return _unmapped(text.partition("%")[0]), ""


def _unmapped(address: str) -> str:
    return address[7:] if address[:7].lower() == "::ffff:" and "." in address else address
