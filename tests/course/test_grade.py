from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logdojo.course.build import notebooks
from logdojo.course.catalog import Course, Lab
from logdojo.course.grade import Row, grade_folder
from logdojo.course.report import as_csv, page, reasons, write
from logdojo.errors import UsageError

Notebook = dict[str, Any]
Change = Callable[[Notebook], None]


def code(source: str) -> Notebook:
    """Return a bare code cell."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def at(notebook: Notebook, exercise: str) -> int:
    """Return the index of the cell that defines an exercise."""
    return next(i for i, c in enumerate(notebook["cells"]) if c.get("id") == f"exercise-{exercise}")


def put(folder: Path, name: str, notebook: Notebook) -> None:
    """Hand a notebook in."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def grade(course: Course, folder: Path, seconds: float = 1.0) -> dict[str, Row]:
    """Grade a folder; return learner → row."""
    total, rows = grade_folder(course, folder, cell_seconds=seconds)
    out = {row.learner: row for row in rows}
    assert len(out) == total
    return out


@pytest.fixture
def solved(course: Course, lab: Lab) -> Notebook:
    return notebooks(course, lab)[0]


@pytest.fixture
def untouched(course: Course, lab: Lab) -> Notebook:
    return notebooks(course, lab)[1]


def one(course: Course, tmp_path: Path, notebook: Notebook, seconds: float = 1.0) -> Row:
    """Grade one notebook."""
    put(tmp_path / "in", "anna/work.ipynb", notebook)
    return grade(course, tmp_path / "in", seconds)["anna"]


def test_a_solution_gets_everything_and_an_untouched_lab_nothing(
    course: Course, tmp_path: Path, solved: Notebook, untouched: Notebook
):
    """A solution scores all points, an untouched lab none, and each lost point has its reason."""
    put(tmp_path / "in", "a/01_logging_foundations.ipynb", solved)
    put(tmp_path / "in", "b/01_logging_foundations.ipynb", untouched)
    rows = grade(course, tmp_path / "in")
    assert (rows["a"].points, rows["a"].possible) == (7, 7)
    assert rows["b"].points == 0
    assert reasons(rows["b"]) == "double: not written yet; Counter: not written yet"


