"""What the declaration of FortiGate cannot say: the name of the device, sums, and addresses inside of words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from logdojo.parse.draft import Draft

_INTERFACE: Final = re.compile(r"[\w-]{1,32}\(([0-9a-fA-F:.]{3,45})\)", re.ASCII)


def after(draft: Draft, spans: Mapping[str, tuple[int, int]]) -> None:
    """Take the device for the host where no header names one; ``ui="GUI(192.0.2.9)"`` for the source."""
    name_host(draft)
    add_bytes(draft.fields)
    start, stop = spans.get("ui", (0, 0))
    if "source.ip" not in draft.fields and (found := _INTERFACE.fullmatch(draft.line, start, stop)):
        draft.address("source", found.span(1))


def name_host(draft: Draft) -> None:
    """Take the observer's name for the host's where the header names none."""
    name = draft.fields.get("observer.name")
    # Sophos writes the kind of device where others write its name.
    if name not in {None, "SFW"} and "host.name" not in draft.fields:
        draft.fields["host.name"] = name
        if "observer.name" in draft.spans:
            draft.spans["host.name"] = draft.spans["observer.name"]


def add_bytes(fields: dict[str, object]) -> None:
    """Write ``network.bytes``, the sum of both directions as ECS defines it, where the vendor gives none itself."""
    sent, received = fields.get("source.bytes"), fields.get("destination.bytes")
    if isinstance(sent, int) and isinstance(received, int):
        fields.setdefault("network.bytes", sent + received)
