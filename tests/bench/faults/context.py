"""Threads, executors, asyncio tasks, forked and spawned processes: the share of records with the right ids."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import multiprocessing
import random
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.bench.faults.writers import JsonFormatter

REQUESTS = 200
LINES = 5

Bind = Callable[[str], object]
Carry = Callable[[Callable[[], object]], Callable[[], object]]
Way = Callable[[str, Path, Bind, Carry], None]


class _IdOf(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.ids = _request.get()
        return True


_request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="")


def _stdlib(path: Path) -> tuple[Bind, Carry]:
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_IdOf())
    logging.getLogger("bench").handlers[:] = [handler]
    logging.getLogger("bench").setLevel(logging.INFO)
    return _request.set, lambda work: work


def _logdojo(path: Path) -> tuple[Bind, Carry]:
    from logdojo.logsetup import LogSettings, bind, setup
    from logdojo.logsetup.carrying import carry

    setup(LogSettings(console=False, file=path))
    return lambda request: bind(transaction=request), carry


SIDES = {"logdojo": _logdojo, "stdlib filter + contextvar": _stdlib}


def _work(request: str) -> None:
    for step in range(LINES):
        logging.getLogger("bench").info("request %s step %d", request, step)
        time.sleep(0.0001)


def right(side: str, way: str) -> float:
    """Return the share of records whose id is that of the request in their message."""
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "app.jsonl"
        process = multiprocessing.get_context("spawn").Process(target=_run, args=(side, way, path))
        process.start()
        process.join()
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        good = sum(line["message"].split()[1] == line.get("transaction.id", line.get("ids")) for line in lines)
        return good / (REQUESTS * LINES)


def _run(side: str, way: str, path: Path) -> None:
    bind, carry = SIDES[side](path)
    WAYS[way](side, path, bind, carry)
    logging.shutdown()


def _threads(_: str, __: Path, bind: Bind, carry: Carry) -> None:
    threads = []
    for number in range(REQUESTS):
        bind(f"r{number}")
        threads.append(threading.Thread(target=carry(partial(_work, f"r{number}"))))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _executor(_: str, __: Path, bind: Bind, carry: Carry) -> None:
    with ThreadPoolExecutor(8) as pool:
        _submit(pool, bind, carry)


def _tasks(_: str, __: Path, bind: Bind, ___: Carry) -> None:
    async def request(number: int) -> None:
        bind(f"r{number}")
        for step in range(LINES):
            await asyncio.sleep(random.Random(number + step).random() / 1000)
            logging.getLogger("bench").info("request r%d step %d", number, step)

    async def serve() -> None:
        await asyncio.gather(*(request(number) for number in range(REQUESTS)))

    asyncio.run(serve())


def _processes(method: str) -> Way:
    def way(side: str, path: Path, bind: Bind, carry: Carry) -> None:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(4, mp_context=context, initializer=_set_up, initargs=(side, method, path)) as pool:
            _submit(pool, bind, carry)

    return way


def _set_up(side: str, method: str, path: Path) -> None:
    """Set logging up in a spawned process, as its main program would; a forked one has inherited it."""
    if method == "spawn":
        SIDES[side](path)


def _submit(pool: Executor, bind: Bind, carry: Carry) -> None:
    waiting = []
    for number in range(REQUESTS):
        bind(f"r{number}")
        waiting.append(pool.submit(carry(partial(_work, f"r{number}"))))
    for each in waiting:
        each.result()


WAYS: dict[str, Way] = {
    "threads": _threads,
    "executor": _executor,
    "asyncio": _tasks,
    "fork": _processes("fork"),
    "spawn": _processes("spawn"),
}
