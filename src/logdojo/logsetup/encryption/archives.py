"""One archive under AES-256-GCM, in chunks, so that memory stays bounded and no piece can be exchanged.

The file, after the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (CRYPTO 2015)::

    magic 8 · chunk size as a power of two 1 · nonce prefix 7 · length of the name 2 · name      bound to every chunk
    key id 8 · nonce 12 · wrapped data key 48                                                     may be wrapped anew
    chunk 0 · chunk 1 · … · last chunk                     each: up to 64 KiB encrypted, and a tag of 16 bytes

Each archive has its own random data key, wrapped under a key of the ring; to rotate, only that is wrapped anew. The
nonce of a chunk is prefix 7, counter 4, and 1 for the last or 0: chunks that are changed, reordered, left out, repeated
or added are refused, and so is an end that was cut off. The name of the archive is part of what is authenticated, so
that one archive cannot stand in for another.

Covered: reading and changing by who has not the ring. Not covered: the size, the name and the time of an archive can be
seen; whoever has the ring can read and write all; and an encrypted archive can be deleted.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from logdojo.errors import InputError
from logdojo.logsetup.encryption.ring import ID_BYTES, KEY_BYTES, KeyRing
from logdojo.logsetup.files.disk import like as as_before
from logdojo.logsetup.files.disk import sync_folder

SUFFIX: Final = ".enc"
_MAGIC: Final = b"logdojo\x01"
_CHUNK_POWER: Final = 16
_LARGEST_POWER: Final = 24
_PREFIX_BYTES: Final = 7
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_FIXED: Final = len(_MAGIC) + 1 + _PREFIX_BYTES + 2
_WRAPPED: Final = KEY_BYTES + _TAG_BYTES
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class _Header:
    bound: bytes
    name: str
    prefix: bytes
    chunk: int
    key_id: str
    nonce: bytes
    wrapped: bytes

    def encoded(self) -> bytes:
        return self.bound + bytes.fromhex(self.key_id) + self.nonce + self.wrapped

    def data_key(self, keys: KeyRing, path: Path) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        secret = keys.secret(self.key_id, of=path)
        try:
            return AESGCM(secret).decrypt(self.nonce, self.wrapped, self.bound + bytes.fromhex(self.key_id))
        except InvalidTag as error:
            raise _damaged(path, "its header was changed") from error


def encrypt_archive(path: Path, keys: KeyRing) -> Path:
    """Encrypt an archive under the active key and remove the plain one; return the new path, ``<path>.enc``.

    Mode and owner are kept. Killed at any moment, this leaves the plain archive, the encrypted one, or both whole.

    Args:
        path: the archive; the caller holds the exclusive lock on it.
        keys: the ring.

    Raises:
        InputError: the archive cannot be read.
    """
    target = path.with_name(path.name + SUFFIX)
    with _opened(path) as source:

        def write(file: BinaryIO) -> None:
            header, data_key = _new_header(path.name, keys)
            file.write(header.encoded())
            file.writelines(_encrypted(source, header, data_key))

        _replace(target, write, like=source)
    path.unlink()
    sync_folder(path.parent)
    return target


def decrypt_archive(path: Path, keys: KeyRing) -> bytes:
    """Return what was encrypted, all of it authenticated.

    Raises:
        InputError: the archive is damaged, renamed or cut off, or its key is not in the ring.
    """
    return b"".join(decrypted(path, keys))


def decrypted(path: Path, keys: KeyRing) -> Iterator[bytes]:
    """Yield what was encrypted, chunk by chunk, each authenticated; the end is known to be whole only at the end.

    Raises:
        InputError: as in `decrypt_archive`, possibly after some chunks.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    with _opened(path) as file:
        header = _read_header(file, path)
        if header.name + SUFFIX != path.name:
            raise InputError(
                f"{path}: was encrypted as {header.name}{SUFFIX}", hint="give the file its name back; do not exchange"
            )
        cipher = AESGCM(header.data_key(keys, path))
        number, chunk = 0, file.read(header.chunk + _TAG_BYTES)
        while True:
            following = file.read(header.chunk + _TAG_BYTES)
            try:
                yield cipher.decrypt(_nonce(header.prefix, number, last=not following), chunk, header.bound)
            except (InvalidTag, ValueError) as error:
                where = "the last chunk" if not following else f"chunk {number}"
                raise _damaged(path, f"{where} was changed, or the end was cut off") from error
            if not following:
                return
            number, chunk = number + 1, following


