"""An unconfigured logging module for one block of code, for tests and for checks of learners' code."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fresh_logging() -> Iterator[logging.Logger]:
    """Give the block a logger tree of its own, as a new process has it, and yield its root.

    Loggers, handlers, levels and switches of the process are not seen inside and are untouched afterwards. Logger
    objects that code took before the block still belong to the tree of the process.
    """
    root = logging.RootLogger(logging.WARNING)
    manager = logging.Manager(root)
    own = {
        (logging, "root"): root,
        (logging.Logger, "root"): root,
        (logging.Logger, "manager"): manager,
        # dictConfig closes every handler that it finds in these two.
        (logging, "_handlers"): weakref.WeakValueDictionary(),
        (logging, "_handlerList"): [],
        (logging, "raiseExceptions"): True,
    }
    before = {place: getattr(*place) for place in own}
    made_by = logging.getLoggerClass(), logging.getLogRecordFactory()
    for (owner, name), value in own.items():
        setattr(owner, name, value)
    try:
        yield root
    finally:
        logging.shutdown(list(getattr(logging, "_handlerList")))  # noqa: B009, a private name
        for (owner, name), value in before.items():
            setattr(owner, name, value)
        logging.setLoggerClass(made_by[0])
        logging.setLogRecordFactory(made_by[1])
