"""Tell quickly that a line holds nothing a detector would redact: the answer for almost every line.

How it gets by with a microsecond or two: one ``bytes.translate`` folds the letter case and drops all characters but
the twelve that the words of secrets are made of, which leaves a fifth of the line (``password`` becomes ``psswd``,
``token`` becomes ``tk``). A few substring searches over that rest find every line that may hold such a word. Python
searches ``str`` with a third of the overhead of ``bytes`` and single characters at memory speed, hence the decoding as
Latin-1, which changes nothing. What is found that way is confirmed by a regular expression on the line itself.
A second fold turns digits into ``0`` and drops separators, so that a card number is thirteen zeros in a row.

Sound: what a detector finds in a field, this finds in the field's JSON text, whose escapes only add backslashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from logdojo.logsetup.redaction.cards import cards
from logdojo.logsetup.redaction.names import KEY_OWNERS, LONGEST_NAME
from logdojo.logsetup.redaction.tokens import PARAMETERS

_ALL: Final = bytes(range(256))
_KEPT: Final = b"cdhjkpstuvwy/"
_LETTERS: Final = _ALL.lower()
_DROPPED: Final = bytes(code for code in _ALL if _LETTERS[code] not in _KEPT)
# Digits → 0, "=" → ":", and p, t → n, i: so "pin=4711" and '"otp": "471100"' both hold "in:0".
_DIGITS: Final = bytes(bytes.maketrans(b"0123456789=pt", b"0000000000:ni")[_LETTERS[code]] for code in _ALL)
_SEPARATORS: Final = b" -_\"'\\]"
_CARD: Final = "0" * 13

_Search = Callable[[str], "re.Match[str] | None"]

_AFTER: Final = rf"[a-z0-9_.$-]{{0,{LONGEST_NAME}}}(?:[ \"'\\\]]|%2[27]|%5d|&quot;|&#3[49];){{0,48}}(?:[=:>,]|%3[ad])"
"""What stands between a secret word and its value: the name's rest, quotes that close, a sign."""


def _any(*patterns: str) -> _Search:
    """Return the search for each of ``patterns``: one by one, since a common beginning makes each of them quick."""
    searches = [re.compile(pattern).search for pattern in patterns]
    return lambda text: next((found for search in searches if (found := search(text)) is not None), None)


def _option(word: str) -> str:
    return rf"-[a-z0-9_.-]{{0,{LONGEST_NAME}}}?{word}"


_PASS: Final = _any("pass" + _AFTER, r"pass[a-z]{0,12} {1,2}\\?[\"']", _option("pass"), "phpsess" + _AFTER)
_PW: Final = _any("pw" + _AFTER, "pswd" + _AFTER, _option("p(?:s?wd|w)"))
_SECRET: Final = _any("secret" + _AFTER, _option("secret"))
_TOKEN: Final = _any("token" + _AFTER, _option("token"))
_KEY: Final = _any(
    rf"(?:{'|'.join(sorted(KEY_OWNERS))})[_.$-]{{0,{LONGEST_NAME}}}key{_AFTER}", _option("key"), "private key"
)
_AUTHORIZATION: Final = _any("authorization" + _AFTER, r"auth[\"'\\]{0,16} ?[=:] ?\(")
_COOKIE: Final = _any("cookie" + _AFTER, _option("cookie"))
_CRED: Final = _any("cred" + _AFTER, _option("cred"))
_CARD_CODE: Final = _any("cv[vc]" + _AFTER)
_JSESSION: Final = _any("jsess" + _AFTER)
_PIN: Final = _any("(?:pin|otp)" + _AFTER)
_URL_LOGIN: Final = re.compile(r"://[^\s\"'<>]{1,400}@").search
_PREFIXED_: Final = re.compile(
    r"_(?:(?<=gh[pousr]_)|(?<=hub_)pat|(?<=[srp]k_)(?:live|test)|(?<=npm_)|(?<=hf_)|(?<=dop_)v1_|(?<=shp.._)|(?<=whsec_))"
).search
_PREFIXED: Final = re.compile(
    r"-(?:(?<=glpat-)|(?<=xox.-)|(?<=xapp-)|(?<=pypi-)|(?<=sk-)[A-Za-z0-9_-]{20}|(?<=[\"' ]-)[apPuUw-])"
).search
_PARAMETER: Final = re.compile("=(?:" + "|".join(rf"(?<=[?&]{name}=)" for name in PARAMETERS) + ")").search


def clean(line: bytes) -> bool:
    """Tell whether an encoded line, or any part of it that holds whole fields, is free of what looks like a secret."""
    text = line.decode("latin-1")
    folded = line.translate(_LETTERS, _DROPPED).decode("latin-1")
    digits = line.translate(_DIGITS, _SEPARATORS).decode("latin-1")
    return not (
        ("pss" in folded and _confirmed(line, _PASS))
        or ("pw" in folded and _confirmed(line, _PW))
        or ("sct" in folded and _confirmed(line, _SECRET))
        or ("tk" in folded and _confirmed(line, _TOKEN))
        or ("ky" in folded and _confirmed(line, _KEY))
        or ("uth" in folded and _confirmed(line, _AUTHORIZATION))
        or ("ck" in folded and _confirmed(line, _COOKIE))
        or ("cd" in folded and _confirmed(line, _CRED))
        or ("cv" in folded and _confirmed(line, _CARD_CODE))
        or ("j" in folded and ("eyJ" in text or _confirmed(line, _JSESSION)))
        or ("//" in folded and _URL_LOGIN(text) is not None)
        or ("y" in folded and "ya29." in text)
        or (_CARD in digits and _holds_card(text))
        or ("in:0" in digits and _confirmed(line, _PIN))
        or "earer" in text
        or ("B" in text and ("Basic" in text or "BEARER" in text))
        or ("A" in text and ("AKIA" in text or "ASIA" in text or "AIza" in text))
        or ("G" in text and "SG." in text)
        or _PREFIXED_(text) is not None
        or _PREFIXED(text) is not None
        or ("=" in text and ("?" in text or "&" in text) and _confirmed(line, _PARAMETER))
    )


def _confirmed(line: bytes, search: _Search) -> bool:
    return search(line.lower().decode("latin-1")) is not None


def _holds_card(text: str) -> bool:
    # Behind an escape, a number's first digit touches the escape's last letter or digit.
    return "\\" in text or next(cards(text), None) is not None
