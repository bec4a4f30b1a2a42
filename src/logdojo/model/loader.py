"""A name, a folder or a hub id → model and tokenizer. Safetensors only, and no remote code."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from logdojo.errors import ModelError
from logdojo.model.architecture import random_tiny

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SHIPPED = Path(__file__).parent
NAMES = ("tiny", "tiny-triage")
"""Models that come with the package: the pre-trained base, and the same fine-tuned on simulated logs."""
RANDOM = "random"
"""The tiny model's shape and tokenizer with random weights: what pre-training is compared with."""
WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A causal language model and its tokenizer, float32 on the CPU.

    Args:
        model: the model, in evaluation mode.
        tokenizer: its tokenizer.
        name: what was asked for, and what it became when that is something else.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str


def model_folder(name: str) -> Path:
    """Return the folder of a shipped model, or ``name`` itself as a path."""
    return SHIPPED / name.replace("-", "_") if name in NAMES else Path(name)


def load_base(name: str = "tiny", *, seed: int = 0) -> BaseModel:
    """Load ``tiny``, ``tiny-triage``, ``random``, a local folder, or a model of the Hugging Face hub by its id.

    ``tiny`` without its checkpoint starts from random weights, with a warning: training still works, from further back.

    Raises:
        ModelError: nothing is there, or what is there is not a causal language model in safetensors.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call] # untyped in transformers
    folder = model_folder("tiny" if name == RANDOM else name)
    missing = name == "tiny" and not (folder / WEIGHTS).is_file()
    where = str(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(where)
        if name == RANDOM or missing:
            model: PreTrainedModel = random_tiny(seed=seed, vocabulary=len(tokenizer))
        else:
            model = AutoModelForCausalLM.from_pretrained(where, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{name}: no causal language model could be loaded: {reason}",
            hint=f"give one of {', '.join(NAMES)}, a folder with config, tokenizer and safetensors, or a hub id",
        ) from None
    if missing:
        warnings.warn(f"no checkpoint at {folder / WEIGHTS}: starting from random weights", stacklevel=2)
    model.train(mode=False)
    return BaseModel(model, tokenizer, RANDOM if missing else name)


def save_model(base: BaseModel, folder: Path, *, half: bool = True) -> None:
    """Write model and tokenizer to ``folder`` as safetensors.

    Args:
        base: what to save.
        folder: created if needed.
        half: write bfloat16 (two bytes a weight) instead of float32.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    dtype = torch.bfloat16 if half else torch.float32
    weights = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in base.model.state_dict().items()
        if name != "lm_head.weight" or not base.model.config.tie_word_embeddings
    }
    temporary = folder / f"{WEIGHTS}.part"
    save_file(weights, temporary, metadata={"format": "pt"})
    temporary.replace(folder / WEIGHTS)
    base.model.config.dtype = str(dtype).removeprefix("torch.")
    base.model.config.architectures = [type(base.model).__name__]
    base.model.config.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
