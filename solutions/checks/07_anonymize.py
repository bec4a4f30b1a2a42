"""Hidden checks of lab 07: the corners, and random inputs against a reference."""

from __future__ import annotations

import copy
import hashlib
import ipaddress
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from logdojo.course.check import check

KEY = b"a hidden key, thirty-two bytes.."
OTHER_KEY = b"a second key, thirty-two bytes.."


V4 = r"(?<![\w.])(?<![A-Za-z]/)(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"
V6 = r"(?<![\w.:])(?<![A-Za-z]/)(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?<=::))(?!\w|[.:][\w:])"


def reference_places(text: str) -> list[tuple[int, int]]:
    """Return where addresses stand, by the rules of the exercise."""
    return [match.span() for match in re.finditer(f"{V4}|{V6}", text) if match[0] != "::" and is_address(match[0])]


def is_address(text: str) -> bool:
    """Tell whether a text is an address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def reference_name(key: bytes, kind: str, value: str) -> str:
    """Return the pseudonym that the exercise describes."""
    digest = hashlib.blake2b(value.casefold().encode(), digest_size=6, key=key, person=kind.encode())
    return f"{kind}-{digest.hexdigest()}"


def reference_ip(key: bytes, address: str) -> str:
    """Return the prefix-preserving pseudonym that the exercise describes."""
    original = ipaddress.ip_address(address)
    size = original.max_prefixlen
    bits = f"{int(original):0{size}b}"
    flips = "".join(
        str(hashlib.blake2b(bits[:i].encode(), digest_size=1, key=key).digest()[0] & 1) for i in range(size)
    )
    return str(type(original)(int(bits, 2) ^ int(flips, 2)))


def some_address(dice: random.Random) -> str:
    """Return a random address."""
    return str(ipaddress.IPv4Address(dice.getrandbits(32)))


def short_hash(guess: str) -> str:
    """Return a hash of which several guesses have the same."""
    return f"h-{sum(guess.encode()) % 50}"


class Slow(list[str]):
    """A list that says how often it was searched from its start."""

    searches = 0

    def __contains__(self, item: object) -> bool:
        """Search, and count."""
        self.searches += 1
        return super().__contains__(item)


@check("break_hashes", points=1)
def looks_up_quickly(lab: Any) -> None:
    """Look hashes up in something that is quick, however long the file is."""
    seen = Slow(["h-1", "h-2"] * 50)
    lab.break_hashes(seen, (f"guess {n}" for n in range(200)), short_hash)
    assert seen.searches < 20, "each guess searches the whole list `seen`: make a set of it once, before the loop"


@check("break_hashes", points=1)
def keeps_no_guesses(lab: Any) -> None:
    """Go through the guesses as they come, and hash each once."""
    hashed: list[str] = []
    ahead = 0

    def guesses() -> Iterator[str]:
        nonlocal ahead
        for n in range(100):
            ahead = max(ahead, n - len(hashed))
            yield f"guess {n}"

    def hash_of(guess: str) -> str:
        hashed.append(guess)
        return short_hash(guess)

    lab.break_hashes(["h-1"], guesses(), hash_of)
    assert ahead == 0, "all guesses are fetched before the first is hashed: there may be billions, take one at a time"
    assert len(hashed) <= 100, "hash_of is asked more than once for a guess: keep its answer in a variable"
    assert len(hashed) == 100, f"100 guesses were offered, but {len(hashed)} hashed: another one may have the same hash"


@check("break_hashes", points=1)
def agrees_on_random_hashes(lab: Any) -> None:
    """Find the same guesses as a reference for random hashes."""
    dice = random.Random(70)
    words = ["".join(dice.choices("abcdef", k=4)) for _ in range(200)]
    seen = [f"h-{dice.randrange(60)}" for _ in range(12)]
    wanted: dict[str, list[str]] = defaultdict(list)
    for word in words:
        if short_hash(word) in seen:
            wanted[short_hash(word)].append(word)
    got = {digest: list(guesses) for digest, guesses in lab.break_hashes(seen, iter(words), short_hash).items()}
    assert set(got) == set(wanted), f"broken are {sorted(wanted)}, not {sorted(got)}"
    assert got == dict(wanted), "a hash has lost guesses, or their order"


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
def treats_version_six(lab: Any) -> None:
    """Tell addresses of version 6 from MACs, times, words with colons and ::."""
    for text, wanted in (
        ("[2001:db8::7]:443", ["2001:db8::7"]),
        ("from fe80::1: closed", ["fe80::1"]),
        ("by 2001:DB8:0:1:2:3:4:5.", ["2001:DB8:0:1:2:3:4:5"]),
        ("net fd00:: up", ["fd00::"]),
        ("mapped ::ffff:10.0.3.9", ["10.0.3.9"]),
    ):
        got = texts_of(lab, text)
        assert got == wanted, f"in {text!r} stands {wanted[0]}; you find {got}"
    assert not texts_of(lab, "listen :: 22"), '"::" alone does not count as an address'
    for text in ("mac 02:68:87:6e:0a:46", "at 09:31:07", "std::vector", "x12345::1", "App/fe80::1"):
        assert not texts_of(lab, text), f"{text!r} holds no address of version 6; you find {texts_of(lab, text)}"


@check("find_ips", points=1)
def agrees_on_random_texts(lab: Any) -> None:
    """Find the same places as a reference in 200 random texts."""
    dice = random.Random(71)
    pieces = [
        "10.0.0.1",
        "4.2.0.17",
        "2001:db8::7",
        "fe80::",
        "::",
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


def secrets_in(lab: Any, text: str) -> list[str]:
    """Return the texts at the places that the learner's find_secrets names."""
    return [text[start:stop] for start, stop in lab.find_secrets(text)]


