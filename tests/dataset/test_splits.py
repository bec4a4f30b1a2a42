"""Splits by group."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.dataset import Example, split_by_group
from logdojo.dataset.examples import attack_of_label, label_set, to_dataset
from logdojo.errors import DatasetError


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab")), min_size=120, max_size=300), st.integers(0, 99))
def test_no_group_stands_on_two_sides_and_no_example_is_lost(rows: list[tuple[int, str]], seed: int):
    """Whatever the groups and the seed: whole groups move, and all examples are somewhere."""
    examples = [Example(f"text {i}", label, str(group), "x") for i, (group, label) in enumerate(rows)]
    if len({e.group for e in examples}) < 10:
        return
    splits = split_by_group(examples, seed=seed)
    parts = (splits.train, splits.validation, splits.test)
    groups = [{e.group for e in part} for part in parts]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    assert sorted(e.text for part in parts for e in part) == sorted(e.text for e in examples)


def test_the_same_seed_gives_the_same_split():
    """A split can be made again by who evaluates later."""
    examples = [Example(str(i), "ab"[i % 2], str(i % 20), "x") for i in range(100)]
    assert split_by_group(examples, seed=3) == split_by_group(examples, seed=3)


def test_too_few_groups_are_refused():
    """Nine groups cannot be split; the error says how many there must be."""
    with pytest.raises(DatasetError, match="9 groups"):
        split_by_group([Example("t", "a", str(i), "x") for i in range(9)], seed=0)


def test_benign_comes_first_among_labels():
    """Label 0 is benign wherever there is one, so that every model means the same by it."""
    assert label_set([Example("", name, "", "") for name in ("scan", "benign", "abuse")]) == ["benign", "abuse", "scan"]


def test_a_label_takes_the_technique_it_most_often_carries():
    """Sub-techniques count for their technique."""
    examples = [Example("", "bruteforce", "", "", attack) for attack in ("T1110.001", "T1110.003", "T1078", "")]
    assert attack_of_label(examples) == {"bruteforce": "T1110"}


def test_examples_become_a_hugging_face_data_set():
    """Labels become a ClassLabel in the given order."""
    rows = to_dataset([Example("t", "scan", "g", "s")], ["benign", "scan"])
    assert rows.features["label"].names == ["benign", "scan"]
    assert rows[0]["label"] == 1
