"""Lab 07, pseudonyms and rewriting: learners' mistakes lose points, with a reason that names them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    ("keyed_pseudonym", "forgets the key", "key=key, ", "", "needs_the_key", "another key"),
    ("keyed_pseudonym", "forgets the person", "person=kind.encode()", 'person=b""', "keeps_kinds_apart", "person="),
    (
        "keyed_pseudonym",
        "cuts a longer digest",
        ("digest_size=6,\n", "digest.hexdigest()"),
        ("\n", "digest.hexdigest()[:12]"),
        "is_keyed_blake2b",
        "digest_size=6",
    ),
    ("keyed_pseudonym", "minds the case", "value.casefold()", "value", "keeps_kinds_apart", "Ben and ben differ"),
    (
        "keyed_pseudonym",
        "makes it lower case",
        "value.casefold()",
        "value.lower()",
        "keeps_kinds_apart",
        "more than lower",
    ),
    ("keyed_pseudonym", "accepts any key", "len(key) < 16", "len(key) < 1", "refuses_a_short", "can be guessed"),
    (
        "keyed_pseudonym",
        "shows the key",
        '"the key needs at least 16 bytes"',
        'f"bad key {key.decode()}"',
        "refuses_a_short",
        "shows the key",
    ),
    (
        "prefix_preserving",
        "hashes the whole address",
        "bits[:i].encode()",
        "(bits + str(i)).encode()",
        "keeps_a_network",
        "share 31 bits",
    ),
    (
        "prefix_preserving",
        "hashes the bit itself too",
        "bits[:i].encode()",
        "bits[:i + 1].encode()",
        "keeps_prefixes",
        "share",
    ),
    ("prefix_preserving", "forgets the key", ", key=key", "", "never_collides", "another key"),
    ("prefix_preserving", "drops leading zeros", ":0{original.max_prefixlen}b", ":b", "follows_the", "becomes"),
    ("prefix_preserving", "changes nothing", "int(bit) ^ flip", "int(bit)", "keeps_a_network", "unchanged"),
    (
        "prefix_preserving",
        "knows version 4 only",
        "ipaddress.ip_address(address)",
        "ipaddress.IPv4Address(address)",
        "maps_version_six",
        "AddressValueError",
    ),
    (
        "prefix_preserving",
        "takes 32 bits for all",
        ":0{original.max_prefixlen}b",
        ":032b",
        "maps_version_six",
        "construction",
    ),
    (
        "redact_line",
        "protects no timestamp",
        "STAMP.finditer(line)",
        "()",
        "protects_a_timestamp",
        "overlap STAMP stay",
    ),
    ("redact_line", "forgets the rest of the line", "[*out, line[at:]]", "out", "cleans_a_line", "end of the line"),
    ("redact_line", "lets places overlap", "start >= at and ", "", "first_place_wins", "starts first"),
    (
        "redact_line",
        "leaves secrets",
        'places += [(*place, "[secret]") for place in find_secrets(line)]',
        "pass",
        "takes_secrets",
        "token is still",
    ),
    (
        "redact_line",
        "replaces letters, not places",
        "    out, at = [], 0\n",
        "    for a, b, new in places:\n        line = line.replace(line[a:b], new)\n    return line\n",
        "",
        "replace",
    ),
    (
        "redact_line",
        "replaces the word in front",
        "match.span(1)",
        "match.span()",
        "replaces_one_name",
        "not its keyed_pseudonym",
    ),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[Any, ...], lab_07: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_07.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has three mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 3
