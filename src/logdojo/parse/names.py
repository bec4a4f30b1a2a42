"""Names that sources give to the same thing → its ECS field: ``src_ip``, ``SrcIp`` and ``client.ip`` → ``source.ip``.

The table is ``names.yaml``. A name counts only with a value of the field's kind.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import yaml

from logdojo.parse.draft import is_ip
from logdojo.parse.kinds import TRANSPORTS, split_port
from logdojo.parse.values import EMPTY

Known = tuple[str, int]
"""An ECS field, and the rank of a name among all names of that field: the lowest wins."""

# Too short or too common to say something when they stand deep in a document.
_OUTERMOST: Final = frozenset(
    {"host", "from", "source", "src", "dst", "destination", "event", "date", "t", "ts", "size"}
)
_OTHER_SIDE: Final = ("dst", "dest", "destination", "server", "target", "local", "upstream", "backend", "responder")
_METHODS: Final = frozenset(
    {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND", "PROPPATCH"}
    | {"MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PURGE"}
)
_PROTOCOLS: Final = frozenset({*TRANSPORTS.values(), "tcp", "udp", "icmp", "igmp", "gre", "esp", "ah", "sctp"})
_GOOD: Final = frozenset(
    {"success", "succeeded", "successful", "successfully", "ok", "pass", "passed", "allow", "allowed", "accept"}
    | {"accepted", "true", "granted", "yes", "authenticated", "permitted", "permit"}
)
_BAD: Final = frozenset(
    {"failure", "failed", "fail", "failures", "error", "denied", "deny", "false", "reject", "rejected", "refused"}
    | {"unsuccessful", "invalid", "blocked", "unauthorized", "forbidden", "no", "incorrect", "drop", "dropped"}
)
OUTCOMES: Final = MappingProxyType(dict.fromkeys(_GOOD, "success") | dict.fromkeys(_BAD, "failure"))
"""Words for how something ended."""


@cache
def _table() -> dict[str, Known]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = resources.files("logdojo.parse").joinpath("names.yaml").read_text("utf-8")
    table: dict[str, Known] = {}
    for field, names in yaml.load(text, Loader=loader).items():  # noqa: S506  # a safe loader
        for rank, name in enumerate(names):
            table.setdefault(_bare(name), (field, rank))
    return table


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


@lru_cache(maxsize=8_192)
def known(path: str) -> Known | None:
    """Return what a name, or the dotted path of a key, stands for; None when it says nothing."""
    table = _table()
    found = table.get(_bare(path))
    if found is None and "." in path:
        parent, _, last = path.rpartition(".")
        found = None if last.lower() in _OUTERMOST else table.get(_bare(last))
        if found is None:
            return None
        field, rank = found
        if field.startswith("source.") and any(part.lower() in _OTHER_SIDE for part in parent.split(".")):
            field = "destination." + field[7:]
        # A name deep in a document gives way to the same name further out.
        return field, rank + 100 * path.count(".")
    return found


def fitting(field: str, value: object) -> object | None:
    """Return a value as the field holds it, or None when it is not of the field's kind."""
    if isinstance(value, str):
        value = value.strip()
        if value in EMPTY or len(value) > 2_048:
            return None
    elif not isinstance(value, (int, float)) or value is None:
        return None
    test = _BY_FIELD.get(field) or _KINDS.get(field.rpartition(".")[2], _word)
    return test(value)


def _address(value: object) -> object | None:
    if not isinstance(value, str):
        return None
    address = split_port(value.partition(",")[0].rpartition("@")[2].strip("<>'\""))[0]
    return address if is_ip(address) else None


def _number(value: object) -> object | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19 else None


def _port(value: object) -> object | None:
    number = _number(value)
    return number if isinstance(number, int) and number <= 65_535 else None


def _status(value: object) -> object | None:
    number = _number(value)
    return number if isinstance(number, int) and 100 <= number <= 599 else None


def _transport(value: object) -> object | None:
    name = str(value).lower()
    name = TRANSPORTS.get(name, name)
    return name if name in _PROTOCOLS else None


def _method(value: object) -> object | None:
    return value if isinstance(value, str) and value.upper() in _METHODS else None


def _url(value: object) -> object | None:
    return value if isinstance(value, str) and ("/" in value or value == "*") and " " not in value else None


def _outcome(value: object) -> object | None:
    return OUTCOMES.get(str(value).lower())


def _user(value: object) -> object | None:
    if isinstance(value, (bool, float)):
        return None
    name = str(value)
    if name in {"--", "?", "<unknown>", "anonymous@", "none", "nil"}:
        return None
    return name if len(name) <= 256 and name.count(" ") <= 4 and name not in {"true", "false"} else None


def _host(value: object) -> object | None:
    return value if isinstance(value, str) and " " not in value and len(value) <= 255 else None


def _code(value: object) -> object | None:
    return str(value) if not isinstance(value, (bool, float)) and len(str(value)) <= 64 else None


def _short(value: object) -> object | None:
    return value if isinstance(value, str) and len(value) <= 128 else None


def _word(value: object) -> object | None:
    return value if isinstance(value, str) else None


_KINDS: Final = MappingProxyType(
    {
        "ip": _address,
        "port": _port,
        "bytes": _number,
        "pid": _number,
        "status_code": _status,
        "transport": _transport,
        "method": _method,
        "outcome": _outcome,
        "code": _code,
        "action": _short,
        "domain": _host,
    }
)
_BY_FIELD: Final = MappingProxyType({"url.original": _url, "user.name": _user, "host.name": _host})
