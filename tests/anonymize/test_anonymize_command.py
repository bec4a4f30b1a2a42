from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from logdojo.anonymize import Pseudonyms
from logdojo.simulate import simulate

KEY = "a key of the tests, 32 bytes long"


def _run(*args: str, stdin: bytes = b"", key: str = "") -> subprocess.CompletedProcess[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOGDOJO_")}
    if key:
        env["LOGDOJO_KEY"] = key
    command = [sys.executable, "-m", "logdojo", "anonymize", *args]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, env=env)


def test_lines_in_lines_out(tmp_path: Path):
    """Same count and order from files and from standard input, damaged lines withheld, the summary on stderr."""
    raw = b"user=zaphod ok\n\n\xff\xfe user=zaphod\nfrom 81.2.69.142\r\nlast user=zaphod"
    file = tmp_path / "app.log"
    file.write_bytes(raw)
    named, piped = _run(str(file), key=KEY), _run(stdin=raw, key=KEY)
    assert named.returncode == piped.returncode == 0
    assert named.stdout == piped.stdout
    lines = named.stdout.decode().split("\n")
    assert len(lines) == 6
    assert lines[1] == ""
    assert lines[2] == "[withheld: not UTF-8]"
    assert lines[4].startswith("last user=user-")
    assert b"zaphod" not in named.stdout + named.stderr
    assert b"2 user, 1 ip" in named.stderr


def test_the_key_comes_from_a_file_or_the_environment(tmp_path: Path):
    """Both give the same pseudonyms; the line end of the file is not part of the key."""
    file = tmp_path / "key.txt"
    file.write_text(KEY + "\n", "utf-8")
    from_file = _run("--key-file", str(file), stdin=b"user=zaphod\n")
    assert from_file.stdout == _run(stdin=b"user=zaphod\n", key=KEY).stdout
    assert b"random" not in from_file.stderr


def test_without_a_key_a_random_one_is_made_and_said():
    """Two runs differ, and the message says why."""
    first, second = _run(stdin=b"user=zaphod\n"), _run(stdin=b"user=zaphod\n")
    assert first.stdout != second.stdout
    assert b"will not match" in first.stderr


def test_a_short_or_missing_key_stops_with_a_remedy(tmp_path: Path):
    """Exit code 2 for a weak key, 1 for a file that is not there; the key is not shown."""
    weak = _run(stdin=b"x\n", key="tiny-key")
    assert weak.returncode == 2
    assert b"hint:" in weak.stderr
    assert b"tiny-key" not in weak.stderr
    missing = _run("--key-file", str(tmp_path / "nowhere"), stdin=b"x\n")
    assert missing.returncode == 1
    assert b"nowhere" in missing.stderr


LEAK = b'user=zaphod42 in\n{"zaphod42": 1}\n'
"""The name of a key is never changed: a name that stands there is a leak."""


def test_a_leak_fails_the_command(tmp_path: Path):
    """A name that was learnt and stands where nothing is replaced: exit code 1, line and class named, not the value."""
    file = tmp_path / "app.log"
    file.write_bytes(LEAK)
    for result in (_run(stdin=LEAK, key=KEY), _run(str(file), key=KEY)):
        assert result.returncode == 1
        assert result.stdout.count(b"\n") == 2
        assert b"line 2 (user)" in result.stderr
        assert b"zaphod42" not in result.stderr


def test_what_a_later_line_of_a_file_tells_is_taken_out_of_an_earlier_one(tmp_path: Path):
    """A file is read twice; a stream cannot know, and its audit tells of earlier lines only."""
    raw = b"the car of zaphod42 left\nuser=zaphod42 in\n"
    file = tmp_path / "app.log"
    file.write_bytes(raw)
    read = _run(str(file), key=KEY)
    assert read.returncode == 0
    assert b"zaphod42" not in read.stdout
    assert b"1 known from other lines" in read.stderr
    assert b"the car of zaphod42" in _run(stdin=raw, key=KEY).stdout


def test_a_long_cloudtrail_file_passes(tmp_path: Path):
    """Names that only later records tell used to fail the audit; read twice, none is left."""
    lines = [each.line for each in simulate(4000, seed=3) if each.format == "cloudtrail"]
    file = tmp_path / "trail.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    result = _run(str(file), key=KEY)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(b"\n") == len(lines)


def test_columns_named_by_a_header(tmp_path: Path):
    """Columns of a CSV file and of a stream go by their header; line ends and quotes are copied."""
    raw = b'date,user,note\r\n2026-01-01,"Lee, Ann",fine\r\n2026-01-02,-,"a ""b"""\r\n'
    file = tmp_path / "app.csv"
    file.write_bytes(raw)
    expected = raw.replace(b"Lee, Ann", Pseudonyms(KEY.encode()).user("Lee, Ann").encode())
    assert _run(str(file), key=KEY).stdout == _run(stdin=raw, key=KEY).stdout == expected


