"""Passwords, tokens, keys and card numbers in free text, by the same rules as redaction in ``logsetup``.

What is secret is said once, in ``logdojo.logsetup.redaction``: ``tokens`` (the forms that issuers publish), ``names``
and ``pairs`` (what stands behind ``password=``, ``X-Api-Key:``, ``--token``, in an Authorization header …),
``commands`` (``mysql -p…``) and ``cards`` (issuer, length, check digit). Added here: the user in a URL's login, and
keys of no known form by their randomness, where what stands before them says that they are keys (``unnamed``).

Covered: see those modules. Access key ids of AWS are left to ``forms``: they tell who acted and get a pseudonym.
Not covered: a password in a sentence (``the password is …``), a random text with nothing beside it that says what it
is, secrets cut in two or encoded once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from logdojo.anonymize.detectors.supersets import superset
from logdojo.anonymize.detectors.unnamed import ANCHOR as UNNAMED_ANCHOR
from logdojo.anonymize.detectors.unnamed import LONGEST_WORD, WORD_ANCHOR, may_hold_unnamed, unnamed_secrets
from logdojo.anonymize.spans import Hit
from logdojo.logsetup.redaction import prefilter
from logdojo.logsetup.redaction.cards import cards
from logdojo.logsetup.redaction.commands import TOOL, command_secrets
from logdojo.logsetup.redaction.names import Names
from logdojo.logsetup.redaction.pairs import pairs
from logdojo.logsetup.redaction.tokens import PATTERNS, tokens

__all__ = ["ANCHOR", "WORD_ANCHOR", "credentials", "credentials_near_words", "may_hold"]
_NAMES: Final = Names()
_URL_USER: Final = re.compile(r"://([^\s:/@?#\"'<>\\]{1,128})(?::[^\s/\"'<>\\]{1,256})?@(?=[A-Za-z0-9\[])")
_KEY_ID: Final = re.compile("A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,124}")
_TOKEN_NAME: Final = re.compile(
    r"(?i:token|key|authorization|cookie|sess(?:ion)?_?id|jwt|bearer)[\w.-]{0,24}[\"'\\\]]{0,8}(?: ?[=:>]{1,3} ?|,? )"
    r"[\"'\\]{0,8}(?:[A-Za-z0-9-]{1,20} )?\Z"
)
"""What stands before a secret that machines made; before all others stands a password's name."""
_WORD: Final = "(?i:pass|pw|secret|token|key|auth|cookie|cred|cv[vc]|sess|pin|otp)"
_SIGN: Final = r"(?:[ \"'\\\]]|%2[27]|%5[dD]|&quot;|&#3[49];)*(?:[=:>,}]|%3[aAdD])"
ANCHOR: Final = "|".join(
    (
        superset(*PATTERNS),
        superset(TOOL) + r"(?:[^\n]*[ \"'])?-",
        r"(?:[^A-Za-z0-9_.-]|[^_=:(,\[]-|\\[nrt])[0-9]{14}",
        r"[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{2}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4}",
        rf"{_WORD}[A-Za-z0-9_.$-]*{_SIGN}",
        rf"-[A-Za-z0-9_.-]*{_WORD}",
        r"(?i:pass)[A-Za-z]* +\\?[\"']",
        superset(_URL_USER),
        UNNAMED_ANCHOR,
    )
)
"""A match of this or of ``WORD_ANCHOR`` stands in every text, a line end on either side, where something is found."""


def may_hold(line: str) -> bool:
    """Tell at little cost whether a line, or a text inside it, may hold anything that ``credentials`` finds."""
    return may_hold_unnamed(line) or not prefilter.clean(line.encode("utf-8", "surrogatepass"))


def credentials(text: str) -> Iterator[Hit]:
    """Find secrets, tokens and card numbers; none of them overlap."""
    found: list[Hit] = []
    # Two questions, each before the patterns that it stands for: long paths and ids are many, secrets are few.
    if not prefilter.clean(text.encode("utf-8", "surrogatepass")):
        found += (Hit(start, stop, "card") for start, stop in cards(text))
        found += (Hit(start, stop, _class_of(text, start)) for start, stop in tokens(text))
        found += (Hit(start, stop, _class_of_named(text, start)) for start, stop in pairs(text, _NAMES))
        found += (Hit(start, stop, "secret") for start, stop in command_secrets(text))
        if "://" in text and "@" in text:
            found += (Hit(*match.span(1), "user") for match in _URL_USER.finditer(text))
    if may_hold_unnamed(text):
        found += (Hit(start, stop, "token") for start, stop in unnamed_secrets(text))
    for hit in _merged(found):
        if not _KEY_ID.fullmatch(text, hit.start, hit.stop):
            yield hit


def _class_of_named(text: str, start: int) -> str:
    return "token" if _TOKEN_NAME.search(text, max(0, start - 64), start) else "secret"


def credentials_near_words(text: str, ends: Iterable[int]) -> Iterable[Hit]:
    """Find what ``credentials`` finds, if one of the long words behind which ``WORD_ANCHOR`` ends may be a key.

    Most are paths and ids in letters of one case.
    """
    for end in ends:
        word = text[max(0, end - 1 - LONGEST_WORD) : end - 1].rpartition(" ")[2].rpartition('"')[2]
        if word.upper() != word != word.lower():
            return credentials(text)
    return ()


def _class_of(text: str, start: int) -> str:
    return "secret" if text.startswith("-----BEGIN", start) or text[max(0, start - 1) : start] == ":" else "token"


def _merged(hits: list[Hit]) -> Iterator[Hit]:
    """Yield hits in order, those that overlap as one of the first one's class."""
    last: Hit | None = None
    for hit in sorted(hits):
        if hit.start == hit.stop:
            continue
        if last is not None and hit.start < last.stop:
            last = last._replace(stop=max(last.stop, hit.stop))
            continue
        if last is not None:
            yield last
        last = hit
    if last is not None:
        yield last
