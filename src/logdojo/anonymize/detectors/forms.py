"""Addresses, names and numbers that can be told from free text by their form alone.

Each detector looks for a literal first (``@``, ``::``, ``arn:``), so that most lines cost little, and asks a validator
last (``ipaddress``), so that ``Chrome/102.0.0.0`` and ``1.2.3`` are not addresses. No pattern has nested or unbounded
overlapping repeats, so time is linear in the length of the line.

Covered: IPv4 and IPv6 (ports, brackets, zones, CIDR), addresses with a port behind a fifth dot, MAC addresses (also
the 14-octet form of iptables), e-mail, domain names under common top-level domains, ARNs, AWS key ids, 12-digit
account ids in context, subscriptions and projects in names of resources of Azure and Google, home directories. Names of
users are in ``names``, passwords and tokens in ``credentials``.
Not covered: names of persons in prose, phone and card numbers, postal addresses, host names without a dot, addresses
written in hexadecimal or percent encoding.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from logdojo.anonymize.detectors.declaration import Detector, anchored
from logdojo.anonymize.spans import Hit

_BEFORE_ADDRESS: Final = r"(?:(?<![A-Za-z0-9.])|(?<=\.\.\.)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\b[iI][pP]))"
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
_PACKAGE_STARTS: Final = frozenset("-+~.")
_VERSION_SIGNS: Final = frozenset('/ :="~')
_PRODUCT_SIGNS: Final = frozenset("/ ")
_IPV6: Final = re.compile(
    r"(?:(?<![\w:.%])|(?<=\.\.\.))(?:[A-Za-z_][\w-]{0,31}:)??((?:[0-9A-Fa-f]{0,4}:){2,9}+[0-9A-Fa-f.]{0,15}+)(%[\w.-]{1,15})?(?!\w)"
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
_ACCOUNT: Final = re.compile(
    r"[Aa]ccount(?:[ _-]?[Ii]ds?)?[^\w]{1,4}(\d{12})(?!\d)|(?<![\w.])(\d{12})(?=\.dkr\.ecr\.)|(?<=[:/])(\d{12})(?=[:/])"
)
_TENANCY: Final = re.compile(
    r"/(?i:subscriptions|tenants|managementgroups)/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?<![\w-])projects/([a-z][a-z0-9-]{4,28}[a-z0-9])(?=/)"
)
_HOME: Final = re.compile(
    r"(?:/home/|/Users/|[Uu]sers\\{1,2}|/var/mail/|/var/spool/cron/)([\w.@$-]{1,64})(?=[/\\\s:;,'\")\]}]|$)"
)
_NAME: Final = re.compile(
    r"(?<![\w.%\\-])((?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?\.){1,8}([A-Za-z]{2,12})|ip-(?:\d{1,3}-){3}\d{1,3})"
    r"(?![\w-]|\.\w)"
)
_DOUBTFUL: Final = frozenset(
    """
    in id my by at it no be me to is us co ch es pl ph pk ma ir pro info app dev test home top site cc ae ai ba bo cr cy
    ec ge gh hn iq jo kh kw lb li lk lu ly mn mt mu mz np om pa pe qa rw sv tj tm tn tz ug uy uz ve ye zm zw
    """.split()  # noqa: SIM905, as a list it would be a screen long
)
_TOP_LEVEL: Final = _DOUBTFUL | frozenset(
    """
    com net org edu gov mil int biz io uk de fr nl pt ru cn jp kr br ca au eu se fi dk cz hu ro gr tr ua il sg hk tw th
    vn mx ar cl za nz ie sk bg hr lt lv ee kz bd eg ng ke local lan internal localdomain corp intranet arpa example
    invalid xyz online club shop tech cloud onion mobi tv ws
    """.split()  # noqa: SIM905, as a list it would be a screen long
)
_CODE: Final = frozenset(
    {"com", "org", "net", "io", "java", "javax", "sun", "dev", "github", "system", "self", "this", "os"}
)


def _either(words: frozenset[str]) -> str:
    """Return a pattern of these words that branches on the first letter, as ``re`` tries one branch after another."""
    firsts: dict[str, list[str]] = {}
    for word in sorted(words):
        firsts.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in firsts.items())


def _mac_pair(match: re.Match[str]) -> Iterator[Hit]:
    """Read two addresses and an ethertype, which iptables writes in one run of 14 octets."""
    yield Hit(*match.span(1), "mac")
    yield Hit(*match.span(2), "mac")


def _mac(match: re.Match[str]) -> tuple[Hit, ...]:
    return (Hit(*match.span(), "mac"),)


def _ipv6(match: re.Match[str]) -> Iterator[Hit]:
    """Read an IPv6 address; a ninth group is a port."""
    text, start, stop = match.string, match.start(1), match.end()
    # A colon or full stop behind an address belongs to the sentence; a last group that does not fit is a port.
    # tcpdump and pf write the port behind a full stop.
    for end in (stop, stop - (text[stop - 1] in ":."), start + match[1].rfind("."), start + match[1].rfind(":")):
        if _is_ipv6(text[start:end]):
            yield Hit(start, end, "ip")
            break


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _ipv4(match: re.Match[str]) -> tuple[Hit, ...]:
    """Read an IPv4 address or network; version numbers and object identifiers are none."""
    text, (start, stop) = match.string, match.span()
    if max(map(int, match[0].split("."))) > 255 or _is_version(text, start, stop):
        return ()
    if text[stop : stop + 1] == "/":
        cidr = _CIDR.match(text, stop)
        if cidr and _is_network(match[0] + cidr[0]):
            stop = cidr.end()
    return (Hit(start, stop, "ip"),)


def _is_version(text: str, start: int, stop: int) -> bool:
    if text[stop : stop + 1] in _PACKAGE_STARTS and _PACKAGE.match(text, stop):
        return True
    before = text[start - 1 : start]
    if before not in _VERSION_SIGNS:
        return False
    window = text[max(0, start - 40) : start]
    # Behind "Mozilla/" stands a user agent: there any product may come.
    if before in _PRODUCT_SIGNS and "Mozilla/" in text[max(0, start - 400) : start] and _ANY_PRODUCT.search(window):
        return True
    return (before in "/~" or "er" in window or "elease" in window or "rv:" in window) and bool(_PRODUCT.search(window))


def _is_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen < 32
    except ValueError:
        return False


def _email(match: re.Match[str]) -> tuple[Hit, ...]:
    return (Hit(*match.span(), "email"),)


def _percent_email(match: re.Match[str]) -> Iterator[Hit]:
    """Read an e-mail address with ``%40`` for the at sign."""
    at = match.string.index("%40", match.start())
    yield Hit(match.start(), at, "user")
    yield Hit(at + 3, match.end(), "domain")


def _arn(match: re.Match[str]) -> tuple[Hit, ...]:
    return (Hit(match.start(), match.start() + len(match[0].rstrip(".:")), "arn"),)


def _key_id(match: re.Match[str]) -> tuple[Hit, ...]:
    return (Hit(*match.span(), "access_key"),)


def _account(match: re.Match[str]) -> tuple[Hit, ...]:
    return (Hit(*match.span(match.lastindex or 0), "account"),)


def _tenancy(match: re.Match[str]) -> Iterator[Hit]:
    """Read the subscription or project in the name of a resource of Azure or Google Cloud."""
    yield Hit(*match.span(match.lastindex or 0), "account")


def _home(match: re.Match[str]) -> tuple[Hit, ...]:
    """Read the owner's name in the path of a home directory or mailbox."""
    return (Hit(*match.span(1), "user"),)


