"""Hidden checks of lab 06: the cases at the edges, and the mistakes that people really make."""

from __future__ import annotations

import copy
import math
import random
import zlib
from collections import Counter
from typing import Any

from logdojo.course.check import check

PEOPLE = {"ben", "ida", "jo"}


def findings(lab: Any, text: str) -> list[tuple[str, str]]:
    """Return what the learner finds in a text."""
    found: list[tuple[str, str]] = lab.find_secrets_and_people(text, set(PEOPLE))
    return found


@check("find_secrets_and_people")
def names_as_whole_words(lab: Any) -> None:
    """Take a name as a whole word only, in any case and next to any sign."""
    for text in ("validate", "benign", "ben2", "xjo"):
        assert not findings(lab, text), f"{text!r} holds no name as a whole word, but you find {findings(lab, text)}"
    for text in ("/home/Ben/x", "BEN:", "ben_laptop", "(ben)"):
        assert findings(lab, text) == [("person", "ben")], f"ben stands in {text!r}; yours: {findings(lab, text)}"


@check("find_secrets_and_people")
def placeholders_are_no_secret(lab: Any) -> None:
    """Take no placeholder for a secret."""
    for text in ("password=[redacted]", "token: <id>", "Bearer [token]"):
        assert not findings(lab, text), f"{text!r} hides its secret already, but you find {findings(lab, text)}"


@check("find_secrets_and_people")
def names_of_secrets_vary(lab: Any) -> None:
    """Know the names in any case and as the end of a longer word, in JSON and with blanks."""
    for text in ("DB_PASSWORD = s3cret", "'sessionToken':'s3cret'", 'X-Api_Key="s3cret"', "client_secret:s3cret;"):
        found = findings(lab, text)
        assert found == [("secret", "s3cret")], f"in {text!r} the secret is s3cret; yours: {found}"


@check("find_secrets_and_people")
def lists_each_once(lab: Any) -> None:
    """List each finding once, sorted, and nothing in a harmless text."""
    found = findings(lab, "token=zz password=aa jo token=zz Jo")
    assert len(set(found)) == len(found), f"a finding comes twice: {found}"
    wanted = [("person", "jo"), ("secret", "aa"), ("secret", "zz")]
    assert found == wanted, f"wanted, sorted, is {wanted}; yours: {found}"
    harmless = "tokens: none, port 22 = open, the bearer waits"
    assert not [one for one in findings(lab, harmless) if one[1] != "none"], f"{harmless!r} holds no secret"


@check("normalize")
def knows_the_limit(lab: Any) -> None:
    """Replace 1024 and more, also with a fraction; keep 1023."""
    for text, wanted in (
        ("1023 1024", "1023 <num>"),
        ("[53939932.85] 0.5", "[<num>] 0.5"),
        ("id=00042", "id=00042"),
        ("9" * 30, "<num>"),
    ):
        found = lab.normalize(text)
        assert found == wanted, f"{text!r} should become {wanted!r}, yours is {found!r}"


@check("normalize")
def leaves_words_with_digits(lab: Any) -> None:
    """Leave digits that are part of a word."""
    for text in ("ssh2 v2048x", "x_4096", "node-16"):
        found = lab.normalize(text)
        assert found == text, f"{text!r} holds no number by itself, but becomes {found!r}"


@check("normalize")
def knows_times_and_ids(lab: Any) -> None:
    """Use all that VARIES holds, before addresses and numbers."""
    for text, wanted in (
        ("2025-10-15T07:00:41Z x", "<time> x"),
        ("requestID=63c1d4e3-c12e-42be-ac8f-b89612e6b06d", "requestID=<id>"),
        ("MAC=02:68:87:6e:0a:46:02:c6:e3:33:55:66:08:00", "MAC=<mac>"),
        ("RSA SHA256:n/lj0DIvMA20O8", "RSA SHA256:<id>"),
    ):
        found = lab.normalize(text)
        assert found == wanted, f"{text!r} should become {wanted!r}, yours is {found!r}: VARIES comes first"


@check("normalize")
def changes_nothing_twice(lab: Any) -> None:
    """Change nothing more when it is applied again; make tabs and line ends blanks."""
    text = "Oct  5 07:01:14 gw sshd[24627]:\tfrom 198.18.1.35 port 11201\n"
    once = lab.normalize(text)
    assert "\t" not in once and "\n" not in once, f"a tab or line end is left in {once!r}"
    assert lab.normalize(once) == once, f"a second time changes {once!r} to {lab.normalize(once)!r}"


