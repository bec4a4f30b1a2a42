"""Lab 07: answers that learners really give lose points, with a reason that names the mistake."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source

LAB = find_lab("07")
FORM = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
_RIGHT_FRONT = r"(?<![\w.])(?<![A-Za-z]/)"
_RIGHT_BEHIND = r"(?!\w|\.\d)"


class Wrong(NamedTuple):
    """An answer, a check it must fail, and words that the reasons must say."""

    exercise: str
    mistake: str
    source: str
    fails: str
    says: str


def places(
    *, front: str = _RIGHT_FRONT, behind: str = _RIGHT_BEHIND, value: str = "match.span()", test: str = ""
) -> str:
    """Return an answer to find_ips with some parts replaced."""
    test = test or 'all(int(p) < 256 and p == str(int(p)) for p in match[0].split("."))'
    return (
        f"def find_ips(text):\n    return [{value} for match in re.finditer(r'{front}{FORM}{behind}', text) if {test}]"
    )


def name(
    *,
    data: str = "value.casefold()",
    rest: str = "digest_size=6, key=key, person=kind.encode()",
    guard: str = "16",
    cut: str = "",
    error: str = '"key too short"',
) -> str:
    """Return an answer to keyed_pseudonym with some parts replaced."""
    return textwrap.dedent(f"""
        def keyed_pseudonym(key, kind, value):
            if len(key) < {guard}:
                raise ValueError({error})
            return kind + "-" + hashlib.blake2b({data}.encode(), {rest}).hexdigest(){cut}
    """)


def prefix(*, bits: str = "bits[:i]", key: str = "key=key", form: str = "032b", out: str = "int(bit) ^ flip") -> str:
    """Return an answer to prefix_preserving with some parts replaced."""
    return textwrap.dedent(f"""
        def prefix_preserving(key, address):
            bits = f"{{int(ipaddress.IPv4Address(address)):{form}}}"
            mapped = 0
            for i, bit in enumerate(bits):
                flip = hashlib.blake2b({bits}.encode(), digest_size=1, {key}).digest()[0] & 1
                mapped = mapped << 1 | {out}
            return str(ipaddress.IPv4Address(mapped))
    """)


def mask(
    *,
    handed: str = "name",
    normal: str = 're.sub(r"[^a-z0-9]", "", name.lower())',
    empty: str = 'value in (None, "")',
    whole: str = "find_ips(str(value)) == [(0, len(str(value)))]",
    text: str = "str(value)",
) -> str:
    """Return an answer to mask_by_field with some parts replaced."""
    return textwrap.dedent(f"""
        def mask_by_field(value, policy, key, name=""):
            if isinstance(value, dict):
                return {{n: mask_by_field(v, policy, key, n) for n, v in value.items()}}
            if isinstance(value, list):
                return [mask_by_field(v, policy, key, {handed}) for v in value]
            kind = policy.get({normal})
            if kind is None or {empty}:
                return value
            if kind == "secret":
                return "[secret]"
            if kind == "ip" and {whole}:
                return prefix_preserving(key, value)
            return keyed_pseudonym(key, "host" if kind == "ip" else kind, {text})
    """)


IN_PLACE = """
def mask_by_field(value, policy, key, name=""):
    for n, v in value.items() if isinstance(value, dict) else enumerate(value):
        inner = n if isinstance(value, dict) else name
        kind = policy.get(re.sub(r"[^a-z0-9]", "", inner.lower()))
        if isinstance(v, (dict, list)):
            mask_by_field(v, policy, key, inner)
        elif kind and v not in (None, ""):
            value[n] = "[secret]" if kind == "secret" else keyed_pseudonym(key, kind, str(v))
    return value
"""


def redact(*, stamps: str = "STAMP.finditer(line)", free: str = "start >= at and ", tail: str = " + line[at:]") -> str:
    """Return an answer to redact_line with some parts replaced."""
    return textwrap.dedent(f"""
        def redact_line(line, key):
            stamps = [match.span() for match in {stamps}]
            found = [(a, b, prefix_preserving(key, line[a:b])) for a, b in find_ips(line)]
            for kind, pattern in NAMES.items():
                for match in pattern.finditer(line):
                    found.append((*match.span(1), keyed_pseudonym(key, kind, match[1])))
            out, at = "", 0
            for start, stop, new in sorted(found):
                if {free}all(stop <= a or b <= start for a, b in stamps):
                    out += line[at:start] + new
                    at = stop
            return out{tail}
    """)


BY_LETTERS = """
def redact_line(line, key):
    for a, b in find_ips(line):
        line = line.replace(line[a:b], prefix_preserving(key, line[a:b]))
    for kind, pattern in NAMES.items():
        for match in pattern.finditer(line):
            line = line.replace(match[1], keyed_pseudonym(key, kind, match[1]))
    return line
