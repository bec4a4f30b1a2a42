"""The field policy: what the name of a field says about its value, and what is done to such values.

The rules are data: ``general.yaml``, and one file a family of vendors in ``vendors/`` with what the general one does
not say already. A name is looked up as written, with its parent's name in front (``user.name``), by its ending
(``srcHostName`` ends in *host name*), and by what stands under parents of a kind (``display name`` under *actor*), so
that names of vendors nobody has listed are understood too. A name that no rule knows has no class: its value is
searched as free text, and the report of ``logdojo anonymize`` counts such names.

A file of one's own says only what is different; what it says comes before everything that logdojo says::

    operators: {ip: generalize}
    keys:
      user: [Bearbeiter, ticket.opened_by]
      keep: [host.name]
    kept_users: [backup-robot]
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from logdojo.anonymize.pseudonyms import CLASSES
from logdojo.errors import InputError, UsageError

Operator = Literal["pseudonymize", "generalize", "encrypt", "mask", "drop", "keep", "scan"]
"""What is done to a value: replaced by its pseudonym, by a coarser value, by itself encrypted, by ``[class]``, by
nothing; left; or searched as free text."""

_WORDS: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|\d+")
_LONGEST_ENDING: Final = 4  # words
_CACHE: Final = 1 << 14  # names
_GENERAL: Final = "general.yaml"


class _Parents(BaseModel):
    """What stands under parents of one kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: list[str]
    holds: dict[str, list[str]]


