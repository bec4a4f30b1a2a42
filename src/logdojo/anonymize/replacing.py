r"""A value whose class is known → what stands in its place.

The form of a value may overrule the name of its field: an ARN in a user field is an ARN, and a list of addresses in one
field is several addresses. What is answered depends on class and value alone, so recent answers are remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from logdojo.anonymize.detectors.forms import DETECTORS, ipv4_addresses, ipv6_addresses
from logdojo.anonymize.policy import Policy
from logdojo.anonymize.propagation import is_hunted
from logdojo.anonymize.pseudonyms import Pseudonyms
from logdojo.anonymize.spans import Hit

Piece = tuple[int, int, str | None, str, str, bool]
"""A part of a value or text: start, stop, what replaces it (``None``: it stays and is spoken for), class, original, and
whether the original is hunted for elsewhere. Plain tuples: a line makes a dozen of them."""

_PLACEHOLDER: Final = re.compile(r"<[A-Za-z_ -]{1,40}>")
_MAILBOX: Final = re.compile(r"[\s\"']{0,4}([^\"'<>@\s][^\"<>@]{0,126}?)[\s\"']{0,4}<[^<>@]{1,64}@")
"""A name in front of an address: RFC 5322, section 3.4."""
_NAMED_ENDPOINT: Final = re.compile(r"[0-9.]{7,15}:[0-9]{0,5}:[\w-]{0,32}:([A-Za-z][\w.-]{0,254})")
"""Address, port, interface and name, as SonicWall writes an endpoint."""
_CACHE: Final = 1 << 15  # answers that are remembered, of each kind
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_OVERRULED: Final = frozenset({"ip", "mac", "email"})


class Replacements:
    """Pieces of values, under one policy and key.

    Args:
        policy: what is done to each class.
        pseudonyms: the keyed pseudonyms.
    """

    def __init__(self, policy: Policy, pseudonyms: Pseudonyms) -> None:
        self._policy = policy
        self._common = policy.common_words | policy.no_names
        self._makers: dict[str, Callable[[str, str], str]] = {
            "pseudonymize": pseudonyms.of,
            "generalize": pseudonyms.generalize,
            "encrypt": pseudonyms.encrypt,
            "mask": lambda class_name, _value: f"[{class_name}]",
            "drop": lambda _class_name, _value: "",
        }
        self._values: dict[tuple[str, str], tuple[Piece, ...]] = {}
        self._forms: dict[tuple[str, str], tuple[Piece, ...]] = {}
        self._alone: dict[tuple[str, str], tuple[Piece, ...]] = {}

    def of_value(self, class_name: str, value: str) -> tuple[Piece, ...]:
        """Return the pieces of a value that a field or the words around it have told."""
        found = self._values.get((class_name, value))
        if found is None:
            found = tuple(self._pieces(class_name, value))
            remember(self._values, (class_name, value), found)
        return found

    def alone(self, class_name: str, value: str) -> tuple[Piece, ...]:
        """Return the pieces of a value that is a text for itself: those of ``of_value`` that do not overlap."""
        found = self._alone.get((class_name, value))
        if found is None:
            mask = bytearray(len(value))
            found = tuple(piece for piece in self.of_value(class_name, value) if claim(mask, piece[0], piece[1]))
            remember(self._alone, (class_name, value), found)
        return found

    def of_form(self, class_name: str, value: str) -> tuple[Piece, ...]:
        """Return the pieces of a value whose form has told its class: it is one."""
        found = self._forms.get((class_name, value))
        if found is None:
            found = (self._piece(0, len(value), class_name, value),)
            remember(self._forms, (class_name, value), found)
        return found

    def _pieces(self, class_name: str, value: str) -> Iterator[Piece]:
        size = len(value)
        operator = self._policy.operator(class_name)
        if value.casefold() in self._policy.placeholders or _PLACEHOLDER.fullmatch(value):
            yield 0, size, None, class_name, value, False
        elif operator == "keep":
            return  # not spoken for: the detectors still look at it
        elif operator in {"mask", "drop"}:
            yield self._piece(0, size, class_name, value)
        else:
            for start, stop, inner in self._forms_inside(class_name, value):
                yield self._piece(start, stop, inner, value[start:stop])

    def _forms_inside(self, class_name: str, value: str) -> Iterable[Hit]:
        """Yield what a value consists of, in the order of precedence; they may overlap."""
        whole = Hit(0, len(value), class_name)
        for find in (ipv6_addresses, ipv4_addresses) if class_name != "mac" else ():
            for found in find(value):
                # A bare address, or a list of them. In a name (ip-10-0-0-1.example) the name decides.
                if class_name == "ip" or _is_address_with_port(value, found):
                    yield Hit(found.start, found.stop, "ip")
        if class_name == "ip" and (named := _NAMED_ENDPOINT.fullmatch(value)):
            yield Hit(*named.span(1), "host")
        if class_name == "email" and (named := _MAILBOX.match(value)):
            yield Hit(*named.span(1), "person")
        if value.startswith("arn:"):
            yield Hit(0, len(value), "arn")
        elif class_name in _OVERRULED:
            for detector in DETECTORS:
                yield from detector.find(value)
            if class_name != "ip":
                yield whole
        else:
            yield whole

    def _piece(self, start: int, stop: int, class_name: str, value: str) -> Piece:
        make = self._makers.get(self._policy.operator(class_name))
        new: str | None = None
        if make is not None:
            try:
                new = make(class_name, value)
            except (ValueError, OverflowError):
                new = f"[{class_name}]"  # a value that does not have the form its field promises
        if new is None or new == value:
            return start, stop, None, class_name, value, False
        return start, stop, new, class_name, value, is_hunted(class_name, value, self._common)


def remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep an answer, within a bound: a full memory is emptied, which costs less than to keep track of use."""
    if len(memory) >= _CACHE:
        memory.clear()
    memory[key] = value


def claim(mask: bytearray, start: int, stop: int) -> bool:
    """Claim part of a text; False, and nothing changes, when some of it is spoken for or it is empty."""
    if start >= stop or mask.find(1, start, stop) >= 0:
        return False
    mask[start:stop] = b"\x01" * (stop - start)
    return True


def _is_address_with_port(value: str, inner: Hit) -> bool:
    before, after = value[: inner.start], value[inner.stop :]
    return before in {"", "[", "/"} and (not after.strip("]") or after.lstrip("]").startswith(":"))
