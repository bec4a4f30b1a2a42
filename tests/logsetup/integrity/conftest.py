"""A small log that several writers write by turns, sealed now and then; and what a forger can do with its lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logdojo.logsetup.files.archives import next_stamp
from logdojo.logsetup.integrity.chain import DIGEST, LINK_BYTES, START, Chain, Link, read_link, renumbered
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
                file.write(self.chains[int(turn)].link(b'{"message":"order %d"}' % next(self.count)) + b"\n")

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
    """Return ``lines`` with numbers and digests of all writers computed anew from the line at index ``start`` on."""
    last: dict[str, tuple[int, bytes]] = {}
    out = []
    for index, line in enumerate(lines):
        link = read_link(line[:-1])
        assert link is not None
        if start <= index < (len(lines) if stop is None else stop):
            number, before = last.get(link.writer, (0, START))
            link = renumbered(link, link.writer, number + 1)
            link = replace(link, digest=link.digest_after(before))
        last[link.writer] = (link.number, link.digest)
        out.append(link.head + link.digest + b'"}\n')
    return out


def forged(line: bytes, body: bytes = b'{"message":"forged"}') -> bytes:
    """Return a line that follows ``line`` in its writer's chain as well as a true one would."""
    link = read_link(line[:-1])
    assert link is not None
    new = renumbered(
        Link(link.writer, 0, b"", body[:-1] + bytes(LINK_BYTES - DIGEST - 2)), link.writer, link.number + 1
    )
    return new.head + new.digest_after(link.digest) + b'"}\n'


@pytest.fixture(scope="session")
def key() -> SigningKey:
    """The key that the logs here are sealed with."""
    return new_signing_key()


class Forger:
    """What who can write to a log, and has no key, can do with its lines."""

    rechained = staticmethod(rechained)
    forged = staticmethod(forged)


@pytest.fixture(scope="session")
def forger() -> type[Forger]:
    """The forger's tools."""
    return Forger


@pytest.fixture(scope="session")
def new_log(key: SigningKey) -> Callable[[Path], Log]:
    """Makes an empty log in a folder."""
    return lambda folder: Log(folder, key)


@pytest.fixture
def log(tmp_path: Path, key: SigningKey) -> Log:
    """An empty log."""
    return Log(tmp_path, key)
