"""The ledger of a log's seals: signed checkpoints, each bound to the one before, in a file of its own.

``app.jsonl.seals`` holds one JSON object a line, and is only ever appended to::

    {"entry":7,"previous":"<SHA-256 of line 6>","log":"app.jsonl","time":"2026-…Z","kind":"checkpoint",
     "segment":"<file id>","offset":81234,"records":190,"order":"<digest>","writers":{"<writer>":[95,"<digest>"],…},
     "key":"<key id>","signature":"<Ed25519>"}

    entry      counts from 1
    previous   SHA-256 of the whole line before, without its line end; 64 zeros in the first
    kind       checkpoint: a file of the log up to here; close: a whole archive, with the ``stamp`` in its name;
               key: the ``public`` key that signs from the next entry on; remove: the archive ``stamp`` was taken away
               on purpose; cut: a running process misses entry ``expected``, which it had seen
    segment    the file, by 128 bits of the digest in its first link, so that a new name or form changes nothing
    offset     bytes of the file that are covered
    records    records of the file that are covered
    order      SHA-256 over the ``order`` before (of this file) and the records' digests, in the order of the file
    writers    the writers of the records since the entry before: last number and digest; the last writer stands last
    torn       bytes of a half-written entry that were removed before this one was written, if there were any

The signature covers everything before it, the key's id included. As each entry names the digest of the line before, a
good signature vouches for all entries above it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from logdojo.errors import InputError
from logdojo.logsetup.integrity.keys import PublicKey, SigningKey
from logdojo.logsetup.integrity.scan import Writers

NOTHING: Final = "0" * 64
"""What the first entry names as the one before, and the order before a file's first record."""
_DOMAIN: Final = b"logdojo ledger entry 1\n"
_SIGNATURE_BYTES: Final = 64
_SIGNATURE: Final = b',"signature":"'
_END: Final = len(_SIGNATURE) + 2 * _SIGNATURE_BYTES + len(b'"}')
KINDS: Final = frozenset({"checkpoint", "close", "key", "remove", "cut"})


@dataclass(frozen=True, slots=True)
class Seal:
    """What one entry says about a file of the log.

    Args:
        segment: id of the file, see `chain.file_id`.
        offset: bytes of the file that are covered.
        records: records of the file that are covered.
        order: digest over the records' digests in order.
        writers: last record of each writer since the seal before; the writer of the last record stands last.
        stamp: of an archive that is closed for good; empty otherwise.
        follows: whether the seal of the file before it is known, so that the order can be checked; False only in a
            damaged ledger.
    """

    segment: str
    offset: int
    records: int
    order: str
    writers: Writers
    stamp: str = ""
    follows: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Args:
        line: line of the ledger file it stands on, from 1.
        number: its own count.
        previous: digest of the line before, as it says.
        digest: of this line.
        log: name of the log it belongs to.
        time: when it was written.
        kind: one of `KINDS`.
        key_id: whose signature it carries.
        fields: what else it says.
        signature: the signature.
        signed: what the signature covers.
    """

    line: int
    number: int
    previous: str
    digest: str
    log: str
    time: str
    kind: str
    key_id: str
    fields: dict[str, Any]
    signature: bytes
    signed: bytes

    @property
    def seal(self) -> Seal | None:
        """The seal that this entry is; None when it is of another kind."""
        if self.kind not in {"checkpoint", "close"}:
            return None
        says = self.fields
        writers = {writer: (int(number), digest.encode()) for writer, (number, digest) in says["writers"].items()}
        order, stamp = says["order"].lower(), says.get("stamp", "")
        return Seal(str(says["segment"]), int(says["offset"]), int(says["records"]), order, writers, str(stamp))

    def signed_by(self, keys: Sequence[PublicKey]) -> bool:
        """Whether one of ``keys`` has signed this entry."""
        return any(key.key_id == self.key_id and key.verifies(self.signature, self.signed) for key in keys)


def ledger_of(log: Path) -> Path:
    """Return where the ledger of a log lies."""
    return log.with_name(log.name + ".seals")


def order_after(order: str, digests: Sequence[bytes]) -> str:
    """Return the order digest of a file when records with ``digests`` follow what ``order`` covers."""
    return sha256(order.encode() + b"".join(digests)).hexdigest()


def encode(fields: dict[str, object], key: SigningKey) -> bytes:
    """Return one line of the ledger, signed, without its line end."""
    body = json.dumps({**fields, "key": key.public.key_id}, separators=(",", ":"), ensure_ascii=True).encode()
    return body[:-1] + _SIGNATURE + key.sign(_DOMAIN + body).hex().encode() + b'"}'


def decode(raw: bytes, line: int = 0) -> Entry | None:
    """Return the entry that a line of the ledger holds; None when it holds none. The signature is not yet checked."""
    if raw[-_END : -_END + len(_SIGNATURE)] != _SIGNATURE or raw[-2:] != b'"}':
        return None
    body = raw[:-_END] + b"}"
    try:
        fields = json.loads(body)
        digits = raw[-_END + len(_SIGNATURE) : -2]
        signature = bytes.fromhex(digits.decode("ascii"))
        names = ("entry", "previous", "log", "time", "kind", "key")
        number, previous, log, time, kind, key_id = (fields.pop(name) for name in names)
        # Upper-case digits would be a second text of the same signature, and whitespace a third.
        if digits != signature.hex().encode() or kind not in KINDS or type(number) is not int:
            return None
        entry = Entry(
            line, number, previous, sha256(raw).hexdigest(), log, time, kind, key_id, fields, signature, _DOMAIN + body
        )
        _ = entry.seal
    # The ledger may have been edited in any way: whatever does not fit makes it no entry.
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return entry


def read_ledger(path: Path) -> tuple[list[bytes], bytes]:
    """Return the whole lines of a ledger, without line ends, and what stands behind the last of them.

    Raises:
        InputError: the file is there and cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], b""
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="run this as a user who may read it") from error
    *lines, rest = content.split(b"\n")
    return lines, rest


def linked(entries: Sequence[Entry | None], *, number: int = 0, digest: str = NOTHING) -> bool:
    """Whether entries run on from the entry ``number`` with ``digest`` without a gap or a change."""
    for entry in entries:
        if entry is None or entry.number != number + 1 or entry.previous != digest:
            return False
        number, digest = entry.number, entry.digest
    return True


def keys_in(entries: Sequence[Entry]) -> Iterator[PublicKey]:
    """Yield the public keys that entries of the kind ``key`` bring in; they are as good as the entry's signature."""
    for entry in entries:
        if entry.kind == "key":
            try:
                yield PublicKey(bytes.fromhex(entry.fields["public"]))
            except (KeyError, TypeError, ValueError):
                continue
