"""Splunk's event collector: done is what the indexer acknowledges, and nothing else."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from logdojo.errors import UsageError
from logdojo.logsetup.shipping import Secret, Shipper, SplunkSink
from logdojo.logsetup.shipping.dead_letters import read
from logdojo.logsetup.shipping.delivery import Backoff, RefusedError

TOKEN = "0b1f4c6e-token"  # noqa: S105  # of our own test server


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of thirty events."""
    path = tmp_path / "app.jsonl"
    path.write_text("".join(f'{{"@timestamp":"2026-11-24T13:56:00.250Z","n":{n}}}\n' for n in range(30)), "utf-8")
    return path


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logdojo.logsetup.shipping.splunk._FIRST_POLL_SECONDS", 0.002)


def _shipper(log: Path, server: Any, *, token: str = TOKEN, within: float = 20, **more: Any) -> Shipper:
    sink = SplunkSink(server.url, secret=Secret(token), timeout=20, acknowledged_within=within, **more)
    return Shipper(log, sink, batch_records=10, backoff=Backoff(first=0.002, most=0.01, rng=random.Random(1)))


def _numbers(server: Any) -> Counter[int]:
    return Counter(event["event"]["n"] for event in server.events)


@pytest.mark.parametrize("acks", [True, False])
def test_every_event_arrives_with_its_time_and_the_id_of_its_line(log: Path, hec_server: ModuleType, *, acks: bool):
    """Each event is there once, with the logged moment as its time and an id that no other has."""
    with hec_server.HecServer(token=TOKEN, acks=acks, polls_until_indexed=2) as server:
        counters = _shipper(log, server, acknowledged=acks).run_once()
    assert counters.accepted == 30
    assert _numbers(server) == Counter(range(30))
    assert server.events[0]["time"] == 1795528560.25
    assert len({event["fields"]["logdojo_id"] for event in server.events}) == 30


@pytest.mark.parametrize("fault", ["busy", "cut"])
def test_what_was_not_taken_is_sent_again(log: Path, hec_server: ModuleType, fault: str):
    """A busy collector and a cut connection cost time only."""
    with hec_server.HecServer(token=TOKEN) as server:
        server.faults += [fault, fault]
        counters = _shipper(log, server).run_once()
    assert _numbers(server) == Counter(range(30))
    assert counters.retried == 20


def test_a_batch_that_is_received_and_never_indexed_is_sent_again(log: Path, hec_server: ModuleType):
    """An answer 200 without the acknowledgement is not enough."""
    with hec_server.HecServer(token=TOKEN) as server:
        server.faults.append("never indexed")
        counters = _shipper(log, server, within=0.3).run_once()
    assert set(_numbers(server)) == set(range(30))
    assert counters.retried >= 10


@pytest.mark.parametrize("fault", ["lost answer", "lost ack"])
def test_after_a_lost_answer_an_event_is_twice_there_under_one_id(log: Path, hec_server: ModuleType, fault: str):
    """Delivery is at least once: a repeat carries the same id, so that a search can remove it."""
    with hec_server.HecServer(token=TOKEN) as server:
        server.faults.append(fault)
        _shipper(log, server, within=0.3).run_once()
    assert set(_numbers(server)) == set(range(30))
    assert len(server.events) >= 40
    assert len({(event["fields"]["logdojo_id"], event["event"]["n"]) for event in server.events}) == 30


@pytest.mark.parametrize("keeps", [False, True])
def test_an_event_that_the_collector_refuses_is_set_aside(log: Path, hec_server: ModuleType, *, keeps: bool):
    """The event named in the answer goes to the dead letters, also when those before it were indexed already."""
    with log.open("a") as file:
        file.write("plain text\n{}\n[1]\n")

    def invalid(event: dict[str, Any]) -> bool:
        return event["event"].get("n") in {4, 25}

    with hec_server.HecServer(token=TOKEN, invalid=invalid, keeps_those_before=keeps) as server:
        shipper = _shipper(log, server)
        counters = shipper.run_once()
    assert set(_numbers(server)) == set(range(30)) - {4, 25}
    assert len({event["fields"]["logdojo_id"] for event in server.events}) == 28
    assert counters.dead == 5
    letters = read(shipper.dead_letters_path)
    assert json.loads(letters[0]["line"])["n"] == 4
    assert "Invalid data format" in letters[0]["reason"]
    assert [letter["reason"] for letter in letters[2:]] == ["not a JSON object"] * 3


def test_a_request_that_is_too_large_is_halved(log: Path, hec_server: ModuleType):
    """413 makes requests smaller; one event that alone is too large is set aside."""
    with log.open("a") as file:
        file.write(json.dumps({"n": 30, "message": "x" * 2000}) + "\n")
    with hec_server.HecServer(token=TOKEN, largest=1000) as server:
        counters = _shipper(log, server).run_once()
    assert (_numbers(server), counters.dead) == (Counter(range(30)), 1)


def test_a_wrong_token_stops_and_does_not_show(log: Path, hec_server: ModuleType):
    """403 stops with a clear error that does not hold the token; the right one ships everything afterwards."""
    with hec_server.HecServer(token=TOKEN) as server:
        with pytest.raises(RefusedError, match="HTTP 403 Invalid token") as caught:
            _shipper(log, server, token="wrong-token-1").run_once()  # noqa: S106  # wrong on purpose
        assert "wrong-token-1" not in str(caught.value) + caught.value.hint
        _shipper(log, server).run_once()
    assert _numbers(server) == Counter(range(30))


def test_a_token_without_acknowledgement_is_said(log: Path, hec_server: ModuleType):
    """Waiting for acknowledgements that the token does not give is an error that names the way out."""
    with hec_server.HecServer(token=TOKEN, acks=False) as server, pytest.raises(RefusedError) as caught:
        _shipper(log, server).run_once()
    assert "--no-ack" in caught.value.hint


def test_the_address_may_name_the_collectors_path():
    """A path of the collector in the address is taken as such, one of a proxy before it is kept."""
    for url in ("https://h:8088", "https://h:8088/services/collector", "https://h:8088/services/collector/event"):
        assert SplunkSink(url, secret=Secret(TOKEN))._events == "/services/collector/event"
    assert SplunkSink("https://h/x", secret=Secret(TOKEN))._events == "/x/services/collector/event"
    with pytest.raises(UsageError):
        SplunkSink("https://h/x?token=y", secret=Secret(TOKEN))
