r"""Pairs of a name and a value in free text: ``key=value``, ``key: value``, ``"key":"value"``.

Covered: bare values, values in double, single and angle quotes, pairs in URLs, CEF extensions (values without spaces),
JSON and Python literals that are broken or stand inside other text, also with their quotes escaped (``\"key\":``).
Not covered: bare values with spaces; the first word is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.policy import Policy
from logdojo.anonymize.spans import Hit

# What stands before a key is asked behind its first letter: a pattern that begins with a set is searched for faster.
KEY: Final = re.compile(r"([A-Za-z_](?<![\w.-].)[\w.-]{0,63}+)(\\?[\"'])?(?: ?([=:])(?!//)| ?=> ?)")
_VALUE: Final = re.compile(
    r"[ \t]{0,4}(?:\\\"([^\"\\]{0,4096})\\\"|\"((?:[^\"\\]|\\.){0,4096}+)\"|'((?:[^'\\]|\\.){0,4096}+)'"
    r"|<([^<>\s]{0,256})>|\[(?!\d{1,5}\] ?[\"'])([^\s\[\]]{1,256})\]|([^\s,;|&\"'<>()\[\]{}]{1,1024}+)"
    r"|\[\d{1,5}\] ?[\"']([^\"']{1,256})[\"'])"  # a length in front, as Oracle writes it
)
_NAMES: Final = frozenset({"user", "host", "person", "email", "account", "domain", "user_id", "access_key", "arn"})
_HEADER_END: Final = re.compile(r"\\[rn]|[\"']|$")
_ESCAPED_BREAK: Final = re.compile(r"\\[rnt]")
_MASKED: Final = frozenset({"secret", "token"})
_END: Final = 4  # letters and digits of a name's end that tell it from most others


def pairs(text: str, policy: Policy) -> Iterator[Hit]:
    """Yield the values whose names the policy knows, with their class; nothing under names it keeps."""
    if "=" in text or ":" in text:
        for match in KEY.finditer(text):
            yield from pair(match, policy)


def pair(match: re.Match[str], policy: Policy) -> Iterator[Hit]:
    """Yield the value behind a match of ``KEY`` when the policy knows its name."""
    text, class_name = match.string, policy.class_of(match[1])
    if not class_name or class_name == "text" or policy.operator(class_name) == "keep":
        return
    if len(match[1]) == 2 and match[3] == ":" and text.startswith(":", match.start() - 1):
        return  # "0c:0a:cc:08:00" is a MAC address, not a copy of a mail
    value = _VALUE.match(text, match.end())
    if value is None or value.lastindex is None:
        return
    bare = value.lastindex == 6
    is_spaced = text[match.start(3) - 1] == " " if match[3] else True
    if bare and match[3] == "=" and value[0].startswith(" ") and match[2] is None and not is_spaced:
        return  # "ruser= rhost=1.2.3.4": nothing stands between, unlike in "user = ana"
    start, stop = value.span(value.lastindex)
    if bare and class_name == "token" and match[1].lower().endswith(("cookie", "authorization")):
        stop = _end_of_header(text, start)
    elif bare:
        stop = _trimmed(text, start, stop, class_name)
        if match[3] == ":" and match[2] is None and not _plausible(text[start:stop], class_name, policy):
            return
    yield Hit(start, stop, class_name)


def key_anchor(policy: Policy) -> str:
    """Return a pattern of the ends of all names that the policy does not keep, with the sign behind them."""
    names = {**policy.keys, **{ending.replace(" ", ""): kind for ending, kind in policy.endings.items()}}
    names |= {name.replace(" ", ""): kind for held in policy.parents.values() for name, kind in held.items()}
    known = [name for name, kind in names.items() if kind != "text" and policy.operator(kind) != "keep"]
    # The policy also knows names in the plural.
    ends = {(name + plural)[-_END:] for name in known for plural in ("", "s", "es")}
    spelled = "|".join(sorted("[_.-]*".join(end) for end in ends))
    return rf"(?i:{spelled})[_.-]*\\?[\"']?(?: ?[=:]| ?=>)"


def _end_of_header(text: str, start: int) -> int:
    """Return where an HTTP header ends that may hold spaces: at a line break, a quote, or the end of the text."""
    match = _HEADER_END.search(text, start)
    return match.start() if match is not None else len(text)


def _trimmed(text: str, start: int, stop: int, class_name: str) -> int:
    if class_name not in _MASKED:
        broken = _ESCAPED_BREAK.search(text, start, stop)
        stop = broken.start() if broken and class_name != "user" else stop
        while stop > start and text[stop - 1] in ".:!?":
            stop -= 1
    return stop


def _plausible(value: str, class_name: str, policy: Policy) -> bool:
    """Tell whether the word behind ``key:`` may be its value and not the next word of a sentence."""
    if class_name == "account" and not any(char.isdigit() for char in value):
        return False  # "organizations:CreateAccount"
    return class_name not in _NAMES | _MASKED or value.casefold() not in policy.no_names
