from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from logdojo.course.check import Lookup, Result, check, load_all, load_checks, run_check, run_checks
from logdojo.course.contain import contained
from logdojo.errors import CourseError

FILE = '''"""Checks."""
from __future__ import annotations
import dataclasses
from logdojo.course.check import check

@dataclasses.dataclass
class Case:
    given: int

@check("f", points=2)
def one(lab):
    """Return one."""
    assert lab.f() == 1, "it is not one"
'''


def write(path: Path, text: str = FILE) -> Path:
    """Write a check file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_loaded_without_a_trace(tmp_path: Path):
    """Checks come in the file's order; no module is left behind, and dataclasses in the file work."""
    before = set(sys.modules)
    checks = load_checks(write(tmp_path / "checks" / "x.py"))
    assert [(one.exercise, one.name, one.title, one.points) for one in checks] == [("f", "one", "Return one.", 2)]
    assert set(sys.modules) == before
    assert run_checks(checks, {"f": lambda: 1}) == [Result("f", "one", "Return one.", 2, 2)]
    assert run_checks(checks, {"f": lambda: 2})[0].reason == "it is not one"


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1\n", "declares no check"), ("x = \n", "SyntaxError"), ("1 / 0\n", "ZeroDivisionError")],
)
def test_a_damaged_check_file_is_named(tmp_path: Path, text: str, message: str):
    """The error names the file and what is wrong."""
    with pytest.raises(CourseError, match=rf"x\.py.*{message}"):
        load_checks(write(tmp_path / "x.py", text))


def test_two_checks_of_one_name_are_refused(tmp_path: Path):
    """Public and hidden checks of one lab have names of their own."""
    with pytest.raises(CourseError, match="check one is also in"):
        load_all([write(tmp_path / "a" / "x.py"), write(tmp_path / "b" / "x.py")])


def test_a_declaration_without_docstring_or_points_is_refused():
    """A check says in one line what it checks, and is worth something."""
    with pytest.raises(CourseError, match="docstring must be one line"):
        check("f")(lambda _lab: None)
    with pytest.raises(CourseError, match="points=0"):

        @check("f", points=0)
        def nothing(_lab: Lookup) -> None:
            """Check nothing."""


@check("f", points=3)
def calls(lab: Lookup) -> None:
    """Return true."""
    if not lab.f():
        raise AssertionError


def reason(function: object) -> str:
    """Return why the check fails for ``function``."""
    result = run_check(calls.__logdojo_check__, {"f": function}, seconds=0.2)
    assert result.passed is (not result.reason)
    return result.reason


def test_reasons_are_one_line_in_the_learners_words():
    """No stack, no internals: the type, the message, and the learner's own line."""

    def unwritten() -> None:
        raise NotImplementedError("f")

    def lines() -> None:
        raise ValueError("two\nlines\x1b[31m of 0x7f0011223344")

    def leaves() -> None:
        sys.exit(3)

    assert reason(unwritten) == "not written yet"
    assert reason(lines) == "ValueError: two lines\N{REPLACEMENT CHARACTER}[31m of 0x…"
    assert reason(leaves).startswith("SystemExit")
    assert reason(lambda: False) == "not so yet: Return true."
    assert run_check(calls.__logdojo_check__, {}).reason == "`f` is not defined: run the cell that defines it"
    names: dict[str, object] = {}
    exec(compile("def f():\n    return [][1]", "ipykernel_7/1.py", "exec"), names)  # noqa: S102
    assert reason(names["f"]) == "IndexError: list index out of range (your line 2)"


def test_a_learners_own_assertion_is_not_taken_for_the_checks():
    """An assertion that fails in the learner's code is named as such."""
    names: dict[str, object] = {}
    exec(compile("def f():\n    assert 1 > 2, 'mine'", "ipykernel_7/1.py", "exec"), names)  # noqa: S102
    assert reason(names["f"]) == "AssertionError: mine (your line 2)"


def endless() -> None:
    """Never return, and catch everything."""
    while True:
        try:
            time.sleep(0.001)
        except BaseException:  # noqa: BLE001, S112, this is the learner who catches everything
            continue


def circling() -> None:
    """Never return."""
    number = 0
    while number >= 0:
        number += 1


def test_an_endless_loop_is_stopped_and_the_next_check_is_quick():
    """A loop ends at its limit, also one that catches everything; a tenth of the limit is left for its next check."""
    results = run_checks([calls.__logdojo_check__] * 3, {"f": endless}, seconds=0.5)
    assert [result.ran_out for result in results] == [True] * 3
    assert [result.reason.split(" s ")[0] for result in results] == [
        "took longer than 0.5",
        *["took longer than 0.05"] * 2,
    ]


def test_an_endless_loop_is_stopped_off_the_main_thread_too():
    """Where no timer signal can be had, a watcher thread ends the loop."""
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(reason(circling)))
    thread.start()
    thread.join(20)
    assert seen
    assert "took longer than" in seen[0]


def test_a_limit_off_the_main_thread_leaves_nothing_behind():
    """After it, code that is traced still runs; tried in a process of its own, which a failure would hang."""
    program = (
        "import sys, threading\n"
        "from logdojo.course.contain import contained\n"
        "def circling():\n"
        "    with contained(0.1):\n"
        "        while True: pass\n"
        "thread = threading.Thread(target=circling)\n"
        "thread.start(); thread.join()\n"
        "def called(): return 1\n"
        "sys.settrace(lambda frame, event, arg: None)\n"
        "sys.exit(called() - 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=20).returncode == 0


def test_output_and_logging_cost_nothing_and_leave_nothing(capsys: pytest.CaptureFixture[str]):
    """What a learner's code prints, logs or configures is neither seen nor kept."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    try:

        def loud() -> bool:
            print("printed")
            logging.basicConfig(level=logging.DEBUG, force=True)
            logging.getLogger("loud").addHandler(logging.StreamHandler())
            logging.getLogger("loud").error("logged")
            logging.disable(logging.CRITICAL)
            return True

        assert reason(loud) == ""
    finally:
        assert (list(root.handlers), root.level) == before
        assert logging.getLogger("loud").handlers == []
        assert root.manager.disable == logging.NOTSET
    assert capsys.readouterr() == ("", "")


def test_the_limit_is_over_when_the_block_is():
    """A block that ends in time is not struck afterwards."""
    with contained(0.05) as outcome:
        pass
    time.sleep(0.1)
    assert not outcome.ran_out
