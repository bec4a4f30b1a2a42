from __future__ import annotations

import pytest

from logdojo.anonymize import Anonymizer, Audit, Redacted, load_policy
from logdojo.anonymize.spans import Edit
from logdojo.errors import LeakError

ANONYMIZER = Anonymizer(b"a key of the tests, 32 bytes long")


def _audit() -> Audit:
    policy = load_policy()
    return Audit(common_words=policy.common_words | policy.no_names)


def test_clean_output_passes_and_is_counted():
    """Lines, replaced values by class and withheld lines are counted."""
    audit = _audit()
    for line in ("user=zaphod ip=81.2.69.142", "nothing", "caf\udce9"):
        audit.watch(ANONYMIZER.redact(line))
    audit.check()
    assert audit.lines == 3
    assert audit.replaced == {"user": 1, "ip": 1}
    assert audit.withheld == {"not UTF-8": 1}


def test_a_value_left_in_its_own_line_is_a_leak_and_is_not_shown():
    """The error names line and class; the value stands neither in it nor in the hint."""
    audit = _audit()
    audit.watch(Redacted("fine"))
    audit.watch(Redacted("user-1 and zaphod", ((0, 6),), (Edit(0, 6, "user-1", "user", "zaphod"),)))
    with pytest.raises(LeakError, match=r"line 2 \(user\)") as caught:
        audit.check()
    assert "zaphod" not in str(caught.value) + caught.value.hint


def test_a_distinctive_value_is_a_leak_in_later_lines_too():
    """An address learnt in line 1 is looked for to the end; an ordinary word is not."""
    audit = _audit()
    edits = (Edit(0, 1, "x", "ip", "81.2.69.142"), Edit(2, 3, "y", "user", "orange"))
    audit.watch(Redacted("x y", ((0, 1), (2, 3)), edits))
    audit.watch(Redacted("an orange ate 81.2.69.142, not 81.2.69.1420"))
    assert [(f.line, f.class_name) for f in audit.findings] == [(2, "ip")]


def test_a_pseudonym_that_looks_like_an_original_is_no_leak():
    """Inside a small private range one address's pseudonym may be another address."""
    audit = _audit()
    edits = (Edit(0, 11, "192.168.0.7", "ip", "192.168.0.9"),)
    audit.watch(Redacted("192.168.0.7", ((0, 11),), edits))
    edits = (Edit(0, 11, "192.168.0.9", "ip", "192.168.0.7"),)
    audit.watch(Redacted("192.168.0.9", ((0, 11),), edits))
    audit.check()
