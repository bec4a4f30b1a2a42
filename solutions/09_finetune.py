# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 09: Fine-tune a small model on security logs
#
# **90 minutes · demanding · 2 CPU cores, no network; a GPU for the larger version · lab 07, and some PyTorch**
#
# At the end you will be able to
#
# - turn labelled log lines into training examples that no line can tamper with;
# - put the loss on the answer and nowhere else, and show what happens when you do not;
# - write a LoRA layer, a schedule, a training step, and a checkpoint that survives a kill;
# - say from measured numbers what pre-training, LoRA and the mask each bought.
#
# In an interview you will be able to walk through *fine-tuning a model for logs, step by step*, and name the mistake
# that no error message will ever tell you about.

# %%
import os
import random
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from safetensors.torch import load_file, save_file

from logdojo import dojo

dojo.lab("09_finetune")

# %% [markdown]
# ## The problem: a model that has read logs, and has no opinion
#
# `tiny` is logdojo's own base model: a Llama of 5.5 million parameters that has read simulated firewall, ssh and
# CloudTrail logs for seven minutes. It knows what comes next in a log line. It was never told what to think of one.

# %%
from logdojo.model import load_base
from logdojo.settings import Settings

settings = Settings()
torch.manual_seed(settings.seed)
base = load_base("tiny")
n_parameters = sum(p.numel() for p in base.model.parameters())
print(f"{n_parameters / 1e6:.1f} million parameters")
print(f"{len(base.tokenizer)} tokens in the vocabulary")

# %% [markdown]
# Here is something to teach it. An alarm has fired, and a line is part of an attack: *which kind* is it? The simulator
# knows the truth of each line. We take equally many lines of each kind, so that always saying the same is worth little,
# and hold out whole scenario variants, never single lines.

# %%
import secrets
from collections import defaultdict
from dataclasses import asdict

from logdojo.anonymize import Anonymizer
from logdojo.dataset import split_by_group
from logdojo.dataset.sources import simulated_examples
from logdojo.simulate import simulate

N_LINES = {"smoke": 2_500, "laptop": 8_000, "gpu": 100_000}
n_lines = N_LINES[settings.profile]
rows = map(asdict, simulate(n_lines, seed=settings.seed))

# %%
piles = defaultdict(list)
for example in simulated_examples(rows, Anonymizer(secrets.token_bytes(32))):
    piles[example.label].append(example)
del piles["benign"], piles["evasion"]
rng = random.Random(settings.seed)
most = min(map(len, piles.values()))
examples = [e for pile in piles.values() for e in rng.sample(pile, most)]
splits = split_by_group(examples, seed=settings.seed)
print(f"{most} lines of each of {', '.join(sorted(piles))}")
print(len(splits.train), "to train,", len(splits.test), "held out")

# %% [markdown]
# What does the base model say? We read the probability of each label's token after the verdict token. Before any
# training these are whatever the random start left behind.

# %%
from logdojo.dataset.examples import label_set
from logdojo.model.labels import Labels
from logdojo.model.scorer import Scorer

names = label_set(splits.train)
labels = Labels(tuple(names))
shown = random.Random(1).sample(splits.test, 5)
before = Scorer(base, labels).probabilities([e.text for e in shown])
for example, p in zip(shown, before):
    said = names[p.argmax()]
    print(f"{example.label:13} said {said:13} {example.text[:46]}")

# %% [markdown]
# ## One form for every example
#
# A causal model learns from one string of tokens. Ours is
#
# `<|log|>` text of the line `<|verdict|>` label
#
# Two rules keep it honest. When the line is too long, the *line* loses its end: an example whose answer was cut off
# teaches nothing, and does so silently. And a log line is data: somebody else writes it. If it contains the text
# `<|verdict|>`, that must not become the control token, or the line could speak its own verdict.
#
# ### Exercise: `encode_example`

