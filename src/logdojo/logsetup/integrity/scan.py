"""Verify many linked lines at once, as long as nothing is wrong with them.

A tight loop over slices at constant offsets: no regular expression, no JSON, no copy of a line but the one that is
hashed. It says yes or no; what exactly is wrong is found out by `diagnosis`, which may take its time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

from logdojo.logsetup.integrity.chain import DIGEST, MARK, START, WRITER_BYTES

CHUNK_BYTES: Final = 131_072
_KEY: Final = slice(-DIGEST - 14 - len(MARK) - 2 * WRITER_BYTES, -DIGEST - 13)
_NUMBER: Final = slice(-DIGEST - 13, -DIGEST - 1)
_HEX: Final = frozenset(b"0123456789abcdef")

State = tuple[int, bytes]
"""A writer's last record: its number and its digest."""
Writers = dict[str, State]
"""Writer → its last record."""


def link_all(data: bytes, writers: Writers) -> list[bytes] | None:
    """Return the digests of all lines when each is whole and follows the one before it of its writer.

    Args:
        data: whole lines.
        writers: where the writers stand; brought up to date on success and left alone otherwise.

    Returns:
        The digests in the order of the lines, or None when any line needs a closer look, also a blank one.
    """
    records = data.split(b'"}\n')
    if records.pop() or len(records) != data.count(b"\n"):
        return None
    heads = [record[:-DIGEST] for record in records]
    digests = [record[-DIGEST:] for record in records]
    keys = [record[_KEY] for record in records]
    counts = Counter(keys)
    opening = _opening(counts, writers)
    if opening is None:
        return None
    last = {key: state[1] for key, state in opening.items()}
    if len(counts) == 1:
        befores = [last[keys[0]], *digests]
        last[keys[0]] = digests[-1]
    else:
        befores = []
        for key, digest in zip(keys, digests, strict=True):
            befores.append(last[key])
            last[key] = digest
    # strict=False: the last digest is nobody's predecessor here. Checking it would cost a branch for each line.
    computed = [sha256(before + head).hexdigest() for before, head in zip(befores, heads, strict=False)]
    if "".join(computed).encode() != b"".join(digests):
        return None
    closing = _closing(records, keys, counts, opening)
    if closing is None:
        return None
    writers.update(closing)
    return digests


def advance(writers: Writers, later: Writers) -> None:
    """Bring ``writers`` up to what ``later`` says of them; nobody goes back."""
    for writer, state in later.items():
        if state[0] >= writers.get(writer, state)[0]:
            writers[writer] = state


def whole_lines(file: BinaryIO, limit: int | None = None, *, chunk: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the rest of ``file`` in pieces of whole lines; only the last piece may lack its line end.

    Args:
        file: open at the beginning of a line.
        limit: most bytes to read in all; None for no limit.
        chunk: bytes of a piece, or one line where that is longer.
    """
    left, rest = limit, b""
    while piece := file.read(chunk if left is None else min(chunk, left)):
        left = None if left is None else left - len(piece)
        cut = piece.rfind(b"\n") + 1
        if not cut:
            rest += piece
            continue
        yield rest + piece[:cut]
        rest = piece[cut:]
    if rest:
        yield rest


def _opening(counts: Counter[bytes], writers: Writers) -> dict[bytes, State] | None:
    """Where each writer of the piece stands before it; None when a key is not of the right form."""
    opening = {}
    for key in counts:
        writer = key[len(MARK) : -1]
        if not (key.startswith(MARK) and key.endswith(b".") and len(writer) == 2 * WRITER_BYTES):
            return None
        if not _HEX.issuperset(writer):
            return None
        opening[key] = writers.get(writer.decode(), (0, START))
    return opening


def _closing(
    records: list[bytes], keys: list[bytes], counts: Counter[bytes], opening: dict[bytes, State]
) -> Writers | None:
    """Where each writer stands behind the piece; None when its numbers do not run on."""
    closing: Writers = {}
    missing = set(counts)
    for key, record in zip(reversed(keys), reversed(records), strict=True):
        if key not in missing:
            continue
        missing.remove(key)
        digits = record[_NUMBER]
        number = opening[key][0] + counts[key]
        if digits != b"%012d" % number:
            return None
        closing[key[len(MARK) : -1].decode()] = (number, record[-DIGEST:])
        if not missing:
            break
    return closing
