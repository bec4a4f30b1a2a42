"""What a format is: a name, the signs by which its lines are told, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from logdojo.events import LogEvent
from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft

ReadText = Callable[[Draft, int, "datetime | None"], bool]
"""Draft, start of the message, reference of the year → whether the line was read; False lets the next format try.

Raises:
    ValueError: the line is of this format and broken; the message is the reason.
"""
ReadDocument = Callable[[Draft, Mapping[str, Any], "datetime | None"], "bool | None"]
"""Draft, document, reference of the year → False if the document is not of this format after all."""


ReadUsual = Callable[[str, "datetime | None"], "LogEvent | None"]
"""Line, reference of the year → the event of a line as nearly all of the format are, None for any other line.

Raises:
    ValueError: the line is of this format and broken; the message is the reason.
"""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that lines are read in.

    Args:
        name: value of ``event.dataset``.
        signs: what tells its lines.
        read_text: reads a line of text; None for a format of JSON documents.
        read_usual: reads whole lines before any other reader is asked; for devices that log every packet.
        read_document: reads a JSON document; None for a format of text.
        unwrap: keys under which a document may hold the event itself, or a list of one.
        doc: where the format is described.
        prose: whether its message is free text, in which addresses and users are looked for that no field names.
    """

    name: str
    signs: Signs
    read_text: ReadText | None = None
    read_document: ReadDocument | None = None
    read_usual: ReadUsual | None = None
    unwrap: tuple[str, ...] = ()
    doc: str = ""
    prose: bool = False