def row(session: str = "s1", source: str = "10.0.0.1", time: float = 50.0, **more: Any) -> dict[str, Any]:
    """Make a row."""
    return {"session": session, "source": source, "time": time, **more}


@check("label_sessions")
def finds_conflicts(lab: Any) -> None:
    """Put a session with two labels among the conflicts, and not among the labels."""
    rows = [row("s1"), row("s1", "10.0.0.2"), row("s2", "10.0.0.3")]
    reports = [("10.0.0.1", 0, 99, "scan"), ("10.0.0.2", 0, 99, "benign")]
    labels, conflicts = lab.label_sessions(rows, reports)
    assert "s1" in conflicts, "s1 is called scan and benign by two reports, but is no conflict"
    assert conflicts == {"s1": ["benign", "scan"]}, f"conflicts has the sorted labels of s1; yours: {conflicts}"
    assert labels == {"s2": "benign"}, f"a session in conflict has no label, and s2 is benign; yours: {labels}"


@check("label_sessions")
def agreeing_reports_are_no_conflict(lab: Any) -> None:
    """Take two reports that agree for one label."""
    reports = [("10.0.0.1", 0, 99, "scan"), ("10.0.0.1", 40, 60, "scan")]
    labels, conflicts = lab.label_sessions([row()], reports)
    assert conflicts == {}, f"both reports say scan, so there is no conflict; yours: {conflicts}"
    assert labels == {"s1": "scan"}, f"both reports say scan; yours: {labels}"


@check("label_sessions")
def ends_are_included(lab: Any) -> None:
    """Include both ends of a report, and nothing outside of them."""
    rows = [row(f"s{at}", time=at) for at in (39.9, 40.0, 60.0, 60.1)]
    labels, _ = lab.label_sessions(rows, [("10.0.0.1", 40.0, 60.0, "scan")])
    scans = sorted(one for one, label in labels.items() if label == "scan")
    assert scans == ["s40.0", "s60.0"], f"a report from 40 to 60 is about 40.0 and 60.0 only; yours: {scans}"


@check("label_sessions")
def no_source_no_report(lab: Any) -> None:
    """Relate no row without a source to a report without one."""
    labels, conflicts = lab.label_sessions([row(source="")], [("", 0, 99, "scan")])
    assert labels == {"s1": "benign"}, f"the row has no source, so no report is about it; yours: {labels or conflicts}"


def text_of(one: dict[str, Any]) -> Any:
    """Return the text of a row."""
    return one["text"]


@check("deduplicate")
def adds_counts_up(lab: Any) -> None:
    """Let rows that stand for several lines count as many."""
    rows = [{"text": "a", "label": "x", "count": 5}, {"text": "a", "label": "x"}]
    kept, _ = lab.deduplicate(rows, text_of)
    assert [one["count"] for one in kept] == [6], (
        f"a row that stands for 5 and one without count make 6; yours: {[one.get('count') for one in kept]}"
    )


@check("deduplicate")
def changes_no_row(lab: Any) -> None:
    """Leave the rows that were given as they were."""
    rows = [{"text": "a", "label": "x"}, {"text": "a", "label": "x"}]
    before = copy.deepcopy(rows)
    kept, _ = lab.deduplicate(rows, text_of)
    assert rows == before, f"the rows that were given have changed: {rows[0]}"
    assert all(one is not other for one in kept for other in rows), "kept holds the given row itself, not a copy"


@check("deduplicate")
def conflicts_come_once(lab: Any) -> None:
    """Report each key in conflict once, in order of its first row."""
    rows = [{"text": text, "label": label} for text, label in zip("bacbaba", "xxxyyzy", strict=True)]
    kept, conflicts = lab.deduplicate(rows, text_of)
    assert conflicts == ["b", "a"], f"b comes before a, c has one label, and each counts once; yours: {conflicts}"
    order = [(one["text"], one["label"]) for one in kept]
    wanted = [("b", "x"), ("a", "x"), ("c", "x"), ("b", "y"), ("a", "y"), ("b", "z")]
    assert order == wanted, f"kept should be in the order of first rows, {wanted}; yours: {order}"