def test_a_line_of_a_slow_stream_does_not_wait_for_the_next():
    """Each line comes out while its writer is still there."""
    env = {**os.environ, "LOGDOJO_KEY": KEY}
    command = [sys.executable, "-m", "logdojo", "anonymize"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(b"user=zaphod in\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(b"user=user-")
        process.stdin.close()
        assert process.wait() == 0


def test_damaged_input_keeps_its_count_of_lines(tmp_path: Path):
    """Invalid UTF-8, broken JSON and a line of 10 MB: one line out for each, damaged ones withheld and reported."""
    raw = b"\xff\xfe user=zaphod\n" + b'{"user": "zaphod", "x": \n' + b"user=zaphod " * 850_000 + b"\n\0\nuser=zaphod\n"
    file, report = tmp_path / "bad.log", tmp_path / "report.json"
    file.write_bytes(raw)
    named = _run(str(file), "--report", str(report), key=KEY)
    piped = _run(stdin=raw, key=KEY)
    assert named.returncode == piped.returncode == 0
    assert named.stdout == piped.stdout
    lines = named.stdout.decode().splitlines()
    assert lines[0] == "[withheld: not UTF-8]"
    assert lines[1].startswith('{"user": "user-')
    assert lines[2] == "[withheld: longer than 262144 bytes]"
    assert lines[3] == "[withheld: a NUL byte]"
    assert len(lines) == 5
    assert b"zaphod" not in named.stdout
    said = json.loads(report.read_bytes())
    assert said["withheld"] == {"not UTF-8": 1, "longer than 262144 bytes": 1, "a NUL byte": 1}
    assert [each["line"] for each in said["sources"][str(file)]["withheld_lines"]] == [1, 3, 4]


def test_the_report_counts_and_shows_no_value(tmp_path: Path):
    """Counts by class, and the names of fields that no rule claims; no value of either."""
    report = tmp_path / "report.json"
    raw = b'{"user": "zaphod", "color": "zaphod-red", "n": {"flavor": 5}}\n{"color": "blue"}\n'
    assert _run("--report", str(report), stdin=raw, key=KEY).returncode == 0
    text = report.read_text("utf-8")
    said = json.loads(text)
    assert said["lines"] == 2
    assert said["replaced"]["user"] >= 1
    assert said["unclaimed"] == {"color": 2, "n.flavor": 1}
    assert "searched" in said["unclaimed_default"]
    assert "zaphod" not in text


def test_a_policy_of_ones_own(tmp_path: Path, root: Path):
    """``--policy`` decides what names mean; a file that is none stops before anything is read."""
    policy = tmp_path / "mine.yaml"
    general = (root / "src/logdojo/anonymize/policy/general.yaml").read_text("utf-8")
    policy.write_text(general.replace("keys:\n", "keys:\n  digits: [shoe_size]\n", 1), "utf-8")
    out = _run("--policy", str(policy), stdin=b'{"shoe_size": "424242"}\n', key=KEY)
    assert out.returncode == 0, out.stderr
    assert b"424242" not in out.stdout
    policy.write_text("just words", "utf-8")
    refused = _run("--policy", str(policy), stdin=b"x\n", key=KEY)
    assert refused.returncode == 1
    assert b"mine.yaml" in refused.stderr
    assert refused.stdout == b""


@pytest.mark.parametrize("options", [("--out", "x"), ("--workers", "2")])
def test_options_of_files_need_files(options: tuple[str, str]):
    """Standard input is one stream: it has no name in a folder, and no second process."""
    result = _run(*options, stdin=b"x\n", key=KEY)
    assert result.returncode == 2
    assert b"hint:" in result.stderr


def test_a_full_disk_under_standard_output():
    """The message says what happened; the exit code is 1."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("wb") as out:
        result = subprocess.run(
            [sys.executable, "-m", "logdojo", "anonymize"],
            input=b"user=zaphod\n",
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "LOGDOJO_KEY": KEY},
        )
    assert result.returncode == 1
    assert b"No space left" in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_folder_of_many_files(tmp_path: Path):
    """Each file gets its name there; a second run says that all is done; another key is refused; a leak is named."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.log").write_bytes(b"the car of zaphod42\r\nuser=zaphod42")
    (folder / "b.log").write_bytes(b"fine")
    files = [str(folder / name) for name in ("a.log", "b.log")]
    first = _run(*files, "--out", str(out), key=KEY)
    assert first.returncode == 0, first.stderr
    assert first.stdout == b""
    assert (out / "a.log").read_bytes().count(b"user-") == 2
    assert b"2 of 2 files were done already" in _run(*files, "--out", str(out), key=KEY).stderr
    refused = _run(*files, "--out", str(out), key="another key of the tests")
    assert refused.returncode == 2
    assert b"another key" in refused.stderr
    (folder / "b.log").write_bytes(LEAK)
    leaking = _run(*files, "--out", str(out), key=KEY)
    assert leaking.returncode == 1
    assert b"b.log line 2 (user)" in leaking.stderr
    assert b"zaphod42" not in leaking.stderr
