"""Hidden checks of lab 07: the corners, and random inputs against a reference."""

from __future__ import annotations

import copy
import hashlib
import ipaddress
import random
import re
from typing import Any

from logdojo.course.check import check

KEY = b"a hidden key, thirty-two bytes.."
OTHER_KEY = b"a second key, thirty-two bytes.."


def reference_places(text: str) -> list[tuple[int, int]]:
    """Return where addresses stand, by the rules of the exercise."""
    pattern = r"(?<![\w.])(?<![A-Za-z]/)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)"
    return [
        match.span()
        for match in re.finditer(pattern, text)
        if all(int(part) < 256 and part == str(int(part)) for part in match[0].split("."))
    ]


def reference_name(key: bytes, kind: str, value: str) -> str:
    """Return the pseudonym that the exercise describes."""
    digest = hashlib.blake2b(value.casefold().encode(), digest_size=6, key=key, person=kind.encode())
    return f"{kind}-{digest.hexdigest()}"


def reference_ip(key: bytes, address: str) -> str:
    """Return the prefix-preserving pseudonym that the exercise describes."""
    bits = f"{int(ipaddress.IPv4Address(address)):032b}"
    flips = "".join(str(hashlib.blake2b(bits[:i].encode(), digest_size=1, key=key).digest()[0] & 1) for i in range(32))
    return str(ipaddress.IPv4Address(int(bits, 2) ^ int(flips, 2)))


def some_address(dice: random.Random) -> str:
    """Return a random address."""
    return str(ipaddress.IPv4Address(dice.getrandbits(32)))


def texts_of(lab: Any, text: str) -> list[str]:
    """Return the texts at the places that the learner's find_ips names."""
    return [text[start:stop] for start, stop in lab.find_ips(text)]


@check("find_ips", points=1)
def looks_at_the_values(lab: Any) -> None:
    """Leave what has the form of an address and impossible values."""
    for text in ("code 256.1.1.1", "code 1.2.3.999"):
        assert not texts_of(lab, text), f"{text!r}: a part above 255 is no part of an address"
    for text in ("at 09.31.07.12", "at 10.0.00.1"):
        assert not texts_of(lab, text), f"{text!r}: a part that begins with 0 (and is not 0) is none of an address"
    assert texts_of(lab, "listen 0.0.0.0") == ["0.0.0.0"], "0.0.0.0 is an address: 0 itself may begin with 0"  # noqa: S104
    assert texts_of(lab, "mask 255.255.255.255") == ["255.255.255.255"], "255 is a possible part"


@check("find_ips", points=1)
def looks_at_the_neighbors(lab: Any) -> None:
    """Tell slashes, dots, letters and brackets around an address apart."""
    assert texts_of(lab, "client /10.0.0.1:80") == ["10.0.0.1"], "a slash with no letter before it is fine: /10.0.0.1"
    assert texts_of(lab, "7/10.0.0.1") == ["10.0.0.1"], "only a letter before the slash makes it a version"
    assert texts_of(lab, "[10.0.0.1]") == ["10.0.0.1"], "brackets may touch an address"
    assert texts_of(lab, "10.0.0.1-10.0.0.9") == ["10.0.0.1", "10.0.0.9"], "both ends of 10.0.0.1-10.0.0.9 count"
    assert texts_of(lab, "It was 10.0.0.1.") == ["10.0.0.1"], "the full stop of a sentence may follow an address"
    for text in ("x10.0.0.1", "_10.0.0.1", "10.0.0.1x", "10.0.0.1_a", "1.10.0.0.1", "10.0.0.1.7", "10.0.0.1234"):
        assert not texts_of(lab, text), f"{text!r} is no address: look at what touches it, and take no part of it"


@check("find_ips", points=1)
def agrees_on_random_texts(lab: Any) -> None:
    """Find the same places as a reference in 200 random texts."""
    dice = random.Random(71)
    pieces = [
        "10.0.0.1",
        "4.2.0.17",
        "999.1.1.1",
        "01.2.3.4",
        "App/",
        "/",
        ".",
        " ",
        ":80",
        "v",
        "_",
        "7",
        "(",
        ")",
        "\n",
    ]
    for _ in range(200):
        text = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 9)))
        wanted = reference_places(text)
        got = [tuple(place) for place in lab.find_ips(text)]
        assert got == wanted, f"in {text!r} you find {got}, and the rules give {wanted}"


