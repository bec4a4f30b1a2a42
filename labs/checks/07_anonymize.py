"""Public checks of lab 07: one or two plain cases of each exercise."""

from __future__ import annotations

import re
from typing import Any

from logdojo.course.check import check

KEY = b"a key for checks, 32 bytes long."
OTHER_KEY = b"another key for checks, 32 bytes"
ORIGINAL = "198.18.7.44"


def found_in(lab: Any, text: str) -> list[str]:
    """Return the texts at the places that the learner's find_ips names."""
    places = lab.find_ips(text)
    assert isinstance(places, list), f"return a list, not {type(places).__name__}"
    for place in places:
        assert isinstance(place, tuple) and len(place) == 2, f"each place is a pair (start, stop), not {place!r}"
        assert all(isinstance(end, int) for end in place), f"start and stop are numbers, not {place!r}"
    return [text[start:stop] for start, stop in places]


def short_hash(guess: str) -> str:
    """Return a hash of which several guesses have the same: the first letter."""
    return f"h-{guess[:1]}"


@check("break_hashes")
def breaks_what_it_can(lab: Any) -> None:
    """Find the guesses behind hashes, and leave out hashes that no guess has."""
    out = lab.break_hashes(["h-j", "h-x", "h-j"], iter(["ada", "jan", "kim"]), short_hash)
    assert isinstance(out, dict), f"return a dict, not {type(out).__name__}"
    assert "h-x" not in out, "no guess has the hash h-x, so it is not in the dict"
    assert "h-a" not in out, "h-a does not stand in the file: only hashes in `seen` are broken"
    assert out.get("h-j") != "jan", "the value is a list of guesses, ['jan'], not one guess"
    assert out == {"h-j": ["jan"]}, f"h-j is the hash of jan: {{'h-j': ['jan']}}, not {out}"


@check("break_hashes")
def keeps_every_guess(lab: Any) -> None:
    """Keep all guesses that have the same hash, in their order."""
    out = lab.break_hashes(["h-j"], iter(["jo", "ada", "jan"]), short_hash)
    assert list(out.get("h-j", [])) == ["jo", "jan"], f"jo and jan have the same hash; keep both, in order: {out}"


@check("find_ips")
def finds_addresses(lab: Any) -> None:
    """Find two addresses, at their places, without port and full stop."""
    found = found_in(lab, "from 198.18.7.44 port 22 to 10.0.3.9:80, by 10.0.3.8.")
    assert found, "no address is found in a line that has three"
    wanted = ["198.18.7.44", "10.0.3.9", "10.0.3.8"]
    assert found == wanted, f"in a line with {', '.join(wanted)} you find {found}"


@check("find_ips")
def leaves_versions(lab: Any) -> None:
    """Leave versions alone: ShopApp/4.2.0.17, v1.2.3.4 and 1.2.3.4.5."""
    for text in ("client ShopApp/4.2.0.17", "kernel v1.2.3.4", "agent 1.2.3.4.5 up"):
        found = found_in(lab, text)
        assert not found, f"{text!r} holds a version, but you take {found[0]} for an address: look at what touches it"


@check("find_ips")
def finds_version_six(lab: Any) -> None:
    """Find addresses of version 6, and take no time for one."""
    found = found_in(lab, "SRC=2001:db8::7 DST=fe80::1, at 09:31:07")
    assert "09:31:07" not in found, "09:31:07 is a time: ask the validator"
    assert found == ["2001:db8::7", "fe80::1"], f"2001:db8::7 and fe80::1 are addresses of version 6; you find {found}"


def secrets_in(lab: Any, text: str) -> list[str]:
    """Return the texts at the places that the learner's find_secrets names."""
    places = lab.find_secrets(text)
    assert isinstance(places, list), f"return a sorted list, not {type(places).__name__}"
    for place in places:
        assert isinstance(place, tuple) and len(place) == 2, f"each place is a pair (start, stop), not {place!r}"
    return [text[start:stop] for start, stop in places]


@check("find_secrets")
def finds_secrets_by_form(lab: Any) -> None:
    """Find what the group of a pattern in FORMS matches, and not the word in front."""
    found = secrets_in(lab, "login token=9f31c07a of jan")
    assert found != ["token=9f31c07a"], "token= belongs to the line: the secret is group 1 alone, match.span(1)"
    assert found == ["9f31c07a"], f"in token=9f31c07a the secret is 9f31c07a; you find {found}"


