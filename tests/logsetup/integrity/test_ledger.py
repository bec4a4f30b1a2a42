"""Every change to the ledger is found; keys, torn entries, cuts and the witness."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from logdojo.errors import InputError
from logdojo.logsetup.integrity.examination import examine
from logdojo.logsetup.integrity.keys import SigningKey, new_signing_key
from logdojo.logsetup.integrity.report import Kind, Report
from logdojo.logsetup.integrity.sealer import Sealer
from logdojo.logsetup.integrity.verify import verify
from logdojo.logsetup.integrity.witness import Witness, load_witness, save_witness


@pytest.fixture
def sealed(log: Any) -> Any:
    """A log under five checkpoints."""
    for turns in ("0011", "101", "01", "110", "0"):
        log.write(turns)
        log.sealer.checkpoint()
    return log


def _witness(report: Report) -> Witness:
    return Witness(report.log.name, report.entries, report.last_digest)


def test_every_byte_of_the_ledger(sealed: Any):
    """One flipped bit at any byte is found once, in that entry or, at a line end, beside it; the log stays whole."""
    whole = sealed.ledger.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        line = whole.count(b"\n", 0, position) + 1
        *lines, rest = bytes(changed).split(b"\n")
        found = examine(sealed.ledger.name, lines, rest, [sealed.key.public], log="app.jsonl").findings
        assert any(f.line <= line <= f.last_line or line in {f.line, f.line - 1} for f in found), found
        assert len(found) == 1 or whole[position] == ord("\n"), found
        if not position % 50:
            sealed.ledger.write_bytes(changed)
            assert sealed.verify().findings == found


def test_entries_taken_out_put_in_and_exchanged(sealed: Any):
    """Each entry deleted, copied, forged or exchanged with the next is one finding; the log itself stays whole."""
    lines = sealed.ledger.read_bytes().splitlines(keepends=True)
    forged = lines[2].replace(b'"records":', b'"records":1')
    cases = []
    for index in range(len(lines) - 1):
        cases.append((lines[:index] + lines[index + 1 :], Kind.DELETED, index + 1))
        cases.append(([*lines[: index + 1], lines[index], *lines[index + 1 :]], Kind.INSERTED, index + 2))
        cases.append(([*lines[:index], forged, *lines[index:]], Kind.INSERTED, index + 1))
        cases.append(([*lines[:index], lines[index + 1], lines[index], *lines[index + 2 :]], Kind.REORDERED, index + 1))
    for changed, kind, line in cases:
        sealed.ledger.write_bytes(b"".join(changed))
        found = sealed.verify().findings
        assert [each.kind for each in found] == [kind], (kind, line, found)
        assert line - 1 <= found[0].line <= line + 1


def test_a_cut_ledger_is_told_by_a_witness(sealed: Any):
    """A ledger cut at a line end is whole in itself; a witness that has seen more contradicts it."""
    witness = _witness(sealed.verify())
    lines = sealed.ledger.read_bytes().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        sealed.ledger.write_bytes(b"".join(lines[:kept]))
        assert sealed.verify().intact
        (found,) = sealed.verify(witness=witness).findings
        assert (found.kind, found.number, found.last_number) == (Kind.TRUNCATED, kept + 1, 5)


def test_a_ledger_cut_inside_an_entry_is_torn(sealed: Any):
    """Every length that ends inside an entry is told as torn."""
    whole = sealed.ledger.read_bytes()
    for length in range(1, len(whole) - 1, 7):
        if whole[length - 1 : length] == b"\n":
            continue
        sealed.ledger.write_bytes(whole[:length])
        assert Kind.TORN in {found.kind for found in sealed.verify().findings}


def test_a_torn_entry_is_removed_at_the_next_seal(sealed: Any):
    """What a crash has left half-written goes, the next entry says so, and the log is intact again."""
    whole = sealed.ledger.read_bytes()
    sealed.ledger.write_bytes(whole + whole[:100])
    assert [found.kind for found in sealed.verify().findings] == [Kind.TORN]
    sealed.write("01")
    assert Sealer(sealed.path, sealed.key).checkpoint() == 2
    report = sealed.verify()
    assert report.intact
    assert "100 bytes of a half-written entry" in report.notes[0]


def test_a_crash_between_records_and_checkpoint_costs_nothing(sealed: Any):
    """Records that no checkpoint has covered before the crash are sealed by the next process."""
    sealed.write("0101")
    assert sealed.verify().unsealed == 4
    assert Sealer(sealed.path, sealed.key).checkpoint() == 4
    assert sealed.verify(require_sealed=True).intact


def test_an_older_copy_of_log_and_ledger_is_told_by_the_witness(sealed: Any, tmp_path: Path):
    """Both put back from a copy are signed and whole; the witness knows better, also when sealing has gone on."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in (sealed.path, sealed.ledger):
        shutil.copy(path, copy)
    sealed.write("0101")
    sealed.sealer.checkpoint()
    witness = _witness(sealed.verify())
    for path in (sealed.path, sealed.ledger):
        shutil.copy(copy / path.name, path)
    assert sealed.verify().intact
    assert [found.kind for found in sealed.verify(witness=witness).findings] == [Kind.TRUNCATED]
    restarted = Sealer(sealed.path, sealed.key)
    for _ in range(3):
        sealed.write("01")
        restarted.checkpoint()
    found = sealed.verify(witness=witness).findings
    assert Kind.REPLACED in {each.kind for each in found if each.file == sealed.ledger.name}


