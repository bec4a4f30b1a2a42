from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import yaml

from logdojo.course.catalog import LABS, find_course, find_lab
from logdojo.errors import CourseError, UsageError


def test_thirteen_labs_in_order_build_on_earlier_ones():
    """Numbers run from 1 to 13, names are unique, and no lab needs a later one."""
    assert [lab.number for lab in LABS] == list(range(1, 14))
    slugs = [lab.slug for lab in LABS]
    assert len(set(slugs)) == 13
    for lab in LABS:
        assert all(slugs.index(before) < slugs.index(lab.slug) for before in lab.prerequisites)
        assert lab.builds
        assert lab.syllabus


def test_every_syllabus_row_has_a_lab(root: Path):
    """Labs and syllabus name the same topics, each once."""
    covered = [topic for lab in LABS for topic in lab.syllabus]
    assert len(covered) == len(set(covered))
    rows = set(re.findall(r"\b(?:log|llm)\.[a-z]+\b", (root / "quizzes" / "syllabus.yaml").read_text(encoding="utf-8")))
    assert yaml.safe_load((root / "quizzes" / "syllabus.yaml").read_text(encoding="utf-8"))
    assert set(covered) == rows


def test_the_librarys_own_parts_exist():
    """What a later lab falls back to can be imported."""
    for lab in LABS:
        for part in lab.parts.values():
            module, _, attribute = part.partition(":")
            assert hasattr(importlib.import_module(module), attribute), part


@pytest.mark.parametrize("text", ["7", "07", "07_anonymize", "anonymize", "07_anonymize.ipynb", "07_anonymize.py"])
def test_a_lab_is_found_by_number_or_name(text: str):
    """Whatever a person would call a lab names it."""
    assert find_lab(text).slug == "07_anonymize"


@pytest.mark.parametrize("text", ["", "0", "14", "7a", "anon", "²"])
def test_an_unknown_lab_is_a_wrong_call(text: str):
    """A name that no lab has is refused with what there is."""
    with pytest.raises(UsageError, match="no lab is called"):
        find_lab(text)


def test_the_course_is_found_from_any_folder_in_it(root: Path, tmp_path: Path):
    """Commands work from labs/ as well as from the top; elsewhere they say what is missing."""
    assert find_course(root / "labs").root == root
    with pytest.raises(CourseError, match="no folder labs/"):
        find_course(tmp_path)
