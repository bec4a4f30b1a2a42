"""Archives under a key ring: what comes back, what is refused, and what stays on the disk."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.encryption import KeyRing, archives, decrypt_archive, decrypted, encrypt_archive, key_of, rewrap
from logdojo.logsetup.files.archives import left_over, segments

NAME = "app.jsonl.20261124T135600.123456Z.gz"
CHUNK = 65_536


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    """A ring with one key."""
    return KeyRing.new()


def _archive(folder: Path, content: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.one_of(st.integers(0, 5), st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])))
def test_what_was_encrypted_comes_back(tmp_path: Path, ring: KeyRing, size: int):
    """Any content of any length, also none and whole chunks, is the same after a round trip; the plain form is gone."""
    content = os.urandom(size)
    path = _archive(tmp_path, content)
    encrypted = encrypt_archive(path, ring)
    assert encrypted.name == NAME + ".enc"
    assert not path.exists()
    assert decrypt_archive(encrypted, ring) == content
    assert max(map(len, decrypted(encrypted, ring))) <= CHUNK


def test_every_flipped_bit_is_refused(tmp_path: Path, ring: KeyRing):
    """One changed bit at any byte of an archive, header included, gives an error and never other content."""
    encrypted = encrypt_archive(_archive(tmp_path, b"secret" * 20), ring)
    whole = encrypted.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        encrypted.write_bytes(changed)
        with pytest.raises(InputError):
            decrypt_archive(encrypted, ring)


def test_cut_and_lengthened_archives_are_refused(tmp_path: Path, ring: KeyRing):
    """Every shorter length is refused, at chunk borders too, and so is anything appended."""
    encrypted = encrypt_archive(_archive(tmp_path, os.urandom(2 * CHUNK + 5)), ring)
    whole = encrypted.read_bytes()
    head = len(whole) - (2 * CHUNK + 5 + 3 * 16)
    lengths = [*range(head + 1), head + CHUNK + 16, head + 2 * (CHUNK + 16), len(whole) - 1]
    for cut in [*(whole[:length] for length in lengths), whole + b"x", whole + bytes(CHUNK + 16)]:
        encrypted.write_bytes(cut)
        with pytest.raises(InputError):
            decrypt_archive(encrypted, ring)


def test_chunks_cannot_be_exchanged_repeated_or_left_out(tmp_path: Path, ring: KeyRing):
    """The chunks of an archive decrypt only in their order, each once."""
    encrypted = encrypt_archive(_archive(tmp_path, os.urandom(3 * CHUNK)), ring)
    whole = encrypted.read_bytes()
    size = CHUNK + 16
    head = whole[: len(whole) - 3 * size]
    a, b, c = (whole[len(head) + i * size : len(head) + (i + 1) * size] for i in range(3))
    for chunks in ([b, a, c], [a, a, c], [a, c], [b, c], [a, b], [a, b, b], [c, b, a], [a, b, c, c]):
        encrypted.write_bytes(head + b"".join(chunks))
        with pytest.raises(InputError, match="damaged"):
            decrypt_archive(encrypted, ring)


def test_one_archive_cannot_stand_in_for_another(tmp_path: Path, ring: KeyRing):
    """An archive under another archive's name is refused, and the message tells its own name."""
    first = encrypt_archive(_archive(tmp_path, b"first"), ring)
    second = encrypt_archive(_archive(tmp_path, b"second", NAME.replace("56", "57")), ring)
    first.replace(second)
    with pytest.raises(InputError, match=f"was encrypted as {re.escape(NAME)}"):
        decrypt_archive(second, ring)


def test_mode_and_time_are_kept(tmp_path: Path, ring: KeyRing):
    """The encrypted archive has the plain one's mode under any umask, and its time; so has a rewrapped one."""
    path = _archive(tmp_path, b"x")
    path.chmod(0o640)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    umask = os.umask(0o777)
    try:
        encrypted = encrypt_archive(path, ring)
        rewrap(encrypted, ring.rotated())
    finally:
        os.umask(umask)
    assert stat.S_IMODE(encrypted.stat().st_mode) == 0o640
    assert encrypted.stat().st_mtime == 1_000_000_000


def test_the_readers_of_a_log_open_it(tmp_path: Path, ring: KeyRing):
    """A compressed and encrypted archive reads like the log that it was."""
    encrypt_archive(_archive(tmp_path, gzip.compress(b'{"message":"one"}\n')), ring)
    (segment,) = segments(tmp_path / "app.jsonl")
    with segment.open(lambda path: decrypt_archive(path, ring)) as file:
        assert file.read() == b'{"message":"one"}\n'


