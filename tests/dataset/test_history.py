"""What a source did before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logdojo.dataset.history import History
from logdojo.events import LogEvent


def _event(ip: str, *, user: str = "ann", second: int = 0, outcome: str = "failure") -> LogEvent:
    time = f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
    return LogEvent("", {"source.ip": ip, "user.name": user, "@timestamp": time, "event.outcome": outcome})


def test_counts_are_those_before_the_event():
    """The first event of a source has seen nothing, the second has seen the first."""
    history = History()
    assert history.observe(_event("10.0.0.1")).startswith("before: seen=0 failed=0 users=0")
    assert history.observe(_event("10.0.0.1", second=1)).startswith("before: seen=1 failed=1 users=1")


def test_sources_are_told_apart():
    """What one address does says nothing about another."""
    history = History()
    history.observe(_event("10.0.0.1"))
    assert "seen=0" in history.observe(_event("10.0.0.2"))


def test_silence_starts_a_source_anew():
    """After more than the idle time, counts begin at zero."""
    history = History(idle=60)
    history.observe(_event("10.0.0.1", second=0))
    assert "seen=0" in history.observe(_event("10.0.0.1", second=61))


@given(st.lists(st.integers(0, 30), max_size=200))
def test_memory_is_bounded(sources: list[int]):
    """However many sources come by, only the latest few are remembered."""
    history = History(max_sources=5)
    for number in sources:
        history.observe(_event(f"10.0.0.{number}"))
    assert len(history._sources) <= 5


def test_an_event_without_source_has_no_history():
    """A line that names neither address nor user cannot be counted."""
    assert History().observe(LogEvent("x", {})) == ""