@check("find_secrets", points=1)
def computes_luhn(lab: Any) -> None:
    """Compute Luhn's sum for cards of 13 to 19 digits."""
    for card in ("4222222222222", "378282246310005", "30569309025904", "5555555555554444", "6304000000000000000"):
        got = secrets_in(lab, f"pay {card} now")
        assert got == [card], f"{card} has {len(card)} digits and passes Luhn's sum; you find {got}"
    for number in ("5555555555554449", "3782822463100051", "4222222222221", "411111111111"):
        got = secrets_in(lab, f"order {number} is paid")
        assert not got, f"{number} is no card (13 to 19 digits, Luhn), but you find it"


@check("find_secrets", points=1)
def looks_at_the_digits_around(lab: Any) -> None:
    """Take blanks and hyphens, the first digit, and what touches a number into account."""
    for text in ("4111 1111 1111 1111", "4111-1111-1111-1111"):
        assert secrets_in(lab, f"card {text}, ok") == [text], (
            f"{text} is a card number: one blank or hyphen may part it"
        )
    assert not secrets_in(lab, "at 1700000000004 ms"), "1700000000004 begins with 1: a time in milliseconds, no card"
    assert not secrets_in(lab, "id 630400000000000000077"), "digits touch it: a part of a longer number is no card"
    assert not secrets_in(lab, "4111  1111  1111  1111"), "two blanks part numbers"


@check("find_secrets", points=1)
def lists_each_once_in_order(lab: Any) -> None:
    """List each place once, sorted."""
    text = "card 4111111111111111 token=4111111111111111 AKIAIOSFODNN7EXAMPLE password: hunter2"
    got = lab.find_secrets(text)
    assert len(set(got)) == len(got), "a place is listed twice: token=4111111111111111 is one secret"
    assert list(got) == sorted(got), "the places are not sorted"
    wanted = ["4111111111111111", "4111111111111111", "AKIAIOSFODNN7EXAMPLE", "hunter2"]
    assert [text[a:b] for a, b in got] == wanted, f"the secrets are {wanted}; you find {[text[a:b] for a, b in got]}"


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
    """Keep exactly as many common leading bits, for 60 random pairs."""
    dice = random.Random(73)
    for _ in range(60):
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


@check("prefix_preserving", points=1)
def maps_version_six(lab: Any) -> None:
    """Map addresses of version 6 by the same construction, over 128 bits."""
    dice = random.Random(77)
    for address in ("::1", "2001:db8::7", str(ipaddress.IPv6Address(dice.getrandbits(128)))):
        got, wanted = lab.prefix_preserving(KEY, address), reference_ip(KEY, address)
        assert ":" in got, f"{address} becomes {got}: an address of version 6 stays one"
        assert got == wanted, f"{address} becomes {got}, and the construction gives {wanted}"


