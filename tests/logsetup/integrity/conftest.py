"""A small log that several writers write by turns, sealed now and then; and what a forger can do with its lines."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from logdojo.logsetup.files.archives import next_stamp
from logdojo.logsetup.integrity.chain import START, Chain, read_link
from logdojo.logsetup.integrity.keys import SigningKey, new_signing_key
from logdojo.logsetup.integrity.ledger import ledger_of
from logdojo.logsetup.integrity.report import Report
from logdojo.logsetup.integrity.sealer import Sealer
from logdojo.logsetup.integrity.verify import verify


class Log:
    """A log under construction.

    Args:
        folder: where it lies.
        key: what it is sealed with.
    """

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.path = folder / "app.jsonl"
        self.ledger = ledger_of(self.path)
        self.key = key
        self.chains = [Chain(), Chain()]
        self.count = itertools.count(1)
        self.sealer = Sealer(self.path, key, sync=False)

    def write(self, turns: str, path: Path | None = None) -> None:
        """Append a record of writer 0 or 1 for each digit in ``turns``."""
        with (path or self.path).open("ab") as file:
            for turn in turns:
                body = {"@timestamp": "2026-11-24T13:56:00.123Z", "message": f"order {next(self.count)}"}
                file.write(self.chains[int(turn)].link(json.dumps(body, separators=(",", ":")).encode()) + b"\n")

    def rotate(self) -> Path:
        """Rename the live file to an archive; return the archive."""
        archive = self.path.with_name(f"{self.path.name}.{next_stamp(self.path, datetime.now(UTC))}")
        self.path.rename(archive)
        return archive

    def lines(self, path: Path | None = None) -> list[bytes]:
        """The lines of a file, with their line ends."""
        return (path or self.path).read_bytes().splitlines(keepends=True)

    def verify(self, **options: object) -> Report:
        """Verify the log with the right public key."""
        return verify(self.path, [self.key.public], **options)  # type: ignore[arg-type]


def rechained(lines: Sequence[bytes], start: int, stop: int | None = None) -> list[bytes]:
    """Return ``lines`` with the chains of all writers computed anew from the line at index ``start`` on."""
    last: dict[str, bytes] = {}
    out = []
    for index, line in enumerate(lines):
        link = read_link(line[:-1])
        assert link is not None
        digest = link.digest
        if start <= index < (len(lines) if stop is None else stop):
            digest = sha256(last.get(link.writer, START) + link.head).hexdigest().encode()
        last[link.writer] = digest
        out.append(link.head + digest + b'"}\n')
    return out


@pytest.fixture(scope="session")
def key() -> SigningKey:
    """The key that the logs here are sealed with."""
    return new_signing_key()


@pytest.fixture
def log(tmp_path: Path, key: SigningKey) -> Log:
    """An empty log."""
    return Log(tmp_path, key)


@pytest.fixture
def sealed(log: Log) -> Log:
    """A log of 48 records by two writers, in one file, under four checkpoints; two records of it are unsealed."""
    for turns in ("001011010011", "110100101010", "001101", "0101101010011101"):
        log.write(turns)
        log.sealer.checkpoint()
    log.write("01")
    return log
