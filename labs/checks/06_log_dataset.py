"""Public checks of lab 06: one or two plain cases of each exercise."""

from __future__ import annotations

import math
import random
import zlib
from collections import Counter
from typing import Any

from logdojo.course.check import check

PEOPLE = {"ben", "ida", "jo"}


@check("find_secrets_and_people")
def finds_secrets(lab: Any) -> None:
    """Find the value behind password=, token: and Bearer, and nothing around it."""
    for text, value in (
        ("login password=hunter2, ok", "hunter2"),
        ('{"token": "a1b2c3"}', "a1b2c3"),
        ("GET /o?api_key=zz9&n=5", "zz9"),
        ("Authorization: Bearer abc.def-1 sent", "abc.def-1"),
    ):
        found = lab.find_secrets_and_people(text, PEOPLE)
        assert isinstance(found, list), f"return a sorted list of pairs, not {type(found).__name__}"
        assert found, f"no secret is found in {text!r}"
        assert found == [("secret", value)], f"in {text!r} the only finding is ('secret', {value!r}); yours: {found}"


@check("find_secrets_and_people")
def finds_people(lab: Any) -> None:
    """Find names of the list and e-mail addresses."""
    found = lab.find_secrets_and_people("user=ben mailed ann.lee@mail.example.org.", PEOPLE)
    assert ("person", "ben") in found, f"ben is on the staff list and in the text; yours: {found}"
    wanted = [("person", "ann.lee@mail.example.org"), ("person", "ben")]
    assert found == wanted, f"wanted is the address without the full stop, and ben; yours: {found}"


@check("normalize")
def replaces_what_varies(lab: Any) -> None:
    """Replace time, address and large number in a line of sshd."""
    text = lab.normalize("Oct 15 07:01:14 gw-2 sshd[24627]: Failed password for jo from 198.18.1.35 port 11201 ssh2")
    assert isinstance(text, str), f"return text, not {type(text).__name__}"
    wanted = "<time> gw-2 sshd[<num>]: Failed password for jo from <ip> port <num> ssh2"
    assert text == wanted, f"wanted is {wanted!r}; yours is {text!r}"


@check("normalize")
def keeps_small_numbers(lab: Any) -> None:
    """Keep numbers below 1024, and make single blanks."""
    text = lab.normalize("  DPT=22   TTL=46 code 404 ")
    assert text == text.strip(), f"blanks are left at the ends of {text!r}"
    assert text == "DPT=22 TTL=46 code 404", f"22, 46 and 404 are below 1024 and stay; yours is {text!r}"


def row(session: str = "s1", source: str = "10.0.0.1", time: float = 50.0, **more: Any) -> dict[str, Any]:
    """Make a row."""
    return {"session": session, "source": source, "time": time, **more}


@check("label_sessions")
def labels_by_interval(lab: Any) -> None:
    """Give a session the label of the report about one of its rows, and benign to the others."""
    rows = [row("s1"), row("s2", "10.0.0.2"), row("s3", time=99.0)]
    out = lab.label_sessions(rows, [("10.0.0.1", 40.0, 60.0, "scan")])
    assert isinstance(out, tuple) and len(out) == 2, "return two dicts: labels, conflicts"
    labels, conflicts = out
    assert labels.get("s1") == "scan", f"s1 has a row within the report, its label is scan, not {labels.get('s1')!r}"
    assert labels == {"s1": "scan", "s2": "benign", "s3": "benign"}, (
        f"s2 has another source, s3 another time, so both are benign; yours: {labels}"
    )
    assert conflicts == {}, f"no two reports disagree, so there are no conflicts; yours: {conflicts}"


@check("label_sessions")
def labels_whole_sessions(lab: Any) -> None:
    """Let one row within a report label the session of all its rows."""
    rows = [row(source=""), row(), row(time=5.0)]
    labels, _ = lab.label_sessions(rows, [("10.0.0.1", 40.0, 60.0, "scan")])
    assert labels == {"s1": "scan"}, f"one of the three rows is reported, so the session is a scan; yours: {labels}"


