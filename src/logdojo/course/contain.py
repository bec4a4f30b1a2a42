"""Run a learner's code with a time limit, silenced, and with logging put back as it was.

On the main thread of a POSIX process the limit is a timer signal, which also ends code that catches everything.
Elsewhere (Windows, another thread) a watcher thread raises the limit asynchronously in the running one, which stops
plain Python code but neither a call that waits in C nor a loop that catches everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.25
"""The limit is raised again at this interval, for code that catches everything."""


class TimeLimitError(BaseException):
    """Code took longer than it may; not an ``Exception``, so that ``except Exception`` does not stop it."""


@dataclass(slots=True)
class Outcome:
    """Whether contained code ran out of time."""

    ran_out: bool = field(default=False)

    def is_limit(self, error: BaseException) -> bool:
        """Tell whether ``error`` is the time limit itself."""
        return isinstance(error, TimeLimitError)


class _Sink(io.TextIOBase):
    """A text stream that forgets: a loop that prints for seconds must not fill the memory."""

    def writable(self) -> bool:
        """Say that writing is fine."""
        return True

    def write(self, text: str, /) -> int:
        """Take ``text`` and forget it."""
        return len(text)


@contextlib.contextmanager
def contained(seconds: float) -> Iterator[Outcome]:
    """Stop the block after ``seconds``, swallow what it prints, and put logging back afterwards.

    The block must let ``TimeLimitError`` pass; it ends here, and ``ran_out`` of the outcome then says so.
    """
    outcome = Outcome()
    with _silent(), _same_logging(), time_limit(seconds, outcome):
        yield outcome


@contextlib.contextmanager
def time_limit(seconds: float, outcome: Outcome) -> Iterator[None]:
    """Stop the block after ``seconds`` and note it in ``outcome``."""
    on_main = threading.current_thread() is threading.main_thread()
    timer = _signal_timer if on_main and hasattr(signal, "setitimer") else _thread_timer
    try:
        with timer(seconds):
            yield
    except TimeLimitError:
        outcome.ran_out = True


@contextlib.contextmanager
def _signal_timer(seconds: float) -> Iterator[None]:
    running = True
    fired = 0
    traced = sys.gettrace()

    def strike(frame: FrameType, event: str, arg: object) -> Any:  # noqa: ARG001, a trace function's own signature
        if event == "line":
            raise TimeLimitError
        return strike

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001, a signal handler's own signature
        nonlocal fired
        if not running:
            return
        fired += 1
        if fired > 1 and frame is not None:
            # The code caught the limit and went on: let its next line, in the `except` block, raise it again.
            frame.f_trace = strike
            sys.settrace(strike)
        raise TimeLimitError

    before = signal.signal(signal.SIGALRM, stop)
    began = time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        running = False
        sys.settrace(traced)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            # Someone else's timer ran (a test runner's, an outer limit): it goes on with what is left of it.
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001), interval)


@contextlib.contextmanager
def _thread_timer(seconds: float) -> Iterator[None]:
    target = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    done = threading.Event()
    struck = threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    struck.set()
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TimeLimitError))
            wait = _AGAIN_SECONDS

    watcher = threading.Thread(target=watch, name="logdojo time limit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over = False
        while not over:
            # The last strike may fall here; the watcher must end all the same.
            with contextlib.suppress(TimeLimitError), lock:
                done.set()
                over = True
        if struck.is_set():
            _let_strike(target)
        watcher.join()


def _let_strike(target: ctypes.c_ulong) -> None:
    """Let a limit that was set and not raised yet strike here, where it harms nobody.

    Taking it back instead leaves CPython 3.11's flag for it up for the rest of the process: only raising takes it down.
    Where the flag is up, a function that is traced is entered anew without end.
    """
    with contextlib.suppress(TimeLimitError):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TimeLimitError))
        for _ in range(1_000):
            time.sleep(0)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    sink = _Sink()
    with warnings.catch_warnings(), contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        warnings.simplefilter("default")
        yield


@contextlib.contextmanager
def _same_logging() -> Iterator[None]:
    """Put levels, handlers and switches of all loggers back as they were before the block."""
    before = {name: _State.of(logger) for name, logger in _loggers()}
    root = logging.getLogger()
    disabled_level = root.manager.disable
    raises = logging.raiseExceptions
    try:
        yield
    finally:
        for name, logger in _loggers():
            before.get(name, _State()).restore(logger)
        root.manager.disable = disabled_level
        logging.raiseExceptions = raises


@dataclass(frozen=True, slots=True)
class _State:
    """What configuration may change on one logger; the defaults are a new logger's."""

    handlers: tuple[logging.Handler, ...] = ()
    filters: tuple[Any, ...] = ()
    level: int = logging.NOTSET
    propagate: bool = True
    disabled: bool = False

    @classmethod
    def of(cls, logger: logging.Logger) -> _State:
        return cls(tuple(logger.handlers), tuple(logger.filters), logger.level, logger.propagate, logger.disabled)

    def restore(self, logger: logging.Logger) -> None:
        logger.handlers[:] = self.handlers
        logger.filters[:] = self.filters
        logger.propagate = self.propagate
        logger.disabled = self.disabled
        if logger.level != self.level:
            logger.setLevel(self.level)


def _loggers() -> list[tuple[str, logging.Logger]]:
    root = logging.getLogger()
    known = list(root.manager.loggerDict.items())
    return [("", root), *((name, one) for name, one in known if isinstance(one, logging.Logger))]


if __name__ == "__main__":
    with contained(0.2) as shown:
        while True:
            print("never seen")
    print(f"stopped: {shown.ran_out}", file=sys.stdout)
