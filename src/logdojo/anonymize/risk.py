"""How easily somebody is singled out in records whose identities are gone: k-anonymity and l-diversity.

Quasi-identifiers are fields that identify nobody alone and somebody together: a network, a country, an hour, a device.
Records that agree in all of them are a group. The *k* of the data is the size of its smallest group (Sweeney,
"k-anonymity", 2002): whoever knows that much about a person finds at least k records. Where all k say the same
sensitive thing, it is learnt all the same; *l* counts the different values of the sensitive field in a group, least
over all groups (Machanavajjhala et al., "l-diversity", 2006).

What to do about small groups: coarsen the field that would help most (``advice``: the one without which the fewest
records would stand in small groups), or leave the records out.

Covered: records as mappings, nested names with dots (``user.geo.country``), missing fields as a value of their own.
Not covered: what an attacker knows besides the fields that were named, the distance between sensitive values
(t-closeness), and records of one person that are many: count persons, not lines, where a person has many lines.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from logdojo.errors import InputError, UsageError

MISSING: Final = "(missing)"
"""Value of a field that a record does not have."""
_LINES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Group:
    """Records that agree in all quasi-identifiers.

    Args:
        values: the values they agree in, in the order of the fields.
        size: number of records.
        sensitive: number of different sensitive values among them; 0 when no field was named.
        lines: numbers of its first records, from 1.
    """

    values: tuple[str, ...]
    size: int
    sensitive: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What coarsening a field could do.

    Args:
        name: the field.
        values: number of its different values.
        records_left: records in groups below k if the field said nothing at all: the most that coarsening it can do.
    """

    name: str
    values: int
    records_left: int


@dataclass(frozen=True, slots=True)
class Risk:
    """How records stand.

    Args:
        quasi: the quasi-identifiers.
        records: number of records.
        groups: number of groups.
        k: size of the smallest group.
        l: least number of different sensitive values in a group; None when no field was named.
        below: the groups smaller than the k wanted, or with fewer sensitive values than wanted, smallest first.
        records_below: records in them: so many are lost when they are left out.
        advice: the fields in the order in which to coarsen them.
    """

    quasi: tuple[str, ...]
    records: int
    groups: int
    k: int
    l: int | None  # noqa: E741, its name in the literature
    below: tuple[Group, ...]
    records_below: int
    advice: tuple[Advice, ...]


def measure(
    records: Iterable[Mapping[str, Any]], quasi: Sequence[str], *, sensitive: str = "", k: int = 5, diversity: int = 1
) -> Risk:
    """Return how records stand.

    Args:
        records: the records.
        quasi: names of the quasi-identifiers.
        sensitive: name of the sensitive field; empty leaves diversity out.
        k: size that no group may fall below.
        diversity: number of different sensitive values that no group may fall below.

    Raises:
        UsageError: no quasi-identifier is named, or one twice, or k is less than 1.
        InputError: there are no records, or no record has one of the fields.
    """
    names = tuple(quasi)
    if not names or len(set(names)) < len(names):
        raise UsageError("quasi-identifiers: none, or one twice", hint="name each field once")
    if k < 1 or diversity < 1:
        raise UsageError(f"k = {k}, l = {diversity}: less than 1", hint="a group has at least one record")
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    told: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for number, record in enumerate(records, 1):
        key = tuple(value_of(record, name) for name in names)
        lines[key].append(number)
        if sensitive:
            told[key].add(value_of(record, sensitive))
    _check(names, lines, sensitive, told)
    groups = [
        Group(key, len(numbers), len(told[key]) if sensitive else 0, tuple(numbers[:_LINES_SHOWN]))
        for key, numbers in lines.items()
    ]
    below = sorted(
        (group for group in groups if group.size < k or (sensitive and group.sensitive < diversity)),
        key=lambda group: (group.size, group.sensitive, group.values),
    )
    sizes = {key: len(numbers) for key, numbers in lines.items()}
    return Risk(
        quasi=names,
        records=sum(sizes.values()),
        groups=len(groups),
        k=min(sizes.values()),
        l=min(group.sensitive for group in groups) if sensitive else None,
        below=tuple(below),
        records_below=sum(group.size for group in below),
        advice=_advice(names, sizes, k),
    )


def records_of(lines: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    """Yield the records of JSON lines.

    Raises:
        InputError: a line is no JSON object.
    """
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {number}: not JSON", hint="give one JSON object a line: logdojo parse") from error
        if not isinstance(record, dict):
            raise InputError(f"line {number}: not a JSON object", hint="give one JSON object a line: logdojo parse")
        yield record


def value_of(record: Mapping[str, Any], name: str) -> str:
    """Return a field's value as text; ``user.geo.country`` is looked up as written and then part by part."""
    value: Any = record.get(name, MISSING)
    if value is MISSING:
        value = record
        for part in name.split("."):
            value = value.get(part, MISSING) if isinstance(value, Mapping) else MISSING
    if value is None or value is MISSING:
        return MISSING
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _check(
    names: tuple[str, ...],
    lines: Mapping[tuple[str, ...], list[int]],
    sensitive: str,
    told: Mapping[tuple[str, ...], set[str]],
) -> None:
    if not lines:
        raise InputError("no records", hint="give at least one JSON object")
    absent = [name for at, name in enumerate(names) if all(key[at] == MISSING for key in lines)]
    if sensitive and set().union(*told.values()) == {MISSING}:
        absent.append(sensitive)
    if absent:
        raise InputError(
            f"no record has the field {', '.join(absent)}", hint="name fields as they stand in the records"
        )


def _advice(names: tuple[str, ...], sizes: Mapping[tuple[str, ...], int], k: int) -> tuple[Advice, ...]:
    found = []
    for at, name in enumerate(names):
        merged: Counter[tuple[str, ...]] = Counter()
        for key, size in sizes.items():
            merged[key[:at] + key[at + 1 :]] += size
        left = sum(size for size in merged.values() if size < k)
        found.append(Advice(name, len({key[at] for key in sizes}), left))
    return tuple(sorted(found, key=lambda each: (each.records_left, -each.values, each.name)))
