"""``logdojo finetune`` and ``logdojo evaluate``: labelled rows → a fine-tuned model → evidence."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logdojo.cli.streams import console, progress
from logdojo.settings import Profile, Settings

if TYPE_CHECKING:
    from logdojo.dataset.splits import Splits
    from logdojo.evaluate import Evaluation
    from logdojo.finetune.classify import Finetuned
    from logdojo.finetune.profiles import Plan

Data = Annotated[
    Path, typer.Option("--data", help="JSONL file of labelled rows (simulated, panther, crowdsec, examples).")
]
ProfileOption = Annotated[Profile | None, typer.Option("--profile", help="smoke, laptop or gpu.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(name="finetune")(finetune_command)
    app.command(name="evaluate")(evaluate_command)


def finetune_command(
    data: Data,
    out: Annotated[Path, typer.Option("--out", help="Folder to write the model to.")],
    base: Annotated[str, typer.Option("--base", help="tiny, random, a folder or a hub id.")] = "tiny",
    profile: ProfileOption = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Minutes of training; the profile's when not given.")
    ] = (None),
    shuffle_labels: Annotated[
        bool, typer.Option("--shuffle-labels", help="Control: train on shuffled labels; scores must fall to chance.")
    ] = False,
) -> None:
    """Fine-tune a base model on labelled rows; the split by group is the one that `evaluate` uses."""
    from logdojo.finetune.profiles import plan_for

    settings = Settings()
    plan = plan_for(profile or settings.profile)
    if minutes is not None:
        # Passes over the data are then limited by time and by early stopping only.
        plan = replace(plan, max_seconds=60 * minutes, epochs=1_000)
    splits = read_splits(data, settings)
    tuned = run_finetune(base, splits, plan, seed=settings.seed, shuffle_labels=shuffle_labels)
    save_run(tuned, out)
    console.print(f"{out}: best validation macro-F1 {max(tuned.validation):.3f} after {len(tuned.steps)} steps")


def evaluate_command(
    model: Annotated[Path, typer.Option("--model", help="Folder of a fine-tuned model.")],
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole evaluation as JSON.")] = False,
) -> None:
    """Score a fine-tuned model on the held-out groups, beside the majority label and TF-IDF + logistic regression."""
    from logdojo.evaluate import evaluate
    from logdojo.model import load_base
    from logdojo.model.labels import load_labels
    from logdojo.model.loader import model_folder

    settings = Settings()
    labels = load_labels(model_folder(str(model)))
    base = load_base(str(model))
    splits = read_splits(data, settings)
    evaluation = evaluate(base, labels, splits, seed=settings.seed)
    print(json.dumps(evaluation.to_json(), indent=1) if as_json else table(evaluation))


def read_splits(data: Path, settings: Settings) -> Splits:
    """Read, anonymize and split a file of labelled rows."""
    from logdojo.anonymize import Anonymizer
    from logdojo.dataset import load_examples, split_by_group

    # Texts are masked after anonymization, so the key changes no number; it only must not be guessable.
    key = settings.key.get_secret_value().encode() if settings.key else secrets.token_bytes(32)
    with console.status(f"reading and anonymizing {data}"):
        return split_by_group(load_examples(data, Anonymizer(key)), seed=settings.seed)


def run_finetune(base: str, splits: Splits, plan: Plan, *, seed: int, shuffle_labels: bool = False) -> Finetuned:
    """Fine-tune under a progress bar that shows the loss."""
    from logdojo.finetune import finetune
    from logdojo.finetune.loop import Step
    from logdojo.model import load_base

    with progress() as bar:
        task = bar.add_task("fine-tuning", total=100)

        def on_step(step: Step, done: float) -> None:
            bar.update(task, completed=round(100 * done), description=f"fine-tuning, loss {step.loss:.3f}")

        tuned = finetune(
            load_base(base, seed=seed), splits, plan, seed=seed, shuffle_labels=shuffle_labels, on_step=on_step
        )
        bar.update(task, completed=100)
    return tuned


def save_run(tuned: Finetuned, out: Path) -> None:
    """Write model, labels and the record of steps to a folder."""
    from logdojo.finetune.loop import write_steps
    from logdojo.model import save_model

    save_model(tuned.base, out)
    tuned.labels.save(out)
    write_steps(tuned.steps, out / "steps.jsonl")


def table(evaluation: Evaluation) -> str:
    """Return the evaluation as plain text, one line a method."""
    shares = ", ".join(f"{name} {share:.2f}" for name, share in evaluation.prevalence.items())
    rows = [f"n={evaluation.n} in {evaluation.groups} held-out groups; prevalence: {shares}"]
    rows.append(f"{'method':14} {'accuracy':>8} {'macro-F1':>8}  {'95 % interval':15} {'AUC':>5}")
    for r in evaluation.results:
        auc = "    -" if r.auc is None else f"{r.auc:5.3f}"
        interval = f"[{r.interval[0]:.3f}, {r.interval[1]:.3f}]"
        rows.append(f"{r.method[-14:]:14} {r.accuracy:8.3f} {r.macro_f1:8.3f}  {interval:15} {auc}")
    low, high = evaluation.difference_interval
    rows.append(f"model minus TF-IDF + LR: {evaluation.difference:+.3f} [{low:+.3f}, {high:+.3f}]")
    if evaluation.bits_per_byte is not None:
        rows.append(f"bits per byte of the language model on test texts: {evaluation.bits_per_byte:.3f}")
    return "\n".join(rows)
