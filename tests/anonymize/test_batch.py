"""Many files into a folder: whole or not at all, never twice, the same however often the run was broken off."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from logdojo.anonymize.files import Recipe, anonymize_files
from logdojo.anonymize.files.manifest import NAME
from logdojo.errors import InputError, LogdojoError, UsageError
from logdojo.simulate import simulate

KEY = b"a key of the tests, 32 bytes long"
RECIPE = Recipe(KEY)


def _logs(folder: Path, count: int, lines: int) -> list[Path]:
    """Write that many logs, every third of them packed."""
    folder.mkdir(parents=True)
    texts = [each.line for each in simulate(count * lines, seed=5)]
    files = []
    for number in range(count):
        data = "\n".join(texts[number * lines : (number + 1) * lines]).encode()
        packed = number % 3 == 2
        file = folder / f"app{number}.log{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(data) if packed else data)
        files.append(file)
    return files


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name.startswith("app")}


def _entries(folder: Path) -> list[str]:
    return [json.loads(line).get("file", "") for line in (folder / NAME).read_text("utf-8").splitlines()[1:]]


def test_each_file_becomes_a_file_of_its_name(tmp_path: Path):
    """Packed files stay packed; lines keep count and order; nothing else but the manifest is left in the folder."""
    files = _logs(tmp_path / "in", 3, 40)
    done = list(anonymize_files(files, tmp_path / "out", RECIPE))
    assert [outcome.path for outcome in done] == files
    assert sum(outcome.tally.lines for outcome in done) == 120
    assert sorted(file.name for file in (tmp_path / "out").iterdir() if file.name[0] != ".") == [
        NAME,
        *(file.name for file in files),
    ]
    assert gzip.decompress((tmp_path / "out" / "app2.log.gz").read_bytes()).count(b"\n") == 39
    assert not list((tmp_path / "out").glob("*.part"))


def test_what_is_done_is_not_done_again(tmp_path: Path):
    """A second run skips all but what is new, changed or gone, and still counts everything."""
    files = _logs(tmp_path / "in", 4, 20)
    first = list(anonymize_files(files[:3], tmp_path / "out", RECIPE))
    files[0].write_bytes(files[0].read_bytes() + b"\nuser=zaphod")
    (tmp_path / "out" / files[1].name).unlink()
    second = list(anonymize_files(files, tmp_path / "out", RECIPE))
    skipped = [outcome for outcome in second if outcome.skipped]
    assert [outcome.path for outcome in skipped] == [files[2]]
    assert skipped[0].tally == first[2].tally
    assert {outcome.path for outcome in second} == set(files)
    assert (tmp_path / "out" / files[0].name).read_bytes().count(b"\n") == 20


def test_a_file_without_sensitive_values_is_copied(tmp_path: Path):
    """Byte for byte: line ends of both kinds, empty lines, and no line end at the end."""
    file = tmp_path / "plain.log"
    file.write_bytes(b"\xef\xbb\xbfbegin\r\n\nbytes 5\r\r\n  caf\xc3\xa9\tend")
    list(anonymize_files([file], tmp_path / "out", RECIPE))
    assert (tmp_path / "out" / "plain.log").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("what", ["key", "policy"])
def test_another_key_or_policy_is_refused(tmp_path: Path, root: Path, what: str):
    """In one folder one value has one pseudonym; the manifest does not hold the key."""
    files = _logs(tmp_path / "in", 1, 5)
    list(anonymize_files(files, tmp_path / "out", RECIPE))
    before = _contents(tmp_path / "out")
    other = Recipe(b"another key of the tests, 32 byte")
    if what == "policy":
        policy = tmp_path / "mine.yaml"
        policy.write_text((root / "src/logdojo/anonymize/policy/general.yaml").read_text("utf-8") + "\n", "utf-8")
        other = Recipe(KEY, policy)
    with pytest.raises(UsageError, match=f"another {what}"):
        list(anonymize_files(files, tmp_path / "out", other))
    assert _contents(tmp_path / "out") == before
    assert KEY.decode() not in (tmp_path / "out" / NAME).read_text("utf-8")


def test_two_files_of_one_name_and_the_folder_itself_are_refused(tmp_path: Path):
    """Nothing is overwritten: neither another output nor an input."""
    first, second = _logs(tmp_path / "a", 1, 2)[0], _logs(tmp_path / "b", 1, 2)[0]
    with pytest.raises(UsageError, match="taken"):
        list(anonymize_files([first, second], tmp_path / "out", RECIPE))
    with pytest.raises(UsageError, match="overwritten"):
        list(anonymize_files([first], tmp_path / "a", RECIPE))
    with pytest.raises(InputError, match="nowhere"):
        list(anonymize_files([tmp_path / "nowhere"], tmp_path / "out", RECIPE))


def test_one_run_at_a_time(tmp_path: Path):
    """While one run has the folder, another is told so."""
    files = _logs(tmp_path / "in", 2, 5)
    run = anonymize_files(files, tmp_path / "out", RECIPE)
    next(run)
    with pytest.raises(UsageError, match="another run"):
        list(anonymize_files(files, tmp_path / "out", RECIPE))
    list(run)
    assert all(outcome.skipped for outcome in anonymize_files(files, tmp_path / "out", RECIPE))


def test_a_file_with_a_leak_gets_no_name(tmp_path: Path):
    """It is kept aside, counted, and done again the next time."""
    file = tmp_path / "app.log"
    file.write_bytes(b'user=zaphod42 in\n{"zaphod42": 1}\n')
    for _ in range(2):
        (outcome,) = anonymize_files([file], tmp_path / "out", RECIPE)
        assert not outcome.skipped
        assert outcome.tally.leaks == [(2, "user")]
        assert not (tmp_path / "out" / "app.log").exists()
        assert (tmp_path / "out" / "app.log.leak").is_file()
    assert _entries(tmp_path / "out") == []


def test_a_damaged_archive_does_not_stop_the_others(tmp_path: Path):
    """It is named, the rest is done, and no half of it stands there."""
    files = _logs(tmp_path / "in", 4, 10)
    files[2].write_bytes(files[2].read_bytes()[:-20])
    done = {outcome.path: outcome for outcome in anonymize_files(files, tmp_path / "out", RECIPE)}
    assert "app2.log.gz" in done[files[2]].error
    assert sorted(_contents(tmp_path / "out")) == ["app0.log", "app1.log", "app3.log"]


def test_processes_give_the_same_bytes(tmp_path: Path):
    """Files spread over two processes come out as from one."""
    files = _logs(tmp_path / "in", 4, 60)
    alone = [outcome.tally for outcome in anonymize_files(files, tmp_path / "one", RECIPE)]
    shared = [outcome.tally for outcome in anonymize_files(files, tmp_path / "two", RECIPE, workers=2)]
    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")
    assert alone == shared


def test_a_torn_line_of_the_manifest_is_no_entry(tmp_path: Path):
    """A kill in the midst of writing it leaves a file without a name: it is done anew, and the manifest is whole."""
    files = _logs(tmp_path / "in", 2, 5)
    list(anonymize_files(files, tmp_path / "out", RECIPE))
    manifest = tmp_path / "out" / NAME
    manifest.write_bytes(manifest.read_bytes()[:-9])
    done = list(anonymize_files(files, tmp_path / "out", RECIPE))
    assert [outcome.skipped for outcome in done] == [True, False]
    assert _entries(tmp_path / "out") == [file.name for file in files]


def test_a_file_that_was_written_down_but_not_named_gets_its_name(tmp_path: Path):
    """A kill between the manifest and the renaming costs nothing."""
    (file,) = _logs(tmp_path / "in", 1, 5)
    list(anonymize_files([file], tmp_path / "out", RECIPE))
    entry = json.loads((tmp_path / "out" / NAME).read_text("utf-8").splitlines()[1])
    (tmp_path / "out" / file.name).rename(tmp_path / "out" / entry["part"])
    (outcome,) = anonymize_files([file], tmp_path / "out", RECIPE)
    assert outcome.skipped
    assert (tmp_path / "out" / file.name).is_file()


def test_something_else_under_the_name_of_the_manifest(tmp_path: Path):
    """It is named, and left alone."""
    (file,) = _logs(tmp_path / "in", 1, 5)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).write_text("just words\n", "utf-8")
    with pytest.raises(InputError, match="not a manifest"):
        list(anonymize_files([file], tmp_path / "out", RECIPE))


_RUN = """
import sys
from pathlib import Path
from logdojo.anonymize.files import Recipe, anonymize_files
files, out, workers = sorted(Path(sys.argv[1]).iterdir()), Path(sys.argv[2]), int(sys.argv[3])
for outcome in anonymize_files(files, out, Recipe({key!r}), workers=workers):
    pass
