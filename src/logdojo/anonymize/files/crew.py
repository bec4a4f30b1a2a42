"""Tasks spread over processes: results in order, and only a bounded number of tasks under way.

Processes are spawned, not forked: a fork would copy whatever locks the caller's threads hold. A worker whose parent
dies, by kill -9 too, ends at once, so that no second run meets writers of the first.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, Final, TypeVar

from logdojo.anonymize.files.hand import Hand, Recipe
from logdojo.anonymize.propagation import Names
from logdojo.errors import LogdojoError

T = TypeVar("T")
_AHEAD: Final = 2  # tasks a worker, besides the one it is at
_hands: list[Hand] = []
"""The hand of this worker process."""


def spread(
    work: Callable[..., T],
    tasks: Iterable[tuple[Any, ...]],
    recipe: Recipe,
    *,
    workers: int,
    names: dict[str, str] | None = None,
) -> Iterator[T]:
    """Yield ``work(hand, *task)`` of each task, in order.

    Args:
        work: a function of a module.
        tasks: its arguments; taken as workers become free.
        recipe: of the hands.
        workers: number of processes.
        names: what each hand knows beforehand: value → class.

    Raises:
        LogdojoError: a worker was killed.
    """
    context = multiprocessing.get_context("spawn")
    under_way: deque[Future[T]] = deque()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(recipe, names))
    try:
        for task in tasks:
            under_way.append(pool.submit(_do, work, task))
            if len(under_way) > workers * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise LogdojoError("a worker process was killed", hint="use fewer --workers, or free some memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(recipe: Recipe, names: dict[str, str] | None) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    hand = Hand(recipe)
    if names is not None:
        known = Names(len(names))
        for value, class_name in names.items():
            known.add(value, class_name)
        hand.know(known)
    _hands[:] = [hand]


def _do(work: Callable[..., T], task: tuple[Any, ...]) -> T:
    return work(_hands[0], *task)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