CASES: dict[str, tuple[str, int, str]] = {
    "syntax error": ("def double(x):\n    return x x", 0, "syntax error in cell {n} line 2"),
    "endless loop in the cell": ("def double(x):\n    return 2*x\nwhile True: pass", 3, ""),
    "endless loop that catches all": (
        "def double(x):\n    return 2*x\nwhile True:\n    try:\n        pass\n    except BaseException:\n        pass",
        3,
        "",
    ),
    "endless loop in the function": ("def double(x):\n    while True: pass", 0, "took longer than"),
    "ends the process": ("import os\nos._exit(0)", 0, "cell {n} ended the whole process (exit status 0)"),
    "ends the process when called": ("import os\ndef double(x):\n    os._exit(3)", 0, "ended the whole process"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", 0, "SIGKILL"),
    "system exit": ("def double(x):\n    raise SystemExit", 0, "SystemExit"),
    "wrong value": ("def double(x):\n    return x * x", 2, "double: negative numbers too"),
    "wrong type": ("def double(x):\n    return int('a')", 0, "ValueError: invalid literal"),
    "reads input": ("def double(x):\n    return int(input())", 0, "EOFError"),
    "prints and logs": (
        "import logging, sys\ndef double(x):\n    print(x); sys.stderr.write('y'); logging.error('z'); return 2 * x",
        3,
        "",
    ),
    "magics": ("%matplotlib inline\n!ls\ndef double(x):\n    return 2 * x", 3, ""),
    "timing magic": ("%%time\ndef double(x):\n    return 2 * x", 3, ""),
    "await": ("import asyncio\nawait asyncio.sleep(0)\ndef double(x):\n    return 2 * x", 3, ""),
    "forks": ("import os\npid = os.fork()\ndef double(x):\n    return 2 * x", 3, ""),
    "not a function": ("double = 3", 0, "TypeError: 'int' object is not callable"),
    "renamed": ("def doubel(x):\n    return 2 * x", 0, "no cell defines `double`"),
    "recursion": ("def double(x):\n    return double(x)", 0, "RecursionError"),
    "exits on import": ("import sys\ndef double(x):\n    return 2 * x\nsys.exit(1)", 3, ""),
    "hostile message": (
        "class E(Exception):\n    def __str__(self): raise ValueError\ndef double(x):\n    raise E",
        0,
        "its message cannot be shown",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_damage_gets_a_score_and_a_reason(course: Course, tmp_path: Path, solved: Notebook, name: str):
    """Whatever the cell of one exercise does, it costs no more than what depends on it, and the reason is told."""
    source, points, reason = CASES[name]
    index = at(solved, "double")
    solved["cells"][index] = code(source)
    row = one(course, tmp_path, solved)
    assert sum(r.points for r in row.by_exercise()["double"]) == points, reasons(row)
    assert reason.format(n=index + 1) in reasons(row)


def test_a_broken_cell_leaves_other_exercises_alone(course: Course, tmp_path: Path, untouched: Notebook):
    """Points of one exercise stay when the cell of another ends the process or never ends."""
    untouched["cells"][at(untouched, "double")] = code("def double(x):\n    return 2 * x")
    untouched["cells"][at(untouched, "Counter")] = code("import os\nos._exit(1)")
    row = one(course, tmp_path, untouched)
    assert row.points == 3
    assert "Counter: cell 9 ended" in reasons(row)


def test_damaged_files_are_rows_too(course: Course, tmp_path: Path, solved: Notebook):
    """Files that are no notebook, or no known lab, get a row that says so."""
    folder = tmp_path / "in"
    put(folder, "good/01_logging_foundations.ipynb", solved)
    put(folder, "list/01_logging_foundations.ipynb", [])
    put(folder, "nocells/01_logging_foundations.ipynb", {"metadata": {}})
    put(folder, "odd/01_logging_foundations.ipynb", {"cells": [None, {"cell_type": "code", "source": 3}, 7]})
    put(folder, "other/shopping.ipynb", {"cells": [code("print('milk')")]})
    put(folder, "bynames/shopping.ipynb", {"cells": [code("def double(x):\n    return 2 * x")]})
    put(folder, "later/04_secure_logs.ipynb", {"cells": []})
    for name, content in (("empty", b""), ("text", b'{"cells": ['), ("bytes", b"\xff\xfe\x00"), ("deep", b"[" * 10**6)):
        (folder / name).mkdir()
        (folder / name / "01_logging_foundations.ipynb").write_bytes(content)
    rows = grade(course, folder)
    assert len(rows) == 11
    assert rows["good"].points == 7
    assert rows["bynames"].points == 3
    for name, reason in {
        "list": "not a notebook: its JSON is not an object",
        "nocells": "not a notebook: it has no list of cells",
        "odd": "no cell defines `double`",
        "other": "which lab this is cannot be told",
        "later": "lab 04_secure_logs has no checks yet",
        "empty": "the file is empty",
        "text": "invalid JSON at line 1",
        "bytes": "not UTF-8 at byte 0",
        "deep": "nested too deeply",
    }.items():
        assert rows[name].points == 0
        assert reason in reasons(rows[name]), name


def test_an_empty_folder_is_a_wrong_call(course: Course, tmp_path: Path):
    """Grading nothing is wrong usage, not an empty success."""
    with pytest.raises(UsageError, match="no notebooks"):
        grade_folder(course, tmp_path / "nowhere")


def test_same_input_gives_the_same_csv(course: Course, tmp_path: Path, solved: Notebook, untouched: Notebook):
    """The CSV is byte-identical for the same input, also when two run at once."""
    solved["cells"][at(solved, "double")] = code("def double(x):\n    raise ValueError(object(), {'a', 'b', 'c'})")
    for number in range(4):
        put(tmp_path / "in", f"s{number}.ipynb", solved if number % 2 else untouched)
    texts = {as_csv(grade_folder(course, tmp_path / "in", jobs=jobs)[1]) for jobs in (1, 2)}
    assert len(texts) == 1


def test_pages_are_escaped_and_show_no_check_source(course: Course, tmp_path: Path, untouched: Notebook):
    """A page shows names and messages as text, and nothing of a hidden check but its title."""
    untouched["cells"][at(untouched, "double")] = code(
        "def double(x):\n    raise ValueError('<script>alert(1)</script>')"
    )
    put(tmp_path / "in", "<b>eve</b>.ipynb".replace("/", "_"), untouched)
    rows = list(grade_folder(course, tmp_path / "in")[1])
    text = page(rows[0].learner, rows)
    assert "<script>" not in text
    assert "<b>eve" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "Double a negative number." in text
    assert "counter.up() for _" not in text
    assert text.count("<h1>") == 1


def test_learners_of_like_names_get_pages_of_their_own(course: Course, tmp_path: Path, untouched: Notebook):
    """Names that differ only in case or in signs a file cannot have do not overwrite each other's page."""
    for name in ("Ana", "ana", "a na", "a.na", "=cmd"):
        put(tmp_path / "in", f"{name}.ipynb", untouched)
    rows = list(grade_folder(course, tmp_path / "in")[1])
    paths = write(rows, tmp_path / "out")
    assert len({path.name.lower() for path in paths}) == 6
    assert "\n'=cmd," in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")


def test_secrets_and_input_do_not_reach_a_submission(
    course: Course, tmp_path: Path, solved: Notebook, monkeypatch: pytest.MonkeyPatch
):
    """The environment of the grader, its keys above all, is not the submission's."""
    monkeypatch.setenv("LOGDOJO_KEY", "k" * 32)
    solved["cells"][at(solved, "double")] = code(
        "import os, sys\nassert 'LOGDOJO_KEY' not in os.environ\nassert sys.stdin.read() == ''\n"
        "assert os.listdir() == ['my_soc']\ndef double(x):\n    return 2 * x"
    )
    assert one(course, tmp_path, solved).points == 7


def test_memory_is_limited(course: Course, tmp_path: Path, solved: Notebook):
    """A submission that wants more memory than it may have gets a MemoryError, and the batch goes on."""
    solved["cells"][at(solved, "double")] = code("def double(x):\n    return len(bytearray(2**36))")
    assert "MemoryError" in reasons(one(course, tmp_path, solved))


def test_a_forged_event_ends_the_submission(course: Course, tmp_path: Path, untouched: Notebook):
    """Writing into the grader's channel wins nothing."""
    event = json.dumps({"event": "check", "name": "nothing"})
    untouched["cells"][at(untouched, "double")] = code(
        f"import os\nline = {event!r}.encode() + b'\\n'\n"
        "for fd in range(3, 64):\n    try: os.write(fd, line)\n    except OSError: pass"
    )
    row = one(course, tmp_path, untouched)
    assert row.points == 0
    assert "channel" in reasons(row)


def test_a_name_is_known_even_where_cells_were_shuffled(course: Course, tmp_path: Path, solved: Notebook):
    """A class that stands above what its definition needs is run again."""
    solved["cells"].insert(0, code("class Late(Counter):\n    pass"))
    solved["cells"].insert(1, {"cell_type": "markdown", "metadata": [], "source": "text"})
    row = one(course, tmp_path, solved)
    assert row.points == 7
    assert any("run again" in note for note in row.notes)


def metadata() -> st.SearchStrategy[Any]:
    """Return strategies for metadata that a cell may end up with."""
    roles = st.sampled_from(["measure", "check", "text", "exercise", 3, None])
    return st.one_of(
        st.just({}),
        st.none(),
        st.fixed_dictionaries({"logdojo": st.fixed_dictionaries({"role": roles, "exercise": st.just("Counter")})}),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_moving_copying_and_retyping_cells_leaves_the_score(
    course: Course, lab: Lab, tmp_path: Path, data: st.DataObject
):
    """The score is that of the clean copy when cells are copied, moved, robbed of metadata or turned to text."""
    notebook = notebooks(course, lab)[0]
    cells: list[Notebook] = notebook["cells"]
    untouched = notebooks(course, lab)[1]["cells"][at(notebook, "double")]
    cells += data.draw(st.lists(st.sampled_from([*cells, untouched]), max_size=5))
    moved: list[Notebook] = data.draw(st.permutations(cells))
    for index, cell in enumerate(moved):
        new = dict(cell, metadata=data.draw(metadata()))
        if "def " in "".join(cell["source"]) and data.draw(st.booleans()):
            new["cell_type"] = data.draw(st.sampled_from(["markdown", "raw", "code", "?"]))
        moved[index] = new
    notebook["cells"] = moved
    row = one(course, tmp_path, notebook)
    assert row.points == row.possible == 7, reasons(row)
