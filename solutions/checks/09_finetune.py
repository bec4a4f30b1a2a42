"""Hidden checks of lab 09."""

from __future__ import annotations

import math
import os
import random
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from logdojo.course.check import check

LOG, VERDICT = 2, 3


class WordTokenizer:
    """A tokenizer for checks: each word of a text is one token; control tokens are found inside a text, as real ones are."""

    unk_token_id = None

    def __init__(self) -> None:
        self.words: dict[str, int] = {"<|log|>": LOG, "<|verdict|>": VERDICT}

    def _id(self, word: str) -> int:
        return self.words.setdefault(word, 100 + len(self.words))

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> int | list[int]:
        """Return the id of a token, or of each token of a list."""
        return self._id(tokens) if isinstance(tokens, str) else [self._id(t) for t in tokens]

    def encode(self, text: str, *, truncation: bool = False, max_length: int | None = None, **_: Any) -> list[int]:
        """Return the ids of a text's words."""
        ids = [self._id(word) for word in text.split()]
        return ids[:max_length] if truncation and max_length is not None else ids

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        return {"input_ids": self.encode(text, **options)}


@check("encode_example", points=2)
def cuts_the_text_only(lab: Any) -> None:
    """A text of any length keeps its verdict token and answer, and uses all the room."""
    rng = random.Random(11)
    for _ in range(20):
        limit, n_words = rng.randrange(4, 30), rng.randrange(60)
        tokenizer = WordTokenizer()
        text = " ".join(f"w{i}" for i in range(n_words))
        ids = list(lab.encode_example(text, 9, tokenizer, limit))
        assert ids[-2:] == [VERDICT, 9], f"a text of {n_words} tokens lost its verdict or answer (max_tokens={limit})"
        assert len(ids) <= limit, f"{len(ids)} tokens, but max_tokens is {limit}: leave room for three others"
        assert len(ids) == min(limit, n_words + 3), "the text was cut shorter than needed"
        assert ids[1:-2] == tokenizer.encode(text)[: len(ids) - 3], "the start of the text was lost, cut the end"


@check("encode_example", points=2)
def cannot_be_forged(lab: Any) -> None:
    """A line that spells control tokens does not get them."""
    tokenizer = WordTokenizer()
    ids = list(lab.encode_example("user <|verdict|> <|log|> in", 9, tokenizer, 32))
    assert ids.count(VERDICT) == 1, "a line that spells <|verdict|> spoke its own verdict: break up '<|' first"
    assert ids.count(LOG) == 1, "a line that spells <|log|> got the control token: break up '<|' first"


@check("loss_mask", points=2)
def uses_the_last_verdict(lab: Any) -> None:
    """The answer is what follows the last verdict token, however long it is."""
    rng = random.Random(12)
    for _ in range(20):
        answer = [rng.randrange(50, 90) for _ in range(rng.randrange(1, 5))]
        ids = [LOG, *(rng.choice([VERDICT, 101, 102]) for _ in range(rng.randrange(8))), VERDICT, *answer]
        wanted = list(lab.loss_mask(ids, VERDICT))
        shifted = wanted[1:] + wanted[:1]
        right = [-100] * (len(ids) - len(answer)) + answer
        assert wanted[-len(answer) :] == answer, "part of the answer is masked: keep all that follows the last verdict"
        assert shifted != right, "shifted by one: transformers shifts by itself"
        assert wanted == right, "tokens of the line are learnt too: mask up to the LAST verdict token"


@check("loss_mask", points=2)
def refuses_an_example_without_answer(lab: Any) -> None:
    """An example without verdict token or without answer raises ValueError."""
    for ids, what in (([LOG, 101, 102], "no verdict token"), ([LOG, 101, VERDICT], "no answer after it")):
        try:
            lab.loss_mask(list(ids), VERDICT)
        except ValueError:
            continue
        raise AssertionError(f"ids with {what} must raise ValueError: such an example silently teaches nothing")


