"""Secrets, cards and phone numbers in free text: found by logsetup's rules, and by randomness where words say so."""

from __future__ import annotations

import random
import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Anonymizer
from logdojo.anonymize.detectors.credentials import credentials, may_hold
from logdojo.anonymize.detectors.phones import phones
from logdojo.anonymize.detectors.unnamed import unnamed_secrets
from logdojo.logsetup.redaction import Redactor

ANONYMIZER = Anonymizer(b"a key of the tests, 32 bytes long")
_RNG = random.Random(11)
RANDOM = "".join(_RNG.choices(string.ascii_letters + string.digits, k=32))
LONG = "".join(_RNG.choices(string.ascii_letters + string.digits + "+/", k=40))


def _found(text: str) -> list[tuple[str, str]]:
    return [(hit.class_name, text[hit.start : hit.stop]) for hit in credentials(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key={RANDOM} ok", [("token", RANDOM)]),
        (f'"nonce": "{RANDOM}"', [("token", RANDOM)]),
        (f"X-Webhook-Sig: {RANDOM}", [("token", RANDOM)]),
        (f"denied {LONG} from api", [("token", LONG)]),
        ("https://ada:hunter2@db1/x", [("user", "ada"), ("secret", "hunter2")]),
        ("ssh://git@forge.example/x", [("user", "git")]),
        ("paid with 4111 1111 1111 1111 today", [("card", "4111 1111 1111 1111")]),
        ("mysql -u root -phunter2x shop", [("secret", "hunter2x")]),
        ("password=p@ss,w;rd&x for ada", [("secret", "p@ss,w;rd&x")]),
        ("Authorization: Bearer abcdef123456", [("token", "abcdef123456")]),
    ],
)
def test_what_is_found(text: str, expected: list[tuple[str, str]]):
    """Each as a whole, with the class that its name or form tells."""
    assert _found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"requestId={RANDOM}", RANDOM, f'"{RANDOM}"', "key=user:1234:profile",
        "cache key=orders/2024/summary-by-region",
        "generated core for /home/bgl/BGL-demo/SPaSM_mpi32", "session 4bf92f3577b34da6a3ce929d0e0e4736 opened",
        "blk_-4068751061953213467", "trace 550e8400-e29b-41d4-a716-446655440000", "state=WAITING_FOR_CONFIRMATION_2",
        "AKIAIOSFODNN7EXAMPLE", "order 4111111111111112",
    ],
)  # fmt: skip
def test_ids_paths_and_hashes_stay(text: str):
    """A value under another name, a whole field, hexadecimal words, paths and constants are no secrets."""
    assert _found(text) == []


@given(st.lists(st.sampled_from(["key=", "sid:", " ", '"', RANDOM, LONG, "=", "a/b", "x", "-", "\\n"]), max_size=8))
def test_the_cheap_question_is_sound(parts: list[str]):
    """Where something is found, may_hold says so first; and hits never overlap."""
    text = "".join(parts)
    hits = list(credentials(text))
    assert may_hold(text) or not (hits or list(unnamed_secrets(text)))
    assert all(a.stop <= b.start for a, b in pairwise(hits))


@pytest.mark.parametrize("plant", ["password=x9!y,z", "token: Zk9xQw3Er7", "Cookie: a=b; c=dq7w"])
def test_one_truth(plant: str):
    """What logsetup redacts, the anonymizer takes out too."""
    redacted = Redactor().text(plant)
    kept = redacted.partition("[redacted]")[0]
    assert ANONYMIZER.line(plant).startswith(kept)
    assert plant[len(kept) :] not in ANONYMIZER.line(plant)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sms to +49 30 901820 failed", "+49 30 901820"), ("call +14155550132", "+14155550132"),
        ("tel:+1-415-555-0132", "+1-415-555-0132"), ("phone=(415) 555-0132 ok", "(415) 555-0132"),
        ('"mobile": "0171 2345678"', "0171 2345678"), ("caller 030/901820 hung up", "030/901820"),
        ("msisdn=491712345678", "491712345678"),
    ],
)  # fmt: skip
def test_phones(text: str, number: str):
    """International ones by their plus sign, others by the word beside them."""
    assert [text[hit.start : hit.stop] for hit in phones(text)] == [number]


@pytest.mark.parametrize(
    "text",
    ["at 10:00:00 +0200", "10/Oct/2000:13:55:36 -0700", "a+12345678b", "C++11 20231201", "telnet 1234567", "port +8080",
     "phone home", "hotel 12", "+1.2.3.4", "2026-11-24T10:00:00+02:00"],
)  # fmt: skip
def test_no_phones(text: str):
    """Zones, versions, sums and words that only begin like a label."""
    assert list(phones(text)) == []


@pytest.mark.parametrize(
    "unit",
    ["+1 (", "+1234567 ", "phone 1", "tel=(1)", "key=", "aA1", "aA1 ", '"aA1', "://a:b@", "sid=aA1bB2cC3dD4eE5fF6g"],
)
def test_hostile_text_costs_linear_time(unit: str):
    """A quarter of a megabyte of repeats takes less than a second."""
    text = (unit * 262_144)[:262_144]
    start = time.process_time()
    list(credentials(text))
    list(phones(text))
    assert time.process_time() - start < 1