@check("deduplicate")
def goes_by_the_key(lab: Any) -> None:
    """Go by the key that is given, whatever it is."""
    rows = [{"text": text, "label": "x"} for text in ("ab", "cd", "e")]
    kept, _ = lab.deduplicate(rows, lambda one: len(one["text"]))
    found = [(one["text"], one["count"]) for one in kept]
    assert found == [("ab", 2), ("e", 1)], f"by length, ab and cd are one kind: ab twice, e once; yours: {found}"


PRIME = (1 << 61) - 1
dice = random.Random(3)
MANY = [(dice.randrange(1, PRIME), dice.randrange(PRIME)) for _ in range(200)]


@check("minhash")
def estimates_similarity(lab: Any) -> None:
    """Agree in as many places as two texts have shingles in common."""
    one, other = " ".join(map(str, range(42))), " ".join(map(str, range(20, 62)))
    left, right = lab.minhash(one, MANY), lab.minhash(other, MANY)
    share = sum(a == b for a, b in zip(left, right, strict=True)) / len(MANY)
    assert abs(share - 20 / 60) < 0.12, f"20 of 60 shingles are shared, a third; your signatures agree in {share:.2f}"


@check("minhash")
def knows_short_texts(lab: Any) -> None:
    """Take a text of one, two or three words for one shingle."""
    for text in ("a", "a b", "a b c"):
        x = zlib.crc32(text.encode())
        wanted = tuple((a * x + b) % PRIME for a, b in MANY[:4])
        assert lab.minhash(text, MANY[:4]) == wanted, f"{text!r} is one shingle; your signature is another one's"


@check("minhash")
def counts_a_shingle_once(lab: Any) -> None:
    """Give repeated words no other signature, and take bytes in UTF-8."""
    once, twice = (lab.minhash(" ".join(["a", "b", "c"] * times), MANY[:8]) for times in (3, 9))
    assert once == twice, "a b c three times or nine times have the same shingles, but your signatures differ"
    x = zlib.crc32("ä ö ü".encode())
    assert lab.minhash("ä ö ü", MANY[:1]) == ((MANY[0][0] * x + MANY[0][1]) % PRIME,), "take the shingle's UTF-8 bytes"


@check("minhash")
def keeps_their_order(lab: Any) -> None:
    """Keep the functions' order, one number each."""
    text = "the quick brown fox jumps"
    whole = lab.minhash(text, MANY[:6])
    assert len(whole) == 6, f"six functions give six numbers, not {len(whole)}"
    back = lab.minhash(text, MANY[5::-1])
    assert tuple(reversed(whole)) == tuple(back), "the numbers should come in the order of the functions"


def mine(lab: Any, *texts: str, **options: Any) -> tuple[list[Any], dict[Any, Any]]:
    """Mine some texts; return the templates and the groups."""
    groups: dict[Any, Any] = {}
    return [lab.mine_template(text, groups, **options) for text in texts], groups


@check("mine_template")
def takes_the_closest(lab: Any) -> None:
    """Take the template with the most words in common, and of equal ones the first."""
    texts = ("go on a b x y z w", "go on a b c d e f", "go on a b c d e q")
    (one, two, three), _ = mine(lab, *texts, similarity=0.7)
    assert one is not two, "the first two texts share half of their words, less than 0.7: two templates"
    assert three is two, "the third text shares seven words with the second template and four with the first"
    (one, two, three), _ = mine(lab, "go on a x p", "go on b y q", "go on a y r", similarity=0.7)
    assert three is not one and three is not two, "three words of five are less than 0.7, so it is a new template"
    groups = {(6, "go", "on"): [["go", "on", "a", "b", "p", "q"], ["go", "on", "c", "d", "p", "q"]]}
    both = list(groups[6, "go", "on"])
    found = lab.mine_template("go on a d p q", groups, 0.6)
    assert found is both[0], "both templates share five words of six with the text: of equal ones take the first"


@check("mine_template")
def knows_the_threshold(lab: Any) -> None:
    """Join at exactly the similarity, and not below it."""
    (one, two), _ = mine(lab, "go on a b", "go on a c", similarity=0.75)
    assert one is two, "three of four words are the same, which is 0.75: at least the similarity, so one template"
    (one, two), _ = mine(lab, "go on a b", "go on a c", similarity=0.76)
    assert one is not two, "three of four words are less than 0.76, so there are two templates"