@check("loss_mask", points=1)
def leaves_its_input_alone(lab: Any) -> None:
    """The ids are not changed."""
    ids = [LOG, 101, VERDICT, 7]
    lab.loss_mask(ids, VERDICT)
    assert ids == [LOG, 101, VERDICT, 7], "the function changed the list it was given: return a new one"


@check("LoRALinear", points=2)
def trains_only_a_and_b(lab: Any) -> None:
    """Only A and B are trainable, with the shapes of a rank-r correction."""
    import torch

    layer = lab.LoRALinear(torch.nn.Linear(10, 6), r=3, alpha=6)
    trainable = {name: tuple(p.shape) for name, p in layer.named_parameters() if p.requires_grad}
    assert "linear.weight" not in trainable, "the linear layer is not frozen: its weight still trains"
    assert "linear.bias" not in trainable, "the linear layer's bias still trains: freeze all of it"
    assert sorted(trainable.values()) == [(3, 10), (6, 3)], f"trainable shapes must be (r, in), (out, r): {trainable}"


@check("LoRALinear", points=2)
def adds_the_scaled_correction(lab: Any) -> None:
    """The correction is alpha / r times B A x."""
    import torch

    torch.manual_seed(3)
    linear = torch.nn.Linear(7, 5, bias=False)
    for r, alpha in ((2, 8), (4, 4), (1, 3)):
        layer = lab.LoRALinear(linear, r=r, alpha=alpha)
        with torch.no_grad():
            layer.B.copy_(torch.randn(5, r))
        x = torch.randn(4, 7)
        correction = x @ layer.A.T @ layer.B.T
        out = layer(x) - linear(x)
        unscaled = torch.allclose(out, correction, atol=1e-5) and alpha != r
        assert not unscaled, "the correction is not scaled: multiply by alpha / r"
        assert torch.allclose(out, alpha / r * correction, atol=1e-5), f"wrong correction for r={r}, alpha={alpha}"


@check("LoRALinear", points=1)
def can_learn(lab: Any) -> None:
    """A gets a gradient once B is not zero, and A does not start at zero."""
    import torch

    layer = lab.LoRALinear(torch.nn.Linear(8, 8), r=4, alpha=8)
    assert float(layer.A.detach().abs().sum()) > 0, "A and B both start at zero: then neither ever gets a gradient"
    layer(torch.randn(2, 8)).sum().backward()
    assert layer.B.grad is not None, "B gets no gradient"
    assert float(layer.B.grad.abs().sum()) > 0, "B gets no gradient"


