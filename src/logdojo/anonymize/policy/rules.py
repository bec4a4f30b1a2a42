"""The field policy: what the name of a field says about its value, and what is done to such values.

The rules are data (``general.yaml``): name → class → operator. A name is looked up as written, with its parent's name
in front (``user.name``), and by its ending (``srcHostName`` ends in *host name*), so that names of vendors nobody has
listed are understood too. A name that no rule knows has no class: its value is searched as free text.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from logdojo.anonymize.pseudonyms import CLASSES
from logdojo.errors import InputError, UsageError

Operator = Literal["pseudonymize", "mask", "drop", "keep", "scan"]
"""What is done to a value: replaced by its pseudonym, by ``[class]``, by nothing, left, or searched as free text."""

_WORDS: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|\d+")
_LONGEST_ENDING: Final = 4  # words
_CACHE: Final = 1 << 14  # names


class _PolicyFile(BaseModel):
    """The form of a policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operators: dict[str, Operator]
    keys: dict[str, list[str]]
    endings: dict[str, list[str]]
    kept_users: list[str]
    placeholders: list[str]
    public_domains: list[str]
    no_names: list[str]
    common_words: list[str]


@dataclass(frozen=True)
class Policy:
    """Classes of field names and operators of classes.

    Args:
        operators: class → operator.
        keys: normalized name → class.
        endings: last words of a name, joined by spaces → class.
        kept_users: accounts that name a role and not a person, in lower case.
        placeholders: values that say "there is none", in lower case.
        public_domains: domains of public services, in lower case.
        no_names: words that are never taken for a name without quotes, in lower case.
        common_words: words that are never hunted for in the rest of a line, in lower case.
    """

    operators: Mapping[str, Operator]
    keys: Mapping[str, str]
    endings: Mapping[str, str]
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
        return self._class_of(last, head.rpartition(".")[2] or parent)

    # A frozen policy is hashable by identity only, so the memory belongs to the instance.
    @functools.cached_property
    def _class_of(self) -> functools._lru_cache_wrapper[str]:
        def of(name: str, parent: str) -> str:
            words = words_of(name)
            for candidate in (words, _singular(words)):
                joined = "".join(candidate)
                for key in ("".join(words_of(parent)) + joined, joined):
                    if key in self.keys:
                        return self.keys[key]
                for size in range(min(_LONGEST_ENDING, len(candidate)), 0, -1):
                    found = self.endings.get(" ".join(candidate[-size:]))
                    if found is not None:
                        return found
            return ""

        return functools.lru_cache(maxsize=_CACHE)(of)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a field name in lower case: ``sourceIPAddress`` → ``source``, ``ip``, ``address``."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, or the one that comes with logdojo.

    Raises:
        InputError: the file is missing or does not have the form of a policy.
    """
    return _builtin() if path is None else _read(path.name, _text(path))


@functools.cache
def _builtin() -> Policy:
    return _read("general.yaml", importlib.resources.files(__package__).joinpath("general.yaml").read_text("utf-8"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read the policy", hint="name a readable YAML file in UTF-8") from error


def _read(name: str, text: str) -> Policy:
    try:
        data = _PolicyFile.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise InputError(f"{name}: not a policy: {error}", hint="copy logdojo's general.yaml and change it") from error
    for class_name, operator in data.operators.items():
        if operator == "pseudonymize" and class_name not in CLASSES:
            raise InputError(
                f"{name}: operators: {class_name} has no pseudonyms", hint="use mask, drop, keep or scan for it"
            )
    unknown = (set(data.keys) | set(data.endings)) - set(data.operators)
    if unknown:
        raise InputError(f"{name}: no operator for {', '.join(sorted(unknown))}", hint="add it under operators")
    keys = {"".join(words_of(key)): kind for kind, names in data.keys.items() for key in names}
    endings = {ending: kind for kind, names in data.endings.items() for ending in names}
    return Policy(
        operators=MappingProxyType(dict(data.operators)),
        keys=MappingProxyType(keys),
        endings=MappingProxyType(endings),
        kept_users=frozenset(data.kept_users),
        placeholders=frozenset(data.placeholders),
        public_domains=frozenset(data.public_domains),
        no_names=frozenset(data.no_names),
        common_words=frozenset(data.common_words),
    )


def _singular(words: tuple[str, ...]) -> tuple[str, ...]:
    last = words[-1] if words else ""
    if last == "addresses":
        return (*words[:-1], "address")
    return (*words[:-1], last[:-1]) if last.endswith("s") and not last.endswith("ss") else words