# %% exercise="encode_example"
def encode_example(text, answer_id, tokenizer, max_tokens):
    """Return the token ids of one training example, as a list of int.

    <|log|>, the tokens of text, <|verdict|>, answer_id; at most max_tokens.
    Only text may be shortened, at its end. Break up "<|" in text first
    (write "< |"), so that no line can forge a control token.
    """
    # BEGIN SOLUTION
    log, verdict = tokenizer.convert_tokens_to_ids(["<|log|>", "<|verdict|>"])
    safe = text.replace("<|", "< |")
    body = tokenizer(safe, add_special_tokens=False)["input_ids"]
    return [log, *body[: max_tokens - 3], verdict, answer_id]
    # END SOLUTION

# %% check="encode_example"
dojo.check("encode_example")

# %% [markdown]
# <details><summary>Hint 1: where to cut</summary>
#
# How many tokens besides the text does every example have? Leave room for exactly those.
#
# </details>
# <details><summary>Hint 2: the control tokens</summary>
#
# `tokenizer.convert_tokens_to_ids("<|log|>")` gives the id of one token. `tokenizer(text, add_special_tokens=False)`
# gives a dict whose `input_ids` is a list.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# `[log, *body[: max_tokens - 3], verdict, answer_id]`, where `body` are the ids of `text.replace("<|", "< |")`.
#
# </details>

# %% [markdown]
# ## The loss mask, and the mistake nobody is told about
#
# `transformers` computes the loss at every position whose entry in `labels` is not −100, and shifts by itself: the
# entry at position *i* is what the model should say after position *i* − 1. To train the verdict and nothing else,
# every entry is −100 but the answer's.
#
# Get it wrong, and training runs, the loss falls, and nothing complains. The worst case is a line so long that its answer
# falls off the end, with the end token in the answer's place: the model then learns to say `<|end|>`, and does it
# perfectly. You will measure that below.
#
# ### Exercise: `loss_mask`

# %% exercise="loss_mask"
def loss_mask(ids, verdict_id):
    """Return the labels for ids: -100 up to and including <|verdict|>.

    What stands after the last verdict_id is the answer: keep it as it is.
    Raise ValueError if verdict_id is not in ids, or if nothing follows it:
    such an example would teach nothing, and nobody would notice.
    """
    # BEGIN SOLUTION
    if verdict_id not in ids or ids[-1] == verdict_id:
        raise ValueError("an example without an answer")
    last = len(ids) - 1 - ids[::-1].index(verdict_id)
    return [-100] * (last + 1) + list(ids[last + 1 :])
    # END SOLUTION

# %% check="loss_mask"
dojo.check("loss_mask")

# %% [markdown]
# <details><summary>Hint 1: the length</summary>
#
# The result is as long as `ids`. The shift by one is the model's business, not yours.
#
# </details>
# <details><summary>Hint 2: the last one</summary>
#
# `ids[::-1].index(x)` counts from the end.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# With `last` as the position of the last verdict token: `[-100] * (last + 1) + ids[last + 1:]`.
#
# </details>

# %% [markdown]
# ## LoRA: train a little beside the weights
#
# LoRA leaves a weight matrix *W* alone and learns a correction of low rank beside it: *y* = *Wx* + (α / r) · *B A x*,
# with *A* of shape (r, in) and *B* of shape (out, r). *B* starts at zero, so that the first step starts from exactly
# the base model. Afterwards the correction can be added into *W*, and serving costs nothing extra.
#
# The constructor freezes `linear`, and makes two `torch.nn.Parameter`: `A`, random with standard deviation 1 / r, and
# `B`, zero. `forward` adds the correction to what `linear` says.
#
# ### Exercise: `LoRALinear`

# %% exercise="LoRALinear"
class LoRALinear(torch.nn.Module):
    """linear, frozen, plus alpha / r * (x A^T) B^T, trainable."""

    def __init__(self, linear, r=8, alpha=16):
        super().__init__()
        # BEGIN SOLUTION
        self.linear = linear.requires_grad_(False)
        self.scale = alpha / r
        self.A = torch.nn.Parameter(torch.randn(r, linear.in_features) / r)
        self.B = torch.nn.Parameter(torch.zeros(linear.out_features, r))
        # END SOLUTION

    def forward(self, x):
        # BEGIN SOLUTION
        return self.linear(x) + self.scale * (x @ self.A.T) @ self.B.T
        # END SOLUTION

