"""One file, read twice: what its last line tells is taken out of its first.

The first pass rewrites each line by itself, keeps the result in a spool, and learns values. The second reads input and
spool side by side; only lines in which a learnt value may still stand are rewritten again. So the second pass costs a
fraction of the first, and no more memory than the names of the file.
"""

from __future__ import annotations

import gzip
import io
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from logdojo.anonymize.files.crew import spread
from logdojo.anonymize.files.hand import Draft, Finished, Hand, Recipe
from logdojo.anonymize.files.reading import Progress, Writable, blocks, cut_end, open_log, position
from logdojo.anonymize.files.tally import Tally
from logdojo.anonymize.propagation import Names, Source
from logdojo.anonymize.reading.table import Table
from logdojo.errors import InputError

_IN_MEMORY: Final = 1 << 22  # bytes of the spool
_SAMPLE: Final = 20_000  # lines that tell which plain words stand in the open
_WORTH_IT: Final = 1 << 22  # bytes; below, starting processes takes longer than the work


def anonymize_file(
    path: Path,
    out: Writable,
    recipe: Recipe,
    *,
    hand: Hand | None = None,
    workers: int = 1,
    spool_in: Path | None = None,
    progress: Progress | None = None,
) -> Tally:
    """Write the lines of a file without their sensitive values; what the whole file tells counts for each line.

    Args:
        path: the file, plain or gzip.
        out: where the lines go, with the ends they have.
        recipe: how.
        hand: of this process, when there is one already.
        workers: processes that share the work.
        spool_in: folder of the draft; the system's own for such files when left out.
        progress: told of bytes read, packed ones of a packed file; each byte is read twice.

    Returns:
        What was counted; ``leaks`` are for the caller to judge.

    Raises:
        InputError: the file cannot be read, or became shorter meanwhile.
        OSError: the output or the draft cannot be written.
    """
    hand = hand or Hand(recipe)
    workers = workers if path.stat().st_size >= _WORTH_IT else 1
    with (
        open_log(path) as stream,
        tempfile.SpooledTemporaryFile(
            max_size=_IN_MEMORY, dir=None if spool_in is None else str(spool_in)
        ) as spool_file,
    ):
        spool = _Spool(cast("BinaryIO", spool_file))
        read = _Reading(path, stream, recipe.max_bytes, progress or (lambda _: None))
        source, tally = _first(read, spool, recipe, hand, workers)
        _settle(source, spool)
        second = _second(read, spool, recipe, hand, workers, names=source.names, out=out)
    tally.missed = source.names.missed
    tally.propagated, tally.leaks, tally.leaked = second.propagated, second.leaks, second.leaked
    return tally


class _Entry(NamedTuple):
    line: bytes
    edits: int
    suspect: bool


class _Spool:
    """The draft of a file: one line for each of its own, behind what is known of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, draft: Draft) -> None:
        suspects = set(draft.suspects)
        self._stream.writelines(
            b"%d%s " % (edits, b"!" if number in suspects else b"") + line
            for number, (line, edits) in enumerate(zip(draft.lines, draft.edits, strict=True))
        )

    def read(self) -> Iterator[_Entry]:
        self._stream.seek(0)
        for entry in self._stream:
            known, _, line = entry.partition(b" ")
            yield _Entry(line, int(known.rstrip(b"!")), suspect=known.endswith(b"!"))


class _Reading:
    """An open file that is read twice as far as it reached the first time."""

    def __init__(
        self, path: Path, stream: io.BufferedReader | gzip.GzipFile, max_bytes: int, progress: Progress
    ) -> None:
        self._path, self._stream, self._max_bytes, self._progress = path, stream, max_bytes, progress
        self._size: int | None = None

    def blocks(self) -> Iterator[list[bytes]]:
        at = 0
        self._stream.seek(0)
        for block in blocks(self._stream, max_bytes=self._max_bytes, stop_at=self._size, name=str(self._path)):
            yield block
            now = position(self._stream)
            self._progress(now - at)
            at = now
        self._size = self._size or self._stream.tell()

    def changed(self) -> InputError:
        return InputError(
            f"{self._path}: became shorter while it was read", hint="anonymize files that nobody writes to any more"
        )


def draft_block(hand: Hand, lines: list[bytes], table: Table) -> Draft:
    """Do the first pass over a block, in whichever process."""
    return hand.draft(lines, table)


def finish_block(hand: Hand, lines: list[bytes], entries: list[_Entry], table: Table) -> Finished:
    """Do the second pass over a block, in whichever process."""
    suspects = [number for number, entry in enumerate(entries) if entry.suspect]
    return hand.finish(lines, [entry.line for entry in entries], [entry.edits for entry in entries], suspects, table)


def _first(read: _Reading, spool: _Spool, recipe: Recipe, hand: Hand, workers: int) -> tuple[Source, Tally]:
    source, tally, table = hand.source(), Tally(), Table()
    if workers > 1:
        tasks = ((block, _on(table, block, hand)) for block in read.blocks())
        drafts = spread(draft_block, tasks, recipe, workers=workers)
    else:
        drafts = (hand.draft(block, table) for block in read.blocks())
    for draft in drafts:
        spool.write(draft)
        tally.add(draft.tally)
        for value, (class_name, times) in draft.learnt.items():
            source.learn_value(value, class_name, times)
    return source, tally


def _second(
    read: _Reading, spool: _Spool, recipe: Recipe, hand: Hand, workers: int, *, names: Names, out: Writable
) -> Tally:
    tally, table, entries = Tally(), Table(), spool.read()

    def tasks() -> Iterator[tuple[list[bytes], list[_Entry], Table]]:
        for block in read.blocks():
            drafted = list(itertools.islice(entries, len(block)))
            yield block[: len(drafted)], drafted, _on(table, block, hand) if workers > 1 else table
        if next(entries, None) is not None:
            raise read.changed()

    if workers > 1:
        done = spread(finish_block, tasks(), recipe, workers=workers, names=dict(names.items()))
    else:
        hand.know(names)
        done = (finish_block(hand, *task) for task in tasks())
    for finished in done:
        out.write(b"".join(finished.lines))
        tally.add(finished.tally)
    return tally


def _settle(source: Source, spool: _Spool) -> None:
    source.settle(entry.line.decode() for entry in itertools.islice(spool.read(), _SAMPLE))


def _on(table: Table, block: list[bytes], hand: Hand) -> Table:
    """Return the table as it is before a block, and tell it what the block's lines say about columns."""
    before, source = table.copy(), hand.source()
    source.table = table
    for line in block:
        if not table.begun or line.startswith(b"#"):
            # By way of the anonymizer: what it withholds tells nothing.
            hand.anonymizer.redact(cut_end(line)[0].decode("utf-8", "surrogateescape"), source=source)
    return before
