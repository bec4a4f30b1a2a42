"""Passwords, tokens and keys in free text.

Covered: PEM private keys, JSON Web Tokens, ``Authorization`` schemes (Bearer, Basic, Digest tokens), user and password
in URLs, ``password``/``token``/``secret``-like words followed by ``=`` or ``:`` (through the field policy), and the
published prefixes of common services' keys (GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, SendGrid).
Not covered: secrets without a prefix or a word beside them; guessing by entropy has too many false hits on logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.spans import Hit

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\\\s]{0,16384}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
)
_JWT: Final = re.compile(r"(?<![\w-])eyJ[\w-]{8,8192}+\.[\w-]{2,16384}+(?:\.[\w-]{0,8192}+)?")
_SCHEME: Final = re.compile(r"\b(?:[Bb]earer|[Bb]asic|[Tt]oken) +([\w.~+/=-]{8,16384}+)")
_URL_LOGIN: Final = re.compile(r"://([^\s:/@\"'<>]{0,128}):([^\s/@\"'<>]{1,256})@")
_PREFIXED: Final = re.compile(
    r"(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}|glpat-[\w-]{20,255}|xox[abeprs]-[\w-]{10,255}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{10,255}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,255}"
    r"|SG\.[\w-]{16,64}\.[\w-]{16,64}|sk-[\w-]{20,255})(?![\w-])"
)
_PREFIXES: Final = ("gh", "glpat-", "xox", "k_live_", "k_test_", "AIza", "npm_", "pypi-", "SG.", "sk-")


def credentials(text: str) -> Iterator[Hit]:
    """Find secrets and tokens."""
    if "-----BEGIN" in text:
        for match in _PEM.finditer(text):
            yield Hit(*match.span(), "secret")
    if "eyJ" in text:
        for match in _JWT.finditer(text):
            yield Hit(*match.span(), "token")
    if "earer " in text or "asic " in text or "oken " in text:
        for match in _SCHEME.finditer(text):
            if not match[1].isalpha():
                yield Hit(*match.span(1), "token")
    if "://" in text and "@" in text:
        for match in _URL_LOGIN.finditer(text):
            yield Hit(*match.span(1), "user")
            yield Hit(*match.span(2), "secret")
    if any(prefix in text for prefix in _PREFIXES):
        for match in _PREFIXED.finditer(text):
            yield Hit(*match.span(), "token")
