"""A bounded memory of what happened lately: states by key, forgotten when idle, the oldest when there are many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """One state for each key.

    Args:
        make: makes the state of a new key.
        idle: seconds without a touch after which a key starts anew.
        most: how many keys are remembered.
    """

    __slots__ = ("_idle", "_make", "_most", "_states")

    def __init__(self, make: Callable[[], V], *, idle: float, most: int = 20_000) -> None:
        self._make = make
        self._idle = idle
        self._most = most
        self._states: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def touch(self, key: K, now: float) -> V:
        """Return the state of a key, a new one if it was idle, and remember that it was touched now."""
        found = self._states.get(key)
        state = self._make() if found is None or now - found[0] > self._idle else found[1]
        self._states[key] = (now, state)
        self._states.move_to_end(key)
        if len(self._states) > self._most:
            self._states.popitem(last=False)
        return state

    def look(self, key: K, now: float) -> V | None:
        """Return the state of a key that is not idle, without touching it."""
        found = self._states.get(key)
        return None if found is None or now - found[0] > self._idle else found[1]

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[K]:
        return iter(self._states)


def add(seen: dict[str, int], value: str, *, most: int) -> int:
    """Count ``value`` in a dict that grows to ``most`` entries; return its count, 0 when there was no room."""
    if value not in seen and len(seen) >= most:
        return 0
    seen[value] = seen.get(value, 0) + 1
    return seen[value]
