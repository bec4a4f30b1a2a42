"""A sealed log over several files: rotated, compressed, encrypted, taken away, exchanged, put back."""

from __future__ import annotations

import functools
import gzip
import itertools
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from logdojo.errors import InputError
from logdojo.logsetup.encryption import KeyRing, decrypt_archive, encrypt_archive
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.integrity.chain import Chain
from logdojo.logsetup.integrity.report import Kind, Report
from logdojo.logsetup.integrity.sealer import Sealer
from logdojo.logsetup.integrity.snapshot import snapshot
from logdojo.logsetup.integrity.verify import verify

RING = KeyRing.new()
DECRYPT = functools.partial(decrypt_archive, keys=RING)


def _gzip(path: Path) -> Path:
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return target


def _encrypt(path: Path) -> Path:
    return encrypt_archive(_gzip(path), RING)


FORMS: dict[str, Callable[[Path], Path]] = {"plain": lambda path: path, "gzip": _gzip, "encrypted": _encrypt}


class Rotated:
    """Three archives and a live file, with checkpoints in between and the first two archives closed."""

    def __init__(self, log: Any, form: str) -> None:
        self.log = log
        self.form = FORMS[form]
        self.archives = []
        for turns in (("0011", "10"), ("110010",), ("0", "1", "01")):
            for part in turns:
                log.write(part)
                log.sealer.checkpoint()
            archive = log.rotate()
            log.write("0")
            # Writer 1 has not noticed yet and still writes to the archive.
            log.write("1", archive)
            log.sealer.checkpoint()
            log.write("1", archive)
            log.sealer.close_archive(archive)
            self.archives.append(self.form(archive))
        log.write("0110")
        log.sealer.checkpoint()

    def verify(self, **options: Any) -> Report:
        """Verify with the public key and the ring."""
        return verify(self.log.path, [self.log.key.public], decrypt=DECRYPT, **options)

    def change(self, index: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Change the lines of an archive, in whatever form it is."""
        path = self.archives[index]
        plain = path
        while plain.suffix in {".gz", ".enc"}:
            plain = plain.with_suffix("")
        content = DECRYPT(path) if path.suffix == ".enc" else path.read_bytes()
        content = gzip.decompress(content) if path != plain else content
        path.unlink()
        plain.write_bytes(b"".join(change(content.splitlines(keepends=True))))
        assert self.form(plain) == path


@pytest.fixture(params=list(FORMS))
def rotated(log: Any, request: pytest.FixtureRequest) -> Rotated:
    """The log, with its archives in each form."""
    return Rotated(log, request.param)


def test_a_rotated_log_is_intact(rotated: Rotated):
    """Across files, forms and stale writers all records are as sealed."""
    report = rotated.verify(require_sealed=True)
    assert report.intact, report.findings
    assert report.records == 6 + 6 + 4 + 3 * 3 + 4
    assert [file.file for file in report.files] == [*(path.name for path in rotated.archives), "app.jsonl"]


def test_changes_inside_an_archive_name_its_line(rotated: Rotated):
    """Each record edited or deleted, and each end cut off, in each archive, is one finding in that file."""
    changes: list[tuple[Kind, Callable[[list[bytes], int], list[bytes]]]] = [
        (Kind.EDITED, lambda lines, i: [*lines[:i], lines[i].replace(b"order", b"0rder"), *lines[i + 1 :]]),
        (Kind.DELETED, lambda lines, i: lines[:i] + lines[i + 1 :]),
        (Kind.TRUNCATED, lambda lines, i: lines[:i]),
    ]
    for index, path in enumerate(rotated.archives):
        lines: list[bytes] = []
        rotated.change(index, lambda found, into=lines: into.extend(found) or found)  # type: ignore[misc]
        for (kind, change), place in itertools.product(changes, range(0, len(lines), 2)):
            if kind is Kind.TRUNCATED and not place:
                continue
            rotated.change(index, lambda found, change=change, place=place: change(found, place))  # type: ignore[misc]
            (found,) = rotated.verify().findings
            last = kind is Kind.DELETED and place == len(lines) - 1
            assert found.kind is (Kind.TRUNCATED if last else kind), (place, found)
            assert found.file == path.name
            assert found.line <= place + 1 <= found.last_line
            rotated.change(index, lambda _, lines=lines: lines)  # type: ignore[misc]
    assert rotated.verify().intact


def test_an_archive_that_is_gone(rotated: Rotated):
    """Each file taken away is one finding, the file's name in it, and the others are verified as ever."""
    for path in [*rotated.archives, rotated.log.path]:
        content = path.read_bytes()
        path.unlink()
        (found,) = rotated.verify().findings
        assert found.kind is Kind.MISSING
        assert path.name.startswith(found.file)
        path.write_bytes(content)
    assert rotated.verify().intact


def test_archives_that_changed_places(rotated: Rotated):
    """Two archives under each other's names are told; under encryption they cannot even be read so."""
    for first, second in itertools.combinations(rotated.archives, 2):
        a, b = first.read_bytes(), second.read_bytes()
        first.write_bytes(b)
        second.write_bytes(a)
        kinds = [found.kind for found in rotated.verify().findings]
        files = {found.file for found in rotated.verify().findings}
        expected = Kind.UNREADABLE if first.suffix == ".enc" else Kind.MOVED
        assert kinds.count(expected) == 2, kinds
        assert files >= {first.name, second.name}
        first.write_bytes(a)
        second.write_bytes(b)
    assert rotated.verify().intact


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_an_archive_in_place_of_another(log: Any, form: str):
    """A copy of one archive in the place of another, which is gone, is told."""
    rotated = Rotated(log, form)
    shutil.copy(rotated.archives[0], rotated.archives[1])
    (found,) = rotated.verify().findings
    assert (found.kind, found.file) == (Kind.REPLACED, rotated.archives[1].name)


def test_a_record_moved_to_another_file(log: Any):
    """A record taken from one archive and put into another is told as moved, with the file it comes from."""
    rotated = Rotated(log, "plain")
    first, second, _ = rotated.archives
    lines, others = log.lines(first), log.lines(second)
    first.write_bytes(b"".join(lines[:2] + lines[3:]))
    second.write_bytes(b"".join([*others[:3], lines[2], *others[3:]]))
    (found,) = rotated.verify().findings
    assert (found.kind, found.file, found.line) == (Kind.MOVED, second.name, 4)
    assert first.name in found.detail


def test_a_file_put_between(log: Any):
    """A well-chained file that no seal knows, between sealed ones, is told."""
    rotated = Rotated(log, "plain")
    stamp = rotated.archives[0].name.replace("Z", "").split(".")[-1]
    forged = rotated.archives[0].with_name(f"{rotated.archives[0].name[: -len(stamp) - 1]}{int(stamp) + 1:06d}Z")
    forged.write_bytes(Chain().link(b'{"message":"forged"}') + b"\n")
    (found,) = rotated.verify().findings
    assert (found.kind, found.file) == (Kind.INSERTED, forged.name)


def test_a_damaged_gzip_archive_is_unreadable(log: Any):
    """A compressed archive with any changed byte in its body is told, and the rest is verified."""
    rotated = Rotated(log, "gzip")
    path = rotated.archives[1]
    content = path.read_bytes()
    for position in range(10, len(content), 5):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        found = rotated.verify().findings
        # A few bits of a compressed file mean nothing: what comes out is then the same.
        same = not found and gzip.decompress(changed) == gzip.decompress(content)
        assert same or [(each.kind, each.file) for each in found] == [(Kind.UNREADABLE, path.name)]


def test_encrypted_archives_without_the_ring_are_unreadable(log: Any):
    """Without its keys an archive counts as unreadable, and a changed byte makes it so with them."""
    rotated = Rotated(log, "encrypted")
    found = verify(log.path, [log.key.public]).findings
    assert [each.kind for each in found] == [Kind.UNREADABLE] * 3
    path = rotated.archives[1]
    changed = bytearray(path.read_bytes())
    changed[-40] ^= 1
    path.write_bytes(changed)
    (one,) = rotated.verify().findings
    assert (one.kind, one.file) == (Kind.UNREADABLE, path.name)


def test_archives_removed_on_purpose_are_no_damage(log: Any):
    """What the ledger says was removed is noted, not missed; what it does not say is missed."""
    rotated = Rotated(log, "gzip")
    log.sealer.removed(rotated.archives[0], "older than 90 days")
    rotated.archives[0].unlink()
    report = rotated.verify()
    assert report.intact
    assert "older than 90 days" in report.notes[0]
    rotated.archives[1].unlink()
    assert [found.kind for found in rotated.verify().findings] == [Kind.MISSING]


def test_a_live_file_emptied_or_begun_anew(log: Any):
    """A live file that was emptied is truncated; one that went on after that is told too."""
    log.write("0101")
    log.sealer.checkpoint()
    log.path.write_bytes(b"")
    assert [found.kind for found in log.verify().findings] == [Kind.TRUNCATED]
    log.write("01")
    report = log.verify()
    assert not report.intact
    assert report.findings[0].file == "app.jsonl"


def test_sealing_goes_on_after_a_cut(log: Any):
    """When records below the last seal are cut off, later ones are still sealed, and the loss stays told."""
    log.write("010101")
    log.sealer.checkpoint()
    log.path.write_bytes(b"".join(log.lines()[:3]))
    log.write("0011")
    log.sealer.checkpoint()
    log.sealer.checkpoint()
    report = log.verify()
    assert report.unsealed == 0
    assert {found.kind for found in report.findings} <= {Kind.DELETED, Kind.TRUNCATED, Kind.REORDERED}
    assert report.findings


def test_a_restarted_process_goes_on(log: Any):
    """A new sealer with new writers continues the ledger, also in the same file."""
    log.write("0011")
    log.sealer.checkpoint()
    log.chains = [Chain(), Chain()]
    log.write("1100")
    assert Sealer(log.path, log.key).checkpoint() == 4
    report = log.verify(require_sealed=True)
    assert report.intact
    assert report.entries == 2


def test_sealing_may_begin_late(log: Any):
    """A log whose beginning was removed before it was first sealed is intact from there, with a note."""
    log.write("0011")
    log.path.unlink()
    log.write("0101")
    log.sealer.checkpoint()
    log.sealer.checkpoint()
    report = log.verify()
    assert report.intact
    assert len(report.notes) == 2


def test_lines_that_are_being_mended_are_waited_for_once(log: Any):
    """A checkpoint ends before a broken line; when it is mended all is sealed; when not, it is sealed as it stands."""
    log.write("01")
    whole = log.path.read_bytes()
    log.write("0")
    line = log.path.read_bytes()[len(whole) :]
    fragment = b'{"message":"cut sho'
    log.path.write_bytes(whole + fragment + line)
    assert log.sealer.checkpoint() == 2
    log.path.write_bytes(whole + b" " * (len(fragment) - 1) + b"\n" + line)
    assert log.sealer.checkpoint() == 1
    assert log.verify(require_sealed=True).intact
    log.path.write_bytes(log.path.read_bytes() + fragment + b"\n")
    log.write("1")
    assert (log.sealer.checkpoint(), log.sealer.checkpoint()) == (0, 1)
    (found,) = log.verify().findings
    assert (found.kind, found.line) == (Kind.INSERTED, 5)


def test_a_line_mended_after_it_was_sealed_is_no_damage(log: Any):
    """A cut line that a whole one follows may be mended at any time: the seal holds before and after."""
    log.write("01")
    whole = log.path.read_bytes()
    log.write("0")
    line = log.path.read_bytes()[len(whole) :]
    fragment = b'{"message":"cut sho'
    log.path.write_bytes(whole + fragment + line)
    log.sealer.checkpoint()
    log.sealer.checkpoint()
    assert log.verify().findings[0].line == 3
    log.path.write_bytes(whole + b" " * (len(fragment) - 1) + b"\n" + line)
    assert log.verify(require_sealed=True).intact


def test_archives_closed_out_of_turn(log: Any):
    """A newer archive closed before an older one that still has a writer, or that no checkpoint saw, is no damage."""
    archives = []
    for turns in ("0011", "0110", "10"):
        log.write(turns)
        archives.append(log.rotate())
    log.write("01")
    assert log.sealer.close_archive(archives[1]) == 8
    assert log.verify().intact
    assert log.sealer.close_archive(archives[2]) == 2
    assert log.sealer.close_archive(archives[0]) == 0
    assert log.sealer.checkpoint() == 2
    report = log.verify(require_sealed=True)
    assert report.intact
    assert [file.file for file in report.files] == [*(path.name for path in archives), "app.jsonl"]


def test_a_rotation_during_a_snapshot(log: Any, monkeypatch: pytest.MonkeyPatch):
    """A live file that is renamed between being opened and the listing counts once, and newer files not at all."""
    log.write("0011")

    def rotated_meanwhile(path: Path) -> list[Any]:
        if log.path.exists():
            log.rotate()
            log.write("01")
            log.rotate()
        return segments(path)

    monkeypatch.setattr("logdojo.logsetup.integrity.snapshot.segments", rotated_meanwhile)
    with ExitStack() as stack:
        (taken,) = snapshot(log.path, stack)
        assert taken.file
        assert len(taken.file.read().splitlines()) == 4
        assert taken.segment.stamp


def test_closing_twice_and_closing_what_is_no_archive(log: Any):
    """A second closing adds nothing; the live file cannot be closed."""
    log.write("01")
    archive = log.rotate()
    assert (log.sealer.close_archive(archive), log.sealer.close_archive(archive)) == (2, 0)
    assert len(log.ledger.read_bytes().splitlines()) == 1
    log.write("01")
    with pytest.raises(InputError, match="no archive"):
        log.sealer.close_archive(log.path)


def test_what_is_appended_to_a_closed_archive_is_told(log: Any):
    """After its closing nothing belongs to an archive, however well it is chained."""
    log.write("0011")
    archive = log.rotate()
    log.sealer.close_archive(archive)
    log.write("1", archive)
    (found,) = log.verify().findings
    assert (found.kind, found.file, found.line) == (Kind.INSERTED, archive.name, 5)


def test_many_records_under_one_seal_are_split(log: Any, monkeypatch: pytest.MonkeyPatch):
    """One entry covers a bounded number of records, whatever has gathered; the parts verify like any others."""
    monkeypatch.setattr("logdojo.logsetup.integrity.sealer.MAX_RECORDS", 50)
    monkeypatch.setattr("logdojo.logsetup.integrity.scan.CHUNK_BYTES", 4_096)
    log.write("01" * 200)
    assert log.sealer.checkpoint() == 400
    report = log.verify(require_sealed=True)
    assert report.intact
    assert report.entries >= 1


def test_an_archive_removed_from_the_middle_leaves_the_rest_provable(log: Any):
    """Where the ledger tells of a removal, the records behind it follow the seals of what is gone."""
    for _ in range(4):
        log.write("0101")
        log.rotate()
    log.write("01")
    log.sealer.checkpoint()
    archives = sorted(log.path.parent.glob(log.path.name + ".2*"))
    log.sealer.removed(archives[1], "a rule")
    archives[1].unlink()
    report = log.verify()
    assert report.intact, report.findings
