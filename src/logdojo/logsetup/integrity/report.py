"""What `verify` found: which file, which line, which record, and what was done to it."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


class Kind(enum.StrEnum):
    """What was done to a log or its ledger."""

    EDITED = "edited"
    """A record or an entry was changed."""
    INSERTED = "inserted"
    """A line or a file does not belong here: forged, a copy, or never linked."""
    DELETED = "deleted"
    """Records or entries are gone, and later ones are there."""
    REORDERED = "reordered"
    """Records or entries stand in another order than they were written in."""
    TRUNCATED = "truncated"
    """The end is gone."""
    RESEALED = "resealed"
    """The chain was computed anew over changed records: it holds, but it is not what was signed."""
    REPLACED = "replaced"
    """The whole is another one: signed with an unknown key, or an older copy."""
    MOVED = "moved"
    """A record stands in another file, or a file under another name."""
    MISSING = "missing"
    """A whole file is gone."""
    UNSEALED = "unsealed"
    """Nothing signed covers this."""
    UNREADABLE = "unreadable"
    """The file cannot be decompressed or decrypted."""
    TORN = "torn"
    """A line of the ledger was only written in part: a crash, or a cut."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Args:
        kind: what was done.
        file: name of the file.
        line: first line that is concerned, from 1; 0 for the file as a whole.
        last_line: last line that is concerned.
        writer: whose record; empty when that cannot be told.
        number: first record of the writer that is concerned; 0 when that cannot be told.
        last_number: last record that is concerned.
        detail: the same and more, in words.
    """

    kind: Kind
    file: str
    line: int = 0
    last_line: int = 0
    writer: str = ""
    number: int = 0
    last_number: int = 0
    detail: str = ""

    def __str__(self) -> str:
        lines = f":{self.line}" if self.line else ""
        lines += f"-{self.last_line}" if self.last_line > self.line else ""
        return f"{self.file}{lines}: {self.kind}: {self.detail}"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of the log.

    Args:
        file: its name.
        records: lines in it that are not blank.
        sealed: records that are covered by a checkpoint and found as they were sealed.
        unsealed: records after the last checkpoint.
        findings: how many findings concern it.
    """

    file: str
    records: int = 0
    sealed: int = 0
    unsealed: int = 0
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one verification.

    Args:
        log: path of the live file.
        files: all files, in the order in which they were written.
        findings: what is not as it was written; empty when all is.
        notes: what is worth knowing and no damage.
        trusted: whether a public key was given; without one only accidents are excluded.
        entries: entries of the ledger.
        sealed_until: when the last checkpoint was signed; empty when there is none.
        last_digest: digest of the last entry, for a witness.
    """

    log: Path
    files: tuple[FileReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    trusted: bool = False
    entries: int = 0
    sealed_until: str = ""
    last_digest: str = ""

    @property
    def intact(self) -> bool:
        """Whether everything sealed is as it was, by a trusted key's word."""
        return self.trusted and not self.findings

    @property
    def records(self) -> int:
        """Records in all files."""
        return sum(file.records for file in self.files)

    @property
    def unsealed(self) -> int:
        """Records that no checkpoint covers yet."""
        return sum(file.unsealed for file in self.files)

    def document(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {**asdict(self), "log": str(self.log), "intact": self.intact}
