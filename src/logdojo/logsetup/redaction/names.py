"""Which names have a secret as their value: ``password``, ``X-Api-Key``, ``dbPassword``, ``aws_secret_access_key``.

A name is read as words (snake_case, kebab-case, dots, camelCase). The rules:

1. A word that means a secret makes the name secret: ``db_password_prod``. Some count only together: ``api`` + ``key``.
2. Unless a later word says that the value tells something *about* the secret: ``token_count``, ``password_reset_at``.
3. What is no secret stays whatever its name: None, booleans, empty text, words of state (``token: expired``),
   placeholders (``***``), and small counts, except under names of passwords.
4. ``pin``, ``otp``, ``cvv`` and ``cvc`` stand for a secret only where the value is digits.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

LONGEST_NAME: Final = 96
"""Characters of a name that are looked at, from its end."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Kind(enum.Enum):
    """What a secret name's value is, which decides how much of the text behind the name it takes."""

    PASSWORD = "password"  # noqa: S105  chosen by people: any value may be one
    MACHINE = "machine"  # tokens and keys, made by machines: no words of a sentence
    HEADER = "header"  # Authorization and Cookie: may hold spaces, ends with the line
    DIGITS = "digits"
    COUNTABLE = "countable"  # plural: a number is a count


_PASSWORDS: Final = _set("password passwords passwd passwort pwd pw passphrase passphrases passcode passcodes pass")
_MACHINE: Final = _set(
    "secret token cred apikey accesskey secretkey privatekey authkey signingkey encryptionkey masterkey sessionkey "
    "accountkey bearer jsessionid phpsessid"
)
_HEADERS: Final = _set("authorization cookie")
_COUNTABLE: Final = _set("secrets tokens cookies creds credentials credential apikeys")
_DIGITS: Final = _set("pin otp cvv cvc")
_ENDINGS: Final = (
    ("password", Kind.PASSWORD),
    ("passwd", Kind.PASSWORD),
    ("passphrase", Kind.PASSWORD),
    ("pwd", Kind.PASSWORD),
    ("pass", Kind.PASSWORD),
    ("secret", Kind.MACHINE),
    ("token", Kind.MACHINE),
    ("apikey", Kind.MACHINE),
    ("secretkey", Kind.MACHINE),
    ("accesskey", Kind.MACHINE),
    ("privatekey", Kind.MACHINE),
    ("authkey", Kind.MACHINE),
    ("cookie", Kind.HEADER),
)
KEY_OWNERS: Final = _set(
    "api access secret private auth account encryption signing master shared session ssh service client app deploy "
    "license hmac symmetric"
)
"""Words that make ``key`` behind them a secret one; a primary, public or cache key is none."""
_NO_ENDING: Final = _set("bypass compass encompass overpass underpass trespass surpass multipass lowpass")
_ABOUT: Final = _set(
    "count counts counter required requires require reset resets expiry expires expired expiration expire age length "
    "len size policy policies type types name names id ids url uri endpoint path paths file files filename dir "
    "directory field fields prompt strength valid validity validation validator verified verification enabled "
    "disabled changed change changes updated update created at time timestamp date ttl lifetime attempt attempts "
    "failures failed failure error errors status state result granted denied present exists missing set is has per "
    "second seconds rate used usage limit limits total max min budget provider source scheme method methods format "
    "version algorithm alg issuer audience scope scopes kind manager store service server mode index position bucket "
    "host domain samesite consent jar secure check checks rotation rotated rotate history quality score column table "
    "header headers param parameter vault ref reference arn fingerprint left remaining minutes hours days num number "
    "handler middleware class module factory cache refreshed refresher generator parser filter request requests "
    "response success allowed needed supported "
    "info infos detail details action actions"
)
_PASSES: Final = _set("first second third last single multi render low high band test tests by")

