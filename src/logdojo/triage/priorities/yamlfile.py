"""Files in YAML that people write for triage: bounded in size, read without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from logdojo.errors import InputError

_DEEPEST: Final = 40
_OPENS: Final = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSES: Final = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


def read_yaml(path: Path, *, largest: int) -> Any:
    """Return the document in a file.

    Args:
        path: the file.
        largest: bytes that it may have.

    Raises:
        InputError: it cannot be read, is too large, or is no YAML; the message names file and line.
    """
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= largest else ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}", hint="name a readable file in UTF-8") from error
    if size > largest:
        raise InputError(f"{path}: {size:,} bytes", hint=f"keep it under {largest:,} bytes")
    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            # An alias can make a small document huge, and depth makes reading slow; none of these files needs either.
            if isinstance(token, yaml.AliasToken):
                raise InputError(f"{path}: has an alias (*name)", hint="write the value out")
            depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
            if depth > _DEEPEST:
                raise InputError(f"{path}, line {token.start_mark.line + 1}: nested too deep", hint="keep it flat")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark is not None else str(path)
        raise InputError(f"{where}: {getattr(error, 'problem', None) or error}", hint="mend the YAML there") from error
