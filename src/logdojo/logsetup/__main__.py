"""Show one record as people and as machines read it: ``python -m logdojo.logsetup``."""

from __future__ import annotations

import logging

from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter


def _demonstrate() -> None:
    # A logger outside the tree: the demonstration configures nothing.
    logger = logging.Logger("shop.payment")  # noqa: LOG001
    for formatter in (HumanFormatter(), JsonFormatter("shop")):
        handler = logging.StreamHandler()
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    try:
        int("ten")
    except ValueError:
        logger.exception("amount of %s\nis no number", "order 17", extra={"user.name": "ada", "attempt": 2})


if __name__ == "__main__":
    _demonstrate()
