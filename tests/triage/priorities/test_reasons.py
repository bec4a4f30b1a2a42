"""A score and its reasons."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from logdojo.triage.priorities import Evidence, combined

EVIDENCE = st.lists(
    st.builds(Evidence, st.sampled_from("abcdefgh"), st.floats(0, 1, allow_nan=False), st.just("Because.")), max_size=12
)


@given(EVIDENCE)
def test_the_reasons_add_up_to_the_score(evidence: list[Evidence]):
    """The points of all reasons are the score, it lies between 0 and 100, and each name stands once."""
    found = combined(evidence)
    assert sum(reason.points for reason in found.reasons) == found.score
    assert 0 <= found.score <= 100
    assert len({reason.name for reason in found.reasons}) == len(found.reasons)
    assert all(reason.points > 0 for reason in found.reasons)


@given(EVIDENCE, st.integers(0, 11), st.floats(0, 1))
def test_the_score_is_monotone_in_each_part(evidence: list[Evidence], place: int, more: float):
    """A part that weighs more, or one more part, never lowers the score."""
    before = combined(evidence).score
    if evidence:
        each = evidence[place % len(evidence)]
        heavier = Evidence(each.name, max(each.weight, more), each.sentence)
        raised = [heavier if other is each else other for other in evidence]
        assert combined(raised).score >= before
    assert combined([*evidence, Evidence("another", more, "Because.")]).score >= before


@given(EVIDENCE, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(evidence: list[Evidence], rng: random.Random):
    """The same evidence in another order gives the same priority."""
    shuffled = list(evidence)
    rng.shuffle(shuffled)
    assert combined(shuffled) == combined(evidence)


def test_nothing_gives_nothing():
    """Without evidence the score is 0 and there are no reasons."""
    assert combined([]).score == 0
    assert combined([]).reasons == ()
