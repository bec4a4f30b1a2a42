"""Things that happen, and who of the company's devices writes them down: one act, several sources."""

from __future__ import annotations

from collections.abc import Sequence

from logdojo.simulate.company import hosts, web
from logdojo.simulate.company.firewalls import WRITERS, Flow, ufw
from logdojo.simulate.company.scene import Scene
from logdojo.simulate.company.signins import APPS, okta
from logdojo.simulate.company.world import BROWSERS, FIREWALLS, Person, Server


def connect(
    s: Scene,
    src: str,
    dst: str,
    port: int,
    *,
    allowed: bool = True,
    sent: int = 0,
    received: int = 0,
    seconds: int = -1,
    udp: bool = False,
    user: str = "",
    server: Server | None = None,
) -> None:
    """Open a connection: the firewall on its way logs it, sometimes the server's own too, and an IDS sees some.

    Args:
        s: the session.
        src: address of who opens it.
        dst: to which address.
        port: to which port.
        allowed: whether it may pass.
        sent: bytes from ``src``; drawn if 0.
        received: bytes to ``src``; drawn if 0.
        seconds: how long it lasts; drawn if negative.
        udp: UDP instead of TCP.
        user: who is known to sit at ``src``.
        server: the machine at ``dst``, if it is one of ours.
    """
    flow = Flow(
        src=src,
        sport=1_024 + s.below(64_000),
        dst=dst,
        dport=port,
        proto="udp" if udp else "tcp",
        allowed=allowed,
        sent=sent or 200 + int(s.rng.expovariate(1 / 6_000)),
        received=received or 200 + int(s.rng.expovariate(1 / 20_000)),
        seconds=seconds if seconds >= 0 else int(s.rng.expovariate(0.2)),
        user=user,
    )
    when = s.clock + s.random() * 0.1
    # The border of a network logs; between two of ours, either of them may be the one that does.
    ours = src if src.startswith("10.") and (s.random() < 0.5 or not dst.startswith("10.")) else dst
    device = FIREWALLS.get(ours[:5])
    if server is not None and server.linux and s.random() < 0.3:
        ufw(s, when, flow, server.name)
        if s.random() < 0.5:
            return
    if device is not None:
        WRITERS[device](s, when, flow, device)
    if allowed and s.random() < 0.12:
        ends = (src, flow.sport, dst, port)
        if s.random() < 0.18:
            web.suricata(s, "alert", ends, web.alert_detail(s), proto=flow.proto.upper())
        else:
            web.suricata(s, "flow", ends, web.flow_detail(flow.sent, flow.received, s.clock), proto=flow.proto.upper())


def resolve(s: Scene, client: str, name: str, kind: str = "A") -> None:
    """Ask for a name: BIND logs the query, and an IDS sees some."""
    web.dns(s, client, name, kind)
    if s.random() < 0.1:
        ends = (client, 1_024 + s.below(64_000), web.RESOLVERS[0][1], 53)
        detail = f'"dns":{{"type":"query","id":{s.below(65_536)},"rrname":"{name}","rrtype":"{kind}","tx_id":0}}'
        web.suricata(s, "dns", ends, detail, proto="UDP", slots={"dns.question.name": name, "dns.question.type": kind})


def browse(
    s: Scene,
    client: str,
    domain: str,
    *,
    user: str = "-",
    method: str = "",
    path: str = "/",
    size: int = 0,
    sent: int = 0,
    status: int = 200,
) -> None:
    """Fetch or send something outside: a look-up, the proxy's line, and the firewall's for some.

    Args:
        s: the session.
        client: inside address.
        domain: whom it is asked of.
        user: who is signed in to the proxy.
        method: drawn if not given: most of the web is ``CONNECT``.
        path: for other methods than ``CONNECT``.
        size: bytes that come back; drawn if 0.
        sent: bytes that go out.
        status: the answer's.
    """
    if s.random() < 0.35:
        resolve(s, client, domain)
    server = s.world.domains.get(domain) or s.party().address
    method = method or ("CONNECT" if s.random() < 0.8 else "GET")
    url = f"{domain}:443" if method == "CONNECT" else f"http://{domain}{path}"
    size = size or 300 + int(s.rng.expovariate(1 / 20_000))
    web.squid(s, client, method, url, status, size=size, server=server, user=user)
    if s.random() < 0.5:
        connect(s, client, server, 443 if method == "CONNECT" else 80, sent=sent, received=size)


