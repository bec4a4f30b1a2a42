"""Seal a log while it grows: read what is new, check that it holds together, sign it.

A `Sealer` may run in a thread of the application, in several processes at once, or, best, in a process of another user,
so that the application never holds the private key. It takes no lock that a writer waits for: its only lock is on the
ledger. What it signs has been written to disk first.

Covered: from a checkpoint on, every change to the records before it: edited, inserted, deleted, reordered (also records
of different writers), cut off at the end, computed anew without the key, moved to another file, whole files taken away,
exchanged or put back from a copy; likewise every change to the ledger itself. Cutting log and ledger back to an earlier
checkpoint, or replacing both by an older copy, is covered by a witness: see `verify`.

Not covered: records that no checkpoint covers yet (`verify` counts them); what is signed by who gets hold of the
private key, which root of the machine can (checkpoints from before that moment stay safe through the witness); lines
that are only white space; and whether the application told the truth.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import Segment, stamp_of
from logdojo.logsetup.integrity.bookkeeping import Books, ledger_lock
from logdojo.logsetup.integrity.chain import DIGEST, START, file_id, read_link
from logdojo.logsetup.integrity.keys import SigningKey
from logdojo.logsetup.integrity.ledger import NOTHING, Seal, ledger_of, order_after
from logdojo.logsetup.integrity.scan import Writers, link_all, whole_lines
from logdojo.logsetup.integrity.snapshot import snapshot, unfinished

MAX_RECORDS: Final = 20_000
"""Records that one entry covers at most, so that a damage can be narrowed down."""
_RECORD_END: Final = b'"}\n'


class Sealer:
    """Append signed checkpoints of a log to its ledger.

    Each call opens what it needs and closes it again, so that a Sealer can be kept over a fork and shared by threads.

    Args:
        log: path of the live file.
        key: what to sign with; a ledger is signed by one key at a time.
        sync: whether to wait for the disk, records first and the ledger after them.
    """

    def __init__(self, log: Path, key: SigningKey, *, sync: bool = True) -> None:
        self.log = log
        self._key = key
        self._sync = sync
        self._books = Books(log, key)
        self._barren: dict[tuple[int, int], int] = {}
        self._hesitated: dict[str, tuple[int, int]] = {}

    def checkpoint(self) -> int:
        """Seal what was written since the last checkpoint, in the live file and in archives not closed yet.

        A line that does not hold together may be in the middle of its repair: the checkpoint ends before it. If it is
        still so at the next call, it is sealed as it stands, and `verify` will report it.

        Returns:
            How many records were sealed.

        Raises:
            InputError: the ledger is damaged or signed by another key.
            OSError: the disk is full or broken.
        """
        with self._ledger() as ledger:
            return self._seal_all(ledger)

    def close_archive(self, path: Path) -> int:
        """Seal an archive for good; nothing may be appended to it any more.

        The caller holds the exclusive lock on it, which proves that no process writes to it.

        Args:
            path: the archive, plain or compressed.

        Returns:
            How many records were sealed by this.

        Raises:
            InputError: ``path`` is no archive of the log, or as in `checkpoint`.
        """
        stamp = stamp_of(self.log, path)
        if not stamp:
            raise InputError(f"{path}: no archive of {self.log}", hint=f"its name would begin with {self.log.name}.")
        with self._ledger() as ledger:
            if stamp in self._books.closed:
                return 0
            # What a writer put into this file comes after all it wrote to older ones, so those have their turn first.
            sealed = self._seal_all(ledger, before=stamp)
            with Segment(path, stamp).open() as file:
                return sealed + self._seal(ledger, file, None, stamp=stamp)

    def removed(self, path: Path, reason: str) -> None:
        """Note that an archive is taken away on purpose, so that `verify` does not miss it; call it before removing.

        An archive that is not closed yet is closed first, unless it is encrypted.

        Args:
            path: the archive; the caller holds the exclusive lock on it.
            reason: the rule that removes it, for who reads the ledger.
        """
        stamp = stamp_of(self.log, path)
        with self._ledger() as ledger:
            closed = stamp in self._books.closed
        if not closed and not path.name.endswith(".enc"):
            self.close_archive(path)
        with self._ledger() as ledger:
            self._books.append(ledger, "remove", {"stamp": stamp, "reason": reason})

    def change_key(self, new: SigningKey) -> None:
        """Sign with another key from now on; the key in use signs over its successor.

        Every other Sealer of this log must be started anew with the new key.
        """
        with self._ledger() as ledger:
            self._books.append(ledger, "key", {"public": new.public.raw.hex()})
            self._key = self._books.key = new

    @contextmanager
    def _ledger(self) -> Iterator[int]:
        with ledger_lock(ledger_of(self.log), self.log) as ledger:
            self._books.catch_up(ledger)
            try:
                yield ledger
            finally:
                if self._sync:
                    os.fsync(ledger)

    def _seal_all(self, ledger: int, *, before: str = "") -> int:
        """Seal what is new in all files that are not closed, or in those older than the stamp ``before``."""
        closed = self._books.closed
        with ExitStack() as stack:
            files = unfinished(self.log, stack, before=before, skip=closed) if before else None
            files = snapshot(self.log, stack, skip=closed) if files is None else files
            return sum(self._seal(ledger, each.file, each.size) for each in files if each.file)

    def _seal(self, ledger: int, file: BinaryIO, limit: int | None, *, stamp: str = "") -> int:
        """Append seals for what is new in ``file``; return how many records they cover."""
        name = self._file_id(file, limit)
        if not name:
            return 0
        known = self._books.seals.get(name) or Seal(name, 0, 0, NOTHING, {})
        if known.stamp:
            return 0
        if self._sync:
            os.fdatasync(file.fileno())
        start = self._start(file, known)
        file.seek(start)
        walk = _Walk(start, dict(self._books.writers), patience=self._patience(name, stamp))
        before = known.records
        for data in whole_lines(file, None if limit is None else limit - start):
            walk.take(data)
            if len(walk.digests) >= MAX_RECORDS:
                known = self._append(ledger, known, walk)
            if walk.stopped:
                self._hesitated[name] = (walk.position, limit or walk.position)
                break
        if walk.digests or stamp:
            known = self._append(ledger, known, walk, stamp=stamp)
        return known.records - before

    def _append(self, ledger: int, known: Seal, walk: _Walk, *, stamp: str = "") -> Seal:
        """Append one seal over what ``walk`` has gathered, and let it go on from there."""
        seal = Seal(
            known.segment,
            max(walk.covered, known.offset),
            known.records + len(walk.digests),
            order_after(known.order, walk.digests) if walk.digests else known.order,
            walk.touched(self._books.writers),
            stamp,
        )
        self._books.append_seal(ledger, seal)
        walk.digests = []
        return seal

    def _patience(self, name: str, stamp: str) -> int:
        """Up to which offset broken lines are sealed as they stand."""
        if stamp:
            return -1
        return self._hesitated.get(name, (0, 0))[1]

    def _file_id(self, file: BinaryIO, limit: int | None) -> str:
        """Id of a file; empty when it has no record yet."""
        stat = os.fstat(file.fileno())
        inode = (stat.st_dev, stat.st_ino)
        barren = self._barren.get(inode, 0)
        position = barren if barren <= stat.st_size else 0
        file.seek(position)
        for line in file:
            if not line.endswith(b"\n") or (limit is not None and position + len(line) > limit):
                break
            link = read_link(line[:-1])
            if link is not None:
                return file_id(link)
            position += len(line)
        self._barren[inode] = position
        return ""

    def _start(self, file: BinaryIO, known: Seal) -> int:
        """Where the records begin that no seal covers.

        That is where the last seal ended, unless the file was changed below it, which `verify` will tell.
        """
        if not known.offset:
            return 0
        file.seek(max(0, known.offset - DIGEST - len(_RECORD_END)))
        expected = [digest + _RECORD_END for _, digest in known.writers.values()][-1:]
        if [file.read(DIGEST + len(_RECORD_END))] == expected:
            return known.offset
        file.seek(0)
        position = 0
        for line in file:
            link = read_link(line[:-1])
            if link and link.number > self._books.writers.get(link.writer, (0, START))[0]:
                break
            position += len(line)
        return position


class _Walk:
    """One pass over the new lines of a file.

    Args:
        start: offset of the first line.
        writers: where the writers stand; changed here.
        patience: broken lines before this offset are taken as they stand; -1 for all.
    """

    def __init__(self, start: int, writers: Writers, *, patience: int) -> None:
        self.position = self.covered = start
        self.writers = writers
        self.patience = patience
        self.digests: list[bytes] = []
        self.stopped = False

    def take(self, data: bytes) -> None:
        """Gather the digests of the next whole lines."""
        cut = data.rfind(b"\n") + 1
        digests = link_all(data[:cut], self.writers)
        if digests is not None:
            self.digests += digests
            self.position += cut
            self.covered = self.position if digests else self.covered
            return
        for line in data[:cut].split(b"\n")[:-1]:
            self._take_line(line)
            if self.stopped:
                return

    def _take_line(self, line: bytes) -> None:
        link = read_link(line)
        number, before = self.writers.get(link.writer, (0, START)) if link else (0, START)
        whole = not line.strip() or (link is not None and link.number == number + 1 and link.follows(before))
        if not whole and 0 <= self.patience <= self.position:
            self.stopped = True
            return
        self.position += len(line) + 1
        if link:
            self.digests.append(link.digest)
            self.writers[link.writer] = (link.number, link.digest)
            self.covered = self.position

    def touched(self, before: Writers) -> Writers:
        """The writers that wrote since ``before``, the one of the last record at the end."""
        changed = {writer: state for writer, state in self.writers.items() if before.get(writer) != state}
        last = next((writer for writer, state in changed.items() if state[1] in self.digests[-1:]), None)
        if last is not None:
            changed[last] = changed.pop(last)
        return changed
