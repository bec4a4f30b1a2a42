r"""Pairs of a secret name and its value in free text.

Covered: ``name=value``, ``name: value``, ``"name": "value"``, ``name => value``, ``user[name]=value``,
``<name>value</name>``, ``('name', 'value')``, ``--name value``, ``password 'value'``, ``auth=('user', 'value')``;
Python, JSON and Ruby literals; JSON inside JSON, its quotes escaped at any depth; names and signs that are URL-encoded
or HTML-escaped; HTTP headers to their line's end.
Not covered: a secret in a sentence without a sign (``the password is …``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.logsetup.redaction.names import NO_SECRETS, Kind, Names, holds_secret
from logdojo.logsetup.redaction.values import is_line_end, line_end, value_span

MARKER: Final = "[redacted]"
_NAME: Final = r"(?<![A-Za-z0-9_.$-])([A-Za-z0-9_.$-]++)"
_PAIR: Final = re.compile(
    _NAME + r"(?:[ \"'\\\]]|%2[27]|%5[Dd]|&quot;|&#3[49];){0,12}+(=>|:=|={1,2}|:(?!//)|%3[DdAa])[ \t]{0,4}+"
    # What is redacted already is passed over here, which is quicker.
    r"(?!\\{0,15}[\"']?\[redacted(?::card)?\](?:[\s\"',;&)\]}<\\]|\Z))"
)
_ELEMENT: Final = re.compile(r"<(?:[A-Za-z0-9_]{1,32}:)?([A-Za-z_][A-Za-z0-9_.-]{0,64})>(?=[^<])")
_TUPLE: Final = re.compile(r"[(\[]b?\\{0,7}[\"']([A-Za-z_][A-Za-z0-9_.-]{0,64})\\{0,7}[\"'], ?(?=b?\\{0,7}[\"'])")
_OPTION: Final = re.compile(
    r"(?:(?<=[ \"'(\[,])|(?<![\s\S]))-{1,2}([A-Za-z][A-Za-z0-9_.-]{0,64})(?: {1,4}|\\{0,7}[\"'],? ?)(?=[^\s-])"
)
_PHRASE: Final = re.compile(r"\b([Pp]ass(?:word|wd|phrase|code)|PASSWORD) {1,2}(?=\\?[\"'][^\s\"'\\]{4,128}\\?[\"'])")
_LOGIN: Final = re.compile(r"[Aa]uth\\{0,7}[\"']? ?[=:] ?\([^()\s]{1,128}, (?=[bu]?\\{0,7}[\"'])")
_SCHEMES: Final = re.compile(
    r"(?:basic|bearer|digest|token|negotiate|ntlm|apikey|api-key|key|oauth|hawk|splunk|geniekey|sharedkey|"
    r"sharedaccesssignature|aws4-hmac-sha256|signature|sso-key|zoho-oauthtoken|discogs) +(?=\S)",
    re.IGNORECASE | re.ASCII,
)
_SHORT_NUMBER: Final = re.compile(r"\\{0,15}[\"']?([0-9]{3,10})(?![A-Za-z0-9_]|\.[0-9])")
_SENTENCE: Final = re.compile(r"[A-Za-z]?[a-z'’]{0,15}[,.]?(?: [a-z'’-]{1,15}[,.]?){1,64}+")
_WORD_IN_SENTENCE: Final = re.compile(r"[a-z]{2,15}(?: [A-Za-z]| ?\Z)")
_PERMISSION: Final = re.compile(r"[a-z]{2,12}[.:]?")
_MORE_COOKIES: Final = re.compile(r"(?:; ?[^\s;=\"'\\]{1,128}(?:=[^\s;\"'\\]{0,4096}+)?)*+")


def pairs(text: str, names: Names) -> Iterator[tuple[int, int]]:
    """Yield start and end of each secret value that stands behind its name."""
    done = 0
    for match in _PAIR.finditer(text):
        if match.start() < done or (kind := _kind(text, match, names)) is None:
            continue
        span = _value(text, match.end(), match, kind)
        if span is not None:
            done = span[1]
            yield span
    for match in _LOGIN.finditer(text):
        yield value_span(text, match.end())[:2]
    for pattern in (_ELEMENT, _TUPLE, _OPTION, _PHRASE):
        done = 0
        for match in pattern.finditer(text):
            kind = names.kind(match[1]) if match.start() >= done else None
            if kind is None or kind is Kind.DIGITS:
                continue
            span = _element(text, match.end()) if pattern is _ELEMENT else value_span(text, match.end())[:2]
            if holds_secret(text[slice(*span)], kind, match[1]):
                done = span[1]
                yield span


def _kind(text: str, match: re.Match[str], names: Names) -> Kind | None:
    name, before = match[1], text[max(0, match.start() - 1) : match.start()]
    kind = names.kind(name)
    if kind is None and before in ("\\", "%"):
        # Behind a written-out line break, as in the repr of bytes, or a URL-encoded sign, such as %3F.
        return names.kind(name[1 if before == "\\" else 2 :])
    return kind


def _value(text: str, at: int, match: re.Match[str], kind: Kind) -> tuple[int, int] | None:
    if kind is Kind.DIGITS:
        digits = _SHORT_NUMBER.match(text, at)
        plain = match[2] in ("=", ":") and not text[match.end(1) : at].strip(" \"'\\]=:")
        return digits.span(1) if plain and digits is not None and holds_secret(digits[1], kind, match[1]) else None
    if "arn:" in text[max(0, match.start() - 80) : match.start()] and at == match.end(2):
        # A name of AWS: "arn:aws:secretsmanager:…:secret:shop".
        return None
    start, end, delimited = value_span(text, at)
    if kind is Kind.HEADER and text[start : start + 1] == "{" and is_authorization(match[1]):
        return None
    if kind is Kind.HEADER and not delimited:
        start, end = _header(text, at, end)
    value = text[start:end]
    if not holds_secret(value, kind, match[1]):
        return None
    if (
        kind in (Kind.MACHINE, Kind.COUNTABLE)
        and not delimited
        and match[2] == ":"
        and _is_prose(text, start, end, match)
    ):
        return None
    return start, end


def is_authorization(name: str) -> bool:
    """Tell whether a mapping under this name is no header, but what a cloud's audit log says was granted."""
    return name.lower().endswith("authorization")