def serve(
    s: Scene,
    client: str,
    site: Server,
    path: str,
    *,
    status: int = 200,
    method: str = "GET",
    agent: str,
    user: str = "-",
) -> None:
    """Answer a request from the web: nginx logs it, firewall and IDS see some."""
    size = 150 + int(s.rng.expovariate(1 / 9_000)) if status != 304 else 0
    web.nginx(s, client, method, path, status, size=size, agent=agent, user=user)
    chance = s.random()
    if chance < 0.25:
        connect(s, client, site.address, 443, received=size + 400, server=site)
    elif chance < 0.38:
        ends = (client, 1_024 + s.below(64_000), site.address, 80)
        detail = web.http_detail(f"{site.name}.example.com", path, method, status, agent)
        slots: dict[str, str | int] = {
            "http.request.method": method,
            "http.response.status_code": status,
        }
        web.suricata(s, "http", ends, detail, slots=slots)


def ssh(s: Scene, server: Server, user: str, source: str, *, allowed: bool = True, known: bool = True) -> None:
    """Log in to a Linux server, or fail: sshd writes it, and the firewall sees some connections."""
    if s.random() < 0.4:
        connect(s, source, server.address, 22, server=server)
    if allowed:
        hosts.ssh_entered(s, server.name, user, source, stay=s.rng.expovariate(1 / 200) if s.random() < 0.6 else 0.0)
    else:
        hosts.ssh_failed(s, server.name, user, source, known=known)


def logon(s: Scene, server: str, address: str, user: str, source: str, *, kind: int, allowed: bool = True) -> None:
    """Log on to a Windows machine, or fail: its Security log tells, and the firewall sees some connections."""
    if kind != 2 and s.random() < 0.5:
        connect(s, source, address, 3_389 if kind == 10 else 445, user=user)
    hosts.logon(s, server, user, source, kind=kind, allowed=allowed)


def sign_in(s: Scene, user: str, source: str, *, allowed: bool = True, agent: str = "", mfa: bool = True) -> None:
    """Sign in at Okta, or fail; a success is followed by the second factor and some applications."""
    agent = agent or s.one(BROWSERS)
    if not allowed:
        reason = s.one(("INVALID_CREDENTIALS", "INVALID_CREDENTIALS", "VERIFICATION_ERROR"))
        okta(s, "user.session.start", user, source, result="FAILURE", reason=reason, agent=agent)
        return
    if s.random() < 0.4:
        okta(s, "policy.evaluate_sign_on", user, source, result="CHALLENGE" if mfa else "ALLOW", agent=agent)
    okta(s, "user.session.start", user, source, agent=agent)
    s.clock += 1 + s.random() * 10
    if mfa and s.random() < 0.7:
        okta(s, "user.authentication.auth_via_mfa", user, source, agent=agent)
        s.clock += 1 + s.random() * 5
    if s.random() < 0.6:
        okta(s, "user.authentication.sso", user, source, agent=agent, target=s.one(APPS))


def arrive(s: Scene, who: Person, source: str) -> None:
    """Do what anyone does before work: a sign-in with perhaps a typing error, a page or two."""
    if s.random() < 0.25:
        sign_in(s, who.name, source, allowed=False, agent=who.browser)
        s.clock += 5 + s.random() * 20
    if s.random() < 0.6:
        sign_in(s, who.name, source, agent=who.browser)
    if source == who.address:
        if s.random() < 0.4:
            hosts.logon(s, who.workstation, who.name, source, kind=2)
        if s.random() < 0.5:
            browse(s, source, s.one(who.favorites), user=who.name)


def transfer(s: Scene, client: str, domain: str, sizes: Sequence[int], *, user: str = "-") -> None:
    """Send a large amount out, as proxy and firewall see it."""
    sent = s.one(sizes) + s.below(900_000)
    browse(s, client, domain, user=user, method=s.one(("CONNECT", "CONNECT", "PUT", "POST")), path="/upload", sent=sent)
