r"""A regular expression → one that hyperscan and RE2 read too, and that matches wherever the first one does.

Look-around is left out (but what must stand before or behind a whole expression becomes part of it), possessive and
lazy repeats become plain ones, long bounds are lifted, and a repeat at the end is cut to its least: whether and about
where something stands is asked, not what it is. ``\s`` gains the four separators of ASCII that ``re`` counts as space.
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?(?:P<\w+>|<?[=!]|>|[a-z-]*:))?)|(?P<close>\))"
    r"|(?P<repeat>(?:[*+?]|\{\d*,?\d*\})[+?]?)|(?P<bar>\|)|(?P<other>[\s\S])"
)
_BOUNDS: Final = re.compile(r"\{(\d*)(,?)(\d*)\}")
_LAST_REPEAT: Final = re.compile(r"(?:\{([1-9]\d*),\d*\}|\+)(\)*)\Z")
_LONGEST: Final = 32
_PLACES: Final = frozenset({r"\Z", r"\A", "^", "$"})
_SPACES: Final = r"\s\x1c-\x1f"
_ESCAPES: Final = {r"\s": f"[{_SPACES}]"}


def superset(*patterns: re.Pattern[str]) -> str:
    """Return one expression that matches in every ASCII text in which one of ``patterns`` does, and about there."""
    return "|".join(_superset(pattern) for pattern in patterns)


def _superset(pattern: re.Pattern[str]) -> str:
    text = _loosened(pattern.pattern)
    return f"(?i:{text})" if pattern.flags & re.IGNORECASE else f"(?:{text})"


def _loosened(source: str) -> str:
    branches: list[list[str]] = [[]]
    ahead = ""  # what must follow all that has been written of a branch
    depth = hidden = begin = 0  # open groups; the depth at which a look-around began, and where its content begins
    for match in _TOKEN.finditer(source):
        kind, part = str(match.lastgroup), match[0]
        if kind == "open":
            depth += 1
            if not hidden and part.endswith(("=", "!")) and (part != "(?<=" or depth > 1 or branches[-1]):
                hidden, begin = (depth, match.end()) if part != "(?=" or depth > 1 else (-1, match.end())
                continue
        if hidden:
            if kind == "close":
                if depth == abs(hidden):
                    ahead = f"(?:{_loosened(source[begin : match.start()])})" if hidden < 0 else ahead
                    hidden = 0
                depth -= 1
            continue
        if kind == "bar" and not depth:
            branches[-1].append(ahead)
            branches.append([])
        else:
            branches[-1].append(_written(kind, part))
        ahead = ""
        depth -= kind == "close"
    branches[-1].append(ahead)
    return "|".join(_LAST_REPEAT.sub(_least, "".join(branch)) for branch in branches)


def _written(kind: str, part: str) -> str:
    if kind == "repeat":
        part = part[:-1] if len(part) > 1 and part[-1] in "+?" else part
        bounds = _BOUNDS.fullmatch(part)
        if bounds and bounds[3] and int(bounds[3]) > _LONGEST:
            return f"{{{bounds[1]},}}" if bounds[2] else part
        return part
    if kind == "open":
        return part if part.endswith(":") else "(?:"
    if part in _PLACES:
        return ""
    if kind == "escape":
        # What a group has matched before: anything.
        return _ESCAPES.get(part, r"[^\n]*" if part[1].isdigit() else part)
    if kind == "set" and not part.startswith("[^"):
        return part.replace(r"\s", _SPACES)
    return part


def _least(match: re.Match[str]) -> str:
    return (f"{{{match[1]}}}" if match[1] else "") + match[2]
