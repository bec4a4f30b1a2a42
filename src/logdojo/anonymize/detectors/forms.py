"""Addresses, names and numbers that can be told from free text by their form alone.

Each detector looks for a literal first (``@``, ``::``, ``arn:``), so that most lines cost little, and asks a validator
last (``ipaddress``), so that ``Chrome/102.0.0.0`` and ``1.2.3`` are not addresses. No pattern has nested or unbounded
overlapping repeats, so time is linear in the length of the line.

Covered: IPv4 and IPv6 (ports, brackets, zones, CIDR), addresses with a port behind a fifth dot, MAC addresses (also
the 14-octet form of iptables), e-mail, domain names under common top-level domains, ARNs, AWS key ids, 12-digit
account ids in context, home directories. Names of users are in ``names``, passwords and tokens in ``credentials``.
Not covered: names of persons in prose, phone and card numbers, postal addresses, host names without a dot, addresses
written in hexadecimal or percent encoding.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final

from logdojo.anonymize.spans import Hit

_BEFORE_ADDRESS: Final = r"(?:(?<![A-Za-z0-9.])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\b[iI][pP]))"
_IPV4: Final = re.compile(_BEFORE_ADDRESS + r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![A-Za-z0-9]|\.\d+\.\d)")
_CIDR: Final = re.compile(r"/(\d{1,3})(?![\w/.])")
_PRODUCT: Final = re.compile(
    r"(?:(?:Chrom\w{1,8}|HeadlessChrome|Safari|Firefox|Edge?|OPR|Opera|Version|Python|Linux|Java|GSA|Terraform|OpenSSL"
    r"|UP\.\w{4,8}|Microsoft\w{0,20})/"
    r"|(?:client|agent|browser|software|app)[ :=\"]{1,3}[A-Z][\w.+-]{1,30}/"
    r"|\b[Vv]er(?:sion)?[ :=\"]{1,3}|[Rr]elease[ :=]|rv:|~)$"
)
_ANY_PRODUCT: Final = re.compile(r"[A-Z][\w.+-]{0,30}\w[/ ]$")
_PACKAGE: Final = re.compile(
    r"-\d{1,4}\.(?:el|fc|amzn|x86|deb|ubuntu|suse|\d{1,3}\.el)|[+~](?:deb|git|dfsg|ubuntu|bpo)|-(?:alpha|beta|rc|SNAPSHOT)"
    r"|\.(?:tar|zip|rpm|deb|el\d|jar)"
)
_IPV6: Final = re.compile(
    r"(?<![\w:.%])(?:[A-Za-z_][\w-]{0,31}:)??((?:[0-9A-Fa-f]{0,4}:){2,9}+[0-9A-Fa-f.]{0,15}+)(%[\w.-]{1,15})?(?!\w)"
)
_MAC: Final = re.compile(
    r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})(?![\w:-])"
)
_MAC_PAIR: Final = re.compile(
    r"(?<![\w:])((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}):((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}):"
)
_EMAIL: Final = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_PERCENT_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}%40(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_ARN: Final = re.compile(
    r"(?<![\w-])arn:aws[a-z-]{0,10}:[\w-]{0,40}:[\w-]{0,30}:(?:\d{12}|aws)?:[^\s\"'\\,;<>()\[\]{}]{1,512}"
)
_KEY_ID: Final = re.compile(
    r"(?<![A-Za-z0-9])A(?:KIA|SIA|ROA|IDA|GPA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{12,124}(?![A-Za-z0-9])"
)
_ACCOUNT: Final = re.compile(r"[Aa]ccount(?:[ _-]?[Ii]ds?)?[^\w]{1,4}(\d{12})(?!\d)|(?<![\w.])(\d{12})(?=\.dkr\.ecr\.)")
_HOME: Final = re.compile(
    r"(?:/home/|/Users/|[Uu]sers\\{1,2}|/var/mail/|/var/spool/cron/)([\w.@$-]{1,64})(?=[/\\\s:;,'\")\]}]|$)"
)
_NAME: Final = re.compile(
    r"(?<![\w.%\\-])((?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?\.){1,8}([A-Za-z]{2,12})|ip-(?:\d{1,3}-){3}\d{1,3})"
    r"(?![\w-]|\.\w)"
)
_TOP_LEVEL: Final = frozenset(
    """
    com net org edu gov mil int biz io co uk de fr nl be ch at it es pt pl ru cn jp kr br ca au us eu se no fi dk cz
    hu ro gr tr ua il in sg hk tw th vn id my ph mx ar cl za nz ie sk bg hr lt lv ee by kz ir pk bd eg ma ng ke local
    lan internal localdomain corp intranet home arpa example test invalid xyz online site top club shop tech cloud dev
    app info onion pro mobi tv me cc ws
    """.split()  # noqa: SIM905, as a list it would be a screen long
)
_DOUBTFUL: Final = frozenset(
    "in id my by at it no be me to is us co ch es pl ph pk ma ir pro info app dev test home top site cc".split()  # noqa: SIM905
)
_CODE: Final = frozenset(
    {"com", "org", "net", "io", "java", "javax", "sun", "dev", "github", "system", "self", "this", "os"}
)

Detector = Callable[[str], Iterator[Hit]]


def mac_addresses(text: str) -> Iterator[Hit]:
    """Find MAC addresses; iptables writes two and an ethertype in one run of 14 octets."""
    if text.count(":") >= 13:
        for match in _MAC_PAIR.finditer(text):
            yield Hit(*match.span(1), "mac")
            yield Hit(*match.span(2), "mac")
    if ":" in text or "-" in text or "." in text:
        for match in _MAC.finditer(text):
            yield Hit(*match.span(), "mac")


def ipv6_addresses(text: str) -> Iterator[Hit]:
    """Find IPv6 addresses; a ninth group is a port."""
    if "::" not in text and text.count(":") < 6:
        return
    for match in _IPV6.finditer(text):
        start, stop = match.start(1), match.end()
        # A colon or full stop behind an address belongs to the sentence; a last group that does not fit is a port.
        for end in (stop, stop - (text[stop - 1] in ":."), start + match[1].rfind(":")):
            if _is_ipv6(text[start:end]):
                yield Hit(start, end, "ip")
                break


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def ipv4_addresses(text: str) -> Iterator[Hit]:
    """Find IPv4 addresses and networks; version numbers and object identifiers are none."""
    if text.count(".") < 3:
        return
    for match in _IPV4.finditer(text):
        start, stop = match.span()
        if any(int(part) > 255 for part in match[0].split(".")):
            continue
        if _is_version(text, start, stop):
            continue
        cidr = _CIDR.match(text, stop)
        if cidr and _is_network(match[0] + cidr[0]):
            stop = cidr.end()
        yield Hit(start, stop, "ip")


def _is_version(text: str, start: int, stop: int) -> bool:
    front = max(0, start - 40)
    if _PRODUCT.search(text, front, start) or _PACKAGE.match(text, stop):
        return True
    # Behind "Mozilla/" stands a user agent: there any product may come.
    return _ANY_PRODUCT.search(text, front, start) is not None and "Mozilla/" in text[max(0, start - 400) : start]


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen < 32
    except ValueError:
        return False


def emails(text: str) -> Iterator[Hit]:
    """Find e-mail addresses, also with ``%40`` for the at sign."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Hit(*match.span(), "email")
    if "%40" in text:
        for match in _PERCENT_EMAIL.finditer(text):
            at = text.index("%40", match.start())
            yield Hit(match.start(), at, "user")
            yield Hit(at + 3, match.end(), "domain")


