"""What redaction costs: on clean records, on dirty ones, and beside seven regular expressions over the line.

CPU time, the least of many rounds. The baseline is what a team writes in an afternoon: one ``sub`` for each kind of
secret, over the whole line; it misses most spellings that ``tests/logsetup/redaction/corpus.py`` plants.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable

from logdojo.logsetup.redaction import RedactionFilter, Redactor, prefilter

_BASELINE = [
    re.compile(pattern)
    for pattern in (
        r"(?i)\b(?:password|passwd|pwd|secret|token|api[_-]?key)\"?\s*[=:]\s*\"?[^\s\",]+",
        r"(?i)\bauthorization\"?\s*[=:]\s*\"?(?:basic|bearer)\s+[^\s\"]+",
        r"\beyJ[\w-]+\.[\w-]+\.[\w-]+",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
        r"://[^\s:/@]+:[^\s/@]+@",
        r"\b(?:\d[ -]?){13,16}\b",
    )
]
_ROUNDS = 60
_CALLS = 1000


def _line(message: str, **more: object) -> bytes:
    fields = {
        "@timestamp": "2026-11-24T13:56:00.123Z",
        "log.level": "info",
        "message": message,
        "log.logger": "shop.payment",
        "log.origin.file.name": "payment.py",
        "log.origin.file.line": 112,
        "log.origin.function": "charge",
        "process.pid": 31337,
        "process.thread.name": "MainThread",
        "ecs.version": "8.17.0",
        "service.name": "shop",
        **more,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def _microseconds(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(_CALLS):
            call()
        best = min(best, time.process_time() - start)
    return best / _CALLS * 1e6


def _baseline(line: str) -> str:
    for pattern in _BASELINE:
        line = pattern.sub("[redacted]", line)
    return line


def _clean_table(redactor: Redactor) -> None:
    order = "order 17 of customer 4711 was paid in 0.31 s over gateway eu-west-3"
    ids = {"user.id": "u-10", "session.id": "s-77", "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    lines = {
        "a clean line": _line(order),
        "with ids of its context": _line(order, **ids),
        "only what varies of it": json.dumps({"message": order, **ids}, separators=(",", ":")).encode(),
        "with words that sound like it": _line(
            "task stack socket checked, request from 10.1.2.3:8080 had no token yet"
        ),
    }
    print(f"{'clean lines, µs':<32}{'bytes':>7}{'prefilter':>11}{'Redactor':>10}{'seven regexes':>15}")
    for name, line in lines.items():
        assert redactor.clean(line)
        text = line.decode()
        alone = _microseconds(lambda line=line: prefilter.clean(line))
        whole = _microseconds(lambda line=line: redactor.clean(line))
        plain = _microseconds(lambda text=text: _baseline(text))
        print(f"{name:<32}{len(line):>7}{alone:>11.2f}{whole:>10.2f}{plain:>15.2f}")


def _dirty_table(redactor: Redactor) -> None:
    secret = "Zk9x" + "Qw3Er7"
    messages = {
        "name=value": f"login failed, password={secret} for ada",
        "URL": f"GET https://ada:{secret}@db1/shop?access_token={secret}&page=2",
        "JSON in the message": json.dumps({"user": "ada", "password": secret, "n": 1}),
    }
    print(f"\n{'dirty records, µs':<32}{'clean':>7}{'fields':>9}{'seven regexes':>15}")
    for name, message in messages.items():
        line = _line(message)
        fields = json.loads(line)
        assert secret not in str(redactor.fields(fields))
        text = line.decode()
        seen = _microseconds(lambda line=line: redactor.clean(line))
        done = _microseconds(lambda fields=fields: redactor.fields(fields))
        print(f"{name:<32}{seen:>7.2f}{done:>9.2f}{_microseconds(lambda text=text: _baseline(text)):>15.2f}")


def _filter_table(redactor: Redactor) -> None:
    redaction = RedactionFilter(redactor)

    def filtered(extra: dict[str, object]) -> float:
        record = logging.LogRecord("shop", 20, "a.py", 1, "order %d of %s was paid", (17, "ada"), None)
        vars(record).update(extra)
        return _microseconds(lambda: redaction.filter(record))

    print(f"\n{'RedactionFilter, clean, µs':<32}{filtered({}):>7.2f}")
    print(f"{'with two extras':<32}{filtered({'user': 'ada', 'amount': 12}):>7.2f}")


def _hostile_table(redactor: Redactor) -> None:
    units = ["a=a=a=", "password='", "\\", '"', "token=[", "://a:b@", "mysql -p", "cookie=a;", "4 ", "eyJ."]
    seconds: list[tuple[float, float, str]] = []
    for unit in units:
        times: list[float] = []
        for size in (250_000, 1_000_000):
            text = (unit * size)[:size]
            start = time.process_time()
            redactor.text(text)
            times.append(time.process_time() - start)
        seconds.append((times[1], times[1] / max(times[0], 1e-6), unit))
    print("\nhostile text of 1 MB, the slowest: seconds, growth from a quarter (4 is linear)")
    for spent, growth, unit in sorted(seconds, reverse=True)[:4]:
        print(f"  {unit!r:<14}{spent:>6.2f}{growth:>6.1f}")


def main() -> None:
    """Print microseconds a record, and seconds for a megabyte of hostile text."""
    redactor = Redactor()
    _clean_table(redactor)
    _dirty_table(redactor)
    _filter_table(redactor)
    _hostile_table(redactor)


if __name__ == "__main__":
    main()
