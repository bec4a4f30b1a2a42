"""``logdojo model``: list the base models, pre-train the tiny one."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from logdojo.cli.streams import console, progress
from logdojo.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command group to ``app``."""
    group = typer.Typer(help="Base models: list them, or make the tiny one anew.", no_args_is_help=True)
    group.command(name="list")(list_command)
    group.command()(pretrain)
    app.add_typer(group, name="model")


def list_command() -> None:
    """Print the models that come with logdojo, with size and path."""
    from logdojo.model.loader import NAMES, WEIGHTS, model_folder

    for name in NAMES:
        weights = model_folder(name) / WEIGHTS
        size = f"{weights.stat().st_size / 1e6:.1f} MB" if weights.is_file() else "missing"
        print(f"{name:12} {size:>9}  {weights.parent}")


def pretrain(
    out: Annotated[Path, typer.Option("--out", help="Folder to write the model to.")],
    minutes: Annotated[float, typer.Option("--minutes", help="Minutes of training.")] = 10.0,
    lines: Annotated[int, typer.Option("--lines", help="Simulated lines to read.")] = 60_000,
) -> None:
    """Train tokenizer and tiny base model from nothing on simulated logs."""
    import secrets

    from logdojo.anonymize import Anonymizer
    from logdojo.dataset.sources import simulated_examples
    from logdojo.finetune.loop import Step, write_steps
    from logdojo.finetune.pretrain import PLAN, pretrain, pretraining_texts
    from logdojo.model import save_model
    from logdojo.simulate import simulate

    settings = Settings()
    with console.status(f"simulating and anonymizing {lines} lines"):
        rows = map(asdict, simulate(lines, seed=settings.seed + 1_000))
        texts = pretraining_texts(list(simulated_examples(rows, Anonymizer(secrets.token_bytes(32)))))
    console.print(f"{len(texts)} distinct texts")
    with progress() as bar:
        task = bar.add_task("pre-training", total=100)

        def on_step(step: Step, done: float) -> None:
            bar.update(task, completed=round(100 * done), description=f"pre-training, loss {step.loss:.3f}")

        base, steps = pretrain(texts, replace(PLAN, max_seconds=60 * minutes), seed=settings.seed, on_step=on_step)
    save_model(base, out)
    write_steps(steps, out / "steps.jsonl")
    last = steps[-1]
    console.print(f"{out}: {last.step} steps, {last.tokens} tokens, {last.seconds:.0f} s, loss {last.loss:.3f}")