@check("keyed_pseudonym", points=1)
def refuses_a_short_key(lab: Any) -> None:
    """Refuse a key of fewer than 16 bytes, without showing it."""
    for key in (b"", b"tiny", b"fifteen bytes.."):
        try:
            lab.keyed_pseudonym(key, "user", "jan")
        except ValueError as error:
            assert not key or key.decode() not in str(error), "the error message shows the key"
        else:
            raise AssertionError(f"a key of {len(key)} bytes is accepted: it can be guessed; raise a ValueError")
    assert lab.keyed_pseudonym(b"sixteen bytes ok", "user", "jan"), "a key of 16 bytes is long enough"


@check("keyed_pseudonym", points=1)
def keeps_kinds_apart(lab: Any) -> None:
    """Give a user and a host of one name unrelated digits, and Ben and ben the same."""
    user, host = (lab.keyed_pseudonym(KEY, kind, "web1").rpartition("-")[2] for kind in ("user", "host"))
    assert user != host, "the user web1 and the host web1 get the same digits: the kind belongs into person="
    same = lab.keyed_pseudonym(KEY, "user", "Straße") == lab.keyed_pseudonym(KEY, "user", "STRASSE")
    assert lab.keyed_pseudonym(KEY, "user", "Ben") == lab.keyed_pseudonym(KEY, "user", "ben"), "Ben and ben differ"
    assert same, "Straße and STRASSE differ: casefold() does more than lower()"


@check("keyed_pseudonym", points=2)
def is_keyed_blake2b(lab: Any) -> None:
    """Be BLAKE2b with key, person and a digest of six bytes, for 50 random values."""
    dice = random.Random(72)
    for _ in range(50):
        value = "".join(dice.choice("abcXYZ09._-äß") for _ in range(dice.randrange(1, 20)))
        kind = dice.choice(("user", "host", "account"))
        got, wanted = lab.keyed_pseudonym(KEY, kind, value), reference_name(KEY, kind, value)
        longer = hashlib.blake2b(value.casefold().encode(), key=KEY, person=kind.encode()).hexdigest()[:12]
        assert got != f"{kind}-{longer}", "you cut a longer digest: say digest_size=6 instead"
        assert got == wanted, f"{kind} {value!r} becomes {got}, and BLAKE2b with key and person gives {wanted}"


@check("prefix_preserving", points=2)
def keeps_prefixes_exactly(lab: Any) -> None:
    """Keep exactly as many common leading bits, for 100 random pairs."""
    dice = random.Random(73)
    for _ in range(100):
        number, shared = dice.getrandbits(32), dice.randrange(32)
        flip = 1 << (31 - shared) | dice.getrandbits(31 - shared)
        pair = [str(ipaddress.IPv4Address(n)) for n in (number, number ^ flip)]
        out = [int(ipaddress.IPv4Address(lab.prefix_preserving(KEY, address))) for address in pair]
        got = 32 - (out[0] ^ out[1]).bit_length()
        assert got == shared, f"{pair[0]} and {pair[1]} share {shared} leading bits, their pseudonyms share {got}"


@check("prefix_preserving", points=1)
def never_collides(lab: Any) -> None:
    """Give the 256 addresses of a network 256 pseudonyms, others under another key."""
    mapped = [lab.prefix_preserving(KEY, f"203.0.113.{n}") for n in range(256)]
    assert len(set(mapped)) == 256, f"256 addresses get only {len(set(mapped))} pseudonyms"
    other = lab.prefix_preserving(OTHER_KEY, "203.0.113.9")
    assert other != mapped[9], "another key gives the same pseudonym: the key is not used"


@check("prefix_preserving", points=1)
def follows_the_construction(lab: Any) -> None:
    """Flip by the lowest bit of the digest of the bits in front, for 50 random addresses."""
    dice = random.Random(74)
    for address in ["0.0.0.0", "255.255.255.255", *(some_address(dice) for _ in range(50))]:  # noqa: S104
        got, wanted = lab.prefix_preserving(KEY, address), reference_ip(KEY, address)
        assert got == wanted, f"{address} becomes {got}, and the construction gives {wanted}"


