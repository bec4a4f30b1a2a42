from __future__ import annotations

import asyncio
import inspect
import json
import logging
import logging.config
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.audit.changes import MASKED, MAX_CHANGES, changes_between, is_sensitive
from logdojo.logsetup.audit.event import LOGGER, AuditEvent, audit, audited
from logdojo.logsetup.context import scope
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.testing import fresh_logging


class Trail:
    """The audit events in a log file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[dict[str, Any]]:
        """Return the fields of each line."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def last(self) -> dict[str, Any]:
        """Return the fields of the last line."""
        return self.lines()[-1]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    """A log file that all loggers write to, by logdojo's own handler; user ada is at work."""
    path = tmp_path / "app.jsonl"
    with fresh_logging() as root, scope(user="ada", session="s1", transaction="", trace="t1"):
        handler = LogFileHandler(path)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        yield Trail(path)


def test_an_event_says_who_what_whom_and_how_it_ended(trail: Trail):
    """The line has the ECS fields of an audit event, the context's ids, and the caller."""
    event = audit(
        "user.role.change",
        target="ben",
        target_type="user",
        category="iam",
        type=["user", "change"],
        before={"role": "clerk", "name": "Ben"},
        after={"role": "admin", "name": "Ben"},
        reason="ticket 4711",
    )
    line = trail.last()
    assert {name: line[name] for name in event.fields()} == {
        "event.kind": "event",
        "event.category": ["iam"],
        "event.type": ["user", "change"],
        "event.action": "user.role.change",
        "event.outcome": "success",
        "event.reason": "ticket 4711",
        "user.id": "ada",
        "user.target.id": "ben",
        "audit.target.id": "ben",
        "audit.target.type": "user",
        "audit.changes": [{"field": "role", "from": "clerk", "to": "admin"}],
        "audit.actor_known": True,
    }
    assert (line["session.id"], line["trace.id"]) == ("s1", "t1")
    assert line["message"] == "ada: user.role.change user ben: success"
    assert (line["log.logger"], line["log.level"]) == (LOGGER, "audit")
    assert line["log.origin.function"] == "test_an_event_says_who_what_whom_and_how_it_ended"


def test_the_caller_can_be_further_up(trail: Trail):
    """A function that audits for others names its own caller, by stacklevel."""
    here = inspect.currentframe()
    assert here is not None

    def for_others() -> None:
        audit("x", stacklevel=2)

    for_others()
    assert trail.last()["log.origin.file.line"] == here.f_lineno - 1
    assert trail.last()["log.origin.function"] == "test_the_caller_can_be_further_up"


def test_nobody_is_made_up(trail: Trail):
    """Without a user in the context the event says that the actor is not known; a given actor wins over the context."""
    with scope(user=""):
        audit("backup.run")
        assert "user.id" not in trail.last()
        assert trail.last()["audit.actor_known"] is False
        assert trail.last()["message"] == "unknown actor: backup.run: success"
        audit("backup.run", actor="system:nightly")
    assert (trail.last()["user.id"], trail.last()["audit.actor_known"]) == ("system:nightly", True)
    audit("user.delete", actor="root")
    assert trail.last()["user.id"] == "root"


def test_no_level_keeps_it_out(trail: Trail):
    """Levels of loggers and handlers, logging.disable, a disabled logger and its filters all let it pass."""
    logger = logging.getLogger(LOGGER)
    root = logging.getLogger()
    root.setLevel("CRITICAL")
    root.handlers[0].setLevel("CRITICAL")
    logger.setLevel("CRITICAL")
    logger.addFilter(lambda _: False)
    logging.disable(logging.CRITICAL)
    logger.disabled = True
    audit("user.delete")
    assert trail.last()["event.action"] == "user.delete"


