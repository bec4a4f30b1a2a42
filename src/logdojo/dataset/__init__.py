"""Events → examples → group splits → tokens.

sources    a file of labelled lines or events → examples
render     an event → the text that a model reads
history    what the same source did just before, as a few counts
splits     examples → train, validation and test, whole groups at a time
tokens     text → token ids, in batches of like length
"""

from logdojo.dataset.examples import Example
from logdojo.dataset.render import mask, render_document, render_event
from logdojo.dataset.sources import load_examples
from logdojo.dataset.splits import split_by_group

__all__ = ["Example", "load_examples", "mask", "render_document", "render_event", "split_by_group"]
