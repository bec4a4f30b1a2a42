"""Secrets that show what they are by their own form, wherever they stand.

Formats as published by their issuers: JSON Web Tokens (RFC 7519), Bearer and Basic schemes (RFC 6750, RFC 7617),
user and password in URLs (RFC 3986), PEM private keys (RFC 7468), signed URLs of AWS, Google and Azure, webhooks of
Slack and Discord, and the keys in ``_PREFIXED`` and ``_LONG``, which name their issuers. Not covered: secrets without
a prefix or a name beside them; guessing by entropy has too many false hits where it has to be quick, and ids and
hashes are everywhere.
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
    r"|A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}+|LTAI[A-Za-z0-9]{12,24}(?![A-Za-z0-9])|AIza[A-Za-z0-9_-]{30,}+"
    r"|ya29\.[A-Za-z0-9_.-]{16,}+|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}+)"
)
"""Keys of GitHub, GitLab, Slack, Stripe, npm, PyPI, Hugging Face, DigitalOcean, Shopify, OpenAI and Anthropic, AWS,
Alibaba Cloud, Google, SendGrid."""
LONG_RUN: Final = 24
"""Letters, digits, dashes and underscores in a row that each key in ``_LONG`` holds."""
_LONG_FORMS: Final = (
    r"gl(?:oas|dt|rt|cbt|ptt|ft|soat|imt|agent)-[A-Za-z0-9_-]{20,}+|GR1348941[A-Za-z0-9_-]{16,}+|"  # GitLab
    r"sq0[a-z]{3}-[A-Za-z0-9_-]{20,}+|"  # Square
    r"rubygems_[a-f0-9]{32,}+|dckr_pat_[A-Za-z0-9_-]{20,}+|"  # RubyGems, Docker
    r"gsk_[A-Za-z0-9]{40,}+|r8_[A-Za-z0-9]{32,}+|xai-[A-Za-z0-9]{40,}+|"  # Groq, Replicate, xAI
    r"pplx-[A-Za-z0-9]{40,}+|nvapi-[A-Za-z0-9_-]{40,}+|"  # Perplexity, NVIDIA
    r"do[ors]_v1_[a-f0-9]{32,}+|GOCSPX-[A-Za-z0-9_-]{20,}+|"  # DigitalOcean, Google
    r"hv[sbr]\.[A-Za-z0-9_-]{24,}+|dapi[a-f0-9]{32}(?:-[0-9])?(?![A-Za-z0-9])|"  # Vault, Databricks
    r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_-]{24,}+|sl\.[A-Za-z0-9_-]{60,}+|"  # Doppler, Dropbox
    r"lin_api_[A-Za-z0-9]{32,}+|glsa_[A-Za-z0-9]{20,}+_[a-f0-9]{8}|"  # Linear, Grafana
    r"(?:glc|sntry[su])_[A-Za-z0-9_-]{24,}+[A-Za-z0-9_=+/]*+|"  # Grafana Cloud, Sentry
    r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_-]{20,}+|sbp_[a-f0-9]{32,}+|"  # PlanetScale, Supabase
    r"figd_[A-Za-z0-9_-]{32,}+|ntn_[A-Za-z0-9]{32,}+|"  # Figma, Notion
    r"NR(?:AK|II|JS|RA)-[A-Za-z0-9_-]{20,}+|PMAK-[a-f0-9]{24}-[a-f0-9]{16,}+|"  # New Relic, Postman
    r"tskey-[A-Za-z0-9-]{20,}+|AGE-SECRET-KEY-1[A-Z0-9]{40,}+|HRKU-[A-Za-z0-9_-]{30,}+|"  # Tailscale …
    r"ATATT3[A-Za-z0-9_-]{40,}+(?:=[A-Za-z0-9_-]*+)?|AKC[A-Za-z0-9]{24,}+|"  # Atlassian, Artifactory
    r"[0-9a-f]{32}-us[0-9]{1,2}(?![A-Za-z0-9])|key-[0-9a-f]{32}(?![A-Za-z0-9])|"  # Mailchimp, Mailgun
    r"(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])|"  # Twilio
    r"(?:bot)?[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|"  # Telegram
    r"[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}+"  # Discord
)
_LONG: Final = re.compile(f"{START}(?:{_LONG_FORMS})")
_LONG_ANYWHERE: Final = re.compile(_LONG_FORMS)
_LONG_BEFORE: Final = 64
"""Characters in front of its run in which a key of ``_LONG`` or a webhook's address begins."""
_AZURE: Final = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])")
_WEBHOOK: Final = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks)"
    r"/([A-Za-z0-9_/-]{0,128}?[A-Za-z0-9_-]{24,}+)"
)
PATTERNS: Final = (
    *(_PEM, _JWT, _PREFIXED, _LONG, _AZURE, _WEBHOOK, _BEARER, _BASIC, _URL_LOGIN, _URL_LOGIN_SLASH, _PARAMETER),
)
"""One of these stands in every text in which ``tokens`` finds something."""
_ID: Final = "0123456789abcdef-"
RUNS: Final = bytes(
    ord("a" if code < 128 and (chr(code).isalnum() or chr(code) in "-_") else " ") for code in range(256)
)
"""For ``bytes.translate``: what may stand in a run becomes ``a``, all else a space; substring search is quicker than
a regular expression, which tries each place anew."""
RUN: Final = "a" * LONG_RUN


def may_hold_long_token(text: str, folded: str) -> bool:
    """Tell whether ``text``, or a text that JSON has escaped to it, may hold a key of many parts.

    Args:
        text: the text.
        folded: the text after ``RUNS``, which holds ``RUN``.
    """
    return any(
        _LONG_ANYWHERE.search(text, max(0, start - _LONG_BEFORE), end)
        or _WEBHOOK.search(text, max(0, start - _LONG_BEFORE), end)
        for start, end in _long_runs(text, folded)
    )


def _long_runs(text: str, folded: str) -> Iterator[tuple[int, int]]:
    start = folded.find(RUN)
    while start >= 0:
        end = folded.find(" ", start)
        end = len(text) if end < 0 else end
        # Most long runs are ids in quotes: a trace, a UUID.
        if text[start - 1 : start] != '"' or text[end : end + 1] != '"' or text[start:end].strip(_ID):
            yield start, end
        start = folded.find(RUN, end)


def _long_tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each key that is known by its parts: near a run of ``LONG_RUN`` characters only."""
    folded = text.encode("latin-1", "replace").translate(RUNS).decode("latin-1")
    done = 0
    for start, end in _long_runs(text, folded):
        for pattern, group in ((_LONG, 0), (_WEBHOOK, 1)):
            found = pattern.search(text, max(done, start - _LONG_BEFORE), end)
            # Behind the run there may be more of the key, or what shows that it is none.
            match = found and pattern.match(text, found.start())
            if match:
                done = match.end()
                yield match.span(group)


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each secret; a scheme, a user and a parameter's name before it stay."""
    yield from _long_tokens(text)
    for pattern in (_PEM, _JWT, _PREFIXED, _AZURE):
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
