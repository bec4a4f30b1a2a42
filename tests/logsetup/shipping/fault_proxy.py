"""A proxy that stands before a real bulk API and lets go wrong what goes wrong in networks and clusters, by a seed."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

FAULTS = {
    "429": "too many requests, with Retry-After",
    "503": "service unavailable",
    "late before": "no answer within the client's time limit; the server never saw the request",
    "late after": "no answer within the client's time limit; the server has done it",
    "cut before": "the connection ends before the server saw the request",
    "cut after": "the connection ends after the server has done it: a lost answer",
    "cut within": "the answer ends in the middle",
    "partial": "some items of the bulk request get 429 inside an answer with status 200",
    "garbled": "status 200 with a page of another program",
}


class FaultProxy:
    """A proxy on a free port of this machine.

    Args:
        backend: ``http://host:port`` of the real one.
        rates: fault → probability for each request.
        script: faults of the first requests, before the dice decide; ``""`` lets a request through.
        seed: of the dice.
        late: seconds that a late request is held; longer than the client's time limit.
        retry_after: what a 429 asks for, in seconds.
    """

    def __init__(
        self,
        backend: str,
        *,
        rates: Mapping[str, float] | None = None,
        script: tuple[str, ...] = (),
        seed: int = 1,
        late: float = 0.4,
        retry_after: int = 0,
    ) -> None:
        self.backend = urlsplit(backend)
        self.rates = dict(rates or {})
        self.script = deque(script)
        self.late = late
        self.retry_after = retry_after
        self.seen: Counter[str] = Counter()
        """How many requests met which fault; ``""`` counts those that went through."""
        self.bodies: deque[bytes] = deque(maxlen=8)
        """The last requests, for a test to look at."""
        self._dice = random.Random(seed)
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

    def next_fault(self) -> tuple[str, float]:
        """Return what happens to the next request, and a number in [0, 1) for its details."""
        with self._lock:
            detail = self._dice.random()
            if self.script:
                fault = self.script.popleft()
            else:
                fault = self._dice.choices([*self.rates, ""], [*self.rates.values(), 1 - sum(self.rates.values())])[0]
            self.seen[fault] += 1
            return fault, detail

    def forward(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Send a request on and return status and content of the answer."""
        connection = http.client.HTTPConnection(self.backend.hostname or "", self.backend.port or 80, timeout=60)
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def forward_some(self, path: str, headers: dict[str, str], body: bytes, detail: float) -> tuple[int, bytes]:
        """Send on a part of the actions of a bulk request, and answer 429 in the place of each of the others."""
        if headers.pop("Content-Encoding", "") == "gzip":
            body = gzip.decompress(body)
        parts = body.split(b"\n")
        pairs = [b"\n".join(parts[at : at + 2]) + b"\n" for at in range(0, len(parts) - 1, 2)]
        dice = random.Random(detail)
        kept = [dice.random() < 0.7 for _ in pairs]
        some = b"".join(pair for pair, keep in zip(pairs, kept, strict=True) if keep)
        status, content = self.forward(path, headers, some) if some else (200, b'{"items":[]}')
        if status != 200:
            return status, content
        results = iter(json.loads(content)["items"])
        busy = {"create": {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue full"}}}
        items: list[Any] = [next(results) if keep else busy for keep in kept]
        return 200, json.dumps({"errors": True, "items": items}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about a client that did not wait for the answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:  # the name that http.server looks for
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy.bodies.append(body)
            headers = {
                name: self.headers[name] for name in ("Content-Type", "Content-Encoding") if name in self.headers
            }
            fault, detail = proxy.next_fault()
            if fault == "429":
                self._send(429, b'{"error":{"type":"too_many","reason":"slow down"}}', retry=True)
            elif fault == "503":
                self._send(503, b"")
            elif fault == "garbled":
                self._send(200, b"<html>Welcome</html>")
            elif fault.startswith(("late", "cut")):
                answer = (200, b"") if fault.endswith("before") else proxy.forward(self.path, headers, body)
                if fault.startswith("late"):
                    time.sleep(proxy.late)
                if fault == "cut within":
                    self._send(*answer, part=len(answer[1]) // 2)
                self.close_connection = True
            elif fault == "partial":
                self._send(*proxy.forward_some(self.path, headers, body, detail))
            else:
                self._send(*proxy.forward(self.path, headers, body))

        def _send(self, status: int, content: bytes, *, retry: bool = False, part: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if retry:
                self.send_header("Retry-After", str(proxy.retry_after))
            self.end_headers()
            self.wfile.write(content[:part])

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