@check("mine_template")
def groups_by_length_and_words(lab: Any) -> None:
    """Keep the groups as they are described, also for short texts."""
    _, groups = mine(lab, "a b c", "a b c d", "a", "", "a c c")
    wanted = {(3, "a", "b"), (4, "a", "b"), (1, "a", ""), (0, "", ""), (3, "a", "c")}
    assert set(groups) == wanted, f"the groups should be {sorted(wanted)}; yours: {sorted(groups)}"


@check("mine_template")
def stays_general(lab: Any) -> None:
    """Leave <*> where it is once words differed, and count it as different from a word."""
    (one, *_), groups = mine(lab, "go on a b c", "go on a b d", "go on a x c", "go on a b c")
    assert one == ["go", "on", "a", "<*>", "<*>"], f"after four texts the template is go on a <*> <*>; yours: {one}"
    held = [template for group in groups.values() for template in group]
    assert len(held) == 1, f"all four texts are one template, your groups hold {len(held)}"


def labelled(groups: dict[str, str], each: int = 3) -> list[dict[str, Any]]:
    """Make rows of groups with a label each."""
    return [{"g": group, "label": label, "at": at} for at in range(each) for group, label in groups.items()]


MANY_GROUPS = {f"b{n}": "benign" for n in range(20)} | {f"s{n}": "scan" for n in range(8)}


def in_test(lab: Any, rows: list[dict[str, Any]], seed: int = 1, share: float = 0.25) -> list[str]:
    """Return the groups in the test, sorted."""
    return sorted({one["g"] for one in lab.group_split(rows, "g", share, seed)[1]})


class Salted(str):
    """A text whose hash is another in each run of Python, as hashes of texts are."""

    __slots__ = ("salt",)
    salt: int

    def __hash__(self) -> int:
        """Return another number for each salt."""
        return hash((self.salt, str(self)))

    def __eq__(self, other: object) -> bool:
        """Compare as texts."""
        return str(self) == str(other)


def salted(text: str, salt: int) -> Salted:
    """Make a text with a hash of its own."""
    made = Salted(text)
    made.salt = salt
    return made


@check("group_split")
def repeats_itself(lab: Any) -> None:
    """Choose the same groups for the same seed, whatever the order of rows and the hashes of names."""
    rows = labelled(MANY_GROUPS)
    found = in_test(lab, rows)
    assert found == in_test(lab, rows), "called twice with one seed, it chooses other groups: use random.Random(seed)"
    assert found == in_test(lab, rows[::-1]), "rows in another order give other groups: sort before you shuffle"
    runs = [in_test(lab, [{**one, "g": salted(one["g"], salt)} for one in rows]) for salt in (1, 2, 3)]
    assert runs[0] == runs[1] == runs[2], "in another run of Python a set has another order: sort before you shuffle"


@check("group_split")
def the_seed_decides(lab: Any) -> None:
    """Choose other groups for other seeds, and leave the module's own chance alone."""
    rows = labelled(MANY_GROUPS)
    random.seed(5)
    before = random.getstate()
    choices = {tuple(in_test(lab, rows, seed)) for seed in range(6)}
    assert len(choices) > 1, "six seeds all give the same split: nothing is drawn"
    assert random.getstate() == before, "you draw from the module random, which other code uses too: make your own"


@check("group_split")
def few_groups(lab: Any) -> None:
    """Keep a single group in train, and have both sides where there are two."""
    rows = labelled({"a": "one", "b": "two", "c": "two", **{f"d{n}": "many" for n in range(10)}})
    for share in (0.05, 0.9):
        test = in_test(lab, rows, share=share)
        assert "a" not in test, f"with share {share} the only group of its label went to the test; it belongs in train"
        pair = {"b", "c"} & set(test)
        assert len(pair) == 1, f"with share {share}, of two groups of a label one goes to each side; yours: {pair}"
    assert len(in_test(lab, rows, share=0.5)) == 6, "of ten groups five, of two one: six with a share of 0.5"