def _domain(match: re.Match[str]) -> tuple[Hit, ...]:
    """Read a name with dots under a common top-level domain; file, class and package names are none."""
    if match[2] is None or _is_domain(match[1], match[2]):
        return (Hit(*match.span(1), "host"),)
    return ()


def _is_domain(name: str, top: str) -> bool:
    folded = top.lower()
    if folded not in _TOP_LEVEL or top not in {folded, top.upper()}:
        return False
    labels = name.split(".")
    # Reversed names (com.example.io) are Java packages; a doubtful ending (log.info) needs one more label.
    if labels[0].lower() in _CODE and len(labels) > 2:
        return False
    return len(labels) > 2 or (folded not in _DOUBTFUL and not name.isupper())


_HEX: Final = "[0-9A-Fa-f]"
_ARNS: Final = anchored("ARN", _ARN, read=_arn, anchor="arn:aws", needs=("arn:aws",))
_KEY_IDS: Final = anchored(
    "key id", _KEY_ID, read=_key_id, anchor="A(?:KIA|SIA|ROA|IDA|GPA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{12}", needs=("A",)
)
_ACCOUNTS: Final = anchored(
    "account",
    _ACCOUNT,
    read=_account,
    anchor=r"\b\d{12}",
    needs=("ccount", ".dkr.ecr.", ":", "/"),
    tail=32,
)
_TENANCIES: Final = anchored(
    "tenancy",
    _TENANCY,
    read=_tenancy,
    anchor=r"/(?i:subscriptions|tenants|managementgroups)/[0-9a-fA-F]{8}-|projects/[a-z]",
    needs=(
        "subscriptions/",
        "SUBSCRIPTIONS/",
        "Subscriptions/",
        "tenants/",
        "TENANTS/",
        "anagement",
        "ANAGEMENT",
        "projects/",
    ),
)
_EMAILS: Final = anchored("e-mail", _EMAIL, read=_email, anchor="@", needs=("@",))
_PERCENT_EMAILS: Final = anchored("e-mail in a URL", _PERCENT_EMAIL, read=_percent_email, anchor="%40", needs=("%40",))
_MAC_PAIRS: Final = anchored(
    "MAC pair", _MAC_PAIR, read=_mac_pair, anchor=f":{_HEX}{{2}}(?::{_HEX}{{2}}){{10}}:", needs=(":",)
)
_MACS: Final = anchored(
    "MAC",
    _MAC,
    read=_mac,
    anchor=rf"[:.-]{_HEX}{{2}}(?:[:-]{_HEX}{{2}}[:-]{_HEX}{{2}}[:-]|{_HEX}{{2}}\.{_HEX}{{4}})",
    needs=(":", "-", "."),
)
_IPV6S: Final = anchored(
    "IPv6", _IPV6, read=_ipv6, anchor=f"::|:{_HEX}{{1,4}}:{_HEX}{{1,4}}:{_HEX}{{1,4}}:", needs=(":",)
)
_DOMAINS: Final = anchored(
    "domain",
    _NAME,
    read=_domain,
    anchor=rf"\.(?:{_either(_TOP_LEVEL | {top.upper() for top in _TOP_LEVEL})})\b|\bip-\d",
    needs=(".", "ip-"),
)
_IPV4S: Final = anchored("IPv4", _IPV4, read=_ipv4, anchor=r"\.\d{1,3}\.\d{1,3}\.\d", needs=(".",))
_HOMES: Final = anchored(
    "home directory",
    _HOME,
    read=_home,
    anchor=r"/home/|sers[/\\]|/var/mail/|/var/spool/cron/",
    needs=("/home/", "sers/", "sers\\", "/var/"),
)

ipv4_addresses: Final = _IPV4S.find
ipv6_addresses: Final = _IPV6S.find
domain_names: Final = _DOMAINS.find
home_directories: Final = _HOMES.find


def mac_addresses(text: str) -> Iterator[Hit]:
    """Find MAC addresses, those of iptables first."""
    yield from _MAC_PAIRS.find(text)
    yield from _MACS.find(text)


DETECTORS: Final[tuple[Detector, ...]] = (
    _ARNS,
    _KEY_IDS,
    _ACCOUNTS,
    _TENANCIES,
    _EMAILS,
    _PERCENT_EMAILS,
    _MAC_PAIRS,
    _MACS,
    _IPV6S,
    _DOMAINS,  # before IPv4: in 1.2.3.4.dyn.example the address is part of the name
    _IPV4S,
    _HOMES,
)
"""In the order of precedence: the first to claim a span has it."""
