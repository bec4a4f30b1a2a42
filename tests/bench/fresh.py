"""Measure one variant at a time, each in a fresh process, the variants taking turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

RUNS = 5
_AT_LEAST_SECONDS = 0.6


def medians(module: str, variants: Sequence[str], *, runs: int = RUNS) -> dict[str, dict[str, float]]:
    """Return variant → figure → median over fresh processes; each runs ``python -m MODULE --one VARIANT FOLDER``.

    The process prints one JSON object of figures on its last line.
    """
    measured: dict[str, list[dict[str, float]]] = {variant: [] for variant in variants}
    for _ in range(runs):
        for variant in variants:
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", module, "--one", variant, folder]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{module} --one {variant} failed:\n{done.stderr[-2000:]}")
            measured[variant].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        variant: {name: statistics.median(run[name] for run in results) for name in results[0]}
        for variant, results in measured.items()
    }


def micros(call: Callable[[int], object], *, batch: int = 2_000) -> float:
    """Return CPU microseconds a call of ``call(n)``'s n rounds, all threads of the process together."""
    call(batch)
    rounds, start = 0, time.process_time()
    while time.process_time() - start < _AT_LEAST_SECONDS:
        call(batch)
        rounds += batch
    return (time.process_time() - start) / rounds * 1e6
