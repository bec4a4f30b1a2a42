"""Value → a coarser one that many share: less to recognize somebody by, and still something to count.

| class | becomes |
|---|---|
| ip | its network, /24 or /48; a network at most as long |
| email, host | the pseudonym of its domain |
| location | its country: the last part of ``Lyon, Rhône, France``, a country code; coordinates to whole degrees |
| path | the path without the user's name in it |
| number, digits | the bucket of its first digit: ``4711`` becomes ``4000-4999`` |
| time | itself |

Not covered: every other class, and a value that does not have its class's form, becomes ``[class]``. Whether the
coarser values hide anybody depends on how many share them: count with ``logdojo.anonymize.risk``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

_V4_PREFIX: Final = 24
_V6_PREFIX: Final = 48
_NUMBER: Final = re.compile(r"(-?)([0-9]{1,64})(?:\.[0-9]{0,64})?")
_COORDINATES: Final = re.compile(
    r"(-?[0-9]{1,3})(?:\.[0-9]{0,32})?[ ,;/]{1,3}(-?[0-9]{1,3})(?:\.[0-9]{0,32})?|(-?[0-9]{1,3})\.[0-9]{1,32}"
)
_COUNTRY_CODE: Final = re.compile("[A-Z]{2,3}")
_KEPT: Final = frozenset({"time", "timestamp", "date"})


def generalize(class_name: str, value: str, domain: Callable[[str], str]) -> str:
    """Return the coarser value.

    Args:
        class_name: what the value is.
        value: the value.
        domain: returns the pseudonym of a domain.
    """
    if class_name in _KEPT:
        return value
    make = _MAKERS.get(class_name)
    try:
        if make is not None:
            return make(value)
        behind = {"email": "@", "host": "."}.get(class_name, "\n")
        name = value.partition(behind)[2]
        return domain(name) if name else f"[{class_name}]"
    except ValueError:
        return f"[{class_name}]"


def _network(value: str) -> str:
    network = ipaddress.ip_network(value.partition("%")[0], strict=False)
    widest = _V4_PREFIX if network.version == 4 else _V6_PREFIX
    return str(network if network.prefixlen <= widest else network.supernet(new_prefix=widest))


def _country(value: str) -> str:
    place = _COORDINATES.fullmatch(value.strip())
    if place is not None:
        return place[3] or f"{place[1]},{place[2]}"
    before, comma, last = value.strip().rpartition(",")
    last = last.strip()
    if last and not any(c.isdigit() for c in last) and ((comma and before) or _COUNTRY_CODE.fullmatch(last)):
        return last
    raise ValueError("no country")


def _path(value: str) -> str:
    # The detectors know the policy, and the policy the classes of pseudonyms: imported above, this would be a circle.
    from logdojo.anonymize.detectors.forms import home_directories

    pieces: list[str] = []
    at = 0
    for hit in home_directories(value):
        pieces += (value[at : hit.start], "[user]")
        at = hit.stop
    return "".join((*pieces, value[at:]))


def _bucket(value: str) -> str:
    match = _NUMBER.fullmatch(value.strip())
    if match is None:
        raise ValueError("no number")
    number = int(match[2])
    step = 10 ** max(1, len(str(number)) - 1)
    low = number // step * step
    sign = match[1]
    return f"{sign}{low}-{sign}{low + step - 1}"


_MAKERS: Final[dict[str, Callable[[str], str]]] = {
    "ip": _network,
    "location": _country,
    "path": _path,
    "number": _bucket,
    "digits": _bucket,
}