POLICY = {"username": "user", "members": "user", "srcip": "ip", "accountid": "account", "token": "secret"}


@check("mask_by_field", points=1)
def leaves_its_input(lab: Any) -> None:
    """Leave the event that came in as it was."""
    event = {"a": {"userName": "jan", "members": ["ada", "ben"]}, "token": "t"}
    before = copy.deepcopy(event)
    lab.mask_by_field(event, POLICY, KEY)
    assert event == before, "the event that came in was changed: build new dicts and lists"


@check("mask_by_field", points=1)
def hands_names_down(lab: Any) -> None:
    """Give the elements of a list the list's name, at any depth."""
    out = lab.mask_by_field({"x": [{"members": ["ada", ["ben"]]}, 5]}, POLICY, KEY)
    wanted = [lab.keyed_pseudonym(KEY, "user", "ada"), [lab.keyed_pseudonym(KEY, "user", "ben")]]
    members = out["x"][0]["members"]
    assert members != ["ada", ["ben"]], "elements of a list under members keep their names: hand the list's name down"
    assert members == wanted, f"the list under members becomes {members}, and should be {wanted}"
    assert out["x"][1] == 5, "a number under an unknown name changed"


@check("mask_by_field", points=1)
def normalizes_names(lab: Any) -> None:
    """Know userName, user_name, user.name and USER-NAME as one name."""
    for spelled in ("userName", "user_name", "user.name", "USER-NAME"):
        out = lab.mask_by_field({spelled: "jan"}, POLICY, KEY)
        assert list(out) == [spelled], "the names of fields stay as they are"
        assert out[spelled] != "jan", f"{spelled} is the policy's username in another spelling"
    assert lab.mask_by_field({"usernames2": "jan"}, POLICY, KEY) == {"usernames2": "jan"}, "usernames2 is another name"


@check("mask_by_field", points=1)
def treats_addresses_and_numbers(lab: Any) -> None:
    """Map a whole address, take another text under "ip" for a host, and a number as text."""
    out = lab.mask_by_field({"srcIp": "198.18.7.44", "accountId": 111122223333}, POLICY, KEY)
    assert out["srcIp"] == lab.prefix_preserving(KEY, "198.18.7.44"), "an address becomes prefix_preserving(key, …)"
    assert out["accountId"] == lab.keyed_pseudonym(KEY, "account", "111122223333"), "a number is taken as str(value)"
    for text in ("backup.amazonaws.com", "198.18.7.44, 10.0.0.1", "198.18.7.440"):
        out = lab.mask_by_field({"srcIp": text}, POLICY, KEY)
        wanted = lab.keyed_pseudonym(KEY, "host", text)
        assert out["srcIp"] == wanted, f'{text!r} under "ip" is not one address: keyed_pseudonym of a "host"'


@check("mask_by_field", points=1)
def keeps_empty_and_false(lab: Any) -> None:
    """Leave None and "" alone, and replace 0 and False like any value."""
    out = lab.mask_by_field({"userName": "", "members": [None], "token": 0}, POLICY, KEY)
    assert out["userName"] == "", 'the empty text stays ""'
    assert out["members"] == [None], "None in a list stays None"
    assert out["token"] == "[secret]", "a secret may be 0: only None and the empty text stay"


@check("redact_line", points=1)
def leaves_an_innocent_line(lab: Any) -> None:
    """Copy a line without anything sensitive, with its odd spaces."""
    for line in ("", "check  pass;\t", "load 0.31, up 12 days  ", "2026-03-02-12.31.47.120"):
        assert lab.redact_line(line, KEY) == line, f"{line!r} has nothing to replace, but comes out changed"


@check("redact_line", points=2)
def replaces_each_place(lab: Any) -> None:
    """Replace many places in one line, each by its own pseudonym, and copy what lies between."""
    dice = random.Random(75)
    for _ in range(20):
        addresses = [some_address(dice) for _ in range(dice.randrange(1, 6))]
        line = " -> ".join(addresses) + " ;"
        wanted = " -> ".join(lab.prefix_preserving(KEY, address) for address in addresses) + " ;"
        got = lab.redact_line(line, KEY)
        assert got == wanted, f"{line!r} becomes {got!r}, and should be {wanted!r}: collect places, then write once"


