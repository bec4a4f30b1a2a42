r"""Names learnt from fields are hunted for where no field names them: in the rest of the line, and of its source.

Guarded, because a user called ``test`` must not blank every ``test``: names from three characters that are no common
words, and whole words only. Across lines a name has four or more, and must also look like one (a digit, a sign or a
capital inside it), or, where a first pass over the whole source has counted, stand in fields more often than in the
open.

A text is cut into words, and words are looked up: the time does not grow with the number of names. A name of several
words (``Ann Lee``, ``CORP\ann``) is found by its first.

Covered: every class but roles and groups (they name what is done, and recur in other names). Not covered: a name in
another case or encoding, numbers of fewer than nine digits across lines, and what comes after the limit of a source:
its first names are kept, the rest is counted.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from logdojo.anonymize.reading import Reader
from logdojo.anonymize.reading.table import Table
from logdojo.anonymize.spans import Edit, Hit

MIN_CHARS: Final = 4
LIMIT: Final = 100_000
"""Most names of a source that are kept."""
_NOT_ACROSS: Final = frozenset({"role", "group"})
"""They name what is done, not who does it, and recur in other names."""
WORD: Final = re.compile(r"[^\W_]+")
_SPACED: Final = bytes(code if chr(code).isalnum() and code < 128 else ord(" ") for code in range(256))
"""For ``bytes.translate``, where a text is ASCII: cutting it at spaces then gives its words in a fifth of the time."""
_CORE: Final = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
FOUND_ANYWAY: Final = frozenset({"ip", "mac", "location"})
"""Their form gives them away, or their name names many; they are not hunted for."""
_LEAST_IN_LINE: Final = 3
_SHORT_NUMBER: Final = 6  # digits; shorter ones recur by chance even in one line
_MOST_WORDS: Final = 16
_FEW: Final = 32  # values that are looked for one by one
_MOST_PLAIN: Final = 50_000
_LONG_NUMBER: Final = 9  # digits; shorter ones are process ids, ports and sizes as well
_TECHNICAL: Final = frozenset(
    """
    amd64 base64 eth0 eth1 ext4 http2 ipv4 ipv6 log4j md5sum mp4 oauth2 php5 php7 python2 python3 saml2 sda1 sha1 sha256
    sha512 socks4 socks5 ssh2 sslv3 tls1 tlsv1 utf16 utf8 win32 win64 windows10 wlan0 x509 x86_64
    """.split()  # noqa: SIM905, as a list it would be a screen long
)


def is_hunted(class_name: str, value: str, common_words: frozenset[str]) -> bool:
    """Tell whether a replaced value is hunted for in the rest of its line: not when its form is found anyway."""
    if class_name in FOUND_ANYWAY or (value.isdecimal() and len(value) < _SHORT_NUMBER):
        return False
    return len(value) >= _LEAST_IN_LINE and value.casefold() not in common_words


def elsewhere(text: str, mask: bytearray, names: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield where names that one line gave away still stand in ``text``, and claim those places, the longest first.

    Args:
        text: the text.
        mask: a one for each character that is spoken for.
        names: what to hunt for.
    """
    for name in sorted(names, key=len, reverse=True):
        size = len(name)
        for at in whole_words(name, text):
            if mask.find(1, at, at + size) < 0:
                mask[at : at + size] = b"\x01" * size
                yield at, at + size, name


class Names:
    """Values and their classes, found in a text by their first words.

    Args:
        limit: most values that are kept; later ones are counted in ``missed``.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._classes: dict[str, str] = {}
        # First word of a value → which counts of words such values have, one bit each: a text is asked for no others.
        self._firsts: dict[str, int] = {}
        # What stands between a value's first and last word (the first 16) → the value, where that is not all of it.
        self._wider: dict[str, list[str]] = {}
        # What a text is asked for before anything is searched: the word of a value of one, the rarest two words in a
        # row of a longer one (rare is taken to mean long).
        self._asked: dict[str | tuple[str, str], list[str]] = {}
        # The longest word of each value.
        self._words: set[str] = set()
        self.missed = 0

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, value: str) -> bool:
        return value in self._classes

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the values with their classes, in the order they came."""
        return self._classes.items()

    def add(self, value: str, class_name: str) -> None:
        """Keep a value; the first class it came with counts."""
        if value in self._classes:
            return
        words = [match.span() for match in itertools.islice(WORD.finditer(value), _MOST_WORDS)]
        if not words:
            return
        if len(self._classes) >= self._limit:
            self.missed += 1
            return
        self._classes[value] = class_name
        texts = [value[start:stop] for start, stop in words]
        key = max(itertools.pairwise(texts), key=lambda pair: len(pair[0] + pair[1])) if len(texts) > 1 else texts[0]
        self._asked.setdefault(key, []).append(value)
        self._words.add(max(texts, key=len) if len(texts) > 1 else texts[0])
        first = value[slice(*words[0])]
        self._firsts[first] = self._firsts.get(first, 0) | 1 << len(words)
        core = value[words[0][0] : words[-1][1]]
        if core != value:
            self._wider.setdefault(core, []).append(value)

    def stand_in(self, text: str) -> bool:
        """Tell whether a value stands in ``text``."""
        return next(iter(self.hits(text)), None) is not None

    def may_stand_in(self, text: str) -> bool:
        """Tell at little cost whether a value may stand in ``text``; False is certain."""
        words = _words(text) if self._words else []
        return not self._words.isdisjoint(words) and any(value in text for value in self._candidates(words))

    def hits(self, text: str) -> Iterable[Hit]:
        """Return where values stand in ``text`` as whole words; of those with one beginning, the longest first."""
        words = _words(text) if self._words else []
        if self._words.isdisjoint(words):
            return ()
        candidates = self._candidates(words)
        if len(candidates) > _FEW:
            return self._by_first_words(text, words)
        found = [(at, -len(value), value) for value in candidates if value in text for at in whole_words(value, text)]
        return [Hit(at, at - size, self._classes[value]) for at, size, value in sorted(found)]

    def _candidates(self, words: Sequence[str]) -> list[str]:
        """Return the values whose rarest words stand in a text of these words."""
        keys = self._asked.keys() & {*words, *itertools.pairwise(words)}
        return [value for key in keys for value in self._asked[key]]

    def _by_first_words(self, text: str, words: Iterable[str]) -> Iterator[Hit]:
        """Yield the same without a search for each value."""
        known = self._firsts.keys() & set(words)
        for start, first in sorted((start, word) for word in known for start in whole_words(word, text)):
            counts = self._firsts[first]
            ends = [match.end() for match in itertools.islice(WORD.finditer(text, start), counts.bit_length() - 1)]
            for count in range(len(ends), 0, -1):
                if counts >> count & 1:
                    yield from self._standing(text, start, ends[count - 1])

    def _standing(self, text: str, start: int, stop: int) -> Iterator[Hit]:
        core = text[start:stop]
        for value in self._wider.get(core, ()):
            begin = start - value.index(core)
            if begin >= 0 and text.startswith(value, begin):
                yield Hit(begin, begin + len(value), self._classes[value])
        if core in self._classes:
            yield Hit(start, stop, self._classes[core])