# %% check="LoRALinear"
dojo.check("LoRALinear")

# %% [markdown]
# <details><summary>Hint 1: three things in the constructor</summary>
#
# `super().__init__()` is called for you. Freeze with `linear.requires_grad_(False)`. Keep α / r as a plain number.
#
# </details>
# <details><summary>Hint 2: shapes</summary>
#
# `linear.in_features` and `linear.out_features` tell them. `x @ A.T` has r columns, and `@ B.T` brings them to out.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# `forward` is one line: `self.linear(x) + self.scale * (x @ self.A.T) @ self.B.T`.
#
# </details>

# %% [markdown]
# ## The learning rate: up quickly, down slowly
#
# AdamW's first steps rest on statistics of almost nothing, so they are kept small: the rate rises in a straight line
# for the first part of the run (the *warm-up*), then falls along half a cosine to zero.
#
# ### Exercise: `learning_rate`

# %% exercise="learning_rate"
def learning_rate(step, total, peak, warmup=0.1):
    """Return the learning rate of step (0 is the first) out of total steps.

    With w = max(1, round(warmup * total)): for step < w it is
    peak * (step + 1) / w. From there on it is half a cosine that starts
    at peak for step == w and reaches 0 at step == total.
    """
    # BEGIN SOLUTION
    import math

    w = max(1, round(warmup * total))
    if step < w:
        return peak * (step + 1) / w
    done = (step - w) / max(1, total - w)
    return peak * 0.5 * (1 + math.cos(math.pi * done))
    # END SOLUTION

# %% check="learning_rate"
dojo.check("learning_rate")

# %% [markdown]
# <details><summary>Hint 1: the first step must not be zero</summary>
#
# A rate of zero wastes a step. That is what the `+ 1` is for.
#
# </details>
# <details><summary>Hint 2: the cosine</summary>
#
# Let `done` go from 0 (at step w) to 1 (at step total). `cos(pi * done)` then goes from 1 to −1.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# `peak * 0.5 * (1 + math.cos(math.pi * done))` with `done = (step - w) / max(1, total - w)`.
#
# </details>

# %% [markdown]
# ## One step of training
#
# Forward, loss, backward, clip, step. Clipping matters on logs: one odd batch (a 200-token CloudTrail event among
# sixty-token firewall lines) can have a gradient many times the usual size.
#
# ### Exercise: `train_step`

# %% exercise="train_step"
def train_step(model, batch, optimizer, lr, clip=1.0):
    """Take one optimizer step and return the loss as a float.

    model(**batch) gives an object with .loss. Set lr on every group of
    optimizer.param_groups, start from empty gradients, clip the gradient
    of all parameters to norm clip, then step.
    """
    # BEGIN SOLUTION
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad(set_to_none=True)
    loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item()
    # END SOLUTION

# %% check="train_step"
dojo.check("train_step")

# %% [markdown]
# <details><summary>Hint 1: the order</summary>
#
# Gradients add up until somebody empties them. Clip after `backward` and before `step`.
#
# </details>
# <details><summary>Hint 2: the parts</summary>
#
# `group["lr"] = lr`, `optimizer.zero_grad()`, `loss.backward()`, `torch.nn.utils.clip_grad_norm_(...)`.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# The last two lines are `optimizer.step()` and `return loss.item()`.
#
# </details>

# %% [markdown]
# ## A checkpoint that survives a kill
#
# Training dies: the laptop sleeps, the cluster takes its node back. If it dies *while the checkpoint is being
# written*, a half file stands where the good one was. So write beside it, force it to disk, and rename: on one file
# system a rename happens whole or not at all. And safetensors instead of pickle: a checkpoint from somebody else must
# not run code.
#
# ### Exercise: `save_atomically`

# %% exercise="save_atomically"
def save_atomically(tensors, path):
    """Write a dict of tensors to path as safetensors, whole or not at all.

    Write to a file beside path whose name ends in ".part", fsync it, then
    os.replace it over path. If writing fails, path stays as it was.
    """
    # BEGIN SOLUTION
    part = Path(f"{path}.part")
    save_file(tensors, part)
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(part, path)
    # END SOLUTION

