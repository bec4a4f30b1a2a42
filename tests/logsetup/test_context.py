from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator

import pytest

from logdojo.logsetup.context import ContextFilter, bind, current, scope


@pytest.fixture(autouse=True)
def _no_ids() -> Iterator[None]:
    """Each test starts and ends without ids."""
    with scope(user="", session="", transaction="", trace=""):
        yield


def test_a_scope_ends():
    """Ids hold inside the block only, and the ones from outside come back."""
    with scope(user="ada", trace="t1"):
        with scope(user="ben"):
            assert dict(current()) == {"user.id": "ben", "trace.id": "t1"}
        assert dict(current()) == {"user.id": "ada", "trace.id": "t1"}
    assert dict(current()) == {}


def test_a_scope_takes_back_what_was_bound_inside():
    """bind() inside a block does not outlive it, also when the block raises."""
    with contextlib.suppress(ValueError), scope(user="ada"):
        bind(session="s1")
        assert current()["session.id"] == "s1"
        raise ValueError
    assert "session.id" not in current()


def test_an_empty_id_is_removed():
    """An empty text removes an id; one that is not given stays."""
    with scope(user="ada", session="s1"):
        bind(user="")
        assert dict(current()) == {"session.id": "s1"}


def test_ids_cannot_be_changed_in_place():
    """What current() returns is read-only."""
    with scope(user="ada"), pytest.raises(TypeError):
        current()["user.id"] = "eve"  # type: ignore[index]  # that is what is tested


def test_a_record_gets_the_ids_and_an_extra_wins():
    """The filter adds ids to the record, and leaves one that the call gave."""
    made = logging.makeLogRecord({"trace.id": "own"})
    with scope(user="ada", transaction="x1", trace="t1"):
        assert ContextFilter().filter(made)
    assert vars(made)["user.id"] == "ada"
    assert vars(made)["transaction.id"] == "x1"
    assert vars(made)["trace.id"] == "own"


def test_tasks_do_not_see_each_other():
    """Two asyncio tasks that take turns each keep their own ids."""
    seen: dict[str, list[str]] = {}

    async def serve(name: str) -> None:
        with scope(user=name):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.setdefault(name, []).append(current()["user.id"])

    async def both() -> None:
        await asyncio.gather(serve("ada"), serve("ben"))

    asyncio.run(both())
    assert seen == {"ada": ["ada"] * 3, "ben": ["ben"] * 3}


def test_a_new_thread_starts_without_ids():
    """A thread sees none of the ids of the thread that made it."""
    seen: list[dict[str, str]] = []
    with scope(user="ada"):
        thread = threading.Thread(target=lambda: seen.append(dict(current())))
        thread.start()
        thread.join()
    assert seen == [{}]
