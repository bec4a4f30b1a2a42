"""A search server for a lab: osmem-server, an OpenSearch in memory, where it runs; elsewhere a recording.

The recording takes documents in as OpenSearch does, and to any search it gives the one answer that was recorded for the
search of lab 05. Both are on this machine alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

RECORDED: Final = Path(__file__).with_name("search_recording.json")
"""What osmem-server answered to lab 05's search."""
_SECONDS: Final = 20.0
Answer = tuple[int, dict[str, Any]]


class Searching(Protocol):
    """What a lab sees of the server."""

    said: str
    """What it is, in a sentence."""

    def call(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send a request; return status and answer."""


@contextmanager
def search_server() -> Iterator[Searching]:
    """Start the server for a ``with`` block."""
    server = _started()
    if server is None:
        yield _Recording()
        return
    try:
        yield _Running(server.url)
    finally:
        # It has nothing to lose but memory, and when it ends by itself it says so on the notebook's standard error.
        process = server.process
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _started() -> Any:
    if importlib.util.find_spec("osmem_server") is None:
        return None
    # By name: the package ships no types.
    module = importlib.import_module("osmem_server")
    try:
        return module.OsmemServer.start(japanese=False)
    except (module.OsmemError, OSError):
        return None


class _Running:
    said = "osmem-server, an OpenSearch in memory, answers."

    def __init__(self, url: str) -> None:
        self._url = url

    def call(self, method: str, path: str, body: bytes = b"") -> Answer:
        kind = "application/x-ndjson" if path.endswith("_bulk") else "application/json"
        request = urllib.request.Request(  # noqa: S310  # the address is that of the server just started
            self._url + path, data=body or None, method=method, headers={"Content-Type": kind}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


class _Recording:
    said = "osmem-server does not run here: a recording answers, the same to every search."

    def __init__(self) -> None:
        self._documents: set[str] = set()

    def call(self, method: str, path: str, body: bytes = b"") -> Answer:
        if path.endswith("_search"):
            return 200, json.loads(RECORDED.read_bytes())
        if path.endswith("_count"):
            return 200, {"count": len(self._documents)}
        if not path.endswith("_bulk"):
            return 200, {"acknowledged": method == "PUT"}
        lines = [json.loads(line) for line in body.splitlines()]
        pairs = zip(lines[::2], lines[1::2], strict=True)
        items = [{"create": self._create(action["create"]["_id"], document)} for action, document in pairs]
        return 200, {"errors": any("error" in item["create"] for item in items), "items": items}

    def _create(self, key: str, document: dict[str, Any]) -> dict[str, Any]:
        if key in self._documents:
            return {
                "_id": key,
                "status": 409,
                "error": {"type": "version_conflict_engine_exception", "reason": "exists"},
            }
        try:
            ipaddress.ip_address(document.get("source.ip", "::1"))
        except ValueError:
            reason = "failed to parse field [source.ip] of type [ip]"
            return {"_id": key, "status": 400, "error": {"type": "mapper_parsing_exception", "reason": reason}}
        self._documents.add(key)
        return {"_id": key, "status": 201}