@check("deduplicate")
def counts_copies(lab: Any) -> None:
    """Keep the first row of each kind, with its count."""
    rows = [{"text": text, "label": "benign", "at": at} for at, text in enumerate("abaab")]
    out = lab.deduplicate(rows, lambda one: one["text"])
    assert isinstance(out, tuple) and len(out) == 2, "return two lists: kept, conflicts"
    kept = [(one.get("text"), one.get("at"), one.get("count")) for one in out[0]]
    assert [one[0] for one in kept] == ["a", "b"], f"of a b a a b one a and one b stay, in this order; yours: {kept}"
    assert kept == [("a", 0, 3), ("b", 1, 2)], f"the first rows stay, with the counts 3 and 2; yours: {kept}"
    assert out[1] == [], f"each text has one label, so nothing is in conflict; yours: {out[1]}"


@check("deduplicate")
def keeps_labels_apart(lab: Any) -> None:
    """Never merge rows with different labels, and report their key."""
    rows = [{"text": "a", "label": label} for label in ("benign", "scan", "benign")]
    kept, conflicts = lab.deduplicate(rows, lambda one: one["text"])
    assert len(kept) == 2, f"a is there as benign and as scan, so two rows stay, not {len(kept)}"
    assert conflicts == ["a"], f"a stands under two labels: conflicts is ['a'], not {conflicts}"


PRIME = (1 << 61) - 1
dice = random.Random(1)
FUNCTIONS = [(dice.randrange(1, PRIME), dice.randrange(PRIME)) for _ in range(24)]


def signature(shingles: list[str]) -> tuple[int, ...]:
    """Return the signature of some shingles."""
    return tuple(min((a * zlib.crc32(one.encode()) + b) % PRIME for one in shingles) for a, b in FUNCTIONS)


@check("minhash")
def hashes_shingles(lab: Any) -> None:
    """Take the smallest value of each function over all runs of three words."""
    found = lab.minhash("a b c d", FUNCTIONS)
    assert isinstance(found, tuple), f"return a tuple, not {type(found).__name__}"
    assert len(found) == 24, f"24 functions give 24 numbers, not {len(found)}"
    wanted = signature(["a b c", "b c d"])
    assert found == wanted, "the shingles of 'a b c d' are 'a b c' and 'b c d'; your signature is not that of these two"


@check("minhash")
def depends_on_the_order(lab: Any) -> None:
    """Give equal texts equal signatures, and tell apart the same words in another order."""
    one, same, other = (lab.minhash(text, FUNCTIONS) for text in ("a b c d e", "a  b c d e", "e d c b a"))
    assert one == same, "two blanks or one between words make no difference, but your signatures differ"
    assert one != other, "'e d c b a' has other runs of three words than 'a b c d e', but the same signature"


def mine(lab: Any, *texts: str) -> tuple[list[Any], dict[Any, Any]]:
    """Mine some texts; return the templates and the groups."""
    groups: dict[Any, Any] = {}
    return [lab.mine_template(text, groups) for text in texts], groups


@check("mine_template")
def finds_one_template(lab: Any) -> None:
    """Put <*> where two texts differ."""
    (one, two), _ = mine(lab, "Failed password for ann", "Failed password for bob")
    assert isinstance(two, list), f"a template is a list of words, not {type(two).__name__}"
    assert two == ["Failed", "password", "for", "<*>"], f"ann and bob differ, the rest is the same; yours: {two}"
    assert one is two, "both texts have one template: change the list in place and return that list"


@check("mine_template")
def keeps_others_apart(lab: Any) -> None:
    """Begin a new template for another length, other first words, or too little in common."""
    (one, *others), _ = mine(
        lab, "login failed for user ann", "login failed for ann", "logout failed for user ann", "login failed by x y"
    )
    assert one == "login failed for user ann".split(), f"no other text belongs to the first template; it became {one}"
    assert all(one is not other for other in others), "a text of another kind got the first one's template"


