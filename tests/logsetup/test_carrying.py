from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from logdojo.errors import UsageError
from logdojo.logsetup import carrying
from logdojo.logsetup.carrying import ContextThread, ContextThreadPoolExecutor, carried, carry
from logdojo.logsetup.context import ContextFilter, bind, current, scope


@pytest.fixture(autouse=True)
def _no_ids() -> Iterator[None]:
    """Each test starts and ends without ids and without the patch."""
    with scope(user="", session="", transaction="", trace=""):
        yield
    carrying.uninstall()


def ids() -> dict[str, str]:
    return dict(current())


def who() -> str:
    return current().get("user.id", "")


class Recorder(logging.Handler):
    """Keeps the message and the user of each record, as a handler in the logging thread sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(ContextFilter())
        self.seen: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note what the formatter would see."""
        self.seen.append((record.getMessage(), str(vars(record).get("user.id", ""))))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    handler = Recorder()
    logger = logging.getLogger("test_carrying")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def work(name: str) -> None:
    """Log as a request's code does, and leave an id bound behind."""
    for _ in range(3):
        logging.getLogger("test_carrying").info("%s", name)
    bind(user="left behind")


def test_a_carried_function_runs_with_the_ids_of_then():
    """carry() keeps the ids of the moment it is called, however often and wherever the function runs later."""
    with scope(user="ada", trace="t1"):
        function = carry(ids)
    with scope(user="ben"):
        assert function() == function() == {"user.id": "ada", "trace.id": "t1"}
        assert who() == "ben"


def test_arguments_results_and_errors_pass_through():
    """A carried function takes what the function takes, and gives or raises what it gives or raises."""
    assert carry(int)("11", base=2) == 3
    with pytest.raises(ValueError, match="ten"):
        carry(int)("ten")


def test_what_a_call_binds_ends_with_it():
    """Ids bound by one call are neither the caller's nor the next call's."""
    with scope(user="ada"):
        function = carry(work)
        function("x")
        assert who() == "ada"
        assert carry(who)() == "ada"


def test_one_carried_function_runs_in_many_threads_at_once():
    """Calls that overlap each have their own copy of the context: none raises that it is entered already."""
    together = threading.Barrier(8)
    seen: list[str] = []

    def meet() -> None:
        together.wait(timeout=10)
        seen.append(who())

    with scope(user="ada"):
        function = carry(meet)
    threads = [threading.Thread(target=function) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["ada"] * 8


def test_a_context_thread_starts_with_the_ids_of_its_start():
    """The ids are those of start(), not those of the thread's making; run() may be overridden."""
    seen: list[str] = []

    class Own(ContextThread):
        def run(self) -> None:
            seen.append(who())

    with scope(user="ada"):
        threads = [ContextThread(target=lambda: seen.append(who())), Own()]
    with scope(user="ben"):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["ben", "ben"]


def test_a_context_thread_starts_once_and_can_be_forgotten():
    """A second start() fails as ever, and a finished thread is not kept alive by what carried its ids."""
    thread = ContextThread(target=lambda: None)
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError):
        thread.start()
    assert "run" not in vars(thread)
    gone = weakref.ref(thread)
    del thread
    gc.collect()
    assert gone() is None


def test_a_pool_gives_each_task_its_submitters_ids(recorder: Recorder):
    """200 requests over 4 threads: each record has its request's user, though tasks leave ids bound behind."""
    with ContextThreadPoolExecutor(4) as pool:
        for number in range(200):
            with scope(user=f"u{number}"):
                pool.submit(work, f"u{number}")
        left = pool.submit(who)
    assert len(recorder.seen) == 600
    assert all(message == user for message, user in recorder.seen)
    assert left.result() == ""


def test_a_plain_pool_loses_them(recorder: Recorder):
    """The same without carrying, so that the test above tests something: ids are lost, then a stranger's appear."""
    with ThreadPoolExecutor(1) as pool:
        for number in range(2):
            with scope(user=f"u{number}"):
                pool.submit(work, f"u{number}").result()
    assert [user for _, user in recorder.seen] == [""] * 3 + ["left behind"] * 3


def test_any_executor_can_be_wrapped():
    """carried(executor) submits, maps and shuts down through the executor inside."""
    inner = ThreadPoolExecutor(2)
    with carried(inner) as pool, scope(user="ada"):
        assert pool.submit(who).result() == "ada"
        assert list(pool.map(lambda _: who(), range(3), timeout=10)) == ["ada"] * 3
    with pytest.raises(RuntimeError):
        inner.submit(who)


