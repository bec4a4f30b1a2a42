"""Secrets made at run time from a seed, so that nothing in this repository looks like a real one, and ways to log them.

A plant is a secret value and a text that shows it as real programs do. A carrier logs a plant through one path of a
record: message, arguments, extras, exception, cause, note, stack.
"""

from __future__ import annotations

import base64
import json
import linecache
import logging
import random
import shlex
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

LETTERS = string.ascii_letters + string.digits
SIGNS = "!@$^*/+~.,;&#%:|-_"
PIECE = 6
"""Characters of a secret that make a leak."""


@dataclass(frozen=True)
class Plant:
    """A secret, the name it has where it has one, and a text that shows it."""

    form: str
    name: str
    value: str
    text: str

    def leaks_in(self, output: str) -> bool:
        """Tell whether any six characters in a row of the secret stand in ``output``."""
        value = self.value
        return any(value[at : at + PIECE] in output for at in range(max(1, len(value) - PIECE + 1)))


def _some(rng: random.Random, size: int, alphabet: str = LETTERS) -> str:
    return "".join(rng.choice(alphabet) for _ in range(size))


def _password(rng: random.Random, size: int = 14) -> str:
    """A password with signs inside, which begins and ends with a letter or a digit."""
    return _some(rng, 2) + _some(rng, size - 4, LETTERS + SIGNS) + _some(rng, 2)


def _card(rng: random.Random, prefix: str, size: int) -> str:
    digits = prefix + _some(rng, size - 1 - len(prefix), string.digits)
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(digits))]
    return digits + str(-sum(d - 9 * (d > 9) for d in doubled) % 10)