def _header(text: str, at: int, end: int) -> tuple[int, int]:
    """Return the span of an unquoted header's secret: behind its scheme, to the end of its line."""
    scheme = _SCHEMES.match(text, at)
    if scheme is not None:
        return scheme.end(), line_end(text, scheme.end())
    first = text[at : min(end, at + 32)].strip(".,:;!?").lower()
    if first in NO_SECRETS:
        return at, at
    sentence = _SENTENCE.match(text, at)
    if sentence is not None and is_line_end(text, sentence.end()):
        return at, at
    if text[at - 1 : at] == "=":
        more = _MORE_COOKIES.match(text, end)
        return at, more.end() if more else end
    return at, line_end(text, at)


def _is_prose(text: str, start: int, end: int, match: re.Match[str]) -> bool:
    """Tell whether ``name: word`` is a sentence's, a logger's or a permission's colon, not that of a secret.

    A secret made by a machine is no plain word, as in ``token: refreshed by ada`` or ``secrets:read``.
    """
    if text.endswith(("nexpected ", "xpected "), max(0, match.start() - 11), match.start()):
        return len(text[start : start + 16].split(" ", 1)[0]) < 12
    if start == match.end(2):
        return _PERMISSION.fullmatch(text, start, end) is not None
    return _WORD_IN_SENTENCE.match(text, start) is not None


def _element(text: str, at: int) -> tuple[int, int]:
    end = text.find("<", at)
    return at, len(text) if end < 0 else end