def test_an_event_loops_executors_carry(recorder: Recorder):
    """run_in_executor with a carrying pool, as default too, and asyncio.to_thread give each call its task's ids."""

    async def serve(name: str, pool: ContextThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        with scope(user=name):
            await loop.run_in_executor(pool, work, name)
            await loop.run_in_executor(None, work, name)
            await asyncio.to_thread(work, name)
            await loop.run_in_executor(None, carry(work), name)

    async def all_of_them() -> None:
        asyncio.get_running_loop().set_default_executor(ContextThreadPoolExecutor(2))
        with ContextThreadPoolExecutor(2) as pool:
            await asyncio.gather(*(serve(f"u{number}", pool) for number in range(20)))

    asyncio.run(all_of_them())
    assert len(recorder.seen) == 20 * 4 * 3
    assert all(message == user for message, user in recorder.seen)


def test_a_thousand_interleaved_tasks_keep_their_ids(recorder: Recorder):
    """1,000 asyncio tasks that take turns between their records: every record has its own task's user."""

    async def serve(name: str) -> None:
        with scope(user=name):
            for _ in range(3):
                await asyncio.sleep(0)
                logging.getLogger("test_carrying").info("%s", name)

    async def all_of_them() -> None:
        await asyncio.gather(*(serve(f"u{number}") for number in range(1_000)))

    asyncio.run(all_of_them())
    assert len(recorder.seen) == 3_000
    assert all(message == user for message, user in recorder.seen)
    # They did take turns: otherwise nothing could have been mixed up.
    assert [user for _, user in recorder.seen[:3]] == ["u0", "u1", "u2"]


def test_what_would_run_later_is_refused():
    """A coroutine function and a generator function name themselves in the error: their bodies run after the call."""

    async def coroutine() -> None:
        """Do nothing."""

    def generator() -> Iterator[int]:
        yield 1

    for function in (coroutine, generator):
        with pytest.raises(UsageError, match=function.__name__):
            carry(function)


def test_pickled_it_is_function_and_ids():
    """Only plain text travels with the function, and it arrives with the ids alone, whatever is bound there."""
    with scope(user="ada", trace="t1"):
        sent = pickle.dumps(carry(dict))
        assert pickle.loads(sent).ids == {"user.id": "ada", "trace.id": "t1"}  # noqa: S301  # our own bytes
    with scope(user="ada"):
        sent = pickle.dumps(carry(current))
    with scope(user="ben", session="s9"):
        assert dict(pickle.loads(sent)()) == {"user.id": "ada"}  # noqa: S301  # our own bytes


PROCESSES = """
import json, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from logdojo.logsetup.carrying import carried, carry
from logdojo.logsetup.context import bind, current, scope

def serve(name):
    seen = name, current().get("user.id", ""), current().get("trace.id", "")
    bind(user="left behind", session="left behind")
    return seen

def tell(queue, name):
    queue.put(serve(name))

if __name__ == "__main__":
    seen = []
    for method in sys.argv[1:]:
        processes = multiprocessing.get_context(method)
        with carried(ProcessPoolExecutor(2, mp_context=processes)) as pool:
            futures = []
            for number in range(20):
                with scope(user=f"u{number}", trace=f"u{number}"):
                    futures.append(pool.submit(serve, f"u{number}"))
            seen += [future.result(60) for future in futures]
            with scope(user="m", trace="m"):
                seen += pool.map(serve, ["m"] * 10, chunksize=3)
        with processes.Pool(1) as pool, scope(user="p", trace="p"):
            seen += pool.map(carry(serve), ["p"] * 4)
        queue = processes.Queue()
        with scope(user="q", trace="q"):
            process = processes.Process(target=carry(tell), args=(queue, "q"))
            process.start()
        seen.append(queue.get(timeout=60))
        process.join()
    print(json.dumps(seen))
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_ids_reach_other_processes(method: str, tmp_path: Path):
    """Process pools, Pool and Process: every task sees its submitter's ids, and none that an earlier task bound."""
    script = tmp_path / "processes.py"
    script.write_text(PROCESSES, encoding="utf-8")
    done = subprocess.run([sys.executable, script, method], capture_output=True, text=True, check=True, timeout=120)
    seen = json.loads(done.stdout)
    assert len(seen) == 35
    assert all(name == user == trace for name, user, trace in seen)


def test_installed_every_thread_starts_with_its_creators_ids(recorder: Recorder):
    """install() covers plain threads, timers, subclasses and plain pools; a pool's threads keep no request's ids."""
    carrying.install()
    carrying.install()
    with ThreadPoolExecutor(2) as pool:
        for number in range(50):
            with scope(user=f"u{number}"):
                threads = [
                    threading.Thread(target=work, args=(f"u{number}",)),
                    threading.Timer(0, work, [f"u{number}"]),
                ]
                for thread in threads:
                    thread.start()
                pool.submit(work, f"u{number}")
            for thread in threads:
                thread.join()
        left = pool.submit(who)
    assert len(recorder.seen) == 450
    assert all(message == user for message, user in recorder.seen)
    assert left.result() == ""


def test_installed_a_thread_pools_workers_have_no_strangers_ids():
    """The workers of multiprocessing's ThreadPool serve everybody: they start without ids, as without install()."""
    carrying.install()
    with scope(user="ada"), ThreadPool(1) as pool:
        assert pool.apply(who) == ""
        assert pool.apply(carry(who)) == "ada"


def test_uninstall_puts_the_originals_back():
    """After uninstall() the very functions of before are in place, and threads start without ids again."""
    before = threading.Thread.start, ThreadPoolExecutor.submit
    carrying.install()
    assert threading.Thread.start is not before[0]
    carrying.uninstall()
    carrying.uninstall()
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before
    seen: list[str] = []
    with scope(user="ada"):
        thread = threading.Thread(target=lambda: seen.append(who()))
        thread.start()
        thread.join()
    assert seen == [""]