@check("find_secrets")
def asks_luhn(lab: Any) -> None:
    """Find a card number, and leave an order number with a wrong check digit."""
    assert secrets_in(lab, "card 4111111111111111.") == ["4111111111111111"], "4111111111111111 passes Luhn's sum"
    assert not secrets_in(lab, "order 4111111111111112."), "4111111111111112 fails Luhn's sum: it is no card"


@check("keyed_pseudonym")
def has_the_form(lab: Any) -> None:
    """Give kind, hyphen and 12 hexadecimal digits."""
    name = lab.keyed_pseudonym(KEY, "user", "jan")
    assert isinstance(name, str), f"return text, not {type(name).__name__}"
    assert "jan" not in name, f"the name itself is still in {name!r}"
    assert name.startswith("user-"), f"{name!r} does not start with the kind and a hyphen"
    assert re.fullmatch(r"user-[0-9a-f]{12}", name), f"{name!r} does not end in 12 hexadecimal digits"


@check("keyed_pseudonym")
def needs_the_key(lab: Any) -> None:
    """Give the same pseudonym under the same key, and another under another."""
    first, second = (lab.keyed_pseudonym(KEY, "user", "jan") for _ in range(2))
    assert first == second, "the same key and value gave two pseudonyms: nothing random may be in it"
    other = lab.keyed_pseudonym(OTHER_KEY, "user", "jan")
    assert other != first, "another key gives the same pseudonym: anybody can try names, as with a plain hash"


@check("prefix_preserving")
def keeps_a_network_together(lab: Any) -> None:
    """Keep two addresses of one /24 in one /24."""
    left, right = (lab.prefix_preserving(KEY, address) for address in (ORIGINAL, "198.18.7.45"))
    assert isinstance(left, str) and left.count(".") == 3, f"return an address as text, not {left!r}"
    assert left != ORIGINAL, "the address comes out unchanged"
    assert left != right, f"two addresses get the same pseudonym, {left}"
    same = left.rpartition(".")[0] == right.rpartition(".")[0]
    assert same, f"198.18.7.44 and 198.18.7.45 share 31 bits, but become {left} and {right}"


@check("redact_line")
def cleans_a_line(lab: Any) -> None:
    """Replace host, user and address of a line of sshd, and copy the rest."""
    line = "Mar 02 09:31:07 web1 sshd[7]: Failed password for invalid user jan from 198.18.7.44 port 22 ssh2"
    out = lab.redact_line(line, KEY)
    assert isinstance(out, str), f"return the new line, not {type(out).__name__}"
    for value in ("198.18.7.44", "jan", "web1"):
        assert value not in out, f"{value} is still in the line"
    assert out.endswith(" port 22 ssh2"), "the end of the line, behind the last replacement, is missing or changed"
    assert out.startswith("Mar 02 09:31:07 "), "the beginning of the line changed"


@check("redact_line")
def protects_a_timestamp(lab: Any) -> None:
    """Leave a timestamp that looks like an address."""
    stamp = "2026-03-02-12.31.47.120"
    out = lab.redact_line(f"{stamp} pay1 payd[8]: from 198.18.7.44", KEY)
    assert stamp in out, f"the timestamp {stamp} became {out[: len(stamp)]}: places that overlap STAMP stay"
    assert ORIGINAL not in out, "the address behind the timestamp is still there"


@check("redact_line")
def takes_secrets_out(lab: Any) -> None:
    """Put [secret] in the place of a secret."""
    out = lab.redact_line("reset token=9f31c07a sent", KEY)
    assert "9f31c07a" not in out, "the token is still in the line: collect the places of find_secrets, too"
    assert out == "reset token=[secret] sent", f"the secret becomes [secret] and the rest stays; you give {out!r}"


POLICY = {"username": "user", "ip": "ip", "token": "secret", "useragent": "keep"}


@check("field_class")
def knows_spellings(lab: Any) -> None:
    """Know userName, user_name, user.name and USER-NAME as one name."""
    for name in ("username", "userName", "user_name", "user.name", "USER-NAME"):
        found = lab.field_class(name, POLICY)
        assert found == "user", f"{name} is the policy's username in another spelling; you give {found!r}"


@check("field_class")
def goes_by_endings(lab: Any) -> None:
    """Know a name by its last words, and an unknown one not at all."""
    assert lab.field_class("remoteUserName", POLICY) == "user", "remoteUserName ends with the words user, name"
    for name in ("zip", "description"):
        found = lab.field_class(name, POLICY)
        assert found == "", f"{name} ends with the letters ip, but its word is {name}: give '', not {found!r}"
    assert lab.field_class("eventName", POLICY) == "", "eventName is not in this policy: give ''"


