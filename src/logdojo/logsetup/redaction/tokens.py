"""Secrets that show what they are by their own form, wherever they stand.

Formats as published by their issuers: JSON Web Tokens (RFC 7519), Bearer and Basic schemes (RFC 6750, RFC 7617),
user and password in URLs (RFC 3986), PEM private keys (RFC 7468), signed URLs of AWS, Google and Azure, and the key
prefixes of AWS, GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, Hugging Face, DigitalOcean, Shopify, SendGrid,
OpenAI. Not covered: secrets without a prefix or a name beside them; guessing by entropy has too many false hits on
logs, where ids and hashes are everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PARAMETERS: Final = (
    "sig",
    "signature",
    "x-amz-signature",
    "x-goog-signature",
    "code",
    "key",
    "ticket",
    "hmac",
    "assertion",
    "client_assertion",
    "samlresponse",
    "sid",
    "jwt",
)
"""Names that are secret as a URL's parameter and harmless words elsewhere."""
START: Final = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
"""Where a word begins, also behind a line break that is written out, as in the repr of bytes, and behind ``%3D``."""
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----)[A-Za-z0-9+/=\\\s:,.()|>#*-]){0,32768}+(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_JWT: Final = re.compile(START + r"eyJ[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+){1,4}")
_BEARER: Final = re.compile(START + r"(?:[Bb]earer|BEARER)(?: {1,4}|%20|\+)([A-Za-z0-9_.~+/=:|!*-]{6,}+)(?!\")")
_BASIC: Final = re.compile(START + r"Basic(?: {1,4}|%20|\+)([A-Za-z0-9+/_-]{6,}+={0,2})(?!=?\")")
_PLAIN_WORD: Final = re.compile(r"[A-Z]?[a-z]{1,20}[.:,]?|[A-Z]{1,20}")
_URL_LOGIN: Final = re.compile(r"(?<=://)[^\s:@/?#\"'<>\\]{0,128}:(?!\[redacted\]@)([^\s/?#\"'<>\\]{1,256}+)")
_URL_LOGIN_SLASH: Final = re.compile(
    r"(?:postgres(?:ql)?|mysql|mariadb|amqps?|rediss?|mongodb|mssql|oracle)(?:\+[a-z0-9_]{1,32})?://"
    r"[^\s:@/?#\"'<>\\]{0,128}:(?![0-9]{1,5}/)([^\s@\"'<>\\]{1,256})@"
)
_PARAMETER: Final = re.compile(
    rf"(?<=[?&])(?:{'|'.join(map(re.escape, PARAMETERS))})=([^\s&#\"'<>\\]{{6,}}+)", re.IGNORECASE | re.ASCII
)
_PREFIXED: Final = re.compile(
    START + r"(?:gh[pousr]_[A-Za-z0-9_]{16,}+|github_pat_[A-Za-z0-9_]{16,}+|glpat-[A-Za-z0-9_.-]{16,}+"
    r"|xox[a-z]-[A-Za-z0-9-]{8,}+|xapp-[A-Za-z0-9-]{8,}+|[srp]k_(?:live|test)_[A-Za-z0-9]{8,}+"
    r"|whsec_[A-Za-z0-9+/=]{16,}+|npm_[A-Za-z0-9]{30,}+|pypi-[A-Za-z0-9_-]{32,}+|hf_[A-Za-z0-9]{30,}+"
    r"|dop_v1_[a-f0-9]{32,}+|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}+|sk-[A-Za-z0-9_-]{20,}+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}+|AIza[A-Za-z0-9_-]{30,}+|ya29\.[A-Za-z0-9_.-]{16,}+"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}+)"
)


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each secret; a scheme, a user and a parameter's name before it stay."""
    for pattern in (_PEM, _JWT, _PREFIXED):
        for match in pattern.finditer(text):
            yield match.span()
    for pattern in (_BEARER, _BASIC):
        for match in pattern.finditer(text):
            if not _PLAIN_WORD.fullmatch(match[1]):
                yield match.span(1)
    if "://" in text:
        for match in _URL_LOGIN.finditer(text):
            # The last "@" before the host's end: a password may hold one itself.
            at = text.rfind("@", match.start(1), match.end(1))
            if at > match.start(1):
                yield match.start(1), at
        for match in _URL_LOGIN_SLASH.finditer(text):
            yield match.span(1)
    for match in _PARAMETER.finditer(text):
        if not match[1].isdigit() or len(match[1]) > 8:
            yield match.span(1)
