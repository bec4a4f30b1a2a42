"""What one record costs: a JSON line in a file, with ids of its context and its place in the code, safe from kill -9.

    python -m tests.bench.logging

Every variant logs the same call through its own front door, into a file opened for appending, in fresh processes that
take turns; figures are medians of CPU time. What the variants write differs, as their users get it: the size of the
line stands beside each.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.fresh import medians, micros

IDS = {"user.id": "ada", "session.id": "9f86d081884c7d65", "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736"}
LOGGER = "shop.payment"
_IDS_OF_CONTEXT: ContextVar[Mapping[str, str]] = ContextVar("ids", default=IDS)
MAX_MICROS = 8.0
MAX_REDACTION_MICROS = 2.5
MAX_CHAIN_MICROS = 1.5
MIN_VERIFIED = 500_000
RECORDS_VERIFIED = 300_000


def _calls(logger: logging.Logger) -> Callable[[int], None]:
    def call(n: int) -> None:
        info = logger.info
        for i in range(n):
            info("order %d paid by %s", i, "card")

    return call


def _stdlib(handler: logging.Handler) -> Callable[[int], None]:
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return _calls(logger)


class _Ids(logging.Filter):
    """The recipe of the logging cookbook: a filter that adds what a context variable holds."""

    def filter(self, record: logging.LogRecord) -> bool:
        vars(record).update(_IDS_OF_CONTEXT.get())
        return True


class _JsonFormatter(logging.Formatter):
    """The formatter that a team writes in an afternoon, with the fields that logdojo writes."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps(
            {
                "@timestamp": moment.replace("+00:00", "Z"),
                "log.level": record.levelname.lower(),
                "message": record.getMessage(),
                "log.logger": record.name,
                "log.origin.file.name": record.filename,
                "log.origin.file.line": record.lineno,
                "log.origin.function": record.funcName,
                "process.pid": record.process,
                "process.thread.name": record.threadName,
                "ecs.version": "8.17.0",
                "service.name": "shop",
                **{name: vars(record)[name] for name in IDS},
            }
        )


def _logdojo(
    file: Path, *, redact: bool = False, linked: bool = False, rotating: bool = False
) -> Callable[[int], None]:
    """Make what setup() makes, with one part more at a time, so that the price of each can be told."""
    from logdojo.logsetup import bind, records
    from logdojo.logsetup.assembly import json_formatter
    from logdojo.logsetup.files.handler import LogFileHandler
    from logdojo.logsetup.files.rotation import Rotation
    from logdojo.logsetup.integrity.chain import Chain

    bind(user=IDS["user.id"], session=IDS["session.id"], trace=IDS["trace.id"])
    records.install()
    chain = Chain() if linked else None
    handler = LogFileHandler(file, chain=chain, rotation=Rotation(8_000_000 if rotating else 0))
    handler.setFormatter(json_formatter("shop", redact=redact))
    return _stdlib(handler)


def _plain_records(file: Path) -> Callable[[int], None]:
    call = _logdojo(file)
    from logdojo.logsetup import records

    records.uninstall()
    return call


def _setup(file: Path) -> Callable[[int], None]:
    from logdojo.logsetup import LogSettings, bind, setup

    bind(user=IDS["user.id"], session=IDS["session.id"], trace=IDS["trace.id"])
    setup(LogSettings(console=False, file=file, service="shop", max_bytes=8_000_000))
    return _calls(logging.getLogger(LOGGER))


def _stdlib_json(file: Path) -> Callable[[int], None]:
    handler = logging.FileHandler(file)
    handler.setFormatter(_JsonFormatter())
    handler.addFilter(_Ids())
    return _stdlib(handler)


def _python_json_logger(file: Path, module: str = "json") -> Callable[[int], None]:
    import importlib

    formatter = importlib.import_module(f"pythonjsonlogger.{module}")
    fields = "{asctime}{levelname}{name}{message}{filename}{lineno}{funcName}{process}{threadName}"
    made = (formatter.JsonFormatter if module == "json" else formatter.OrjsonFormatter)(fields, style="{")
    handler = logging.FileHandler(file)
    handler.setFormatter(made)
    handler.addFilter(_Ids())
    return _stdlib(handler)