@check("group_split")
def by_the_most_rows(lab: Any) -> None:
    """Give a group the label that most of its rows have, and keep the order of rows."""
    rows = labelled(dict.fromkeys("abcdefgh", "benign"), 5) + labelled(dict.fromkeys("abcdefgh", "scan"), 2)
    rows += labelled({"y": "scan", "z": "scan"}, 1)
    train, test = lab.group_split(rows, "g", 0.25, 4)
    kinds = Counter("few" if one in "yz" else "most" for one in {one["g"] for one in test})
    assert kinds == {"few": 1, "most": 2}, (
        f"a to h are benign by most of their rows, y and z scans: two and one go to the test, not {dict(kinds)}"
    )
    for side in (train, test):
        assert side == [one for one in rows if one in side], "the rows of a side are not in the order they came in"


@check("group_split")
def ties_go_by_the_alphabet(lab: Any) -> None:
    """Decide a tie of labels by the alphabet, not by what came first."""
    tied = [{"g": f"t{n}", "label": label} for n in range(4) for label in ("scan", "benign")]
    rows = tied + labelled({"s0": "scan", "s1": "scan"})
    test = in_test(lab, rows, share=0.25)
    kinds = Counter(one[0] for one in test)
    assert kinds == {"t": 1, "s": 1}, f"t0 to t3 have as many of both labels and count as benign; the test holds {test}"


@check("shared_between")
def nothing_is_no_value(lab: Any) -> None:
    """Share no None, no empty text and no missing value."""
    train, test = [{"user": ""}, {"user": None}, {}], [{"user": ""}, {"user": None}, {}, {"user": "x"}]
    found = lab.shared_between(train, test, ("user",))
    assert found == {"user": (0, [])}, f"'', None and a missing value are no users; yours: {found}"


@check("shared_between")
def rows_not_values(lab: Any) -> None:
    """Count the rows of the test, those without a value included."""
    test = [{"h": "a"}, {"h": "a"}, {}, {"h": "b"}]
    share, values = lab.shared_between([{"h": "a"}, {"h": "c"}, {"h": "c"}], test, ["h"])["h"]
    assert share == 0.5, f"two of the test's four rows have the shared value, 0.5, not {share}"
    assert values == ["a"], f"only a is on both sides, once in the list; yours: {values}"


@check("shared_between")
def empty_sides(lab: Any) -> None:
    """Share nothing when a side is empty."""
    for train, test in (([], [{"h": "a"}]), ([{"h": "a"}], []), ([], [])):
        found = lab.shared_between(train, test, ["h"])
        assert found == {"h": (0, [])}, f"with {len(train)} and {len(test)} rows nothing is shared; yours: {found}"


@check("shared_between")
def each_name_by_itself(lab: Any) -> None:
    """Look at each name by itself, in the order that was asked for."""
    train, test = [{"h": "a", "u": "b"}], [{"h": "b", "u": "a"}, {"h": "a", "u": "z"}]
    found = lab.shared_between(train, test, ("u", "h"))
    assert found == {"u": (0, []), "h": (0.5, ["a"])}, f"u shares nothing, h shares a in one row of two; yours: {found}"
    assert list(found) == ["u", "h"], f"asked for u and h, the dict has {list(found)}"


@check("prevalence")
def a_row_without_count(lab: Any) -> None:
    """Let a row without a count stand for one line."""
    found = lab.prevalence([{"label": "a", "session": "s"}, {"label": "a", "session": "t", "count": 4}])
    wanted = {"a": {"examples": 2, "lines": 5, "sessions": 2, "share": 1.0}}
    assert found == wanted, f"one row for 4 lines and one without count are 5 lines; yours: {found}"


@check("prevalence")
def shares_are_of_lines(lab: Any) -> None:
    """Give shares of lines, which add up to 1."""
    rows = [{"label": "a", "session": "s", "count": 9}, *({"label": "b", "session": "s"} for _ in range(3))]
    found = lab.prevalence(rows)
    assert found["b"]["share"] == 0.25, f"3 of 12 lines are b, though 3 of 4 rows: 0.25, not {found['b']['share']}"
    assert math.isclose(sum(one["share"] for one in found.values()), 1), "the shares do not add up to 1"


@check("prevalence")
def most_lines_first(lab: Any) -> None:
    """Order by lines, and equal ones by the alphabet."""
    rows = [{"label": label, "session": "s", "count": n} for label, n in (("z", 1), ("d", 5), ("b", 5), ("c", 2))]
    rows += [{"label": "z", "session": "s", "count": 1}]
    order = list(lab.prevalence(rows))
    assert order == ["b", "d", "c", "z"], f"b and d have 5 lines, c and z 2 each; the order is b d c z, not {order}"