def labelled(groups: dict[str, str], each: int = 3) -> list[dict[str, Any]]:
    """Make rows of groups with a label each."""
    return [{"g": group, "label": label, "at": at} for at in range(each) for group, label in groups.items()]


EIGHT = {f"b{n}": "benign" for n in range(8)} | {f"s{n}": "scan" for n in range(4)}


@check("group_split")
def shares_no_group(lab: Any) -> None:
    """Put whole groups on one side, and lose no row."""
    rows = labelled(EIGHT)
    out = lab.group_split(rows, "g", 0.25, 1)
    assert isinstance(out, tuple) and len(out) == 2, "return two lists: train, test"
    train, test = out
    assert len(train) + len(test) == len(rows), f"{len(rows)} rows went in, {len(train)} and {len(test)} came out"
    both = {one["g"] for one in train} & {one["g"] for one in test}
    assert not both, f"the group {min(both)} is on both sides"


@check("group_split")
def is_stratified(lab: Any) -> None:
    """Put a quarter of each label's groups into the test."""
    _, test = lab.group_split(labelled(EIGHT), "g", 0.25, 1)
    groups = sorted({one["g"] for one in test})
    kinds = Counter(EIGHT[group] for group in groups)
    assert kinds == {"benign": 2, "scan": 1}, (
        f"of 8 benign groups 2 go to the test, of 4 scans 1; yours has {dict(kinds)} there"
    )


@check("shared_between")
def names_what_leaks(lab: Any) -> None:
    """Give the share of the test's rows, and the shared values."""
    train = [{"user": "ann"}, {"user": "bob"}]
    test = [{"user": "bob"}, {"user": "cid"}, {"user": "bob"}, {"user": "ann"}]
    found = lab.shared_between(train, test, ("user",))
    assert isinstance(found, dict) and set(found) == {"user"}, f"return a dict with the key 'user'; yours: {found}"
    assert len(found["user"]) == 2, f"each value is a pair, (share, values); yours: {found['user']}"
    share, values = found["user"]
    assert values == ["ann", "bob"], f"ann and bob are on both sides; yours: {values}"
    assert share == 0.75, f"three of the test's four rows have such a user, a share of 0.75, not {share}"


@check("prevalence")
def counts_three_ways(lab: Any) -> None:
    """Count examples, lines and sessions of each label."""
    rows = [
        {"label": "benign", "session": "s1", "count": 6},
        {"label": "scan", "session": "s2", "count": 1},
        {"label": "scan", "session": "s2", "count": 1},
    ]
    found = lab.prevalence(rows)
    assert isinstance(found, dict), f"return a dict, not {type(found).__name__}"
    wanted = {"examples": 2, "lines": 2, "sessions": 1, "share": 0.25}
    assert found.get("scan") == wanted, f"for scan wanted is {wanted}; yours: {found.get('scan')}"
    assert list(found) == ["benign", "scan"], f"benign has the most lines and comes first; yours: {list(found)}"


def mixed(attacks: int, benign: int) -> list[dict[str, Any]]:
    """Make rows, attacks among benign ones."""
    labels = ["scan"] * attacks + ["benign"] * benign
    return [{"label": label, "at": at} for at, label in enumerate(labels)]


@check("at_base_rate")
def reaches_the_share(lab: Any) -> None:
    """Make one row in ten an attack, of 40 attacks and 90 benign rows."""
    out = lab.at_base_rate(mixed(40, 90), 0.1, 1)
    assert isinstance(out, list), f"return a list of rows, not {type(out).__name__}"
    kinds = Counter(one["label"] for one in out)
    assert kinds == {"benign": 90, "scan": 10}, (
        f"90 benign rows and 10 attacks are the most that fit; yours: {dict(kinds)}"
    )


@check("at_base_rate")
def takes_no_row_twice(lab: Any) -> None:
    """Take no row twice, and keep the order."""
    places = [one["at"] for one in lab.at_base_rate(mixed(40, 90), 0.1, 1)]
    assert len(set(places)) == len(places), "a row comes twice: draw without putting back"
    assert places == sorted(places), "the rows are no longer in their order"


