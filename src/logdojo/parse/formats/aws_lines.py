"""AWS logs that are lines of text: load balancers, S3 server access, CloudFront.

Their requests stand in quotes and hold whatever a stranger sent, so each has one anchored expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft, is_ip
from logdojo.parse.format import Format
from logdojo.parse.formats import web
from logdojo.parse.formats.web import TIME, utc_of_access, write_request, write_status, write_text
from logdojo.parse.times import utc_of

# What was read is never given back: a quote that is missing then ends the search at once.
_TEXT: Final = web.TEXT.replace("*", "*+")
_REQUEST: Final = web.REQUEST.replace("*", "*+")
_SIDE: Final = r"(?:\[?{0}\]?(?::(?P<{1}_port>\d{{1,5}}))?|-)"
_ADDRESS: Final = r"(?P<{0}>[0-9a-fA-F.:]{{2,45}}?)"


def _side(name: str) -> str:
    return _SIDE.format(_ADDRESS.format(name), name)


_SECONDS: Final = r"-?\d{1,9}(?:\.\d{1,9})?|-"
_WHEN: Final = r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)"
_ALB: Final = re.compile(
    rf"(?P<protocol>https?|h2|grpcs?|wss?) {_WHEN} (?P<name>app/\S{{1,128}}) {_side('client')} {_side('target')}"
    rf" (?:{_SECONDS}) (?:{_SECONDS}) (?:{_SECONDS}) (?P<status>\d{{3}}|-) (?P<target_status>\d{{1,3}}|-)"
    rf" (?P<received>\d{{1,18}}) (?P<sent>\d{{1,18}}) \"{_REQUEST}\" \"(?P<agent>{_TEXT})\" (?P<cipher>\S{{1,64}})"
    rf" (?P<tls>\S{{1,32}})(?: (?P<group>\S{{1,512}}))?"
    rf"(?: \"?(?P<trace>[^\s\"]{{1,256}})\"?)?(?: \"(?P<domain>{_TEXT})\")?"
    rf"(?: \"(?P<certificate>{_TEXT})\")?(?: (?P<priority>-?\d{{1,6}}|-))?(?: \S{{1,40}})?"
    rf"(?: \"(?P<actions>{_TEXT})\")?"
    rf"(?: \"(?P<redirect>{_TEXT})\")?(?: \"(?P<error>{_TEXT})\")?",
    re.ASCII,
)
_CLASSIC: Final = re.compile(
    rf"{_WHEN} (?P<name>\S{{1,128}}) {_side('client')} {_side('target')} (?:{_SECONDS}) (?:{_SECONDS}) (?:{_SECONDS})"
    rf" (?P<status>\d{{3}}|-) (?P<target_status>\d{{1,3}}|-) (?P<received>\d{{1,18}}) (?P<sent>\d{{1,18}})"
    rf" \"{_REQUEST}\"(?: \"(?P<agent>{_TEXT})\" (?P<cipher>\S{{1,64}}) (?P<tls>\S{{1,32}}))?",
    re.ASCII,
)
_NLB: Final = re.compile(
    rf"(?P<protocol>tls|tcp|udp) \d\.\d {_WHEN} (?P<name>net/\S{{1,128}}) (?P<listener>\S{{1,64}}) {_side('client')}"
    rf" {_side('target')} \S{{1,18}} \S{{1,18}} (?P<received>\d{{1,18}}|-) (?P<sent>\d{{1,18}}|-) (?P<alert>\S{{1,64}})"
    r" (?P<certificate>\S{1,512}) \S{1,512} (?P<cipher>\S{1,64}) (?P<tls>\S{1,32})(?: \S{1,64} (?P<domain>\S{1,256}))?",
    re.ASCII,
)
_S3: Final = re.compile(
    rf"(?P<owner>\S{{1,128}}) (?P<bucket>\S{{1,128}}) \[(?P<time>{TIME})\] (?P<client>\S{{1,64}})"
    rf" (?P<requester>\S{{1,256}}) (?P<id>\S{{1,64}}) (?P<operation>[A-Z][\w.]{{1,64}}) (?P<key>\S{{1,4096}})"
    rf" (?:\"{_REQUEST}\"|-) (?P<status>\d{{3}}|-)"
    rf" (?P<code>\S{{1,64}}) (?P<bytes>\d{{1,18}}|-) (?P<size>\d{{1,18}}|-) \S{{1,18}} \S{{1,18}}"
    rf"(?: (?:\"(?P<referrer>{_TEXT})\"|-) (?:\"(?P<agent>{_TEXT})\"|-))?"
    r"(?: \S{1,64} \S{1,512}"
    r"(?: \S{1,16} (?P<cipher>\S{1,64}) \S{1,32} (?P<domain>\S{1,256})(?: (?P<tls>\S{1,16}))?)?)?",
    re.ASCII,
)
_CLOUDFRONT: Final = (
    *("date", "time", "edge", "sent", "client", "method", "host", "path", "status", "referrer", "agent", "query"),
    *("cookie", "result", "id", "domain", "protocol", "received", "taken", "forwarded", "tls", "cipher", "response"),
    *("version", "fle", "fields", "port", "first_byte", "detail"),
)


def _write(draft: Draft, found: re.Match[str], names: Mapping[str, str]) -> None:
    for group, name in names.items():
        if found[group] is not None:
            write_text(draft, name, found.span(group))


def _write_side(draft: Draft, found: re.Match[str], group: str, side: str) -> None:
    if found[group] and found[group] != "-":
        draft.address(side, found.span(group))
        if found[f"{group}_port"]:
            draft.number(f"{side}.port", found.span(f"{group}_port"))


def _number(draft: Draft, name: str, span: tuple[int, int]) -> None:
    if draft.line[slice(*span)].isdecimal():
        draft.number(name, span)


def _balancer(expression: re.Pattern[str], kind: str) -> Callable[[Draft, int, datetime | None], bool]:
    names = {"name": "aws.elb.name", "agent": "user_agent.original", "cipher": "tls.cipher", "tls": "tls.version"}
    if kind == "alb":
        names |= {
            "group": "aws.elb.target_group.arn",
            "trace": "aws.elb.trace_id",
            "actions": "aws.elb.action_executed",
        }
        names |= {"domain": "url.domain", "error": "aws.elb.error.reason", "protocol": "aws.elb.protocol"}

    def read(draft: Draft, start: int, now: datetime | None) -> bool:
        del start, now
        found = expression.match(draft.line)
        if found is None:
            return False
        fields = draft.fields
        fields["@timestamp"] = utc_of(found["time"].rstrip("Z") + "Z").utc
        _write(draft, found, names)
        _write_side(draft, found, "client", "source")
        # The target is what the balancer chose, and the destination of the connection that it opened.
        _write_side(draft, found, "target", "aws.elb.backend")
        if found["method"] or found["raw"] not in {None, "- - - ", "- - -"}:
            write_request(draft, found)
            _number(draft, "http.request.body.bytes", found.span("received"))
            _number(draft, "http.response.body.bytes", found.span("sent"))
            fields["event.category"] = ["web"]
        else:
            _number(draft, "source.bytes", found.span("received"))
            _number(draft, "destination.bytes", found.span("sent"))
            fields["event.category"] = ["network"]
        write_status(draft, found.span("status"))
        _number(draft, "aws.elb.backend.http.response.status_code", found.span("target_status"))
        fields["cloud.provider"] = "aws"
        fields["event.type"] = ["access"]
        return True

    return read


def _read_nlb(draft: Draft, start: int, now: datetime | None) -> bool:
    del start, now
    found = _NLB.match(draft.line)
    if found is None:
        return False
    draft.fields["@timestamp"] = utc_of(found["time"].rstrip("Z") + "Z").utc
    _write(draft, found, {"name": "aws.elb.name", "listener": "aws.elb.listener", "cipher": "tls.cipher"})
    _write(draft, found, {"tls": "tls.version", "domain": "destination.domain", "alert": "event.reason"})
    _write_side(draft, found, "client", "source")
    _write_side(draft, found, "target", "destination")
    _number(draft, "source.bytes", found.span("received"))
    _number(draft, "destination.bytes", found.span("sent"))
    draft.fields["network.transport"] = "udp" if found["protocol"] == "udp" else "tcp"
    draft.fields["cloud.provider"] = "aws"
    draft.says(("network",), ("connection",), "", "success" if found["alert"] == "-" else "failure")
    return True


def _read_s3(draft: Draft, start: int, now: datetime | None) -> bool:
    del now
    found = _S3.match(draft.line, start)
    if found is None:
        return False
    draft.fields["@timestamp"] = utc_of_access(found["time"])
    for mark in ("logdojo.time.zone_unknown", "logdojo.time.year_inferred"):
        draft.fields.pop(mark, None)
    client = found["client"]
    if client != "-":
        draft.text("source.ip" if is_ip(client) else "source.address", found.span("client"))
    _write(draft, found, {"owner": "aws.s3access.bucket_owner", "bucket": "aws.s3access.bucket.name", "id": "event.id"})
    _write(draft, found, {"operation": "event.action", "key": "aws.s3access.key", "code": "event.code"})
    _write(draft, found, {"requester": "user.id", "referrer": "http.request.referrer", "agent": "user_agent.original"})
    _write(draft, found, {"cipher": "tls.cipher", "tls": "tls.version", "domain": "url.domain"})
    if found["requester"] != "-":
        name = found["requester"].rpartition("/")[2] if found["requester"].startswith("arn:") else ""
        if name:
            stop = found.end("requester")
            draft.text("user.name", (stop - len(name), stop))
    if found["method"] or found["raw"]:
        write_request(draft, found)
    write_status(draft, found.span("status"))
    if found["code"] != "-":
        draft.fields["event.outcome"] = "failure"
    _number(draft, "http.response.body.bytes", found.span("bytes"))
    _number(draft, "aws.s3access.object_size", found.span("size"))
    draft.fields["cloud.provider"] = "aws"
    draft.fields["event.category"] = ["web", "file"]
    draft.fields["event.type"] = ["access"]
    return True


def _read_cloudfront(draft: Draft, start: int, now: datetime | None) -> bool:
    del start, now
    line = draft.line
    cells = line.split("\t")
    if len(cells) < 12:
        return False
    spans: dict[str, tuple[int, int]] = {}
    at = 0
    for name, cell in zip(_CLOUDFRONT, cells, strict=False):
        spans[name] = (at, at + len(cell))
        at += len(cell) + 1
    draft.fields["@timestamp"] = utc_of(f"{cells[0]}T{cells[1]}Z").utc
    if is_ip(cells[4]):
        draft.text("source.ip", spans["client"])
    for source, name in (
        *(("method", "http.request.method"), ("path", "url.original"), ("host", "destination.domain")),
        *(("agent", "user_agent.original"), ("referrer", "http.request.referrer"), ("id", "event.id")),
        *(("query", "url.query"), ("result", "aws.cloudfront.result"), ("edge", "aws.cloudfront.edge")),
        *(("tls", "tls.version"), ("cipher", "tls.cipher"), ("domain", "url.domain"), ("protocol", "url.scheme")),
    ):
        if source in spans:
            write_text(draft, name, spans[source])
    write_status(draft, spans["status"])
    for source, name in (("sent", "http.response.bytes"), ("received", "http.request.bytes"), ("port", "source.port")):
        if source in spans:
            _number(draft, name, spans[source])
    draft.fields["cloud.provider"] = "aws"
    draft.fields["event.category"] = ["web"]
    draft.fields["event.type"] = ["access"]
    return True


_ELB_DOC: Final = "https://docs.aws.amazon.com/elasticloadbalancing/latest/"
FORMATS: Final = (
    Format(
        "aws.alb",
        Signs(mark=r"app/[^ ]{1,128} [0-9a-fA-F.:\[\]]{2,50} [0-9a-fA-F.:\[\]-]{1,50} "),
        read_text=_balancer(_ALB, "alb"),
        doc=f"{_ELB_DOC}application/load-balancer-access-logs.html",
    ),
    Format(
        "aws.elb",
        Signs(mark=r"Z [\w.-]{1,64} [0-9a-fA-F.:\[\]]{2,50}:\d{1,5} (?:-|[0-9a-fA-F.:\[\]]{2,50}) -?\d"),
        read_text=_balancer(_CLASSIC, "classic"),
        doc=f"{_ELB_DOC}classic/access-log-collection.html",
    ),
    Format(
        "aws.nlb",
        Signs(mark=r"net/[^ ]{1,128} [0-9a-z]{8,20} "),
        read_text=_read_nlb,
        doc=f"{_ELB_DOC}network/load-balancer-access-logs.html",
    ),
    Format(
        "aws.s3access",
        Signs(
            mark=r"/[A-Z][a-z]{2}/\d{4}:[\d:]{8} [+-]\d{4}\] [^\s\"]{1,64} \S{1,256} [0-9A-Z]{8,32} [A-Z0-9]{2,12}\.",
        ),
        read_text=_read_s3,
        doc="https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
    ),
    Format(
        "aws.cloudfront",
        Signs(mark="\t\\d\\d:\\d\\d:\\d\\d\t[A-Z]{3}\\d{1,3}[^\t]{0,16}\t\\d{1,12}\t[0-9a-fA-F.:]{2,45}\t"),
        read_text=_read_cloudfront,
        doc="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html",
    ),
)
