"""A trace that crosses processes over HTTP: the ``traceparent`` header, read and written.

The header is ``00-<trace id: 32 hex digits>-<span id: 16 hex digits>-<flags: 2 hex digits>``, as W3C Trace Context
(https://www.w3.org/TR/trace-context/) has it. A header comes from outside: what does not fit the format to the letter
is not logged, not repaired and not sent on; a new trace begins instead.

    with scope(trace=parse_traceparent(request.headers.get("traceparent")).trace):
        reply = client.get(url, headers=outgoing_headers())
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from logdojo.logsetup.context import current

HEADER: Final = "traceparent"
MAX_HEADER_CHARACTERS: Final = 512
"""A longer header is no traceparent, of this or any later version."""
_FORMAT: Final = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")
_TRACE: Final = re.compile("[0-9a-f]{32}")
_SPAN: Final = re.compile("[0-9a-f]{16}")
_SAMPLED: Final = 0x01


@dataclass(frozen=True, slots=True)
class TraceParent:
    """Where a request stands in its trace.

    Args:
        trace: id of the whole trace: 32 hexadecimal digits in lower case, not all zero.
        parent: span id of the caller, 16 hexadecimal digits; empty when the trace begins here.
        sampled: whether the caller may have recorded its part.
    """

    trace: str
    parent: str = ""
    sampled: bool = False

    @property
    def new(self) -> bool:
        """Whether the trace begins here, since no valid header came."""
        return not self.parent


def parse_traceparent(header: str | bytes | None) -> TraceParent:
    """Return what an incoming header says, or the start of a new trace when it is missing or not valid.

    A valid header only has the right form; who sent it is not known. At the edge to the public, where a stranger must
    not choose ids, pass None.

    Args:
        header: value of the one ``traceparent`` header; with several, pass None, as the standard asks for.
    """
    text = header.decode("latin-1") if isinstance(header, bytes) else header or ""
    found = _FORMAT.fullmatch(text.strip(" \t")) if len(text) <= MAX_HEADER_CHARACTERS else None
    if found is None:
        return TraceParent(new_trace_id())
    version, trace, parent, flags, more = found.groups()
    # Version ff is forbidden, and version 00 ends with its flags; a later version may go on after a dash.
    if version == "ff" or (version == "00" and more is not None) or not (_nonzero(trace) and _nonzero(parent)):
        return TraceParent(new_trace_id())
    return TraceParent(trace, parent, sampled=bool(int(flags, 16) & _SAMPLED))


def make_traceparent(trace: str, *, span: str = "", sampled: bool = True) -> str:
    """Return an outgoing header, or ``""`` when ``trace`` is no W3C trace id: then no header should be sent.

    Args:
        trace: id of the trace; a UUID with its dashes will do too.
        span: id of the caller's own span, as its log lines have it in ``span.id``; a new one when not given or not
            valid.
        sampled: whether this process records its part.
    """
    trace = trace.replace("-", "").lower()
    if not (_TRACE.fullmatch(trace) and _nonzero(trace)):
        return ""
    if not (_SPAN.fullmatch(span) and _nonzero(span)):
        span = new_span_id()
    return f"00-{trace}-{span}-{int(sampled):02x}"


def outgoing_headers(*, sampled: bool = True) -> dict[str, str]:
    """Return the header for a request to another service, made from this context's ``trace.id`` and ``span.id``.

    Empty when the context has no trace id that the standard allows.
    """
    ids = current()
    header = make_traceparent(ids.get("trace.id", ""), span=ids.get("span.id", ""), sampled=sampled)
    return {HEADER: header} if header else {}


def new_trace_id() -> str:
    """Return a new trace id: 128 random bits."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """Return a new span id: 64 random bits."""
    return secrets.token_hex(8)


def _nonzero(digits: str) -> bool:
    return digits.strip("0") != ""