class _PolicyFile(BaseModel):
    """The form of a policy file; each part may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operators: dict[str, Operator] = {}
    keys: dict[str, list[str]] = {}
    endings: dict[str, list[str]] = {}
    parents: list[_Parents] = []
    kept_users: list[str] = []
    placeholders: list[str] = []
    public_domains: list[str] = []
    no_names: list[str] = []
    common_words: list[str] = []


@dataclass(frozen=True)
class Policy:
    """Classes of field names and operators of classes.

    Args:
        operators: class → operator.
        keys: normalized name → class.
        endings: last words of a name, joined by spaces → class.
        parents: last word of a parent's name → words of a name under it, joined by spaces → class.
        kept_users: accounts that name a role and not a person, in lower case.
        placeholders: values that say "there is none", in lower case.
        public_domains: domains of public services, in lower case.
        no_names: words that are never taken for a name without quotes, in lower case.
        common_words: words that are never hunted for in the rest of a line, in lower case.
    """

    operators: Mapping[str, Operator]
    keys: Mapping[str, str]
    endings: Mapping[str, str]
    parents: Mapping[str, Mapping[str, str]]
    kept_users: frozenset[str]
    placeholders: frozenset[str]
    public_domains: frozenset[str]
    no_names: frozenset[str]
    common_words: frozenset[str]

    def operator(self, class_name: str) -> Operator:
        """Return what is done to values of a class.

        Raises:
            UsageError: the policy does not know the class.
        """
        try:
            return self.operators[class_name]
        except KeyError:
            raise UsageError(
                f"the anonymization policy has no class {class_name!r}",
                hint=f"use one of: {', '.join(sorted(self.operators))}",
            ) from None

    def class_of(self, name: str, parent: str = "") -> str:
        """Return the class of a field, or ``""`` when no rule knows it.

        Args:
            name: the field's name; dots separate parents from children.
            parent: the name of the object that holds the field, when it is known.
        """
        head, _, last = name.rpartition(".")
        if "." in head:
            # user.target.name: three parts may have a meaning that the last two have not.
            found = self.keys.get("".join(words_of("".join(name.split(".")[-3:]))))
            if found is not None:
                return found
        return self._class_of(last, head.rpartition(".")[2] or parent)

    # A frozen policy is hashable by identity only, so the memory belongs to the instance.
    @functools.cached_property
    def _class_of(self) -> functools._lru_cache_wrapper[str]:
        def of(name: str, parent: str) -> str:
            found = looked_up(name, parent)
            return "text" if found and self.operators[found] == "scan" else found

        def looked_up(name: str, parent: str) -> str:
            words, above = words_of(name), words_of(parent)
            for candidate in (words, _singular(words)):
                joined = "".join(candidate)
                for key in ("".join(above) + joined, joined):
                    if key in self.keys:
                        return self.keys[key]
                for size in range(min(_LONGEST_ENDING, len(candidate)), 0, -1):
                    found = self.endings.get(" ".join(candidate[-size:]))
                    if found is not None:
                        return found
            for last in (above[-1:], _singular(above)[-1:]):
                for kind in last:
                    found = self.parents.get(kind, {}).get(" ".join(words))
                    if found is not None:
                        return found
            return ""

        return functools.lru_cache(maxsize=_CACHE)(of)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a field name in lower case: ``sourceIPAddress`` → ``source``, ``ip``, ``address``."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def load_policy(path: Path | None = None) -> Policy:
    """Return logdojo's own policy, extended by a file of the same form when one is named.

    Raises:
        InputError: the file is missing, does not have the form of a policy, or names a class without an operator.
    """
    if path is None:
        return _builtin()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read the policy", hint="name a readable YAML file in UTF-8") from error
    return _policy([*_builtin_files(), _read(path.name, text)])


@functools.cache
def _builtin() -> Policy:
    return _policy(_builtin_files())


@functools.cache
def _builtin_files() -> tuple[tuple[str, _PolicyFile], ...]:
    folder = importlib.resources.files(__package__)
    vendors = sorted(folder.joinpath("vendors").iterdir(), key=lambda file: file.name)
    # The general rules come last: a vendor's meaning of a word must not change that of everybody.
    files = [*(file for file in vendors if file.name.endswith(".yaml")), folder.joinpath(_GENERAL)]
    return tuple(_read(file.name, file.read_text("utf-8")) for file in files)


def _read(name: str, text: str) -> tuple[str, _PolicyFile]:
    try:
        return name, _PolicyFile.model_validate(yaml.safe_load(text) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise InputError(
            f"{name}: not a policy: {error}", hint="its parts are operators, keys, endings, parents and lists of words"
        ) from error


def _policy(files: Iterable[tuple[str, _PolicyFile]]) -> Policy:
    """Return what files say together; what a later one says about a name or class counts."""
    operators: dict[str, Operator] = {}
    keys: dict[str, str] = {}
    endings: dict[str, str] = {}
    parents: dict[str, dict[str, str]] = {}
    files = list(files)
    for name, data in files:
        operators |= data.operators
        _check_operators(name, data)
        keys |= {"".join(words_of(key)): kind for kind, names in data.keys.items() for key in names}
        endings |= {ending: kind for kind, names in data.endings.items() for ending in names}
        for group in data.parents:
            held = {" ".join(words_of(key)): kind for kind, names in group.holds.items() for key in names}
            for parent in group.of:
                parents[parent] = parents.get(parent, {}) | held
    for name, data in files:
        held_kinds = {kind for group in data.parents for kind in group.holds}
        unknown = (data.keys.keys() | data.endings.keys() | held_kinds) - operators.keys()
        if unknown:
            raise InputError(f"{name}: no operator for {', '.join(sorted(unknown))}", hint="add it under operators")

    def words(part: str) -> frozenset[str]:
        return frozenset(word for _, data in files for word in getattr(data, part))

    return Policy(
        operators=MappingProxyType(operators),
        keys=MappingProxyType(keys),
        endings=MappingProxyType(endings),
        parents=MappingProxyType(parents),
        kept_users=words("kept_users"),
        placeholders=words("placeholders"),
        public_domains=words("public_domains"),
        no_names=words("no_names"),
        common_words=words("common_words"),
    )


def _check_operators(name: str, data: _PolicyFile) -> None:
    for class_name, operator in data.operators.items():
        if operator == "pseudonymize" and class_name not in CLASSES:
            raise InputError(
                f"{name}: operators: {class_name} has no pseudonyms",
                hint="use generalize, encrypt, mask, drop, keep or scan for it",
            )


def _singular(words: tuple[str, ...]) -> tuple[str, ...]:
    last = words[-1] if words else ""
    if last == "addresses":
        return (*words[:-1], "address")
    return (*words[:-1], last[:-1]) if last.endswith("s") and not last.endswith("ss") else words
