r"""Columns that an earlier line of the stream has named.

    date,user,src_ip                               CSV, TSV: the first line; ``,`` ``;`` ``|`` or a tab between cells
    #fields	ts	uid	id.orig_h                      Zeek; ``#separator`` says what stands between cells
    #Fields: date time s-ip cs-username c-ip       W3C extended, as IIS, Exchange and CloudFront write it
    version account-id srcaddr dstaddr             AWS VPC flow logs in files

Covered: cells in quotes, with doubled quotes inside; a new header in the midst of a stream; lines of several files one
after another. A line with another number of cells is no row, and is searched as free text.
Not covered: a cell that goes on in the next line, and a first line that does not look like names of columns.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.reading.jsontext import Value

_DELIMITERS: Final = ",\t;|"
_LEAST: Final = 3
_MOST: Final = 512
_COLUMN: Final = re.compile(r"[A-Za-z_@][\w @.()/#-]{0,63}")
_FLOW: Final = frozenset({"srcaddr", "dstaddr"})
_W3C: Final = "#Fields:"
_ZEEK: Final = "#fields"
_SEPARATOR: Final = "#separator "


class Table:
    """The columns of one stream, as far as its lines have told.

    ``begun`` is true once a line has told, or could not tell, what columns there are.
    """

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self.begun = False
        self._separator = "\t"

    def reader(self, line: str) -> Columns | None:
        """Return what reads this line, or ``None`` when it is no row of a table.

        Call it once for each line, in order.
        """
        if line.startswith("#"):
            self._read_mark(line)
            return None
        if not self.begun and line.strip():
            self.begun = True
            header = _header(line.removeprefix("\ufeff"))
            if header is not None:
                self._columns = header
                return None
        return self.columns_of(line)

    def columns_of(self, line: str) -> Columns | None:
        """Return what reads a line by the columns that are known already."""
        columns = self._columns
        if columns is None or line[:1] in {"{", "<"}:
            return None
        return columns if columns.fit(line) else None

    def copy(self) -> Table:
        """Return a table that knows the same and goes on by itself."""
        return copy.copy(self)

    def _read_mark(self, line: str) -> None:
        if line.startswith(_W3C):
            self.begun = True
            names = line.removeprefix(_W3C).split()
            self._columns = Columns(tuple(names), " ") if names else None
        elif line.startswith(_ZEEK):
            self.begun = True
            names = line.removeprefix(_ZEEK).strip(self._separator).split(self._separator)
            self._columns = Columns(tuple(names), self._separator)
        elif line.startswith(_SEPARATOR):
            self.begun = True
            self._separator = _unescaped(line.removeprefix(_SEPARATOR).strip())


class Columns:
    """A reader of rows whose columns have names.

    Args:
        names: of the columns, in order.
        delimiter: what stands between cells; where it is a blank, a row with tabs is cut at those.
    """

    def __init__(self, names: tuple[str, ...], delimiter: str) -> None:
        self.names = names
        self._delimiter = delimiter

    def fit(self, line: str) -> bool:
        """Tell whether the line has as many cells as there are columns."""
        if '"' not in line:
            return line.count(self._between(line)) == len(self.names) - 1
        return len(cells(line, self._between(line), len(self.names) + 1)) == len(self.names)

    def values(self, text: str) -> Iterator[Value]:
        """Yield each cell that is not empty, under its column's name."""
        for (start, stop), name in zip(cells(text, self._between(text), _MOST), self.names, strict=False):
            if start < stop:
                yield Value(start, stop, name, "", is_string=True)

    def _between(self, line: str) -> str:
        return "\t" if self._delimiter == " " and "\t" in line else self._delimiter

    @staticmethod
    def decoded(raw: str) -> tuple[str, list[int] | None]:
        """Return what a cell says, and where each of its characters (and the end) stands in ``raw``."""
        return decoded(raw)

    @staticmethod
    def escaped(text: str) -> str:
        """Return ``text`` as it stands in a cell with quotes."""
        return escaped(text)


def cells(text: str, delimiter: str, most: int, at: int = 0) -> list[tuple[int, int]]:
    """Return the place of each cell of a row that begins at ``at``; quotes around a cell are no part of it."""
    found: list[tuple[int, int]] = []
    size = len(text)
    while at <= size and len(found) < most:
        stop = -1
        if text.startswith('"', at):
            stop = _closing_quote(text, at + 1, delimiter)
        if stop >= 0:
            found.append((at + 1, stop))
            at = stop + 1 + len(delimiter)
            if stop + 1 == size:
                break
            continue
        stop = text.find(delimiter, at)
        stop = size if stop < 0 else stop
        found.append((at, stop))
        at = stop + len(delimiter)
    return found


def _closing_quote(text: str, at: int, delimiter: str) -> int:
    """Return where a quoted cell ends, or -1 when nothing closes it before a delimiter or the end."""
    while (stop := text.find('"', at)) >= 0:
        if text.startswith('"', stop + 1):
            at = stop + 2
        elif stop + 1 == len(text) or text.startswith(delimiter, stop + 1):
            return stop
        else:
            at = stop + 1
    return -1


def decoded(raw: str) -> tuple[str, list[int] | None]:
    """Return what a cell says, and where each of its characters (and the end) stands in ``raw``."""
    if '""' not in raw:
        return raw, None
    pieces = raw.split('""')
    offsets: list[int] = []
    at = 0
    for piece in pieces[:-1]:
        offsets += range(at, at + len(piece) + 1)
        at += len(piece) + 2
    offsets += range(at, len(raw) + 1)
    return '"'.join(pieces), offsets


def escaped(text: str) -> str:
    """Return ``text`` as it stands in a cell with quotes; no pseudonym holds a delimiter."""
    return text.replace('"', '""')


def _header(line: str) -> Columns | None:
    """Return the columns that a first line names, or ``None`` when it does not look like names."""
    words = line.split()
    if set(words) >= _FLOW:
        return Columns(tuple(words), " ")
    for delimiter in _DELIMITERS:
        if line.count(delimiter) >= _LEAST - 1:
            names = tuple(line[start:stop].strip() for start, stop in cells(line, delimiter, _MOST))
            if len(names) >= _LEAST and len(set(names)) == len(names) and all(map(_COLUMN.fullmatch, names)):
                return Columns(names, delimiter)
    return None


def _unescaped(text: str) -> str:
    match = re.fullmatch(r"\\x([0-9a-fA-F]{2})", text)
    return chr(int(match[1], 16)) if match else text[:1] or "\t"
