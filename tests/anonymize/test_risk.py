from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize.risk import MISSING, measure, records_of, value_of
from logdojo.errors import InputError, UsageError

STAFF = [
    {"network": "10.1.2.0/24", "role": "nurse", "diagnosis": "flu"},
    {"network": "10.1.2.0/24", "role": "nurse", "diagnosis": "cold"},
    {"network": "10.1.2.0/24", "role": "chief", "diagnosis": "gout"},
    {"network": "10.1.3.0/24", "role": "nurse", "diagnosis": "flu"},
    {"network": "10.1.3.0/24", "role": "nurse", "diagnosis": "flu"},
]
records = st.lists(
    st.fixed_dictionaries({name: st.sampled_from("xyz") for name in ("a", "b", "secret")}), min_size=1, max_size=40
)


def test_the_smallest_group_is_named_with_its_lines():
    """One chief in the network is one record to find, in line 3; two nurses with the flu tell their diagnosis."""
    found = measure(STAFF, ["network", "role"], sensitive="diagnosis", k=2, diversity=2)
    assert (found.k, found.l, found.records, found.groups) == (1, 1, 5, 3)
    assert [(group.values, group.size, group.sensitive, group.lines) for group in found.below] == [
        (("10.1.2.0/24", "chief"), 1, 1, (3,)),
        (("10.1.3.0/24", "nurse"), 2, 1, (4, 5)),
    ]


def test_the_field_that_helps_most_is_coarsened_first():
    """Without roles all records stand in groups of two; without networks the chief is still alone."""
    found = measure(STAFF, ["network", "role"], k=2)
    assert [(each.name, each.records_left) for each in found.advice] == [("role", 0), ("network", 1)]


@given(records, st.integers(1, 6))
def test_k_and_l_agree_with_counting(data: list[dict[str, str]], k: int):
    """The k is the size of the smallest group, l the least number of sensitive values, whatever the records."""
    found = measure(data, ["a", "b"], sensitive="secret", k=k)
    sizes = Counter((each["a"], each["b"]) for each in data)
    assert found.k == min(sizes.values())
    assert found.l == min(len({e["secret"] for e in data if (e["a"], e["b"]) == key}) for key in sizes)
    assert {group.values for group in found.below} == {key for key, size in sizes.items() if size < k}
    assert found.records_below == sum(size for size in sizes.values() if size < k)
    assert bool(found.below) == (found.k < k)


@given(records, st.integers(1, 6))
def test_leaving_out_the_named_records_reaches_k(data: list[dict[str, str]], k: int):
    """Suppression works: what is left is k-anonymous, or nothing is left."""
    bad = {group.values for group in measure(data, ["a", "b"], k=k).below}
    left = [each for each in data if (each["a"], each["b"]) not in bad]
    assert not left or measure(left, ["a", "b"], k=k).k >= k


@given(records, st.integers(1, 6))
def test_fewer_fields_never_lower_k(data: list[dict[str, str]], k: int):
    """Who knows less finds at least as many; and the advice says how many records stay below k then."""
    found = measure(data, ["a", "b"], k=k)
    for each in found.advice:
        rest = measure(data, [name for name in ("a", "b") if name != each.name], k=k)
        assert rest.k >= found.k
        assert rest.records_below == each.records_left


def test_fields_are_found_flat_nested_and_missing():
    """A dotted name is looked up as written, then part by part; None and absence are one value."""
    assert value_of({"user.role": "x", "user": {"role": "y"}}, "user.role") == "x"
    assert value_of({"user": {"role": "y"}}, "user.role") == "y"
    assert value_of({"user": None}, "user.role") == value_of({"user": None}, "user") == MISSING
    assert value_of({"n": 3, "ok": True}, "n") == "3"


@pytest.mark.parametrize(
    ("data", "quasi", "sensitive", "k", "error", "named"),
    [
        ([{"a": 1}], [], "", 2, UsageError, "quasi"),
        ([{"a": 1}], ["a", "a"], "", 2, UsageError, "twice"),
        ([{"a": 1}], ["a"], "", 0, UsageError, "k = 0"),
        ([], ["a"], "", 2, InputError, "no records"),
        ([{"a": 1}], ["a", "typo"], "", 2, InputError, "typo"),
        ([{"a": 1}], ["a"], "typo", 2, InputError, "typo"),
    ],
)
def test_mistakes_are_named(
    data: list[dict[str, int]], quasi: list[str], sensitive: str, k: int, error: type[Exception], named: str
):
    """A misspelt field would make everybody look safe, so it is an error."""
    with pytest.raises(error, match=named):
        measure(data, quasi, sensitive=sensitive, k=k)


@pytest.mark.parametrize("line", ["{", "", "[1]", "3"])
def test_lines_that_are_no_objects_are_named(line: str):
    """The line's number is told, not its text."""
    with pytest.raises(InputError, match="line 2"):
        list(records_of(["{}", line]))


def test_the_command_says_what_to_do(tmp_path: Path):
    """Exit code 1 below k, the group's values and lines, and which field to coarsen; 0 when all is well."""
    file = tmp_path / "staff.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in STAFF))
    command = [sys.executable, "-m", "logdojo", "risk", str(file), "--quasi", "network, role"]
    bad = subprocess.run(
        [*command, "--k", "2", "--sensitive", "diagnosis"], capture_output=True, text=True, check=False
    )
    assert bad.returncode == 1
    assert "k = 1, l = 1" in bad.stdout
    assert "role=chief  (lines 3)" in bad.stdout
    assert "gout" not in bad.stdout
    assert "coarsen role first" in bad.stderr
    good = subprocess.run([*command, "--k", "1"], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