def test_a_running_process_tells_of_a_cut(sealed: Any):
    """A sealer that misses an entry it has seen says so in the ledger, signed, for good."""
    lines = sealed.ledger.read_bytes().splitlines(keepends=True)
    sealed.ledger.write_bytes(b"".join(lines[:3]))
    sealed.write("01")
    sealed.sealer.checkpoint()
    report = sealed.verify()
    assert [(found.kind, found.number) for found in report.findings] == [(Kind.TRUNCATED, 5)]
    sealed.ledger.unlink()
    sealed.sealer.checkpoint()
    assert Kind.TRUNCATED in {found.kind for found in sealed.verify().findings}


def test_everything_signed_anew_with_another_key(sealed: Any, forger: Any):
    """A forger's ledger over a changed log, whole in every way, is replaced: its key is not the trusted one."""
    lines = [line.replace(b"order", b"0rder") for line in sealed.lines()]
    sealed.path.write_bytes(b"".join(forger.rechained(lines, 0)))
    sealed.ledger.unlink()
    assert Sealer(sealed.path, new_signing_key()).checkpoint() == len(lines)
    found = sealed.verify().findings
    assert found[0].kind is Kind.REPLACED
    assert "signed by" in found[0].detail


def test_a_log_without_a_ledger_proves_nothing(sealed: Any):
    """An unsealed replacement of everything is no intact log, though its chain holds."""
    sealed.ledger.unlink()
    assert [found.kind for found in sealed.verify().findings] == [Kind.UNSEALED]


def test_without_a_key_nothing_is_proven(sealed: Any):
    """Chain and ledger are checked, damage is found, and the report never says intact."""
    report = verify(sealed.path, [])
    assert report.findings == ()
    assert not report.intact
    lines = sealed.lines()
    sealed.path.write_bytes(b"".join(lines[:3] + lines[4:]))
    assert [found.kind for found in verify(sealed.path, []).findings] == [Kind.DELETED]


def test_a_ledger_of_another_log_is_refused(sealed: Any, new_log: Callable[[Path], Any], tmp_path: Path):
    """Another service's log and ledger, sealed with the same key, cannot stand in for this one."""
    (tmp_path / "other").mkdir()
    other = new_log(tmp_path / "other")
    other.path = other.path.with_name("shop.jsonl")
    other.write("0101")
    Sealer(other.path, sealed.key).checkpoint()
    shutil.copy(other.path, sealed.path)
    shutil.copy(other.path.with_name("shop.jsonl.seals"), sealed.ledger)
    (found,) = sealed.verify().findings
    assert found.kind is Kind.REPLACED
    assert "shop.jsonl" in found.detail


