"""A hash chain through the records of one writer, carried in the lines themselves.

The chain stands at the end of each line, as the ECS field that is meant for it, and always has the same width::

    {…,"event.hash":"<writer>.<number>.<digest>"}
                     12 hex    12 dec.  64 hex

A writer is one handler of one process since it was opened; its records count from 1. The digest is SHA-256 over the
digest before it (64 zeros before the first record) and everything in the line that precedes its own digest: the
record, the writer and the number. So no record can be changed, moved or taken out without the next one showing it.

Covered by the chain alone: accidents, and edits by who does not know of the chain. Not covered: whoever can write the
file can compute all digests anew. A secret start would not change that (a verifier would have to know it, and then so
would the forger), so the start is the zero digest, and what forgers cannot compute is the signature over the digests:
see `sealer`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

MARK: Final = b',"event.hash":"'
"""What comes before the writer; JSON escapes every quote in a value, so that no value can hold it."""
START: Final = b"0" * 64
"""The digest before a writer's first record."""
DIGEST: Final = 64
FILE_ID: Final = 32
WRITER_BYTES: Final = 6
LINK_BYTES: Final = len(MARK) + 2 * WRITER_BYTES + 1 + 12 + 1 + DIGEST + len(b'"}')
"""Bytes from the mark to the end of the line; a link adds one less, since the brace was there."""
_TAIL: Final = re.compile(rb',"event\.hash":"([0-9a-f]{12})\.([0-9]{12})\.([0-9a-f]{64})"\}')
_THOUSAND: Final = 1000
_LOW: Final = tuple(b"%03d." % number for number in range(_THOUSAND))


class Chain:
    """Link the lines of one writer; not safe for concurrent calls, since a handler calls it under its lock.

    About 1 µs a record, half of it SHA-256: hashlib's constructor is OpenSSL's here, and faster on lines of 300 bytes
    than the built-in SHA-256, BLAKE2b or a copied hash object.
    """

    __slots__ = ("_before", "_digest", "_high", "_mark", "number", "writer")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin a new writer, as a forked child must: two processes cannot go on with one chain."""
        self.writer = os.urandom(WRITER_BYTES).hex()
        self.number = 0
        self._mark = MARK + self.writer.encode() + b"."
        # The nine high digits of the number, written anew once in a thousand records.
        self._high = self._mark + b"%09d" % 0
        self._digest = self._before = START

    def link(self, line: bytes) -> bytes:
        """Return ``line`` with its link.

        Args:
            line: one JSON object with at least one field, ending with ``}``, without a line end.
        """
        self._before = self._digest
        self.number = number = self.number + 1
        low = number % _THOUSAND
        if not low:
            self._high = self._mark + b"%09d" % (number // _THOUSAND)
        head = line[:-1] + self._high + _LOW[low]
        self._digest = digest = sha256(self._before + head).hexdigest().encode()
        return head + digest + b'"}'

    def undo(self) -> None:
        """Take back the last link, whose line could not be written; once a link.

        The next line then takes its number, and the file shows no gap.
        """
        self._digest = self._before
        self.number -= 1
        self._high = self._mark + b"%09d" % (self.number // _THOUSAND)


@dataclass(frozen=True, slots=True)
class Link:
    """What a line's link says.

    Args:
        writer: who wrote it.
        number: which of the writer's records it is, from 1.
        digest: the digest that stands in the line.
        head: the line up to its digest: what the digest covers, besides the digest before.
    """

    writer: str
    number: int
    digest: bytes
    head: bytes

    def digest_after(self, before: bytes) -> bytes:
        """Return the digest that the line ought to have behind a record with the digest ``before``."""
        return sha256(before + self.head).hexdigest().encode()

    def follows(self, before: bytes) -> bool:
        """Whether the line is whole and comes right after the record with the digest ``before``."""
        return self.digest_after(before) == self.digest


def read_link(line: bytes) -> Link | None:
    """Return the link at the end of ``line``, without its line end; None when there is none of the right form."""
    found = _TAIL.fullmatch(line, max(0, len(line) - LINK_BYTES))
    if found is None:
        return None
    return Link(found[1].decode(), int(found[2]), found[3], line[: -DIGEST - 2])


def file_id(first: Link) -> str:
    """Return what a file of a log is known by: 128 bits of the digest in its first link.

    It stays the same when the file is renamed, compressed or encrypted, and when a line is mended or edited.
    """
    return first.digest[:FILE_ID].decode()


def renumbered(link: Link, writer: str, number: int) -> Link:
    """Return ``link`` as it would be if its line had another writer or number."""
    head = link.head[: DIGEST + 2 - LINK_BYTES] + MARK + b"%b.%012d." % (writer.encode(), number)
    return Link(writer, number, link.digest, head)


def links_in(text: bytes) -> list[tuple[str, int]]:
    """Return writer and number of all links in ``text``, as in a line that has lost the line end before it."""
    return [(found[1].decode(), int(found[2])) for found in _TAIL.finditer(text)]
