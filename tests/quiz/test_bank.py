from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml

from logdojo.errors import QuizError
from logdojo.quiz.bank import SCHEMAS, Bank, find_bank, load_bank, read_yaml, schema_text
from logdojo.quiz.publish import with_table

TOPIC = """\
schema: 1
topic: sample
title: Sample
items:
  - id: sample.one
    type: single
    objective: log.levels
    bloom: apply
    difficulty: easy
    prompt: Which level?
    options:
      - text: WARNING
        key: true
      - text: ERROR
        rationale: It takes the part for the whole.
      - text: INFO
        rationale: It hides the sign.
    explanation: Because.
    sources:
      - title: Logging HOWTO
        url: https://docs.python.org/3/howto/logging.html
"""


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    shutil.copy(root / "quizzes" / "syllabus.yaml", tmp_path)
    (tmp_path / "sample.yaml").write_text(TOPIC, "utf-8")
    return tmp_path


def test_sample_loads(folder: Path):
    """A well-formed file gives its items."""
    assert [item.id for item in load_bank(folder).items] == ["sample.one"]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("    bloom: apply\n", "", ["sample.yaml", "item sample.one", "field bloom", "required"]),
        ("bloom: apply", "bloom: think", ["item sample.one", "field bloom"]),
        ("difficulty: easy", "difficulty: easy\n    hint: no", ["item sample.one", "field hint"]),
        ("type: single", "type: essay", ["item sample.one", "single"]),
        ("type: single", "type: multiple", ["item sample.one", "1 of 3 options"]),
        ("        key: true\n", "        rationale: x\n", ["item sample.one", "0 options have key"]),
        ("        rationale: It hides the sign.\n", "", ["item sample.one", "option 3 is a distractor without"]),
        ("text: INFO", "text: error", ["item sample.one", "two options are the same"]),
        ("text: INFO", "text: off", ["item sample.one", "field options.2.text", "string"]),
        ("url: https://", "url: ftp://", ["item sample.one", "field sources.0.url"]),
        ("objective: log.levels", "objective: log.nothing", ["item sample.one", "field objective", "log.nothing"]),
        ("topic: sample", "topic: other", ["sample.yaml", "field topic"]),
        ("schema: 1", "schema: 2", ["sample.yaml", "field schema"]),
        ("id: sample.one", "id: Sample One", ["field id"]),
    ],
)
def test_errors_name_file_item_field(folder: Path, old: str, new: str, parts: list[str]):
    """A damaged file is refused with the names of file, item and field, and a remedy."""
    assert old in TOPIC
    (folder / "sample.yaml").write_text(TOPIC.replace(old, new, 1), "utf-8")
    with pytest.raises(QuizError) as caught:
        load_bank(folder)
    for part in parts:
        assert part.casefold() in f"{caught.value}".casefold()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' is given twice"),
        ("x:\n  - {k: 1, k: 2}\n", "key 'k' is given twice"),
        ("on: 1\n", "key True is not text"),
        ("a: !!python/object/apply:os.system [ls]\n", "line 1"),
        ("a: [1, 2\n", "line 2"),
        ("<<: {a: 1}\n", "merge"),
    ],
)
def test_yaml_is_strict_and_plain(tmp_path: Path, text: str, part: str):
    """Duplicate keys, keys that are no text, objects and broken YAML are refused with their line."""
    path = tmp_path / "x.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(QuizError, match=r"x\.yaml") as caught:
        read_yaml(path)
    assert part in str(caught.value)


@pytest.mark.parametrize("text", ["", "- 1\n", "just text\n", "items: 3\n", "items: [3]\n", "items:\n  - [a]\n"])
def test_wrong_shape_is_a_quiz_error(folder: Path, text: str):
    """A file of another shape gives an error of ours, whatever the shape is."""
    (folder / "sample.yaml").write_text(text, "utf-8")
    with pytest.raises(QuizError):
        load_bank(folder)


def test_id_twice_is_refused(folder: Path):
    """Two items with the same id are refused, also in two files."""
    (folder / "again.yaml").write_text(TOPIC.replace("topic: sample", "topic: again"), "utf-8")
    with pytest.raises(QuizError, match=r"sample\.one is there twice"):
        load_bank(folder)


def test_unknown_names_have_near_ones(bank: Bank):
    """An unknown item or topic is answered with what there is."""
    with pytest.raises(QuizError) as caught:
        bank.item("interview.what-lm")
    assert "interview.what-llm" in caught.value.hint
    with pytest.raises(QuizError) as caught:
        bank.topic("logs")
    assert "log_security" in caught.value.hint


def test_missing_bank_names_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a bank the error says how to name one."""
    monkeypatch.setenv("LOGDOJO_BANK", str(tmp_path / "nowhere"))
    with pytest.raises(QuizError) as caught:
        load_bank()
    assert "--bank" in caught.value.hint


def test_bank_is_found_upward(root: Path, monkeypatch: pytest.MonkeyPatch):
    """From a folder inside the checkout the bank is found."""
    monkeypatch.chdir(root / "tests" / "quiz")
    monkeypatch.delenv("LOGDOJO_BANK", raising=False)
    assert find_bank() == root / "quizzes"


@pytest.mark.parametrize("place", range(len(SCHEMAS)))
def test_schema_files_are_the_models(root: Path, place: int):
    """The committed schemas equal the export; `logdojo quiz refresh` writes them."""
    name, model = SCHEMAS[place]
    assert (root / "quizzes" / name).read_text("utf-8") == schema_text(model)


def test_readme_table_is_current(root: Path, bank: Bank):
    """The README's table equals what refresh would write."""
    readme = root / "quizzes" / "README.md"
    assert readme.read_text("utf-8") == with_table(readme, bank)


def test_readme_example_is_a_real_item(root: Path, folder: Path):
    """The item that the README shows loads as it stands there."""
    text = (root / "quizzes" / "README.md").read_text("utf-8")
    shown = text.split("```yaml\n")[1].split("```")[0]
    (folder / "sample.yaml").write_text(f"schema: 1\ntopic: sample\ntitle: S\nitems:\n{shown}", "utf-8")
    assert load_bank(folder).items[0].id == "log.levels.third-attempt"


def test_files_validate_against_the_exported_schema(root: Path):
    """What the loader accepts, an editor accepts by schema.json too."""
    for path in sorted((root / "quizzes").glob("*.yaml")):
        name = "syllabus.schema.json" if path.stem == "syllabus" else "schema.json"
        assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={name}\n")
        schema = json.loads((root / "quizzes" / name).read_text("utf-8"))
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema)
