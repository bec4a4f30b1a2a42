"""A small bulk server that fails now and then, for labs that ship logs: Elasticsearch's ``_bulk`` with seeded faults.

It keeps documents by their id and answers a second ``create`` of an id with 409, as Elasticsearch does
(https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk).
"""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final, Self

RETRY_SECONDS: Final = 0.002
NUMBER_FIELD: Final = "order.amount"
"""The one field of which the server insists that it is a number."""
TIMEOUT_SECONDS: Final = 10.0
Answer = tuple[int, dict[str, Any]]


class FlakyServer:
    """A bulk server on this machine, running in a thread while its ``with`` block runs.

    A share of the requests is answered with 429, another with 503; of some, the documents are stored and the answer is
    lost; and inside an answer of 200, single documents are put off with 429. A document whose ``order.amount`` is no
    number is refused with 400, each time.

    Args:
        seed: of the faults; the same requests in the same order meet the same faults.
        faults: share of requests that fail, and of documents that are put off, from 0 to 1.

    Attributes:
        stored: id → document.
        seen: how often each kind of answer was given: ``ok``, ``429``, ``503``, ``lost answer``, ``put off``,
            ``refused``, ``already there``.
    """

    def __init__(self, *, seed: int, faults: float = 0.3) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.seen: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._faults = faults
        self._lock = threading.Lock()
        self._server = _Listener(("127.0.0.1", 0), _Handler, self)
        # A short interval, since the block's end waits for it.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """Stop, and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, body: bytes) -> Answer | None:
        """Take a bulk request; return status and answer, or None where the answer gets lost."""
        with self._lock:
            fate = self._dice.random() / self._faults if self._faults else 1.0
            if fate < 1 / 3:
                self.seen["429"] += 1
                return HTTPStatus.TOO_MANY_REQUESTS, {"retry_after": RETRY_SECONDS}
            if fate < 2 / 3:
                self.seen["503"] += 1
                return HTTPStatus.SERVICE_UNAVAILABLE, {}
            lines = [json.loads(line) for line in body.splitlines()]
            items = [
                {"create": self._create(str(action["create"]["_id"]), document)}
                for action, document in zip(lines[::2], lines[1::2], strict=True)
            ]
            if fate < 1:
                self.seen["lost answer"] += 1
                return None
            self.seen["ok"] += 1
            return HTTPStatus.OK, {"errors": any("error" in item["create"] for item in items), "items": items}

    def _create(self, key: str, document: dict[str, Any]) -> dict[str, Any]:
        if isinstance(document.get(NUMBER_FIELD), str):
            reason = f"failed to parse field [{NUMBER_FIELD}] of type [double]"
            return self._failed(key, 400, "refused", "document_parsing_exception", reason)
        if key in self.stored:
            reason = "document already exists"
            return self._failed(key, 409, "already there", "version_conflict_engine_exception", reason)
        if self._dice.random() < self._faults / 10:
            return self._failed(key, 429, "put off", "es_rejected_execution_exception", "the queue is full")
        self.stored[key] = document
        return {"_id": key, "status": 201}

    def _failed(self, key: str, status: int, kind: str, error: str, reason: str) -> dict[str, Any]:
        self.seen[kind] += 1
        return {"_id": key, "status": status, "error": {"type": error, "reason": reason}}


def bulk_post(port: int) -> Callable[[Sequence[bytes]], Answer]:
    """Return a function that sends lines to the server on ``port`` and returns ``(status, answer)``.

    Each line is a JSON object; its ``event.id`` becomes the document's id. The function raises OSError where no answer
    comes.
    """

    def post(lines: Sequence[bytes]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/_bulk", bulk_body(lines), {"Content-Type": "application/x-ndjson"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    return post


def bulk_body(lines: Sequence[bytes]) -> bytes:
    """Return the body of a bulk request: before each line, one that says what to do with it."""
    actions = (json.dumps({"create": {"_id": json.loads(line)["event.id"]}}).encode() for line in lines)
    return b"".join(action + b"\n" + line.strip() + b"\n" for action, line in zip(actions, lines, strict=True))


class _Listener(ThreadingTCPServer):
    # Not http.server's own class, which asks the network for the name of this machine.
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], flaky: FlakyServer) -> None:
        super().__init__(address, handler)
        self.flaky = flaky

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a client that was killed in the middle of its request."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def do_POST(self) -> None:
        """Answer one bulk request."""
        answer = self.server.flaky.answer(self.rfile.read(int(self.headers["Content-Length"])))
        if answer is None:
            return
        status, content = answer
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep requests out of the notebook."""