def test_a_dict_config_that_forgets_it_does_not_silence_it(trail: Trail):
    """A dictConfig disables loggers that it does not name; audit events still arrive at the root's handlers."""
    audit("first")
    path = trail.path.with_name("second.jsonl")
    logging.config.dictConfig(
        {
            "version": 1,
            "formatters": {"json": {"()": JsonFormatter}},
            "handlers": {"file": {"class": "logging.FileHandler", "filename": str(path), "formatter": "json"}},
            "root": {"level": "ERROR", "handlers": ["file"]},
        }
    )
    assert logging.getLogger(LOGGER).disabled
    audit("second", sync=True)
    assert Trail(path).last()["event.action"] == "second"


def test_a_handlers_own_filter_still_counts(trail: Trail):
    """What an administrator has put on a handler is no mistake of a level: it is heeded."""
    logging.getLogger().handlers[0].addFilter(lambda record: record.name != LOGGER)
    audit("user.delete")
    assert trail.lines() == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"action": " "}, "action"),
        ({"action": "x", "outcome": "done"}, "'done' is no event.outcome"),
        ({"action": "x", "category": "users"}, "'users' is no event.category"),
        ({"action": "x", "type": ("change", "changed")}, "'changed' is no event.type"),
    ],
)
def test_what_ecs_does_not_know_is_refused(given: dict[str, Any], named: str):
    """An outcome, category or type that no dashboard would find is a mistake, and the error names it and the remedy."""
    with pytest.raises(UsageError, match=named) as caught:
        audit(**given)
    assert caught.value.hint


def test_an_event_cannot_be_changed():
    """An event is a value: frozen."""
    with pytest.raises(AttributeError):
        AuditEvent("x").action = "y"  # type: ignore[misc]  # that is what is tested


def test_sensitive_values_are_masked(trail: Trail):
    """That a password has changed is told; neither the old nor the new one is, wherever it lies."""
    audit(
        "user.update",
        before={"password": "hunter1", "profile": {"apiKey": "abc", "city": "Bern"}},
        after={"password": "hunter2", "profile": {"apiKey": "def", "city": "Basel"}, "Card-Number": "4111"},
    )
    assert trail.last()["audit.changes"] == [
        {"field": "password", "from": MASKED, "to": MASKED},
        {"field": "profile.apiKey", "from": MASKED, "to": MASKED},
        {"field": "profile.city", "from": "Bern", "to": "Basel"},
        {"field": "Card-Number", "to": MASKED},
    ]
    assert "hunter" not in trail.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["password", "user.Passwd", "API_KEY", "authToken", "x-auth", "PIN", "cardPin", "IBAN", "client-secret", "otp"],
)
def test_names_that_are_sensitive(name: str):
    """However it is written, a name that promises a secret is known."""
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name", ["shipping", "author", "monkey", "keyboard", "city", "pinned", "role", "token_count", ""]
)
def test_names_that_are_not(name: str):
    """A name that only contains such letters is left alone."""
    assert not is_sensitive(name)


def test_created_deleted_and_unchanged():
    """Of a new thing there is no from, of a deleted one no to; what is equal is left out; None is a value."""
    assert [one.entry() for one in changes_between(None, {"a": 1})] == [{"field": "a", "to": "1"}]
    assert [one.entry() for one in changes_between({"a": None}, None)] == [{"field": "a", "from": "null"}]
    assert changes_between({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}) == ()
    assert changes_between(None, None) == ()


def test_huge_changes_stay_small():
    """Long values are shortened and many fields are counted, so that no change makes a line of megabytes."""
    found = changes_between({str(n): "x" * 5000 for n in range(250)}, {})
    assert len(found) == MAX_CHANGES
    assert len(found[0].before or "") < 1_100
    assert found[-1].after == "151 more fields changed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.dictionaries(st.text(), JSON, max_size=5))
def test_any_two_states_can_be_compared(before: dict[str, Any], after: dict[str, Any]):
    """Whatever the values are, comparing never raises, and sides that are given are text."""
    for change in changes_between(before, after):
        assert change.before is not None or change.after is not None
        json.dumps(change.entry())
    assert changes_between(before, before) == ()