@check("mask_by_field")
def goes_by_the_name(lab: Any) -> None:
    """Replace a nested value by its field's name, and leave unknown fields alone."""
    event = {"eventName": "GetObject", "who": {"userName": "jan", "id": 7}}
    out = lab.mask_by_field(event, {"username": "user"}, KEY)
    assert out is not None, "the function returns nothing"
    assert out["eventName"] == "GetObject" and out["who"]["id"] == 7, "a field that the policy does not know changed"
    assert out["who"]["userName"] != "jan", "userName is in the policy (as username), but jan is still there"
    assert out["who"]["userName"] == lab.keyed_pseudonym(KEY, "user", "jan"), (
        "a user becomes keyed_pseudonym(key, 'user', value)"
    )


@check("mask_by_field")
def opens_json_in_text(lab: Any) -> None:
    """Walk JSON that stands in a text, and give a text back."""
    out = lab.mask_by_field({"upstream": '{"userName": "jan", "status": 402}'}, {"username": "user"}, KEY)
    assert isinstance(out["upstream"], str), "what was a text stays a text: json.dumps what you have walked"
    assert "jan" not in out["upstream"], "jan stands in JSON within a text: as_json() reads it, then walk it"
    assert '"status": 402' in out["upstream"], "what nobody needs to hide in it must stay: status 402 is gone"


@check("mask_by_field")
def masks_secrets(lab: Any) -> None:
    """Mask a secret, and leave None and the empty text."""
    out = lab.mask_by_field({"password": "hunter2", "apikey": None}, {"password": "secret", "apikey": "secret"}, KEY)
    assert out["password"] == "[secret]", f'a secret becomes "[secret]", not {out["password"]!r}'
    assert out["apikey"] is None, "None is no value: it stays None"


@check("spread_names")
def spreads_whole_names(lab: Any) -> None:
    """Replace a learnt name wherever it stands as a whole, in any case."""
    out = lab.spread_names("Jan in /home/jan/, in january", {"jan": "user-1"}, set())
    assert isinstance(out, str), f"return the new text, not {type(out).__name__}"
    assert "january" in out, "january is another word: a name counts as a whole only"
    assert "Jan " not in out, "Jan is jan in another case"
    assert out == "user-1 in /home/user-1/, in january", f"Jan and /home/jan/ become user-1; you give {out!r}"


@check("spread_names")
def guards_common_words(lab: Any) -> None:
    """Leave common words alone."""
    out = lab.spread_names("the test of jan", {"test": "user-2", "jan": "user-1"}, {"test"})
    assert "test" in out, "test is in `common`: a user of that name would blank half of a log"
    assert out == "the test of user-1", f"jan is replaced, test is not; you give {out!r}"


@check("audit")
def finds_what_is_left(lab: Any) -> None:
    """Name line and kind of what still stands, from line 1."""
    out = lab.audit(["all fine", "by Jan, ok"], {("user", "jan"), ("ip", "10.0.3.9")})
    assert "jan" not in repr(out).lower(), "the finding names the value: the report would be the next leak"
    assert out != [(1, "user")], "lines are numbered from 1: jan stands in line 2"
    assert out == [(2, "user")], f"jan stands in line 2, in another case: [(2, 'user')], not {out}"


@check("audit")
def searches_every_line(lab: Any) -> None:
    """Find a value in each line, sorted and once."""
    out = lab.audit(["jan", "-", "jan and jan"], {("user", "jan")})
    assert isinstance(out, list), f"return a sorted list, not {type(out).__name__}"
    assert out == [(1, "user"), (3, "user")], f"jan stands in lines 1 and 3, each listed once; you give {out}"


@check("count_leaks")
def counts_by_kind(lab: Any) -> None:
    """Count leaked and known values of each kind, also where nothing leaked."""
    lines = [("x from 198.18.7.44", [("ip", ORIGINAL), ("user", "jan")]), ("jan did it", [("user", "jan")])]
    out = lab.count_leaks(lines)
    assert isinstance(out, dict), f"return a dict, not {type(out).__name__}"
    assert "ip" in out and "user" in out, f"both kinds, ip and user, must be in it: {out}"
    assert tuple(out["ip"]) == (1, 1), f"1 of 1 address leaked, but you count {out['ip']}"
    assert tuple(out["user"]) == (1, 2), f"1 of 2 users leaked, but you count {out['user']} as (leaked, known)"


