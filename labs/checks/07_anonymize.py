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
def masks_secrets(lab: Any) -> None:
    """Mask a secret, and leave None and the empty text."""
    out = lab.mask_by_field({"password": "hunter2", "apikey": None}, {"password": "secret", "apikey": "secret"}, KEY)
    assert out["password"] == "[secret]", f'a secret becomes "[secret]", not {out["password"]!r}'
    assert out["apikey"] is None, "None is no value: it stays None"


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
