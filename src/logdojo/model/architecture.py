"""The tiny model's shape: a Llama decoder of about 5.5 million parameters.

Llama's parts (RMS norm, rotary positions, gated MLP, grouped-query attention; Touvron et al. 2023, Ainslie et al. 2023)
through transformers' own class, so that everything which reads Llama reads this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logdojo.model.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from transformers import LlamaConfig, LlamaForCausalLM

CONTEXT = 512
"""The longest sequence, in tokens."""


def tiny_config(*, vocabulary: int = VOCABULARY) -> LlamaConfig:
    """Return the configuration: 6 layers, width 256, 8 heads over 4 key-value heads, tied embeddings."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )


def random_tiny(*, seed: int, vocabulary: int = VOCABULARY) -> LlamaForCausalLM:
    """Return the tiny model with random weights; the same seed gives the same weights."""
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(tiny_config(vocabulary=vocabulary))