def _words(text: str) -> list[str]:
    return text.encode().translate(_SPACED).decode().split() if text.isascii() else WORD.findall(text)


class Source:
    """What the lines of one source have told each other.

    Args:
        common_words: words never hunted for, in lower case.
        limit: most names that are kept.
    """

    def __init__(self, common_words: frozenset[str], limit: int = LIMIT) -> None:
        self.common_words = common_words
        self._plain: Counter[str] = Counter()
        self._plain_classes: dict[str, str] = {}
        self.names = Names(limit)
        self.table = Table()

    def reader(self, line: str) -> Reader | None:
        """Return what reads this line by columns that an earlier one has named, if any does."""
        return self.table.reader(line)

    def hits(self, text: str) -> Iterable[Hit]:
        """Return where learnt names stand in ``text``."""
        return self.names.hits(text)

    def learn(self, edits: Iterable[Edit]) -> None:
        """Keep the originals that may be hunted for; words that look like no name are only counted."""
        for edit in edits:
            self.learn_value(edit.original, edit.class_name)

    def learn_value(self, value: str, class_name: str, times: int = 1) -> None:
        """Keep one value that fields have held so many times."""
        if value in self.names or class_name in _NOT_ACROSS or not is_told(class_name, value, self.common_words):
            return
        if is_distinctive(value):
            self.names.add(value, class_name)
        elif is_plain(value) and (value in self._plain or len(self._plain) < _MOST_PLAIN):
            self._plain[value] += times
            self._plain_classes.setdefault(value, class_name)

    def settle(self, sample: Iterable[str]) -> None:
        """Decide which plain words are names: those that fields hold more often than the open text does.

        Args:
            sample: lines without their sensitive values.
        """
        plain = Names(_MOST_PLAIN)
        for word, class_name in self._plain_classes.items():
            plain.add(word, class_name)
        in_the_open = Counter(line[hit.start : hit.stop] for line in sample for hit in plain.hits(line))
        for word, count in self._plain.items():
            if count > in_the_open[word]:
                self.names.add(word, self._plain_classes[word])


def is_distinct(value: str, common_words: frozenset[str]) -> bool:
    """Tell whether a value can be hunted for without blanking ordinary words; signs around it do not make it one."""
    return len(value) >= MIN_CHARS and _core(value).casefold() not in common_words


def is_told(class_name: str, value: str, common_words: frozenset[str]) -> bool:
    """Tell whether a replaced value is a leak where it stands again: no place, short number or ordinary word is."""
    if class_name == "location" or (value.isdecimal() and len(value) < _SHORT_NUMBER):
        return False
    return is_distinct(value, common_words)


def is_distinctive(value: str) -> bool:
    """Tell whether a value looks like a name: a digit, a sign or a capital inside it; short numbers do not."""
    core = _core(value)
    if core.isdecimal():
        return len(core) >= _LONG_NUMBER and len(set(core)) > 1
    return core.casefold() not in _TECHNICAL and not is_plain(core)


def is_plain(value: str) -> bool:
    """Tell whether a value looks like ordinary words: letters and blanks, capitals where words begin or throughout."""
    core = _core(value)
    words = core.split()
    return all(word.isalpha() and (word.islower() or word.istitle() or word.isupper()) for word in words)


def _core(value: str) -> str:
    """Return a value from its first letter or digit to its last."""
    found = _CORE.search(value)
    return found[0] if found is not None else ""


def stands(value: str, text: str) -> bool:
    """Tell whether ``value`` stands in ``text`` as whole words."""
    return next(whole_words(value, text), None) is not None


def whole_words(value: str, text: str) -> Iterator[int]:
    """Yield where ``value`` stands in ``text`` as whole words: no letter or digit of it goes on outside."""
    at = text.find(value)
    begins, ends = value[:1].isalnum(), value[-1:].isalnum()
    while at >= 0:
        stop = at + len(value)
        if not (begins and at and text[at - 1].isalnum()) and not (ends and stop < len(text) and text[stop].isalnum()):
            yield at
        at = text.find(value, stop)