"""


def count(
    *,
    value: str = "re.escape(value)",
    front: str = "(?<![A-Za-z0-9])",
    behind: str = "(?![A-Za-z0-9])",
    flags: str = "re.IGNORECASE",
    order: str = "leaked + found, total + 1",
    only: str = "True",
) -> str:
    """Return an answer to count_leaks with some parts replaced."""
    return textwrap.dedent(f"""
        def count_leaks(lines):
            counts = {{}}
            for line, known in lines:
                for kind, value in known:
                    found = re.search("{front}" + {value} + "{behind}", line, {flags}) is not None
                    leaked, total = counts.get(kind, (0, 0))
                    if {only}:
                        counts[kind] = ({order})
            return counts
    """)


MISTAKES = [
    Wrong("find_ips", "looks at the form only", places(front="", behind=""), "leaves_versions", "holds a version"),
    Wrong("find_ips", "takes a part of a longer number", places(behind=""), "looks_at_the_neighbors", "take no part"),
    Wrong(
        "find_ips",
        "refuses every slash",
        places(front=r"(?<![\w./])"),
        "looks_at_the_neighbors",
        "slash with no letter",
    ),
    Wrong("find_ips", "checks no values", places(test="True"), "looks_at_the_values", "above 255"),
    Wrong("find_ips", "returns the texts", places(value="match[0]"), "finds_addresses", "pair (start, stop)"),
    Wrong(
        "keyed_pseudonym",
        "forgets the key",
        name(rest="digest_size=6, person=kind.encode()"),
        "needs_the_key",
        "another key",
    ),
    Wrong("keyed_pseudonym", "forgets the person", name(rest="digest_size=6, key=key"), "keeps_kinds_apart", "person="),
    Wrong(
        "keyed_pseudonym",
        "cuts a longer digest",
        name(rest="key=key, person=kind.encode()", cut="[:12]"),
        "is_keyed_blake2b",
        "digest_size=6",
    ),
    Wrong("keyed_pseudonym", "minds the case", name(data="value"), "keeps_kinds_apart", "Ben and ben differ"),
    Wrong("keyed_pseudonym", "accepts any key", name(guard="1"), "refuses_a_short_key", "can be guessed"),
    Wrong(
        "keyed_pseudonym",
        "shows the key",
        name(error='f"bad key {key.decode()}"'),
        "refuses_a_short_key",
        "shows the key",
    ),
    Wrong(
        "prefix_preserving",
        "hashes the whole address",
        prefix(bits="(bits + str(i))"),
        "keeps_a_network_together",
        "share 31 bits",
    ),
    Wrong(
        "prefix_preserving", "hashes the bit itself too", prefix(bits="bits[:i + 1]"), "keeps_prefixes_exactly", "share"
    ),
    Wrong("prefix_preserving", "forgets the key", prefix(key="key=b''"), "never_collides", "another key"),
    Wrong("prefix_preserving", "drops leading zeros", prefix(form="b"), "follows_the_construction", "becomes"),
    Wrong("prefix_preserving", "changes nothing", prefix(out="int(bit)"), "keeps_a_network_together", "unchanged"),
    Wrong("mask_by_field", "changes the event", IN_PLACE, "leaves_its_input", "build new dicts"),
    Wrong(
        "mask_by_field", "forgets the name in lists", mask(handed='""'), "hands_names_down", "hand the list's name down"
    ),
    Wrong("mask_by_field", "minds the spelling", mask(normal="name.lower()"), "normalizes_names", "another spelling"),
    Wrong("mask_by_field", "takes 0 for empty", mask(empty="not value"), "keeps_empty_and_false", "may be 0"),
    Wrong("mask_by_field", "masks None too", mask(empty="False"), "masks_secrets", "None is no value"),
    Wrong("mask_by_field", "trusts the field", mask(whole="True"), "treats_addresses_and_numbers", "AddressValueError"),
    Wrong("mask_by_field", "expects text", mask(text="value"), "treats_addresses_and_numbers", "AttributeError"),
    Wrong("redact_line", "protects no timestamp", redact(stamps="()"), "protects_a_timestamp", "overlap STAMP stay"),
    Wrong("redact_line", "forgets the rest of the line", redact(tail=""), "cleans_a_line", "end of the line"),
    Wrong("redact_line", "replaces letters, not places", BY_LETTERS, "replaces_one_name_by_place", "replace places"),
    Wrong("redact_line", "lets places overlap", redact(free=""), "first_place_wins", "the name starts first"),
    Wrong("count_leaks", "takes values for patterns", count(value="value"), "takes_values_literally", "escape"),
    Wrong(
        "count_leaks", "counts parts of words", count(front="", behind=""), "counts_whole_values", "january is no leak"
    ),
    Wrong(
        "count_leaks",
        "uses word boundaries",
        count(front=r"\\b", behind=r"\\b"),
        "takes_values_literally",
        "may hold signs",
    ),
    Wrong("count_leaks", "minds the case", count(flags="0"), "takes_values_literally", "case does not matter"),
    Wrong("count_leaks", "leaves clean kinds out", count(only="found"), "counts_by_kind", "1 of 2 users"),
    Wrong(
        "count_leaks",
        "turns the pair around",
        count(order="leaked + 1, total + found"),
        "counts_by_kind",
        "(leaked, known)",
    ),
]


@pytest.fixture(scope="module")
def course(root_folder: Path) -> Course:
    """The course of this project."""
    return Course(root_folder)


@pytest.fixture(scope="module")
def root_folder() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def checks(course: Course) -> list[Check]:
    """Public and hidden checks."""
    return load_all(course.check_files(LAB))


@pytest.fixture(scope="module")
def solved(course: Course) -> dict[str, Any]:
    """The names that the solved lab defines, without its demonstrations."""
    names: dict[str, Any] = {}
    cells = read_source(course.source(LAB))
    setup = ("import ", "POLICY =", "STAMP =")
    for cell in cells:
        if cell.role is Role.EXERCISE or (cell.role is Role.CODE and cell.text.startswith(setup)):
            exec(cell.solved().replace('dojo.lab("07_anonymize")', ""), names)  # noqa: S102, the course's own source
    return names


def run(source: str, solved: dict[str, Any], checks: list[Check], exercise: str) -> dict[str, str]:
    """Return the reasons of the checks that an answer fails."""
    names = dict(solved)
    exec(source, names)  # noqa: S102, the answers above
    results = run_checks([one for one in checks if one.exercise == exercise], names)
    return {result.check: result.reason for result in results if not result.passed}


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong.exercise}: {wrong.mistake}")
def test_a_mistake_is_named(wrong: Wrong, solved: dict[str, Any], checks: list[Check]):
    """The answer loses points, in the check that is about its mistake, and the reason says what it is."""
    reasons = run(wrong.source, solved, checks, wrong.exercise)
    assert wrong.fails in reasons, reasons
    assert wrong.says in " ".join(reasons.values()), reasons


@pytest.mark.parametrize("parts", [places, name, prefix, mask, redact, count])
def test_the_patterns_are_right_when_nothing_is_replaced(parts: Any, solved: dict[str, Any], checks: list[Check]):
    """The patterns that mistakes are made from are full answers themselves."""
    source = parts()
    exercise = source.split("def ", 1)[1].split("(", 1)[0]
    assert run(source, solved, checks, exercise) == {}


def test_the_solution_has_full_marks(solved: dict[str, Any], checks: list[Check]):
    """Every check passes on the solution, and each exercise has two mistakes or more above."""
    assert [result.reason for result in run_checks(checks, solved) if not result.passed] == []
    exercises = {one.exercise for one in checks}
    assert all(sum(wrong.exercise == exercise for wrong in MISTAKES) >= 2 for exercise in exercises)


def test_an_unwritten_exercise_says_so(solved: dict[str, Any], checks: list[Check]):
    """An exercise that is not written yet says so in every check, and scores nothing."""
    for exercise in {one.exercise for one in checks}:
        reasons = run(f"def {exercise}(*_): raise NotImplementedError", solved, checks, exercise)
        assert set(reasons.values()) == {"not written yet"}
        assert len(reasons) == sum(one.exercise == exercise for one in checks)
