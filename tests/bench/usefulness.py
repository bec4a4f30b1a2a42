"""What anonymization costs a model: the tiny model fine-tuned on anonymized logs beside the same one on raw logs.

Both arms see the same rows, the same held-out groups and the same number of optimizer steps; three seeds each. The raw
arm uses an anonymizer that changes nothing. Scored on its own kind of text, as it would be used. Goal: macro-F1 of the
anonymized arm within one point of the raw arm.

``python -m tests.bench usefulness``; ``LOGDOJO_DATA`` names the folder that holds ``panther``, ``LOGDOJO_PROFILE``
the profile. About 15 minutes on two quiet cores under ``laptop``.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
from pathlib import Path
from typing import Any

from logdojo.anonymize import Anonymizer
from logdojo.dataset import split_by_group
from logdojo.dataset.sources import examples_of, read_rows
from logdojo.dataset.splits import Splits
from logdojo.evaluate import evaluate
from logdojo.events import LogEvent
from logdojo.finetune import finetune
from logdojo.finetune.profiles import plan_for
from logdojo.model import load_base
from logdojo.settings import Settings

_KEY = b"a key of the benchmark, 32 bytes"
_SEEDS = (1, 2, 3)
_NO_CLOCK = 3_600.0  # seconds: the epochs end a run, so that a busy machine trains neither arm less


class _Raw(Anonymizer):
    """Leaves everything as it is."""

    def event(self, event: LogEvent) -> LogEvent:
        return event

    def document(self, obj: Any) -> Any:
        return obj

    def line(self, line: str) -> str:
        return line


def _macro_f1(splits: Splits, seed: int) -> float:
    """Fine-tune the tiny model and return its macro-F1 on the held-out groups."""
    plan = dataclasses.replace(plan_for(Settings().profile), max_seconds=_NO_CLOCK)
    tuned = finetune(load_base("tiny", seed=seed), splits, plan, seed=seed)
    scores = evaluate(tuned.base, tuned.labels, splits, seed=seed)
    return next(r.macro_f1 for r in scores.results if r.method == tuned.base.name)


def main() -> None:
    """Print macro-F1 of both arms a seed, and the mean difference in points."""
    data = Path(os.environ.get("LOGDOJO_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    path = data / "panther" / "train.jsonl"
    if not path.is_file():
        print(f"{path} is not there: set LOGDOJO_DATA")
        return
    rows = list(read_rows(path))
    arms = {
        name: split_by_group(list(examples_of(rows, anonymizer, where=name)), seed=Settings().seed)
        for name, anonymizer in (("raw", _Raw(_KEY)), ("anonymized", Anonymizer(_KEY)))
    }
    changed = sum(a.text != b.text for a, b in zip(arms["raw"].test, arms["anonymized"].test, strict=True))
    test = arms["raw"].test
    print(f"panther: {len(test)} test events in {len({e.group for e in test})} held-out groups; {changed} texts differ")
    print(f"{'seed':>4} {'raw':>7} {'anonymized':>11} {'points':>7}")
    differences = []
    for seed in _SEEDS:
        raw, hidden = (_macro_f1(arms[name], seed) for name in ("raw", "anonymized"))
        differences.append(100 * (hidden - raw))
        print(f"{seed:>4} {raw:7.3f} {hidden:11.3f} {differences[-1]:+7.1f}", flush=True)
    spread = statistics.stdev(differences)
    print(f"anonymized minus raw: {statistics.mean(differences):+.1f} points (s.d. over seeds {spread:.1f})")


if __name__ == "__main__":
    main()
