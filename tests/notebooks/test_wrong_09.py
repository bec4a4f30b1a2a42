"""Lab 09: answers that learners really give lose points, with a reason that names the mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source

LAB = find_lab("09")
ROOT = Path(__file__).resolve().parents[2]


class Wrong(NamedTuple):
    """What the solution says, what the mistake says instead, a check it must fail, and words of the reason."""

    exercise: str
    right: str
    wrong: str
    fails: str
    says: str


MISTAKES = [
    Wrong("encode_example", "body[: max_tokens - 3]", "body", "cuts_the_text_only", "max_tokens"),
    Wrong(
        "encode_example",
        "[log, *body[: max_tokens - 3], verdict, answer_id]",
        "[log, *body, verdict, answer_id][:max_tokens]",
        "cuts_the_text_only",
        "lost its verdict",
    ),
    Wrong("encode_example", 'text.replace("<|", "< |")', "text", "cannot_be_forged", "spoke its own verdict"),
    Wrong("encode_example", "body[: max_tokens - 3]", "body[3 - max_tokens :]", "cuts_the_text_only", "cut the end"),
    Wrong("loss_mask", "[-100] * (last + 1) + list(ids[last + 1 :])", "list(ids)", "keeps_the_answer_only", "mask it"),
    Wrong(
        "loss_mask",
        "ids[::-1].index(verdict_id)",
        "(len(ids) - 1 - ids.index(verdict_id))",
        "uses_the_last_verdict",
        "LAST",
    ),
    Wrong(
        "loss_mask",
        "[-100] * (last + 1) + list(ids[last + 1 :])",
        "[-100] * last + list(ids[last + 1 :]) + [-100]",
        "uses_the_last_verdict",
        "shifts by itself",
    ),
    Wrong(
        "loss_mask",
        'raise ValueError("an example without an answer")',
        "return [-100] * len(ids)",
        "refuses_an",
        "teaches nothing",
    ),
    Wrong(
        "LoRALinear",
        "torch.zeros(linear.out_features, r)",
        "torch.randn(linear.out_features, r)",
        "starts_as",
        "start at zero",
    ),
    Wrong(
        "LoRALinear",
        "torch.randn(r, linear.in_features) / r",
        "torch.zeros(r, linear.in_features)",
        "can_learn",
        "ever gets",
    ),
    Wrong("LoRALinear", "linear.requires_grad_(False)", "linear", "trains_only", "not frozen"),
    Wrong("LoRALinear", "alpha / r", "1", "adds_the_scaled", "alpha / r"),
    Wrong("learning_rate", "peak * (step + 1) / w", "peak * step / w", "rises_and_falls", "(step + 1) / w"),
    Wrong("learning_rate", "max(1, round(warmup * total))", "round(warmup * total)", "warms_up", "at least 1"),
    Wrong("learning_rate", "(step - w) / max(1, total - w)", "step / total", "follows_the_formula", "cosine"),
    Wrong("train_step", "optimizer.zero_grad(set_to_none=True)", "pass", "sets_rate", "zero_grad"),
    Wrong("train_step", 'group["lr"] = lr', "pass", "sets_rate", "every group"),
    Wrong(
        "train_step",
        "torch.nn.utils.clip_grad_norm_(model.parameters(), clip)\n    optimizer.step()",
        "optimizer.step()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)",
        "clips_before",
        "clip before step",
    ),
    Wrong("train_step", "return loss.item()", "return loss", "lowers_the_loss", "loss.item()"),
    Wrong("train_step", "return loss.item()", "return model(**batch).loss.item()", "reports", "forward pass"),
    Wrong("save_atomically", 'Path(f"{path}.part")', "Path(path)", "keeps_the_old", "beside it"),
    Wrong("save_atomically", "os.fsync(stream.fileno())", "pass", "syncs_before", "power cut"),
    Wrong(
        "save_atomically",
        "os.replace(part, path)",
        "__import__('shutil').copy(part, path)",
        "writes_what",
        "left behind",
    ),
]


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """Public and hidden checks."""
    return load_all(Course(ROOT).check_files(LAB))


@pytest.fixture(scope="module")
def solutions() -> dict[str, str]:
    """Exercise → its solution."""
    cells = read_source(Course(ROOT).source(LAB))
    return {cell.exercise: cell.solved() for cell in cells if cell.role is Role.EXERCISE}


def _failed(source: str, checks: list[Check], exercise: str) -> dict[str, str]:
    names: dict[str, Any] = {}
    imports = "import os\nimport torch\nfrom pathlib import Path\nfrom safetensors.torch import save_file\n"
    exec(imports + source, names)  # noqa: S102, the course's own source and the mistakes above
    results = run_checks([one for one in checks if one.exercise == exercise], names)
    return {result.check: result.reason for result in results if not result.passed}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.exercise}: {m.wrong[:40]}")
def test_a_mistake_is_named(mistake: Wrong, solutions: dict[str, str], checks: list[Check]):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    source = solutions[mistake.exercise]
    assert mistake.right in source
    reasons = _failed(source.replace(mistake.right, mistake.wrong), checks, mistake.exercise)
    assert any(name.startswith(mistake.fails) for name in reasons), reasons
    assert mistake.says in " ".join(reasons.values()), reasons


def test_solutions_have_full_marks_and_three_mistakes_each(solutions: dict[str, str], checks: list[Check]):
    """Every check passes on the solution, and each exercise has three mistakes or more above."""
    for exercise, source in solutions.items():
        assert _failed(source, checks, exercise) == {}
        assert sum(m.exercise == exercise for m in MISTAKES) >= 3
