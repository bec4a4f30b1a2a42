"""Signing keys in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.integrity.keys import (
    SigningKey,
    load_public_key,
    load_signing_key,
    new_signing_key,
    save_signing_key,
)


@pytest.mark.parametrize("passphrase", [b"", b"correct horse"])
def test_a_key_comes_back_from_its_files(tmp_path: Path, passphrase: bytes):
    """What the private file's key signs, the public file's key verifies; another text or key it does not."""
    key = new_signing_key()
    public = load_public_key(save_signing_key(tmp_path / "key", key, passphrase=passphrase))
    signature = load_signing_key(tmp_path / "key", passphrase=passphrase).sign(b"text")
    assert public.verifies(signature, b"text")
    assert not public.verifies(signature, b"Text")
    assert not new_signing_key().public.verifies(signature, b"text")
    assert public.key_id == key.public.key_id


def test_a_private_key_is_private_under_any_umask(tmp_path: Path):
    """The file has mode 0600, and one that others may read is refused."""
    umask = os.umask(0)
    try:
        save_signing_key(tmp_path / "key", new_signing_key())
    finally:
        os.umask(umask)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o620, 0o601):
        (tmp_path / "key").chmod(mode)
        with pytest.raises(InputError, match=f"mode {mode:04o} lets others use this key"):
            load_signing_key(tmp_path / "key")


def test_a_wrong_passphrase_is_told(tmp_path: Path):
    """A key under a passphrase opens with that one only."""
    save_signing_key(tmp_path / "key", new_signing_key(), passphrase=b"right")
    for passphrase in (b"", b"wrong"):
        with pytest.raises(InputError, match="another passphrase"):
            load_signing_key(tmp_path / "key", passphrase=passphrase)


def test_a_key_is_never_written_over(tmp_path: Path):
    """Neither half of a key that exists is replaced."""
    save_signing_key(tmp_path / "key", new_signing_key())
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        save_signing_key(tmp_path / "key", new_signing_key())
    (tmp_path / "key").rename(tmp_path / "away")
    with pytest.raises(UsageError, match=r"key\.pub: exists already"):
        save_signing_key(tmp_path / "key", new_signing_key())
    assert (tmp_path / "away").read_bytes() == before


def test_other_files_are_no_keys(tmp_path: Path):
    """A missing file, other text, a key of another kind and the wrong half are each told."""
    path = tmp_path / "key"
    with pytest.raises(InputError, match="No such file"):
        load_public_key(path)
    with pytest.raises(InputError, match="No such file"):
        load_signing_key(path)
    path.write_bytes(b"no key")
    path.chmod(0o600)
    with pytest.raises(InputError, match="holds no public key"):
        load_public_key(path)
    other = X25519PrivateKey.generate()
    path.write_bytes(other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    with pytest.raises(InputError, match="not an Ed25519 key"):
        load_signing_key(path)
    path.write_bytes(other.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(InputError, match="not an Ed25519 key"):
        load_public_key(path)


def test_a_key_does_not_show_itself(key: SigningKey):
    """The text form of a signing key, which may land in a log, holds nothing of it."""
    assert "private" not in repr(key)
    assert key.private.private_bytes_raw().hex() not in repr(key)
