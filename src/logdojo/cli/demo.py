"""``logdojo demo``: the whole path once, from simulated (or real) lines to a report."""

from __future__ import annotations

import itertools
import json
import platform
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logdojo.cli.finetune import ProfileOption, run_finetune, save_run, table
from logdojo.cli.streams import console, track
from logdojo.errors import InputError
from logdojo.settings import Profile, Settings

if TYPE_CHECKING:
    from logdojo.dataset.examples import Example
    from logdojo.dataset.sources import Row
    from logdojo.dataset.splits import Splits
    from logdojo.finetune.classify import Finetuned
    from logdojo.widgets.report import Part, Shown

REAL = ("panther/train.jsonl", "crowdsec/train.jsonl")
"""The labelled real logs that ``--data`` looks for."""
_LINES = {Profile.SMOKE: 1_500, Profile.LAPTOP: 12_000, Profile.GPU: 200_000}
_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(demo)


def demo(
    data: Annotated[
        Path | None, typer.Option("--data", help=f"Folder with {' and '.join(REAL)}; simulated logs when not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the report; runs/demo when not given.")] = None,
    base: Annotated[str, typer.Option("--base", help="tiny, random, a folder or a hub id.")] = "tiny",
    profile: ProfileOption = None,
    shuffle_labels: Annotated[
        bool, typer.Option("--shuffle-labels", help="Control: train on shuffled labels; scores must fall to chance.")
    ] = False,
) -> None:
    """Run the whole path (simulate, parse, anonymize, split, fine-tune, evaluate, triage) and write report.html."""
    began = time.monotonic()
    settings = Settings() if profile is None else Settings(profile=profile)
    folder = out or settings.runs / "demo"
    parts = [
        _part(name, rows, settings, base=base, folder=folder, shuffle_labels=shuffle_labels)
        for name, rows in _sources(data, settings)
    ]
    from logdojo.widgets.report import render_report

    page = folder / "report.html"
    page.write_text(
        render_report("logdojo: from raw lines to verdicts", _facts(settings, time.monotonic() - began), parts),
        encoding="utf-8",
    )
    console.print(f"report: {page}  ({time.monotonic() - began:.0f} s)", highlight=False)


def _sources(data: Path | None, settings: Settings) -> list[tuple[str, list[Row]]]:
    """Return name and labelled rows of each data set, simulated ones unless a folder is given."""
    from logdojo.dataset.sources import read_rows
    from logdojo.simulate import simulate

    if data is None:
        n_lines = _LINES[settings.profile]
        rows = track(map(asdict, simulate(n_lines, seed=settings.seed)), "simulate", total=n_lines)
        return [("simulated", list(rows))]
    found = [data / name for name in REAL if (data / name).is_file()]
    if not found:
        raise InputError(
            f"{data}: holds none of {', '.join(REAL)}", hint="name the folder that holds panther/ and crowdsec/"
        )
    return [(path.parent.name, list(read_rows(path))) for path in found]


def _part(name: str, rows: list[Row], settings: Settings, *, base: str, folder: Path, shuffle_labels: bool) -> Part:
    """Run one data set through the path and return its part of the report."""
    from logdojo.anonymize import Anonymizer
    from logdojo.dataset import split_by_group
    from logdojo.dataset.sources import examples_of
    from logdojo.evaluate import evaluate
    from logdojo.finetune.profiles import plan_for
    from logdojo.model import load_base
    from logdojo.widgets.report import Part

    key = settings.key.get_secret_value().encode() if settings.key else secrets.token_bytes(32)
    plan = plan_for(settings.profile)
    examples = list(
        track(examples_of(rows, Anonymizer(key), where=name), f"{name}: parse and anonymize", total=len(rows))
    )
    splits = split_by_group(examples, seed=settings.seed)
    _save_splits(splits, folder / name)
    tuned = run_finetune(base, splits, plan, seed=settings.seed, shuffle_labels=shuffle_labels)
    save_run(tuned, folder / name / "model")
    with console.status(f"{name}: evaluate beside the baselines"):
        language = load_base(base, seed=settings.seed)
        evaluation = evaluate(tuned.base, tuned.labels, splits, seed=settings.seed, language=language)
    (folder / name / "evaluation.json").write_text(json.dumps(evaluation.to_json(), indent=1) + "\n", encoding="utf-8")
    print(f"\n{name}\n{table(evaluation)}\n")
    sizes = f"{len(splits.train)} examples to train, {len(splits.validation)} to validate, {len(splits.test)} to test"
    notes = [f"Split by group: {sizes}, no group on two sides. Started from the {language.name} base model."]
    if shuffle_labels:
        notes.append("Control run: the training labels were shuffled, so that the scores of the model mean nothing.")
    return Part(name, tuned, evaluation, _shown(name, rows, splits.test, tuned), notes)


def _save_splits(splits: Splits, folder: Path) -> None:
    """Keep the examples as a Hugging Face data set, for whoever goes on from here."""
    from datasets import DatasetDict
    from datasets.utils.logging import disable_progress_bar

    from logdojo.dataset.examples import label_set, to_dataset

    disable_progress_bar()
    names = label_set([*splits.train, *splits.validation, *splits.test])
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    DatasetDict({name: to_dataset(part, names) for name, part in parts.items()}).save_to_disk(folder / "dataset")


def _shown(name: str, rows: Sequence[Row], test: Sequence[Example], tuned: Finetuned) -> list[Shown]:
    """Return ten test lines, attacks and benign ones in turn, before and after anonymization, with their verdicts."""
    from logdojo.dataset.history import TOLD
    from logdojo.events import LogEvent
    from logdojo.model.scorer import Scorer
    from logdojo.parse import parse_line
    from logdojo.triage import verdict_of
    from logdojo.widgets.report import Shown

    chosen = _in_turn(test, _SHOWN)
    probabilities = Scorer(tuned.base, tuned.labels).probabilities([e.text for e in chosen])
    shown = []
    for example, row_probabilities in zip(chosen, probabilities, strict=True):
        row = rows[example.row]
        before = str(row["line"]) if "line" in row else json.dumps(row["event"], ensure_ascii=False)
        event = parse_line(example.line)
        if event.error:
            event = LogEvent(example.line, {"message": example.line[:400]})
        history = found.group() if (found := TOLD.search(example.text)) else ""
        verdict = verdict_of(row_probabilities, tuned.labels, event, history=history, model=name)
        shown.append(Shown(before, example.line, example.label, verdict))
    return shown


def _in_turn(examples: Sequence[Example], count: int) -> list[Example]:
    """Return examples of all labels in turn, each from another group as long as there are enough."""
    queues: dict[str, list[Example]] = {}
    firsts = {(e.label, e.group): e for e in reversed(examples)}
    for e in dict.fromkeys([*reversed(firsts.values()), *examples]):
        queues.setdefault(e.label, []).append(e)
    turns = itertools.zip_longest(*(queue for _, queue in sorted(queues.items())))
    return [e for turn in turns for e in turn if e is not None][:count]


def _facts(settings: Settings, seconds: float) -> list[tuple[str, str]]:
    import torch
    import transformers

    from logdojo.model.device import choose_device, choose_dtype

    device = choose_device()
    dtype = str(choose_dtype(device)).removeprefix("torch.")
    return [
        ("profile", settings.profile.value),
        ("seed", str(settings.seed)),
        ("device", f"{device}, computing in {dtype}, {torch.get_num_threads()} threads"),
        (
            "versions",
            f"Python {platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}",
        ),
        ("seconds", f"{seconds:.0f}"),
    ]
