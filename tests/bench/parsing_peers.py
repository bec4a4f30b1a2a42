"""What can be installed or written in an hour: pygrok with the patterns it ships, and a naive floor."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from tests.bench.parsing_data import Row

from logdojo.parse.times import utc_of

_ALIASES = {
    "source.ip": "src_ip srcip sourceipaddress source_ip client_ip clientip remote_addr remote_ip ip rhost src client",
    "source.port": "src_port srcport sport spt source_port client_port remote_port",
    "destination.ip": "dst_ip dstip dest_ip destination_ip dst lip daddr",
    "destination.port": "dst_port dstport dport dpt dest_port destination_port",
    "network.transport": "proto protocol transport",
    "user.name": "user username user_name login uname email",
    "host.name": "host hostname computer",
    "process.name": "process program comm",
    "process.pid": "pid",
    "http.request.method": "method request_method verb",
    "url.original": "uri url path request_uri",
    "http.response.status_code": "status status_code response_code",
    "event.action": "action event_type eventname operation",
    "event.outcome": "outcome result",
    "event.code": "event_id eventid",
    "@timestamp": "timestamp time ts eventtime @timestamp date t",
}
_FIELDS = {name: field for field, names in _ALIASES.items() for name in names.split()}
_PAIR = re.compile(r"([\w.@-]+)=(?:\"([^\"]*)\"|([^\s,;]*))")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_HEAD = re.compile(r"^(?:<\d+>)?(\w{3} +\d+ [\d:]{8}) (\S+) ([^\s:\[]+)(?:\[(\d+)\])?:")
_TIME = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ][\d:]{8}\S*|\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}")
_REQUEST = re.compile(r"\"([A-Z]{3,7}) (\S+) HTTP/[\d.]+\" (\d{3})")

# Their name of the format → the shipped pattern a user would take for it.
_PATTERNS = {
    "nginx": "%{COMBINEDAPACHELOG}",
    "apache2": "%{COMBINEDAPACHELOG}",
    "http": "%{COMBINEDAPACHELOG}",
    "whitelist": "%{COMBINEDAPACHELOG}",
    "litespeed": "%{COMBINEDAPACHELOG}",
    "bunkerweb": "%{COMBINEDAPACHELOG}",
    "traefik": "%{COMBINEDAPACHELOG}",
    "haproxy": "%{HAPROXYHTTP}",
    "mongodb": "%{MONGO3_LOG}",
    "pgsql": "%{POSTGRESQL}",
    "exim": "%{EXIM_DATE:timestamp} %{GREEDYDATA:message}",
    "fireflyiii": "%{RAILS3}",
}
_GROK = {
    "clientip": "source.ip",
    "client_ip": "source.ip",
    "auth": "user.name",
    "user_id": "user.name",
    "verb": "http.request.method",
    "http_verb": "http.request.method",
    "request": "url.original",
    "http_request": "url.original",
    "response": "http.response.status_code",
    "http_status_code": "http.response.status_code",
    "timestamp": "@timestamp",
    "timestamp8601": "@timestamp",
    "logsource": "host.name",
    "syslog_server": "host.name",
    "program": "process.name",
    "pid": "process.pid",
    "client_port": "source.port",
}


def naive(row: Row) -> dict[str, object]:
    """Answer with JSON flattened, key=value pairs and a few expressions, under one map of names."""
    line = row.line
    found: dict[str, object] = {}
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    if isinstance(document, dict):
        for name, value in _flat(document):
            field = _FIELDS.get(name.rpartition(".")[2].lower())
            if field:
                found.setdefault(field, value)
        return _timed(found)
    if head := _HEAD.match(line):
        found |= {"@timestamp": head[1], "host.name": head[2], "process.name": head[3]}
        if head[4]:
            found["process.pid"] = head[4]
    elif time := _TIME.search(line):
        found["@timestamp"] = time[0]
    if request := _REQUEST.search(line):
        found |= {
            "http.request.method": request[1],
            "url.original": request[2],
            "http.response.status_code": request[3],
        }
    for name, quoted, bare in _PAIR.findall(line):
        field = _FIELDS.get(name.lower())
        if field:
            found.setdefault(field, quoted or bare)
    addresses = _IP.findall(line)
    if addresses:
        found.setdefault("source.ip", addresses[0])
    if len(addresses) > 1:
        found.setdefault("destination.ip", addresses[1])
    return _timed(found)


def _flat(document: dict[str, Any], path: str = "") -> list[tuple[str, object]]:
    leaves: list[tuple[str, object]] = []
    for key, value in document.items():
        name = f"{path}.{key}" if path else key
        leaves += _flat(value, name) if isinstance(value, dict) else [(name, value)]
    return leaves


def _timed(found: dict[str, object]) -> dict[str, object]:
    if "@timestamp" in found:
        try:
            found["@timestamp"] = utc_of(found["@timestamp"]).utc
        except ValueError:
            del found["@timestamp"]
    return found


def grok(row: Row) -> dict[str, object]:
    """Answer with the shipped pattern of pygrok that suits the format best; it is told which format that is."""
    kind = next((pattern for word, pattern in _PATTERNS.items() if word in row.parser), "%{SYSLOGLINE}")
    for pattern in (kind, "%{SYSLOGLINE}"):
        matched = _compiled(pattern).match(row.line)
        if matched:
            named = {
                _GROK[name]: value for name, value in matched.items() if name in _GROK and value not in (None, "-")
            }
            return _timed({field: value.strip('"') for field, value in named.items()})
    return {}


@cache
def _compiled(pattern: str) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pygrok import Grok

        return Grok(pattern)