def test_rotation_wraps_only_headers(tmp_path: Path, ring: KeyRing):
    """A rotated ring opens old archives; one wrapped anew opens without the old key, and its content is as it was."""
    encrypted = encrypt_archive(_archive(tmp_path, b"content" * 1000), ring)
    before = encrypted.read_bytes()
    rotated = ring.rotated()
    assert decrypt_archive(encrypted, rotated) == b"content" * 1000
    assert rewrap(encrypted, rotated)
    assert not rewrap(encrypted, rotated)
    assert key_of(encrypted) == rotated.active
    assert encrypted.read_bytes()[-7000:] == before[-7000:]
    assert decrypt_archive(encrypted, rotated.without(ring.active)) == b"content" * 1000


def test_a_lost_or_retired_key_is_named(tmp_path: Path, ring: KeyRing):
    """The message says which key is missing, and whether it was retired."""
    encrypted = encrypt_archive(_archive(tmp_path, b"x"), ring)
    with pytest.raises(InputError, match=f"key {ring.active}, which the ring does not hold"):
        decrypt_archive(encrypted, KeyRing.new())
    with pytest.raises(InputError, match=f"key {ring.active} was retired on 20"):
        decrypt_archive(encrypted, ring.rotated().without(ring.active))


def test_the_active_key_is_not_retired(ring: KeyRing):
    """Retiring the active key, or one that is not in the ring, is refused."""
    with pytest.raises(UsageError, match="is the active one"):
        ring.without(ring.active)
    with pytest.raises(UsageError, match="is not in the ring"):
        ring.without("0123")


def test_a_ring_is_kept_in_a_private_file(tmp_path: Path, ring: KeyRing):
    """A ring is written with mode 0600, read back the same, and refused when others could read it."""
    path = tmp_path / "ring.json"
    umask = os.umask(0)
    try:
        ring.create(path)
        ring.rotated().save(path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(KeyRing.load(path).keys) > {ring.active}
    with pytest.raises(UsageError, match="exists already"):
        ring.create(path)
    path.chmod(0o640)
    with pytest.raises(InputError, match="mode 0640 lets others use this key"):
        KeyRing.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version":2}',
        '{"version":1,"active":"a","keys":{}}',
        '{"version":1,"active":"a","keys":{"a":{"made":"","key":"00"}}}',
    ],
)
def test_a_damaged_ring_is_refused(tmp_path: Path, text: str):
    """What is no ring gives an error that names the file."""
    path = tmp_path / "ring.json"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError, match=r"ring\.json"):
        KeyRing.load(path)


def test_the_keys_are_not_shown(ring: KeyRing):
    """The text form of a ring, which may land in a log, holds no key."""
    assert ring.keys[ring.active].secret.hex() not in repr(ring)
    assert repr(ring.keys[ring.active].secret) not in repr(ring)


def test_a_full_disk_leaves_the_plain_archive(tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch):
    """When the new form cannot be written, the old one stays and nothing else is left."""
    path = _archive(tmp_path, b"x")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        encrypt_archive(path, ring)
    assert list(tmp_path.iterdir()) == [path]


_KILLED = """
import os, signal, sys
from pathlib import Path
from logdojo.logsetup.encryption import KeyRing, archives, encrypt_archive
step, calls = int(sys.argv[3]), 0
def die_at(call):
    def counted(*args, **options):
        global calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return counted
for name in ("fsync", "fchmod", "open", "unlink"):
    setattr(os, name, die_at(getattr(os, name)))
Path.replace = die_at(Path.replace)
Path.unlink = die_at(Path.unlink)
encrypt_archive(Path(sys.argv[1]), KeyRing.load(Path(sys.argv[2])))
"""


def test_killed_at_any_step_the_archive_is_whole(tmp_path: Path, ring: KeyRing):
    """Killed before any system call, an encryption leaves one whole form that `segments` lists; the next cleans up."""
    ring.create(tmp_path / "ring.json")
    content = os.urandom(1000)
    for step in range(1, 20):
        folder = tmp_path / str(step)
        folder.mkdir()
        path = _archive(folder, content)
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, path, tmp_path / "ring.json", str(step)], check=False, capture_output=True
        )
        (segment,) = segments(folder / "app.jsonl")
        found = decrypt_archive(segment.path, ring) if segment.encrypted else segment.path.read_bytes()
        assert found == content
        assert all(old == path for old in left_over(folder / "app.jsonl"))
        if path.exists():
            encrypt_archive(path, ring)
            assert [each.name for each in folder.iterdir()] == [NAME + ".enc"]
        if done.returncode == 0:
            break
        shutil.rmtree(folder)
    assert 5 < step < 19
    assert json.loads((tmp_path / "ring.json").read_text(encoding="utf-8"))["active"] == ring.active
