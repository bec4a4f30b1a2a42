r"""Keyed pseudonyms that still look like what they stand for.

The same key and value give the same pseudonym in every process, file and run; another key gives others. Names are
compared without case, as mail, DNS and Windows do. Parts are mapped part by part, so that what belongs together stays
together: ``bob``, ``bob@corp.example`` and ``CORP\bob`` share ``user-…``; ``web1`` and ``web1.corp.example`` share
``host-…``.

Covered: users, persons, hosts, domains, e-mail, AWS account ids (12 digits stay 12 digits), ARNs (structure kept),
access keys and unique ids (prefix and length kept), UUIDs, numbers, phone and card numbers (``numbers``), IP and MAC
addresses (``addresses``). Kept as they are: well-known system accounts such as ``root`` (listed in ``general.yaml``),
because they name a role and not a person, ``localhost``, and the domains of public services.

Not covered: a name that occurs often stays recognizable by its frequency; a pseudonym is not anonymity.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Final

from logdojo.anonymize.pseudonyms.addresses import Addresses
from logdojo.anonymize.pseudonyms.generalized import generalize
from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.anonymize.pseudonyms.numbers import Numbers
from logdojo.anonymize.pseudonyms.reversible import Encryption

_HEX_CHARS: Final = 15
"""Digits of a name's pseudonym: 60 bits, so that among 10**6 names two share one with a chance of 4 in 10**7.

