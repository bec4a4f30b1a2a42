"""Text → token ids, and examples → batches of like length.

The form of an example is ``<|log|> text <|verdict|>``; the label's token comes next. Its loss needs logits at one
position only, the last, which is what makes the loop cheap.

Log text is data: whatever in it looks like a control token is broken up before it is tokenized, so that no log line can
end itself early or speak its own verdict.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logdojo.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LOG = "<|log|>"
VERDICT = "<|verdict|>"
END = "<|end|>"
PAD = "<|pad|>"


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids of some examples, padded on the right.

    Args:
        input_ids: ``(batch, seq)`` int64.
        attention_mask: ``(batch, seq)`` int64, 1 on tokens, 0 on padding.
        labels: ``(batch,)`` int64, the index of each example's label, −1 where unknown.
        rows: ``(batch,)`` the index of each example in the list they came from.
    """

    input_ids: np.ndarray
    attention_mask: np.ndarray
    labels: np.ndarray
    rows: np.ndarray


def token_id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    """Return the id of one token of the vocabulary.

    Raises:
        ModelError: the tokenizer does not know it as a single token.
    """
    found = tokenizer.convert_tokens_to_ids(token)
    if not isinstance(found, int) or found == tokenizer.unk_token_id:
        raise ModelError(f"the tokenizer has no token {token}", hint="use one made by `logdojo model pretrain`")
    return found


def encode(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, *, max_tokens: int) -> list[list[int]]:
    """Return the ids of ``<|log|> text <|verdict|>`` for each text; a long text loses its end, never its verdict token.

    Args:
        texts: masked texts.
        tokenizer: one that knows ``<|log|>`` and ``<|verdict|>`` as single tokens.
        max_tokens: the longest result, in tokens.
    """
    head, tail = token_id(tokenizer, LOG), token_id(tokenizer, VERDICT)
    safe = [text.replace("<|", "< |") for text in texts]
    bodies = tokenizer(safe, add_special_tokens=False, truncation=True, max_length=max_tokens - 2)["input_ids"]
    return [[head, *body, tail] for body in bodies] if texts else []


def batches(
    ids: Sequence[list[int]], labels: Sequence[int], *, tokens: int, pad: int, shuffle: random.Random | None = None
) -> Iterator[Batch]:
    """Yield batches of about ``tokens`` padded tokens each, examples of like length together.

    Args:
        ids: token ids of each example.
        labels: index of each example's label.
        tokens: padded tokens a batch, at most (one long example may exceed it).
        pad: id of the padding token.
        shuffle: shuffles ties and the order of batches; None keeps the order of lengths.
    """
    order = list(range(len(ids)))
    if shuffle is not None:
        shuffle.shuffle(order)
    # Lengths are rounded, so that shuffling mixes examples of nearly the same length.
    order.sort(key=lambda i: len(ids[i]) // 8)
    piles: list[list[int]] = [[]]
    longest = 0
    for i in order:
        longest = max(longest, len(ids[i]))
        if piles[-1] and longest * (len(piles[-1]) + 1) > tokens:
            piles.append([])
            longest = len(ids[i])
        piles[-1].append(i)
    if shuffle is not None:
        shuffle.shuffle(piles)
    for pile in piles:
        if pile:
            yield _padded(pile, ids, labels, pad)


def _padded(pile: list[int], ids: Sequence[list[int]], labels: Sequence[int], pad: int) -> Batch:
    width = max(len(ids[i]) for i in pile)
    input_ids = np.full((len(pile), width), pad, dtype=np.int64)
    attention_mask = np.zeros((len(pile), width), dtype=np.int64)
    for row, i in enumerate(pile):
        input_ids[row, : len(ids[i])] = ids[i]
        attention_mask[row, : len(ids[i])] = 1
    return Batch(input_ids, attention_mask, np.array([labels[i] for i in pile], dtype=np.int64), np.array(pile))