def _jwt(rng: random.Random) -> str:
    parts = [json.dumps({"alg": _some(rng, 5)}), json.dumps({"sub": _some(rng, 12)}), _some(rng, 32)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def _named(rng: random.Random) -> Iterator[Plant]:
    """Secrets that only their name gives away, in every spelling of a pair."""
    names = ["password", "db_passwd", "userPassword", "api_key", "X-Api-Key", "client_secret", "access_token", "pwd"]
    names += ["aws_secret_access_key", "DB_PASSWORD_PROD", "refreshToken", "private-key", "passphrase", "credentials"]
    spellings: dict[str, Callable[[str, str], str]] = {
        "equals": lambda n, v: f"login {n}={v} for ada",
        "equals, end": lambda n, v: f"{n}={v}",
        "colon": lambda n, v: f"using {n}: {v} on host db1",
        "colon, tight": lambda n, v: f"{n}:{v}",
        "list": lambda n, v: f"user=ada, {n}={v}, host=db1",
        "round brackets": lambda n, v: f"connect({n}={v})",
        "json": lambda n, v: json.dumps({"user": "ada", n: v, "ok": True}),
        "tight json": lambda n, v: json.dumps({n: v}, separators=(",", ":")),
        "json in json": lambda n, v: json.dumps({"body": json.dumps({n: v, "user": "ada"})}),
        "json in json in json": lambda n, v: json.dumps({"body": json.dumps({"body": json.dumps({n: v})})}),
        "cut json": lambda n, v: json.dumps({"user": "ada", n: v + "…"})[:-3],
        "repr of a dict": lambda n, v: repr({"user": "ada", n: v}),
        "repr of a repr": lambda n, v: repr(repr({n: v, "user": "ada"})),
        "repr of bytes": lambda n, v: repr({n: v.encode()}),
        "list in a dict": lambda n, v: repr({n: ["first", v]}),
        "dict in a dict": lambda n, v: repr({n: {"current": v}}),
        "dataclass": lambda n, v: f"Login(user='ada', {n}={v!r}, host='db1')",
        "code": lambda n, v: f'    connect(user, {n} = "{v}")',
        "ruby": lambda n, v: f'{{:{n}=>"{v}", :user=>"ada"}}',
        "rails": lambda n, v: f"user[name]=ada&user[{n}]={quote(v, safe='')}",
        "query": lambda n, v: f"GET /in?{urlencode({n: v, 'page': 2})} HTTP/1.1",
        "quoted query": lambda n, v: quote(f"/in?{n}={v}", safe=""),
        "xml": lambda n, v: f"<user>ada</user><{n}>{v}</{n}>",
        "html": lambda n, v: f"{{&quot;{n}&quot;: &quot;{v}&quot;}}",
        "option": lambda n, v: f"run --{n} {shlex.quote(v)} --user ada",
        "option, equals": lambda n, v: f"run --{n}={v} --user ada",
        "option in a list": lambda n, v: repr(["run", f"--{n}", v, "--user", "ada"]),
        "headers": lambda n, v: repr([("Accept", "*/*"), (n, v)]),
        "connection string": lambda n, v: f"Server=db1;User Id=ada;{n}={v};Encrypt=true",
        "environment": lambda n, v: f"export {n.upper()}={v}",
        "yaml": lambda n, v: f"user: ada\n{n}: {v}\nhost: db1",
    }
    for form, spell in spellings.items():
        for name in rng.sample(names, 5):
            plain = form in ("html", "xml", "cut json", "code", "ruby")
            value = _some(rng, 14) if plain else _password(rng)
            yield Plant(form, name, value, spell(name, value))
    for form in ("json", "repr of a dict", "json in json"):
        value = " ".join(_some(rng, 7) for _ in range(4)) + "\"'\\" + _some(rng, 4)
        yield Plant(f"{form}, with spaces and quotes", "passphrase", value, spellings[form]("passphrase", value))


def _shaped(rng: random.Random) -> Iterator[Plant]:
    """Secrets that their own form, a scheme or a tool gives away."""
    make: dict[str, Callable[[], tuple[str, str]]] = {}

    def add(form: str, value: Callable[[], str], text: str = "got {} here") -> None:
        def made() -> tuple[str, str]:
            secret = value()
            return secret, text.replace("{}", secret)

        make[form] = made

    add("jwt", lambda: _jwt(rng))
    add("cut jwt", lambda: _jwt(rng)[:-20])
    for form, prefix, size in [
        ("github", "ghp_", 36), ("github app", "ghs_", 36), ("github fine", "github_pat_", 60), ("gitlab", "glpat-",
        20),
        ("slack", "xoxb-", 40), ("stripe", "sk_live_", 24), ("stripe, restricted", "rk_live_", 24), ("npm", "npm_", 36),
        ("pypi", "pypi-", 80), ("google", "AIza", 35), ("google oauth", "ya29.", 60), ("hugging face", "hf_", 34),
        ("openai", "sk-", 40), ("google client", "GOCSPX-", 28), ("gitlab runner", "glrt-", 20), ("square",
        "sq0csp-", 43), ("groq", "gsk_", 52), ("vault", "hvs.", 90), ("grafana cloud", "glc_", 60), ("docker",
        "dckr_pat_", 27), ("linear", "lin_api_", 40), ("new relic", "NRAK-", 27), ("artifactory", "AKCp", 69),
    ]:  # fmt: skip
        add(form, lambda prefix=prefix, size=size: prefix + _some(rng, size))
    add("aws id", lambda: "AKIA" + _some(rng, 16, string.ascii_uppercase + string.digits))
    for form, before, size, after in [
        ("twilio", "SK", 32, ""), ("mailchimp", "", 32, "-us12"), ("databricks", "dapi", 32, ""),
        ("mailgun", "key-", 32, ""),
    ]:  # fmt: skip
        add(form, lambda before=before, size=size, after=after: before + _some(rng, size, "0123456789abcdef") + after)
    add("telegram", lambda: f"{_some(rng, 10, string.digits)}:{_some(rng, 35)}")
    add("discord", lambda: f"M{_some(rng, 23)}.{_some(rng, 6)}.{_some(rng, 38)}")
    add("azure", lambda: _some(rng, 86) + "==")
    add("slack webhook", lambda: _some(rng, 24), "https://hooks.slack.com/services/T0AB12CD3/B0EF45GH6/{}")
    add("sendgrid", lambda: f"SG.{_some(rng, 22)}.{_some(rng, 43)}")
    add("bearer", lambda: _some(rng, 24), "sent Bearer {} to api")
    add("bearer, small", lambda: _some(rng, 24), "sent bearer {} to api")
    add("basic", lambda: base64.b64encode(_some(rng, 17).encode()).decode(), "Proxy says: Basic {}")
    for header in ("Authorization", "Proxy-Authorization", "authorization"):
        add(f"{header}, bearer", lambda: _some(rng, 30), header + ": Bearer {}")
        add(f"{header}, unknown", lambda: f"{_some(rng, 9)} {_some(rng, 20)}", header + ": {}")
    add("authorization, aws", lambda: _some(rng, 64), "Authorization: AWS4-HMAC-SHA256 Credential=me/s3, Signature={}")
    add(
        "http dump", lambda: _some(rng, 24), "send: b'GET / HTTP/1.1\\r\\nAuthorization: Token {}\\r\\nHost: db1\\r\\n'"
    )
    add("headers, bytes", lambda: _some(rng, 24), "[(b'host', b'db1'), (b'authorization', b'Bearer {}')]")
    add("cookie", lambda: _some(rng, 24), "Cookie: theme=dark; sid={}; lang=en")
    add("cookie, equals", lambda: _some(rng, 24), "cookie=theme=dark; sid={}; lang=en")
    add("set-cookie", lambda: _some(rng, 24), "Set-Cookie: id={}; Path=/; HttpOnly")
    add("jar", lambda: _some(rng, 24), "cookies={'theme': 'dark', 'sid': '{}'}")
    add("session in url", lambda: _some(rng, 24), "/shop;jsessionid={}?page=2")
    for scheme in ("https", "postgres", "mysql+pymysql", "amqp", "redis", "mongodb"):
        add(f"login in {scheme}", lambda: _some(rng, 14), scheme + "://ada:{}@db1.example:5432/shop")
    add("login without user", lambda: _some(rng, 14), "redis://:{}@cache:6379/0")
    add("password with slash", lambda: f"{_some(rng, 7)}/{_some(rng, 7)}", "postgres://ada:{}@db1/shop")
    add("password with at", lambda: f"{_some(rng, 7)}@{_some(rng, 7)}", "https://ada:{}@db1/shop")
    for parameter in ("sig", "code", "X-Amz-Signature", "X-Amz-Security-Token", "key", "id_token", "signature"):
        add(f"?{parameter}=", lambda: _some(rng, 24), f"https://host/get?a=1&{parameter}={{}}&b=2")
    add("urllib3", lambda: _some(rng, 24), 'https://api.example:443 "GET /v1/me?access_token={} HTTP/1.1" 200 512')
    for form, text in {
        "mysql": "mysql -u root -p{} shop", "mysqldump": "mysqldump -h db1 -u root -p{} shop > dump",
        "mysql in a list": "['mysql', '-u', 'root', '-p{}', 'shop']", "sshpass": "sshpass -p {} ssh ada@db1",
        "curl": "curl -s -u ada:{} https://db1", "curl in a list": "['curl', '-u', 'ada:{}', 'https://db1']",
        "redis-cli": "redis-cli -h cache -a {} ping", "ldapsearch": "ldapsearch -x -D cn=ada -w {} -b dc=x",
        "docker": "docker login -u ada -p {} registry", "sqlcmd": "sqlcmd -S db1 -U sa -P {} -Q x",
        "unzip": "unzip -P {} a.zip", "7z": "7z x -p{} a.7z", "plink": "plink -pw {} ada@db1",
        "smbclient": "smbclient -U ada%{} //db1/c", "keytool": "keytool -storepass {} -list",
        "requests": "get('https://db1', auth=('ada', '{}'))", "phrase": "wrong password '{}' for ada",
    }.items():  # fmt: skip
        add(form, lambda: _some(rng, 14), text)
    add("jwt on its line", lambda: _jwt(rng), "first\n{}\nlast")
    add("github on its line", lambda: "ghp_" + _some(rng, 36), "first\n{}\nlast")
    add("aws id on its line", lambda: "AKIA" + _some(rng, 16, string.ascii_uppercase + string.digits), "first\n\t{}\n")
    add("bearer on its line", lambda: _some(rng, 24), "first\nBearer {}\nlast")
    add("card on its line", lambda: _card(rng, "55", 16), "first\n{}\nlast")
    for kind in ("RSA ", "", "EC ", "OPENSSH "):
        body = f"-----BEGIN {kind}PRIVATE KEY-----\n{{}}\n-----END {kind}PRIVATE KEY-----"
        add(f"pem {kind}", lambda: _some(rng, 200), f"loaded {body}")
        add(f"pem {kind}, one line", lambda: _some(rng, 200), f"loaded {body}".replace("\n", "\\n"))
        add(f"pem {kind}, cut", lambda: _some(rng, 200), f"loaded {body}"[:40])
    add("pem , cut", lambda: _some(rng, 200), "loaded -----BEGIN PRIVATE KEY-----\n{}")
    for issuer, prefix, size in (("visa", "4", 16), ("mastercard", "53", 16), ("amex", "37", 15), ("jcb", "3528", 16)):
        add(f"card {issuer}", lambda prefix=prefix, size=size: _card(rng, prefix, size), "paid with {} now")
    for form, made in make.items():
        for _ in range(2):
            value, text = made()
            if value in text:
                yield Plant(form, "", value, text)
    for sign in " -":
        digits = _card(rng, "4", 16)
        grouped = sign.join(digits[at : at + 4] for at in range(0, 16, 4))
        yield Plant(f"card in groups of {sign!r}", "", grouped, f"paid with {grouped} now")


def plants(seed: int = 20_26) -> list[Plant]:
    """Return the corpus: the same one for the same seed."""
    rng = random.Random(seed)
    return [*_named(rng), *_shaped(rng)]


class Shown:
    """An object of an application that shows a secret when it is printed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Shown({self.text})"


def _raise(error: BaseException) -> None:
    raise error


def _with_error(make: Callable[[], None]) -> Callable[[logging.Logger], None]:
    def log(logger: logging.Logger) -> None:
        try:
            make()
        except Exception:
            logger.exception("it failed")

    return log


def _cause(text: str) -> None:
    try:
        _raise(ValueError(text))
    except ValueError as error:
        raise RuntimeError("could not start") from error


def _context(text: str) -> None:
    try:
        _raise(ValueError(text))
    finally:
        _raise(KeyError("other"))


def _note(text: str) -> None:
    error = ValueError("bad")
    error.add_note(text)
    raise error


def _group(text: str) -> None:
    raise ExceptionGroup("many", [ValueError("one"), ValueError(text)])


def _source_line(text: str) -> None:
    """Fail on a line of code that shows the secret, as a traceback prints it."""
    name = "<a program>"
    code = f"1 / 0  # {text.replace(chr(10), ' ')}\n"
    linecache.cache[name] = (len(code), None, [code], name)
    exec(compile(code, name, "exec"), {})  # noqa: S102


def carriers(plant: Plant) -> Iterator[tuple[str, Callable[[logging.Logger], object]]]:
    """Yield each way to log a plant, with its name."""
    text, value, name = plant.text, plant.value, plant.name
    template = text.replace("%", "%%").replace(value.replace("%", "%%"), "%s")
    yield "message", lambda log: log.info(text)
    yield "argument", lambda log: log.info("got %s", text)
    yield "argument, repr", lambda log: log.info("got %r", Shown(text))
    yield "argument, bytes", lambda log: log.info("got %s", text.encode())
    yield "dict argument", lambda log: log.info("%(what)s done", {"what": "all", "other": text})
    yield "arguments that do not fit", lambda log: log.info("%d of %s", text)  # noqa: PLE1206
    yield "object as message", lambda log: log.info(Shown(text))
    if template.count("%s") == 1 and "%s" in template:
        yield "split over arguments", lambda log: log.info(template, value)
    yield "extra", lambda log: log.info("hi", extra={"detail": text})
    yield "extra, bytes", lambda log: log.info("hi", extra={"detail": text.encode()})
    yield "extra, object", lambda log: log.info("hi", extra={"detail": Shown(text)})
    yield "extra, nested", lambda log: log.info("hi", extra={"detail": {"list": [1, {"in": text}]}})
    yield "extra, name", lambda log: log.info("hi", extra={f"got {text}": 1})
    if name:
        yield "extra by name", lambda log: log.info("hi", extra={name: value})
        yield "extra by name, nested", lambda log: log.info("hi", extra={"http": {"headers": {name: value}}})
        yield "extra by name, list", lambda log: log.info("hi", extra={"headers": [["host", "db1"], [name, value]]})
        yield "extra by name, records", lambda log: log.info("hi", extra={"all": [{"name": name, "value": value}]})
        yield "extra by name, dotted", lambda log: log.info("hi", extra={f"labels.{name}": value})
        yield "extra by name, whole", lambda log: log.info("hi", extra={name: {"any": [value]}})
    yield "exception", _with_error(lambda: _raise(ValueError(text)))
    yield "exception, repr", lambda log: log.info("%r", ValueError(text))
    yield "cause", _with_error(lambda: _cause(text))
    yield "context", _with_error(lambda: _context(text))
    yield "note", _with_error(lambda: _note(text))
    yield "group", _with_error(lambda: _group(text))
    yield "source line", _with_error(lambda: _source_line(text))
    yield "stack", lambda log: log.handle(_stacked(log, text))
    yield "third-party logger", lambda log: log.getChild("urllib3.connectionpool").warning("Retrying: %s", text)


def _stacked(logger: logging.Logger, text: str) -> logging.LogRecord:
    stack = f'Stack (most recent call last):\n  File "a.py", line 1, in f\n    {text}'
    return logger.makeRecord(logger.name, logging.INFO, "a.py", 1, "hi", (), None, "f", None, stack)
