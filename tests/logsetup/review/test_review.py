from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from logdojo.cli import build_app
from logdojo.errors import InputError
from logdojo.logsetup.audit.event import audit
from logdojo.logsetup.context import scope
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.integrity.chain import Chain
from logdojo.logsetup.retention.holds import place_hold
from logdojo.logsetup.retention.rule import Retention, apply
from logdojo.logsetup.review import report as review_module
from logdojo.logsetup.review.access import access_of
from logdojo.logsetup.review.gaps import Gaps
from logdojo.logsetup.review.report import OTHERS, UNKNOWN, review
from logdojo.logsetup.testing import fresh_logging

START = datetime(2026, 11, 20, tzinfo=UTC).timestamp()


def line(seconds: float, level: str = "info", **extras: object) -> str:
    moment = datetime.fromtimestamp(START + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"@timestamp": moment, "log.level": level, "message": "m", "process.pid": 1, **extras})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A quiet log: 200 records, one each second, in a folder as it should be."""
    folder = tmp_path / "log"
    folder.mkdir(mode=0o750)
    path = folder / "app.jsonl"
    write(path, [line(n) for n in range(200)])
    return path


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    path.chmod(0o640)
    return path


def archive(log: Path, stamp: str, lines: list[str], *, compressed: bool = False) -> Path:
    path = write(log.with_name(f"{log.name}.{stamp}{'.gz' if compressed else ''}"), lines)
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    return path


def look(log: Path, **given: Any) -> review_module.Review:
    return review(log, now=START + 200, **given)


def test_a_log_in_order_needs_nothing(log: Path):
    """Nothing to attend to: records, times, volume and the usual interval are told."""
    found = look(log)
    assert found.attention() == []
    assert (found.records, found.damaged, found.files) == (200, 0, 1)
    assert (found.first, found.last, found.usual) == (START, START + 199, 1.0)
    assert found.volume == {"2026-11-20": {"info": 200}}
    assert (found.gaps, found.audit) == ([], [])


def test_no_log_is_an_error(tmp_path: Path):
    """A name that leads nowhere is told, with the remedy."""
    with pytest.raises(InputError, match=r"no such log"):
        review(tmp_path / "none.jsonl")


def test_all_forms_are_read_in_order(log: Path):
    """Plain and compressed archives and the live file are one log, and no silence opens between them."""
    archive(log, "20261119T230000.000000Z", [line(n - 4000) for n in range(2000)], compressed=True)
    archive(log, "20261119T233000.000000Z", [line(n - 2000) for n in range(2000)])
    found = look(log)
    assert (found.files, found.records, found.attention()) == (3, 4200, [])
    assert {day: sum(levels.values()) for day, levels in found.volume.items()} == {
        "2026-11-19": 4000,
        "2026-11-20": 200,
    }


def test_damage_is_counted_and_costs_nothing_else(log: Path):
    """Half lines, other JSON, times that are none and deep nesting are told with their place; blanks are no damage."""
    with log.open("a", encoding="utf-8") as file:
        for bad in ("{", "[1]", "17", '"x"', '{"@timestamp":1}', '{"@timestamp":"noon"}', "[" * 100_000, "{}"):
            file.write(f"{bad}\n")
        file.write(f"   \n\n{line(201)}\n")
        file.write('{"@timestamp":"2026-11')
    found = look(log)
    assert (found.records, found.damaged) == (201, 8)
    assert found.damaged_at[0] == "app.jsonl, line 201"
    assert found.attention() == ["8 lines that are no record"]


def test_a_line_without_end_stays_bounded(log: Path, monkeypatch: pytest.MonkeyPatch):
    """A line longer than the limit is skipped in pieces and counted once; what follows is read."""
    monkeypatch.setattr(review_module, "LONGEST_LINE", 1000)
    with log.open("a", encoding="utf-8") as file:
        file.write("x" * 5000 + "\n" + line(200) + "\n")
    found = look(log)
    assert (found.records, found.damaged) == (201, 1)


def test_files_that_cannot_be_read_are_told(log: Path):
    """A cut or broken archive and one without its key are named; what could be read of them counts."""
    whole = archive(log, "20261119T230000.000000Z", [line(n - 200, n=str(n)) for n in range(200)], compressed=True)
    whole.write_bytes(whole.read_bytes()[:-50])
    archive(log, "20261119T233000.000000Z", ["no gzip"]).rename(log.with_name("app.jsonl.20261119T233000.000000Z.gz"))
    archive(log, "20261119T234000.000000Z", ["x"]).rename(log.with_name("app.jsonl.20261119T234000.000000Z.gz.enc"))
    found = look(log)
    assert len(found.unreadable) == 3
    assert "20261119T230000" in found.unreadable[0]
    assert "encrypted" in found.unreadable[2]
    assert found.records >= 200
    assert found.attention()[-3:] == found.unreadable


def test_a_log_that_moves_on_meanwhile(log: Path, monkeypatch: pytest.MonkeyPatch):
    """An archive that is compressed and a live file that is rotated during the review are read once, not twice."""
    stamps = [f"20261119T2{hour}0000.000000Z" for hour in range(3)]
    for number, stamp in enumerate(stamps):
        archive(log, stamp, [line(n + 200 * (number - 3)) for n in range(200)])
    plain_open = review_module.Segment.open

    def moving_open(self: Any, *given: Any) -> Any:
        opened = plain_open(self, *given)
        if self.stamp == stamps[0]:
            path = log.with_name(f"{log.name}.{stamps[1]}")
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
            log.rename(log.with_name(f"{log.name}.20261120T120000.000000Z"))
            write(log, [line(n) for n in range(200, 300)])
        return opened

    monkeypatch.setattr(review_module.Segment, "open", moving_open)
    found = review(log, now=START + 300)
    assert (found.files, found.records, found.unreadable) == (5, 900, [])
    assert found.gaps == []


def test_a_pipe_is_not_waited_for(log: Path):
    """What has an archive's name and is no file is named, and the review goes on."""
    os.mkfifo(log.with_name("app.jsonl.20261119T230000.000000Z"), 0o640)
    found = look(log)
    assert (found.records, len(found.unreadable)) == (200, 1)