def rewrap(path: Path, keys: KeyRing) -> bool:
    """Put an archive under the active key without encrypting its content anew; return whether that was needed.

    The file is replaced in one step, with its mode and owner.

    Raises:
        InputError: the header is damaged, or the key it is under now is not in the ring.
    """
    with _opened(path) as source:
        old = _read_header(source, path)
        if old.key_id == keys.active:
            return False
        new = _wrap(old.bound, old.name, old.prefix, old.chunk, old.data_key(keys, path), keys)

        def write(file: BinaryIO) -> None:
            file.write(new.encoded())
            while piece := source.read(1 << 20):
                file.write(piece)

        _replace(path, write, like=source)
    return True


def key_of(path: Path) -> str:
    """Return the id of the key that an archive is under.

    Raises:
        InputError: the file is no encrypted archive.
    """
    with _opened(path) as file:
        return _read_header(file, path).key_id


def _new_header(name: str, keys: KeyRing) -> tuple[_Header, bytes]:
    encoded = name.encode()
    prefix, data_key = secrets.token_bytes(_PREFIX_BYTES), secrets.token_bytes(KEY_BYTES)
    bound = _MAGIC + bytes([_CHUNK_POWER]) + prefix + len(encoded).to_bytes(2, "big") + encoded
    return _wrap(bound, name, prefix, 1 << _CHUNK_POWER, data_key, keys), data_key


def _wrap(bound: bytes, name: str, prefix: bytes, chunk: int, data_key: bytes, keys: KeyRing) -> _Header:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    secret = keys.keys[keys.active].secret
    wrapped = AESGCM(secret).encrypt(nonce, data_key, bound + bytes.fromhex(keys.active))
    return _Header(bound, name, prefix, chunk, keys.active, nonce, wrapped)


def _read_header(file: BinaryIO, path: Path) -> _Header:
    fixed = file.read(_FIXED)
    power = fixed[len(_MAGIC)] if len(fixed) == _FIXED else 0
    length = int.from_bytes(fixed[-2:], "big")
    if not fixed.startswith(_MAGIC) or not 0 < power <= _LARGEST_POWER or length > _LONGEST_NAME:
        raise InputError(
            f"{path}: no encrypted archive, or its header was changed", hint="name a file that ends in .enc"
        )
    name = file.read(length)
    rest = file.read(ID_BYTES + _NONCE_BYTES + _WRAPPED)
    if len(rest) != ID_BYTES + _NONCE_BYTES + _WRAPPED:
        raise _damaged(path, "the end was cut off")
    prefix = fixed[len(_MAGIC) + 1 : -2]
    key_id, nonce = rest[:ID_BYTES].hex(), rest[ID_BYTES : ID_BYTES + _NONCE_BYTES]
    text = name.decode("utf-8", "backslashreplace")
    return _Header(fixed + name, text, prefix, 1 << power, key_id, nonce, rest[ID_BYTES + _NONCE_BYTES :])


def _encrypted(source: BinaryIO, header: _Header, data_key: bytes) -> Iterator[bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(data_key)
    number, chunk = 0, source.read(header.chunk)
    while True:
        following = source.read(header.chunk)
        yield cipher.encrypt(_nonce(header.prefix, number, last=not following), chunk, header.bound)
        if not following:
            return
        number, chunk = number + 1, following


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name an archive that you may read") from error


def _replace(target: Path, write: Callable[[BinaryIO], None], *, like: BinaryIO) -> None:
    """Write a file beside ``target`` with the mode and owner of ``like``, to disk, and rename it to ``target``."""
    beside = target.with_name(target.name + ".partial")
    # A part that a killed process has left is nobody's: the caller holds the lock on the archive.
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor, not a path)
            write(file)
            file.flush()
            as_before(descriptor, like.fileno())
            times = os.fstat(like.fileno())
            os.utime(descriptor, ns=(times.st_atime_ns, times.st_mtime_ns))
            os.fsync(descriptor)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"{path}: damaged: {what}", hint="restore the archive from a copy")
