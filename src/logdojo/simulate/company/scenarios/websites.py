"""At the web sites: a hole is looked for and used; beside it scanners, load tests, crawlers and odd but honest text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from logdojo.simulate.company.acts import connect, serve
from logdojo.simulate.company.hosts import sudo
from logdojo.simulate.company.scenarios.passwords import COMMANDS
from logdojo.simulate.company.scene import Scenario, Scene
from logdojo.simulate.company.world import BROWSERS, Server

PAGES: Final = (
    *("/", "/index.html", "/products", "/products/17", "/cart", "/login", "/account", "/search?q=lamp", "/favicon.ico"),
    *("/api/v1/orders", "/api/v1/stock?item=204", "/static/app.js", "/static/app.css", "/img/logo.png", "/robots.txt"),
    *("/blog/2024/what-select-does", "/healthz", "/sitemap.xml", "/help?topic=returns", "/download/manual.pdf"),
)
"""What sites offer."""
ODD: Final = (
    *("/search?q=1%27+OR+1%3D1", "/search?q=select+name+from+list", "/blog/?s=%3Cscript%3E", "/static/../img/logo.png"),
    *("/index.php?page=../../etc/passwd", "/.env", "/wp-login.php", "/admin", "/api/v1/orders?id=7+union+select+1"),
    *("/cgi-bin/status", "/actuator/health", "/.git/config", "/backup.zip", "/build/../../notes.txt", "/phpinfo.php"),
    *("/search?q=%24%7Bname%7D", "/upload.php", "/shell?cmd=id", "/server-status", "/config.json"),
)
"""What is asked by who looks for holes, and by scanners, broken links, and people who write about such things."""


def visit(s: Scene, client: str, site: Server, agent: str, *, odd: float, failing: float) -> None:
    """Ask for one page, odd or ordinary."""
    strange = s.chance(odd)
    path = s.one(ODD if strange else PAGES)
    fine = 200 if s.chance(0.85) else s.one((301, 302, 304))
    status = s.one((403, 404, 404, 500, 400)) if s.chance(failing) else fine
    serve(s, client, site, path, status=status, method="POST" if s.chance(0.15) else "GET", agent=agent)


def _exploitation(s: Scene) -> Iterator[None]:
    """Odd requests until one answers differently; then the server itself begins to do odd things."""
    client, agent = s.party().address, s.one(BROWSERS)
    site = s.one(s.world.sites)
    s.enter("probing", "T1190")
    for _ in s.steps(1.1):
        visit(s, client, site, agent, odd=0.5, failing=0.4)
        s.wait(s.variant.pace / 2)
        yield
    s.enter("foothold", "T1190")
    for _ in s.steps(0.5):
        visit(s, client, site, agent, odd=0.6, failing=0.15)
        s.wait()
        yield
        if s.chance(0.5):
            sudo(s, site.name, s.one(("www-data", "tomcat", "deploy")), s.one(COMMANDS), allowed=s.chance(0.7))
        if s.chance(0.5):
            connect(s, site.address, client, s.one((443, 8443, 80)))


def _web_scanner(s: Scene) -> Iterator[None]:
    """A scanner that we pay for, or one of the many that ask everyone, goes through its list of odd requests."""
    client, agent = s.party().address, s.one(BROWSERS)
    site = s.one(s.world.sites)
    for _ in s.steps(1.7):
        visit(s, client, site, agent, odd=0.55, failing=0.5)
        s.wait(s.variant.pace / 2)
        yield
        if s.chance(0.1):
            connect(s, client, site.address, s.one((443, 8443, 80)), allowed=s.chance(0.6), server=site)


def _load_test(s: Scene) -> Iterator[None]:
    """Before a sale the shop is tested: many requests a second, and somebody looks at the server meanwhile."""
    client, agent = s.party().address, s.one(BROWSERS)
    site, who = s.one(s.world.sites), s.person()
    for _ in s.steps(1.6):
        visit(s, client, site, agent, odd=0.1, failing=0.3)
        s.wait(0.4)
        yield
        if s.chance(0.15):
            sudo(s, site.name, s.one(("www-data", who.name)), s.one(COMMANDS), allowed=s.chance(0.9))


def _crawler(s: Scene) -> Iterator[None]:
    """A search engine, or a reader of the blog on security, follows every link, broken ones and odd ones too."""
    client, agent = s.party().address, s.one(BROWSERS)
    site = s.one(s.world.sites)
    for _ in s.steps(1.6):
        visit(s, client, site, agent, odd=0.3, failing=0.25)
        s.wait()
        yield


def _visitor(s: Scene) -> Iterator[None]:
    """A customer looks around and buys."""
    client, agent = s.party().address, s.one(BROWSERS)
    site = s.one(s.world.sites)
    for _ in s.steps(1.5):
        visit(s, client, site, agent, odd=0.02, failing=0.05)
        s.wait(8)
        yield


SCENARIOS: Final = (
    Scenario("web_exploitation", _exploitation, label="exploit", techniques=("T1190",)),
    Scenario("web_scanner", _web_scanner, "always", twin_of=("web_exploitation",)),
    Scenario("load_test", _load_test, "office", twin_of=("web_exploitation",)),
    Scenario("crawler", _crawler, "always", twin_of=("web_exploitation",)),
    Scenario("visitor", _visitor, "public", weight=1.2),
)
