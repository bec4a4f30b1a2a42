"""Tell quickly that a line holds nothing a detector would redact: the answer for almost every line.

How it gets by with a microsecond or two: one ``bytes.translate`` folds the letter case and drops all characters but
the few that tell the words of secrets, which leaves a fifth of the line (``password`` becomes ``psswd``,
``token`` becomes ``tk``). A few substring searches over that rest find every line that may hold such a word. Python
searches ``str`` with a third of the overhead of ``bytes`` and single characters at memory speed, hence the decoding as
Latin-1, which changes nothing. What is found that way is confirmed by a regular expression on the line itself.
A second fold turns digits into ``0`` and drops separators, so that a card number is thirteen zeros in a row; it keeps
the letters of hexadecimal ids, whose digits would else run together.

Sound: what a detector finds in a field, this finds in the field's JSON text, whose escapes only add backslashes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from logdojo.logsetup.redaction.cards import cards
from logdojo.logsetup.redaction.names import KEY_OWNERS, LONGEST_NAME
from logdojo.logsetup.redaction.tokens import PARAMETERS, RUN, RUNS, may_hold_long_token

_ALL: Final = bytes(range(256))
_KEPT: Final = b"cdhjkpstuvwxy/"
_LETTERS: Final = _ALL.lower()
_DROPPED: Final = bytes(code for code in _ALL if _LETTERS[code] not in _KEPT)
# Digits → 0, "=" → ":", and p, t → n, i: so "pin=4711" and '"otp": "471100"' both hold "in:0".
_DIGITS: Final = bytes(bytes.maketrans(b"0123456789=pt", b"0000000000:ni")[_LETTERS[code]] for code in _ALL)
# Dropped: what may stand between groups of digits, and letters that end no run of digits in a hexadecimal id.
_SEPARATORS: Final = b" -_\"'\\]" + b"gjklmqrsuvwxyzGJKLMQRSUVWXYZ"
_CARD: Final = "0" * 13

LONGEST: Final = 1 << 17
"""Bytes of a line that are looked at; a longer one counts as not clean, and the detectors, not this, go through it."""

_Search = Callable[[str], "re.Match[str] | None"]

_AFTER: Final = (
    rf"(?:[a-z0-9_.$-]{{0,{LONGEST_NAME}}}(?:[ \"'\\\]]|%2[27]|%5d|&quot;|&#3[49];){{0,48}}(?:[=:>,}}]|%3[ad])"
    # The rest of a field's name, whatever it is made of; a character takes up to six as an escape.
    rf"|[^\"\\]{{0,{6 * LONGEST_NAME}}}+(?:\\.[^\"\\]{{0,{LONGEST_NAME}}}+){{0,{LONGEST_NAME}}}+\":)"
)
"""What stands between a secret word and its value: the name's rest, quotes that close, a sign."""


def _any(*patterns: str) -> _Search:
    """Return the search for each of ``patterns``: one by one, since a common beginning makes each of them quick."""
    searches = [re.compile(pattern).search for pattern in patterns]
    return lambda text: next((found for search in searches if (found := search(text)) is not None), None)


def _option(word: str) -> str:
    return rf"-[a-z0-9_.-]{{0,{LONGEST_NAME}}}?{word}"


