from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.course import my_soc, parts
from logdojo.course.extract import extract
from logdojo.errors import CourseError

CELLS = [
    "from __future__ import annotations\nimport json, re\nimport os.path as where",
    "%matplotlib inline\nbroken = (",
    "LIMIT = 3; OTHER = 4\nrecord = open('/nowhere')",
    "def helper(x):\n    return x + LIMIT",
    "@staticmethod\ndef decorated(): ...",
    "def redact(text):\n    return 'old'",
    (
        "# mine\ndef redact(text, *, record=None):\n    # why\n    found = re.sub('a', 'b', text)\n"
        "    return json.dumps([found, helper(1)])\nprint(redact('a'))"
    ),
]


def run(folder: Path, code: str) -> str:
    """Run code in a fresh process in ``folder``; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_a_passed_exercise_stands_alone(tmp_path: Path):
    """What passed is kept with the imports and names that it needs, and no others, and loads in a fresh process."""
    path = my_soc.keep(tmp_path, "redact", CELLS)
    text = path.read_text(encoding="utf-8")
    assert "OTHER" not in text
    assert "/nowhere" not in text
    assert "print" not in text
    assert "'old'" not in text
    assert "# why" in text
    out = run(tmp_path, "from my_soc import redact; print(redact('aa'))")
    assert out == 'my_soc: redact is your own version\n["bb", 4]\n'


def test_classes_with_bases_and_annotations_keep_what_they_need():
    """Base classes, decorators, defaults, quoted annotations and changes step by step are followed."""
    cells = [
        "import dataclasses, logging\nfrom typing import Any\nN = 1\nN += 1\nif N:\n    M = 2\nUNUSED = 5",
        "class Base(logging.Formatter):\n    size = N",
        "@dataclasses.dataclass\nclass Event:\n    x: 'Any' = None",
        "class Own(Base):\n    def f(self, e: 'Event', m=None) -> Any:\n        return [M for _ in range(N)]",
    ]
    text = extract("Own", cells)
    for part in ("class Base", "class Event", "N += 1", "M = 2", "from typing import Any", "import dataclasses"):
        assert part in text
    assert "UNUSED" not in text
    names: dict[str, object] = {"__name__": "own"}
    exec(text, names)  # noqa: S102
    assert names["Own"]().f(None) == [2, 2]  # type: ignore[operator]


def test_what_is_not_defined_cannot_be_kept(tmp_path: Path):
    """Keeping a name that no cell binds is an error that says so."""
    with pytest.raises(CourseError, match="no cell defines `missing`"):
        my_soc.keep(tmp_path, "missing", CELLS)


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_cells_at_all_can_stand_before(cells: list[str]):
    """Cells that are no Python do not keep an exercise from being found."""
    assert "def f" in extract("f", [*cells, "def f(): pass"])


def test_a_module_that_does_not_load_falls_back(tmp_path: Path):
    """A learner's module that fails is one line of warning; the later lab goes on with the library's own part."""
    my_soc.prepare(tmp_path)
    (tmp_path / "my_soc" / "part.py").write_text("1 / 0\n", encoding="utf-8")
    code = (
        "from logdojo.course import my_soc, catalog; import dataclasses\n"
        "lab = dataclasses.replace(catalog.LABS[0], parts={'part': 'json:dumps', 'bare': 'json:loads'})\n"
        "my_soc.LABS = (lab,)\n"
        "from my_soc import part, bare; print(part([1]), bare('[2]'))\n"
        "try:\n    from my_soc import nothing\nexcept ImportError as error: print(error)\n"
    )
    lines = run(tmp_path, code).splitlines()
    assert lines[0].startswith("my_soc: your part does not load (ZeroDivisionError: division by zero")
    assert lines[1:4] == [
        "my_soc: part is logdojo's own part, json.dumps",
        "my_soc: bare is logdojo's own part, json.loads",
        "[1] [2]",
    ]
    assert lines[4] == "my_soc has no `nothing`: pass the exercise of that name first"


def test_a_newer_version_replaces_an_imported_one(tmp_path: Path):
    """Passing an exercise again in the same process gives the new version from then on."""
    code = (
        "from pathlib import Path; from logdojo.course import my_soc; here = Path('.').resolve()\n"
        "my_soc.keep(here, 'f', ['def f(): return 1'])\nfrom my_soc import f; print(f())\n"
        "my_soc.keep(here, 'f', ['def f(): return 2'])\nfrom my_soc import f; print(f())\n"
    )
    assert run(tmp_path, code).splitlines()[1::2] == ["1", "2"]


def test_the_librarys_own_parts_do_what_the_exercises_do():
    """A learner who skipped an exercise gets a part that takes the same arguments and returns the same kind."""
    line = "Failed password for root from 198.51.100.23 port 22"
    redacted = parts.redact_line(line, b"k" * 16)
    assert "198.51.100.23" not in redacted
    assert redacted == parts.redact_line(line, b"k" * 16) != parts.redact_line(line, b"j" * 16)
