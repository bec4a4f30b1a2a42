"""A witness: a small file elsewhere that remembers the last entry of a ledger that was seen.

Who can write to a log and its ledger can cut both back, or put older copies of both in place, and everything in them is
still signed. Only a memory out of that person's reach tells: on another machine, on a medium written once, or in the
index that logs are shipped to.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from logdojo.errors import InputError
from logdojo.logsetup.integrity.ledger import Entry
from logdojo.logsetup.integrity.report import Finding, Kind, Report


@dataclass(frozen=True, slots=True)
class Witness:
    """The last entry that was seen.

    Args:
        log: name of the log.
        entry: its number.
        digest: its digest.
    """

    log: str
    entry: int
    digest: str


def load_witness(path: Path) -> Witness | None:
    """Read a witness; None when the file does not exist yet.

    Raises:
        InputError: it cannot be read or holds something else.
    """
    try:
        says = json.loads(path.read_bytes())
        return Witness(str(says["log"]), int(says["entry"]), str(says["digest"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name a witness that you may read") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: holds no witness", hint="name the file of an earlier `logdojo logs verify --witness`"
        ) from error


def save_witness(path: Path, report: Report) -> None:
    """Remember the last entry of a ledger that was found intact; replaces the file in one step."""
    if not report.last_digest:
        return
    says = {"log": report.log.name, "entry": report.entries, "digest": report.last_digest}
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(says, file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def contradicted(name: str, witness: Witness, entries: tuple[Entry, ...], *, log: str) -> list[Finding]:
    """Return what a witness has against a ledger.

    Args:
        name: of the ledger, for the findings.
        witness: what was seen earlier.
        entries: that may be believed.
        log: name of the log.
    """
    if witness.log != log:
        raise InputError(f"the witness is one for {witness.log}, not for {log}", hint="keep one witness a log")
    last = entries[-1].number if entries else 0
    there = next((entry for entry in entries if entry.number == witness.entry), None)
    if there is not None and there.digest == witness.digest:
        return []
    if last < witness.entry:
        detail = f"entry {witness.entry} was seen earlier, and the ledger ends with entry {last}"
        return [Finding(Kind.TRUNCATED, name, number=last + 1, last_number=witness.entry, detail=detail)]
    detail = f"entry {witness.entry} is another one than was seen earlier"
    line = there.line if there else 0
    return [Finding(Kind.REPLACED, name, line, line, number=witness.entry, last_number=witness.entry, detail=detail)]
