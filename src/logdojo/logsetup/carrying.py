"""The ids of an event, carried along where Python does not: into threads, executors and other processes.

    asyncio tasks, asyncio.to_thread        inherit by themselves
    threading.Thread                        ContextThread, or Thread(target=carry(function))
    ThreadPoolExecutor, run_in_executor     ContextThreadPoolExecutor, or carried(executor)
    ProcessPoolExecutor, Pool, Process      carried(executor), or carry(function): spawn, forkserver and fork
    code that makes its own threads         install(), once in the main program; off by default

Work always runs in a copy of the context, a new one for each call: what it binds ends with it, so that a pool's thread
never brings one request's ids to the next. For ids that cross processes over HTTP, see ``traceparent``.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any, Final, Generic, ParamSpec, TypeVar

from logdojo.errors import UsageError
from logdojo.logsetup.context import ECS_NAMES, bind, current

P = ParamSpec("P")
R = TypeVar("R")

_POOL_THREADS: Final = "multiprocessing.dummy"
"""The module of the threads of ``multiprocessing.pool.ThreadPool``, which outlive whoever made them."""


class Carried(Generic[P, R]):
    """A function with the context it is to run in; made by ``carry``.

    Inside this process the whole context is carried, also what other libraries keep there. Pickled, only the function
    and the ids travel, as plain text.
    """

    __slots__ = ("_context", "function", "ids")

    def __init__(self, function: Callable[P, R], context: Context, ids: Mapping[str, str]) -> None:
        self.function = function
        self.ids = dict(ids)
        self._context = context

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function in a copy of the context."""
        # A Context can be entered by one thread at a time: a copy for each call lets calls run side by side.
        return self._context.copy().run(self.function, *args, **kwargs)

    def __reduce__(self) -> tuple[Callable[..., Carried[P, R]], tuple[Callable[P, R], dict[str, str]]]:
        return _arrived, (self.function, self.ids)


def carry(function: Callable[P, R]) -> Carried[P, R]:
    """Return ``function``, to be called anywhere and any number of times, in a copy of the context of now.

    Raises:
        UsageError: the function is a coroutine function or a generator function, whose body would run only after the
            call, in the context of whoever awaits or iterates it.
    """
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(
            f"{_name(function)}: a coroutine is not carried by calling its function",
            hint="make a task of it inside the scope: a task keeps the ids it was made with",
        )
    if inspect.isgeneratorfunction(function):
        raise UsageError(
            f"{_name(function)}: a generator's body runs when it is iterated, not when it is called",
            hint="carry the function that iterates it",
        )
    return _carried(function)


class ContextThread(threading.Thread):
    """A thread that runs in a copy of the context in which ``start()`` is called."""

    def start(self) -> None:
        """Start the thread with the ids of now."""
        _start(self, super().start)


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A thread pool in which each task runs in a copy of the context in which it was submitted.

    Also good as an event loop's default executor, for ``loop.run_in_executor(None, …)``.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Submit a task with the ids of now; ``map`` does the same."""
        return _submit(super().submit, fn, args, kwargs)


class CarryingExecutor(Executor):
    """An executor, of threads or of processes, whose tasks get their submitter's ids; made by ``carried``."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Submit a task with the ids of now."""
        return _submit(self.executor.submit, fn, args, kwargs)

    def map(
        self,
        fn: Callable[..., R],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[R]:
        """Map with the ids of now, in chunks where the executor inside makes use of them."""
        return self.executor.map(_carried(fn), *iterables, timeout=timeout, chunksize=chunksize)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the executor inside down."""
        self.executor.shutdown(wait, cancel_futures=cancel_futures)


def carried(executor: Executor) -> CarryingExecutor:
    """Return an executor that works in ``executor`` and carries the ids of each task's submitter.

    For a process pool the tasks' functions must be picklable, as ever.
    """
    return CarryingExecutor(executor)


_plain: dict[str, Callable[..., Any]] = {}
"""What ``install`` has replaced; empty while it is not in force."""


def install() -> None:
    """Let every thread start with its creator's ids, and every thread pool's task with its submitter's.

    Replaces ``threading.Thread.start`` and ``ThreadPoolExecutor.submit`` in this process, for libraries that make their
    own threads. Called by the application alone, once, before those threads start; a second call does nothing. A thread
    keeps the ids it started with: one that serves many requests (a hand-made worker on a queue) must be given each
    request's by ``scope`` or ``carry``. The threads of ``multiprocessing.pool.ThreadPool`` are such workers and start
    without ids, since none is better than a stranger's.
    """
    if _plain:
        return
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    _plain.update(start=start, submit=submit)

    def carrying_start(self: threading.Thread) -> None:
        if type(self).__module__ == _POOL_THREADS:
            start(self)
        else:
            _start(self, lambda: start(self))

    def carrying_submit(
        self: ThreadPoolExecutor, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        # The pool's thread outlives the task for which it is started: it gets no ids of its own.
        return _submit(lambda *given, **named: Context().run(submit, self, *given, **named), fn, args, kwargs)

    vars_of: Any = threading.Thread
    vars_of.start = carrying_start
    vars_of = ThreadPoolExecutor
    vars_of.submit = carrying_submit


def uninstall() -> None:
    """Take back what ``install`` replaced; does nothing when it is not in force."""
    if not _plain:
        return
    threads: Any = threading.Thread
    pools: Any = ThreadPoolExecutor
    threads.start, pools.submit = _plain["start"], _plain["submit"]
    _plain.clear()


def _carried(function: Callable[P, R]) -> Carried[P, R]:
    # A task that is carried twice (a carried function in a carrying pool) keeps the context it was given first.
    return function if isinstance(function, Carried) else Carried(function, copy_context(), current())


def _submit(submit: Callable[..., Future[R]], function: Callable[P, R], args: Any, kwargs: Any) -> Future[R]:
    return submit(_carried(function), *args, **kwargs)


def _start(thread: threading.Thread, start: Callable[[], None]) -> None:
    """Start ``thread`` so that its run(), whatever subclass it comes from, runs in a copy of this context."""
    context, run = copy_context(), thread.run
    attributes = vars(thread)
    before = attributes.get("run")

    def put_back() -> None:
        if before is None:
            attributes.pop("run", None)
        else:
            attributes["run"] = before

    def run_in_context() -> None:
        put_back()
        context.run(run)

    attributes["run"] = run_in_context
    try:
        start()
    except BaseException:
        put_back()
        raise


def _arrived(function: Callable[P, R], ids: Mapping[str, str]) -> Carried[P, R]:
    """Make the carried function anew in the process it was sent to."""
    context = copy_context()
    context.run(bind, **{short: ids.get(name, "") for short, name in ECS_NAMES.items()})
    return Carried(function, context, ids)


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__qualname__", repr(function))