def test_synced_it_is_on_the_disk(trail: Trail, monkeypatch: pytest.MonkeyPatch):
    """sync=True waits for fsync of the handler's file, and of a FileHandler's too; without it, nobody waits."""
    plain_file = logging.FileHandler(trail.path.with_name("plain.log"))
    logging.getLogger().addHandler(plain_file)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    audit("user.delete")
    assert synced == []
    audit("user.delete", sync=True)
    assert len(synced) == 2


def test_what_is_not_on_the_disk_is_told(trail: Trail, monkeypatch: pytest.MonkeyPatch):
    """With sync=True a disk that fails, or a record that was dropped, raises; without it, the application goes on."""

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(InputError, match="Input/output error"):
            audit("user.delete", sync=True)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(InputError, match="not on the disk"):
            audit("user.delete", sync=True)
        audit("user.delete")
    audit("user.create", sync=True)
    assert [line["event.action"] for line in trail.lines()] == ["user.delete", "log-records-dropped", "user.create"]


def test_sync_without_a_file_is_a_mistake():
    """Who asks for a line on the disk where no handler writes to one is told so, and nothing is logged."""
    with fresh_logging() as root:
        root.addHandler(logging.StreamHandler())
        with pytest.raises(UsageError, match="no handler"):
            audit("user.delete", sync=True)


def test_an_attempt_that_succeeds(trail: Trail):
    """The block's event is logged at its end, with what the block has noted."""
    with audited("invoice.update", category="database", type="change", target_type="invoice") as attempt:
        attempt.change(before={"amount": 10})
        attempt.change(after={"amount": 12})
        attempt.note(target="17", reason="rebate")
        assert trail.lines() == []
    line = trail.last()
    assert (line["event.outcome"], line["audit.target.id"], line["event.reason"]) == ("success", "17", "rebate")
    assert line["audit.changes"] == [{"field": "amount", "from": "10", "to": "12"}]
    assert line["log.origin.function"] == "test_an_attempt_that_succeeds"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(PermissionError("no"), "failure"), (KeyboardInterrupt(), "unknown"), (asyncio.CancelledError(), "unknown")],
)
def test_an_attempt_that_raises(trail: Trail, error: BaseException, outcome: str):
    """The exception goes on and is in the event; how far an interrupted block came is unknown, as it says."""
    with pytest.raises(type(error)), audited("invoice.delete"):
        raise error
    assert (trail.last()["event.outcome"], trail.last()["error.type"]) == (outcome, type(error).__qualname__)


def test_an_outcome_can_be_set(trail: Trail):
    """A block that ends well may still report a failure, as where a function returns False."""
    with audited("login") as attempt:
        attempt.note(outcome="failure")
    assert trail.last()["event.outcome"] == "failure"


def test_decorated_functions(trail: Trail):
    """Each call is an attempt, in threads side by side too, and the function keeps its name, arguments and result."""

    @audited("invoice.delete", type="deletion")
    def delete(number: int) -> int:
        """Delete an invoice."""
        if number % 2:
            raise ValueError(number)
        return number

    assert (delete(2), delete.__name__, delete.__doc__) == (2, "delete", "Delete an invoice.")
    assert trail.last()["log.origin.function"] == "test_decorated_functions"
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(delete, number) for number in range(20)]
    assert sum(future.exception() is not None for future in futures) == 10
    outcomes = [line["event.outcome"] for line in trail.lines()[1:]]
    assert (outcomes.count("success"), outcomes.count("failure")) == (10, 10)


def test_decorated_coroutines(trail: Trail):
    """A coroutine's event is logged when it is done, not when it is made."""

    @audited("invoice.delete")
    async def delete() -> str:
        await asyncio.sleep(0)
        assert trail.lines() == []
        return "gone"

    assert asyncio.run(delete()) == "gone"
    assert trail.last()["event.outcome"] == "success"


def test_mistakes_show_at_decoration():
    """Wrong arguments and generators are refused when the attempt is set up, not in the middle of it."""
    with pytest.raises(UsageError):
        audited("x", category="users")
    with pytest.raises(TypeError):
        audited("x", actr="ada")

    def generator() -> Iterator[int]:
        yield 1

    with pytest.raises(UsageError, match="generator"):
        audited("x")(generator)