# %% check="save_atomically"
dojo.check("save_atomically")

# %% [markdown]
# <details><summary>Hint 1: why beside it</summary>
#
# A rename is whole only within one file system. The temporary folder may be on another one.
#
# </details>
# <details><summary>Hint 2: fsync</summary>
#
# `save_file(tensors, part)` writes and closes. Open the file again with `"rb+"` and call `os.fsync(stream.fileno())`.
#
# </details>
# <details><summary>Hint 3: nearly there</summary>
#
# `part = Path(f"{path}.part")`, save, fsync, `os.replace(part, path)`.
#
# </details>

# %% [markdown]
# ## Put it together
#
# Your functions, in your loop, and your JSON lines from lab 01 as the run's log. A batch is padded on the right; the
# attention mask hides the padding, and the loss mask never looks at it.

# %%
label_ids = labels.token_ids(base.tokenizer)
verdict_id = base.tokenizer.convert_tokens_to_ids("<|verdict|>")
MAX_TOKENS = 96

def encode_all(part):
    answers = [label_ids[names.index(e.label)] for e in part]
    return [encode_example(e.text, a, base.tokenizer, MAX_TOKENS)
            for e, a in zip(part, answers)]

train_ids = encode_all(splits.train)
held_out = splits.test[:240]
held_ids = encode_all(held_out)

# %%
def collate(rows, mask=loss_mask):
    width = max(map(len, rows))
    pads = [width - len(r) for r in rows]
    ids = [r + [0] * n for r, n in zip(rows, pads)]
    wanted = [mask(r, verdict_id) + [-100] * n for r, n in zip(rows, pads)]
    seen = [[1] * len(r) + [0] * n for r, n in zip(rows, pads)]
    parts = {"input_ids": ids, "attention_mask": seen, "labels": wanted}
    return {name: torch.tensor(value) for name, value in parts.items()}

def accuracy(model):
    model.eval()
    starts = range(0, len(held_ids), 64)
    with torch.inference_mode():
        right = sum(judge(model, held_ids[i : i + 64]) for i in starts)
    return right / len(held_ids)

# %%
def judge(model, rows):
    """Count the rows whose likeliest label is the true one."""
    batch = collate(rows)
    logits = model(batch["input_ids"], batch["attention_mask"]).logits
    place = torch.tensor([len(r) - 2 for r in rows])
    at_verdict = logits[torch.arange(len(rows)), place][:, label_ids]
    said = [label_ids[i] for i in at_verdict.argmax(dim=1)]
    return sum(s == r[-1] for s, r in zip(said, rows))

def epoch_batches(rng, size=16):
    order = list(range(len(train_ids)))
    rng.shuffle(order)
    piles = [order[i : i + size] for i in range(0, len(order), size)]
    return [[train_ids[i] for i in pile] for pile in piles]

# %%
import logging

from my_soc import format_record

STEPS = {"smoke": 12, "laptop": 60, "gpu": 2_000}[settings.profile]

def note(message, *args):
    """Log one line of the run, in the format you built in lab 01."""
    name = "lab09.train"
    record = logging.LogRecord(name, 20, "", 0, message, args, None)
    print(format_record(record))