def test_an_encrypted_archive_is_read_with_its_key(log: Path):
    """What opens the archives is asked for the encrypted ones."""
    archive(log, "20261119T235900.000000Z", ["secret"]).rename(log.with_name("app.jsonl.20261119T235900.000000Z.enc"))
    asked: list[Path] = []

    def decrypt(path: Path) -> bytes:
        asked.append(path)
        return f"{line(-1)}\n".encode()

    found = look(log, decrypt=decrypt)
    assert (found.records, len(asked), found.attention()) == (201, 1, [])


def test_a_silence_longer_than_usual(log: Path):
    """Ten times the usual interval and a minute without a record are told, with both ends; --gap decides otherwise."""
    write(log, [line(n) for n in range(200)] + [line(n) for n in range(261, 400)] + [line(n) for n in range(405, 500)])
    found = review(log, now=START + 500)
    assert [(gap.kind, gap.begin - START, gap.end - START) for gap in found.gaps] == [("silence", 199, 261)]
    assert found.attention() == ["1 silences longer than usual"]
    assert len(review(log, now=START + 500, seconds=4).gaps) == 2
    assert review(log, now=START + 500, seconds=100).gaps == []


def test_a_silence_that_lasts_until_now(log: Path):
    """A log that stopped is told, up to the moment of the review."""
    (gap,) = review(log, now=START + 10_000).gaps
    assert (gap.kind, gap.end, gap.detail) == ("silence", START + 10_000, "until now")


def test_too_few_records_do_not_tell_what_is_usual(log: Path):
    """With a handful of records no silence is told unless seconds are given."""
    write(log, [line(0), line(5000)])
    assert (look(log).gaps, look(log).usual) == ([], None)
    assert len(review(log, now=START + 5000, seconds=60).gaps) == 1


