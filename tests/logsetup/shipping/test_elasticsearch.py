"""The bulk API: what is accepted, tried again, set aside or refused, against a real server behind a failing proxy."""

from __future__ import annotations

import email.utils
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.shipping import ElasticsearchSink, Secret, Shipper
from logdojo.logsetup.shipping.dead_letters import read
from logdojo.logsetup.shipping.delivery import Backoff, RefusedError
from logdojo.logsetup.shipping.http import Reply, _seconds
from logdojo.logsetup.shipping.reading import Line

Indexed = Callable[[str], dict[str, Any]]


def _fill(log: Path, count: int, *, poison: tuple[int, ...] = ()) -> None:
    with log.open("wb") as file:
        for number in range(count):
            value = '"none"' if number in poison else number
            file.write(b'{"@timestamp":"2026-11-24T13:56:00.123Z","message":"m","n":%b}\n' % str(value).encode())


def _shipper(log: Path, url: str, **more: Any) -> Shipper:
    sink = ElasticsearchSink(url, timeout=more.pop("timeout", 20), compress=more.pop("compress", False))
    return Shipper(log, sink, backoff=Backoff(first=0.002, most=0.01, rng=random.Random(1)), **more)


def _never(_: float) -> bool:
    return False


@pytest.mark.parametrize("fault", ["429", "503", "late before", "late after", "cut before", "cut after", "cut within"])
def test_a_request_that_fails_is_sent_again_and_each_event_is_there_once(
    fault: str, tmp_path: Path, opensearch: str, indexed: Indexed, fault_proxy: ModuleType
):
    """After any failure of a request, also one whose answer was lost, every event is indexed once."""
    log = tmp_path / "app.jsonl"
    _fill(log, 30)
    index = fault.replace(" ", "-")
    timeout = 0.3 if fault.startswith("late") else 20
    with fault_proxy.FaultProxy(opensearch, script=("", fault, fault), late=0.5) as proxy:
        counters = _shipper(log, f"{proxy.url}/{index}", batch_records=10, timeout=timeout).run_once()
    assert len(indexed(index)) == counters.accepted == 30
    assert counters.retried >= 20
    assert (counters.duplicates >= 10) == fault.endswith(("after", "within"))


@pytest.mark.parametrize("compress", [False, True])
def test_of_a_half_accepted_request_only_the_other_half_is_sent_again(
    tmp_path: Path, opensearch: str, indexed: Indexed, fault_proxy: ModuleType, *, compress: bool
):
    """Where items inside an answer 200 have status 429, only these are sent once more."""
    log = tmp_path / "app.jsonl"
    _fill(log, 40)
    index = f"partial-{compress}".lower()
    with fault_proxy.FaultProxy(opensearch, script=("partial",)) as proxy:
        counters = _shipper(log, f"{proxy.url}/{index}", compress=compress).run_once()
    assert len(indexed(index)) == 40
    assert 0 < counters.retried < 40
    assert counters.duplicates == 0


def test_an_answer_of_another_program_counts_for_nothing(
    tmp_path: Path, opensearch: str, indexed: Indexed, fault_proxy: ModuleType
):
    """A page with status 200 that is no bulk answer means that nobody knows, so the batch is sent again."""
    log = tmp_path / "app.jsonl"
    _fill(log, 5)
    with fault_proxy.FaultProxy(opensearch, script=("garbled",)) as proxy:
        counters = _shipper(log, f"{proxy.url}/garbled").run_once()
    assert (len(indexed("garbled")), counters.retried) == (5, 5)


def test_poison_events_are_set_aside_and_block_nobody(tmp_path: Path, opensearch: str, indexed: Indexed):
    """A mapping conflict and a broken line go to the dead letters with their reasons; all others arrive."""
    log = tmp_path / "app.jsonl"
    _fill(log, 30, poison=(3, 29))
    with log.open("ab") as file:
        file.write(b'plain text\n{"broken":\xff}\n{"n":99}\n')
    log.chmod(0o600)
    shipper = _shipper(log, f"{opensearch}/poison", batch_records=10)
    counters = shipper.run_once()
    letters = read(shipper.dead_letters_path)
    assert (counters.accepted, counters.dead, len(indexed("poison"))) == (29, 4, 29)
    assert ["none" in letters[0]["line"], "none" in letters[1]["line"]] == [True, True]
    assert "mapper_parsing_exception: failed to parse field [n]" in letters[0]["reason"]
    assert [letters[2]["line"], letters[2]["reason"]] == ["plain text", "not a JSON object"]
    assert letters[3]["line"].encode("utf-8", "surrogateescape") == b'{"broken":\xff}'
    assert shipper.dead_letters_path.stat().st_mode & 0o777 == 0o600