# %%
def train(model, mask=loss_mask, lr=6e-4, steps=STEPS):
    rng = random.Random(settings.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    batches, losses = [], []
    for step in range(steps):
        batches = batches or epoch_batches(rng)
        model.train()
        batch = collate(batches.pop(), mask)
        rate = learning_rate(step, steps, lr)
        losses.append(train_step(model, batch, optimizer, rate))
        if step % 30 == 29:
            note("step %d: loss %.3f", step + 1, losses[-1])
    return losses

# %% [markdown]
# Four runs with the same number of steps on the same batches:
#
# - **right mask**: all weights, loss on the verdict only;
# - **lost answer**: the same, with the end token where the answer was, the mistake nobody is told about;
# - **LoRA**: your layer in all attention projections, everything else frozen;
# - **random start**: the right mask, but weights that have never read a log.

# %%
def lost_answer(ids, verdict_id):
    """The wrong labels: the end token where the answer was cut off."""
    return [-100] * (len(ids) - 1) + [base.tokenizer.eos_token_id]

def with_lora(model, r=16):
    model.requires_grad_(False)
    for layer in model.model.layers:
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            linear = getattr(layer.self_attn, name)
            lora = LoRALinear(linear, r=r, alpha=2 * r)
            setattr(layer.self_attn, name, lora)
    return model

# %% tags=["measure"]
def fresh(name="tiny"):
    return load_base(name, seed=settings.seed).model

runs, models = {}, {}
for name, model, mask, lr in [
    ("right mask", fresh(), loss_mask, 6e-4),
    ("lost answer", fresh(), lost_answer, 6e-4),
    ("LoRA", with_lora(fresh()), loss_mask, 4e-3),
    ("random start", fresh("random"), loss_mask, 6e-4),
]:
    start = time.perf_counter()
    losses, models[name] = train(model, mask, lr), model
    runs[name] = (losses, accuracy(model), time.perf_counter() - start)
    print(f"{name:13} accuracy {runs[name][1]:.3f} in {runs[name][2]:.0f} s")

# %% tags=["measure"]
from collections import Counter

counts = Counter(e.label for e in held_out)
share = max(counts.values()) / len(held_out)

# %% tags=["measure"]
from logdojo.widgets.theme import LIGHT, MARKERS, themed

with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for n, (name, (_, score, _)) in enumerate(runs.items()):
        axes.plot(score, n, MARKERS[n], markersize=10, color=LIGHT.series[n])
        axes.annotate(f"{score:.3f}", (score, n), (0, 9), ha="center",
                      textcoords="offset points")
    axes.axvline(share, linestyle="--", color=LIGHT.ink)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.set_ylim(-0.6, len(runs) - 0.2)
    axes.set_xlabel("accuracy (dashed: always the majority label)")
    dojo.show(figure, "Accuracy on held-out variants of four runs; the "
              "table below has the numbers.")

# %% [markdown]
# **What the plot shows.** Accuracy on held-out scenario variants after the same number of steps. Compare "right mask" with
# "lost answer": same data, same steps, and no error message between them. The same as a table, with what each run cost:

# %% tags=["measure"]
head = f"{'run':14}{'accuracy':>9}{'last loss':>11}"
print(f"{head}{'trained':>12}{'seconds':>9}")
for name, (losses, score, seconds) in runs.items():
    n = sum(p.numel() for p in models[name].parameters() if p.requires_grad)
    print(f"{name:14}{score:9.3f}{losses[-1]:11.3f}{n:12,}{seconds:9.0f}")
print(f"{'majority':14}{share:9.3f}")

# %% [markdown]
# Look at the losses of the first two rows: the lower one belongs to the model that cannot answer. **A falling loss says
# that something is learnt, not that it is what you meant.** Not every wrong mask shows itself so clearly: when this lab
# was written, a loss on every token and labels shifted once too often came out within .1 of the right mask, which on 240
# lines is noise. So test the mask itself, as the check above does, and do not wait for the score to tell you.
#
# ## Half the bits
#
# In bfloat16 a number has the range of float32 and about three digits. Where the processor computes it in hardware, the
# same step takes less time; where it does not, it takes more. Measure before you believe:

# %% tags=["measure"]
def tokens_per_second(dtype):
    model, rows = fresh(), sorted(train_ids, key=len)[-32:]
    batch = collate(rows)
    start = time.perf_counter()
    for _ in range(3):
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            model(**batch).loss.backward()
    return 3 * sum(map(len, rows)) / (time.perf_counter() - start)

for dtype in (torch.float32, torch.bfloat16):
    print(f"{str(dtype):15} {tokens_per_second(dtype):7,.0f} tokens a second")

# %% [markdown]
# ## Kill it and go on
#
# A run that is stopped and resumed must give the same weights as one that was not: model, optimizer and place in the
# data all come back. Here is the test every training loop should have, with your checkpoint in the middle.

# %%
def state_of(model, optimizer):
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    for i, s in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{k}": v for k, v in s.items()}
    return {k: v.clone().contiguous() for k, v in tensors.items()}

def restore(model, optimizer, tensors):
    weights = {k[6:]: v for k, v in tensors.items() if k.startswith("model.")}
    model.load_state_dict(weights)
    state = optimizer.state_dict()
    for k, v in tensors.items():
        if k.startswith("optimizer."):
            _, i, name = k.split(".")
            state["state"].setdefault(int(i), {})[name] = v
    optimizer.load_state_dict(state)

# %%
batches = [collate(b) for b in epoch_batches(random.Random(3), size=4)[:4]]

def run(first, last, tensors=None):
    model = load_base("random", seed=1).model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    if tensors:
        restore(model, optimizer, tensors)
    for batch in batches[first:last]:
        train_step(model, batch, optimizer, 1e-3)
    return state_of(model, optimizer)

# %%
# NBVAL_CHECK_OUTPUT
save_atomically(run(0, 2), "half.safetensors")
resumed, whole = run(2, 4, load_file("half.safetensors")), run(0, 4)
Path("half.safetensors").unlink()
print("same weights:", all(torch.equal(resumed[k], whole[k]) for k in whole))

# %% [markdown]
# ## Before and after, and beside what is simpler
#
# The five lines from the beginning, judged by the base model and by yours:

# %% tags=["measure"]
from logdojo.model import BaseModel

mine = BaseModel(models["right mask"].eval(), base.tokenizer, "yours")
after = Scorer(mine, labels).probabilities([e.text for e in shown])
print(f"{'truth':14}{'before':14}{'after':14}")
for example, p, q in zip(shown, before, after):
    print(f"{example.label:14}{names[p.argmax()]:14}{names[q.argmax()]:14}")

# %% [markdown]
# And the row that belongs under every result: the majority label, and TF-IDF with logistic regression, on the same
# held-out groups, with intervals that resample groups. If the simple method wins, say so; that is a finding.

# %% tags=["measure"]
from logdojo.evaluate import evaluate

evaluation = evaluate(mine, labels, splits, seed=settings.seed)
for r in evaluation.results:
    low, high = r.interval
    print(f"{r.method:12} macro-F1 {r.macro_f1:.3f} [{low:.3f}, {high:.3f}]")
print(f"n = {evaluation.n} in {evaluation.groups} held-out groups")

# %% [markdown]
# ## Summary
#
# - An example has one form; only the text may be cut, and a line must not forge control tokens.
# - The loss mask decides what is learnt. A wrong one raises no error: test it.
# - LoRA trains a small share of the weights from exactly where the base stands; on a tiny model, training all weights is
#   cheap enough that it may not pay.
# - Warm-up, clipping and an atomic checkpoint cost a few lines and save runs.
# - A result is a number, an interval, and the simple method beside it.
#
# ## In production
#
# logdojo's own part computes logits only at the verdict's position, batches by length, and stops early on held-out
# groups: [`finetune/loop.py`](../src/logdojo/finetune/loop.py) and
# [`finetune/classify.py`](../src/logdojo/finetune/classify.py). On the command line:
#
# `logdojo finetune --data rows.jsonl --out runs/mine`, then `logdojo evaluate --model runs/mine --data rows.jsonl`
#
# With a GPU, set `LOGDOJO_PROFILE=gpu` and run this lab again: more lines, more steps, the same code.
#
# ## Interview questions
#
# Rehearse them with `logdojo quiz ask --objective llm.finetune`:
#
# - How would you fine-tune a language model for log analysis, step by step?
# - Your fine-tuned model is no better than before, and the loss curve looks fine. What do you check first?
# - When would you choose LoRA, and when all weights?
# - What must a checkpoint hold so that a resumed run equals an uninterrupted one?
#
# ## Further reading
#
# - Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models*, 2021, [arXiv:2106.09685](https://arxiv.org/abs/2106.09685)
# - Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2017, [arXiv:1711.05101](https://arxiv.org/abs/1711.05101)
# - The [safetensors format](https://huggingface.co/docs/safetensors/index)