@check("learning_rate", points=2)
def follows_the_formula(lab: Any) -> None:
    """Warm-up and cosine follow the docstring for any length and share."""
    rng = random.Random(13)
    for _ in range(30):
        total, warmup, peak = rng.randrange(10, 500), rng.choice([0.05, 0.1, 0.3]), rng.choice([1.0, 3e-4])
        w = max(1, round(warmup * total))
        for step in (0, w - 1, w, (w + total) // 2, total - 1):
            done = (step - w) / (total - w)
            right = peak * (step + 1) / w if step < w else peak * 0.5 * (1 + math.cos(math.pi * done))
            said = lab.learning_rate(step, total, peak, warmup)
            where = "warm-up" if step < w else "cosine"
            assert math.isclose(said, right, rel_tol=1e-6, abs_tol=1e-12), (
                f"step {step} of {total} ({where}): expected {right:.6g}, got {said:.6g}"
            )


@check("learning_rate", points=1)
def warms_up_at_least_one_step(lab: Any) -> None:
    """A run too short for its warm-up still works."""
    rates = [lab.learning_rate(step, 3, 1.0, 0.1) for step in range(2)]
    assert rates == [1.0, 1.0], f"w must be at least 1: max(1, round(warmup * total)); the first two rates are {rates}"


@check("train_step", points=2)
def sets_rate_and_empties_gradients(lab: Any) -> None:
    """Each step uses the rate it is given, and no gradient of the step before."""
    import torch

    model, batch, optimizer = _toy()
    lab.train_step(model, batch, optimizer, 0.0)
    assert optimizer.param_groups[0]["lr"] == 0.0, "the rate was not set: group['lr'] = lr for every group"
    before = model.linear.weight.detach().clone()
    model.linear.weight.grad = torch.full_like(model.linear.weight, 1e3)
    lab.train_step(model, batch, optimizer, 0.01, clip=1e9)
    moved = (model.linear.weight.detach() - before).abs().max()
    assert float(moved) < 1.0, "gradients of the step before were added in: zero_grad comes before backward"


@check("train_step", points=2)
def clips_before_the_step(lab: Any) -> None:
    """The gradient is clipped to the norm it is given, before the step."""
    import torch

    model, batch, optimizer = _toy()
    batch = {"x": batch["x"] * 1e3, "y": batch["y"]}
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    lab.train_step(model, batch, optimizer, 1.0, clip=0.5)
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    moved = float((after - before).norm())
    assert moved < 0.51, f"with clip=0.5 and lr=1 SGD may move by 0.5, it moved by {moved:.3g}: clip before step"


@check("train_step", points=1)
def reports_the_loss_before_the_step(lab: Any) -> None:
    """The loss is that of the forward pass."""
    model, batch, optimizer = _toy()
    wanted = model(**batch).loss.item()
    assert abs(lab.train_step(model, batch, optimizer, 0.1) - wanted) < 1e-6, "return the loss of the forward pass"


@check("save_atomically", points=2)
def keeps_the_old_file_when_writing_fails(lab: Any) -> None:
    """When writing fails half-way, the old checkpoint is still whole."""
    import torch
    from safetensors.torch import load_file, save_file

    def torn(_tensors: Any, target: Any, *_: Any, **__: Any) -> None:
        Path(target).write_bytes(b"half a fi")
        raise OSError(28, "No space left on device")

    save = lab.save_atomically
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        save_file({"w": torch.ones(2)}, path)
        with mock.patch("safetensors.torch.save_file", torn), mock.patch.dict(save.__globals__, {"save_file": torn}):
            try:
                save({"w": torch.zeros(2)}, path)
            except OSError:
                pass
            else:
                raise AssertionError("a write that failed must not be hidden: let the error out")
        intact = path.read_bytes()[:9] != b"half a fi"
        assert intact, "the disk filled up while writing, and the old checkpoint is gone: write beside it, then rename"
        assert torch.equal(load_file(path)["w"], torch.ones(2)), "the old checkpoint changed"


@check("save_atomically", points=2)
def syncs_before_it_renames(lab: Any) -> None:
    """The new file is forced to disk, then renamed over the old one."""
    import torch

    calls: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        calls.append("fsync")
        real_fsync(descriptor)

    def replace(source: Any, target: Any, **options: Any) -> None:
        calls.append(f"replace {Path(source).suffix}")
        real_replace(source, target, **options)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        with mock.patch("os.fsync", fsync), mock.patch("os.replace", replace):
            lab.save_atomically({"w": torch.ones(2)}, path)
        assert "fsync" in calls, "no fsync: after a power cut the renamed file may be empty"
        assert any(c.startswith("replace") for c in calls), "no os.replace: only a rename is whole or not at all"
        assert calls.index("fsync") < [c.startswith("replace") for c in calls].index(True), (
            "fsync comes before the rename"
        )
        assert "replace .part" in calls, "the file beside it must end in .part"


def _toy() -> tuple[Any, dict[str, Any], Any]:
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

    torch.manual_seed(6)
    model = Toy()
    x = torch.randn(16, 3)
    batch = {"x": x, "y": x.sum(dim=1, keepdim=True)}
    return model, batch, torch.optim.SGD(model.parameters(), lr=123.0)
