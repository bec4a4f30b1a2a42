"""Public checks of lab 01. Each runs in a logging module of its own and leaves the learner's loggers as they are."""

from __future__ import annotations

import io
import json
import logging

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

OFFICE, ATTACKER = "192.0.2.10", "192.0.2.66"


def events():
    """Make an hour of events: one bug, one trend, one attacker, two changes."""
    made = [{"minute": m, "event.duration": (10 + m // 10) * 1_000_000} for m in range(60)]
    made += [{"minute": 5, "error.type": kind} for kind in ("KeyError", "OSError", "KeyError")]
    for number, name in enumerate(("ann", "bob", "cy")):
        made.append(login(ATTACKER, name, "failure", minute=20 + number))
    made.append(login(OFFICE, "bob", "failure", minute=30))
    made.append({"minute": 40, "event.action": "change", "user.name": "zoe"})
    made.append({"minute": 44, "event.action": "change", "user.name": "ann"})
    return made


def login(ip, name, outcome, *, minute):
    """Make one login."""
    return {
        "minute": minute,
        "event.action": "login",
        "event.outcome": outcome,
        "source.ip": ip,
        "user.name": name,
    }


def answer(lab, key, made=None):
    """Return one of the learner's four answers."""
    answers = lab.read_four_ways(events() if made is None else made)
    assert isinstance(answers, dict), f"return a dict with four keys, not {type(answers).__name__}"
    assert key in answers, f'the dict has no key "{key}"'
    return answers[key]


@check("read_four_ways")
def finds_the_bug(lab):
    """Find the bug: the error type of the most events."""
    found = answer(lab, "bug")
    assert found == "KeyError", f'KeyError is there twice and OSError once, but "bug" is {found!r}'


@check("read_four_ways")
def finds_the_trend(lab):
    """Find the trend: six medians, in milliseconds."""
    found = answer(lab, "trend")
    assert isinstance(found, list) and len(found) == 6, '"trend" must be a list of six numbers, one for each ten minutes'
    assert found[0] < 1e6, "the trend is in nanoseconds: divide by a million to get milliseconds"
    wanted = [10, 11, 12, 13, 14, 15]
    assert found == wanted, f"for medians of 10, 11, … 15 ms the trend is {found}"


@check("read_four_ways")
def finds_the_intruder(lab):
    """Find the intruder: the address that failed under the most names."""
    found = answer(lab, "intruder")
    assert found == ATTACKER, f'{ATTACKER} failed under three names, {OFFICE} under one; "intruder" is {found!r}'


@check("read_four_ways")
def finds_who_changed_something(lab):
    """Find who changed something, and when."""
    found = [tuple(pair) for pair in answer(lab, "changed")]
    wanted = [("zoe", 40), ("ann", 44)]
    assert found, '"changed" is empty, but zoe changed something in minute 40'
    assert found == wanted, f'"changed" is {found}, and should be {wanted}'


def shop_tree(lab, *, times=1):
    """Build the learner's tree over two new streams; the root has a handler that says what reaches it."""
    streams = {"console": io.StringIO(), "file": io.StringIO(), "root": io.StringIO()}
    logging.getLogger().addHandler(logging.StreamHandler(streams["root"]))
    for _ in range(times):
        lab.build_tree(streams["console"], streams["file"])
    return streams


def written(stream, text):
    """Count the lines of a stream that hold a text."""
    return sum(text in line for line in stream.getvalue().splitlines())


@check("build_tree")
def console_is_quiet(lab):
    """Show WARNING and above on the console, and nothing below."""
    with fresh_logging():
        streams = shop_tree(lab)
        logging.getLogger("shop").warning("a warning")
        logging.getLogger("shop").info("an info")
    assert written(streams["console"], "a warning"), "a WARNING of `shop` does not reach the console"
    assert not written(streams["console"], "an info"), (
        "an INFO reaches the console: give the console handler a level of its own"
    )


@check("build_tree")
def file_has_everything(lab):
    """Write everything from DEBUG up to the file, of children too."""
    with fresh_logging():
        streams = shop_tree(lab)
        logging.getLogger("shop").debug("a debug")
        logging.getLogger("shop.label").debug("a child")
    assert written(streams["file"], "a debug"), (
        "a DEBUG of `shop` does not reach the file: the logger itself must let DEBUG pass, and the handler too"
    )
    assert written(streams["file"], "a child"), "a DEBUG of the child `shop.label` does not reach the file"


@check("build_tree")
def twice_is_once(lab):
    """Keep two handlers when it is called twice."""
    with fresh_logging():
        streams = shop_tree(lab, times=2)
        logging.getLogger("shop").error("an error")
    lines = written(streams["file"], "an error")
    assert lines, "after two calls nothing reaches the file"
    assert lines == 1, f"after two calls each line is in the file {lines} times: take the old handlers off first"


def named_handler(name, level):
    """Make a handler that writes nowhere."""
    handler = logging.StreamHandler(io.StringIO())
    handler.set_name(name)
    handler.setLevel(level)
    return handler


def small_tree():
    """Make a tree: the root at WARNING with two handlers, `app` at INFO with one."""
    root, app = logging.getLogger(), logging.getLogger("app")
    root.addHandler(named_handler("pager", logging.ERROR))
    root.addHandler(named_handler("disk", logging.DEBUG))
    app.addHandler(named_handler("screen", logging.INFO))
    app.setLevel(logging.INFO)
    return app


def steps_of(lab, name, level):
    """Return the learner's steps as tuples."""
    steps = lab.trace_record(name, level)
    assert isinstance(steps, list), f"return a list of pairs, not {type(steps).__name__}"
    return [tuple(step) for step in steps]


@check("trace_record")
def logger_stops(lab):
    """Say that the logger stops a level below its own."""
    with fresh_logging():
        small_tree()
        steps = steps_of(lab, "app.db", logging.DEBUG)
    wanted = [("app.db", "stopped")]
    assert steps == wanted, (
        f"`app.db` takes the level INFO from its parent `app`, so a DEBUG gives {wanted}; yours is {steps}"
    )


@check("trace_record")
def every_handler_in_order(lab):
    """Meet every handler on the way up, the own logger's first."""
    with fresh_logging():
        small_tree()
        steps = steps_of(lab, "app", logging.ERROR)
    wanted = [("screen", "written"), ("pager", "written"), ("disk", "written")]
    assert steps, "an ERROR at `app` is written by three handlers, and your list is empty"
    assert steps == wanted, f"an ERROR at `app` meets {wanted}; yours is {steps}"


@check("choose_level")
def each_fact_has_its_level(lab):
    """Give each fact its level."""
    for fact, level in (
        ("down", logging.CRITICAL),
        ("lost", logging.ERROR),
        ("unplanned", logging.WARNING),
        ("milestone", logging.INFO),
    ):
        found = lab.choose_level({fact})
        assert not isinstance(found, str), f"return the number logging.{found}, not its name as text"
        assert found == level, f'"{fact}" alone is {logging.getLevelName(level)}, yours is {found!r}'


@check("choose_level")
def the_most_serious_decides(lab):
    """Let the most serious of several facts decide."""
    found = lab.choose_level({"milestone", "unplanned", "lost"})
    assert found == logging.ERROR, (
        f'with "lost" among the facts it is ERROR, yours is {logging.getLevelName(found)}: ask for the most serious first'
    )
