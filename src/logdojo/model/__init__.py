"""Base models and how to load them.

labels       a label ↔ one token of the vocabulary
vocabulary   the byte-level BPE of the tiny model, trained on logs
architecture the tiny model's shape: a Llama decoder of 5.5 million parameters
loader       a name, a folder or a hub id → model and tokenizer
device       where and in which number format to compute
tiny/        the shipped checkpoint, with its card
"""

from logdojo.model.loader import BaseModel, load_base, save_model

__all__ = ["BaseModel", "load_base", "save_model"]