NAMES = {"user": "user", "username": "user", "name": "person", "ip": "ip", "ipaddress": "ip", "address": "place"}


@check("field_class", points=1)
def cuts_into_words(lab: Any) -> None:
    """Cut at signs, at capitals and at digits, and not within words."""
    for name, wanted in (
        ("sourceIPAddress", "ip"),
        ("SOURCE_IP", "ip"),
        ("x-forwarded-ip", "ip"),
        ("homeAddress", "place"),
        ("client.user", "user"),
        ("trip", ""),
        ("rename", ""),
        ("superuser", ""),
        ("ipv", ""),
    ):
        got = lab.field_class(name, NAMES)
        assert got == wanted, f"{name} should give {wanted!r}, and you give {got!r}: compare whole words"


@check("field_class", points=1)
def longest_ending_counts(lab: Any) -> None:
    """Try the whole name first, then shorter endings, and never a beginning."""
    assert lab.field_class("userName", NAMES) == "user", (
        "userName: username comes before name, the longest ending counts"
    )
    for name in ("user_agent", "userCount", "ip_version"):
        got = lab.field_class(name, NAMES)
        assert got == "", f"{name} only begins with a name that the policy knows: give '', not {got!r}"
    assert lab.field_class("user.agent", {"useragent": "keep", "agent": "host"}) == "keep", "the whole name comes first"


@check("field_class", points=1)
def treats_digits_and_nothing(lab: Any) -> None:
    """Take digits for a word of their own, and give "" for a name without words."""
    assert lab.field_class("user2", {"user2": "user"}) == "user", "user2 is user and 2; joined, the policy knows it"
    assert lab.field_class("user2", NAMES) == "", "user2 ends with 2, which the policy does not know"
    assert lab.field_class("ip4Address", {"4address": "ip"}) == "ip", "digits are a word of their own: ip, 4, address"
    for name in ("", "---", "_"):
        assert lab.field_class(name, NAMES) == "", f"{name!r} has no words: give ''"


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
def masks_what_has_no_operator(lab: Any) -> None:
    """Mask a class for which OPERATORS has nothing, and keep what is to be kept."""
    out = lab.mask_by_field({"plate": "AB 12", "kind": "x"}, {"plate": "vehicle", "kind": "keep"}, KEY)
    assert out["plate"] != "AB 12", "the class vehicle has no operator, and its value stays: when in doubt, mask it"
    assert out["plate"] == "[vehicle]", f"a class without an operator is masked: [vehicle], not {out['plate']!r}"
    assert out["kind"] == "x", "the operator of keep leaves the value as it is"


@check("mask_by_field", points=1)
def searches_unknown_text(lab: Any) -> None:
    """Give text under an unknown name to redact_line, and leave numbers there alone."""
    out = lab.mask_by_field(
        {"message": "from 198.18.7.44", "size": 17, "ok": True, "note": ["x 10.0.3.9"]}, POLICY, KEY
    )
    assert "198.18.7.44" not in out["message"], "no rule knows `message`, so its text goes through redact_line"
    assert out["message"] == f"from {lab.prefix_preserving(KEY, '198.18.7.44')}", "the rest of a text stays"
    assert "10.0.3.9" not in out["note"][0], "texts in a list under an unknown name go through redact_line, too"
    assert out["size"] == 17 and out["ok"] is True, "numbers, True and False under an unknown name stay"


@check("mask_by_field", points=1)
def walks_json_in_json(lab: Any) -> None:
    """Walk lists and JSON in JSON in text, and let a known name come first."""
    inner = json.dumps({"userName": "jan", "more": json.dumps([{"token": "abc", "n": 1}])})
    out = lab.mask_by_field({"raw": [inner]}, POLICY, KEY)
    assert "jan" not in out["raw"][0], "jan stands in JSON within a text, in a list: walk it"
    assert "abc" not in out["raw"][0], "a token stands in JSON in JSON: walk texts at any depth"
    assert json.loads(json.loads(out["raw"][0])["more"])[0]["n"] == 1, "what is not sensitive in it stays"
    assert lab.mask_by_field({"token": '{"a": 1}'}, POLICY, KEY) == {"token": "[secret]"}, "a known name comes first"


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


