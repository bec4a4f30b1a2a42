"""Lab 07, fields: learners' mistakes lose points, with a reason that names them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    (
        "field_class",
        "compares letters",
        'ending = "".join(words[start:]).lower()\n        if ending in policy:\n            return policy[ending]',
        "for known in policy:\n            if name.lower().endswith(known):\n                return policy[known]",
        "goes_by",
        "its word is zip",
    ),
    (
        "field_class",
        "does not cut at capitals",
        "[A-Z]+(?![a-z])|[A-Z]?[a-z]+",
        "[A-Za-z]+",
        "goes_by",
        "remoteUserName",
    ),
    (
        "field_class",
        "takes the shortest ending",
        "range(len(words))",
        "reversed(range(len(words)))",
        "longest_ending",
        "the longest ending counts",
    ),
    ("field_class", "looks at the whole name only", "range(len(words))", "range(1)", "goes_by", "ends with the words"),
    ("field_class", "loses acronyms", "[A-Z]+(?![a-z])|", "", "cuts_into", "sourceIPAddress"),
    ("field_class", "minds the case", ".lower()", "", "knows_spellings", "another spelling"),
    ("field_class", "looks at beginnings", "words[start:]", "words[:len(words) - start]", "goes_by", "remoteUserName"),
    ("field_class", "loses digits", "|[0-9]+", "", "treats_digits", "user2"),
    (
        "mask_by_field",
        "forgets the name in lists",
        "mask_by_field(one, policy, key, name)",
        "mask_by_field(one, policy, key)",
        "hands_names",
        "hand the list's name down",
    ),
    ("mask_by_field", "takes 0 for empty", 'value in (None, "")', "not value", "keeps_empty", "may be 0"),
    ("mask_by_field", "masks None too", 'value in (None, "")', 'value == ""', "masks_secrets", "None is no value"),
    (
        "mask_by_field",
        "keeps what has no operator",
        "OPERATORS.get(kind, mask)",
        "OPERATORS.get(kind, keep)",
        "masks_what",
        "when in doubt",
    ),
    (
        "mask_by_field",
        "does not open texts",
        "inner = as_json(value)",
        "inner = None",
        "opens_json",
        "as_json() reads it",
    ),
    (
        "mask_by_field",
        "puts a dict in the place of a text",
        "json.dumps(mask_by_field(inner, policy, key, name))",
        "mask_by_field(inner, policy, key, name)",
        "opens_json",
        "stays a text",
    ),
    (
        "mask_by_field",
        "trusts unknown text",
        "redact_line(value, key) if isinstance(value, str) else value",
        "value",
        "searches_unknown",
        "goes through redact_line",
    ),
    (
        "mask_by_field",
        "takes everything for text",
        "redact_line(value, key) if isinstance(value, str) else value",
        "redact_line(str(value), key)",
        "goes_by_the_name",
        "changed",
    ),
    (
        "mask_by_field",
        "opens secrets",
        "    if kind := field_class(name, policy):",
        "    if as_json(value) is None and (kind := field_class(name, policy)):",
        "walks_json",
        "a known name comes first",
    ),
    (
        "mask_by_field",
        "changes the event",
        ("return {field: mask_by_field(inner", "value.items()}"),
        (
            "for field, inner in value.items():\n            value[field] = (mask_by_field(inner",
            "[value])\n        return value",
        ),
        "leaves_its",
        "build new dicts",
    ),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[Any, ...], lab_07: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_07.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has three mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 3
