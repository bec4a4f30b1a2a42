"""Splunk's HTTP event collector (HEC), with indexer acknowledgement.

HEC answers 200 when it has received a batch, which is not yet "indexed": only ``/services/collector/ack`` says that. A
batch whose acknowledgement does not come is sent again. Splunk has no ids of documents, so delivery is *at least once*:
an event may be there twice after a lost answer. Each event carries the id of its line in the indexed field
``logdojo_id``; a search removes repeats with ``| dedup logdojo_id``.

Sources: https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck and
https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector (the codes)
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from logdojo.errors import UsageError
from logdojo.logsetup.shipping.delivery import Outcome, RefusedError, Wait
from logdojo.logsetup.shipping.http import Endpoint, NoAnswer, Reply, Secret, checked
from logdojo.logsetup.shipping.reading import Line

_PATH: Final = "/services/collector"
_EVENT_FAULTS: Final = frozenset({6, 12, 13, 15})
"""Invalid data format, event field is required, event field cannot be blank, error in handling indexed fields."""
_FIRST_POLL_SECONDS: Final = 0.05
_LAST_POLL_SECONDS: Final = 2.0
_LONGEST_REASON: Final = 500


class SplunkSink:
    """Send lines to an event collector. Where they are indexed is up to the token.

    Args:
        url: ``https://host:8088``; a path may stand behind it when a proxy needs one.
        secret: the token.
        acknowledged: wait for each batch until it is indexed; the token must have that switched on.
        acknowledged_within: seconds after which a batch that is not acknowledged is sent again.
        timeout: seconds; see ``Endpoint``.
        ca_file: see ``Endpoint``.
        client_cert: see ``Endpoint``.

    Raises:
        UsageError: the address is none.
        InputError: a certificate file cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: Secret,
        acknowledged: bool = True,
        acknowledged_within: float = 120.0,
        timeout: float = 30.0,
        ca_file: Path | None = None,
        client_cert: Path | None = None,
    ) -> None:
        parts, port = checked(url)
        if parts.query or parts.fragment:
            raise UsageError(f"{url!r}: nothing may stand behind the path", hint="write hec+https://host:8088")
        path = parts.path.rstrip("/").removesuffix("/event").removesuffix(_PATH)
        self._endpoint = Endpoint(
            url, secret=secret, timeout=timeout, ca_file=ca_file, client_cert=client_cert, scheme="Splunk"
        )
        self._events = f"{path}{_PATH}/event"
        # A channel of its own for each sink: acknowledgement ids are counted per channel.
        self._channel = str(uuid.uuid4())
        self._acks = f"{path}{_PATH}/ack?channel={self._channel}"
        self._acknowledged = acknowledged
        self._within = acknowledged_within
        self._headers = {"Content-Type": "application/json", "X-Splunk-Request-Channel": self._channel}
        self._host = json.dumps(socket.gethostname()).encode()
        self.name = f"splunk-{parts.hostname}-{port}{path}"

    def send(self, lines: Sequence[Line], *, wait: Wait) -> Outcome:
        """Send lines in one request and wait until they are indexed; see ``Sink``."""
        fit: list[Line] = []
        events: list[bytes] = []
        dead: list[tuple[Line, str]] = []
        for line in lines:
            try:
                events.append(self._event(line))
            except (ValueError, RecursionError):
                # One event that is no JSON spoils the request for all that stand behind it.
                dead.append((line, "not a JSON object"))
            else:
                fit.append(line)
        return Outcome(dead=tuple(dead)) + (self._send(fit, events, wait) if fit else Outcome())

    def forget(self) -> None:
        """Drop the connection."""
        self._endpoint.forget()

    def _event(self, line: Line) -> bytes:
        text = line.text.decode("utf-8")
        fields = json.loads(text)
        if not isinstance(fields, dict) or not fields:
            raise ValueError("no object, or nothing in it")
        moment = fields.get("@timestamp")
        try:
            at = b'"time":%.3f,' % datetime.fromisoformat(str(moment)).timestamp() if moment else b""
        except (ValueError, OverflowError):
            at = b""
        return b'{%b"host":%b,"event":%b,"fields":{"logdojo_id":"%b"}}' % (at, self._host, line.text, line.id.encode())

    def _send(self, lines: Sequence[Line], events: Sequence[bytes], wait: Wait) -> Outcome:
        try:
            reply = self._endpoint.post(self._events, b"\n".join(events), self._headers)
        except NoAnswer as error:
            return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: {error}")
        answer = _object(reply)
        if reply.status == 200:
            return self._received(lines, answer, wait)
        told = self._endpoint.hide(f"HTTP {reply.status} {answer.get('text', '')}"[:_LONGEST_REASON]).rstrip()
        if reply.status in {408, 429} or reply.status >= 500:
            return Outcome(
                again=tuple(lines), reason=f"{self._endpoint.address}: {told}", retry_after=reply.retry_after
            )
        if reply.status == 413 or (reply.status == 400 and answer.get("code") in _EVENT_FAULTS):
            return self._without(lines, events, answer, told, wait)
        raise RefusedError(
            f"{self._endpoint.address}: {told}",
            hint="check the address, the token, and whether it has indexer acknowledgement (--no-ack); nothing is lost",
        )

    def _without(
        self, lines: Sequence[Line], events: Sequence[bytes], answer: dict[str, object], told: str, wait: Wait
    ) -> Outcome:
        """Set the event aside that the collector names, or look for it by halves, and send the others once more."""
        number = answer.get("invalid-event-number")
        if len(lines) == 1:
            number = 0
        if isinstance(number, int) and 0 <= number < len(lines):
            rest, theirs = [*lines[:number], *lines[number + 1 :]], [*events[:number], *events[number + 1 :]]
            gone = Outcome(dead=((lines[number], told),))
            # Not at once: were all of them bad, it would be one request an event before anything is written down.
            return gone + (Outcome(again=tuple(rest), reason=told) if theirs else Outcome())
        middle = len(lines) // 2
        return self._send(lines[:middle], events[:middle], wait) + self._send(lines[middle:], events[middle:], wait)

    def _received(self, lines: Sequence[Line], answer: dict[str, object], wait: Wait) -> Outcome:
        if not self._acknowledged:
            if answer.get("code") == 0:
                return Outcome(accepted=len(lines))
            return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: the answer is not the collector's")
        number = answer.get("ackId")
        if not isinstance(number, int):
            if answer.get("code") == 0:
                raise RefusedError(
                    f"{self._endpoint.address}: the token has no indexer acknowledgement",
                    hint="switch it on for the token, or ship with --no-ack and take the risk",
                )
            return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: the answer is not the collector's")
        if self._is_indexed(number, wait):
            return Outcome(accepted=len(lines))
        return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: no acknowledgement in time")

    def _is_indexed(self, number: int, wait: Wait) -> bool:
        """Ask until the batch is indexed, the time is over, or shipping stops."""
        until = time.monotonic() + self._within
        pause = _FIRST_POLL_SECONDS
        body = json.dumps({"acks": [number]}).encode()
        while True:
            try:
                acks = _object(self._endpoint.post(self._acks, body, self._headers)).get("acks")
            except NoAnswer:
                acks = None
            # True is told once: the collector forgets an id when it has said so.
            if isinstance(acks, dict) and acks.get(str(number)) is True:
                return True
            if time.monotonic() + pause > until or wait(pause):
                return False
            pause = min(pause * 2, _LAST_POLL_SECONDS)


def _object(reply: Reply) -> dict[str, object]:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
