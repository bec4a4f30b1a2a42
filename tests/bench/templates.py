"""Templates against the true ones of eight loghub sets, and lines a second, beside drain3 where it is installed.

    python -m tests.bench.templates

Grouping accuracy: share of lines whose group is exactly a true group. F1 of grouping: the same over groups, each
counting once (Jiang et al., 2024). Both over message contents, as the data set cuts them out of the lines.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import os
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from logdojo.parse.templates import Templates

SETS = ("Apache", "BGL", "HDFS", "Linux", "OpenSSH", "OpenStack", "Windows", "Zookeeper")
MIN_ACCURACY, MIN_F1, MIN_RATE = 0.86, 0.77, 40_000
_LOGHUB = Path(os.environ.get("LOGDOJO_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "loghub"

Grouper = Callable[[Sequence[str]], list[Hashable]]


def ours(messages: Sequence[str]) -> list[Hashable]:
    """Return the id of each message's template."""
    templates = Templates()
    return [templates.add(message).id for message in messages]


def drain3(messages: Sequence[str]) -> list[Hashable]:
    """Return the id of each message's cluster in drain3, with its defaults and a mask for numbers."""
    miner = importlib.import_module("drain3").TemplateMiner()
    return [miner.add_log_message(message)["cluster_id"] for message in messages]


def scores(found: Sequence[Hashable], true: Sequence[Hashable]) -> tuple[float, float]:
    """Return grouping accuracy and F1 of grouping."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    truth: dict[Hashable, list[int]] = defaultdict(list)
    for place, (mine, theirs) in enumerate(zip(found, true, strict=True)):
        groups[mine].append(place)
        truth[theirs].append(place)
    right = {frozenset(group) for group in truth.values()}
    exact = [group for group in groups.values() if frozenset(group) in right]
    return sum(map(len, exact)) / len(found), 2 * len(exact) / (len(groups) + len(truth))


def main() -> None:
    """Print both scores for each set and method, means, and the speed."""
    if not _LOGHUB.is_dir():
        print("not measured: the loghub sets are not here (set LOGDOJO_DATA)")
        return
    methods: dict[str, Grouper] = {"logdojo": ours}
    if importlib.util.find_spec("drain3") is not None:
        methods["drain3"] = drain3
    print(f"{'set':<12}{'templates':>10}" + "".join(f"{name + ' accuracy':>20}{'F1':>7}" for name in methods))
    columns: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    everything: list[str] = []
    for each in SETS:
        with (_LOGHUB / f"{each}_2k.log_structured.csv").open(encoding="utf-8", errors="replace", newline="") as file:
            rows = list(csv.DictReader(file))
        messages, true = [row["Content"] for row in rows], [row["EventId"] for row in rows]
        everything += messages
        row = f"{each:<12}{len(set(true)):>10}"
        for name, group in methods.items():
            columns[name].append(scores(group(messages), true))
            row += f"{columns[name][-1][0]:>20.3f}{columns[name][-1][1]:>7.3f}"
        print(row)
    for name, group in methods.items():
        accuracy, f1 = (sum(column) / len(SETS) for column in zip(*columns[name], strict=True))
        start = time.process_time()
        group(everything)
        rate = len(everything) / (time.process_time() - start)
        print(f"{name}: mean accuracy {accuracy:.3f}, mean F1 {f1:.3f}, {rate:,.0f} lines a CPU second")
    print(f"goals: {MIN_ACCURACY}, {MIN_F1}, {MIN_RATE:,}")


if __name__ == "__main__":
    main()
