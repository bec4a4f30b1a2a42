"""The byte-level BPE of the tiny model, trained on logs.

Byte-level: any input has a tokenization, and decoding gives the same bytes back. Digits stand alone (a port is three or
four tokens, but 443 and 4430 share nothing by accident), and placeholders, control and label tokens are single tokens.
Reference: Sennrich et al. 2016 (BPE), Radford et al. 2019 (byte level).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from logdojo.dataset.render import PLACEHOLDERS
from logdojo.dataset.tokens import END, LOG, PAD, VERDICT
from logdojo.model.labels import POOL

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 4_096
SPECIAL = (PAD, END, LOG, VERDICT, *POOL, *PLACEHOLDERS)


def train_tokenizer(texts: Iterable[str], *, size: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE with ``size`` tokens on ``texts``; the same texts give the same tokenizer."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    # Words with the space or sign before them, single digits, runs of signs: a log's own seams.
    pieces = Regex(r" ?[A-Za-z]+| ?\d| ?[^\sA-Za-z\d]+|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pieces, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call] # transformers leaves its constructor untyped
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, bos_token=LOG, clean_up_tokenization_spaces=False
    )
