"""Texts → probabilities of the labels: one forward pass a batch, logits at the verdict's position only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from logdojo.dataset.tokens import Batch, batches, encode
from logdojo.model.device import choose_dtype
from logdojo.model.labels import Labels
from logdojo.model.loader import BaseModel

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def label_logits(model: PreTrainedModel, batch: Batch, token_ids: torch.Tensor) -> torch.Tensor:
    """Return ``(batch, labels)`` logits of the label tokens after the last token of each row.

    Args:
        model: a decoder whose ``.model`` gives hidden states and whose ``lm_head`` is linear.
        batch: token ids, padded on the right.
        token_ids: ``(labels,)`` on the model's device.
    """
    import torch

    device = token_ids.device
    mask = torch.from_numpy(batch.attention_mask).to(device)
    hidden = model.model(input_ids=torch.from_numpy(batch.input_ids).to(device), attention_mask=mask).last_hidden_state
    last = mask.sum(dim=1) - 1
    at_verdict = hidden[torch.arange(len(last), device=device), last]
    logits: torch.Tensor = at_verdict @ model.lm_head.weight[token_ids].to(at_verdict.dtype).T
    return logits


class Scorer:
    """Scores texts with a fine-tuned model.

    Args:
        base: the model and its tokenizer.
        labels: what it can say, and how long a text it reads.
        batch_tokens: padded tokens a forward pass.
    """

    def __init__(self, base: BaseModel, labels: Labels, *, batch_tokens: int = 8_192) -> None:
        self.base = base
        self.labels = labels
        self._batch_tokens = batch_tokens
        self._label_tokens = labels.token_ids(base.tokenizer)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Return ``(texts, labels)`` float32 probabilities, rows in the order of ``texts``."""
        import torch

        out = np.zeros((len(texts), len(self.labels.names)), dtype=np.float32)
        if not texts:
            return out
        model = self.base.model
        device = next(model.parameters()).device
        dtype = choose_dtype(device)
        token_ids = torch.tensor(self._label_tokens, device=device)
        distinct = list(dict.fromkeys(texts))
        ids = encode(distinct, self.base.tokenizer, max_tokens=self.labels.max_tokens)
        scores = np.zeros((len(distinct), len(self.labels.names)), dtype=np.float32)
        pad = int(self.base.tokenizer.pad_token_id)
        with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            for batch in batches(ids, [0] * len(ids), tokens=self._batch_tokens, pad=pad):
                logits = label_logits(model, batch, token_ids).float()
                scores[batch.rows] = torch.softmax(logits, dim=1).cpu().numpy()
        place = {text: i for i, text in enumerate(distinct)}
        return scores[[place[text] for text in texts]]
