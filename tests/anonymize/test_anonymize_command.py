from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_leak_fails_the_command():
    """A name that is learnt in one line and stands unmarked in a later one: exit code 1, line and class named."""
    result = _run(stdin=b"user=zaphod42 in\nthe car of zaphod42 left\n", key=KEY)
    assert result.returncode == 1
    assert result.stdout.count(b"\n") == 2
    assert b"line 2 (user)" in result.stderr
    assert b"zaphod42" not in result.stderr