def _ecs_logging(file: Path) -> Callable[[int], None]:
    import ecs_logging

    handler = logging.FileHandler(file)
    handler.setFormatter(ecs_logging.StdlibFormatter())
    handler.addFilter(_Ids())
    return _stdlib(handler)


def _loguru(file: Path) -> Callable[[int], None]:
    from loguru import logger

    logger.remove()
    logger.add(file, serialize=True, diagnose=False)
    logger.configure(extra=dict(IDS))

    def call(n: int) -> None:
        info = logger.info
        for i in range(n):
            info("order {} paid by {}", i, "card")

    return call


VARIANTS: dict[str, Callable[[Path], Callable[[int], None]]] = {
    "logdojo": _logdojo,
    "logdojo, records of the standard library": _plain_records,
    "logdojo + rotation": lambda file: _logdojo(file, rotating=True),
    "logdojo + redaction": lambda file: _logdojo(file, redact=True),
    "logdojo + chain": lambda file: _logdojo(file, linked=True),
    "logdojo, setup(): rotation and redaction": _setup,
    "stdlib FileHandler + json.dumps": _stdlib_json,
    "python-json-logger": _python_json_logger,
    "python-json-logger, orjson": lambda file: _python_json_logger(file, "orjson"),
    "Loguru serialize": _loguru,
    "ecs-logging": _ecs_logging,
}


def _disabled(file: Path, *, set_up: bool) -> Callable[[int], None]:
    if set_up:
        _logdojo(file)
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)

    def call(n: int) -> None:
        debug = logger.debug
        for _ in range(n):
            debug("x")

    return call


DISABLED = {
    "disabled call, stdlib alone": lambda file: _disabled(file, set_up=False),
    "disabled call, logdojo set up": lambda file: _disabled(file, set_up=True),
}


def one(variant: str, folder: Path) -> dict[str, float]:
    """Return the figures of one variant, measured in this process."""
    file = folder / "app.jsonl"
    if variant in DISABLED:
        return {"micros": micros(DISABLED[variant](file), batch=50_000)}
    if variant == "verify":
        return {"rate": _verify_rate(file)}
    call = VARIANTS[variant](file)
    cost = micros(call)
    with file.open("rb") as lines:
        size = len(lines.readline())
    return {"micros": cost, "bytes": size}


def _verify_rate(log: Path) -> float:
    """Return records verified in one second of CPU time, in a sealed log of two writers."""
    from tests.bench.integrity import LINE

    from logdojo.logsetup.integrity import Chain, Sealer, verify
    from logdojo.logsetup.integrity.keys import new_signing_key

    chains, key = (Chain(), Chain()), new_signing_key()
    log.write_bytes(b"".join(chains[i % 2].link(LINE) + b"\n" for i in range(RECORDS_VERIFIED)))
    Sealer(log, key).checkpoint()
    start = time.process_time()
    report = verify(log, [key.public])
    spent = time.process_time() - start
    assert report.intact, report
    return RECORDS_VERIFIED / spent


def main() -> None:
    """Print cost, ratio and size of each variant, and the goals with what was reached."""
    measured = medians("tests.bench.logging", [*VARIANTS, *DISABLED, "verify"])
    ours = measured["logdojo"]["micros"]
    print(f"{'variant':<44}{'µs/record':>10}{'ratio':>8}{'bytes':>8}")
    for name in VARIANTS:
        cost, size = measured[name]["micros"], measured[name]["bytes"]
        print(f"{name:<44}{cost:>10.2f}{cost / ours:>8.2f}{size:>8.0f}")
    idle, busy = (measured[name]["micros"] * 1e3 for name in DISABLED)
    print(f"disabled call: stdlib {idle:.0f} ns, with logdojo set up {busy:.0f} ns, ratio {busy / idle:.2f}")
    redaction = measured["logdojo + redaction"]["micros"] - ours
    chain = measured["logdojo + chain"]["micros"] - ours
    print(f"goal: {ours:.2f} µs a record, at most {MAX_MICROS}")
    print(f"goal: redaction {redaction:.2f} µs on a clean record, at most {MAX_REDACTION_MICROS}")
    print(f"goal: chain {chain:.2f} µs a record, at most {MAX_CHAIN_MICROS}")
    print(f"goal: {measured['verify']['rate']:,.0f} records verified a second, at least {MIN_VERIFIED:,}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
