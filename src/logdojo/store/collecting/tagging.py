"""Which tags an event gets: rules from a small settings file, the first one that fits decides on each tag.

rules:
  - path: "*/auth.log"
    source: bastion
    sensitivity: restricted
  - dataset: aws.cloudtrail
    tenant: acme
    severity: high
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from logdojo.errors import InputError
from logdojo.events import Severity
from logdojo.store.batch import Tags

_Words = Literal["info", "low", "medium", "high", "critical"]


class Rule(BaseModel):
    """Tags for the events of a path (a pattern with ``*``) or of a dataset, or of both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field("*", description="pattern for the whole path of the log, or for syslog/udp and syslog/tcp")
    dataset: str = Field("*", description="pattern for event.dataset")
    source: str = Field("", max_length=256)
    tenant: str = Field("", max_length=256)
    severity: _Words | None = None
    sensitivity: str = Field("", max_length=256)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: list[Rule] = Field(default_factory=list, max_length=10_000)


class Tagger:
    """Find the tags of an event by its path and dataset, and remember them.

    Args:
        rules: in the order in which they decide.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._known: dict[tuple[str, str], Tags] = {}

    def tags(self, path: str, dataset: str, *, name: str) -> Tags:
        """Return the tags.

        Args:
            path: where the line comes from.
            dataset: which format it has.
            name: the source's name if no rule gives one.
        """
        key = (path, dataset)
        found = self._known.get(key)
        if found is None:
            fitting = [each for each in self._rules if _fits(each.path, path) and _fits(each.dataset, dataset)]
            severity = next((each.severity for each in fitting if each.severity), None)
            found = self._known[key] = Tags(
                next((each.source for each in fitting if each.source), name),
                next((each.tenant for each in fitting if each.tenant), ""),
                Severity[severity.upper()] if severity else None,
                next((each.sensitivity for each in fitting if each.sensitivity), ""),
            )
        return found


def read_rules(file: Path) -> list[Rule]:
    """Read the rules of a settings file.

    Raises:
        InputError: it cannot be read, or a rule is wrong; the message names the rule.
    """
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
        return _File.model_validate(found or {}).rules
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}", hint="name a settings file that can be read") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{file}: no YAML ({str(error).splitlines()[0]})", hint="begin with 'rules:'") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{file}: {where}: {first['msg']}", hint="see the example in logdojo.store.collecting.tagging"
        ) from error


def _fits(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern)
