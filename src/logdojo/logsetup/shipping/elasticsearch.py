"""The bulk API of Elasticsearch and OpenSearch.

Each line is a ``create`` with an id that it always has, so what is sent twice is there once: the second time the answer
is 409, and that is fine. In a data stream ids are unique within one backing index only; a batch that is sent again just
across a rollover can be there twice.

Sources: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk and
https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from logdojo.errors import UsageError
from logdojo.logsetup.shipping.delivery import Outcome, RefusedError, Wait
from logdojo.logsetup.shipping.http import Endpoint, NoAnswer, Reply, Secret, checked
from logdojo.logsetup.shipping.reading import Line

_ANSWER: Final = "?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"
_OK: Final = (200, 201)
_BUSY: Final = (429, 503)
_CONFIGURATION: Final = frozenset(
    {"invalid_index_name_exception", "index_not_found_exception", "index_closed_exception", "security_exception"}
)
"""Faults of the place and not of the event; were they taken for the event's, the whole log would go to dead letters."""
_MOST_TRIES: Final = 5
_LONGEST_REASON: Final = 500


class ElasticsearchSink:
    """Send lines to one index, alias or data stream.

    Args:
        url: ``https://host:9200/index``.
        secret: an API key, ``user:password``, or ``Bearer …``.
        compress: send the body as gzip.
        timeout: seconds; see ``Endpoint``.
        ca_file: see ``Endpoint``.
        client_cert: see ``Endpoint``.

    Raises:
        UsageError: the address names no index.
        InputError: a certificate file cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: Secret | None = None,
        compress: bool = False,
        timeout: float = 30.0,
        ca_file: Path | None = None,
        client_cert: Path | None = None,
    ) -> None:
        parts, port = checked(url)
        path = parts.path.rstrip("/")
        self.index = unquote(path.rpartition("/")[2])
        if not self.index or parts.query or parts.fragment:
            raise UsageError(f"{url!r} does not end in the name of an index", hint="write https://host:9200/index")
        self._endpoint = Endpoint(
            url, secret=secret, timeout=timeout, ca_file=ca_file, client_cert=client_cert, scheme="ApiKey"
        )
        self._target = f"{path.rpartition('/')[0]}/{quote(self.index, safe='')}/_bulk{_ANSWER}"
        self._headers = {"Content-Type": "application/x-ndjson"} | ({"Content-Encoding": "gzip"} if compress else {})
        self._compress = compress
        self._most_bytes = 0
        self._tries: dict[str, int] = {}
        self.name = f"elasticsearch-{parts.hostname}-{port}-{self.index}"

    def send(self, lines: Sequence[Line], *, wait: Wait) -> Outcome:  # noqa: ARG002  # nothing to wait for here
        """Send lines in one request, or in as few as the other side can take; see ``Sink``."""
        fit: list[Line] = []
        dead: list[tuple[Line, str]] = []
        for line in lines:
            # A closer look costs more than it brings: what is no JSON inside, the other side refuses by itself.
            if line.text[:1] == b"{" and line.text[-1:] == b"}":
                fit.append(line)
            else:
                dead.append((line, "not a JSON object"))
        return Outcome(dead=tuple(dead)) + (self._send(fit) if fit else Outcome())

    def forget(self) -> None:
        """Drop the connection."""
        self._endpoint.forget()

    def _send(self, lines: Sequence[Line]) -> Outcome:
        body = b"".join([b'{"create":{"_id":"%b"}}\n%b\n' % (line.id.encode(), line.text) for line in lines])
        if self._most_bytes and len(body) > self._most_bytes and len(lines) > 1:
            return self._halves(lines)
        try:
            reply = self._endpoint.post(self._target, gzip.compress(body, 1) if self._compress else body, self._headers)
        except NoAnswer as error:
            return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: {error}")
        if reply.status == 200:
            return self._read(reply, lines)
        told = f"{self._endpoint.address}: HTTP {reply.status} {self._told(reply)}".rstrip()
        if reply.status in {408, 429} or reply.status >= 500:
            return Outcome(again=tuple(lines), reason=told, retry_after=reply.retry_after)
        if reply.status == 413:
            if len(lines) > 1:
                self._most_bytes = len(body) // 2
                return self._halves(lines)
            return Outcome(dead=((lines[0], "too large for the other side (HTTP 413)"),))
        if reply.status == 400 and not _fault_type(reply) & _CONFIGURATION:
            # One of the lines does it; find which.
            return self._halves(lines) if len(lines) > 1 else Outcome(dead=((lines[0], self._told(reply)),))
        raise RefusedError(told, hint="check the address, the index, and the secret and its rights; nothing is lost")

    def _halves(self, lines: Sequence[Line]) -> Outcome:
        middle = len(lines) // 2
        return self._send(lines[:middle]) + self._send(lines[middle:])

    def _read(self, reply: Reply, lines: Sequence[Line]) -> Outcome:
        """Read what became of each line: a bulk answer is 200 whatever happened to them."""
        try:
            answer = json.loads(reply.body)
            results = [next(iter(item.values())) for item in answer["items"]]
            states = [int(result["status"]) for result in results]
        except (ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError):
            states, results = [], []
        if len(states) != len(lines):
            return Outcome(again=tuple(lines), reason=f"{self._endpoint.address}: the answer is no whole bulk answer")
        accepted = duplicates = 0
        dead: list[tuple[Line, str]] = []
        again: list[Line] = []
        reason = ""
        for line, state, result in zip(lines, states, results, strict=True):
            if state in _OK:
                accepted += 1
                continue
            error = result.get("error")
            kind, why = _kind_and_reason(error)
            told = self._endpoint.hide(f"HTTP {state} {kind}: {why}"[:_LONGEST_REASON])
            if state == 409:
                accepted += 1
                duplicates += 1
            elif kind in _CONFIGURATION or state == 401 or (state in {403, 404} and kind != "cluster_block_exception"):
                raise RefusedError(
                    f"{self._endpoint.address}: {self.index}: {told}",
                    hint="check the index and the rights; nothing is lost",
                )
            elif state in _BUSY or kind == "cluster_block_exception" or (state >= 500 and self._may_try(line)):
                again.append(line)
                reason = f"{self._endpoint.address}: {told}"
            else:
                dead.append((line, told))
        return Outcome(accepted, duplicates, tuple(dead), tuple(again), reason)

    def _may_try(self, line: Line) -> bool:
        """Return whether a line that the other side stumbles over gets one more try."""
        tries = self._tries[line.id] = self._tries.get(line.id, 0) + 1
        if tries >= _MOST_TRIES:
            del self._tries[line.id]
        return tries < _MOST_TRIES

    def _told(self, reply: Reply) -> str:
        try:
            kind, why = _kind_and_reason(json.loads(reply.body).get("error"))
        except (ValueError, AttributeError, RecursionError):
            return ""
        return self._endpoint.hide(f"{kind}: {why}"[:_LONGEST_REASON])


def _kind_and_reason(error: object) -> tuple[str, str]:
    if isinstance(error, dict):
        return str(error.get("type", "")), str(error.get("reason", ""))
    return "", str(error or "")


def _fault_type(reply: Reply) -> set[str]:
    try:
        return {_kind_and_reason(json.loads(reply.body).get("error"))[0]}
    except (ValueError, AttributeError, RecursionError):
        return set()
