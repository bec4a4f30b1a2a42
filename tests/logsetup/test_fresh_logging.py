from __future__ import annotations

import contextlib
import io
import logging
import logging.config

from logdojo.logsetup.testing import fresh_logging


def test_everything_comes_back():
    """Handlers, levels, filters and switches of all loggers are the same after the block, whatever it did."""
    root, shop = logging.getLogger(), logging.getLogger("test_fresh.shop")
    handler = logging.StreamHandler(io.StringIO())
    shop.addHandler(handler)
    shop.setLevel(logging.ERROR)
    root_before = list(root.handlers), root.level
    factory = logging.getLogRecordFactory()
    try:
        with fresh_logging() as inner:
            assert inner is root
            assert (inner.handlers, inner.level) == ([], logging.WARNING)
            assert (shop.handlers, shop.level) == ([], logging.NOTSET)
            logging.basicConfig(level="DEBUG", stream=io.StringIO())
            logging.disable(logging.CRITICAL)
            logging.setLogRecordFactory(logging.makeLogRecord)
            logging.config.dictConfig({"version": 1})
            assert shop.disabled
        assert (root.handlers, root.level) == root_before
        assert (shop.handlers, shop.level, shop.disabled) == ([handler], logging.ERROR, False)
        assert root.manager.disable == logging.NOTSET
        assert logging.getLogRecordFactory() is factory
    finally:
        shop.removeHandler(handler)
        shop.setLevel(logging.NOTSET)


def test_levels_are_forgotten_and_asked_again():
    """A logger that found a level enabled inside the block asks again after it."""
    shop = logging.getLogger("test_fresh.cache")
    enabled_before = shop.isEnabledFor(logging.DEBUG)
    with fresh_logging() as root:
        root.setLevel(logging.DEBUG)
        assert shop.isEnabledFor(logging.DEBUG)
    assert shop.isEnabledFor(logging.DEBUG) is enabled_before


def test_loggers_made_inside_are_plain_afterwards():
    """A logger that the block made and set up has no handler and no level after it."""
    with fresh_logging():
        made = logging.getLogger("test_fresh.made")
        made.addHandler(logging.StreamHandler(io.StringIO()))
        made.setLevel(logging.DEBUG)
        made.propagate = False
    assert (made.handlers, made.level, made.propagate) == ([], logging.NOTSET, True)


def test_it_tidies_up_after_an_error():
    """Logging comes back also when the block raises."""
    before = list(logging.getLogger().handlers)
    with contextlib.suppress(ValueError), fresh_logging() as root:
        root.addHandler(logging.StreamHandler(io.StringIO()))
        raise ValueError
    assert logging.getLogger().handlers == before


def test_dictconfig_inside_does_not_close_handlers_outside():
    """A dictConfig closes the handlers it knows; those of before the block are not among them."""

    class Closing(logging.Handler):
        closed = False

        def close(self) -> None:
            self.closed = True
            super().close()

    handler = Closing()
    with fresh_logging():
        logging.config.dictConfig({"version": 1})
    assert not handler.closed
    handler.close()