def test_keys_change_under_the_old_key(sealed: Any):
    """The old public key alone vouches for what its successor has sealed; the successor's alone does not."""
    new = new_signing_key()
    sealed.sealer.change_key(new)
    sealed.write("0011")
    assert sealed.sealer.checkpoint() == 4
    sealed.write("1")
    assert Sealer(sealed.path, new).checkpoint() == 1
    assert sealed.verify().intact
    assert Kind.REPLACED in {found.kind for found in verify(sealed.path, [new.public]).findings}


def test_the_old_key_does_not_sign_after_the_change(sealed: Any):
    """An entry that the old key has signed behind the change is no entry, and a sealer with that key refuses."""
    at_change = sealed.ledger.read_bytes()
    sealed.sealer.change_key(new_signing_key())
    changed = sealed.ledger.read_bytes()
    sealed.write("01")
    with pytest.raises(InputError, match="is signed for key"):
        Sealer(sealed.path, sealed.key).checkpoint()
    sealed.ledger.write_bytes(at_change)
    Sealer(sealed.path, sealed.key).checkpoint()
    late = sealed.ledger.read_bytes().splitlines(keepends=True)[-1]
    sealed.ledger.write_bytes(changed + late)
    assert not sealed.verify().intact


def test_a_sealer_refuses_a_damaged_ledger(sealed: Any):
    """It signs nothing on top of what does not hold together, and names the line."""
    whole = sealed.ledger.read_bytes()
    for damaged in (whole.replace(b'"entry":3', b'"entry":4'), whole[:-20] + b"0" + whole[-19:]):
        sealed.ledger.write_bytes(damaged)
        sealed.write("0")
        with pytest.raises(InputError, match=r"app\.jsonl\.seals"):
            Sealer(sealed.path, sealed.key).checkpoint()
        assert sealed.ledger.read_bytes() == damaged


def test_the_ledger_is_plain_json_with_the_mode_of_the_log(log: Any):
    """Each entry is one JSON object, and whoever may read the log may read its ledger, and nobody else."""
    log.write("01")
    log.path.chmod(0o640)
    log.sealer.checkpoint()
    assert log.ledger.stat().st_mode & 0o777 == 0o640
    (entry,) = (json.loads(line) for line in log.ledger.read_text(encoding="utf-8").splitlines())
    assert (entry["entry"], entry["kind"], entry["records"], entry["log"]) == (1, "checkpoint", 2, "app.jsonl")
    assert list(entry)[-1] == "signature"


def test_a_full_disk_leaves_the_ledger_as_it_was(sealed: Any, monkeypatch: pytest.MonkeyPatch):
    """An entry that cannot be written whole is taken back, and the next one follows on."""
    before = sealed.ledger.read_bytes()
    sealed.write("01")
    write = __import__("os").write
    monkeypatch.setattr("os.write", lambda fd, data: write(fd, data[:50]))
    with pytest.raises(OSError, match="50 of"):
        sealed.sealer.checkpoint()
    monkeypatch.undo()
    assert sealed.ledger.read_bytes() == before
    assert sealed.sealer.checkpoint() == 2
    assert sealed.verify().intact


def test_a_witness_is_kept_in_a_file(sealed: Any, tmp_path: Path):
    """It is written whole, read back, and refused when it is another log's or none."""
    path = tmp_path / "witness.json"
    assert load_witness(path) is None
    report = sealed.verify()
    save_witness(path, report)
    assert load_witness(path) == _witness(report)
    assert list(tmp_path.glob("witness*")) == [path]
    with pytest.raises(InputError, match=r"shop\.jsonl"):
        sealed.verify(witness=Witness("shop.jsonl", 1, ""))
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="holds no witness"):
        load_witness(path)


def test_no_log_is_a_clear_error(tmp_path: Path, key: SigningKey):
    """A log that does not exist is named."""
    with pytest.raises(InputError, match="no such log"):
        verify(tmp_path / "none.jsonl", [key.public])
