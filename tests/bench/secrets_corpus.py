"""Generated keys of forty kinds in log lines of several shapes; nothing here is or was a real key.

Each kind follows the form its issuer publishes (or, where it publishes none, the form its keys have). Twenty are kinds
that detect-secrets has a plugin for or that its entropy search is meant for; the other twenty it was not built for.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
_URL = _ALNUM + "-_"
_B64 = _ALNUM + "+/"
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


class Plant(NamedTuple):
    """A secret, its kind, the shape of its line, and the line."""

    kind: str
    shape: str
    secret: str
    line: str


def _some(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _form(*parts: str | tuple[str, int]) -> Callable[[random.Random], str]:
    """Return a maker of keys from fixed texts and (alphabet, length) parts."""
    return lambda rng: "".join(part if isinstance(part, str) else _some(rng, *part) for part in parts)


def _jwt(rng: random.Random) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": _some(rng, _ALNUM, 12), "exp": rng.randrange(10**9, 2 * 10**9)}]
    texts = [json.dumps(part, separators=(",", ":")).encode() for part in parts] + [rng.randbytes(32)]
    return ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts)


def _azure(rng: random.Random) -> str:
    return base64.b64encode(rng.randbytes(64)).decode()


def _pem(rng: random.Random) -> str:
    body = base64.b64encode(rng.randbytes(300)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    kind = rng.choice(["RSA ", "EC ", "OPENSSH ", ""])
    return "\\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"-----END {kind}PRIVATE KEY-----"])


_DIGITS = string.digits
KNOWN: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "aws access key id": ("aws_access_key_id", _form("AKIA", (_UPPER, 16))),
    "aws secret key": ("aws_secret_access_key", _form((_B64, 40))),
    "azure storage key": ("AccountKey", _azure),
    "artifactory": ("artifactory_key", _form("AKCp", (_ALNUM, 69))),
    "discord bot": ("bot_token", _form("M", (_ALNUM, 23), ".", (_ALNUM, 6), ".", (_URL, 27))),
    "github": ("github_token", _form("ghp_", (_ALNUM, 36))),
    "gitlab": ("private_token", _form("glpat-", (_URL, 20))),
    "ibm cloud iam": ("ibm_api_key", _form((_URL, 44))),
    "jwt": ("jwt", _jwt),
    "mailchimp": ("mailchimp_api_key", _form((_HEX, 32), "-us", (_DIGITS, 1))),
    "npm": ("_authToken", _form("npm_", (_ALNUM, 36))),
    "openai": ("openai_api_key", _form("sk-", (_ALNUM, 20), "T3BlbkFJ", (_ALNUM, 20))),
    "pem private key": ("private_key", _pem),
    "pypi": ("password", _form("pypi-AgEIcHlwaS5vcmc", (_URL, 140))),
    "sendgrid": ("sendgrid_api_key", _form("SG.", (_URL, 22), ".", (_URL, 43))),
    "slack bot": ("slack_token", _form("xoxb-", (_DIGITS, 12), "-", (_DIGITS, 13), "-", (_ALNUM, 24))),
    "square": ("square_secret", _form("sq0csp-", (_URL, 43))),
    "stripe": ("stripe_key", _form("sk_live_", (_ALNUM, 24))),
    "telegram bot": ("telegram_token", _form((_DIGITS, 10), ":AA", (_URL, 33))),
    "twilio": ("twilio_api_key", _form("SK", (_HEX, 32))),
}
"""Kind → the name it usually has, and its maker."""
OTHERS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "anthropic": ("x-api-key", _form("sk-ant-api03-", (_URL, 93), "AA")),
    "atlassian": ("jira_token", _form("ATATT3xFfGF0", (_URL, 170), "=", (_HEX, 8))),
    "databricks": ("databricks_token", _form("dapi", (_HEX, 32))),
    "digitalocean": ("do_token", _form("dop_v1_", (_HEX, 64))),
    "docker hub": ("docker_token", _form("dckr_pat_", (_URL, 27))),
    "github fine-grained": ("gh_token", _form("github_pat_", (_ALNUM, 22), "_", (_ALNUM, 59))),
    "gitlab runner": ("runner_token", _form("glrt-", (_URL, 20))),
    "google api": ("google_api_key", _form("AIza", (_URL, 35))),
    "google oauth client": ("client_secret", _form("GOCSPX-", (_URL, 28))),
    "google oauth token": ("access_token", _form("ya29.a0", (_URL, 150))),
    "grafana": ("grafana_token", _form("glsa_", (_ALNUM, 32), "_", (_HEX, 8))),
    "heroku": (
        "heroku_api_key",
        _form((_HEX, 8), *[part for _ in range(3) for part in ("-", (_HEX, 4))], "-", (_HEX, 12)),
    ),
    "hugging face": ("hf_token", _form("hf_", (_ALNUM, 34))),
    "linear": ("linear_key", _form("lin_api_", (_ALNUM, 40))),
    "new relic": ("new_relic_key", _form("NRAK-", (_UPPER, 27))),
    "postman": ("postman_api_key", _form("PMAK-", (_HEX, 24), "-", (_HEX, 34))),
    "shopify": ("shopify_token", _form("shpat_", (_HEX, 32))),
    "slack webhook": (
        "webhook_secret",
        _form("https://hooks.slack.com/services/T0", (_UPPER, 9), "/B0", (_UPPER, 9), "/", (_ALNUM, 24)),
    ),
    "vault": ("vault_token", _form("hvs.CAES", (_URL, 88))),
    "session id": ("sessionid", _form((_ALNUM, 32))),
}
"""The same for kinds that detect-secrets has no plugin for."""

Shape = Callable[[str, str, random.Random], str]
SHAPES: dict[str, Shape] = {
    "bare": lambda _, v, r: f"{_clock(r)} app[{r.randrange(9999)}]: refused {v} from 10.0.0.{r.randrange(255)}",
    "key=value": lambda k, v, r: f"{_clock(r)} web1 deploy: level=info {k}={v} took={r.randrange(900)}ms",
    "quoted": lambda k, v, r: f'{_clock(r)} web1 deploy: {k} = "{v}" loaded from line {r.randrange(90)}',
    "json": lambda k, v, r: json.dumps({"ts": r.randrange(10**9), "level": "info", k: v, "n": r.randrange(99)}).replace(
        "\\\\n", "\\n"
    ),
    "url": lambda k, v, r: (
        f"10.0.0.{r.randrange(255)} - - [24/Nov/2026:10:00:{r.randrange(10, 60)} +0000] "
        f'"GET /api/v1/me?{k}={v}&page=2 HTTP/1.1" 200 {r.randrange(9999)}'
    ),
    "header": lambda k, v, r: f"{_clock(r)} proxy: > {_header(k, r)}{v}",
    "connection string": lambda _, v, r: (
        f"{_clock(r)} db: connect amqps://svc:{v}@mq{r.randrange(9)}.internal:5671/prod failed"
    ),
}


def _header(name: str, rng: random.Random) -> str:
    return "Authorization: Bearer " if rng.random() < 0.5 else f"X-{name.replace('_', '-').title()}: "


def _clock(rng: random.Random) -> str:
    return f"2026-11-24T10:{rng.randrange(10, 60)}:{rng.randrange(10, 60)}Z"


_ONLY: dict[str, tuple[str, ...]] = {
    # A key of many lines fits into no URL, header or connection string; a webhook is a URL itself.
    "pem private key": ("bare", "key=value", "quoted", "json"),
    "slack webhook": ("bare", "key=value", "quoted", "json"),
}


def plants(kinds: dict[str, tuple[str, Callable[[random.Random], str]]], *, seed: int, each: int) -> list[Plant]:
    """Return ``each`` plants of every kind and shape."""
    rng = random.Random(seed)
    out = []
    for kind, (name, make) in kinds.items():
        for shape in _ONLY.get(kind, tuple(SHAPES)):
            for _ in range(each):
                secret = make(rng)
                out.append(Plant(kind, shape, secret, SHAPES[shape](name, secret, rng)))
    return out
