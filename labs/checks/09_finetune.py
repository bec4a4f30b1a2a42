"""Public checks of lab 09: enough to guide, not all that is graded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from logdojo.course.check import check

LOG, VERDICT = 2, 3


class WordTokenizer:
    """A tokenizer for checks: each word of a text is one token, numbered from 100 as it comes."""

    unk_token_id = None

    def __init__(self) -> None:
        self.words: dict[str, int] = {"<|log|>": LOG, "<|verdict|>": VERDICT}

    def _id(self, word: str) -> int:
        return self.words.setdefault(word, 100 + len(self.words))

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> int | list[int]:
        """Return the id of a token, or of each token of a list."""
        return self._id(tokens) if isinstance(tokens, str) else [self._id(t) for t in tokens]

    def encode(self, text: str, **_: Any) -> list[int]:
        """Return the ids of a text's words."""
        return [self._id(word) for word in text.split()]

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": self.encode(text)}


@check("encode_example", points=1)
def has_the_form(lab: Any) -> None:
    """A short text becomes <|log|>, text, <|verdict|>, answer."""
    tokenizer = WordTokenizer()
    ids = list(lab.encode_example("Failed password", 7, tokenizer, 16))
    body = tokenizer.encode("Failed password")
    assert ids[-1:] == [7], "the last token must be the answer"
    assert VERDICT in ids, "the verdict token is missing"
    assert ids == [LOG, *body, VERDICT, 7], f"expected {[LOG, *body, VERDICT, 7]}, got {ids}"


@check("loss_mask", points=1)
def keeps_the_answer_only(lab: Any) -> None:
    """All labels are -100 but the answer's."""
    wanted = list(lab.loss_mask([LOG, 101, 102, VERDICT, 7], VERDICT))
    assert len(wanted) == 5, f"five ids need five labels, got {len(wanted)}"
    assert wanted != [-100] * 5, "the answer itself is masked too: nothing would be learnt"
    assert wanted != [-100, -100, -100, 7, -100], "shifted by one: transformers shifts by itself"
    assert wanted[3] == -100, "the verdict token is given in the prompt: it is not the answer, mask it"
    assert wanted == [-100, -100, -100, -100, 7], f"expected four times -100 and then 7, got {wanted}"


@check("LoRALinear", points=1)
def starts_as_the_base_model(lab: Any) -> None:
    """Before training, the layer gives what the linear layer gave."""
    import torch

    linear = torch.nn.Linear(6, 4)
    layer = lab.LoRALinear(linear, r=2, alpha=4)
    x = torch.randn(3, 6)
    out = layer(x)
    assert out.shape == (3, 4), f"the output has shape {tuple(out.shape)}, not (3, 4)"
    assert torch.allclose(out, linear(x)), "the fresh layer already changes the output: B must start at zero"


@check("learning_rate", points=1)
def rises_and_falls(lab: Any) -> None:
    """The rate rises to its peak, then falls to zero."""
    rates = [lab.learning_rate(step, 100, 1.0) for step in range(101)]
    assert rates[0] > 0, "the first step has a rate of zero and is wasted: use (step + 1) / w"
    assert abs(max(rates) - 1.0) < 1e-9, f"the highest rate is {max(rates):.3f}, not the peak of 1.0"
    assert rates[100] < 1e-9, f"at step == total the rate must be 0, it is {rates[100]:.3f}"


@check("train_step", points=1)
def lowers_the_loss(lab: Any) -> None:
    """Twenty steps on one batch lower the loss, and the loss comes back as a float."""
    model, batch, optimizer = toy()
    losses = [lab.train_step(model, batch, optimizer, 0.1) for _ in range(20)]
    assert isinstance(losses[0], float), f"return loss.item(), a float, not a {type(losses[0]).__name__}"
    assert losses[-1] < 0.7 * losses[0], "the loss hardly fell: is there a backward, and a step after it?"


@check("save_atomically", points=1)
def writes_what_can_be_read(lab: Any) -> None:
    """What was written can be read back."""
    import torch
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        lab.save_atomically({"w": torch.arange(3.0)}, path)
        assert path.is_file(), "no file stands at path"
        assert torch.equal(load_file(path)["w"], torch.arange(3.0)), "the tensor came back changed"
        left = sorted(p.name for p in Path(folder).iterdir() if p != path)
        assert not left, f"left behind beside the checkpoint: {', '.join(left)}"


def toy() -> tuple[Any, dict[str, Any], Any]:
    """Return a tiny regression model that is called like a transformers model, a batch and its optimizer."""
    import torch

    class Out:
        def __init__(self, loss: Any) -> None:
            self.loss = loss

    class Toy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(3, 1)

        def forward(self, x: Any, y: Any) -> Out:
            return Out(((self.linear(x) - y) ** 2).mean())

    torch.manual_seed(5)
    model = Toy()
    x = torch.randn(16, 3)
    batch = {"x": x, "y": x.sum(dim=1, keepdim=True)}
    return model, batch, torch.optim.SGD(model.parameters(), lr=123.0)