@check("spread_names", points=1)
def guards_short_and_digits(lab: Any) -> None:
    """Leave short names and names of digits alone, and a text when no name is left."""
    learnt = {"in": "user-1", "445": "user-2", "kim": "user-3"}
    out = lab.spread_names("in port 445 by kim", learnt, set())
    assert "in port" in out, "a name of two letters, in, is replaced everywhere: leave fewer than 3 characters alone"
    assert "445" in out, "a name of digits, 445, is replaced where it is a port"
    assert out == "in port 445 by user-3", f"kim alone is replaced; you give {out!r}"
    for names in (Learnt(), Learnt({"in": "user-1"})):
        assert lab.spread_names("in, a - x", names, set()) == "in, a - x", (
            "without any name left the text stays as it is"
        )


class Learnt(dict[str, str]):
    """Learnt names, which say so when they are asked for something else."""

    def __missing__(self, key: str) -> str:
        """Say what was asked for."""
        raise AssertionError(f"{key!r} is no learnt name, but you look it up: escape names, look up in lower case")


@check("spread_names", points=1)
def longer_names_first(lab: Any) -> None:
    """Prefer the longer of two names, and take a name literally."""
    learnt = Learnt({"jan": "user-1", "jan.lee": "user-2", "c++": "user-3"})
    out = lab.spread_names("by jan.lee and jan", learnt, set())
    assert out == "by user-2 and user-1", f"jan.lee is one name: the longer first; you give {out!r}"
    assert lab.spread_names("janxlee", learnt, set()) == "janxlee", "the dot of jan.lee is a dot: escape names"
    assert lab.spread_names("by c++ ok", learnt, set()) == "by user-3 ok", "c++ is a name, not a pattern: escape it"


@check("spread_names", points=1)
def goes_over_the_text_once(lab: Any) -> None:
    """Search nothing that was put in."""
    learnt = {"ada": "user-jan", "jan": "user-ada"}
    out = lab.spread_names("ada met jan", learnt, set())
    assert out == "user-jan met user-ada", f"what was put in is searched again: one pattern, one pass; you give {out!r}"


@check("spread_names", points=1)
def names_touch_signs_only(lab: Any) -> None:
    """Take a name as a whole only: no letter or digit touches it."""
    learnt = {"ada": "user-1"}
    for text in ("canada", "ada7", "7ada", "adam"):
        assert lab.spread_names(text, learnt, set()) == text, f"{text!r} holds no ada as a whole"
    for text in ("_ada_", "/ada/", "ADA@x", "ada-pc"):
        got = lab.spread_names(text, learnt, set())
        assert "user-1" in got, f"signs may touch a name: ada stands in {text!r}"


@check("audit", points=1)
def finds_encoded_forms(lab: Any) -> None:
    """Find a value that stands there URL-encoded, and take values literally."""
    out = lab.audit(["GET /u?m=jan%40shop.example"], {("email", "jan@shop.example")})
    assert out == [(1, "email")], "jan%40shop.example is jan@shop.example in a URL: search quote(value, '') as well"
    assert lab.audit(["at 10x0y3z9"], {("ip", "10.0.3.9")}) == [], "10x0y3z9 is not 10.0.3.9: escape the value"
    assert lab.audit(["a (x b"], {("user", "(x b")}) == [(1, "user")], "values may hold signs such as (: escape them"


@check("audit", points=1)
def leaves_parts_and_short_values(lab: Any) -> None:
    """Pass over parts of words and values of fewer than 3 characters."""
    assert lab.audit(["in january", "jan2 xjan"], {("user", "jan")}) == [], "january and jan2 are no finding of jan"
    assert lab.audit(["it is in"], {("user", "in")}) == [], "a value of two characters stands everywhere: leave it out"
    assert lab.audit(["at _jan_"], {("user", "jan")}) == [(1, "user")], "signs may touch a value: _jan_ is a finding"
    assert lab.audit(["jan"], set()) == [], "without originals there is nothing to find"


