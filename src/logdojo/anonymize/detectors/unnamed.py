"""Keys of no known form and no secret name: told by randomness, where what stands before them says "a key".

Two cases. Behind a name that speaks of keys, signatures, sessions and the like without being a secret's name for
certain (``key=``, ``sig:``, ``"nonce": "…``), a run of at least 20 characters. And a word of 32 to 48 characters in a
sentence, with small and capital letters and digits: the form of keys of AWS and IBM, and of session ids.

Random means: letters and digits, entropy near what as many random characters have, and a change of kind (lower case,
upper case, digit) at every second or third step, as random text has and words, paths, versions and names do not.

Not covered: a word that is a whole field by itself or stands behind another name (``requestId=…``: there the name says
what it is); words of hexadecimal digits, since hashes and ids look the same; UUIDs.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from logdojo.anonymize.detectors.supersets import superset

SHORTEST: Final = 20
_TABLE: Final = bytes(
    ord("a" if code < 128 and (chr(code).isalnum() or chr(code) in "+/_-") else " ") for code in range(256)
)
_RUN: Final = "a" * SHORTEST
_BEFORE: Final = 40  # characters in front of a run that may hold its name
_NAME: Final = re.compile(
    r"(?<![A-Za-z])(?:[A-Za-z0-9]{1,16}[_.-]){0,3}(?:[a-z]{0,12}key|[a-z]{0,8}sig|[a-z]{0,4}hmac|ticket|nonce|state|salt|license"
    r"|signature|assertion|sess|session|session[_-]?id|sid|auth|verifier|challenge|csrf|xsrf|webhook|connection[_-]?string"
    r"|credentials?|bearer|jwt|pat|apikey|cookie)"
    r"[\"'\]]{0,3}(?: ?[=:]{1,2} ?| => | is )[\"'(\[]{0,2}\Z",
    re.IGNORECASE | re.ASCII,
)
_WORDS: Final = (
    *("key", "sig", "hmac", "tick", "nonc", "stat", "salt", "lice", "asse", "sess", "sid", "auth", "veri", "chal"),
    *("srf", "hook", "stri", "cred", "bear", "jwt", "pat", "cook"),
)
"""One of these stands in each of those names, within so many characters before the run:"""
_NEAR: Final = 30
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_WORD_CHARS: Final = range(32, 49)
_WORD_SIGNS: Final = 5  # a path, a name of many words has more
_WORD_CHANGES: Final = 0.4
_WORD_BEFORE: Final = re.compile(r"(?:^|[^=:\s] {1,2}|[,;(>])[\"'(\[<]?\Z|(?:^|[^=:\s\"'])[\"']\Z")
_WORD_BEHIND: Final = re.compile(r"[\"')\]>]?(?:[\s,;.!?&]|\\|\Z)")
_CHARS: Final = "A-Za-z0-9+/_-"
ANCHOR: Final = rf"{superset(_NAME)}[{_CHARS}]{{{SHORTEST}}}"
LONGEST_WORD: Final = _WORD_CHARS.stop - 1
WORD_ANCHOR: Final = rf"[^{_CHARS}][{_CHARS}]{{{_WORD_CHARS.start},{LONGEST_WORD}}}[^{_CHARS}]"
"""A match of one of these stands in every text, a line end on either side, where something is found."""
_SHARE: Final = 0.8  # of the entropy that as many random characters have at most
_CHANGES: Final = 0.3  # of the steps from one character to the next


def may_hold_unnamed(text: str) -> bool:
    """Tell at little cost whether ``text`` has a run that is long enough."""
    return _RUN in _folded(text)


def unnamed_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each key that only its randomness and what stands before it give away."""
    folded = _folded(text)
    start = folded.find(_RUN)
    while start >= 0:
        stop = folded.find(" ", start)
        stop = len(text) if stop < 0 else stop
        run = text[start:stop]
        # Most long runs are paths and ids: what stands around them is asked first, which is quicker.
        if (_is_word_in_text(text, start, stop) or _stands_behind_name(text, start)) and _is_random(run):
            while text[stop : stop + 1] == "=":
                stop += 1
            yield start, stop
        start = folded.find(_RUN, stop)


def _stands_behind_name(text: str, start: int) -> bool:
    near = text[max(0, start - _NEAR) : start].lower()
    return any(word in near for word in _WORDS) and _NAME.search(text, max(0, start - _BEFORE), start) is not None


def _folded(text: str) -> str:
    return text.encode("latin-1", "replace").translate(_TABLE).decode("latin-1")


def _is_random(run: str) -> bool:
    if _UUID.fullmatch(run) or not (any(c.isdigit() for c in run) and any(c.isalpha() for c in run)):
        return False
    counts = Counter(run).values()
    entropy = -sum(n / len(run) * math.log2(n / len(run)) for n in counts)
    alphabet = 16 if all(c in "0123456789abcdefABCDEF" for c in run) else 64
    return _changes(run) >= _CHANGES * len(run) and entropy >= _SHARE * math.log2(min(alphabet, len(run)))


def _changes(run: str) -> int:
    return sum(_kind(a) != _kind(b) for a, b in pairwise(run))


def _kind(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2 if char.isdigit() else 3


def _is_word_in_text(text: str, start: int, stop: int) -> bool:
    run = text[start:stop]
    return (
        len(run) in _WORD_CHARS
        and len(text) > stop - start + 2
        and run.upper() != run != run.lower()
        and run[0] != "/"
        and sum(not c.isalnum() for c in run) <= _WORD_SIGNS
        and _changes(run) >= _WORD_CHANGES * len(run)
        and _WORD_BEFORE.search(text, max(0, start - 4), start) is not None
        and _WORD_BEHIND.match(text, stop) is not None
    )