@check("redact_line", points=1)
def replaces_one_name_by_place(lab: Any) -> None:
    """Replace the name at its place, and not the same letters elsewhere."""
    line = "Mar 02 09:31:07 web1 sshd[7]: user=in paid in bitcoin from 198.18.7.44"
    out = lab.redact_line(line, KEY)
    user = lab.keyed_pseudonym(KEY, "user", "in")
    assert " paid in bitcoin from " in out, "the user's name is replaced everywhere: replace places, not letters"
    assert f"user={user} " in out, "the name behind user= is not its keyed_pseudonym of kind user"
    assert f" {lab.keyed_pseudonym(KEY, 'host', 'web1')} sshd" in out, "the host is not its keyed_pseudonym"


@check("redact_line", points=1)
def first_place_wins(lab: Any) -> None:
    """Where two places overlap, let the one that starts first count."""
    out = lab.redact_line("user=ada-10.0.3.9 in", KEY)
    wanted = f"user={lab.keyed_pseudonym(KEY, 'user', 'ada-10.0.3.9')} in"
    assert out == wanted, f"'user=ada-10.0.3.9 in' becomes {out!r}: the name starts first, so it counts as a whole"


@check("redact_line", points=1)
def protects_stamps_anywhere(lab: Any) -> None:
    """Protect a timestamp in the middle of a line, and only the timestamp."""
    line = "retry at 2026-03-02-12.31.47.120 of 12.31.47.120 by user jan"
    out = lab.redact_line(line, KEY)
    assert "2026-03-02-12.31.47.120" in out, "a timestamp in the middle of the line was taken for an address"
    assert " of 12.31.47.120" not in out, "12.31.47.120 alone is an address, and is still there"


@check("count_leaks", points=1)
def takes_values_literally(lab: Any) -> None:
    """Take a dot in a value for a dot, and ignore case."""
    out = lab.count_leaks([("at 10x0y3z9", [("ip", "10.0.3.9")])])
    assert tuple(out["ip"]) == (0, 1), "10x0y3z9 is no leak of 10.0.3.9: escape the value in the pattern"
    try:
        out = lab.count_leaks([("a+b (c", [("user", "(c"), ("user", "a+b")])])
    except re.error as error:
        raise AssertionError("the value (c is no pattern: escape the value before it goes into one") from error
    assert tuple(out["user"]) == (2, 2), f"values may hold signs such as ( and +: {out['user']} instead of (2, 2)"
    out = lab.count_leaks([("JAN was here", [("user", "jan")])])
    assert tuple(out["user"]) == (1, 1), "JAN leaks jan: case does not matter"


@check("count_leaks", points=2)
def agrees_on_random_lines(lab: Any) -> None:
    """Count as a reference does on 60 random lines, each value in its own line only."""
    dice = random.Random(76)
    words = [
        "jan",
        "January",
        "jan2",
        "/jan/",
        "ada",
        "ADA",
        "a.da",
        "_ada_",
        "10.0.3.9",
        "110.0.3.9",
        "10.0.3.91",
        "-",
    ]
    values = [("user", "jan"), ("user", "ada"), ("ip", "10.0.3.9"), ("host", "web1")]
    lines = [
        (" ".join(dice.choices(words, k=dice.randrange(1, 5))), dice.choices(values, k=dice.randrange(4)))
        for _ in range(60)
    ]
    wanted: dict[str, tuple[int, int]] = {}
    for line, known in lines:
        for kind, value in known:
            whole = rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"
            leaked, total = wanted.get(kind, (0, 0))
            wanted[kind] = (leaked + bool(re.search(whole, line, re.IGNORECASE)), total + 1)
    got = {kind: tuple(pair) for kind, pair in lab.count_leaks(lines).items()}
    assert set(got) == set(wanted), f"the kinds are {sorted(wanted)}, not {sorted(got)}: one without leaks counts too"
    for kind, pair in wanted.items():
        assert got[kind] == pair, f"{kind}: {got[kind]} instead of {pair}, as (leaked, known)"