_PASS: Final = _any("pass" + _AFTER, r"pass[a-z]{0,12} {1,2}\\?[\"']", _option("pass"))
_PW: Final = _any("pw" + _AFTER, _option("pw"))
_SECRET: Final = _any("secret" + _AFTER, _option("secret"))
_TOKEN: Final = _any("token" + _AFTER, _option("token"))
_KEY: Final = _any(
    rf"(?:{'|'.join(sorted(KEY_OWNERS))})[_.$-]{{0,{LONGEST_NAME}}}key{_AFTER}", _option("key"), "private key"
)
_AUTHORIZATION: Final = _any("authorization" + _AFTER, _option("authorization"), r"auth[\"'\\]{0,16} ?[=:] ?\(")
_COOKIE: Final = _any("cookie" + _AFTER, _option("cookie"))
_CRED: Final = _any("cred" + _AFTER, _option("cred"))
_CARD_CODE: Final = _any("cv[vc]" + _AFTER)
_SESSION: Final = _any("jsess" + _AFTER, "phpsess" + _AFTER, _option("(?:j|php)sess"))
_PIN: Final = _any("(?:pin|otp)" + _AFTER)
_URL_LOGIN: Final = re.compile(r"://[^\s\"'<>]{1,400}@").search
_PREFIXED_: Final = re.compile(
    r"_(?:(?<=gh[pousr]_)|(?<=hub_)pat|(?<=[srp]k_)(?:live|test)|(?<=npm_)|(?<=hf_)|(?<=dop_)v1_|(?<=shp.._)|(?<=whsec_))"
).search
_PREFIXED: Final = re.compile(
    r"-(?<=[tpik\"' ]-)(?:(?<=glpat-)|(?<=xapp-)|(?<=pypi-)|(?<=sk-)[A-Za-z0-9_-]{20}"
    r"|(?<=[\"' ]-)(?:[apPuUw]|-user|-proxy))"
).search
_AWS: Final = re.compile("A(?:KIA|SIA|Iza|BIA|CCA)|LTAI").search
_AZURE: Final = re.compile("==(?<=[A-Za-z0-9+/]{86}==)").search
_PARAMETER: Final = re.compile("=(?:" + "|".join(rf"(?<=[?&]{name}=)" for name in PARAMETERS) + ")").search


def clean(line: bytes) -> bool:
    """Tell whether an encoded line, or any part of it that holds whole fields, is free of what looks like a secret."""
    if len(line) > LONGEST:
        return False
    text = line.decode("latin-1")
    folded = line.translate(_LETTERS, _DROPPED).decode("latin-1")
    digits = line.translate(_DIGITS, _SEPARATORS).decode("latin-1")
    return not (
        ("pss" in folded and (_confirmed(line, "pass", _PASS) or _confirmed(line, "sess", _SESSION)))
        or ("w" in folded and "pw" in folded and _confirmed(line, "pw", _PW))
        or ("sct" in folded and _confirmed(line, "secret", _SECRET))
        or (
            "k" in folded
            and (
                ("tk" in folded and _confirmed(line, "token", _TOKEN))
                or ("ky" in folded and _confirmed(line, "key", _KEY))
                or ("ck" in folded and _confirmed(line, "cookie", _COOKIE))
            )
        )
        or ("uth" in folded and _confirmed(line, "auth", _AUTHORIZATION))
        or ("ced" in digits and _confirmed(line, "cred", _CRED))
        or ("cv" in folded and _confirmed(line, "cv", _CARD_CODE))
        or ("j" in folded and ("eyJ" in text or _confirmed(line, "sess", _SESSION)))
        or ("x" in folded and "xox" in text)
        or ("/" in folded and "//" in folded and _URL_LOGIN(text) is not None)
        or (_CARD in digits and _holds_card(text))
        or ("in:0" in digits and _confirmed(line, "", _PIN))
        or ("beae" in digits and "earer" in text.lower())
        or ("a00." in digits and "ya29." in text)
        or ("B" in text and "Basic" in text)
        or ("A" in text and _AWS(text) is not None)
        or ("G" in text and "SG." in text)
        or ("_" in text and _PREFIXED_(text) is not None)
        or _PREFIXED(text) is not None
        or (RUN in (runs := line.translate(RUNS).decode("latin-1")) and may_hold_long_token(text, runs))
        or ("==" in text and _AZURE(text) is not None)
        or ("=" in text and ("?" in text or "&" in text) and _confirmed(line, "=", _PARAMETER))
    )


def _confirmed(line: bytes, word: str, search: _Search) -> bool:
    text = line.lower().decode("latin-1")
    return word in text and search(text) is not None


def _holds_card(text: str) -> bool:
    # Behind an escape, a number's first digit touches the escape's last letter or digit.
    return "\\" in text or next(cards(text), None) is not None
