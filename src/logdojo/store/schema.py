"""The tables of a DuckDB store: made, checked, and brought up to date.

    logdojo_version  one row: the version of the layout
    logdojo_columns  name and kind of each typed column of ``events``
    events           one row an event
    streams          how far each stream has been stored

A store that lacks a column which this logdojo knows gets it on opening, filled from the JSON. That is how a field is
promoted to a column in a later release; ``promote`` does the same for a field that only one house cares about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logdojo.errors import InputError, UsageError
from logdojo.store.columns import COLUMNS, EVENT_COLUMNS, Kind
from logdojo.store.sql import pointer, quoted

if TYPE_CHECKING:
    import duckdb

VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Za-z@_][\w@-]{0,62}(?:\.[\w@-]{1,63}){1,8}", re.ASCII)
_TYPES: Final = {
    Kind.TEXT: "VARCHAR",
    Kind.ADDRESS: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
    Kind.INTEGER: "BIGINT",
    Kind.TIME: "TIMESTAMP",
    Kind.LINE: "VARCHAR USING COMPRESSION zstd",
}
_BASE: Final = """
    CREATE TABLE logdojo_version (version INTEGER NOT NULL);
    CREATE TABLE logdojo_columns (name VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL);
    CREATE TABLE streams (stream VARCHAR PRIMARY KEY, high BIGINT NOT NULL);
    CREATE TABLE events (
        stream VARCHAR NOT NULL,
        "offset" BIGINT NOT NULL,
        fields VARCHAR USING COMPRESSION zstd,
        original_bytes BLOB,
        {columns}
    );
"""


def prepare(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Kind]:
    """Make the tables of a new store, or check and update those of an old one; return the typed columns.

    Raises:
        InputError: the file holds something else, or was written by a newer logdojo.
    """
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        return _make(con)
    if "logdojo_version" not in tables:
        raise InputError(f"{path}: a DuckDB file, but no store of logdojo", hint="name another file")
    row = con.execute("SELECT max(version) FROM logdojo_version").fetchone()
    version = row[0] if row else None
    if version != VERSION:
        raise InputError(
            f"{path}: a store of version {version}, and this logdojo knows version {VERSION}",
            hint="update logdojo, or name another file",
        )
    columns = {name: Kind(kind) for name, kind in con.execute("SELECT name, kind FROM logdojo_columns").fetchall()}
    for name, kind in EVENT_COLUMNS.items():
        if name not in columns:
            add_column(con, name, kind)
            columns[name] = kind
    return columns


def check_name(name: str, columns: Mapping[str, Kind]) -> None:
    """Check that a field can become a column.

    Raises:
        UsageError: it cannot; the message says why.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:80]!r} cannot be a column", hint="name a flat field with a dot, such as dns.type")
    # SQL does not tell capitals apart in names, and fields do.
    if name.lower() in {each.lower() for each in columns}:
        raise UsageError(f"{name} is a column already", hint="ask the store for its columns")


def add_column(con: duckdb.DuckDBPyConnection, name: str, kind: Kind) -> None:
    """Add a column and fill it from the JSON of the events that are there, all or nothing."""
    column, declared = quoted(name), _TYPES[kind]
    value, fits = {
        Kind.INTEGER: ("TRY_CAST(json_extract_string(fields, $p) AS BIGINT)", ("BIGINT", "UBIGINT")),
        Kind.TEXTS: ("TRY_CAST(json_extract(fields, $p) AS VARCHAR[])", ("ARRAY",)),
        Kind.TIME: (
            "timezone('UTC', TRY_CAST(json_extract_string(fields, $p) AS TIMESTAMPTZ))",
            ("VARCHAR",),
        ),
    }.get(kind, ("json_extract_string(fields, $p)", ("VARCHAR",)))
    con.begin()
    try:
        con.execute(f"ALTER TABLE events ADD COLUMN {column} {declared}")
        con.execute(
            f"UPDATE events SET {column} = {value} WHERE json_type(fields, $p) IN {fits!r}".replace(",)", ")"),  # noqa: S608  # own parts
            {"p": pointer(name)},
        )
        con.execute("INSERT INTO logdojo_columns VALUES (?, ?)", [name, kind.value])
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _make(con: duckdb.DuckDBPyConnection) -> dict[str, Kind]:
    columns = ", ".join(f"{quoted(name)} {_TYPES[kind]}" for name, kind in COLUMNS.items())
    con.begin()
    con.execute(_BASE.format(columns=columns))
    con.execute(
        "INSERT INTO logdojo_columns SELECT unnest($names), unnest($kinds)",
        {"names": list(COLUMNS), "kinds": [kind.value for kind in COLUMNS.values()]},
    )
    con.execute("INSERT INTO logdojo_version VALUES (?)", [VERSION])
    con.commit()
    return dict(COLUMNS)
