"""What every store of log events can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from logdojo.store.batch import Appended, Batch
from logdojo.store.query import Aggregation, Filter, Group, Query, Stored


class LogStore(Protocol):
    """Events in one place, tagged and searchable."""

    def append(self, batch: Batch) -> Appended:
        """Store the events that are not there yet; when it returns, they survive a crash.

        Raises:
            InputError: the store cannot be reached or written to; then nothing, or a part, was stored, and the same
                batch may be given again.
        """

    def search(self, query: Query) -> list[Stored]:
        """Return the events that are asked for, in order.

        Raises:
            UsageError: the query asks for what this store cannot do.
        """

    def aggregate(self, aggregation: Aggregation) -> list[Group]:
        """Return a figure for each group.

        Raises:
            UsageError: the aggregation asks for what this store cannot do.
        """

    def count(self, query: Query | None = None) -> int:
        """Return how many events there are, or how many match; the query's limit does not matter."""

    def delete_before(self, moment: datetime, filters: Sequence[Filter] = ()) -> int:
        """Delete events older than a moment and return how many those were.

        An event without a time is as old as its arrival here.
        """

    def close(self) -> None:
        """Let go of files and connections; a second call does nothing."""
