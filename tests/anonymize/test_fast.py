"""All ways to look for what is worth a look give the same output, byte for byte."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.anonymize import Anonymizer, load_policy
from logdojo.anonymize.detectors import detectors
from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.detectors.timestamps import ANCHOR, timestamps, timestamps_near
from logdojo.anonymize.fast import Engine, scanner
from logdojo.errors import UsageError

KEY = b"a key of the tests, 32 bytes long"
STANDARD = Anonymizer(KEY, engine="standard")
ENGINES: list[Engine] = ["hyperscan", "re2"]
# Where a package is missing, there is nothing to compare; the extra brings both.
FAST = {engine: Anonymizer(KEY, engine=engine) for engine in ENGINES if importlib.util.find_spec(engine) is not None}
DETECTORS = detectors(load_policy())

_PIECES = (
    *(
        "81.2.69.142",
        "10.0.0.0/8",
        "300.1.2.3",
        "1.2.3.4.5",
        "Chrome/102.0.0.0",
        "2001:db8::7",
        "::1",
        "a:b:c:d:1:2:3:4",
    ),
    *("00:08:a2:0c:1f:12", "0008.a20c.1f12", "IN=eth0 MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00", "ip-10-0-0-1"),
    *("bob@corp.com", "bob%40corp.com", "web1.corp.example", "mail.google.com", "main.py", "com.example.io", "X.COM"),
    *("arn:aws:iam::123456789012:user/zaphod", "AKIAIOSFODNN7EXAMPLE", "account id: 123456789012", "123456789012"),
    *("/home/zaphod/x", "C:\\Users\\zaphod\\y", "/var/mail/zaphod", "2024-01-19T14:23:55Z", "Dec 10 06:55:46"),
    *("10/Oct/2000:13:55:36 +0000", "1234567890.5", "06:55:46", "2005-06-03-15.42.50.3", "1.1.2000"),
    *(
        "user=zaphod",
        "user = zaphod",
        'user: "zaphod"',
        "user-name => zaphod",
        "src_ip:81.2.69.142",
        "rhost=",
        "port=22",
    ),
    *("Failed password for zaphod from", "Invalid user zaphod from 81.2.69.142", "session opened for user zaphod by"),
    *(
        "sudo:   zaphod : TTY",
        "CRON[1]: (zaphod) CMD",
        "for user ",
        "[pid 7] [zaphod]",
        "to user",
        "su: zaphod to root on ",
    ),
    *(
        "password=hunter2",
        "Authorization: Bearer abcdef123456",
        "https://zaphod:hunter2@x.corp.com/",
        "ghp_" + "a1B2" * 9,
    ),
    *(
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "4111 1111 1111 1111",
        "4111111111111111",
        "+44 20 7946 0958",
        "tel: 5551234",
    ),
    *(
        "key=" + "aB3xY9zQ" * 4,
        "aB3xY9zQ" * 4,
        "mysql -phunter2 x",
        "?sig=abcdef12345&x",
        "\n",
        "\t",
        "é",
        "{",
        "}",
        '"',
        "\\",
    ),
    *(
        '{"user": "zaphod", "msg": "from 81.2.69.142"}',
        "CEF:0|V|P|1|100|Login|5|src=81.2.69.142 suser=zaphod",
        "<a b='c'>",
    ),
)
_lines = st.lists(
    st.one_of(st.sampled_from(_PIECES), st.sampled_from(list(" .:=-/@,;|")), st.text(max_size=6)), max_size=10
).map("".join)


@pytest.mark.parametrize("engine", FAST)
@settings(max_examples=400, deadline=None)
@given(lines=st.lists(_lines, max_size=6))
def test_every_engine_gives_the_same_lines(engine: Engine, lines: list[str]):
    """Lines made of what detectors look for, glued and cut anyhow, come out alike: in a block and one by one."""
    anonymizer = FAST[engine]
    assert list(anonymizer.lines(lines)) == list(STANDARD.lines(lines))
    for line in lines:
        assert anonymizer.redact(line) == STANDARD.redact(line)


@pytest.mark.parametrize("engine", FAST)
@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(_lines, min_size=1, max_size=4), key=st.sampled_from(["msg", "user", "log", "x"]))
def test_every_engine_gives_the_same_json(engine: Engine, pieces: list[str], key: str):
    """The same inside JSON, where places of anchors in the line stand for places in its strings, and cut off."""
    line = json.dumps({key: pieces[0], "rest": pieces, "nested": json.dumps({key: pieces[-1]})}, ensure_ascii=False)
    for text in (line, line[: len(line) * 2 // 3]):
        assert FAST[engine].line(text) == STANDARD.line(text)


@settings(max_examples=600, deadline=None)
@given(_lines)
def test_an_anchor_stands_wherever_something_is_found(text: str):
    """What a detector declares holds: no hit in a text without its literals, and none without its anchor."""
    if not text.isascii() or "\n" in text:
        return
    for detector in DETECTORS:
        if any(True for _ in detector.find(text)):
            assert not detector.needs or any(literal in text for literal in detector.needs), detector.name
            anchors = [other.block_anchor for other in DETECTORS if other.name.startswith(detector.name)]
            assert any(not anchor or re.search(anchor, f"\n{text}\n") for anchor in anchors), detector.name


@settings(deadline=None)
@given(st.lists(st.sampled_from([*_PIECES, " ", "1", ":", "-", "."]), max_size=8).map("".join))
def test_timestamps_near_anchors_are_all_timestamps(text: str):
    """Looking around anchors only finds the same timestamps."""
    ends = [match.end() for match in re.finditer(ANCHOR, text)]
    assert list(timestamps_near(text, ends)) == list(timestamps(text))


@pytest.mark.parametrize(
    ("pattern", "inside"),
    [
        (r"(?<=x)a{2,5}+(?!b)", "xaa"),
        (r"(?:a|b(?=d)){1,200}?d", "abd"),
        (r"(?<=<)a{1,9}(?=b{2}(?!d)|c)|x(?=y)(?!z)", "<abb"),
        (r"[\s,]x\s", "\x1cx\x1f"),
        (r"(['\"])a\1$", "'a'"),
        (r"^(?i:Ab)[)|(]+", "aB)"),
    ],
)
def test_a_superset_matches_wherever_the_pattern_does(pattern: str, inside: str):
    """Look-around, possessive repeats, places and back references go; matches stay."""
    assert re.search(pattern, inside)
    loose = superset(re.compile(pattern))
    assert re.search(loose, inside)
    assert not re.search(r"\(\?<?[=!]|\}\+|\\1", loose)


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.data
def test_every_engine_gives_the_same_real_logs(engine: Engine, shared_data: Path):
    """One line in eleven of all development data; the benchmark compares all of them."""
    lines = list(_real(shared_data))[::11]
    assert len(lines) > 2_500
    assert list(FAST[engine].lines(lines)) == list(STANDARD.lines(lines))


def _real(data: Path) -> Iterator[str]:
    for path in (*sorted((data / "loghub").glob("*_2k.log")), data / "elastic-examples" / "apache_logs"):
        yield from path.read_text("utf-8", "replace").splitlines()
    for name, field in (("train.jsonl", "line"), ("fields.jsonl", "line")):
        yield from (json.loads(row)[field] for row in (data / "crowdsec" / name).read_text("utf-8").splitlines())
    for row in (data / "panther" / "train.jsonl").read_text("utf-8").splitlines():
        yield json.dumps(json.loads(row)["event"])


def test_a_stream_is_not_read_ahead():
    """A line comes out before the next one is asked for: whoever waits at a pipe sees what has come."""
    asked = []

    def stream() -> Iterator[str]:
        for number in range(3):
            asked.append(number)
            yield f"user=zaphod{number}"

    out = Anonymizer(KEY).lines(stream())
    next(out)
    assert asked == [0]
    assert len(list(out)) == 2


def test_an_engine_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    """Asked for by name, a missing engine is an error with its remedy; left to choose, the standard library does."""
    monkeypatch.setattr("logdojo.anonymize.fast.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="hyperscan") as caught:
        Anonymizer(KEY, engine="hyperscan")
    assert "logdojo[fast]" in caught.value.hint
    assert scanner(["a"]) is None


@pytest.mark.parametrize("seed", ["1.1.1.1,", "::", "a.com", "user=", "bob@", "+1", "aB3xY9zQ", '{"a":"', "4111 "])
@pytest.mark.parametrize("engine", FAST)
def test_a_hostile_line_is_done_by_every_engine(engine: Engine, seed: str):
    """Anchors everywhere and no space: time stays linear, and the output the same."""
    line = (seed * 40_000)[:40_000]
    assert FAST[engine].line(line) == STANDARD.line(line)
