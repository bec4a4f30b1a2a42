"""What goes over the web and its directory: nginx, squid, BIND's query log, Suricata's EVE.

Sources: nginx's ``combined`` format, squid's native ``access.log``, BIND 9's ``queries`` category, Suricata's "EVE JSON
Format".
"""

from __future__ import annotations

import json
from typing import Final

from logdojo.simulate.company.clocks import common_log, iso, syslog_head
from logdojo.simulate.company.scene import Scene

_text = json.JSONEncoder(ensure_ascii=False).encode
SENSORS: Final = ("ids-1", "ids-2")
"""Hosts that run Suricata."""
RESOLVERS: Final = (("ns-1", "10.80.0.53"), ("ns-2", "10.80.0.54"))
"""Name servers and their addresses."""
SIGNATURES: Final = (
    (2_013_028, "ET POLICY curl User-Agent Outbound", "Attempted Information Leak", 2),
    (2_027_865, "ET INFO Observed DNS Query to unusual top level domain", "Potentially Bad Traffic", 2),
    (2_210_044, "SURICATA STREAM Packet with invalid timestamp", "Generic Protocol Command Decode", 3),
    (2_001_219, "ET SCAN Potential scan of a service port", "Attempted Information Leak", 2),
    (2_006_446, "ET WEB_SERVER Possible SQL in a request", "Web Application Attack", 1),
    (2_024_897, "ET USER_AGENTS Go HTTP client user agent", "Misc activity", 3),
)
"""Number, name, class and severity of rules that fire; as often on what is harmless as on what is not."""


def nginx(
    s: Scene, client: str, method: str, path: str, status: int, *, size: int, agent: str, user: str = "-"
) -> None:
    """Write a request that a web server answered."""
    when = s.clock + s.random() * 0.1
    referer = "https://www.example.com/" if s.random() < 0.3 else "-"
    line = (
        f'{client} - {user} [{common_log(int(when))}] "{method} {path} HTTP/1.1" {status} {size} "{referer}" "{agent}"'
    )
    slots: dict[str, str | int] = {
        "source.ip": client,
        "http.request.method": method,
        "url.original": path,
        "http.response.status_code": status,
        "http.response.body.bytes": size,
        "user_agent.original": agent,
    }
    if user != "-":
        slots["user.name"] = user
    s.put(when, "nginx", line, slots)


def squid(
    s: Scene, client: str, method: str, url: str, status: int, *, size: int, server: str, user: str = "-"
) -> None:
    """Write a request that went out over the proxy; it is logged when it ends."""
    taken = 20 + s.below(900)
    when = s.clock + taken / 1_000
    code = "TCP_TUNNEL" if method == "CONNECT" else "TCP_DENIED" if status == 403 else "TCP_MISS"
    peer = "HIER_NONE/-" if code == "TCP_DENIED" else f"HIER_DIRECT/{server}"
    mime = "-" if method == "CONNECT" else "text/html"
    line = f"{when:.3f} {taken:6d} {client} {code}/{status} {size} {method} {url} {user} {peer} {mime}"
    slots: dict[str, str | int] = {
        "source.ip": client,
        "http.request.method": method,
        "url.original": url,
        "http.response.status_code": status,
    }
    if code != "TCP_DENIED":
        slots["destination.ip"] = server
    if user != "-":
        slots["user.name"] = user
    s.put(when, "squid", line, slots)


def dns(s: Scene, client: str, name: str, kind: str = "A") -> None:
    """Write a query as BIND logs it."""
    when = s.clock + s.random() * 0.05
    host, address = RESOLVERS[s.below(2)]
    port = 1_024 + s.below(64_000)
    line = (
        f"{syslog_head(when, host, f'named[{812 + len(address)}]')}client @0x7f{s.below(2**40):010x} {client}#{port} "
        f"({name}): query: {name} IN {kind} +E(0)K ({address})"
    )
    slots: dict[str, str | int] = {
        "host.name": host,
        "process.name": "named",
        "source.ip": client,
        "source.port": port,
        "dns.question.name": name,
        "dns.question.type": kind,
    }
    s.put(when, "dns", line, slots)


def suricata(
    s: Scene,
    kind: str,
    ends: tuple[str, int, str, int],
    detail: str,
    *,
    proto: str = "TCP",
    slots: dict[str, str | int] | None = None,
) -> None:
    """Write one EVE record.

    Args:
        s: the session.
        kind: ``flow``, ``alert``, ``dns``, ``http`` or ``tls``.
        ends: source address and port, destination address and port.
        detail: members of the record that belong to its kind, as JSON without braces.
        proto: ``TCP`` or ``UDP``.
        slots: what stands in ``detail``.
    """
    when = s.clock + s.random() * 0.2
    second = int(when)
    src, sport, dst, dport = ends
    sensor = SENSORS[s.below(2)]
    line = (
        f'{{"timestamp":"{iso(second)}.{int((when - second) * 1_000_000):06d}+0000","flow_id":{s.below(2**50)},'
        f'"in_iface":"ens{3 + s.below(2)}","event_type":"{kind}","src_ip":"{src}","src_port":{sport},"dest_ip":"{dst}",'
        f'"dest_port":{dport},"proto":"{proto}",{detail},"host":"{sensor}"}}'
    )
    told: dict[str, str | int] = {
        "source.ip": src,
        "source.port": sport,
        "destination.ip": dst,
        "destination.port": dport,
        "network.transport": proto,
    }
    if slots:
        told |= slots
    s.put(when, "suricata", line, told)


def alert_detail(s: Scene) -> str:
    """Return the members of an alert of some rule."""
    number, name, kind, severity = SIGNATURES[s.below(len(SIGNATURES))]
    return (
        f'"alert":{{"action":"allowed","gid":1,"signature_id":{number},"rev":{1 + s.below(9)},'
        f'"signature":{_text(name)},"category":"{kind}","severity":{severity}}}'
    )


def flow_detail(sent: int, received: int, begin: float) -> str:
    """Return the members of a flow record."""
    return (
        f'"flow":{{"pkts_toserver":{1 + sent // 700},"pkts_toclient":{1 + received // 900},"bytes_toserver":{sent},'
        f'"bytes_toclient":{received},"start":"{iso(int(begin))}.000000+0000","state":"closed"}}'
    )


def http_detail(host: str, path: str, method: str, status: int, agent: str) -> str:
    """Return the members of an HTTP record."""
    return (
        f'"http":{{"hostname":"{host}","url":{_text(path)},"http_user_agent":"{agent}","http_method":"{method}",'
        f'"protocol":"HTTP/1.1","status":{status}}}'
    )
