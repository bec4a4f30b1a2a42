"""The search server of the labs: osmem-server, or a recording that takes documents as it does."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from logdojo.course import searching
from logdojo.course.incident import INCIDENT, incident_day
from logdojo.course.searching import RECORDED, Searching, search_server
from logdojo.parse import parse_line

MAPPING = {"mappings": {"properties": {"source.ip": {"type": "ip"}}}}


@pytest.fixture(params=["server", "recording"])
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Searching]:
    """The server, and the recording that answers where there is none."""
    if request.param == "recording":
        monkeypatch.setattr(searching, "_started", lambda: None)
    elif importlib.util.find_spec("osmem_server") is None:
        pytest.skip("osmem-server has no build for this system")
    with search_server() as found:
        assert ("recording" in found.said) == (request.param == "recording")
        yield found


def bulk(*documents: dict[str, object]) -> bytes:
    """Make a bulk request."""
    lines = [line for each in documents for line in ({"create": {"_index": "events", "_id": each["event.id"]}}, each)]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_documents_are_created_once_and_a_wrong_one_is_refused(search: Searching):
    """A new document gets 201, a known one 409, one whose address is none 400 with a reason; all inside a 200."""
    assert search.call("PUT", "/events", json.dumps(MAPPING).encode())[0] == 200
    good, bad = {"event.id": "a", "source.ip": "10.0.0.1"}, {"event.id": "b", "source.ip": "printer"}
    status, answer = search.call("POST", "/_bulk", bulk(good, bad))
    assert (status, answer["errors"]) == (200, True)
    assert [item["create"]["status"] for item in answer["items"]] == [201, 400]
    assert "source.ip" in answer["items"][1]["create"]["error"]["reason"]
    answer = search.call("POST", "/_bulk", bulk(good, {"event.id": "c"}))[1]
    assert [item["create"]["status"] for item in answer["items"]] == [409, 201]
    assert search.call("POST", "/events/_refresh")[0] == 200
    assert search.call("GET", "/events/_count")[1]["count"] == 2


def test_an_error_of_the_server_is_an_answer(search: Searching):
    """A request that is refused as a whole gives its status and no exception."""
    if "recording" not in search.said:
        assert search.call("GET", "/nowhere/_count")[0] == 404


def test_the_recording_is_the_truth_about_the_day():
    """It has as many hits as there are lines of the day with the intruder's address."""
    answer = json.loads(Path(RECORDED).read_bytes())
    day = incident_day(seed=5)
    suspect = next(
        one.slots["source.ip"]
        for one in day
        if one.scenario == INCIDENT and one.slots.get("event.action") == "CreateAccessKey"
    )
    read = ((one, parse_line(one.line)) for one in day if str(suspect) in one.line)
    lines = [one for one, event in read if suspect in (event.text("source.ip"), event.text("destination.ip"))]
    pieces = answer["aggregations"]["pieces"]["buckets"]
    assert answer["hits"]["total"]["value"] == sum(piece["doc_count"] for piece in pieces) == len(lines)
    assert pieces[-1]["key"] / 1000 <= max(one.time for one in lines) < pieces[-1]["key"] / 1000 + 300
