from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ITEM = "interview.what-llm"


def quiz(*arguments: str, answer: bytes = b"", cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``logdojo quiz`` as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", "logdojo", "quiz", *arguments],
        input=answer,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=120,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_ask_takes_a_piped_choice(root: Path):
    """A letter on standard input is graded, each rationale is shown, nothing goes to standard error."""
    done = quiz("ask", "--item", "log.loguru.values-in-traces", "--seed", "1", answer=b"a\n", cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "This decides what happens when the sink itself fails." in done.stdout
    assert "1 of 1 answered" in done.stdout


def test_ask_asks_again_after_a_wrong_letter(root: Path):
    """A letter that names no option is explained on standard error, and the question stays."""
    done = quiz("ask", "--item", "log.loguru.values-in-traces", answer=b"x\n\nb\n", cwd=root)
    assert done.returncode == 0
    assert "names no option" in done.stderr
    assert "1 of 1 answered" in done.stdout


def test_ask_reads_free_text_to_an_empty_line(root: Path):
    """A free text may have several lines; broken bytes and control characters do no harm."""
    said = b"It guesses the\nnext word. \x1b[31mIt uses \xff self-attention.\n\n"
    done = quiz("ask", "--item", ITEM, answer=said, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "It guesses the next word" in done.stdout
    assert "\x1b" not in done.stdout


def test_ask_ends_with_its_input(root: Path):
    """When the input ends, the session ends, and says so."""
    done = quiz("ask", "--number", "3", cwd=root)
    assert done.returncode == 0
    assert "No more input" in done.stdout


def test_ask_is_seeded(root: Path):
    """The same seed shows the same questions in the same order."""
    first, second = (quiz("ask", "--topic", "log_security", "--seed", "3", cwd=root).stdout for _ in range(2))
    assert first == second


def test_grade_prints_json(root: Path, tmp_path: Path):
    """The contract: one JSON object with score, band, verdict and points."""
    (tmp_path / "answer.txt").write_text("It predicts the next token. It is trained on a huge amount of text.", "utf-8")
    done = quiz("grade", "--item", ITEM, "--answer-file", str(tmp_path / "answer.txt"), "--json", cwd=root)
    data = json.loads(done.stdout)
    assert (done.returncode, data["item"], data["verdict"]) == (0, ITEM, "graded")
    assert data["band"][0] <= data["score"] <= data["band"][1]
    assert [point["status"] for point in data["points"][:2]] == ["made", "made"]
    assert all(point["follow_up"] for point in data["points"] if point["status"] == "missed")


def test_grade_takes_letters_in_file_order(root: Path):
    """A choice is graded from letters on standard input."""
    arguments = ("grade", "--item", "log.levels.third-attempt", "--answer-file", "-", "--json")
    data = json.loads(quiz(*arguments, answer=b"a\n", cwd=root).stdout)
    assert set(data) >= {"score", "right", "wrong", "missed"}


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (("grade", "--item", "nothing", "--answer-file", "-"), 1, ["no item 'nothing'", "hint"]),
        (("grade", "--item", ITEM, "--answer-file", "absent.txt"), 1, ["absent.txt", "hint"]),
        (("grade", "--item", "log.levels.third-attempt", "--answer-file", "-"), 2, ["names no option", "hint"]),
        (("ask", "--topic", "nothing"), 1, ["no topic 'nothing'", "log_security"]),
        (("lint", "--bank", "absent"), 1, ["absent", "--bank"]),
    ],
)
def test_errors_are_one_line_and_a_remedy(root: Path, arguments: tuple[str, ...], code: int, parts: list[str]):
    """Errors name culprit and remedy on standard error, print nothing else, and set the exit code."""
    done = quiz(*arguments, answer=b"qqq\n", cwd=root)
    assert (done.returncode, done.stdout) == (code, "")
    for part in parts:
        assert part in done.stderr


def test_lint_sets_the_exit_code(root: Path, tmp_path: Path):
    """The bank is clean; a bank with an error gives 1 and names it."""
    assert quiz("lint", cwd=root).returncode == 0
    for name in ("syllabus.yaml", "interview.yaml"):
        text = (root / "quizzes" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("score: 0.41", "score: 0.99"), "utf-8")
    done = quiz("lint", "--bank", str(tmp_path), cwd=root)
    assert done.returncode == 1
    assert "its author gives 0.99" in done.stdout


def test_list_is_tab_separated(root: Path):
    """One item a line: topic, id, objective, type."""
    lines = quiz("list", "--topic", "cases", cwd=root).stdout.splitlines()
    assert [len(line.split("\t")) for line in lines] == [4] * 4


def test_quiz_loads_no_torch(root: Path):
    """Loading the bank, grading and the notebook's face import neither torch nor numpy nor rich."""
    code = (
        "import sys; from logdojo.widgets.quiz import answer;"
        "answer('interview.what-llm', 'It predicts the next token.');"
        "import logdojo.cli.quiz, logdojo.quiz.lint, logdojo.quiz.publish;"
        "print([m for m in ('torch', 'transformers', 'datasets', 'numpy', 'rich', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


def test_command_line_loads_no_torch(root: Path):
    """`logdojo quiz list` starts without torch."""
    code = (
        "import sys, runpy; sys.argv = ['logdojo', 'quiz', 'list']\n"
        "try: runpy.run_module('logdojo', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stderr.strip().endswith("False")
