"""Sigma rules → questions to SQLite, through pySigma and its SQLite backend, with field names of our own.

Rules are untrusted: bounded in size and number, regular expressions run in RE2's linear time, nothing is fetched, and a
rule that cannot be used is refused by its file's name. Rules bundled here are our own; those of SigmaHQ stay in the
user's clone, under their Detection Rule License.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml

from logdojo.errors import InputError, UsageError
from logdojo.triage.priorities.yamlfile import read_yaml

TABLE: Final = "events"
ORIGINAL: Final = "event.original"
_LARGEST: Final = 200_000
_MOST: Final = 20_000
_LONGEST_SQL: Final = 200_000
_SELECT: Final = f"SELECT * FROM {TABLE} WHERE "  # noqa: S608  # what the backend writes, to be cut off
_LONGEST_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Source:
    """One of Sigma's log sources, as we have it.

    Args:
        logsource: parts that a rule's log source must have.
        datasets: values of ``event.dataset``.
        where: a condition besides; ``""`` for none.
        fields: Sigma's name → ours.
        prefixes: beginning of a name → ours.
    """

    logsource: Mapping[str, str]
    datasets: tuple[str, ...]
    where: str
    fields: Mapping[str, str]
    prefixes: Mapping[str, str]

    def column(self, field: str) -> str | None:
        """Return our name of a field; None when we do not read it."""
        if field in self.fields:
            return self.fields[field]
        for begin, ours in self.prefixes.items():
            if field.startswith(begin):
                return ours + field[len(begin) :]
        return None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be asked.

    Args:
        file: where it stands.
        title, author, level: as its author wrote them.
        datasets: of the events it is about.
        columns: our names of the fields it asks for.
        sql: the condition.
    """

    file: str
    title: str
    author: str
    level: str
    datasets: frozenset[str]
    columns: frozenset[str]
    sql: str


def own_rules() -> tuple[Rule, ...]:
    """Return the rules that are shipped.

    Raises:
        UsageError: pySigma is not installed.
    """
    with resources.as_file(resources.files("logdojo.triage.priorities").joinpath("rules")) as folder:
        return tuple(rule_of(path) for path in sorted(folder.glob("*.yml")))


def rules_in(place: Path) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return the usable rules of a file or a folder, and for each other one a line that names its file and says why.

    Args:
        place: one rule's file, or a folder such as a clone of SigmaHQ's ``rules``; links are not followed.

    Raises:
        InputError: there is no such place, or nothing in it can be used.
        UsageError: pySigma is not installed.
    """
    if place.is_file():
        return (rule_of(place),), ()
    if not place.is_dir():
        raise InputError(f"{place}: no such rule or folder", hint="name a rule's file or a folder of rules")
    rules: list[Rule] = []
    problems: list[str] = []
    for count, path in enumerate(_files(place)):
        if count >= _MOST:
            problems.append(f"{place}: only the first {_MOST:,} files were read")
            break
        try:
            rules.append(rule_of(path))
        except InputError as error:
            problems.append(str(error))
    if not rules:
        first = f"; the first: {problems[0]}" if problems else ""
        raise InputError(f"{place}: none of {len(problems)} rules can be used{first}", hint="name a folder of rules")
    return tuple(rules), tuple(problems)


def rule_of(path: Path) -> Rule:
    """Read one rule.

    Raises:
        InputError: it is damaged, or asks for what we do not read; the message names the file.
        UsageError: pySigma is not installed.
    """
    document = read_yaml(path, largest=_LARGEST)
    if not isinstance(document, dict) or "detection" not in document:
        raise InputError(f"{path}: no detection rule", hint="a rule has title, logsource and detection")
    try:
        return _converted(document, path)
    except (InputError, UsageError):
        raise
    except Exception as error:  # pySigma raises many kinds, among them plain ones, on what people write
        raise InputError(f"{path}: {type(error).__name__}: {error}", hint="mend the rule") from error


def _files(place: Path) -> Iterator[Path]:
    for path in sorted(place.rglob("*")):
        if path.suffix in {".yml", ".yaml"} and path.is_file() and not path.is_symlink():
            yield path


def _converted(document: Mapping[str, Any], path: Path) -> Rule:
    try:
        from sigma.backends.sqlite.sqlite import sqliteBackend
        from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
        from sigma.processing.transformations import FieldMappingTransformation
        from sigma.rule import SigmaRule
    except ImportError as error:
        raise UsageError("Sigma rules need pySigma", hint="install it: pip install 'logdojo[sigma]'") from error
    rule = SigmaRule.from_dict(dict(document))
    source = _source_of({k: getattr(rule.logsource, k) or "" for k in ("product", "category", "service")})
    if source is None:
        raise InputError(f"{path}: no log source of ours: {rule.logsource}", hint="it is left out")
    asked = {name for detection in rule.detection.detections.values() for name in _fields(detection)}
    columns = {name: source.column(name) for name in sorted(asked)}
    if unread := [name for name, ours in columns.items() if ours is None]:
        raise InputError(f"{path}: field {unread[0]} is not read by us", hint="it is left out")
    known: dict[str | None, str | list[str]] = {name: ours for name, ours in columns.items() if ours is not None}
    mapping = ProcessingItem(transformation=FieldMappingTransformation(known))
    pipeline = ProcessingPipeline(name="logdojo", priority=50, items=[mapping])
    # The backend's own annotations are incomplete.
    make: Any = sqliteBackend
    backend = make(pipeline, table=TABLE, fulltext_field=ORIGINAL, collate_nocase=True)
    (statement,) = backend.convert_rule(rule)
    if not statement.startswith(_SELECT) or len(statement) > _LONGEST_SQL:
        raise InputError(f"{path}: no plain condition, or too long", hint="it is left out")
    names = ", ".join(f"'{dataset}'" for dataset in source.datasets)
    also = f" AND ({source.where})" if source.where else ""
    return Rule(
        file=path.name,
        title=str(rule.title)[:_LONGEST_TITLE],
        author=str(rule.author or "unknown")[:_LONGEST_TITLE],
        level=rule.level.name.lower() if rule.level is not None else "low",
        datasets=frozenset(source.datasets),
        columns=frozenset(ours for ours in columns.values() if ours is not None) | _columns_in(source.where),
        sql=f"`event.dataset` IN ({names}){also} AND ({statement[len(_SELECT) :]})",
    )


def _columns_in(where: str) -> frozenset[str]:
    return frozenset(where.split("`")[1::2])


def _fields(detection: Any) -> Iterator[str]:
    """Yield the field names of a detection and of those in it."""
    for item in detection.detection_items:
        if hasattr(item, "detection_items"):
            yield from _fields(item)
        elif item.field is not None:
            yield str(item.field)


def _source_of(logsource: Mapping[str, str]) -> Source | None:
    return next(
        (each for each in sources() if all(logsource.get(part) == word for part, word in each.logsource.items())), None
    )


@cache
def sources() -> tuple[Source, ...]:
    """Return Sigma's log sources that we have."""
    return tuple(
        Source(
            entry["logsource"], tuple(entry["datasets"]), entry.get("where", ""), entry["fields"],
            entry.get("prefixes", {}),
        )
        for entry in words()["sources"]
    )  # fmt: skip


@cache
def words() -> dict[str, Any]:
    """Return ``sigma_sources.yaml``."""
    text = resources.files("logdojo.triage.priorities").joinpath("sigma_sources.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document
