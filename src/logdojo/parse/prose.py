"""What the sentences of applications say in general: who, from where, asking for what, and how it went.

Words give an address its role (``from``, ``client``, ``rhost``, ``to``, ``server``); an address without one counts only
when it stands alone. Each expression is bounded and runs once over the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from logdojo.parse.draft import is_ip
from logdojo.parse.names import fitting, known
from logdojo.parse.wording import NO_NAMES

Span = tuple[int, int]
LONGEST: Final = 4_096
"""How far into a message is looked, in code points."""
_MOST: Final = 96

_V4: Final = (
    r"(?P<v4>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})"
    r"(?:\.(?P<dotted>\d{1,5})(?=: | > )|(?![\w]|\.\d)(?:(?:[:#/]|\[(?=\d{1,5}\]))(?P<port>\d{1,5})(?![\w:.]))?)"
)
_V6: Final = (
    r"(?P<v6>(?<!:)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{0,3}(?:\.\d{1,3}){3})?)(?![\w:])"
    r"(?:\](?::(?P<port6>\d{1,5})(?!\w))?)?"
)
_ADDRESS: Final = re.compile(rf"(?<![\w.])(?:{_V4})(?P<v6>(?!))?(?P<port6>(?!))?", re.ASCII)
_ANY_ADDRESS: Final = re.compile(rf"(?<![\w.])(?:{_V4}|{_V6})", re.ASCII)
_GROUPS: Final = 7
"""How many colons an IPv6 address has that is written out."""
_ROLE: Final = re.compile(
    r"\b(?:(?P<source>from|client|rhost|r?ip|remote|peer|src|source|by|host|address|addr|raddr|saddr|attacker|visitor"
    r"|caller|origin)|(?P<destination>to|dst|dest|destination|server|lip|local|laddr|daddr|lhost|upstream|backend|target"
    r"|listening|on|via))(?:[ _-]?(?:host|address|addr|ip|port))?\b",
    re.ASCII | re.IGNORECASE,
)
_PORT_AFTER: Final = re.compile(r"(?:[\])'\"]?,? ?(?:port|Port|port:)[ =:]{1,2}|\]:)(\d{1,5})\b", re.ASCII)


def _quoted(mark: str) -> str:
    """Return the expression of a quoted name with groups of their own."""
    return rf"'(?P<{mark}1>[^']{{1,128}})'|\"(?P<{mark}2>[^\"\\]{{1,128}})\"|`(?P<{mark}3>[^`]{{1,128}})`"


_QUOTED: Final = (
    r"'(?P<q1>[^']{1,128})'|\"(?P<q2>[^\"\\]{1,128})\\?\"|`(?P<q3>[^`]{1,128})`|\\\"(?P<q6>[^\"\\]{1,128})\\\""
)
_BRACED: Final = r"|<(?P<q4>[^<>\s]{1,128})>|\[(?P<q5>[^\[\]\s]{1,128})\]"
_BARE: Final = r"(?P<bare>[^\s,;:'\"`()\[\]<>{}|=]{1,128})"
_WHO: Final = re.compile(
    r"(?<![\w/.\-])(?:user(?:[ _-]?(?:name|id))?|login|account(?: name)?|uname|ruser|e-?mail|mailbox|principal)"
    r"(?:(?P<said> ?[=:] ?)|,? (?:named |called |name |is )?)"
    rf"(?:{_QUOTED}{_BRACED}|\((?P<q8>[\w.@+\-]{{1,128}})\)|{_BARE})",
    re.ASCII | re.IGNORECASE,
)
_AFTER: Final = r"(?P<bare>[^\s,;:'\"`()\[\]<>{}|=]{1,128})(?= (?:from|has|via|on|failed|denied|with)\b|[.;,]?$| [(\[])"
_FOR: Final = re.compile(
    r"\b(?:(?:password|publickey|log-?in|attempt|authentication|auth|logon|sign-?in|request|failure|credentials)"
    rf" (?:for|by|of|as):? (?:{_QUOTED}{_BRACED}|{_AFTER})"
    rf"|(?:error|failed|denied) for (?:{_quoted('e')}"
    rf"|\[(?P<e4>[^\[\]\s]{{1,128}})\]|{_AFTER.replace('<bare>', '<bare2>')})"
    r"|(?:log-?in|logon|authentication|auth) (?:failed|failure|denied|error|succeeded|successful|attempt): ?"
    rf"(?:{_quoted('f')}|(?P<bare3>[^\s,;:'\"`()\[\]<>{{}}|=]{{1,128}})(?= \()))"
    r"|\[(?P<ftp>[^\[\]\s]{1,128})\] (?:FAIL|OK) LOGIN",
    re.ASCII | re.IGNORECASE,
)
_AT: Final = re.compile(r"'(?P<user>[^'@\s]{1,64})'@'", re.ASCII)
_REQUEST: Final = re.compile(
    r"\b(?P<method>GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND)[\"',]{0,2}[ |]{1,8}\"?"
    r"(?P<url>/[^\s\"]{0,2048}|https?://[^\s\"]{1,2048}|\*)(?: HTTP/\d(?:\.\d)?)?"
    r"(?:\"? (?P<status>[1-5]\d\d)\b(?: (?P<bytes>\d{1,15})\b)?)?",
    re.ASCII,
)
_RETURNED: Final = re.compile(
    r"\b(?:returned|status(?:[ _-]?code)?|response(?:[ _-]code)?|code)[ =:]{1,3}(?P<status>[1-5]\d\d)\b",
    re.ASCII | re.IGNORECASE,
)
_BETWEEN_BARS: Final = re.compile(r"\| (?P<status>[1-5]\d\d) \|", re.ASCII)
_PAIR: Final = re.compile(
    r"(?<![\w.\-/])\\?[\"']?(?P<key>[A-Za-z_@][\w.\-]{0,47})\\?[\"']?(?:=| = |: ?)"
    r"(?:\\?\"(?P<q>[^\"\\]{0,1024})\\?\"|'(?P<s>[^']{0,1024})'|<(?P<a>[^<>]{0,256})>|\[(?P<b>[^\[\]]{0,256})\]"
    r"|(?P<v>[^\s,;\"'<>()\[\]{}|&]{1,1024}))",
    re.ASCII,
)
_TRANSPORT: Final = re.compile(
    r"(?:\bproto(?:col)?[ =:]{1,2}|\bIP proto |[{(<])(?P<a>TCP|UDP|ICMP|tcp|udp|icmp)(?![\w/])|\b(?P<b>TCP|UDP) \(",
    re.ASCII,
)
_COLON: Final = frozenset(
    {
        "source.ip",
        "source.port",
        "destination.ip",
        "destination.port",
        "user.name",
        "http.request.method",
        "url.original",
    }
)
_LEVEL: Final = re.compile(
    r"(?<![\w/])(?:TRACE|DEBUG|INFO|INF|NOTICE|WARN(?:ING)?|WRN|ERROR|ERR|CRIT(?:ICAL)?|ALERT|EMERG|FATAL|PANIC|SEVERE"
    r"|Info|Debug|Warn(?:ing)?|Error|Notice|Note|Fatal|Critical|(?<=[\[|=\"])(?:info|debug|warn(?:ing)?|error|notice|fatal"
    r"|crit|err|critical))(?![\w/])",
    re.ASCII,
)


def addresses(line: str, start: int, body: int = 0) -> dict[str, Span]:
    """Return the places of source and destination addresses and ports.

    Args:
        line: the text.
        start: where to begin.
        body: where the time at the beginning ends, if there is one.
    """
    found: dict[str, Span] = {}
    loose: list[tuple[str, Span, Span | None]] = []
    seen_with_role: set[str] = set()
    stop, before = min(len(line), start + LONGEST), start
    six = "::" in line or line.count(":") >= _GROUPS
    for count, match in enumerate((_ANY_ADDRESS if six else _ADDRESS).finditer(line, start, stop)):
        if count == _MOST:
            break
        group = "v4" if match["v4"] else "v6"
        span = match.span(group)
        text = line[slice(*span)]
        if text[:7].lower() == "::ffff:" and "." in text:
            span, text = (span[0] + 7, span[1]), text[7:]
        if not is_ip(text) or text == "::":
            continue
        port = _port_of(line, match)
        role = _role(line, max(start, before), match.start())
        before = match.end()
        if role == "elsewhere":
            continue
        if role is None:
            loose.append((text, span, port))
        elif f"{role}.ip" not in found:
            found[f"{role}.ip"] = span
            seen_with_role.add(text)
            if port is not None:
                found[f"{role}.port"] = port
    _place_loose(line, (start, max(start, body)), found, [one for one in loose if one[0] not in seen_with_role])
    return found


def _place_loose(
    line: str, begins: tuple[int, int], found: dict[str, Span], loose: list[tuple[str, Span, Span | None]]
) -> None:
    """Give an address without a role one if there is no doubt: it stands alone, or at the beginning, or A -> B."""
    if not loose:
        return
    _, span, port = loose[0]
    alone = len({one[0] for one in loose}) == 1
    between = line[span[1] : loose[1][1][0]] if len(loose) > 1 else ""
    arrow = ">" in between and len(between) < 16
    first = any(start <= span[0] and not line[start : span[0]].strip(" [](") for start in begins)
    if "source.ip" not in found and (alone or arrow or first):
        found["source.ip"] = span
        if port is not None:
            found["source.port"] = port
    if arrow and "destination.ip" not in found:
        found["destination.ip"] = loose[1][1]
        if loose[1][2] is not None:
            found["destination.port"] = loose[1][2]


def _port_of(line: str, match: re.Match[str]) -> Span | None:
    span = next((match.span(group) for group in ("port", "port6", "dotted") if match[group]), None)
    if span is None and (after := _PORT_AFTER.match(line, match.end())):
        span = after.span(1)
    return span if span is not None and int(line[slice(*span)]) <= 65_535 else None


def _role(line: str, start: int, at: int) -> str | None:
    """Return the side that the nearest word before an address gives it."""
    before = line[max(start, at - 48) : at]
    # A role reaches no further than its clause, and not past another address.
    if before.endswith("://"):
        return "elsewhere"
    if before.endswith(("'@'", "H=[")) or (" H=" in before and before.endswith((") [", " ["))):
        return "source"
    if before.endswith(" I=["):
        return "destination"
    for sign in (", ", ";", "|", " - ", ") ", "] "):
        before = before.rpartition(sign)[2]
    roles = list(_ROLE.finditer(before))
    if not roles:
        return None
    return "source" if roles[-1]["source"] else "destination"


def user(line: str, start: int) -> Span | None:
    """Return the place of the name of the user that the text is about."""
    stop = min(len(line), start + LONGEST)
    if at := _AT.search(line, start, stop):
        return at.span("user")
    for count, match in enumerate(_WHO.finditer(line, start, stop)):
        span = _name(line, match, told=match["said"] is not None)
        if span is not None:
            return span
        if count == _MOST:
            break
    if " for " not in line and " as " not in line and "ogin" not in line and " by " not in line and "LOGIN" not in line:
        return None
    last = _FOR.search(line, start, stop)
    return _name(line, last, told=False) if last is not None else None


def _name(line: str, match: re.Match[str], *, told: bool) -> Span | None:
    kind = match.lastgroup or ""
    begin, end = match.span(kind)
    name = line[begin:end]
    if kind.startswith("bare"):
        end -= len(name) - len(name.rstrip(".!?"))
        name = line[begin:end]
        if name.lower() in NO_NAMES or (not told and name[:1] in "-(/&"):
            return None
        # user [DOMAIN]\[name]: the domain comes first.
    elif kind == "q5" and line.startswith("\\[", end + 1):
        begin, end = end + 3, line.find("]", end + 3)
        name = line[begin:end] if end > 0 else ""
    return (begin, end) if name and len(name) <= 128 and is_ip(name) is False and name not in {"-", "?"} else None


def request(line: str, start: int) -> dict[str, Span]:
    """Return the places of method, URL, status and bytes of a request."""
    stop = min(len(line), start + LONGEST)
    match = _REQUEST.search(line, start, stop)
    if match is None:
        return {}
    names = {
        "http.request.method": "method",
        "url.original": "url",
        "http.response.status_code": "status",
        "destination.bytes": "bytes",
    }
    found = {name: match.span(group) for name, group in names.items() if match[group]}
    if "http.response.status_code" not in found and (
        said := _RETURNED.search(line, match.end(), stop) or _BETWEEN_BARS.search(line, start, match.start())
    ):
        found["http.response.status_code"] = said.span("status")
    return found


def pairs(line: str, start: int) -> Iterator[tuple[str, str, Span, bool]]:
    """Yield field, key, place of the value, and whether an equal sign stands between, of known key=value pairs."""
    for count, match in enumerate(_PAIR.finditer(line, start, min(len(line), start + 4 * LONGEST))):
        if count == 4 * _MOST:
            return
        group = match.lastgroup or "v"
        found = known(match["key"])
        if found is None or match.end(group) == match.start(group):
            continue
        equal = "=" in line[match.end("key") : match.start(group)]
        begin, end = match.span(group)
        if group == "v" and line[end - 1] in ".!":
            # The end of a sentence, not of the value.
            end -= 1
        if (equal or found[0] in _COLON) and begin < end:
            yield found[0], match["key"], (begin, end), equal


def transport(line: str, start: int) -> Span | None:
    """Return the place of the name of a transport protocol, where a word or a brace says that it is one."""
    if "TCP" not in line and "UDP" not in line and "tcp" not in line and "udp" not in line and "ICMP" not in line:
        return None
    match = _TRANSPORT.search(line, start, min(len(line), start + LONGEST))
    return match.span(match.lastgroup or 0) if match else None


def level(line: str, start: int) -> Span | None:
    """Return the place of the level, near the beginning."""
    match = _LEVEL.search(line, start, start + 160)
    return match.span() if match else None


def fits(field: str, text: str) -> bool:
    """Say whether a text is of the field's kind."""
    return fitting(field, text) is not None