"""


def _script(tmp_path: Path) -> Path:
    script = tmp_path / "run.py"
    script.write_text(
        f"if __name__ == '__main__':\n{''.join('    ' + line + chr(10) for line in _RUN.format(key=KEY).splitlines())}"
    )
    return script


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment(tmp_path: Path, workers: int):
    """Kill -9 five times, each at another moment: in the end all files are there, with the bytes of an unbroken run."""
    files = _logs(tmp_path / "in", 12, 400)
    list(anonymize_files(files, tmp_path / "whole", RECIPE))
    script, out = _script(tmp_path), tmp_path / "out"
    command = [sys.executable, str(script), str(tmp_path / "in"), str(out), str(workers)]
    chance, killed = random.Random(workers), 0
    for _ in range(5):
        enough = len(list(out.glob("app*"))) + chance.randrange(3)
        with subprocess.Popen(command) as process:
            while process.poll() is None and not (out.is_dir() and len(list(out.iterdir())) > 2 + enough):
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.2))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait()
        present = _contents(out).items() if out.exists() else set()
        assert present <= _contents(tmp_path / "whole").items(), "a half file under a final name"
    subprocess.run(command, check=True)
    assert killed
    assert _contents(out) == _contents(tmp_path / "whole")
    assert len(_entries(out)) == len(set(_entries(out))) == len(files), "a file was done twice"
    assert not list(out.glob(".*.part"))


@pytest.mark.parametrize("room", [0, 1_000, 20_000])
def test_a_full_disk(tmp_path: Path, room: int):
    """The kernel refuses to let files grow: a clear error, no half file under a final name, and the rest next time."""
    files = _logs(tmp_path / "in", 2, 200)
    whole = tmp_path / "whole"
    list(anonymize_files(files, whole, RECIPE))
    out = tmp_path / "out"
    pid = os.fork()
    if not pid:
        code = 9
        try:
            out.mkdir()
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
            list(anonymize_files(files, out, RECIPE))
        except LogdojoError as error:
            code = error.exit_code if "cannot write" in str(error) and "File too large" in str(error) else 8
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert _contents(out) == {}
    assert not list(out.glob(".*.part"))
    list(anonymize_files(files, out, RECIPE))
    assert _contents(out) == _contents(whole)
