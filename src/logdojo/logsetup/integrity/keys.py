"""The keys that checkpoints are signed with: Ed25519, the private one in a file that only its owner can read.

    NAME       private key, PEM (PKCS #8), mode 0600, under a passphrase if one is wished
    NAME.pub   public key, PEM: give it to whoever verifies, and keep a copy away from the machine that logs

A key's id is the beginning of the SHA-256 of its 32 public bytes.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logdojo.errors import InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_ID_CHARACTERS: Final = 16
PASSPHRASE_VARIABLE: Final = "LOGDOJO_SIGNING_PASSPHRASE"  # noqa: S105 (a name, not the passphrase)
"""Environment variable that the command line takes the passphrase of a private key from."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a signature is checked with.

    Args:
        raw: the 32 bytes of an Ed25519 public key.
    """

    raw: bytes
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        object.__setattr__(self, "_key", Ed25519PublicKey.from_public_bytes(self.raw))

    @property
    def key_id(self) -> str:
        """The key's name in ledgers and messages."""
        return sha256(self.raw).hexdigest()[:KEY_ID_CHARACTERS]

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the private half of this key has signed ``message``."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What a signature is made with; its text form never shows the key.

    Args:
        private: the private key.
    """

    private: Ed25519PrivateKey = field(repr=False)
    public: PublicKey = field(init=False)
    """The half that may be given away."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "public", PublicKey(self.private.public_key().public_bytes_raw()))

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.private.sign(message)


def new_signing_key() -> SigningKey:
    """Return a fresh key from the operating system's randomness."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.generate())


def save_signing_key(path: Path, key: SigningKey, *, passphrase: bytes = b"") -> Path:
    """Write the private key with mode 0600 and, beside it, the public one; return the latter's path.

    Raises:
        UsageError: one of the files exists; a key is never written over.
    """
    from cryptography.hazmat.primitives import serialization as form

    lock = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    private = key.private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)
    public = key.private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    beside = path.with_name(path.name + ".pub")
    for target in (path, beside):
        if target.exists():
            raise UsageError(f"{target}: exists already", hint="name a new file; a key in use must not be lost")
    write_private(path, private)
    beside.write_bytes(public)
    return beside


def load_signing_key(path: Path, *, passphrase: bytes = b"") -> SigningKey:
    """Read a private key.

    Raises:
        InputError: the file cannot be read, others than its owner can read it, or the passphrase is wrong.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_private(path)
    try:
        key = load_pem_private_key(content, passphrase or None)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: no private key, or one under another passphrase",
            hint=f"make one with `logdojo logs keys new`, or set {PASSPHRASE_VARIABLE}",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: not an Ed25519 key", hint="make one with `logdojo logs keys new`")
    return SigningKey(key)


def load_public_key(path: Path) -> PublicKey:
    """Read a public key.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name the file NAME.pub of a key") from error
    except ValueError as error:
        raise InputError(f"{path}: holds no public key", hint="name the file NAME.pub of a key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{path}: not an Ed25519 key", hint="name the file NAME.pub of a key")
    return PublicKey(key.public_bytes_raw())


def read_private(path: Path) -> bytes:
    """Return the content of a secret file, read from the very file whose mode was checked.

    Raises:
        InputError: it cannot be read, or group or others have any right to it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise InputError(
                    f"{path}: mode {mode:04o} lets others use this key", hint=f"chmod 600 {path}, and consider it known"
                )
            return file.read()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name a key file that you may read") from error


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that nobody but its owner can read at any moment.

    Raises:
        InputError: it exists, or its folder cannot be written to.
    """
    try:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name a new file in a folder of yours") from error
    with open(target, "wb") as file:  # noqa: PTH123 (a descriptor, not a path)
        file.write(content)
        file.flush()
        os.fsync(target)