Hexadecimal, because that is what maskers of identifiers know (ours before a model reads, those of template miners):
there such a name is one token. Unmasked it costs the shipped tokenizer 16 tokens; twelve base32 letters of the same
strength would cost 12, but one in twelve of them has no digit and cannot be told from a word."""
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNIQUE_ID: Final = re.compile(r"(A[A-Z0-9]{3})([A-Z0-9]{8,124})")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DASHED_IP: Final = re.compile(r"(ip|ec2)-((?:\d{1,3}-){3}\d{1,3})")
_ARN: Final = re.compile(r"arn:[\w-]*:[\w-]*:[\w-]*:[\w]*:.+", re.DOTALL)
_RENTED: Final = re.compile(
    r"s3(?:-[a-z0-9-]+)?|elb|rds|redshift|execute-api|lambda-url|compute(?:-\d)?|cache|es|aoss|eks|awsapps|blob|queue|table"
    r"|file|dfs|web|database|vault|redis|documents|servicebus|storage|dkr"
)
_REGION: Final = re.compile(r"[a-z]{2}(?:-gov)?-[a-z]{1,16}-\d")
_PRIVATE_SUFFIXES: Final = frozenset({"local", "lan", "internal", "localdomain", "home", "corp", "arpa", "test"})
_TOP_LEVEL: Final = frozenset({"com", "net", "org", "io", "edu", "gov", "de", "fr", "uk", "co"})
_KINDS: Final = frozenset(
    """
    alias application assumed-role certificate cluster db detector distribution federated-user finding foundation-model
    function group hostedzone image instance instance-profile key loadbalancer log-group mfa network-interface
    nodegroup oidc-provider parameter policy regional repository role rule saml-provider secret security-group
    server-certificate service snapshot stack stream subnet table targetgroup task task-definition trail user volume
    vpc vpc-endpoint webacl
    """.split()  # noqa: SIM905, as a list it would be a screen long
)
_CACHE: Final = 1 << 13  # values a class whose pseudonyms are remembered; a stream may bring new ones without end


class Pseudonyms:
    """Pseudonyms of every class under one key.

    Args:
        key: the secret; at least 16 bytes.
        kept_users: lower-case account names that stay as they are.
        public_domains: lower-case domains of public services that stay as they are.

    Raises:
        UsageError: the key is too short.
    """

    def __init__(
        self, key: bytes, *, kept_users: frozenset[str] = frozenset(), public_domains: frozenset[str] = frozenset()
    ) -> None:
        keyed = Keyed(key)
        self._kept_users = kept_users
        self._public = public_domains
        self._numbers = Numbers(keyed)
        self._addresses = Addresses(keyed)
        names = ("user", "person", "host", "domain")
        self._names = {name: keyed.digest(name, size=(_HEX_CHARS + 1) // 2) for name in names}
        self._uuid = keyed.digest("uuid", size=16)
        self._key_chars = keyed.digest("unique_id", size=64)
        self._keyed = keyed
        self._makers: dict[str, Callable[[str], str]] = {
            name: functools.lru_cache(maxsize=_CACHE)(getattr(self, name)) for name in CLASSES
        }

    def of(self, class_name: str, value: str) -> str:
        """Return the pseudonym of ``value`` under a class of ``CLASSES``, remembering recent ones.

        Raises:
            ValueError: the value does not have the form of the class (IP and MAC addresses).
        """
        return self._makers[class_name](value)

    def generalize(self, class_name: str, value: str) -> str:
        """Return a coarser value that many share; see ``generalized``."""
        return generalize(class_name, value, functools.partial(self.of, "domain"))

    def encrypt(self, class_name: str, value: str) -> str:
        """Return a form of the value that ``decrypt`` reverses for who has the key."""
        return self._encryption.encrypt(class_name, value)

    def decrypt(self, text: str) -> str:
        """Return the value that ``encrypt`` was given.

        Raises:
            InputError: ``text`` is no encrypted value, or one of another key.
        """
        return self._encryption.decrypt(text)

    def reveal(self, line: str) -> str:
        """Return a line with each encrypted value in it decrypted.

        Raises:
            InputError: a value was changed, or is one of another key.
        """
        return self._encryption.reveal(line)

    @functools.cached_property
    def _encryption(self) -> Encryption:
        return Encryption(self._keyed)

    def ip(self, value: str) -> str:
        """Return the pseudonym of an address, or of a network such as ``10.1.0.0/16``."""
        return self._addresses.network(value) if "/" in value else self._addresses.ip(value)

    def mac(self, value: str) -> str:
        """Return the pseudonym of a MAC address; its form and its group and local bits are kept."""
        return self._addresses.mac(value)

    def user(self, value: str) -> str:
        r"""Return ``user-…``; handles ``user@domain``, ``DOMAIN\user`` and machine accounts (``WEB01$``)."""
        if value.casefold() in self._kept_users:
            return value
        if "\\" in value:
            domain, _, name = value.rpartition("\\")
            return f"{self._name('domain', domain)}\\{self.user(name)}" if name else self._name("user", value)
        if 0 < value.find("@") < len(value) - 1:
            return self.email(value)
        if value.endswith("$") and len(value) > 1:
            return self.host(value[:-1]) + "$"
        return self._name("user", value)

    def user_id(self, value: str) -> str:
        """Return the pseudonym of an account's identifier; small numbers such as ``0`` and ``1000`` are kept."""
        if value.isdecimal() and value.isascii():
            return value if len(value) < 5 else self.digits(value)
        if _UUID.fullmatch(value):
            return self.uuid(value)
        return self.principal(value)

    def role(self, value: str) -> str:
        """Return ``role-…``, with the digits that a user of that name has."""
        return value if value.casefold() in self._kept_users else f"role-{self._hex('user', value)}"

    def group(self, value: str) -> str:
        """Return ``group-…``, with the digits that a user of that name has."""
        return value if value.casefold() in self._kept_users else f"group-{self._hex('user', value)}"

    def person(self, value: str) -> str:
        """Return ``person-…`` for the full name of a person."""
        return value if value.casefold() in self._kept_users else self._name("person", value)

    def email(self, value: str) -> str:
        """Return ``user-…@domain-….example``."""
        local, _, domain = value.rpartition("@")
        return f"{self.user(local)}@{self.domain(domain)}" if local else self.user(domain)

    def host(self, value: str) -> str:
        """Return ``host-…``, with the domain's pseudonym behind it when the name has one."""
        name = value.rstrip(".")
        folded = name.casefold()
        if not name or folded == "localhost" or folded.startswith("localhost."):
            return value
        if self._is_public(folded):
            return self._rented(name)
        label, _, rest = name.partition(".")
        if rest.casefold() in _TOP_LEVEL:
            return self.domain(name)
        dashed = _DASHED_IP.fullmatch(label)
        try:
            label = f"{dashed[1]}-{self.of('ip', dashed[2].replace('-', '.')).replace('.', '-')}" if dashed else ""
        except ValueError:
            label = ""
        label = label or self._name("host", name.partition(".")[0])
        return f"{label}.{self.domain(rest)}" if rest else label

    def domain(self, value: str) -> str:
        """Return ``domain-….example``; private suffixes such as ``.local`` are kept."""
        name = value.rstrip(".")
        folded = name.casefold()
        if not name or folded in _PRIVATE_SUFFIXES or self._is_public(folded):
            return value
        head, _, last = folded.rpartition(".")
        suffix = last if head and last in _PRIVATE_SUFFIXES else "example"
        return f"{self._name('domain', head if suffix != 'example' else folded)}.{suffix}"

    def account(self, value: str) -> str:
        """Return the pseudonym of an account id: digits stay digits, a UUID stays a UUID."""
        if value.isdecimal() and value.isascii():
            return self.digits(value)
        return self.uuid(value) if _UUID.fullmatch(value) else f"account-{self._hex('domain', value)}"

    def access_key(self, value: str) -> str:
        """Return the pseudonym of an AWS key or unique id: the four letters in front and the length stay."""
        match = _UNIQUE_ID.fullmatch(value)
        if match is None:
            return f"key-{self._hex('user', value)}"
        raw = self._key_chars(value.encode())
        return match[1] + "".join(_BASE32[raw[n % 64] & 31] for n in range(len(match[2])))

    def principal(self, value: str) -> str:
        """Return the pseudonym of a principal id such as ``AROAEXAMPLEID:session``, part by part."""
        if _ARN.fullmatch(value):
            return self.arn(value)
        parts = value.split(":")
        return ":".join(self._principal_part(part) for part in parts)

    def arn(self, value: str) -> str:
        """Return the pseudonym of an ARN: partition, service, region and kind of resource are kept."""
        if not _ARN.fullmatch(value):
            return self._name("user", value)
        head = value.split(":", 5)
        _, _, service, _, account, resource = head
        if account == "aws":  # managed by AWS, the same for everyone
            return value
        head[4] = self.account(account) if account else ""
        head[5] = self._resource(resource, service)
        return ":".join(head)

    def uuid(self, value: str) -> str:
        """Return the pseudonym of a UUID in the form of a UUID; the all-zero one is kept."""
        digits = value.replace("-", "").lower()
        if not digits.strip("0"):
            return value
        raw = self._uuid(digits.encode()).hex()
        raw = raw.upper() if value.isupper() else raw
        return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"

    def digits(self, value: str) -> str:
        """Return as many digits, one-to-one; a first digit other than zero stays other than zero."""
        return self._numbers.digits(value)

    def phone(self, value: str) -> str:
        """Return a phone number of the same country and form."""
        return self._numbers.phone(value)

    def card(self, value: str) -> str:
        """Return a card number of the same issuer and form, with a right check digit."""
        return self._numbers.card(value)

    def _rented(self, name: str) -> str:
        """Map what a tenant chooses in a name under a public domain: all in front of ``s3``, ``elb``, ``blob``."""
        labels = name.split(".")
        cut = next((at for at, label in enumerate(labels) if at and _RENTED.fullmatch(label.casefold())), 0)
        if cut > 1 and _REGION.fullmatch(labels[cut - 1].casefold()):
            cut -= 1
        if not cut:
            return name
        mine = ".".join(labels[:cut])
        return ".".join([self.host(mine) if _DASHED_IP.fullmatch(mine) else self._name("host", mine), *labels[cut:]])

    def _is_public(self, folded: str) -> bool:
        while folded:
            if folded in self._public:
                return True
            folded = folded.partition(".")[2]
        return False

    def _hex(self, class_name: str, value: str) -> str:
        return self._names[class_name](value.casefold().encode("utf-8", "surrogatepass")).hex()[:_HEX_CHARS]

    def _name(self, class_name: str, value: str) -> str:
        return f"{class_name}-{self._hex(class_name, value)}"

    def _principal_part(self, part: str) -> str:
        if not part or part.casefold() in self._kept_users:
            return part
        if _UNIQUE_ID.fullmatch(part):
            return self.access_key(part)
        return self.digits(part) if part.isdecimal() and part.isascii() else self.user(part)

    def _resource(self, resource: str, service: str) -> str:
        """Map the names in an ARN's last part; its separators and kind (``user``, ``role``) stay."""
        pieces = re.split(r"([:/])", resource)
        kind = pieces[0] if len(pieces) > 1 and service != "s3" and pieces[0] in _KINDS else ""
        start = 2 if kind else 0
        for at in range(start, len(pieces), 2):
            if pieces[at] and not set(pieces[at]) <= set("*?"):
                pieces[at] = self._resource_name(pieces[at], kind, first=at == 2)
        return "".join(pieces)

    def _resource_name(self, name: str, kind: str, *, first: bool) -> str:
        if name.casefold() in self._kept_users:
            return name
        if kind in {"user", "federated-user"} or (kind == "assumed-role" and not first):
            return self._principal_part(name)
        # A role is written ``role-…`` with the digits of ``user-…``, so it matches a sessionIssuer's userName.
        prefix = "role" if "role" in kind else kind or "name"
        return self.uuid(name) if _UUID.fullmatch(name) else f"{prefix}-{self._hex('user', name)}"


CLASSES: Final = (
    "ip",
    "mac",
    "user",
    "user_id",
    "role",
    "group",
    "person",
    "email",
    "host",
    "domain",
    "account",
    "access_key",
    "principal",
    "arn",
    "uuid",
    "digits",
    "phone",
    "card",
)
"""Classes of values that have pseudonyms."""