@check("count_leaks")
def counts_whole_values(lab: Any) -> None:
    """Count jan in /home/jan/, and not in january."""
    out = lab.count_leaks([("in january", [("user", "jan")]), ("/home/jan/x", [("user", "jan")])])
    assert tuple(out["user"]) != (2, 2), "january is no leak of jan: only whole values count"
    assert tuple(out["user"]) == (1, 2), f"/home/jan/ leaks jan, january does not: (1, 2), not {out['user']}"


@check("count_losses")
def counts_what_is_gone(lab: Any) -> None:
    """Count needed values that are gone, by kind, also where nothing is."""
    lines = [("at 09:31 port 22", "at x port 22", [("time", "09:31"), ("number", "port 22")])]
    out = lab.count_losses(lines)
    assert isinstance(out, dict), f"return a dict, not {type(out).__name__}"
    assert "number" in out, "number lost nothing, and belongs into the dict all the same"
    assert tuple(out["time"]) == (1, 1), f"1 of 1 time is gone, but you count {out['time']} as (lost, needed)"
    assert tuple(out["number"]) == (0, 1), f"port 22 is still there: (0, 1), not {out['number']}"


@check("count_losses")
def counts_each_time(lab: Any) -> None:
    """Count a value as often as it stood there."""
    out = lab.count_losses([("DROP a DROP b", "DROP a x b", [("word", "DROP")])])
    assert tuple(out["word"]) != (0, 1), "DROP stood there twice and stands there once: one of two is lost"
    assert tuple(out["word"]) == (1, 2), f"DROP stood there twice and stands there once: (1, 2), not {out['word']}"


def person(who: str, city: str, start: int = 8) -> dict[str, Any]:
    """Return one row of a table without names."""
    return {"who": who, "city": city, "start": start, "clicked": False}


def listed(name: str, city: str, start: int = 8) -> dict[str, Any]:
    """Return one entry of a staff list."""
    return {"name": name, "city": city, "start": start}


@check("link_people")
def joins_two_tables(lab: Any) -> None:
    """Name the one person of a combination that stands once in both tables."""
    staff = [listed("Ada", "Bari"), listed("Ben", "Oslo"), listed("Cleo", "Oslo")]
    rows = [person("p1", "Bari"), person("p2", "Oslo"), person("p3", "Oslo")]
    out = lab.link_people(rows, staff, ("city", "start"))
    assert isinstance(out, dict), f"return a dict, not {type(out).__name__}"
    assert "p2" not in out, "two people are in Oslo: p2 may be Ben or Cleo, so nobody is named"
    assert out == {"p1": "Ada"}, f"only Ada is in Bari, so p1 is Ada: {{'p1': 'Ada'}}, not {out}"


@check("link_people")
def counts_people_not_rows(lab: Any) -> None:
    """Take many rows of one person for one person."""
    out = lab.link_people([person("p1", "Bari")] * 3, [listed("Ada", "Bari")], ("city",))
    assert out == {"p1": "Ada"}, f"three rows of p1 are one person: count pseudonyms, not rows; you give {out}"


LADDERS = {"city": (str, lambda city: "south", lambda city: "*"), "start": (int, lambda hour: "*")}


@check("make_k_anonymous")
def hides_in_groups(lab: Any) -> None:
    """Go up until each combination belongs to k people, in the column with the most values."""
    rows = [person("p1", "Bari"), person("p2", "Porto"), person("p3", "Malaga")]
    out = lab.make_k_anonymous(rows, LADDERS, 2)
    assert isinstance(out, tuple) and len(out) == 2, "return a pair: the new rows, and the steps"
    new, steps = out
    cities = {row["city"] for row in new}
    assert cities == {"south"}, f"city has the most values, so it becomes south; yours are {sorted(map(str, cities))}"
    assert steps == {"city": 1, "start": 0}, f"one step up in city is enough; your steps are {steps}"
    assert [row["who"] for row in new] == ["p1", "p2", "p3"], "the other columns stay, and the order of the rows"


@check("make_k_anonymous")
def counts_people_in_groups(lab: Any) -> None:
    """Count people, not rows."""
    rows = [person("p1", "Bari"), person("p1", "Bari"), person("p2", "Porto"), person("p2", "Porto")]
    _, steps = lab.make_k_anonymous(rows, LADDERS, 2)
    assert steps != {"city": 0, "start": 0}, "two rows of p1 hide nobody: count different `who`, not rows"
    assert steps == {"city": 1, "start": 0}, f"one step up in city puts p1 and p2 together; your steps are {steps}"
