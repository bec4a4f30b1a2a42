"""What a sealer knows of its ledger, and how it appends to it: under a lock, one write an entry.

Sealing needs the locks of a POSIX system; verifying does not.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.files.locks import is_at
from logdojo.logsetup.integrity.keys import SigningKey
from logdojo.logsetup.integrity.ledger import (
    NOTHING,
    Entry,
    Seal,
    decode,
    encode,
    keys_in,
    ledger_of,
    linked,
)
from logdojo.logsetup.integrity.scan import Writers, advance

_DEFAULT_MODE: Final = 0o640


class Books:
    """A ledger as far as it was read, and what follows from it.

    Args:
        log: the log that the ledger is about.
        key: what entries are signed with.
    """

    def __init__(self, log: Path, key: SigningKey) -> None:
        self.key = key
        self._log = log
        self._forget()

    def _forget(self) -> None:
        self.seals: dict[str, Seal] = {}
        """Id of a file → its last seal."""
        self.writers: Writers = {}
        self.closed: set[str] = set()
        """Stamps of the archives that are sealed for good, and of those removed on purpose."""
        self._last: Entry | None = None
        self._last_line = b""
        self._end = 0
        self._torn = 0

    def catch_up(self, ledger: int) -> None:
        """Read what others have appended, and cut off what a crash has left half-written.

        An entry that this process has seen and that is gone is noted in the ledger, signed: it stays visible.

        Raises:
            InputError: the ledger is damaged or signed by another key.
        """
        size = os.fstat(ledger).st_size
        lost = self._last
        if lost is not None and self._still_there(ledger):
            lost = None
        if lost is not None:
            self._forget()
        *lines, rest = os.pread(ledger, size - self._end, self._end).split(b"\n")
        first = self._last.line + 1 if self._last else 1
        entries = [decode(raw, number) for number, raw in enumerate(lines, first)]
        self._check(entries, first)
        for entry in entries:
            assert entry is not None
            self._note(entry)
        if lines:
            self._last_line = lines[-1] + b"\n"
        self._end = size - len(rest)
        if rest:
            os.ftruncate(ledger, self._end)
            self._torn = len(rest)
        if lost is not None and lost.digest not in {entry.digest for entry in entries if entry}:
            self.append(ledger, "cut", {"expected": lost.number, "digest": lost.digest})

    def append_seal(self, ledger: int, seal: Seal) -> None:
        """Append a checkpoint or, when the seal has a stamp, the closing of an archive."""
        fields: dict[str, object] = {
            "segment": seal.segment,
            "offset": seal.offset,
            "records": seal.records,
            "order": seal.order,
            "writers": {writer: [number, digest.decode()] for writer, (number, digest) in seal.writers.items()},
        }
        self.append(
            ledger, "close" if seal.stamp else "checkpoint", fields | ({"stamp": seal.stamp} if seal.stamp else {})
        )

    def append(self, ledger: int, kind: str, fields: dict[str, object]) -> None:
        """Sign an entry and append it in one write.

        Raises:
            OSError: it could not be written whole; the ledger is then as before.
        """
        line = encode(
            {
                "entry": self._last.number + 1 if self._last else 1,
                "previous": self._last.digest if self._last else NOTHING,
                "log": self._log.name,
                "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "kind": kind,
                **fields,
                **({"torn": self._torn} if self._torn else {}),
            },
            self.key,
        )
        try:
            written = os.write(ledger, line + b"\n")
        except OSError:
            written = 0
            raise
        finally:
            if written <= len(line):
                os.ftruncate(ledger, self._end)
        if written <= len(line):
            raise OSError(f"{ledger_of(self._log)}: only {written} of {len(line) + 1} bytes could be written")
        self._torn = 0
        entry = decode(line, self._last.line + 1 if self._last else 1)
        assert entry is not None
        self._note(entry)
        self._last_line = line + b"\n"
        self._end += written

    def _note(self, entry: Entry) -> None:
        self._last = entry
        if entry.kind == "remove":
            self.closed.add(str(entry.fields.get("stamp")))
        seal = entry.seal
        if seal is None:
            return
        self.seals[seal.segment] = seal
        advance(self.writers, seal.writers)
        if seal.stamp:
            self.closed.add(seal.stamp)

    def _still_there(self, ledger: int) -> bool:
        return os.pread(ledger, len(self._last_line), self._end - len(self._last_line)) == self._last_line

    def _check(self, entries: list[Entry | None], first: int) -> None:
        number, digest = (self._last.number, self._last.digest) if self._last else (0, NOTHING)
        ledger = ledger_of(self._log)
        hint = "run `logdojo logs verify`; to go on, move the ledger away: a new one begins"
        if not linked(entries, number=number, digest=digest):
            raise InputError(f"{ledger}: an entry from line {first} on was changed or taken out", hint=hint)
        if not entries:
            return
        last = entries[-1]
        assert last is not None
        successor = [key.key_id for key in keys_in([last])]
        own = self.key.public
        if own.key_id not in (successor or [last.key_id]):
            raise InputError(
                f"{ledger}: line {last.line} is signed for key {(successor or [last.key_id])[0]}, not {own.key_id}",
                hint="seal with that key, or change it with `logdojo logs keys change`",
            )
        if not successor and not last.signed_by([own]):
            raise InputError(f"{ledger}: the signature on line {last.line} is wrong", hint=hint)


@contextmanager
def ledger_lock(ledger: Path, log: Path) -> Iterator[int]:
    """Open the ledger for appending under an exclusive lock, made with the mode of the log when it is new."""
    import fcntl

    while True:
        descriptor = os.open(ledger, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Somebody may have moved the ledger away while this process waited.
            if not is_at(descriptor, ledger):
                continue
            if not os.fstat(descriptor).st_size:
                os.fchmod(descriptor, stat.S_IMODE(log.stat().st_mode) if log.exists() else _DEFAULT_MODE)
            yield descriptor
        finally:
            os.close(descriptor)
        return
