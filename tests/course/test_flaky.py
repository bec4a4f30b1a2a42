"""The flaky bulk server of the labs: faults by seed, each document stored once, and clients that die."""

from __future__ import annotations

import json
import socket

import pytest

from logdojo.course.flaky import FlakyServer, bulk_body, bulk_post


def line(number: int, amount: object = 9.5) -> bytes:
    """Make one log line."""
    return json.dumps({"event.id": f"a-{number}", "order.amount": amount}).encode() + b"\n"


def test_a_server_without_faults_stores_each_document_once():
    """A document that comes twice is stored once, and its second create says 409."""
    with FlakyServer(seed=1, faults=0) as server:
        post = bulk_post(server.port)
        status, answer = post([line(1), line(2)])
        assert (status, answer["errors"]) == (200, False)
        again = post([line(2), line(3)])[1]
    assert [item["create"]["status"] for item in again["items"]] == [409, 201]
    assert list(server.stored) == ["a-1", "a-2", "a-3"]
    assert server.seen == {"ok": 2, "already there": 1}


def test_a_document_of_a_wrong_kind_is_refused_each_time():
    """A text where a number is wanted is answered with 400 inside an answer of 200, with a reason."""
    with FlakyServer(seed=1, faults=0) as server:
        answers = [bulk_post(server.port)([line(1), line(2, "free")]) for _ in range(2)]
    for status, answer in answers:
        refused = answer["items"][1]["create"]
        assert (status, answer["errors"], refused["status"]) == (200, True, 400)
        assert "order.amount" in refused["error"]["reason"]
    assert list(server.stored) == ["a-1"]


def test_every_kind_of_fault_comes_and_the_seed_decides_when():
    """Many requests meet every fault; the same seed gives the same ones, and a lost answer is an OSError."""
    runs = []
    for _ in range(2):
        with FlakyServer(seed=5, faults=0.6) as server:
            post = bulk_post(server.port)
            met = []
            for number in range(60):
                try:
                    met.append(post([line(number)])[0])
                except OSError:
                    met.append(0)
        runs.append((met, dict(server.seen), sorted(server.stored)))
    assert runs[0] == runs[1]
    assert set(runs[0][0]) == {200, 429, 503, 0}
    assert {"429", "503", "lost answer", "ok", "put off"} <= set(runs[0][1])


def test_a_lost_answer_has_stored_its_documents():
    """What was sent when the answer got lost is there: sending it again gives 409."""
    body = bulk_body([line(1)])
    for seed in range(50):
        server = FlakyServer(seed=seed, faults=0.9)
        if server.answer(body) is None and server.stored:
            break
    server._server.server_close()
    assert list(server.stored) == ["a-1"]


def test_a_client_that_dies_in_its_request_disturbs_nobody():
    """Half a request is dropped without a word, and the next one is answered."""
    with FlakyServer(seed=1, faults=0) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as dying:
            dying.sendall(b"POST /_bulk HTTP/1.0\r\nContent-Length: 500\r\n\r\n" + bulk_body([line(1)])[:40])
        assert bulk_post(server.port)([line(2)])[0] == 200
    assert list(server.stored) == ["a-2"]


def test_nobody_there_is_an_os_error():
    """A server that is gone looks like a lost answer."""
    with FlakyServer(seed=1) as server:
        post = bulk_post(server.port)
    with pytest.raises(ConnectionRefusedError):
        post([line(1)])
