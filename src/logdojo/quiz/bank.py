"""The question bank: one YAML file a topic, read strictly, checked at once, and frozen.

    quizzes/
      syllabus.yaml          what there is to learn, one row an objective
      <topic>.yaml           the items of one topic
      schema.json            the form of a topic file, for editors; written from the models here

Errors name the file, the item and the field, and say what to write instead.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from logdojo.errors import QuizError
from logdojo.quiz.items import FreeText, Item, QuizFile, Syllabus, SyllabusRow
from logdojo.settings import Settings

SYLLABUS = "syllabus.yaml"
SCHEMAS: tuple[tuple[str, type[BaseModel]], ...] = (("schema.json", QuizFile), ("syllabus.schema.json", Syllabus))
"""Name of each schema file, and the model it is written from."""
_MAX_BYTES = 2_000_000
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Topic:
    """One file of the bank."""

    name: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Bank:
    """All topics of a folder and the syllabus they cover."""

    folder: Path
    topics: tuple[Topic, ...]
    syllabus: tuple[SyllabusRow, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the order of the files."""
        return tuple(item for topic in self.topics for item in topic.items)

    def item(self, item_id: str) -> Item:
        """Return the item with this id.

        Raises:
            QuizError: there is none; the hint lists the nearest ids.
        """
        import difflib

        for item in self.items:
            if item.id == item_id:
                return item
        near = difflib.get_close_matches(item_id, [item.id for item in self.items], n=3)
        raise QuizError(
            f"{self.folder}: no item {item_id!r}",
            hint=f"did you mean {', '.join(near)}?" if near else "logdojo quiz list prints all ids",
        )

    def topic(self, name: str) -> Topic:
        """Return the topic of this name.

        Raises:
            QuizError: there is none; the hint lists all.
        """
        for topic in self.topics:
            if topic.name == name:
                return topic
        raise QuizError(
            f"{self.folder}: no topic {name!r}", hint=f"topics: {', '.join(topic.name for topic in self.topics)}"
        )


def find_bank() -> Path:
    """Return the folder ``quizzes/`` of the checkout: ``LOGDOJO_BANK``, or found upward from here or from the package.

    Raises:
        QuizError: there is no such folder.
    """
    named = Settings().bank
    if named:
        return named
    starts = (Path.cwd(), Path(__file__).resolve().parent)
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / "quizzes" / SYLLABUS).is_file():
                return folder / "quizzes"
    raise QuizError(
        f"no question bank: no folder quizzes/ with a {SYLLABUS} above {starts[0]}",
        hint="work inside a checkout of logdojo, or name the folder with --bank or LOGDOJO_BANK",
    )


def load_bank(folder: Path | None = None) -> Bank:
    """Return the bank in ``folder``, or the one that ``find_bank`` finds.

    Raises:
        QuizError: a file is missing or damaged, an id is used twice, or an objective is not in the syllabus.
    """
    folder = find_bank() if folder is None else folder
    if not (folder / SYLLABUS).is_file():
        raise QuizError(f"{folder / SYLLABUS}: no such file", hint="--bank names a folder with a syllabus.yaml")
    syllabus = load_syllabus(folder)
    topics: list[Topic] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != SYLLABUS:
            file = _validate(path, QuizFile)
            if file.topic != path.stem:
                raise QuizError(
                    f"{path}: field topic: {file.topic!r} is not the file's name", hint=f"topic: {path.stem}"
                )
            topics.append(Topic(file.topic, file.title, tuple(file.items)))
    bank = Bank(folder, tuple(topics), syllabus)
    _check_references(bank)
    return bank


def load_syllabus(folder: Path) -> tuple[SyllabusRow, ...]:
    """Return every row of ``syllabus.yaml``, in order.

    Raises:
        QuizError: the file is damaged.
    """
    path = folder / SYLLABUS
    rows = tuple(row for section in _validate(path, Syllabus).sections for row in section.rows)
    _refuse_twice(path, (row.id for row in rows), "row")
    return rows


def schema_text(model: type[BaseModel]) -> str:
    """Return the JSON Schema of ``model`` as the text of its committed file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C where the wheel has it
    """A SafeLoader that refuses a key given twice, which YAML would silently drop, and merge keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping of ``node``; refuse duplicate keys."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            where = f"line {key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise yaml.YAMLError(f"{where}: key {key!r} is not text; put it in quotes")
            if key in seen:
                raise yaml.YAMLError(f"{where}: key {key!r} is given twice; keep one")
            seen.add(key)
        return dict(super().construct_mapping(node, deep))


def read_yaml(path: Path) -> object:
    """Return the content of a YAML file: plain data only, no key twice.

    Raises:
        QuizError: the file cannot be read or is not such YAML; the message has the line.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise QuizError(f"{path}: larger than {_MAX_BYTES:,} bytes", hint="split the topic in two files")
        # _Loader is a SafeLoader: it builds plain data and nothing else.
        return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise QuizError(f"{path}: {error}", hint="the file must be readable UTF-8 text") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else str(error)
        raise QuizError(f"{path}: {line}", hint="mend the YAML there; quote texts that contain ': ' or ' #'") from error
    except RecursionError as error:
        raise QuizError(f"{path}: nested too deeply", hint="a topic file needs six levels") from error


def _validate(path: Path, model: type[_Model]) -> _Model:
    data = read_yaml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _named(path, data, error) from error


def _named(path: Path, data: object, error: ValidationError) -> QuizError:
    """Turn the first finding of pydantic into file, item, field and remedy."""
    findings = error.errors(include_url=False)
    first = findings[0]
    place, where = list(first["loc"]), f"{path}: "
    if len(place) >= 2 and place[0] == "items" and isinstance(data, dict):
        where += f"item {_item_name(data['items'], place[1])}: "
        place = place[2:]
        if place and place[0] in {"single", "multiple", "free"}:
            place = place[1:]
    if place:
        where += "field " + ".".join(str(part) for part in place) + ": "
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return QuizError(where + first["msg"].removeprefix("Value error, ") + more, hint=_remedy(first["type"]))


def _item_name(items: object, index: str | int) -> str:
    if isinstance(items, list) and isinstance(index, int) and isinstance(items[index], dict):
        return str(items[index].get("id", f"number {index + 1}"))
    return f"number {index}"


def _remedy(kind: str) -> str:
    remedies = {
        "missing": "add the field; quizzes/README.md shows a whole item",
        "extra_forbidden": "remove the field or mend its spelling",
        "string_type": "write text; put yes, no, on, off and numbers in quotes",
        "union_tag_invalid": "type is single, multiple or free",
        "union_tag_not_found": "add type: single, multiple or free",
        "string_pattern_mismatch": "small letters, digits, dots and dashes only",
    }
    return remedies.get(kind, "quizzes/schema.json describes every field")


def _check_references(bank: Bank) -> None:
    _refuse_twice(bank.folder, (item.id for item in bank.items), "item")
    known = {row.id for row in bank.syllabus}
    for topic in bank.topics:
        for item in topic.items:
            if item.objective not in known:
                raise QuizError(
                    f"{bank.folder / topic.name}.yaml: item {item.id}: field objective: {item.objective!r} is no row",
                    hint=f"use an id of {SYLLABUS}",
                )
            if isinstance(item, FreeText):
                path = bank.folder / f"{topic.name}.yaml"
                _refuse_twice(path, (f"{item.id}/{point.id}" for point in item.key_points), "key point")


def _refuse_twice(path: Path, ids: Iterable[str], what: str) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise QuizError(f"{path}: {what} {twice[0]} is there twice", hint="ids are unique and never reused")