def cloud_names(text: str) -> Iterator[Hit]:
    """Find ARNs, AWS key and unique ids, and account ids in context."""
    if "arn:aws" in text:
        for match in _ARN.finditer(text):
            yield Hit(match.start(), match.start() + len(match[0].rstrip(".:")), "arn")
    for match in _KEY_ID.finditer(text):
        yield Hit(*match.span(), "access_key")
    if "ccount" in text or ".dkr.ecr." in text:
        for match in _ACCOUNT.finditer(text):
            yield Hit(*match.span(match.lastindex or 0), "account")


def home_directories(text: str) -> Iterator[Hit]:
    """Find the owner's name in the path of a home directory or mailbox."""
    if "/home/" in text or "sers" in text or "/var/" in text:
        for match in _HOME.finditer(text):
            yield Hit(*match.span(1), "user")


def domain_names(text: str) -> Iterator[Hit]:
    """Find names with dots under common top-level domains; file, class and package names are none."""
    if "." not in text and "ip-" not in text:
        return
    for match in _NAME.finditer(text):
        if match[2] is None or _is_domain(match[1], match[2]):
            yield Hit(*match.span(1), "host")


def _is_domain(name: str, top: str) -> bool:
    folded = top.lower()
    if folded not in _TOP_LEVEL or top not in {folded, top.upper()}:
        return False
    labels = name.split(".")
    # Reversed names (com.example.io) are Java packages; a doubtful ending (log.info) needs one more label.
    if labels[0].lower() in _CODE and len(labels) > 2:
        return False
    return len(labels) > 2 or (folded not in _DOUBTFUL and not name.isupper())


DETECTORS: Final[tuple[Detector, ...]] = (
    cloud_names,
    emails,
    mac_addresses,
    ipv6_addresses,
    domain_names,  # before IPv4: in 1.2.3.4.dyn.example the address is part of the name
    ipv4_addresses,
    home_directories,
)
"""In the order of precedence: the first to claim a span has it."""