@check("prevalence")
def sessions_count_once(lab: Any) -> None:
    """Count a session once for each label that it has rows of."""
    rows = [{"label": label, "session": session} for label, session in ("as", "as", "at", "bs")]
    found = {label: one["sessions"] for label, one in lab.prevalence(rows).items()}
    assert found == {"a": 2, "b": 1}, f"a has rows of the sessions s and t, b of s: 2 and 1; yours: {found}"


def some(attacks: int, benign: int) -> list[dict[str, Any]]:
    """Make rows in a mixed order."""
    rows = [{"label": ("scan", "worm")[at % 2], "at": at} for at in range(attacks)]
    rows += [{"label": "benign", "at": attacks + at} for at in range(benign)]
    random.Random(9).shuffle(rows)
    return rows


def kinds_of(rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Return how many attacks and how many benign rows there are."""
    attacks = sum(one["label"] != "benign" for one in rows)
    return attacks, len(rows) - attacks


@check("at_base_rate")
def thins_out_either_class(lab: Any) -> None:
    """Drop benign rows where there are too few attacks, and take all kinds of attack for attacks."""
    for attacks, benign, share, wanted in ((10, 400, 0.2, (10, 40)), (30, 20, 0.5, (20, 20)), (25, 75, 0.25, (25, 75))):
        found = kinds_of(lab.at_base_rate(some(attacks, benign), share, 1))
        assert found == wanted, (
            f"of {attacks} attacks and {benign} benign rows, share {share}: {wanted} stay, yours {found}"
        )


@check("at_base_rate")
def the_seed_draws(lab: Any) -> None:
    """Draw the same rows for the same seed, others for another, not the first ones, and use no other chance."""
    rows = some(60, 60)
    before = random.getstate()
    one, same, other = (lab.at_base_rate(rows, 0.1, seed) for seed in (1, 1, 2))
    assert one == same, "the same seed draws other rows: use random.Random(seed)"
    drawn = {tuple(row["at"] for row in found if row["label"] != "benign") for found in (one, other)}
    assert len(drawn) == 2, "another seed takes the same attacks: nothing is drawn among them"
    assert random.getstate() == before, "you draw from the module random: make a random.Random(seed) of your own"


@check("at_base_rate")
def equal_rows_stay_apart(lab: Any) -> None:
    """Treat equal rows as rows of their own, and keep the order."""
    rows: list[dict[str, Any]] = [{"label": label} for label in ["scan", "benign"] * 20]
    found = lab.at_base_rate(rows, 0.2, 1)
    assert kinds_of(found) == (5, 20), f"of 20 equal attacks 5 stay, with 20 benign rows; yours: {kinds_of(found)}"
    mixed = some(40, 90)
    places = [mixed.index(one) for one in lab.at_base_rate(mixed, 0.1, 3)]
    assert places == sorted(places), "the rows are not in the order they came in"


@check("at_base_rate")
def refuses_no_share(lab: Any) -> None:
    """Refuse a share of 0, of 1 and beyond; leave the rows as they are."""
    rows = some(5, 5)
    before = list(rows)
    for share in (0, 1, -0.1, 2):
        try:
            lab.at_base_rate(rows, share, 1)
        except ValueError:
            continue
        except ZeroDivisionError:
            raise AssertionError(f"a share of {share} divides by zero: raise a ValueError before") from None
        raise AssertionError(f"a share of {share} is taken without a word: raise a ValueError")
    lab.at_base_rate(rows, 0.3, 1)
    assert rows == before, "the list that was given has changed"


@check("at_base_rate")
def rounds_down(lab: Any) -> None:
    """Round the whole down and the attacks to the nearest."""
    for attacks, benign, share, wanted in ((3, 100, 0.07, (3, 39)), (50, 10, 0.35, (5, 10))):
        found = kinds_of(lab.at_base_rate(some(attacks, benign), share, 1))
        assert found == wanted, (
            f"{attacks} and {benign} at {share} give {sum(wanted)} rows, {wanted[0]} of them attacks; yours: {found}"
        )


SECTIONS = ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance")
WORDS = {section: f"On {section.lower()}." for section in SECTIONS}
NUMBERS = {"lines": 60, "share of scan": "0.250", "first day": "2025-10-15"}


@check("data_sheet")
def refuses_empty_sections(lab: Any) -> None:
    """Refuse a section without text, and name it."""
    for words in ({k: v for k, v in WORDS.items() if k != "Uses"}, WORDS | {"Uses": " \n"}):
        try:
            lab.data_sheet("My set", words, NUMBERS)
        except ValueError as error:
            assert "Uses" in str(error), f"the error should name the section Uses; it says {error}"
        except KeyError:
            raise AssertionError("a section that words lacks raises a KeyError; wanted is a ValueError") from None
        else:
            raise AssertionError("Uses has no text but blanks, and nobody noticed: raise a ValueError")


@check("data_sheet")
def refuses_typed_numbers(lab: Any) -> None:
    """Refuse a number that was typed, and name its section; take names of numbers in braces."""
    try:
        lab.data_sheet("My set", WORDS | {"Collection": "On 60 days, {lines} lines."}, NUMBERS)
    except ValueError as error:
        assert "Collection" in str(error), f"the error should name the section Collection; it says {error}"
    else:
        raise AssertionError("'On 60 days' was typed, not computed: raise a ValueError")
    numbers = NUMBERS | {"part 2": 7}
    found = lab.data_sheet("My set", WORDS | {"Uses": "{part 2} of {first day}."}, numbers)
    assert "7 of 2025-10-15." in found, "a digit in a name in braces is fine, as in '{part 2}'"


@check("data_sheet")
def has_the_table_once(lab: Any) -> None:
    """Put the table under Composition only, all numbers in their order."""
    found = lab.data_sheet("My set", WORDS, NUMBERS)
    part = found.partition("## Composition\n")[2].partition("## Collection")[0]
    rows = "| number | value |\n|---|---|\n| lines | 60 |\n| share of scan | 0.250 |\n| first day | 2025-10-15 |\n"
    assert rows in part, f"under Composition, the table should be {rows!r}; there stands {part!r}"
    assert found.count("|---|---|") == 1, f"there are {found.count('|---|---|')} tables; one is wanted"
    assert "\n\n\n" not in found, "two blank lines follow each other: one is wanted"


@check("data_sheet")
def follows_the_sections(lab: Any) -> None:
    """Keep the sections' order, whatever the order of words."""
    words = dict(reversed(WORDS.items())) | {"Jokes": "None."}
    found = lab.data_sheet("My set", words, NUMBERS)
    order = [one[3:] for one in found.split("\n") if one.startswith("## ")]
    assert order == list(SECTIONS), f"the headings should be those of SECTIONS in their order; yours: {order}"


def sheet() -> str:
    """Return a sheet that is right."""
    blocks = ["# My set"]
    for section in SECTIONS:
        blocks += [f"## {section}", WORDS[section]]
        if section == "Composition":
            blocks.append("| number | value |\n|---|---|\n" + "\n".join(f"| {k} | {v} |" for k, v in NUMBERS.items()))
    return "\n\n".join(blocks) + "\n"


@check("wrong_in_sheet")
def finds_missing_sections(lab: Any) -> None:
    """Name a section whose heading is missing, and one without text, in their order."""
    broken = sheet().replace("## Uses\n", "").replace("On motivation.", "  ")
    found = lab.wrong_in_sheet(broken, NUMBERS)
    assert len(found) == 2, f"Uses has no heading and Motivation no text: two texts, yours: {found}"
    assert "Motivation" in found[0] and "Uses" in found[1], f"first Motivation, then Uses; yours: {found}"
    found = lab.wrong_in_sheet(
        sheet().replace("## Maintenance\n\nOn maintenance.\n", "See ## Maintenance\nOften.\n"), NUMBERS
    )
    assert len(found) == 1, f"'## Maintenance' within a line is no heading; yours: {found}"


@check("wrong_in_sheet")
def finds_missing_numbers(lab: Any) -> None:
    """Name a number that has no row."""
    found = lab.wrong_in_sheet(sheet().replace("| first day | 2025-10-15 |\n", ""), NUMBERS)
    assert len(found) == 1 and "first day" in found[0], f"the row of 'first day' is missing; yours: {found}"


@check("wrong_in_sheet")
def finds_unknown_numbers(lab: Any) -> None:
    """Name a row whose number the data do not have, and a second row that is wrong."""
    more = sheet().replace("| lines | 60 |\n", "| lines | 60 |\n| moons | 2 |\n")
    found = lab.wrong_in_sheet(more, NUMBERS)
    assert len(found) == 1 and "moons" in found[0], f"no number is called moons; yours: {found}"
    twice = sheet().replace("| lines | 60 |\n", "| lines | 61 |\n| lines | 60 |\n")
    found = lab.wrong_in_sheet(twice, NUMBERS)
    assert len(found) == 1 and "lines" in found[0], f"lines has two rows, and one of them is wrong; yours: {found}"


@check("wrong_in_sheet")
def compares_exactly(lab: Any) -> None:
    """Compare values as texts: 6 is not 60, and 0.25 is not 0.250."""
    for right, wrong in (("| 60 |", "| 6 |"), ("| 0.250 |", "| 0.25 |"), ("| 60 |", "| 60.0 |"), ("| 60 |", "|  |")):
        found = lab.wrong_in_sheet(sheet().replace(right, wrong), NUMBERS)
        assert len(found) == 1, f"{wrong} in the place of {right} is one mistake; yours: {found}"
    order = lab.wrong_in_sheet(sheet().replace("| 60 |", "| 6 |").replace("0.250", "0.2"), NUMBERS)
    assert ["lines" in one for one in order] == [True, False], f"mistakes come in the sheet's order; yours: {order}"


def steps(text: str) -> list[tuple[str, str]]:
    """Return the pairs of words that follow each other."""
    words = ["<start>", *text.split(), "<end>"]
    return list(zip(words, words[1:], strict=False))


def learn(*texts: str) -> tuple[Counter[tuple[str, str]], Counter[str], int]:
    """Learn a bigram model."""
    pairs = Counter(step for text in texts for step in steps(text))
    words: Counter[str] = Counter()
    for (word, _), count in pairs.items():
        words[word] += count
    return pairs, words, len(words)


def expected(model: Any, texts: list[str]) -> float:
    """Return the perplexity."""
    pairs, words, size = model
    losses = [math.log(words[a] + 0.1 * (size + 1)) - math.log(pairs[a, b] + 0.1) for t in texts for a, b in steps(t)]
    return math.exp(sum(losses) / len(losses))


def near(found: float, wanted: float) -> bool:
    """Compare two numbers."""
    return math.isclose(found, wanted, rel_tol=1e-9)


@check("perplexity")
def weighs_by_length(lab: Any) -> None:
    """Take the mean over all steps of all texts, not the mean of the texts' own values."""
    model, texts = learn("a b c a b c", "x"), ["a b c a b c", "q"]
    found, wanted = lab.perplexity(model, texts), expected(model, texts)
    assert near(found, wanted), f"over a long and a short text it is {wanted:.4f}; yours is {found:.4f}"


@check("perplexity")
def knows_the_unseen(lab: Any) -> None:
    """Stay finite on words that were never seen, and add none to the model."""
    model = learn("a b")
    found, wanted = lab.perplexity(model, ["z z z"]), expected(model, ["z z z"])
    assert near(found, wanted), f"on three unseen words it is {wanted:.4f}; yours is {found:.4f}"
    assert model == learn("a b"), "the model has changed: asking must teach it nothing"


@check("perplexity")
def survives_long_texts(lab: Any) -> None:
    """Stay right on texts of thousands of words."""
    model, texts = learn("a b c d"), ["a c " * 4_000]
    found, wanted = lab.perplexity(model, texts), expected(model, texts)
    assert near(found, wanted), f"on 8,000 words it is {wanted:.4f}; yours is {found}: add logarithms, do not multiply"


@check("perplexity")
def nothing_is_infinite(lab: Any) -> None:
    """Return infinity without any text, and count start and end of an empty one."""
    found = lab.perplexity(learn("a"), [])
    assert found == math.inf, f"without a text it is infinite; yours is {found}"
    model = learn("a", "")
    found, wanted = lab.perplexity(model, [""]), expected(model, [""])
    assert near(found, wanted), f"an empty text has one step, from start to end: {wanted:.4f}, yours {found:.4f}"
