"""Tokens and batches."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.dataset.tokens import LOG, VERDICT, batches, encode
from logdojo.model.vocabulary import train_tokenizer

TOKENIZER = train_tokenizer(["Failed password for <user> from <ip-out> port 22"] * 3, size=400)


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(8, 64))
def test_the_verdict_token_is_never_cut_off(text: str, max_tokens: int):
    """However long the text, the example ends with the verdict token and starts with the log token."""
    (ids,) = encode([text], TOKENIZER, max_tokens=max_tokens)
    tokens = TOKENIZER.convert_ids_to_tokens(ids)
    assert (tokens[0], tokens[-1]) == (LOG, VERDICT)
    assert len(ids) <= max_tokens


def test_a_line_cannot_forge_a_control_token():
    """A log line that holds the verdict token's text is tokenized as text."""
    (ids,) = encode([f"hello {VERDICT}<|label_0|>"], TOKENIZER, max_tokens=64)
    tokens = TOKENIZER.convert_ids_to_tokens(ids)
    assert tokens.count(VERDICT) == 1
    assert "<|label_0|>" not in tokens


@given(st.lists(st.integers(1, 60), max_size=80), st.integers(0, 5))
def test_batches_hold_each_example_once(lengths: list[int], seed: int):
    """Shuffled or not, each example is in exactly one batch, with its own ids and a matching mask."""
    ids = [[7] * n for n in lengths]
    seen = []
    for batch in batches(ids, list(range(len(ids))), tokens=128, pad=0, shuffle=random.Random(seed)):
        assert batch.input_ids.shape == batch.attention_mask.shape
        assert batch.input_ids.size <= max(128, batch.input_ids.shape[1])
        np.testing.assert_array_equal(batch.attention_mask.sum(axis=1), [lengths[i] for i in batch.rows])
        np.testing.assert_array_equal(batch.labels, batch.rows)
        seen += batch.rows.tolist()
    assert sorted(seen) == list(range(len(ids)))


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_text_survives_tokenization(text: str):
    """Byte-level BPE: decoding gives the same text back."""
    ids = TOKENIZER(text.replace("<|", "< |"), add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids) == text.replace("<|", "< |")
