"""A small Splunk HTTP event collector for labs and tests: real enough for its protocol, with switches for its faults.

It speaks ``/services/collector/event`` and ``/services/collector/ack`` with tokens, channels, codes and indexer
acknowledgement as the collector's documentation has them
(https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck), keeps the events in memory, and can be told
to fail. It listens on this machine alone.

    with HecServer(token="t") as server:
        server.faults.append("busy")
        …
        server.events
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TEXTS = {
    0: (200, "Success"),
    3: (401, "Invalid authorization"),
    4: (403, "Invalid token"),
    5: (400, "No data"),
    6: (400, "Invalid data format"),
    9: (503, "Server is busy"),
    10: (400, "Data channel is missing"),
    12: (400, "Event field is required"),
    13: (400, "Event field cannot be blank"),
    14: (400, "ACK is disabled"),
}
FAULTS = ("busy", "cut", "lost answer", "never indexed", "lost ack")


class HecServer:
    """A collector on a free port of this machine.

    Args:
        token: the one token that is accepted.
        acks: whether the token has indexer acknowledgement.
        polls_until_indexed: how many times a batch is "not yet indexed" when its acknowledgement is asked for.
        invalid: says of an event whether the collector refuses it as malformed.
        keeps_those_before: whether the events before a malformed one are indexed all the same.
        largest: bytes; larger requests get 413.
    """

    def __init__(
        self,
        *,
        token: str,
        acks: bool = True,
        polls_until_indexed: int = 0,
        invalid: Callable[[dict[str, Any]], bool] = lambda _: False,
        keeps_those_before: bool = False,
        largest: int = 1_000_000,
    ) -> None:
        self.token = token
        self.acks = acks
        self.polls_until_indexed = polls_until_indexed
        self.invalid = invalid
        self.keeps_those_before = keeps_those_before
        self.largest = largest
        self.events: list[dict[str, Any]] = []
        """What is indexed, in order; an event that was sent twice is there twice."""
        self.faults: deque[str] = deque()
        """What goes wrong with the next requests, one word of ``FAULTS`` each.

        ``busy``: 503. ``cut``: the connection ends before the request was taken. ``lost answer``: it ends after that.
        ``never indexed``: the batch is received, acknowledged never, and gone. ``lost ack``: the next acknowledgement
        that would say yes gets lost on the way.
        """
        self.requests = 0
        self._waiting: dict[str, dict[int, int]] = {}
        self._lost_acks = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, channel: str, authorization: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        """Do what a request asks for; return status and answer, or None to end the connection without one."""
        with self._lock:
            self.requests += 1
            if not authorization.startswith("Splunk "):
                return _coded(3)
            if authorization != f"Splunk {self.token}":
                return _coded(4)
            if path == "/services/collector/ack":
                return self._ack(channel, body)
            if path not in {"/services/collector", "/services/collector/event"}:
                return 404, {"text": "The requested URL was not found on this server.", "code": 404}
            return self._event(channel, body)

    def _event(self, channel: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        if self.acks and not channel:
            return _coded(10)
        if len(body) > self.largest:
            return 413, {"text": "Content-Length too large", "code": 27}
        fault = self.faults.popleft() if self.faults else ""
        if fault == "busy":
            return _coded(9)
        if fault == "cut":
            return None
        events, code = _read(body, self.invalid)
        if code:
            if self.keeps_those_before:
                self.events += events
            return _coded(code, {"invalid-event-number": len(events)} if code != 5 else {})
        if fault != "never indexed":
            self.events += events
        self._lost_acks += fault == "lost ack"
        if not self.acks:
            return None if fault == "lost answer" else _coded(0)
        waiting = self._waiting.setdefault(channel, {})
        number = len(waiting)
        waiting[number] = -1 if fault == "never indexed" else self.polls_until_indexed
        return None if fault == "lost answer" else _coded(0, {"ackId": number})

    def _ack(self, channel: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        if not self.acks:
            return _coded(14)
        if not channel:
            return _coded(10)
        waiting = self._waiting.setdefault(channel, {})
        said = {}
        for number in json.loads(body)["acks"]:
            said[str(number)] = waiting.get(number) == 0
            if waiting.get(number, -1) >= 0:
                waiting[number] -= 1  # below zero: yes is said once, then the collector has forgotten it
        if self._lost_acks and any(said.values()):
            self._lost_acks -= 1
            return None
        return 200, {"acks": said}


def _coded(code: int, more: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    status, text = TEXTS[code]
    return status, {"text": text, "code": code, **(more or {})}


def _read(body: bytes, invalid: Callable[[dict[str, Any]], bool]) -> tuple[list[dict[str, Any]], int]:
    """Return the events up to the first malformed one, and its code; 0 when all are fine."""
    decoder = json.JSONDecoder()
    text = body.decode("utf-8", "replace")
    events: list[dict[str, Any]] = []
    at = 0
    while at < len(text):
        if text[at] in " \r\n\t":
            at += 1
            continue
        try:
            event, at = decoder.raw_decode(text, at)
        except ValueError:
            return events, 6
        if not isinstance(event, dict) or invalid(event):
            return events, 6
        if "event" not in event:
            return events, 12
        if event["event"] in ("", None, {}):
            return events, 13
        events.append(event)
    return (events, 0) if events else (events, 5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about a client that did not wait for the answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: HecServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # the name that http.server looks for
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            channel = self.headers.get("X-Splunk-Request-Channel", "") or query.removeprefix("channel=")
            told = server.answer(path, channel, self.headers.get("Authorization", ""), body)
            if told is None:
                self.close_connection = True
                return
            content = json.dumps(told[1]).encode()
            self.send_response(told[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
