"""What is done to values besides pseudonyms of names: numbers that keep their form, coarser values, encryption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Pseudonyms
from logdojo.cli import reveal
from logdojo.errors import InputError, UsageError
from logdojo.logsetup.redaction.cards import is_card

KEY = b"a key of the tests, 32 bytes long"
NAMES = Pseudonyms(KEY)
OTHER = Pseudonyms(KEY[::-1])


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("+49 30 901820", "+49"), ("+1 (415) 555-0132", "+1"), ("+35312345678", "+353"), ("0049 30 901820", "0049"),
        ("030/901820", "0"), ("tel 901820", "tel "),
    ],
)  # fmt: skip
def test_a_phone_keeps_country_and_form(value: str, kept: str):
    """Country code, trunk zero, signs and number of digits stay; the rest is another number."""
    out = NAMES.phone(value)
    assert out != value
    assert out.startswith(kept)
    assert [c.isdigit() for c in out] == [c.isdigit() for c in value]
    assert [c for c in out if not c.isdigit()] == [c for c in value if not c.isdigit()]
    assert out != OTHER.phone(value)


@pytest.mark.parametrize("value", ["4111 1111 1111 1111", "5500005555555559", "3782-822463-10005"])
def test_a_card_keeps_issuer_grouping_and_a_right_check_digit(value: str):
    """The first six digits stay, and every reader takes the result for a card of that issuer."""
    out = NAMES.card(value)
    digits = "".join(c for c in out if c.isdigit())
    assert is_card(digits)
    assert digits[:6] == "".join(c for c in value if c.isdigit())[:6]
    assert [c for c in out if not c.isdigit()] == [c for c in value if not c.isdigit()]
    assert out != value


def test_cards_and_phones_map_one_to_one():
    """Ten thousand neighbors get as many pseudonyms."""
    assert len({NAMES.phone(f"+49 30 {n:06d}") for n in range(10_000)}) == 10_000
    assert len({NAMES.card(f"411111{n:09d}0") for n in range(10_000)}) == 10_000


@pytest.mark.parametrize(("make", "value"), [("phone", "12"), ("phone", ""), ("card", "41"), ("card", "x")])
def test_what_is_no_number_is_refused(make: str, value: str):
    """The engine then masks it."""
    with pytest.raises(ValueError, match="not a"):
        NAMES.of(make, value)


@pytest.mark.parametrize(
    ("class_name", "value", "coarse"),
    [
        ("ip", "81.2.69.142", "81.2.69.0/24"), ("ip", "2001:db8:1:2::3%eth0", "2001:db8:1::/48"),
        ("ip", "10.0.0.0/8", "10.0.0.0/8"), ("ip", "nonsense", "[ip]"),
        ("email", "ada@corp.com", NAMES.domain("corp.com")), ("host", "web1.corp.com", NAMES.domain("corp.com")),
        ("host", "web1", "[host]"), ("user", "ada", "[user]"),
        ("location", "Lyon, Rhône, France", "France"), ("location", "DE", "DE"), ("location", "Lyon", "[location]"),
        ("location", "48.8566, 2.3522", "48,2"), ("location", "-33.87", "-33"),
        ("location", "Main St 5, 10115", "[location]"),
        ("path", "/home/ada/notes.txt", "/home/[user]/notes.txt"), ("path", "/etc/hosts", "/etc/hosts"),
        ("number", "4711", "4000-4999"), ("number", "34", "30-39"), ("number", "7", "0-9"),
        ("number", "-12.5", "-10--19"), ("number", "many", "[number]"),
        ("time", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
    ],
)  # fmt: skip
def test_coarser_values(class_name: str, value: str, coarse: str):
    """Many share the result; what does not have the form is masked, never shown."""
    assert NAMES.generalize(class_name, value) == coarse


@given(st.sampled_from(["user", "ip", "email", "token"]), st.text(max_size=80))
def test_who_has_the_key_reads_it_again(class_name: str, value: str):
    """Encryption is reversed exactly, the same each time, one word of a log line, and depends on the class."""
    sealed = NAMES.encrypt(class_name, value)
    assert NAMES.encrypt(class_name, value) == sealed
    if value:
        assert NAMES.decrypt(sealed) == value
        assert sealed.isascii()
        assert not set(sealed) & set(" \"'\\,;=&|<>")
        assert len(value) < 4 or value not in sealed
        assert NAMES.encrypt("other", value).rpartition(":")[2] != sealed.rpartition(":")[2]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("enc:user", "enc:host"), lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "AAAA", lambda _: "enc:user:" + "A" * 30, lambda text: text[4:], lambda _: "zaphod",
    ],
)  # fmt: skip
def test_a_changed_or_foreign_value_is_refused(change: object):
    """No nonsense comes out, and the message does not hold the value."""
    text = change(NAMES.encrypt("user", "zaphod"))
    with pytest.raises(InputError) as caught:
        NAMES.decrypt(text)
    assert text not in str(caught.value)
    with pytest.raises(InputError):
        OTHER.decrypt(NAMES.encrypt("user", "zaphod"))


def test_reveal_keeps_json_json():
    """Quotes and line breaks of an original are escaped as deep as it stands."""
    value = 'za"ph\nod'
    sealed = NAMES.encrypt("user", value)
    line = json.dumps({"user": sealed, "n": [1, {"body": json.dumps({"user": sealed})}], "more": "x"})
    back = json.loads(NAMES.reveal(line))
    assert back["user"] == value
    assert json.loads(back["n"][1]["body"])["user"] == value
    assert NAMES.reveal(f"login of {sealed}, {sealed}.") == f"login of {value}, {value}."
    assert NAMES.reveal("benc: no") == "benc: no"


def _run(*args: str, stdin: bytes, key: str = "") -> subprocess.CompletedProcess[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOGDOJO_")}
    command = [sys.executable, "-m", "logdojo", "reveal", *args]
    return subprocess.run(
        command, input=stdin, capture_output=True, check=False, env=env | ({"LOGDOJO_KEY": key} if key else {})
    )


def test_the_command(tmp_path: Path):
    """Lines in, lines out; a wrong key is told with the line's number."""
    file = tmp_path / "key.txt"
    file.write_bytes(KEY + b"\n")
    lines = f"first\nuser={NAMES.encrypt('user', 'zaphod')}\n".encode()
    good = _run("--key-file", str(file), stdin=lines)
    assert (good.returncode, good.stdout) == (0, b"first\nuser=zaphod\n")
    wrong = _run(stdin=lines, key="another key of the tests")
    assert wrong.returncode == 1
    assert b"line 2" in wrong.stderr


def test_without_a_key_nothing_is_revealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No key is made up, and a file that is not there is named."""
    monkeypatch.delenv("LOGDOJO_KEY", raising=False)
    with pytest.raises(UsageError, match="no key"):
        reveal.reveal([], None)
    with pytest.raises(InputError, match=r"none\.txt"):
        reveal.reveal([], tmp_path / "none.txt")
