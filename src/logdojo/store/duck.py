"""The store by default: one DuckDB file, written by one process at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logdojo.errors import InputError, UsageError
from logdojo.events import LogEvent, Severity
from logdojo.store.arrow import OFFSET, STORE_COLUMNS, STREAM, original_of, table_of
from logdojo.store.batch import Appended, Batch, Place, Tags, event_id
from logdojo.store.columns import COLUMNS, ORIGINAL, Kind
from logdojo.store.query import Aggregation, Filter, Group, Query, Stored
from logdojo.store.reach import Reach, reach_of
from logdojo.store.schema import add_column, check_name, prepare
from logdojo.store.sql import Statement, columns_to_read, quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_ROW: Final = "row_of_batch"
_WAL_MIB: Final = 256
"""How much may wait in the log of changes before it is worked into the file; opening after a crash reads it again."""
_GROUP_ROWS: Final = 32_768
"""Rows that are compressed together. A batch with more of them goes straight into the file, not through that log."""
_SLICE: Final = 2_048
"""Rows that are converted at once: few enough for a core's cache, and what DuckDB takes at a time."""
_LOOK_SECONDS: Final = 0.05
_CONFIG: Final = {
    # A store never fetches anything from a network, and SQL cannot reach other files.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


class DuckDbStore:
    """Events in one file.

    Nothing is stored twice. For each stream the store knows the highest offset it has; a batch that lies beyond is
    new without a look at the rows. Only one that reaches back is compared with what stands there.

    Args:
        path: the file; it is made when it is not there.
        wait: seconds to wait for another process that has the file open.

    Raises:
        InputError: another process has it open, it is no store, or a newer logdojo has written it.
    """

    def __init__(self, path: Path, *, wait: float = 0.0) -> None:
        self.path = Path(path)
        self._con: duckdb.DuckDBPyConnection | None = _connect(self.path, wait)
        self._high: dict[str, int] = {}
        try:
            self._open.execute(f"SET checkpoint_threshold = '{_WAL_MIB}MiB'")
            self._columns = prepare(self._open, self.path)
        except BaseException:
            self.close()
            raise

    @property
    def columns(self) -> dict[str, Kind]:
        """Name → kind of the typed columns."""
        return dict(self._columns)

    def append(self, batch: Batch) -> Appended:
        """Store the events that are not there yet; see ``LogStore``."""
        return self.append_table(self.table(batch)) if len(batch) else Appended(0, 0)

    def append_all(self, batches: Iterable[Batch]) -> Appended:
        """Store many batches, each whole: while one is written, the next is converted on another core.

        The store is busy meanwhile: whatever makes the batches must not ask it anything.

        Raises:
            InputError: as ``append``; the batches before are stored, and all of them may be given again.
        """
        done: list[Appended] = []
        with ThreadPoolExecutor(1) as writer:
            written: Future[Appended] | None = None
            for batch in batches:
                table = self.table(batch) if len(batch) else None
                if written is not None:
                    done.append(written.result())
                written = writer.submit(self.append_table, table) if table is not None else None
            if written is not None:
                done.append(written.result())
        return Appended(sum(each.new for each in done), sum(each.known for each in done))

    def table(self, batch: Batch) -> pa.Table:
        """Return a batch as ``append_table`` wants it: half of the work, and nothing is written."""
        import pyarrow as pa

        promoted = {name: kind for name, kind in self._columns.items() if name not in COLUMNS}
        now = datetime.now(UTC)
        return pa.concat_tables(
            table_of(batch.part(first, first + _SLICE), promoted, now=now) for first in range(0, len(batch), _SLICE)
        )

    def append_table(self, table: pa.Table) -> Appended:
        """Store the events of an Arrow table that are not there yet.

        Raises:
            UsageError: the table was not made by ``table`` of a store with the same columns.
            InputError: as ``append``.
        """
        import numpy as np
        import pyarrow as pa

        con = self._open
        if set(table.column_names) != {*self._columns, *STORE_COLUMNS}:
            odd = sorted(set(table.column_names) ^ {*self._columns, *STORE_COLUMNS})
            raise UsageError(f"the table's columns are not the store's: {', '.join(odd)[:200]}", hint="use table()")
        if not len(table):
            return Appended(0, 0)
        reach = reach_of(table[STREAM], table[OFFSET])
        stored = self._stored_high(reach.last)
        high = {stream: max(stored[stream], last) for stream, last in reach.last.items()}
        con.register("batch", table.append_column(_ROW, pa.array(np.arange(len(table), dtype=np.int32))))
        con.register("reached", _reached(high))
        # Each thread compresses pieces of its own; a batch takes a single one a fifth less time.
        con.execute("SET threads = 1")
        try:
            con.begin()
            new = self._insert(len(table), reach, beyond=reach.beyond(stored))
            con.execute("INSERT OR REPLACE INTO streams SELECT stream, high FROM reached")
            con.commit()
        except BaseException as error:
            with contextlib.suppress(Exception):
                con.rollback()
            raise _failed(self.path, error) from error
        finally:
            con.execute("RESET threads")
            con.unregister("batch")
            con.unregister("reached")
        self._high.update(high)
        return Appended(new, len(table) - new)

    def search(self, query: Query) -> list[Stored]:
        """Return the events that are asked for, in order; see ``LogStore``."""
        statement = Statement(self._columns)
        condition = statement.where(query.filters, query.since, query.until)
        order = statement.order(query)
        # The wide columns are read of those rows alone that are wanted.
        rows = self._ask(
            f"SELECT {columns_to_read()} FROM events WHERE rowid IN ("  # noqa: S608  # values are parameters
            f"SELECT rowid FROM events WHERE {condition} ORDER BY {order} LIMIT {int(query.limit)}) ORDER BY {order}",
            statement,
        )
        return [_stored(row) for row in rows]

    def aggregate(self, aggregation: Aggregation) -> list[Group]:
        """Return a figure for each group; see ``LogStore``."""
        statement = Statement(self._columns)
        rows = self._ask(statement.aggregation(aggregation), statement)
        return [
            Group(tuple(keys), start.replace(tzinfo=UTC) if start is not None else None, value)
            for *keys, start, value in rows
        ]

    def count(self, query: Query | None = None) -> int:
        """Return how many events there are, or how many match; see ``LogStore``."""
        asked = query or Query()
        statement = Statement(self._columns)
        condition = statement.where(asked.filters, asked.since, asked.until)
        return int(self._ask(f"SELECT count(*) FROM events WHERE {condition}", statement)[0][0])  # noqa: S608  # values are parameters

    def delete_before(self, moment: datetime, filters: Sequence[Filter] = ()) -> int:
        """Delete events older than a moment, give their space back, and return how many those were."""
        statement = Statement(self._columns)
        condition = statement.older(moment, filters)
        gone = int(self._ask(f"DELETE FROM events WHERE {condition}", statement)[0][0])  # noqa: S608  # values are parameters
        self._open.execute("CHECKPOINT")
        return gone

    def promote(self, field: str, kind: Kind) -> None:
        """Make a column of a field that stood in the JSON alone, filled for the events that are there.

        Raises:
            UsageError: it is a column already, or can be none.
        """
        check_name(field, self._columns)
        if kind is Kind.LINE:
            raise UsageError(f"{field}: only the raw line is of kind {kind}", hint="promote it as text")
        add_column(self._open, field, kind)
        self._columns[field] = kind

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        con, self._con = self._con, None
        if con is not None:
            con.close()

    @property
    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            raise UsageError(f"{self.path}: the store is closed", hint="open it anew")
        return self._con

    def _ask(self, sql: str, statement: Statement) -> list[Any]:
        try:
            return self._open.execute(sql, statement.parameters).fetchall()
        except UsageError:
            raise
        except Exception as error:
            raise _failed(self.path, error) from error

    def _stored_high(self, streams: Iterable[str]) -> dict[str, int]:
        """Return the highest offset that is stored of each stream, -1 of one that is new."""
        unknown = [stream for stream in streams if stream not in self._high]
        if unknown:
            found = self._open.execute(
                "SELECT stream, high FROM streams WHERE list_contains($wanted, stream)", {"wanted": unknown}
            ).fetchall()
            self._high.update(dict.fromkeys(unknown, -1) | dict(found))
        return {stream: self._high[stream] for stream in streams}

    def _insert(self, rows: int, reach: Reach, *, beyond: bool) -> int:
        names = ", ".join(quoted(name) for name in (*self._columns, *STORE_COLUMNS))
        if beyond:
            self._open.execute(f"INSERT INTO events ({names}) SELECT {names} FROM batch")  # noqa: S608  # own names
            return rows
        line = quoted(ORIGINAL)
        found = self._open.execute(
            f"""
            INSERT INTO events ({names}) SELECT {names} FROM batch
            WHERE {_ROW} IN (SELECT min({_ROW}) FROM batch GROUP BY stream, "offset", {line})
            AND {_ROW} NOT IN (
                SELECT b.{_ROW} FROM events e JOIN batch b
                ON e.stream = b.stream AND e."offset" = b."offset" AND e.{line} = b.{line}
                WHERE e."offset" BETWEEN $first AND $last AND e.stream BETWEEN $low AND $top
            )
            """,  # noqa: S608  # own names
            {
                "first": min(reach.first.values()),
                "last": max(reach.last.values()),
                "low": min(reach.last),
                "top": max(reach.last),
            },
        ).fetchone()
        return int(found[0]) if found else 0


def _connect(path: Path, wait: float) -> duckdb.DuckDBPyConnection:
    import duckdb

    end = time.monotonic() + wait
    while True:
        try:
            return _attached(path)
        except duckdb.IOException as error:
            locked = "lock" in str(error)
            if not locked or time.monotonic() >= end:
                hint = "let the other process end first" if locked else "name a store that can be read and written"
                raise InputError(f"{path}: the store cannot be opened ({_first_line(error)})", hint=hint) from error
        except duckdb.Error as error:
            raise InputError(
                f"{path}: the store cannot be opened ({_first_line(error)})", hint="put back a good copy"
            ) from error
        time.sleep(_LOOK_SECONDS)


def _attached(path: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    con = duckdb.connect(config=dict(_CONFIG))
    try:
        file = str(path).replace("'", "''")
        con.execute(f"ATTACH '{file}' AS store (ROW_GROUP_SIZE {_GROUP_ROWS}); USE store")
    except BaseException:
        con.close()
        raise
    return con


def _failed(path: Path, error: BaseException) -> BaseException:
    """Return what to raise for an error: DuckDB's own become ours, others stay."""
    import duckdb

    if not isinstance(error, duckdb.Error):
        return error
    return InputError(f"{path}: {_first_line(error)}", hint="look at the space and the rights there, and try again")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _reached(high: dict[str, int]) -> pa.Table:
    import pyarrow as pa

    return pa.table({"stream": pa.array(high, pa.string()), "high": pa.array(high.values(), pa.int64())})


def _stored(row: Sequence[Any]) -> Stored:
    stream, offset, line, raw, fields, error, source, tenant, severity, sensitivity = row
    place = Place(stream, offset)
    event = LogEvent(original_of(line, raw), msgspec.json.decode(fields), error=error or "")
    tags = Tags(source, tenant or "", None if severity is None else Severity(severity), sensitivity or "")
    return Stored(event_id(place, event.original), event, place, tags)
