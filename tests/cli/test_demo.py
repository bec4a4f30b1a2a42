"""`logdojo demo`: the whole path in seconds, and figures that come from the run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def _demo(out: Path, *arguments: str, timeout: int = 400) -> dict[str, object]:
    command = [sys.executable, "-m", "logdojo", "demo", "--out", str(out), "--profile", "smoke", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LOGDOJO_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(out.glob("*/evaluation.json"))}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The folder of one smoke run and its evaluation."""
    out = tmp_path_factory.mktemp("demo")
    return out, _demo(out)


def _model_score(evaluations: dict[str, object]) -> float:
    (evaluation,) = evaluations.values()
    return evaluation["results"][-1]["macro_f1"]  # type: ignore[index,no-any-return] # the shape is asserted below


def test_the_report_holds_numbers_plots_and_lines(plain: tuple[Path, dict[str, object]]):
    """Three plots in light and dark with alt text, ten lines with verdicts, all methods; nothing is fetched."""
    page = (plain[0] / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<picture><source media='\(prefers-color-scheme: dark\)'", page)) == 3
    assert len(re.findall(r"<img [^>]*alt='[^']{10,}'", page)) == 3
    assert page.count("<dt>before</dt>") == 10
    assert all(method in page for method in ("majority", "TF-IDF + LR", "tiny"))
    assert not re.search(r"(?:src|href|srcset)=['\"]?https?:", page)
    assert "<script" not in page


def test_the_evaluation_is_complete(plain: tuple[Path, dict[str, object]]):
    """n, prevalence, interval and bits per byte stand beside three methods."""
    (evaluation,) = plain[1].values()
    assert isinstance(evaluation, dict)
    assert evaluation["n"] > 100
    assert sum(evaluation["prevalence"].values()) == pytest.approx(1.0)
    assert [r["method"] for r in evaluation["results"]] == ["majority", "TF-IDF + LR", "tiny"]
    assert all(r["interval"][0] <= r["macro_f1"] <= r["interval"][1] for r in evaluation["results"])
    assert 0 < evaluation["bits_per_byte"] < 8


def test_no_original_address_or_user_is_kept_in_the_examples(plain: tuple[Path, dict[str, object]]):
    """What the run keeps for training is anonymized: the saved data set holds no simulated user or address."""
    from datasets import load_from_disk

    from logdojo.parse import parse_line
    from logdojo.simulate import simulate

    rows = load_from_disk(str(plain[0] / "simulated" / "dataset"))
    kept = "\n".join(line for part in rows.values() for line in part["line"])
    addresses = {parse_line(s.line).text("source.ip") for s in simulate(1_500, seed=7)} - {""}
    outside = {a for a in addresses if not a.startswith(("10.", "172.", "192.168.", "127."))}
    assert outside
    assert not [a for a in outside if re.search(rf"(?<![\d.]){re.escape(a)}(?![\d.])", kept)]


def test_shuffled_labels_change_the_figures(plain: tuple[Path, dict[str, object]], tmp_path: Path):
    """The control run scores differently, and its report says that it is one."""
    shuffled = _demo(tmp_path, "--shuffle-labels")
    assert _model_score(shuffled) != _model_score(plain[1])
    assert "Control run" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_random_weights_change_the_figures(plain: tuple[Path, dict[str, object]], tmp_path: Path):
    """Without the pre-trained checkpoint the language model needs more bits for a byte."""
    random_start = _demo(tmp_path, "--base", "random")
    (ours,), (theirs,) = plain[1].values(), random_start.values()
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert theirs["bits_per_byte"] > 1.5 * ours["bits_per_byte"]


def test_a_folder_without_known_data_is_refused(tmp_path: Path):
    """Exit code 1, and the hint says what the folder must hold."""
    command = [sys.executable, "-m", "logdojo", "demo", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "panther" in done.stderr


@pytest.mark.slow
def test_real_logs_are_learnt_and_evaluated(shared_data: Path, tmp_path: Path):
    """`--data` gives one part each for panther and crowdsec, split by group, with the baseline beside the model."""
    evaluations = _demo(tmp_path, "--data", str(shared_data))
    assert sorted(evaluations) == ["crowdsec", "panther"]
    for evaluation in evaluations.values():
        assert isinstance(evaluation, dict)
        assert evaluation["groups"] >= 10
        assert evaluation["results"][1]["method"] == "TF-IDF + LR"
