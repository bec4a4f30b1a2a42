"""An unconfigured logging module for one block of code, for tests and for checks of learners' code."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def fresh_logging() -> Iterator[logging.Logger]:
    """Give the block logging as a new process has it, yield the root logger, and put everything back afterwards.

    Handlers that exist before the block are set aside, so that nothing inside it can write to them or close them.
    Logger objects stay the same ones: code that has taken a logger before the block logs through it as usual.
    """
    root = logging.getLogger()
    module = {
        # dictConfig closes every handler that it finds in these two.
        "_handlers": weakref.WeakValueDictionary(),
        "_handlerList": [],
        "raiseExceptions": True,
    }
    module_before = {name: getattr(logging, name) for name in module}
    made_by = logging.getLoggerClass(), logging.getLogRecordFactory()
    switched_off = root.manager.disable
    before = {logger: _state(logger) for logger in _all_loggers()}
    _restore({})
    root.manager.disable = logging.NOTSET
    vars(logging).update(module)
    try:
        yield root
    finally:
        logging.shutdown(list(vars(logging)["_handlerList"]))
        _restore(before)
        root.manager.disable = switched_off
        vars(logging).update(module_before)
        logging.setLoggerClass(made_by[0])
        logging.setLogRecordFactory(made_by[1])


def _all_loggers() -> list[logging.Logger]:
    root = logging.getLogger()
    return [root, *(one for one in list(root.manager.loggerDict.values()) if isinstance(one, logging.Logger))]


def _state(logger: logging.Logger) -> dict[str, object]:
    return {
        "handlers": list(logger.handlers),
        "filters": list(logger.filters),
        "propagate": logger.propagate,
        "disabled": logger.disabled,
        "level": logger.level,
    }


def _restore(states: Mapping[logging.Logger, Mapping[str, object]]) -> None:
    """Give each logger its state in ``states``; one that is not there becomes as ``getLogger`` makes it."""
    root = logging.getLogger()
    for logger in _all_loggers():
        new = {"handlers": [], "filters": [], "propagate": True, "disabled": False, "level": logging.NOTSET}
        vars(logger).update(states.get(logger, new))
    # Setting a level also forgets which levels every logger has found to be enabled.
    root.setLevel(root.level if root in states else logging.WARNING)