class Scripted:
    """An endpoint whose answers are written down before."""

    address = "https://search"

    def __init__(self, *answers: Reply | Callable[[bytes], Reply]) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def post(self, _target: str, body: bytes, _headers: dict[str, str]) -> Reply:
        """Give the next answer; the last one again and again."""
        self.bodies.append(body)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer if isinstance(answer, Reply) else answer(body)

    def hide(self, text: str) -> str:
        """Hide nothing."""
        return text

    def forget(self) -> None:
        """Nothing is open."""


def _sink(*answers: Reply | Callable[[bytes], Reply]) -> tuple[ElasticsearchSink, Scripted]:
    sink = ElasticsearchSink("https://search:9200/logs")
    endpoint = Scripted(*answers)
    sink._endpoint = endpoint
    return sink, endpoint


LINES = [Line(f"k-{n}", b'{"n":%d}' % n) for n in range(8)]


def _items(*states: tuple[int, str]) -> Reply:
    items = [{"create": {"status": status, "error": {"type": kind, "reason": "r"}}} for status, kind in states]
    return Reply(200, json.dumps({"errors": True, "items": items}).encode())


def _all_created(body: bytes) -> Reply:
    return _items(*[(201, "")] * (body.count(b"\n") // 2))


def test_a_request_that_is_too_large_is_halved_until_it_fits():
    """413 makes requests smaller, from then on too; one event that alone is too large is set aside."""

    def small_only(body: bytes) -> Reply:
        return Reply(413, b"") if len(body) > 120 or b'"n":5' in body else _all_created(body)

    sink, endpoint = _sink(small_only)
    outcome = sink.send(LINES, wait=_never)
    assert (outcome.accepted, [line.id for line, _ in outcome.dead]) == (7, ["k-5"])
    first = len(endpoint.bodies)
    assert sink.send(LINES[:4], wait=_never).accepted == 4
    assert len(endpoint.bodies) - first >= 2


def test_a_request_that_is_refused_as_a_whole_is_halved_to_find_the_one():
    """400 for the whole request sets aside the event that does it and no other."""
    sink, _ = _sink(lambda body: Reply(400, b'{"error":"x"}') if b'"n":5' in body else _all_created(body))
    outcome = sink.send(LINES, wait=_never)
    assert (outcome.accepted, [line.id for line, _ in outcome.dead], outcome.again) == (7, ["k-5"], ())


def test_each_status_inside_the_answer_has_its_meaning():
    """201 and 409 are done, 429, 503 and a blocked index wait, a fault of the event is final."""
    sink, _ = _sink(
        _items(
            (201, ""),
            (409, "version_conflict_engine_exception"),
            (429, "es_rejected_execution_exception"),
            (503, "unavailable_shards_exception"),
            (403, "cluster_block_exception"),
            (400, "document_parsing_exception"),
            (500, "null_pointer_exception"),
            (413, "too_large"),
        )
    )
    outcome = sink.send(LINES, wait=_never)
    assert (outcome.accepted, outcome.duplicates) == (2, 1)
    assert [line.id for line in outcome.again] == ["k-2", "k-3", "k-4", "k-6"]
    assert [line.id for line, _ in outcome.dead] == ["k-5", "k-7"]


def test_an_event_over_which_the_server_stumbles_is_tried_a_few_times_only():
    """An item with status 500 is sent five times and then set aside: it may be the event's fault."""
    sink, _ = _sink(_items((500, "null_pointer_exception")))
    outcomes = [sink.send(LINES[:1], wait=_never) for _ in range(5)]
    assert [len(outcome.again) for outcome in outcomes] == [1, 1, 1, 1, 0]
    assert len(outcomes[-1].dead) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Reply(401, b""),
        Reply(403, b'{"error":{"type":"security_exception","reason":"no permissions"}}'),
        Reply(404, b""),
        Reply(302, b""),
        Reply(400, b'{"error":{"type":"invalid_index_name_exception","reason":"Invalid index name [X]"}}'),
        _items(*[(403, "security_exception")] * 8),
        _items(*[(404, "index_not_found_exception")] * 8),
        _items(*[(400, "invalid_index_name_exception")] * 8),
    ],
)
def test_what_a_person_must_mend_stops_with_a_clear_error(answer: Reply):
    """Wrong secrets, rights and names stop the shipping; no event is set aside for them."""
    sink, _ = _sink(answer)
    with pytest.raises(RefusedError, match="https://search: "):
        sink.send(LINES, wait=_never)