NO_SECRETS: Final = _set(
    "none null nil undefined nan true false yes no on off ok okay invalid valid expired missing required incorrect "
    "correct wrong empty unset set not unknown granted denied allowed failed failure failing success successful "
    "succeeded error disabled enabled present absent changed reset rejected accepted rotated revoked refreshed "
    "pending optional default unchanged mismatch mismatched unauthorized forbidden authorized authenticated "
    "unavailable blank hidden masked redacted filtered removed omitted secret password token cookie is was are were "
    "be been has have had must should can cannot could will would may might for of to in on at by from with without "
    "the a an and or but if this that these those it its you your user users please do does did done used using use "
    "when while because after before too also only than then there here who what which option flag argument parameter "
    "instead field value string authentication authorization and/or n/a any all some every"
)
"""Words that stand behind ``token:`` and the like without being one; their letter case does not matter."""
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,16})?")
_SMALL_NUMBER: Final = re.compile("[0-9]{1,3}")
_PLACEHOLDER: Final = re.compile(
    r"[*•.xX#_…-]{2,}|-|\[\]|\{\}|\(\)|<[a-z _-]{1,40}>?|\$\{[A-Za-z0-9_]{1,64}\}|\{[a-z_]{0,40}\}|%[srd]"
    r"|%\([a-z_]{1,40}\)s"
    r"|[\[<(_*]{1,3}(?i:redacted|filtered|hidden|masked|removed|secret|omitted)[\])>_*]{1,3}"
)


def words_of(name: str) -> list[str]:
    """Split a name into its words, in lower case: ``dbPassword-2`` gives ``db``, ``password``, ``2``."""
    return [word.lower() for word in _WORD.findall(name[-LONGEST_NAME:])]


class Names:
    """The names of secrets: the known ones and an application's own.

    Args:
        own: further names, read as words; a name that has these words in a row is secret.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        self.own = tuple(tuple(words_of(name)) for name in own)
        self._cached = lru_cache(maxsize=4096)(self._kind)

    def kind(self, name: str) -> Kind | None:
        """Return what the value of ``name`` is, or None where it is no secret."""
        return self._cached(name[-LONGEST_NAME:])

    def _kind(self, name: str) -> Kind | None:
        words = words_of(name)
        for own in self.own:
            if any(tuple(words[at : at + len(own)]) == own for at in range(len(words))):
                return Kind.PASSWORD
        found: Kind | None = None
        for at, word in enumerate(words):
            found = _kind_of_word(words, at) or (None if word in _ABOUT else found)
        # Such short names count only where they end the name and are no part of a longer word.
        return None if found is Kind.DIGITS and not name.lower().rstrip("2").endswith(tuple(_DIGITS)) else found


def _kind_of_word(words: list[str], at: int) -> Kind | None:
    word, last, before = words[at], at == len(words) - 1, words[at - 1] if at else ""
    if word == "pass":
        return Kind.PASSWORD if last and before not in _PASSES else None
    if word in _DIGITS:
        return Kind.DIGITS if last or (word[:2] == "cv" and words[at + 1 :] == ["2"]) else None
    if word in ("key", "keys") and before in KEY_OWNERS:
        return Kind.MACHINE if word == "key" else Kind.COUNTABLE
    for members, kind in (
        (_PASSWORDS, Kind.PASSWORD),
        (_MACHINE, Kind.MACHINE),
        (_HEADERS, Kind.HEADER),
        (_COUNTABLE, Kind.COUNTABLE),
    ):
        if word in members:
            return kind
    if word not in _NO_ENDING:
        for ending, kind in _ENDINGS:
            if word.endswith(ending):
                return kind
    return None


def holds_secret(value: str, kind: Kind, name: str = "") -> bool:
    """Tell whether a text that stands under a secret name may be the secret (rules 3 and 4)."""
    bare = value.strip(" \t.!?,;")
    if not bare or bare.lower() in NO_SECRETS or _PLACEHOLDER.fullmatch(bare):
        return False
    if kind is Kind.DIGITS:
        return bare.isascii() and bare.isdigit() and 3 <= len(bare) <= 10 and (len(bare) > 3 or "cv" in name.lower())
    if kind is Kind.PASSWORD:
        if name.lower().endswith("pass") and _SMALL_NUMBER.fullmatch(bare):
            return False  # how many tests passed
        # The shell's working directory, as sudo logs it.
        return not (name.endswith("PWD") and bare.startswith(("/", "~")) and "=" not in bare and ":" not in bare)
    return not _is_count(bare, kind)


def _is_count(text: str, kind: Kind) -> bool:
    return (_NUMBER if kind is Kind.COUNTABLE else _SMALL_NUMBER).fullmatch(text) is not None
