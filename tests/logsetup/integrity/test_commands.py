"""``logdojo logs`` keys, seal, verify, encrypt, decrypt and rewrap, as a user types them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from logdojo.cli import build_app
from logdojo.errors import InputError, UsageError


def run(*words: object, code: int = 0) -> Result:
    """Run a command of the group and hold it to its exit code."""
    done = CliRunner().invoke(build_app(), ["logs", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def served(log: Any, tmp_path: Path) -> Any:
    """A log with an archive, sealed from outside with a key of its own."""
    run("keys", "new", tmp_path / "key")
    log.write("0011")
    log.rotate()
    log.write("01")
    assert run("seal", log.path, "--key", tmp_path / "key").stdout == "6 records sealed\n"
    return log


def test_a_sound_log_is_verified_with_key_and_witness(served: Any, tmp_path: Path):
    """The table shows each file, the verdict is intact, and the witness remembers the last entry."""
    words = ("verify", served.path, "--key", tmp_path / "key.pub", "--witness", tmp_path / "seen", "--require-sealed")
    out = run(*words).stdout
    assert "INTACT: everything sealed is as it was sealed" in out
    assert "2 files, 6 records, 0 not sealed yet" in out
    assert json.loads((tmp_path / "seen").read_text(encoding="utf-8"))["entry"] == 3
    assert run(*words).stdout == out
    lines = served.ledger.read_bytes().splitlines(keepends=True)
    served.ledger.write_bytes(b"".join(lines[:-1]))
    assert "entry 3 was seen earlier, and the ledger ends with entry 2" in run(*words, code=1).stdout
    assert json.loads((tmp_path / "seen").read_text(encoding="utf-8"))["entry"] == 3


def test_a_changed_record_is_named(served: Any, tmp_path: Path):
    """The exit code is 1; text and JSON name file, line, writer and number."""
    served.path.write_bytes(served.path.read_bytes().replace(b"order 6", b"order 7"))
    out = run("verify", served.path, "--key", tmp_path / "key.pub", code=1).stdout
    assert "1. app.jsonl:2: edited: record 3 of" in out
    assert out.endswith("NOT INTACT\n")
    says = json.loads(run("verify", served.path, "--key", tmp_path / "key.pub", "--json", code=1).stdout)
    (found,) = says["findings"]
    assert (says["intact"], found["kind"], found["line"], found["number"]) == (False, "edited", 2, 3)


def test_without_a_key_nothing_is_proven(served: Any):
    """The exit code is 1 though nothing was found, and the output says why."""
    out = run("verify", served.path, code=1).stdout
    assert "NOT PROVEN: without a public key (--key) this excludes accidents, not a forger" in out


def test_a_key_under_a_passphrase(log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The passphrase comes from the environment; without it the key does not open."""
    monkeypatch.setenv("LOGDOJO_SIGNING_PASSPHRASE", "correct horse")
    run("keys", "new", tmp_path / "key")
    log.write("01")
    run("seal", log.path, "--key", tmp_path / "key")
    monkeypatch.delenv("LOGDOJO_SIGNING_PASSPHRASE")
    with pytest.raises(InputError, match="another passphrase"):
        run("seal", log.path, "--key", tmp_path / "key")


def test_the_signing_key_is_changed(served: Any, tmp_path: Path):
    """The old key signs over the new one, and the old public key goes on verifying."""
    run("keys", "new", tmp_path / "next")
    run("keys", "change", served.path, "--key", tmp_path / "key", "--to", tmp_path / "next")
    served.write("01")
    run("seal", served.path, "--key", tmp_path / "next")
    out = run("verify", served.path, "--key", tmp_path / "key.pub", "--require-sealed").stdout
    assert "signed over to key" in out


def test_archives_are_encrypted_read_rewrapped_and_verified(served: Any, tmp_path: Path):
    """From ring to rotation to retirement: the archive stays readable and intact until its key is destroyed."""
    ring = tmp_path / "ring.json"
    first = run("keys", "ring", ring).stdout.strip()
    (archive,) = served.path.parent.glob("app.jsonl.2*Z")
    content = archive.read_bytes()
    archive.with_name(archive.name + ".gz").write_bytes(gzip.compress(content))
    archive.unlink()
    path = Path(run("encrypt", served.path, "--keys", ring).stdout.strip())
    assert gzip.decompress(run("decrypt", path, "--keys", ring).stdout_bytes) == content
    second = run("keys", "rotate", ring).stdout.strip()
    with pytest.raises(UsageError, match="is under it"):
        run("keys", "retire", ring, first, "--log", served.path)
    with pytest.raises(UsageError, match="no log was named"):
        run("keys", "retire", ring, first)
    assert run("rewrap", served.path, "--keys", ring).stdout.strip() == str(path)
    assert run("rewrap", served.path, "--keys", ring).stdout == ""
    assert "0 archives cannot be read" in run("keys", "retire", ring, first, "--log", served.path).stdout
    listed = run("keys", "list", ring).stdout
    assert "retired" in listed
    assert second in listed
    run("verify", served.path, "--key", tmp_path / "key.pub", "--keys", ring, "--require-sealed")
    assert "unreadable" in run("verify", served.path, "--key", tmp_path / "key.pub", code=1).stdout


def test_names_in_findings_obey_no_terminal(served: Any, tmp_path: Path):
    """A file whose name holds control characters cannot move the cursor of who verifies."""
    strange = served.path.with_name("app.\x1b[2Jjsonl")
    served.path.rename(strange)
    served.ledger.rename(strange.with_name(strange.name + ".seals"))
    assert "\x1b" not in run("verify", strange, "--key", tmp_path / "key.pub", code=1).stdout