def test_a_clock_that_goes_back(log: Path):
    """A process whose records go back by more than a second is told; several processes out of step are not."""
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{line(150)}\n")
    (gap,) = look(log).gaps
    assert (gap.kind, gap.seconds, gap.detail) == ("clock", 49.0, "process 1")
    write(log, [line(n // 2 + 0.4 * (n % 2), **{"process.pid": n % 3}) for n in range(400)])
    assert look(log).gaps == []


def test_missing_numbers(log: Path):
    """Where the chain's numbers of a writer do not follow each other it is told; several writers may interleave."""
    chains = [Chain(), Chain()]
    lines = [chains[n % 2].link(line(n).encode()).decode() for n in range(200)]
    write(log, lines)
    assert look(log).gaps == []
    write(log, lines[:50] + lines[53:])
    assert sorted((gap.kind, gap.count) for gap in look(log).gaps) == [("sequence", 1), ("sequence", 2)]
    write(log, [*lines[:50], lines[52], lines[51], *lines[53:]])
    assert {gap.kind for gap in look(log).gaps} == {"sequence"}


def test_dropped_records(log: Path):
    """What the handler reports of a full disk is told with its exact count."""
    with log.open("a", encoding="utf-8") as file:
        told = {
            "event.action": "log-records-dropped",
            "event.start": "2026-11-20T00:01:00.000Z",
            "event.end": "2026-11-20T00:02:00.000Z",
            "labels.dropped": 17,
            "labels.reason": "No space left on device",
        }
        file.write(f"{line(200, 'warning', **told)}\n")
        file.write(f"{line(201, 'warning', **{'event.action': 'log-records-dropped', 'labels.dropped': 'x'})}\n")
    first, second = look(log).gaps
    assert (first.kind, first.count, first.seconds, first.detail) == ("dropped", 17, 60.0, "No space left on device")
    assert second.count == 0


@pytest.fixture
def audited_log(tmp_path: Path) -> Path:
    """A real log of audit events, written through the handler."""
    path = tmp_path / "app.jsonl"
    with fresh_logging() as root:
        handler = LogFileHandler(path)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        with scope(user="ada"):
            for number in range(8):
                audit("user.update", target=number, before={"role": 1}, after={"role": 2})
            audit("user.update", outcome="failure", target="x")
        with scope(user="ben\x1b[2J"):
            audit("backup.run", outcome="unknown")
        with scope(user=""):
            audit("user.delete", target="17")
    return path


def test_who_changed_what(audited_log: Path):
    """One row an actor and action, failures first; the first few targets, and which fields were changed."""
    found = review(audited_log)
    assert [(row.actor, row.action, row.failed, row.unclear, row.succeeded) for row in found.audit] == [
        ("ada", "user.update", 1, 0, 8),
        ("ben\x1b[2J", "backup.run", 0, 1, 0),
        (UNKNOWN, "user.delete", 0, 0, 1),
    ]
    assert (found.audit[0].targets, found.audit[0].fields) == (["0", "1", "2", "3", "4"], ["role"])
    assert found.attention() == ["1 audit events that do not say who did it"]


def test_many_actors_stay_bounded(log: Path, monkeypatch: pytest.MonkeyPatch):
    """Beyond the most rows everything is counted together, and who is unknown still apart."""
    monkeypatch.setattr(review_module, "MOST_ROWS", 3)
    events = [
        line(n, level=f"l{n}", **{"audit.actor_known": n % 10 > 0, "user.id": f"u{n}", "event.action": "x"})
        for n in range(100)
    ]
    write(log, events)
    found = look(log)
    assert len(found.audit) == 4
    assert sum(row.unclear for row in found.audit) == 100
    assert {row.actor for row in found.audit} >= {OTHERS, UNKNOWN}
    assert found.volume[OTHERS] == {OTHERS: 97}


def test_modes_owners_and_links(log: Path):
    """Looser modes, links, second names and anything that is no file are told, and a sticky folder above is not."""
    assert [one.findings for one in access_of(log)] == [(), ()]
    log.chmod(0o646)
    os.link(log, log.with_name("elsewhere"))
    log.with_name("app.jsonl.seals").symlink_to("/dev/null")
    log.with_name("app.jsonl.holds").mkdir()
    found = {one.kind: one for one in access_of(log)}
    assert found["live file"].findings == (
        "looser than 0640: everyone may read, write",
        "has 2 names: it can be reached, and outlives its removal, under another",
    )
    assert (found["live file"].readers, found["live file"].writers) == ("everyone", "everyone")
    assert "is a link to /dev/null" in found["ledger of seals"].findings[0]
    assert found["holds"].findings == ("is no ordinary file",)
    assert len(access_of(log, wished=0o646)[1].findings) == 1


def test_folders_that_strangers_may_write_to(log: Path):
    """A folder that everyone may write to is told, sticky or not, and one above only when it is not sticky."""
    log.parent.chmod(0o777)
    assert "anyone may remove and exchange files" in access_of(log)[0].findings[0]
    log.parent.chmod(0o1777)
    assert "anyone may put files here" in access_of(log)[0].findings[0]
    log.parent.chmod(0o750)
    log.parent.parent.chmod(0o777)
    assert [one.kind for one in access_of(log)] == ["folder of the log", "folder above", "live file"]
    log.parent.parent.chmod(0o1777)
    assert [one.kind for one in access_of(log)] == ["folder of the log", "live file"]
    log.parent.parent.chmod(0o700)


def test_keys_are_their_owners_alone(log: Path, tmp_path: Path):
    """A file with keys that its group may read is told; one that is not there is an error."""
    keys = tmp_path / "keys.json"
    keys.write_text("{}", encoding="utf-8")
    keys.chmod(0o640)
    assert access_of(log, keyfiles=[keys])[-1].findings == ("looser than 0600: its group may read",)
    keys.chmod(0o600)
    assert access_of(log, keyfiles=[keys])[-1].findings == ()
    with pytest.raises(InputError, match="none"):
        access_of(log, keyfiles=[tmp_path / "none"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_owner(log: Path):
    """An archive that belongs to someone else than the live file is told."""
    path = archive(log, "20261119T230000.000000Z", [line(0)])
    os.chown(path, 12_345, 12_345)
    found = {one.kind: one for one in access_of(log)}
    assert found["archive"].owner == "12345"
    assert found["archive"].findings[0].startswith("belongs to 12345, the live file to ")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.integers(0, 3)), max_size=60))
def test_any_order_of_times_can_be_watched(records: list[tuple[float, int]]):
    """Whatever the times are, the watch never raises, and every silence it tells lies between two records."""
    gaps = Gaps()
    for moment, process in records:
        gaps.see(moment, process, "f")
    moments = {moment for moment, _ in records}
    for gap in gaps.all(times=10, seconds=1):
        assert {gap.begin, gap.end} <= moments
        assert gap.kind in {"silence", "clock"}


def test_the_usual_interval_is_sampled_over_the_whole_log():
    """Of 300,000 intervals a bounded sample is kept, and it tells the same."""
    gaps = Gaps()
    for number in range(300_000):
        gaps.see(number * 0.5 if number % 50 else number * 0.5 + 0.1, 1, "f")
    assert len(gaps._intervals) < 70_000
    assert gaps.usual() == pytest.approx(0.6)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(build_app(), ["logs", *map(str, arguments)])


def test_the_command_prints_a_report(audited_log: Path):
    """Sections under plain headings, exit code 1 where something needs attention, and nothing that a terminal obeys."""
    audited_log.parent.chmod(0o750)
    place_hold(audited_log, reason="case 17", who="ada")
    done = run("review", audited_log)
    assert done.exit_code == 1, done.output
    for heading in ("NEEDS ATTENTION: 1", "ACCESS", "GAPS", "WHO DID WHAT", "VOLUME", "RETENTION"):
        assert heading in done.stdout
    assert "case 17" in done.stdout
    assert "\x1b" not in done.stdout
    assert "ben\\x1b[2J" in done.stdout


def test_the_command_is_content_with_a_log_in_order(log: Path):
    """Exit code 0 where nothing needs attention; --json gives one object with the same."""
    write(log, [line(datetime.now(UTC).timestamp() - START - 200 + n) for n in range(200)])
    done = run("review", log, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["records"], told["attention"]) == (200, [])
    assert run("review", log).exit_code == 0
    assert "NEEDS ATTENTION: nothing" in run("review", log).stdout
    assert run("review", log, "--mode", "0600").exit_code == 1
    assert type(run("review", log, "--mode", "rw").exception).__name__ == "UsageError"


def test_retain_shows_and_removes(log: Path):
    """--dry-run says what would go and what is kept and why; without it, what went is printed and written down."""
    old, held = (archive(log, f"202001{day}T000000.000000Z", [line(0)]) for day in ("05", "20"))
    os.utime(old, (START, datetime(2020, 1, 5, tzinfo=UTC).timestamp()))
    run("retain", "hold", "add", log, "--reason", "case", "--from", "2020-01-19", "--to", "2020-01-19")
    dry = run("retain", "apply", log, "--max-age", "1y", "--dry-run")
    assert dry.exit_code == 0
    assert "1 of 2 archives would be removed" in dry.stdout
    assert "under hold H-" in dry.stdout
    assert old.exists()
    verdicts = [
        json.loads(each)["verdict"]
        for each in run("retain", "apply", log, "--max-age", "1y", "--dry-run", "--json").stdout.splitlines()
    ]
    assert verdicts == ["remove", "keep"]
    done = run("retain", "apply", log, "--max-age", "1y", "--who", "ada", "--json")
    assert json.loads(done.stdout)["who"] == "ada"
    assert (old.exists(), held.exists()) == (False, True)
    assert "1 archives removed on purpose" in run("review", log).stdout


def test_a_sealed_log_is_verified_after_retention(tmp_path: Path):
    """With the key of the seals, an archive that retention removed is no finding of `verify`; without, it is one."""
    log, stamps = tmp_path / "log" / "app.jsonl", ("20200105T000000.000000Z", "20200106T000000.000000Z")
    log.parent.mkdir(mode=0o750)
    key = tmp_path / "seal"
    assert run("keys", "new", key).exit_code == 0
    chain = Chain()
    for number, stamp in enumerate(stamps):
        lines = [chain.link(line(100 * number + n).encode()).decode() for n in range(100)]
        os.utime(archive(log, stamp, lines), (START, datetime(2020, 1, 5, tzinfo=UTC).timestamp()))
    write(log, [chain.link(line(200 + n).encode()).decode() for n in range(100)])
    assert run("seal", log, "--key", key).exit_code == 0
    assert run("verify", log, "--key", f"{key}.pub").exit_code == 0
    assert run("retain", "apply", log, "--max-files", "1", "--seal-key", key).exit_code == 0
    assert run("verify", log, "--key", f"{key}.pub").exit_code == 0
    assert run("retain", "apply", log, "--max-files", "0").exit_code == 0
    assert run("verify", log, "--key", f"{key}.pub").exit_code != 0


def test_retain_heeds_the_shipping_cursor(log: Path):
    """An archive that a sink has not got yet stays."""
    from logdojo.logsetup.shipping.cursor import begin, save, state_path

    path = archive(log, "20200105T000000.000000Z", [line(0)])
    save(state_path(log, "cursor", "es"), begin(log))
    assert "not shipped yet" in run("retain", "apply", log, "--max-files", "0", "--dry-run").stdout
    assert run("retain", "apply", log, "--max-files", "0").exit_code == 0
    assert path.exists()


def test_holds_on_the_command_line(log: Path):
    """A hold is added, listed, released and listed once more with --all."""
    name = run("retain", "hold", "add", log, "--reason", "case 17", "--who", "ada").stdout.strip()
    assert "case 17" in run("retain", "hold", "list", log).stdout
    assert run("retain", "hold", "release", log, name, "--who", "ben").stdout.strip() == name
    assert run("retain", "hold", "list", log).stdout == "0 holds\n"
    assert "by ben" in run("retain", "hold", "list", log, "--all").stdout
    (entry,) = (json.loads(each) for each in run("retain", "hold", "list", log, "--all", "--json").stdout.splitlines())
    assert (entry["id"], entry["released_by"]) == (name, "ben")


@pytest.mark.parametrize(
    "arguments", [[], ["--max-age", "soon"], ["--max-size", "big"], ["--max-age", "-1d"], ["--max-size", "10Q"]]
)
def test_limits_that_are_none_are_refused(log: Path, arguments: list[str]):
    """No limit at all, or one that cannot be read, removes nothing and says how to write it."""
    done = run("retain", "apply", log, *arguments)
    assert done.exit_code != 0
    assert getattr(done.exception, "exit_code", 2) == 2


def test_errors_are_one_line_and_a_hint(tmp_path: Path):
    """In a real process: exit code 1, the message on standard error, nothing on standard output."""
    command = [sys.executable, "-c", "from logdojo.cli import main; main()", "logs", "review", tmp_path / "none.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no such log" in done.stderr
    assert "hint" in done.stderr


def test_disposals_and_retention_in_one_review(log: Path):
    """What retention removed is in the review, which finds the disposals' file in order."""
    archive(log, "20200105T000000.000000Z", [line(0)])
    apply(log, Retention(max_age=timedelta(days=1)), who="ada")
    found = look(log)
    assert [removal.who for removal in found.disposals] == ["ada"]
    assert found.attention() == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in log.parent.iterdir()} == {0o640}


def test_the_command_reads_encrypted_archives(log: Path, tmp_path: Path):
    """With --keys an archive under AES-256-GCM is reviewed too; without, it is told as unreadable."""
    from logdojo.logsetup.encryption import KeyRing, encrypt_archive

    ring = KeyRing.new()
    ring.create(tmp_path / "keys.json")
    encrypt_archive(archive(log, "20261119T235900.000000Z", [line(n - 60) for n in range(60)], compressed=True), ring)
    done = run("review", log, "--keys", tmp_path / "keys.json", "--gap", "1e9", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["records"] == 260
    assert json.loads(done.stdout)["access"][-1]["kind"] == "keys"
    assert "encrypted" in run("review", log, "--gap", "1e9").stdout
