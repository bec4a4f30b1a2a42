"""A label ↔ one token of the vocabulary, so that a verdict is the next token and costs one forward pass.

The tiny tokenizer keeps a pool of spare tokens for this. A data set's labels take them in order, ``benign`` first;
which label has which token is saved with the fine-tuned model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logdojo.dataset.examples import BENIGN, Example
from logdojo.dataset.tokens import token_id
from logdojo.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

POOL = tuple(f"<|label_{i}|>" for i in range(32))
FILE = "labels.json"


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that a fine-tuned model can say.

    Args:
        names: the labels, ``benign`` first if present; a label's place is its index everywhere.
        attacks: label → MITRE ATT&CK technique, as the training data had it; "" where none.
        max_tokens: longest text that the model was trained on, in tokens; a longer one loses its end.
        threshold: probability of not being benign from which a verdict stops being benign; chosen on validation data.
    """

    names: tuple[str, ...]
    attacks: Mapping[str, str] = field(default_factory=dict)
    threshold: float = 0.5
    max_tokens: int = 256

    @property
    def benign(self) -> int | None:
        """The index of the label ``benign``; None when the model cannot say it."""
        return self.names.index(BENIGN) if BENIGN in self.names else None

    def indexes(self, examples: Sequence[Example]) -> np.ndarray:
        """Return ``(examples,)`` int64 label indexes, −1 for a label that the model cannot say."""
        place = {name: i for i, name in enumerate(self.names)}
        return np.array([place.get(e.label, -1) for e in examples], dtype=np.int64)

    def token_ids(self, tokenizer: PreTrainedTokenizerBase) -> list[int]:
        """Return the token id of each label, in the order of ``names``.

        Raises:
            ModelError: more labels than spare tokens, or a tokenizer without the spare tokens.
        """
        if len(self.names) > len(POOL):
            raise ModelError(
                f"{len(self.names)} labels, but the tokenizer has {len(POOL)} label tokens", hint="merge rare labels"
            )
        return [token_id(tokenizer, token) for token in POOL[: len(self.names)]]

    def save(self, folder: Path) -> None:
        """Write ``labels.json`` into ``folder``."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load_labels(folder: Path) -> Labels:
    """Read ``labels.json`` from a fine-tuned model's folder.

    Raises:
        ModelError: the folder holds no fine-tuned model, or the file is damaged.
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names: Sequence[str] = data["names"]
        return Labels(tuple(names), dict(data["attacks"]), float(data["threshold"]), int(data["max_tokens"]))
    except FileNotFoundError:
        raise ModelError(f"{folder}: no {FILE}, so no fine-tuned model", hint="make one: logdojo finetune") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: damaged: {error!r}", hint="fine-tune again") from None