SECTIONS = ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance")
WORDS = {section: f"On {section.lower()}." for section in SECTIONS}
NUMBERS = {"lines": 60, "share of scan": "0.250"}
SHEET = """# My set

## Motivation

On motivation.

## Composition

On composition.

| number | value |
|---|---|
| lines | 60 |
| share of scan | 0.250 |

## Collection

On collection.

## Preprocessing

On preprocessing.

## Uses

On uses.

## Distribution

On distribution.

## Maintenance

On maintenance.
"""


@check("data_sheet")
def writes_all_sections(lab: Any) -> None:
    """Write title, seven sections and the table, in order."""
    found = lab.data_sheet("My set", dict(WORDS), dict(NUMBERS))
    assert isinstance(found, str), f"return text, not {type(found).__name__}"
    assert found.startswith("# My set\n"), f"the sheet begins with '# My set', yours with {found[:20]!r}"
    for section in SECTIONS:
        assert f"\n## {section}\n" in found, f"there is no heading '## {section}'"
    assert "| lines | 60 |" in found, "the table has no row '| lines | 60 |'"
    assert found.strip() == SHEET.strip(), "all is there, but not as it should be: mind the order and the blank lines"


@check("data_sheet")
def puts_numbers_in(lab: Any) -> None:
    """Put computed numbers into the text."""
    found = lab.data_sheet("My set", WORDS | {"Uses": "Of {lines} lines, {share of scan} scans."}, NUMBERS)
    assert "{lines}" not in found, "'{lines}' still stands in the text: put the number in"
    assert "Of 60 lines, 0.250 scans." in found, "'{lines} lines, {share of scan} scans' became something else"


@check("wrong_in_sheet")
def accepts_a_right_one(lab: Any) -> None:
    """Find nothing wrong with a sheet that is right."""
    found = lab.wrong_in_sheet(SHEET, NUMBERS)
    assert found == [], f"the sheet is right, but you say {found}"


@check("wrong_in_sheet")
def finds_a_wrong_number(lab: Any) -> None:
    """Name the number that is not the data's."""
    found = lab.wrong_in_sheet(SHEET.replace("| 60 |", "| 600 |"), NUMBERS)
    assert isinstance(found, list), f"return a list of texts, not {type(found).__name__}"
    assert len(found) == 1, f"one number is wrong, you say {found}"
    assert "lines" in found[0], f"the text should name 'lines', yours is {found[0]!r}"


def learn(*texts: str) -> tuple[Counter[tuple[str, str]], Counter[str], int]:
    """Learn a bigram model."""
    pairs = Counter(step for text in texts for step in steps(text))
    words: Counter[str] = Counter()
    for (word, _), count in pairs.items():
        words[word] += count
    return pairs, words, len(words)


def steps(text: str) -> list[tuple[str, str]]:
    """Return the pairs of words that follow each other."""
    words = ["<start>", *text.split(), "<end>"]
    return list(zip(words, words[1:], strict=False))


@check("perplexity")
def is_low_on_what_was_learnt(lab: Any) -> None:
    """Be less surprised by what was learnt than by something else."""
    model = learn(*["a b c"] * 50)
    own, other = lab.perplexity(model, ["a b c"]), lab.perplexity(model, ["c b a"])
    assert isinstance(own, float), f"return a number, not {type(own).__name__}"
    assert own < other, f"the text that was learnt has {own:.2f}, one in reverse order {other:.2f}"
    assert own >= 1, f"no perplexity is below 1, yours is {own:.2f}: mind the sign"


@check("perplexity")
def has_the_right_value(lab: Any) -> None:
    """Compute the perplexity of one text as the formula says."""
    model = learn("a b", "a c")
    wanted = math.exp(-(math.log(2.1 / 2.5) + math.log(1.1 / 2.5) + math.log(1.1 / 1.5)) / 3)
    found = lab.perplexity(model, ["a b"])
    assert math.isclose(found, wanted, rel_tol=1e-9), (
        f"for 'a b', after 'a b' and 'a c', it is {wanted:.4f}; yours is {found:.4f}"
    )