def test_a_stop_loses_nothing(tmp_path: Path, opensearch: str, indexed: Indexed):
    """After an error that stopped it, the next run ships what the stopped one could not."""
    log = tmp_path / "app.jsonl"
    _fill(log, 5)
    shipper = _shipper(log, f"{opensearch}/stopped")
    right, shipper.sink._endpoint = shipper.sink._endpoint, Scripted(Reply(401, b""))
    with pytest.raises(RefusedError):
        shipper.run_once()
    shipper.sink._endpoint = right
    shipper.run_once()
    assert len(indexed("stopped")) == 5


def test_retry_after_is_granted_and_jitter_added():
    """The wait is never shorter than the other side asks for, and never absurdly long."""
    backoff = Backoff(first=0.2, most=30, most_asked=300, rng=random.Random(3))
    assert all(5 <= backoff.seconds(1, asked=5) <= 5.2 for _ in range(100))
    assert backoff.seconds(1, asked=10**9) <= 300.2
    waits = [backoff.seconds(20) for _ in range(200)]
    assert max(waits) <= 30
    assert min(waits) < 5
    assert max(waits) > 25
    assert backoff.seconds(10**6) <= 30


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("7", 7), ("-3", 0), ("soon", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("nan", 0), ("", 0)],
)
def test_retry_after_is_read_as_seconds_or_date(header: str | None, seconds: float):
    """A number counts as it is, a date in the past and anything unreadable as nothing."""
    assert _seconds(header) == seconds
    ahead = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True)
    assert 990 < _seconds(ahead) <= 1000


def test_a_wait_that_was_asked_for_is_handed_on(opensearch: str, fault_proxy: ModuleType):
    """The Retry-After of a real answer stands in the outcome."""
    with fault_proxy.FaultProxy(opensearch, script=("429",), retry_after=9) as proxy:
        sink = ElasticsearchSink(f"{proxy.url}/asked")
        outcome = sink.send([Line("k-1", b'{"n":1}')], wait=_never)
        sink.forget()
    assert outcome.retry_after == 9


def test_patience_ends_a_run_and_loses_nothing(tmp_path: Path):
    """With nobody at the other end, a run that is to end gives up with the address in its message."""
    log = tmp_path / "app.jsonl"
    _fill(log, 5)
    shipper = _shipper(log, "http://127.0.0.1:9/logs", patience=0.02)
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9: .*given up for now"):
        shipper.run_once()
    assert not shipper.cursor_path.exists()


@pytest.mark.parametrize("url", ["https://search:9200", "https://search:9200/", "search/logs", "ftp://search/logs"])
def test_an_address_without_an_index_is_refused(url: str):
    """The address must name a server and an index."""
    with pytest.raises(UsageError):
        ElasticsearchSink(url)


def test_a_secret_shows_nowhere():
    """No repr, name or message has the secret, also when the other side repeats it."""
    secret = Secret("user:s3cret-word")
    sink = ElasticsearchSink("https://search:9200/logs", secret=secret)
    assert "s3cret" not in f"{secret!r} {secret} {sink!r} {sink.name} {vars(sink)} {vars(sink._endpoint)}"
    assert "s3cret" not in sink._endpoint.hide("bad password s3cret-word of user:s3cret-word")
    assert "dXNlcjpzM2NyZXQtd29yZA" not in sink._endpoint.hide("Basic dXNlcjpzM2NyZXQtd29yZA==")
    with pytest.raises(UsageError) as caught:
        ElasticsearchSink("https://user:s3cret-word@search:9200/logs")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(UsageError, match="plain HTTP"):
        ElasticsearchSink("http://search:9200/logs", secret=secret)


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("user:pass", "Basic dXNlcjpwYXNz"),
        ("YWJjOmRlZg==", "ApiKey YWJjOmRlZg=="),
        ("Bearer a.b.c\n", "Bearer a.b.c"),
        ("ApiKey x", "ApiKey x"),
    ],
)
def test_the_form_of_a_secret_says_how_it_is_sent(value: str, header: str):
    """A pair makes Basic, a word of its own in front wins, all else is an API key."""
    assert Secret(value).header("ApiKey") == header


@pytest.mark.parametrize("value", ["", " \n", "a\nb: c", "schlüssel"])
def test_a_secret_that_could_not_be_sent_is_refused(value: str, tmp_path: Path):
    """An empty secret or one with a line break inside is refused, with the name of its file."""
    (tmp_path / "token").write_text(value, "utf-8")
    with pytest.raises(InputError, match="token: no secret"):
        Secret.from_file(tmp_path / "token")