@check("audit", points=1)
def lists_where_and_what_kind(lab: Any) -> None:
    """Give sorted pairs, one for a line and kind, whatever the number of values."""
    originals = {("user", "jan"), ("user", "ada"), ("host", "web1")}
    out = lab.audit(["ada, jan at web1", "", "web1"], originals)
    assert all(len(one) == 2 for one in out), "a finding is a pair of number and kind, and nothing else"
    assert len(set(out)) == len(out), "a finding is listed twice: jan and ada of line 1 are one (1, 'user')"
    assert list(out) == [(1, "host"), (1, "user"), (3, "host")], f"sorted, by line and kind; you give {out}"


@check("count_losses", points=1)
def gains_offset_nothing(lab: Any) -> None:
    """Never let a gain offset a loss, nor a line another line."""
    lines = [("x", "x 22 22", [("number", "22")]), ("22 22", "-", [("number", "22")])]
    out = lab.count_losses(lines)
    assert tuple(out["number"]) == (2, 2), (
        f"22 twice in one line is no gain for another one: (2, 2), not {out['number']}"
    )


@check("count_losses", points=1)
def takes_case_and_parts(lab: Any) -> None:
    """Mind the case, count within words, and take values literally."""
    out = lab.count_losses([("DROP", "drop", [("word", "DROP")]), ("v4.2", "v4x2", [("word", "4.2")])])
    assert tuple(out["word"]) == (2, 2), f"drop is not DROP, and 4x2 is not 4.2: both are lost; you count {out['word']}"
    out = lab.count_losses([("DPT=22;", "x DPT=22;", [("number", "DPT=22")])])
    assert tuple(out["number"]) == (0, 1), "a value may stand within other words"


@check("count_losses", points=1)
def adds_up_over_lines(lab: Any) -> None:
    """Add up over lines and kinds, as a reference does."""
    dice = random.Random(78)
    words = ["DROP", "22", "09:31"]
    lines = [
        (" ".join(dice.choices(words, k=4)), " ".join(dice.choices(words, k=3)), [("a", "DROP"), ("b", "22")])
        for _ in range(40)
    ]
    wanted = {
        kind: (
            sum(max(0, old.count(value) - new.count(value)) for old, new, _ in lines),
            sum(old.count(value) for old, _, _ in lines),
        )
        for kind, value in (("a", "DROP"), ("b", "22"))
    }
    got = {kind: tuple(pair) for kind, pair in lab.count_losses(lines).items()}
    assert got == wanted, f"over 40 lines: {got} instead of {wanted}, as (lost, needed)"


def row(who: str, **more: Any) -> dict[str, Any]:
    """Return a row of a table without names."""
    return {"who": who, **more}


@check("link_people", points=1)
def needs_one_on_both_sides(lab: Any) -> None:
    """Name nobody when two pseudonyms, or two names, have the combination."""
    staff = [{"name": name, "city": city} for name, city in (("Ada", "Bari"), ("Ben", "Oslo"), ("Cleo", "Oslo"))]
    out = lab.link_people([row("p1", city="Bari"), row("p2", city="Bari")], staff, ("city",))
    assert out == {}, f"p1 and p2 are both in Bari, one of them is Ada: which one, you do not know; you give {out}"
    out = lab.link_people([row("p1", city="Oslo"), row("p3", city="Rome")], staff, ("city",))
    assert out == {}, f"p1 may be Ben or Cleo, and nobody of the list is in Rome; you give {out}"


@check("link_people", points=1)
def joins_by_the_named_columns(lab: Any) -> None:
    """Join by the columns that are named, and by no other one."""
    staff = [{"name": "Ada", "city": "Bari", "hour": 7}, {"name": "Ben", "city": "Bari", "hour": 9}]
    rows = [row("p1", city="Bari", hour=7, clicked=True), row("p2", city="Bari", hour=9, clicked=False)]
    out = lab.link_people(rows, staff, ("city", "hour"))
    assert out == {"p1": "Ada", "p2": "Ben"}, f"by city and hour p1 is Ada and p2 is Ben; you give {out}"
    assert lab.link_people(rows, staff, ("city",)) == {}, "by city alone nobody can be named: use the columns in quasi"


