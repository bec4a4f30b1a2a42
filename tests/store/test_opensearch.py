"""What OpenSearch alone has: an address, a version, a server that may be away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from logdojo.errors import InputError, UsageError
from logdojo.events import LogEvent
from logdojo.store import Batch, Query, Tags
from logdojo.store.opensearch import connect

Make = Callable[..., LogEvent]


def test_types_are_those_of_ecs(search_server: str) -> None:
    """Addresses are of type ip, times of nanosecond dates, words keywords; nothing else is mapped by itself."""
    store = connect(f"{search_server}/types")
    found = store._client.indices.get_mapping(index="types")["types"]["mappings"]
    assert found["dynamic"] in {False, "false"}
    properties = found["properties"]
    assert properties["source"]["properties"]["ip"]["type"] == "ip"
    assert properties["source"]["properties"]["port"]["type"] == "long"
    assert properties["@timestamp"]["type"] == "date_nanos"
    assert properties["user"]["properties"]["name"]["type"] == "keyword"
    store.close()


def test_a_second_opening_finds_all(search_server: str, event: Make, tags: Tags) -> None:
    """Opening an index again changes nothing; one of another version is refused."""
    store = connect(f"{search_server}/again")
    store.append(Batch.of([event(1)], "s", tags))
    store.close()
    store = connect(f"{search_server}/again")
    assert store.count() == 1
    store._client.indices.put_mapping(index="again", body={"_meta": {"logdojo_version": 99}})
    store.close()
    with pytest.raises(InputError, match=r"again.*99"):
        connect(f"{search_server}/again")


def test_addresses_are_checked() -> None:
    """An address without an index, or with a password in it, is refused; no password is repeated."""
    for wrong in ("https://host:9200", "https://host:9200/a/b", "https://u:geheim@host/index"):
        with pytest.raises(UsageError) as told:
            connect(wrong)
        assert "geheim" not in str(told.value)


def test_a_server_that_is_away_is_told() -> None:
    """The message names the index."""
    with pytest.raises(InputError, match="events"):
        connect("http://127.0.0.1:1/events")


class _Busy:
    """A client whose bulk calls go wrong in part."""

    def __init__(self, client: Any, answers: list[dict[str, Any]]) -> None:
        self._client = client
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def bulk(self, **asked: Any) -> Any:
        """Answer as told first, and then as the server does."""
        return self._answers.pop(0) if self._answers else self._client.bulk(**asked)


def test_busy_and_refused_documents(search_server: str, event: Make, tags: Tags) -> None:
    """What the server had no time for is sent again; what it refuses is told with its reason."""
    store = connect(f"{search_server}/busy")
    batch = Batch.of([event(1), event(2)], "s", tags)
    ids = [each.id for each in _all(store, batch)]
    busy = {"items": [{"create": {"_id": ids[0], "status": 429}}, {"create": {"_id": ids[1], "status": 201}}]}
    store._client = _Busy(store._client, [busy])
    assert store.append(Batch.of([event(1), event(2)], "s", tags)).new == 1
    refused = {"items": [{"create": {"_id": ids[0], "status": 400, "error": {"reason": "no such luck"}}}]}
    store._client = _Busy(store._client, [refused])
    with pytest.raises(InputError, match="no such luck"):
        store.append(Batch.of([event(1)], "s", tags))
    store.close()


def _all(store: Any, batch: Batch) -> list[Any]:
    store.append(batch)
    return list(store.search(Query(descending=False)))