@check("link_people", points=1)
def leaves_contradictions_out(lab: Any) -> None:
    """Leave out a pseudonym whose rows lead to two names."""
    staff = [{"name": "Ada", "city": "Bari"}, {"name": "Ben", "city": "Oslo"}]
    out = lab.link_people([row("p1", city="Bari"), row("p1", city="Oslo")], staff, ("city",))
    assert out == {}, f"the rows of p1 lead to Ada and to Ben: leave p1 out; you give {out}"
    out = lab.link_people([row("p1", city="Bari"), row("p1", city="Rome")], staff, ("city",))
    assert out == {"p1": "Ada"}, f"one of p1's rows leads to Ada, the other to nobody: p1 is Ada; you give {out}"


LADDERS = {
    "city": (str, lambda city: city[0], lambda city: "*"),
    "hour": (int, lambda hour: hour // 2 * 2, lambda hour: "*"),
    "site": (str, lambda site: "*"),
}


def table(size: int, seed: int) -> list[dict[str, Any]]:
    """Return a random table with one to three rows a person."""
    dice = random.Random(seed)
    people = [
        row(f"p{n}", city=dice.choice(("A1", "A2", "B1", "B2")), hour=dice.randrange(6, 10), site=dice.choice("xy"))
        for n in range(size)
    ]
    return [dict(one) for one in people for _ in range(dice.randrange(1, 4))]


@check("make_k_anonymous", points=1)
def every_group_is_large(lab: Any) -> None:
    """Give each combination at least k people, for random tables."""
    for seed, k in ((1, 2), (2, 3), (3, 6)):
        rows, _ = lab.make_k_anonymous(table(20, seed), LADDERS, k)
        groups: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for one in rows:
            groups[one["city"], one["hour"], one["site"]].add(one["who"])
        smallest = min(len(people) for people in groups.values())
        assert smallest >= k, f"a combination belongs to {smallest} people, and k is {k}: count different `who`"


def steps_of(lab: Any, rows: list[dict[str, Any]], k: int) -> dict[str, int]:
    """Return the steps of a table that has people enough."""
    try:
        steps: dict[str, int] = lab.make_k_anonymous(rows, LADDERS, k)[1]
    except ValueError:
        raise AssertionError(f"{len(rows)} people are enough for k = {k}, but you raise a ValueError") from None
    return steps


@check("make_k_anonymous", points=1)
def climbs_no_more_than_needed(lab: Any) -> None:
    """Climb in the column with the most values, one step at a time, and stop at k."""
    rows = [row(f"p{n}", city=f"A{n}", hour=8, site="x") for n in range(3)]
    steps = steps_of(lab, rows, 3)
    assert steps == {"city": 1, "hour": 0, "site": 0}, f"city has three values, the others one; your steps are {steps}"
    rows = [row("p1", city="A1", hour=8, site="x"), row("p2", city="A1", hour=8, site="x")]
    steps = steps_of(lab, rows, 2)
    assert set(steps.values()) == {0}, f"two people are enough for k = 2, nothing has to be blurred; steps: {steps}"
    rows = [row("p1", city="A1", hour=8, site="x"), row("p2", city="A1", hour=8, site="y")]
    steps = steps_of(lab, rows, 2)
    assert steps == {"city": 0, "hour": 0, "site": 1}, f"only site differs, so only site goes up; your steps: {steps}"


@check("make_k_anonymous", points=1)
def breaks_ties_and_skips_tops(lab: Any) -> None:
    """Take the first of equal columns, and pass over a column that stands at its top."""
    rows = [row("p1", city="A1", hour=8, site="x"), row("p2", city="B1", hour=9, site="x")]
    steps = steps_of(lab, rows, 2)
    assert steps["hour"] == 1, f"city: A1, B1, then A, B, then *; and hour once. Your steps are {steps}"
    assert steps == {"city": 2, "hour": 1, "site": 0}, f"of equal columns the first goes up; your steps are {steps}"


@check("make_k_anonymous", points=1)
def gives_up_and_changes_nothing(lab: Any) -> None:
    """Raise a ValueError when there are too few people; leave the rows that came in alone."""
    rows = table(4, 4)
    before = copy.deepcopy(rows)
    try:
        lab.make_k_anonymous(rows, LADDERS, 5)
    except ValueError:
        pass
    else:
        raise AssertionError("four people can never be five: raise a ValueError when no column can go up")
    new, _ = lab.make_k_anonymous(rows, LADDERS, 2)
    assert rows == before, "the rows that came in were changed: make new ones"
    assert len(new) == len(rows), "no row may be lost"
